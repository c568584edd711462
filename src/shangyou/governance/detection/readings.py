"""What detection is given: readings with what is known against each, and how the stations lie to each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np

from shangyou.core.errors import InputError
from shangyou.core.records import Array, Bits, Bytes, Check, Flag, Ints, Mark

Series = tuple[str, str]  # section, parameter
Hours = Callable[[str, str], float | None]  # travel time from a section down to another; None: it does not flow there


class Doubt(IntEnum):
    """Why a reading is not believed, whatever it says."""

    NONE = 0
    FAULT = 1
    SERVICE = 2  # maintenance, calibration, standards and blanks
    IDLE = 3  # out of operation, no sample, no line
    IMPOSSIBLE = 4
    FLAT = 5
    NO_VALUE = 6


OF_MARK: Final = {  # not OVER_RANGE: the worst spill is beyond what an instrument can measure
    Mark.FAULT: Doubt.FAULT,
    Mark.NO_REAGENT: Doubt.FAULT,
    Mark.EXTREME_FILTERED: Doubt.FAULT,
    Mark.MAINTENANCE: Doubt.SERVICE,
    Mark.CALIBRATION: Doubt.SERVICE,
    Mark.SPIKE_RECOVERY: Doubt.SERVICE,
    Mark.PARALLEL: Doubt.SERVICE,
    Mark.STOPPED: Doubt.IDLE,
    Mark.COMMUNICATION: Doubt.IDLE,
    Mark.NOT_MEASURED: Doubt.IDLE,
    Mark.NO_VALUE: Doubt.NO_VALUE,
}
_BY_MARK: Final = np.zeros(len(Mark), np.uint8)
for _mark, _doubt in OF_MARK.items():
    _BY_MARK[_mark] = _doubt


def doubts(value: Array, mark: Bytes, flag: Bytes, suspect: Bits, fail: Bits) -> Bytes:
    """(n,) Doubt of each reading.

    Tests of change (spike, rate) and of the usual range are no doubt here: a spill fails them too. Neither are
    comparisons of parameters: a spill of ammonia is above the total nitrogen that was measured an hour before.
    """
    found = _BY_MARK[np.minimum(mark, len(Mark) - 1)]
    for bit, doubt in ((Check.FLAT_LINE, Doubt.FLAT), (Check.RANGE_PHYSICAL, Doubt.IMPOSSIBLE)):
        said = ((fail & int(bit)) != 0) | ((suspect & int(bit)) != 0) & (bit is Check.FLAT_LINE)
        found = np.where(said & (found == 0), np.uint8(doubt), found)
    return np.where(np.isnan(value) | (flag == Flag.MISSING), np.uint8(Doubt.NO_VALUE), found).astype(np.uint8)


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """n readings of any series in any order."""

    keys: tuple[Series, ...]
    series: Ints  # (n,) index into keys
    time: Ints  # (n,) ms since 1970 UTC
    value: Array  # (n,) canonical unit
    doubt: Bytes  # (n,) Doubt

    def __post_init__(self) -> None:
        n = len(self.series)
        for column in ("time", "value", "doubt"):
            if getattr(self, column).shape != (n,):
                raise InputError("records.shape", column=column, rows=n)


@dataclass(frozen=True, slots=True, eq=False)
class Waters:
    """How the sections lie to each other."""

    sections: tuple[str, ...]
    hours: Array  # (m, m) typical travel time from row to column [h]; NaN where water does not flow that way

    @classmethod
    def of(cls, sections: Sequence[str], hours: Hours) -> Waters:
        """From a function that tells travel times; a time that is not known counts as no way."""
        names = tuple(dict.fromkeys(sections))
        table = np.full((len(names), len(names)), np.nan)
        for i, start in enumerate(names):
            for j, stop in enumerate(names):
                told = hours(start, stop) if i != j else None
                table[i, j] = np.nan if told is None else told
        return cls(names, table)

    def between(self, start: str, stop: str) -> float | None:
        """Typical travel time [h]; None where water does not flow that way, or one is not known."""
        if start not in self.sections or stop not in self.sections:
            return None
        found = float(self.hours[self.sections.index(start), self.sections.index(stop)])
        return None if np.isnan(found) else found

    def nearest(self, section: str, among: Sequence[str], upstream: bool) -> tuple[str, float] | None:
        """Of some sections the one next up- or downstream, with its travel time [h]."""
        found = [
            (hours, other)
            for other in among
            if other != section
            and (hours := self.between(other, section) if upstream else self.between(section, other)) is not None
        ]
        return (min(found)[1], min(found)[0]) if found else None


@dataclass(frozen=True, slots=True)
class Expected:
    """Something that a member upstream has warned of, and when it is due at a section [ms since 1970 UTC]."""

    warning: str  # id
    member: str  # who warned
    section: str
    parameter: str  # a part or a whole of it counts as well
    first: int  # from and including
    last: int  # up to and including


NOWHERE: Final = Waters((), np.empty((0, 0)))
