"""Parameters: what can be measured, in which canonical unit, and what others call it.

The table is `vocabulary.csv` beside this file, one row a parameter; `synonyms.csv` holds names that people and
machines write besides. Codes and units of HJ 212 are from HJ 212-2017 appendix B; WQX and USGS names are the
characteristic name and the five-digit parameter code. How the table is kept: docs/vocabulary.md.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

from shangyou.core.errors import InputError, NotFoundError
from shangyou.core.units import SPECIES, canonical_name


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter. Species are kept apart: nitrate as N is not nitrate as NO3."""

    key: str
    name_zh: str
    name_en: str
    unit: str  # canonical unit, a name of core.units
    hj212: str  # code of HJ 212-2017, "" if it has none; may end in `xx` or be a range `a..b`
    hj212_2005: str  # code of the 2005 edition
    hj212_unit: str  # unit in which HJ 212 devices report it, as core.units writes it
    decimals: int | None  # digits after the point in reports
    detection_limit: float | None  # [unit], where known
    gb3838: str  # item of GB 3838-2002: DO, CODMn ...
    wqx: str  # WQX characteristic name
    usgs: str  # USGS parameter code
    group: str  # water, air, sound, process, station
    status: str  # confirmed, or unverified
    species: str = ""  # what the mass is counted as: NO3-N, NO3, N, P ..., "" where there is no choice
    note: str = ""  # what a reader should know of the row: misprints, whose detection limit, whose code


@cache
def parameters() -> dict[str, Parameter]:
    """Every parameter by key, in the order of the table."""
    return {row["key"]: _parameter(row) for row in _rows("vocabulary.csv")}


