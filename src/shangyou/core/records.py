"""Observations and what is known about each: marks, flags, censoring, versions.

Everything here is columnar: n observations are n-long arrays beside a short tuple of series keys,
so that a packet of ten values and a file of a million go through the same code.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, IntFlag
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from shangyou.core.errors import InputError
from shangyou.core.registry import Section

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Bytes = NDArray[np.uint8]
Bits = NDArray[np.uint32]


class SeriesKey(NamedTuple):
    """What is measured, where, how often and as which statistic."""

    site: str  # a registry id: a section, or a device (MN) that is not yet tied to a section
    parameter: str  # a key of core.vocabulary, which fixes the unit
    cadence: str = "instant"  # instant, minute, hour, 4h, day, month: what one value stands for
    statistic: str = "value"  # value, mean, min, max, total


class Censor(IntEnum):
    """Is the number the value, or a bound of it?"""

    NONE = 0
    BELOW = 1  # less than `value`, which is the detection or reporting limit
    ABOVE = 2  # more than `value`, the top of the measuring range
    INTERVAL = 3  # between `value` and `upper`


class Mark(IntEnum):
    """What the source itself says of a value. HJ 212-2017 table 8, and the marks seen at national stations."""

    NONE = 0  # the source says nothing
    NORMAL = 1  # N
    STOPPED = 2  # F, plant or station out of operation
    MAINTENANCE = 3  # M
    MANUAL = 4  # S, typed in or set by hand
    FAULT = 5  # D
    CALIBRATION = 6  # C
    OVER_RANGE = 7  # T
    COMMUNICATION = 8  # B
    BELOW_LIMIT = 9  # L
    EXTREME_FILTERED = 10  # 极值过滤 on the national pages
    NOT_MEASURED = 11  # '*' on the national pages
    NO_VALUE = 12  # '--', NULL, -9999 ...
    SPIKE_RECOVERY = 13  # ra, 加标回收
    PARALLEL = 14  # pt, 平行样
    NO_REAGENT = 15  # lr lp lw ls: something ran out
    UNKNOWN = 16  # a mark outside every table; kept as it came in the raw journal


class Flag(IntEnum):
    """QARTOD primary flag (IOOS manual for real-time data quality control)."""

    GOOD = 1
    NOT_EVALUATED = 2
    SUSPECT = 3
    FAIL = 4
    MISSING = 9


class Check(IntFlag):
    """One bit an automatic test; stored as which tests suspect and which fail a value."""

    RANGE_PHYSICAL = 1
    RANGE_SITE = 2
    SPIKE = 4
    RATE = 8
    FLAT_LINE = 16
    GAP = 32
    TIME = 64
    NEIGHBOUR = 128
    CROSS = 256
    MARK = 512


class Origin(IntEnum):
    """How a version came to be (after Delft-FEWS: original, corrected, completed)."""

    ORIGINAL = 0
    CORRECTED = 1
    COMPLETED = 2
    WITHDRAWN = 3  # the version says that there is no value any more, e.g. a batch was rolled back


class Review(IntEnum):
    """Level of review reached: 初审, 复审, 终审."""

    NONE = 0
    FIRST = 1
    SECOND = 2
    FINAL = 3


def _entries() -> Ints:
    return np.empty(0, np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Observations:
    """n values as they came in, in canonical units, in order of arrival."""

    keys: tuple[SeriesKey, ...]
    series: NDArray[np.int32]  # (n,) index into keys
    time: Ints  # (n,) ms since 1970 UTC: the instant, or the start of the period
    value: Array  # (n,) canonical unit of the parameter; NaN = no value
    censor: Bytes  # (n,) Censor
    mark: Bytes  # (n,) Mark
    upper: Array | None = None  # (n,) upper bound where censor is INTERVAL; None = there is none at all
    entry: Ints = field(default_factory=_entries)  # (n,) raw journal entry of each value; () = not kept

    def __post_init__(self) -> None:
        n = len(self.series)
        for name in ("time", "value", "censor", "mark"):
            if getattr(self, name).shape != (n,):
                raise InputError("records.shape", column=name, rows=n)
        if self.upper is not None and self.upper.shape != (n,):
            raise InputError("records.shape", column="upper", rows=n)
        if self.entry.shape not in ((n,), (0,)):
            raise InputError("records.shape", column="entry", rows=n)
        if n and not (int(self.series.min()) >= 0 and int(self.series.max()) < len(self.keys)):
            raise InputError("records.series", keys=len(self.keys))

    def __len__(self) -> int:
        return len(self.series)

    @classmethod
    def build(
        cls,
        rows: list[tuple[SeriesKey, int, float, int, int]],
        entry: int | None = None,
    ) -> Observations:
        """Columns from rows of (key, time [ms], value, Censor, Mark); for small inputs and tests."""
        keys = {key: i for i, key in enumerate(dict.fromkeys(row[0] for row in rows))}
        return cls(
            keys=tuple(keys),
            series=np.array([keys[row[0]] for row in rows], np.int32),
            time=np.array([row[1] for row in rows], np.int64),
            value=np.array([row[2] for row in rows], np.float64),
            censor=np.array([row[3] for row in rows], np.uint8),
            mark=np.array([row[4] for row in rows], np.uint8),
            entry=np.full(len(rows), entry, np.int64) if entry is not None else _entries(),
        )


def join(parts: list[Observations]) -> Observations:
    """One Observations from many, in order; equal series keys become one.

    Where any part has `upper` or `entry`, the others are filled with NaN or -1.
    """
    index: dict[SeriesKey, int] = {}
    series = [
        np.array([index.setdefault(key, len(index)) for key in part.keys], np.int32)[part.series] for part in parts
    ]
    with_upper = any(part.upper is not None for part in parts)
    with_entry = any(len(part.entry) for part in parts)

    def whole(columns: list[NDArray[np.generic]], kind: type[np.generic]) -> NDArray[np.generic]:
        return np.concatenate(columns) if columns else np.empty(0, kind)

    return Observations(
        keys=tuple(index),
        series=whole(list(series), np.int32),  # type: ignore[arg-type]
        time=whole([p.time for p in parts], np.int64),  # type: ignore[arg-type]
        value=whole([p.value for p in parts], np.float64),  # type: ignore[arg-type]
        censor=whole([p.censor for p in parts], np.uint8),  # type: ignore[arg-type]
        mark=whole([p.mark for p in parts], np.uint8),  # type: ignore[arg-type]
        upper=whole(  # type: ignore[arg-type]
            [p.upper if p.upper is not None else np.full(len(p), np.nan) for p in parts], np.float64
        )
        if with_upper
        else None,
        entry=whole(  # type: ignore[arg-type]
            [p.entry if len(p.entry) else np.full(len(p), -1, np.int64) for p in parts], np.int64
        )
        if with_entry
        else _entries(),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Flagged:
    """Observations with the verdict of the automatic tests."""

    observations: Observations
    flag: Bytes  # (n,) Flag, the worst of all tests
    suspect: Bits  # (n,) Check bits that suspect the value
    fail: Bits  # (n,) Check bits that fail the value

    def __post_init__(self) -> None:
        for name in ("flag", "suspect", "fail"):
            if getattr(self, name).shape != (len(self.observations),):
                raise InputError("records.shape", column=name, rows=len(self.observations))


@dataclass(frozen=True, slots=True)
class Refusal:
    """One thing that was not taken in, with the reason and where it stands in its source."""

    code: str  # stable dotted code, as of an error
    facts: dict[str, object]
    line: int | None = None  # 1-based line or row of the source
    column: str | None = None
    text: str = ""  # the refused text itself, cut to 500 characters


@dataclass(frozen=True, slots=True)
class Counts:
    """What one batch did to the store. received = new + unchanged + revised (+ refused beside them)."""

    received: int = 0
    new: int = 0
    unchanged: int = 0
    revised: int = 0
    refused: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.received + other.received,
            self.new + other.new,
            self.unchanged + other.unchanged,
            self.revised + other.revised,
            self.refused + other.refused,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Parsed:
    """What a reader made of bytes: values, sections it met, and what it had to refuse."""

    observations: Observations
    sections: tuple[Section, ...] = ()
    refusals: tuple[Refusal, ...] = ()
