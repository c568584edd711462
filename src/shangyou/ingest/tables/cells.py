"""Numbers as tables write them: plain ones by one cast of the column, all other forms once for each different text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from shangyou.core.records import Array, Bytes, Censor, Ints, Mark

NUMBER: Final = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?"
LONGEST: Final = 64  # characters of a cell that can be a number; a longer one is not even tried, whatever it costs
_PLAIN: Final = rf"^{NUMBER}$"
_BELOW_WORDS: Final = re.compile(
    r"n\.?d\.?|bdl|b\.?d\.?|not detected|non-?detect|u|<\s*(?:lod|mdl|dl|检出限)|低于检出限|小于检出限|未检出|未检测出",
    re.IGNORECASE,
)
_BELOW: Final = re.compile(rf"(?:<=?|≤|nd\s*[(<]\s*<?|未检出\s*\(\s*<?)\s*(?P<n>{NUMBER})\s*\)?", re.IGNORECASE)
_SUFFIXED: Final = re.compile(rf"(?P<n>{NUMBER})\s*\(?L\)?")  # HJ 91: the detection limit with an L behind it
_ABOVE: Final = re.compile(rf"(?:>=?|≥)\s*(?P<n>{NUMBER})")
_BETWEEN: Final = re.compile(rf"(?P<n>{NUMBER})\s*~\s*(?P<m>{NUMBER})")
_WIDE: Final = {  # full-width signs as plain ones, and no more: NFKC would read 31² as 312
    **{0xFF01 + i: 0x21 + i for i in range(94)},
    0x3000: 0x20,
}


class Kind(IntEnum):
    """What a text says."""

    FAULT = 0  # nothing that is known
    NUMBER = 1
    MISSING = 2
    BELOW = 3  # below the number that stands there
    BELOW_LIMIT = 4  # below a limit that stands elsewhere
    ABOVE = 5
    BETWEEN = 6


@dataclass(frozen=True, slots=True)
class Form:
    """One text, understood."""

    kind: Kind
    number: float = float("nan")
    upper: float = float("nan")
    mark: int = Mark.NONE


@dataclass(frozen=True, slots=True)
class CellRules:
    """How the cells of a table are to be read."""

    missing: tuple[tuple[str, Mark], ...]  # texts that stand for no value; case and width do not count
    decimal: str = "."

    def form(self, text: str) -> Form:
        """Understand one text.

        >>> CellRules(()).form("＜0.025").kind.name
        'BELOW'
        """
        plain = text.translate(_WIDE).strip()
        for token, mark in self.missing:
            if plain.casefold() == token.strip().casefold():
                return Form(Kind.MISSING, mark=mark)
        if len(plain) > LONGEST:
            return Form(Kind.FAULT)
        if self.decimal != ".":
            plain = plain.replace(".", "\0").replace(self.decimal, ".")  # a point is then no decimal point
        if re.fullmatch(NUMBER, plain):
            number = float(plain)
            gone = next((mark for value, mark in self.missing_numbers() if value == number), None)
            return _finite(Form(Kind.NUMBER, number)) if gone is None else Form(Kind.MISSING, mark=gone)
        if _BELOW_WORDS.fullmatch(plain):
            return Form(Kind.BELOW_LIMIT)
        for pattern, kind in ((_BELOW, Kind.BELOW), (_SUFFIXED, Kind.BELOW), (_ABOVE, Kind.ABOVE)):
            if match := pattern.fullmatch(plain):
                return _finite(Form(kind, float(match["n"])))
        if match := _BETWEEN.fullmatch(plain):
            low, high = float(match["n"]), float(match["m"])
            return _finite(Form(Kind.BETWEEN, low, high)) if low < high else Form(Kind.FAULT)
        return Form(Kind.FAULT)

    def missing_numbers(self) -> tuple[tuple[float, Mark], ...]:
        """Missing tokens that are numbers themselves, such as -9999."""
        return tuple((float(token), mark) for token, mark in self.missing if re.fullmatch(NUMBER, token.strip()))


def _finite(form: Form) -> Form:
    """1e999 is a number to the eye and infinite to the machine."""
    if np.isinf(form.number) or np.isinf(form.upper):
        return Form(Kind.FAULT)
    return form


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """n cells, read. All numbers in the unit in which they stand."""

    value: Array  # (n,) NaN = no value
    censor: Bytes  # (n,) Censor
    mark: Bytes  # (n,) Mark that the cell itself carries
    fault: Ints  # (k,) indices of cells that nobody understands
    unlimited: Ints  # (m,) indices of cells below a detection limit that is not known
    upper: Array | None  # (n,) upper bound of intervals; None = there is none


def read_cells(texts: pa.Array, rules: CellRules, limits: Array) -> Cells:
    """Read cells.

    Args:
        texts: (n,) strings, never null.
        rules: what stands for no value, and the decimal sign.
        limits: (n,) or (1,) detection limit of each cell, in its unit; NaN = not known.
    """
    value, odd = _plain_numbers(texts) if rules.decimal == "." else _none_plain(len(texts))
    for number, _ in rules.missing_numbers():
        odd |= value == number
    censor, mark = np.zeros(len(texts), np.uint8), np.zeros(len(texts), np.uint8)
    where = np.flatnonzero(odd)
    if not len(where):
        return Cells(value, censor, mark, where, where, None)
    codes = pc.dictionary_encode(texts.take(pa.array(where)))
    forms = [rules.form(text) for text in codes.dictionary.to_pylist()]
    code = codes.indices.to_numpy(zero_copy_only=False)
    kind = np.array([f.kind for f in forms], np.uint8)[code]
    value[where] = np.array([f.number for f in forms])[code]
    mark[where] = np.array([f.mark for f in forms], np.uint8)[code]
    censor[where] = _CENSOR[kind]
    below = where[kind == Kind.BELOW_LIMIT]
    value[below] = limits[below] if len(limits) == len(texts) else limits[0]
    uppers: Array | None = None
    if np.any(kind == Kind.BETWEEN):
        uppers = np.full(len(texts), np.nan)
        uppers[where] = np.array([f.upper for f in forms])[code]
    return Cells(value, censor, mark, where[kind == Kind.FAULT], below[np.isnan(value[below])], uppers)


_CENSOR: Final = np.array(  # by Kind
    [Censor.NONE, Censor.NONE, Censor.NONE, Censor.BELOW, Censor.BELOW, Censor.ABOVE, Censor.INTERVAL], np.uint8
)


def _plain_numbers(texts: pa.Array) -> tuple[Array, NDArray[np.bool_]]:
    """(values, which are not plain finite numbers)."""
    try:
        value = np.array(pc.cast(texts, pa.float64()).to_numpy(zero_copy_only=False))
    except pa.ArrowInvalid:  # some cell is no number: ask each of them first
        plain = pc.match_substring_regex(texts, _PLAIN)
        value = np.array(pc.cast(pc.if_else(plain, texts, "nan"), pa.float64()).to_numpy(zero_copy_only=False))
    odd = ~np.isfinite(value)  # the cast takes "nan" and "inf" for numbers
    value[odd] = np.nan
    return value, odd


def _none_plain(n: int) -> tuple[Array, NDArray[np.bool_]]:
    return np.full(n, np.nan), np.ones(n, np.bool_)