def _rows(name: str) -> list[dict[str, str]]:
    text = (files("shangyou.core") / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def _parameter(row: dict[str, str]) -> Parameter:
    return Parameter(
        key=row["key"],
        name_zh=row["name_zh"],
        name_en=row["name_en"],
        unit=row["unit"],
        hj212=row["hj212"],
        hj212_2005=row["hj212_2005"],
        hj212_unit=row["hj212_unit"],
        decimals=int(row["decimals"]) if row["decimals"] else None,
        detection_limit=float(row["detection_limit"]) if row["detection_limit"] else None,
        gb3838=row["gb3838"],
        wqx=row["wqx"],
        usgs=row["usgs"],
        group=row["group"],
        status=row["status"],
        species=row["species"],
        note=row["note"],
    )


def parameter(key: str) -> Parameter:
    """The parameter of a key; NotFoundError "vocabulary.parameter" if there is none.

    A numbered device of a treatment process is a parameter of its own, whose key is its code:

    >>> parameter("e10103").name_en
    'Plant inlet, flow, no. 03'
    """
    found = parameters().get(key) or _numbered(key)
    if found is None:
        raise NotFoundError("vocabulary.parameter", key=key, nearest=", ".join(p.key for p in nearest(key)) or "—")
    return found


@lru_cache(maxsize=256)
def nearest(name: str, group: str = "", most: int = 5) -> tuple[Parameter, ...]:
    """The parameters whose key or names are most like a name that is not known, the likest first; of a group or of all.

    >>> [p.key for p in nearest("amonia_nitrogn")][:1], [p.key for p in nearest("氨淡")][:1]
    (['ammonia_nitrogen'], ['ammonia_nitrogen'])
    """
    names, folded = _names(), _folded(name)[:80]
    alike = get_close_matches(folded, names, 4 * most, 0.5)
    within = sorted((each for each in names if len(folded) > 1 and folded in each), key=len)
    found = {p.key: p for p in (names[each] for each in (*within[:most], *alike)) if group in ("", p.group)}
    return tuple(found.values())[:most]


@cache
def by_hj212() -> dict[str, Parameter]:
    """Parameters by their HJ 212 code in lower case, patterns and ranges as they are written.

    Codes of 2017 go before those of 2005, and of a code that the standard prints twice the first row counts.
    """
    table: dict[str, Parameter] = {}
    for p in parameters().values():
        if p.hj212:
            table.setdefault(p.hj212.lower(), p)
    for p in parameters().values():
        if p.hj212_2005:
            table.setdefault(p.hj212_2005.lower(), p)
    return table


@lru_cache(maxsize=8192)  # asked for every factor of every packet; bounded, for a sender may invent codes
def of_hj212(code: str) -> Parameter | None:
    """The parameter of a factor code as a device sends it; None if no edition knows it.

    Case does not matter. `e10103` is device 03 of pattern `e101xx`, `i33312` point 2 of `i3331x`,
    and `d20107` lies in the range `d20105..d30406`.

    >>> of_hj212("W21003").key, of_hj212("060").key, of_hj212("w99999")
    ('ammonia_nitrogen', 'ammonia_nitrogen', None)
    """
    lower = code.lower()
    return by_hj212().get(lower) or _numbered(lower)


def _numbered(code: str) -> Parameter | None:
    """The parameter of one numbered device, made from the pattern or range that its code fits."""
    table = by_hj212()
    for width in (2, 1):
        number = code[-width:]
        if len(code) > width and number.isascii() and number.isdigit() and "x" not in code:
            pattern = table.get(code[:-width] + "x" * width)
            if pattern is not None:
                return _one_of(pattern, code, number)
    for first, last, pattern in _ranges():
        if len(code) == len(first) and first <= code <= last and code.isascii() and code[1:].isdigit():
            return _one_of(pattern, code, code)
    return None


def _one_of(pattern: Parameter, code: str, number: str) -> Parameter:
    return replace(
        pattern,
        key=code,
        hj212=code,
        name_zh=f"{pattern.name_zh}（{number}号）",
        name_en=f"{pattern.name_en}, no. {number}",
    )


@cache
def _ranges() -> tuple[tuple[str, str, Parameter], ...]:
    split = [(*code.partition(".."), p) for code, p in by_hj212().items()]
    return tuple((first, last, p) for first, dots, last, p in split if dots)


AMBIGUOUS: Final = frozenset(  # as N or as the ion? a factor of 1.2 to 4.4 must not be guessed
    {"nitrate", "nitrite", "no3", "no2", "nh3", "nh4", "ammonium", "po4", "phosphate", "磷酸盐", "铵", "氨"}
)
_SEPARATORS: Final = re.compile(r"[\s_\-·]+")  # no point: PM1.0 is not PM10
_BRACKET: Final = re.compile(r"^(.+)[(\[]([^()\[\]]*)[)\]]$")


def find(name: str) -> Parameter | None:
    """The parameter that people or another system mean by a name, such as the head of a column.

    A unit in brackets behind the name is passed over; case, width and separators do not matter. None if the name
    is not known, or if it could mean two species (`nitrate`): then whoever reads the table has to say which.

    >>> find("氨氮(mg/L)").key, find("CODMn").key, find("nitrate")
    ('ammonia_nitrogen', 'permanganate_index', None)
    """
    whole = unicodedata.normalize("NFKC", name).strip()
    found = _names().get(_folded(whole))
    if found is None and (match := _BRACKET.match(whole)) and is_unit(match[2]):
        found = _names().get(_folded(match[1]))
    return found


def is_unit(text: str) -> bool:
    """Is this a unit that core.units knows?"""
    try:
        canonical_name(text)
    except InputError:
        return False
    return True


def _folded(name: str) -> str:
    return _SEPARATORS.sub("", unicodedata.normalize("NFKC", name).casefold().replace("α", "a"))


@cache
def _names() -> dict[str, Parameter]:
    """Every known name, folded. Synonyms go before names of rows, and of equal names the first row counts."""
    table = parameters()
    names = {_folded(row["name"]): table[row["key"]] for row in _rows("synonyms.csv")}
    for p in table.values():
        if p.group in {"water", "air", "sound"}:
            for name in (p.key, p.hj212, p.name_zh, p.name_en, p.wqx):
                folded = _folded(name)
                if folded and folded not in AMBIGUOUS:
                    names.setdefault(folded, p)
    return names


def species_factor(reported: str, kept: str) -> float:
    """What a mass counted as one species must be multiplied by to be counted as another, both ways.

    Raises InputError "vocabulary.species" if the two are not of one kind.

    >>> round(species_factor("NO3", "NO3-N"), 4)
    0.2259
    """
    if reported == kept:
        return 1.0
    if (reported, kept) in SPECIES:
        return SPECIES[reported, kept]
    if (kept, reported) in SPECIES:
        return 1 / SPECIES[kept, reported]
    raise InputError("vocabulary.species", reported=reported, kept=kept)
