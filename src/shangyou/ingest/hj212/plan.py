"""What the names of a data area mean, worked out once for each set of names.

A device sends the same names in every packet; only the values change. So the names with their separators (the
skeleton) are read once into a Plan, and the values of all later packets of that skeleton are picked by position.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from operator import itemgetter
from typing import Final

import numpy as np

from shangyou.core.errors import InputError
from shangyou.core.records import Array, Refusal
from shangyou.core.units import linear
from shangyou.core.vocabulary import Parameter, of_hj212
from shangyou.ingest.hj212.codes import ASIDE, PLAIN, SUFFIXES
from shangyou.ingest.hj212.frame import readable

VALUES: Final = re.compile(rb"=([^,;]*)")  # re.split with it gives names and values in turn
_SEPARATOR: Final = re.compile(rb"[,;]")

Pick = Callable[[list[bytes]], tuple[bytes, ...]]


@dataclass(frozen=True, slots=True)
class Item:
    """One value of the data area."""

    parameter: Parameter
    statistic: str
    value: int  # position of its text among the values
    time: int  # position of its DataTime, -1 = the packet has none
    flag: int | None  # position of its mark, where it has one
    sampled: int | None  # position of its SampleTime, where it has one
    column: str  # its name as sent, such as w01018-Rtd
    multiply: float  # to the canonical unit: value * multiply / divide + add
    divide: float
    add: float


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """How to read the values of one skeleton."""

    items: tuple[Item, ...]
    refusals: tuple[tuple[Refusal, int], ...]  # what is refused in every packet, with the position of its value
    pick_values: Pick
    pick_flags: Pick  # from the values with one empty text behind them
    time: int  # position of the one DataTime; -1 = there is none, or several, or a value has a time of its own
    scale: tuple[Array, Array, Array] | None  # (n,) multiply, divide, add; None = the units are canonical already


@dataclass
class _Draft:
    """A plan while its names are read."""

    found: list[tuple[bytes, str, int, int]]  # factor, suffix, position, how many DataTime stood before it
    flags: dict[tuple[bytes, int], int]  # factor and how many DataTime stood before it
    sampled: dict[tuple[bytes, int], int]
    times: list[int]  # positions of DataTime
    refusals: list[tuple[Refusal, int]]


def plan(names: list[bytes], unit_profile: str) -> Plan:
    """The plan of names as they stand before and between the values, separators included; the last is the rest.

    unit_profile: "surface": values come in the canonical unit; "hj212": in the unit of appendix B.
    Totals (Cou) are amounts, in the emission unit of appendix B, and are not converted.
    """
    draft = _Draft([], {}, {}, [], [])
    for position, text in enumerate(names):
        *strays, name = (piece.strip() for piece in _SEPARATOR.split(text))
        if position == len(names) - 1:
            strays, name = [*strays, name], b""  # behind the last value there is no name of a value
        for stray in filter(None, strays):  # empty ones are doubled or trailing separators
            draft.refusals.append((Refusal("hj212.item", {"item": readable(stray, 50)}), -1))
        factor, dash, suffix = name.rpartition(b"-")
        if dash:
            _read_factor(draft, factor, suffix.decode("ascii", "replace"), position)
        elif position < len(names) - 1:
            _read_plain(draft, name, position)
    return _finished(draft, unit_profile)


def _read_plain(draft: _Draft, name: bytes, position: int) -> None:
    if name == b"DataTime":
        draft.times.append(position)
    elif name.decode("ascii", "replace") not in PLAIN:
        draft.refusals.append((Refusal("hj212.item", {"item": readable(name, 50)}), position))


def _read_factor(draft: _Draft, factor: bytes, suffix: str, position: int) -> None:
    if suffix in SUFFIXES:
        draft.found.append((factor, suffix, position, len(draft.times)))
    elif suffix == "Flag":
        draft.flags[factor, len(draft.times)] = position
    elif suffix == "SampleTime":
        draft.sampled[factor, len(draft.times)] = position
    elif suffix not in ASIDE:
        facts: dict[str, object] = {"suffix": suffix[:50], "factor": readable(factor, 50)}
        draft.refusals.append((Refusal("hj212.suffix", facts, column=readable(factor, 50)), position))


def _finished(draft: _Draft, unit_profile: str) -> Plan:
    items = []
    unknown: set[bytes] = set()
    for factor, suffix, position, section in draft.found:
        if factor in unknown:
            continue
        item = _item(draft, factor, suffix, position, section, unit_profile)
        if isinstance(item, Item):
            items.append(item)
        else:
            unknown.add(factor)  # one refusal a factor, however many statistics it has
            draft.refusals.append((item, position))
    columns = [np.array([getattr(item, name) for item in items]) for name in ("multiply", "divide", "add")]
    canonical = all((item.multiply, item.divide, item.add) == (1.0, 1.0, 0.0) for item in items)
    sampled = any(item.sampled is not None for item in items)
    return Plan(
        items=tuple(items),
        refusals=tuple(draft.refusals),
        pick_values=_picker([item.value for item in items]),
        pick_flags=_picker([-1 if item.flag is None else item.flag for item in items]),
        time=draft.times[0] if len(draft.times) == 1 and not sampled else -1,
        scale=None if canonical else (columns[0], columns[1], columns[2]),
    )


def _item(draft: _Draft, factor: bytes, suffix: str, position: int, section: int, unit_profile: str) -> Item | Refusal:
    code = readable(factor, 50)
    parameter = of_hj212(code)
    if parameter is None:
        return Refusal("hj212.factor", {"factor": code}, column=code)
    multiply, divide, add = 1.0, 1.0, 0.0
    if unit_profile == "hj212" and suffix != "Cou":
        try:
            multiply, divide, add = _scale(parameter.hj212_unit, parameter.unit)
        except InputError:
            facts: dict[str, object] = {"factor": code, "source": parameter.hj212_unit, "target": parameter.unit}
            return Refusal("hj212.unit", facts, column=code)
    return Item(
        parameter=parameter,
        statistic=SUFFIXES[suffix],
        value=position,
        time=draft.times[max(section - 1, 0)] if draft.times else -1,
        flag=draft.flags.get((factor, section)),
        sampled=draft.sampled.get((factor, section)) if suffix == "Rtd" else None,
        column=f"{code}-{suffix}",
        multiply=multiply,
        divide=divide,
        add=add,
    )


def _scale(source: str, target: str) -> tuple[float, float, float]:
    """(multiply, divide, add); by whole numbers where there is one: 25 ug/L is 0.025 mg/L to the last bit."""
    factor, shift = linear(source, target) if source else (1.0, 0.0)
    if factor != 0 and abs(factor) < 1:
        return 1.0, float(f"{1 / factor:.15g}"), shift
    return factor, 1.0, shift


def _picker(positions: list[int]) -> Pick:
    """itemgetter that always gives a tuple."""
    if not positions:
        return lambda values: ()
    if len(positions) == 1:
        only = positions[0]
        return lambda values: (values[only],)
    return itemgetter(*positions)
