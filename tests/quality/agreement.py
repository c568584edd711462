"""Our tests beside those of ioos_qc on the Logan River files: `python -m benchmarks.quality` prints the table.

Four tests, the same thresholds, every value of 46 columns. Two differences are by design, and are counted apart:

* "no neighbour": ours say NOT_EVALUATED where there is no value one step away to compare with; ioos_qc says GOOD
  of the first value and of one after a missing value, and takes the next row it has for the neighbour in a spike.
* "interrupted": a row is missing (the step is not 15 min) or holds no value inside of what the test looks at.
  ioos_qc counts rows, so it compares values an hour apart as if they were neighbours, and a window over missing
  values shrinks to what is left; ours go by time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from ioos_qc import qartod

from shangyou.core.records import Array, Bytes, Flag
from shangyou.quality.flat import Flatness, flat_test
from shangyou.quality.limits import range_test
from shangyou.quality.lines import Mask, lay, since, take, until
from shangyou.quality.rate import rate_test
from shangyou.quality.spike import spike_test
from tests.quality.logan import Column

STEP_MS = 900_000
HOUR_S = 3600
HOUR_MS = 3_600_000
FLAT_H = (3, 8)


@dataclass(frozen=True)
class Same:
    """Thresholds given to both."""

    fail: tuple[float, float]
    suspect: tuple[float, float]
    spike: tuple[float, float]
    rate: tuple[float, float]  # an hour
    tolerance: float


THRESHOLDS = {  # tight enough that every test finds hundreds of values
    "temp": Same((-2, 30), (-1, 20), (0.3, 1.0), (2.0, 8.0), 0.015),
    "cond": Same((0, 2000), (200, 700), (20, 100), (60, 400), 0.25),
    "ph": Same((0, 14), (7.5, 9.2), (0.1, 0.5), (0.5, 2.0), 0.015),
    "do": Same((0, 20), (5, 15), (0.5, 2.0), (2.0, 6.0), 0.025),
    "turb": Same((0, 2000), (0, 100), (20, 100), (60, 400), 0.15),
}


@dataclass(frozen=True)
class Comparison:
    """Flags of one test on one column."""

    test: str
    column: Column
    ours: Bytes
    theirs: Bytes
    interrupted: Mask  # a row is missing, or a value, inside of what the test looks at

    @property
    def untested(self) -> Mask:
        """Ours says that there is nothing to compare with, theirs that all is well."""
        return np.asarray((self.ours == Flag.NOT_EVALUATED) & (self.theirs == Flag.GOOD), np.bool_)

    @property
    def unexplained(self) -> Mask:
        return np.asarray((self.ours != self.theirs) & ~self.interrupted & ~self.untested, np.bool_)


def compare(column: Column) -> list[Comparison]:
    """All four tests on one column."""
    same, value, time = THRESHOLDS[column.name], column.value, column.time
    known = ~np.isnan(value)
    lines = lay(np.zeros(len(known), np.int32), time, value, known, np.ones(len(known), np.bool_))
    past, future = since(lines, time), until(lines, time)
    before, after = (take(lines, *at, _one(STEP_MS)) for at in ((lines.before, past), (lines.after, future)))
    stamps, rows = time.astype("datetime64[ms]"), FLAT_H[1] * HOUR_MS // STEP_MS
    step = np.append(STEP_MS, np.diff(time)) != STEP_MS
    return [
        Comparison(
            "gross range",
            column,
            _worst(
                range_test(value, _one(same.suspect[0]), _one(same.suspect[1]), Flag.SUSPECT),
                range_test(value, _one(same.fail[0]), _one(same.fail[1]), Flag.FAIL),
            ),
            np.asarray(qartod.gross_range_test(value, fail_span=same.fail, suspect_span=same.suspect)),
            np.zeros(len(value), np.bool_),
        ),
        Comparison(
            "spike",
            column,
            spike_test(value, before, after, _one(same.spike[0]), _one(same.spike[1]), _one(0)),
            np.asarray(qartod.spike_test(value, suspect_threshold=same.spike[0], fail_threshold=same.spike[1])),
            step | np.append(step[1:], False),
        ),
        Comparison(
            "rate of change",
            column,
            rate_test(value, before, past / 1000, _one(same.rate[0] / HOUR_S), _one(same.rate[1] / HOUR_S)),
            np.asarray(
                qartod.rate_of_change_test(
                    value, stamps, threshold=same.rate[0] / HOUR_S, fail_threshold=same.rate[1] / HOUR_S
                )
            ),
            step,
        ),
        Comparison(
            "flat line",
            column,
            flat_test(lines, time, value, np.zeros(len(value), np.bool_), _flatness(len(value), same.tolerance)),
            np.asarray(
                qartod.flat_line_test(value, stamps, FLAT_H[0] * HOUR_S, FLAT_H[1] * HOUR_S, same.tolerance), np.uint8
            ),
            _any_of_last(step | np.isnan(value), rows + 1),
        ),
    ]


def _one(value: float) -> Array:
    return np.array([value], np.float64)


def _flatness(n: int, tolerance: float) -> Flatness:
    full = [np.full(n, x, np.float64) for x in (tolerance, FLAT_H[0] * HOUR_MS, FLAT_H[1] * HOUR_MS, np.inf)]
    return Flatness(*full)


def _worst(*flags: Bytes) -> Bytes:
    """Aggregate of flags of which MISSING is in all or in none."""
    return np.asarray(np.max(np.stack(flags), axis=0), np.uint8)


def _any_of_last(mask: Mask, count: int) -> Mask:
    """(n,) is any of the last `count` entries up to each one true?"""
    upto = np.zeros(count + len(mask), np.int64)
    upto[count:] = np.cumsum(mask)
    return np.greater(upto[count:], upto[:-count])


def counts(comparisons: Iterable[Comparison]) -> dict[str, dict[str, int]]:
    """Counts by test."""
    found_by: dict[str, dict[str, int]] = {}
    for found in comparisons:
        row = found_by.setdefault(
            found.test,
            dict.fromkeys(("values", "suspect", "fail", "same", "no neighbour", "interrupted", "unexplained"), 0),
        )
        differs = found.ours != found.theirs
        row["values"] += len(differs)
        row["suspect"] += int(np.sum(found.theirs == Flag.SUSPECT))
        row["fail"] += int(np.sum(found.theirs == Flag.FAIL))
        row["same"] += int(np.sum(~differs))
        row["no neighbour"] += int(np.sum(differs & found.untested))
        row["interrupted"] += int(np.sum(differs & ~found.untested & found.interrupted))
        row["unexplained"] += int(np.sum(found.unexplained))
    return found_by
