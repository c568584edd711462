"""Which form the times of a column have, told from a sample of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from shangyou.core.records import Ints
from shangyou.ingest.tables.times import parse_times

_DATES: Final = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日")
_CLOCKS: Final = ("%H:%M:%S.%f", "%H:%M:%S", "%H:%M", "%H时%M分", "%H时", "%H")
_FOREIGN: Final = ("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%d-%b-%Y", "%m/%d/%y", "%d/%m/%y")
FORMS: Final = (  # in order of preference; the first that reads the most cells is taken
    "iso",
    *(f"{date}{join}{clock}" for date in _DATES for clock in _CLOCKS for join in (" ", "")),
    *_DATES,
    *("%Y%m%d%H%M%S", "%Y%m%d%H%M", "%Y%m%d%H", "%Y%m%d", "%Y%m%d %H%M", "%Y%m%d %H:%M"),
    *(f"{date} {clock}" for date in ("%m-%d", "%m/%d", "%m月%d日") for clock in _CLOCKS),
    "%m月%d日%H时",
    *(f"{date} {clock}" for date in _FOREIGN for clock in ("%H:%M:%S", "%H:%M", "%I:%M:%S %p", "%I:%M %p")),
    *_FOREIGN,
    *("%Y年%m月", "%Y-%m", "%Y/%m", "%Y %m %d %H", "%Y %m %d %H %M", "%Y %m %d", "%Y %m"),
    *("unix", "unix_ms", "excel"),
)
_PLAUSIBLE: Final = {"unix": (3e8, 4.2e9), "unix_ms": (3e11, 4.2e12), "excel": (10_000, 80_000)}
_SHARE: Final = 0.9  # of the filled cells that a form must read
_ANY_YEAR: Final = 4_102_444_800_000  # 2100: while guessing, only the form matters


@dataclass(frozen=True, slots=True)
class TimeForm:
    """A form and how sure it is."""

    formats: tuple[str, ...]
    read: float  # share of the filled cells
    confidence: float
    other: str = ""  # a second form that reads as much, day and month the other way round


def find_form(cells: list[str]) -> TimeForm | None:
    """The form of a column's times; None if no form of ours reads nine tenths of its filled cells."""
    filled = [cell.strip() for cell in cells if cell.strip() and re.search(r"[0-9]", cell)]
    if len(filled) < max(1, len([cell for cell in cells if cell.strip()]) // 2):
        return None
    texts = pa.array(filled, pa.string())
    scores = [(form, *_read(texts, form, filled)) for form in FORMS]
    best = max((share for _, share, _ in scores), default=0.0)
    if best < _SHARE:
        return _two_forms(scores)
    equal = [(form, ms) for form, share, ms in scores if share == best]
    if len(equal) == 1 or equal[0][0] not in _ORDERS:
        return TimeForm((equal[0][0],), best, best)
    ranked = sorted(equal, key=lambda item: _unrest(item[1]))
    same = _unrest(ranked[0][1]) == _unrest(ranked[1][1])
    return TimeForm((ranked[0][0],), best, 0.5 if same else 0.8, other=ranked[1][0])


_ORDERS: Final = frozenset(form for form in FORMS if form.startswith(("%d/%m", "%m/%d/", "%d-%m", "%d.%m")))


def _read(texts: pa.Array, form: str, filled: list[str]) -> tuple[float, Ints]:
    if form in _PLAUSIBLE:
        low, high = _PLAUSIBLE[form]
        if not all(re.fullmatch(r"[0-9]{1,13}(\.[0-9]+)?", text) and low < float(text) < high for text in filled):
            return 0.0, np.empty(0, np.int64)
    ms, ok, _ = parse_times(texts, (form,), "UTC", _ANY_YEAR)
    return float(ok.mean()), ms[ok]


def _two_forms(scores: list[tuple[str, float, Ints]]) -> TimeForm | None:
    """Two forms that share a column, as where seconds are left out at the full minute."""
    likely = sorted((s for s in scores if s[1] > 0.1), key=lambda s: -s[1])[:2]
    if len(likely) == 2 and likely[0][1] + likely[1][1] >= _SHARE:
        return TimeForm((likely[0][0], likely[1][0]), min(likely[0][1] + likely[1][1], 1.0), 0.7)
    return None


def _unrest(ms: Ints) -> tuple[int, int]:
    """How little a column looks like a record in order of time: (steps back, different steps)."""
    steps = np.diff(ms)
    return int(np.sum(steps < 0)), len(np.unique(steps))


def cadence_of(ms: Ints) -> tuple[str, float]:
    """(what one value stands for, how sure), from the usual step between times of one site.

    A step says how often, not whether a value is a mean: an hour's step may be a reading on the hour.
    """
    steps = np.diff(np.unique(ms))
    if not len(steps):
        return "instant", 0.3
    step = int(np.median(steps)) // 1000
    for cadence, low, high in _STEPS:
        if low <= step <= high:
            return cadence, 0.6
    return "instant", 0.6


_STEPS: Final = (  # seconds
    ("minute", 60, 60),
    ("hour", 3600, 3600),
    ("4h", 14_400, 14_400),
    ("day", 86_400, 86_400),
    ("month", 28 * 86_400, 31 * 86_400),
)
