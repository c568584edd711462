"""Marks: what the instrument itself says of a value."""

from __future__ import annotations

import numpy as np

from shangyou.core.records import Bytes, Censor, Mark
from shangyou.quality.lines import Mask

SILENT = (Mark.NOT_MEASURED, Mark.NO_VALUE)  # these say that there is no value, whatever number stands there


def mark_test(mark: Bytes, verdicts: Bytes) -> Bytes:
    """(n,) Flag of each mark by the table `verdicts` of the plan: Flag by Mark, NOT_EVALUATED where it says nothing."""
    return np.take(verdicts, mark, mode="clip")


def says_nothing(mark: Bytes) -> Mask:
    """(n,) does the mark say that there is no value?"""
    silent: Mask = (mark == int(SILENT[0])) | (mark == int(SILENT[1]))
    return silent


def censor_by_mark(mark: Bytes, censor: Bytes) -> Bytes:
    """(n,) Censor with what the marks imply: over range is a value above, below limit one below the number."""
    free = censor == Censor.NONE
    implied = np.where(free & (mark == Mark.OVER_RANGE), np.uint8(Censor.ABOVE), censor)
    return np.where(free & (mark == Mark.BELOW_LIMIT), np.uint8(Censor.BELOW), implied)
