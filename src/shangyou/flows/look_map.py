"""Look at the map: the class of every section at each step of time, so that a slider can show how it went."""

from __future__ import annotations

from datetime import timezone
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shangyou.core.records import Ints
from shangyou.flows.look import DAY, Samples

HOUR: Final = 3_600_000
STALE_AFTER: Final = 8 * HOUR  # two four-hourly samples are missing: the class may be another by now
STALE: Final = 8  # added to the class number of a sample that is older than that


def steps(start: int, stop: int, legal: timezone, most: int = 200) -> Ints:
    """Times of a slider from `start` to `stop` [ms]: whole legal hours, not more than `most`, and `stop` itself."""
    offset = legal.utcoffset(None)
    shift = int(offset.total_seconds() * 1000)
    wide = next((hours * HOUR for hours in (1, 4, 12, 24) if (stop - start) <= most * hours * HOUR), 7 * DAY)
    first = -(-(start + shift) // wide) * wide - shift
    grid = np.arange(first, stop + 1, wide, dtype=np.int64)
    return grid if len(grid) and grid[-1] == stop else np.append(grid, stop)


def film(samples: Samples, grid: Ints) -> NDArray[np.int8]:
    """(s, k) class of each section at each time of the grid, by its newest sample of the day before.

    0 = none; 1 to 6; STALE is added where the sample is older than STALE_AFTER.
    """
    found = np.zeros((len(samples.sections), len(grid)), np.int8)
    known = np.flatnonzero(samples.classes > 0)
    section, time, classes = samples.section[known], samples.time[known], samples.classes[known]
    begin = np.searchsorted(section, np.arange(len(samples.sections) + 1))
    for row in range(len(samples.sections)):
        own = slice(begin[row], begin[row + 1])
        if own.start == own.stop:
            continue
        at = np.searchsorted(time[own], grid, side="right") - 1
        age = np.where(at >= 0, grid - time[own][at], DAY + 1)
        found[row] = np.where(age <= DAY, classes[own][at] + STALE * (age > STALE_AFTER), 0)
    return found
