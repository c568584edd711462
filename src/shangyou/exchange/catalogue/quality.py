"""What is in a dataset: how complete, how good, how timely, where from. Measured from the observations themselves.

Observations come in batches of columns and are counted, never kept: memory holds one row a series.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from shangyou.core.ports import BatchState
from shangyou.core.records import Flag, Origin, Review

MINUTE: Final = 60_000
STEPS: Final = {"minute": MINUTE, "hour": 60 * MINUTE, "4h": 240 * MINUTE, "day": 1440 * MINUTE}  # ms of one value
MONTH: Final = 2_629_746_000  # ms, mean of the Gregorian calendar: months are counted, not measured
DELAYS: Final = np.concatenate(([0.0], np.geomspace(1_000, 10 * 365 * 1440 * MINUTE, 400)))  # [ms] edges, 6 % apart
SERIES: Final = ("site", "parameter", "cadence", "statistic")
USABLE: Final = (int(Flag.GOOD), int(Flag.NOT_EVALUATED), int(Flag.SUSPECT))
SOURCES: Final = 20  # named in the lineage


@dataclass(slots=True)
class _Run:
    """One series so far."""

    first: int  # ms since 1970 UTC
    last: int
    there: int = 0  # values that are there


@dataclass(slots=True)
class Tally:
    """Counts of observations in force; `add` them all, then ask."""

    rows: int = 0
    usable: int = 0
    there: int = 0
    revised: int = 0
    flags: NDArray[np.int64] = field(default_factory=lambda: np.zeros(16, np.int64))
    reviews: NDArray[np.int64] = field(default_factory=lambda: np.zeros(16, np.int64))
    origins: NDArray[np.int64] = field(default_factory=lambda: np.zeros(16, np.int64))
    delays: NDArray[np.int64] = field(default_factory=lambda: np.zeros(len(DELAYS) - 1, np.int64))
    runs: dict[tuple[str, ...], _Run] = field(default_factory=dict)
    batches: Counter[int] = field(default_factory=Counter)

    def add(self, batch: pa.RecordBatch | pa.Table) -> None:
        """Count rows with the columns of core.ports.OBSERVATION_COLUMNS, at most one a series and time."""
        if not batch.num_rows:
            return
        columns = {name: batch.column(name) for name in batch.schema.names}
        flag, value = _numbers(columns["flag"]), _floats(columns["value"])
        there = np.isfinite(value) & (flag != Flag.MISSING)
        self.rows += batch.num_rows
        self.there += int(there.sum())
        self.usable += int((there & np.isin(flag, USABLE)).sum())
        self.revised += int((_numbers(columns["revision"]) > 0).sum())
        for counts, name in ((self.flags, "flag"), (self.reviews, "review"), (self.origins, "origin")):
            counts += np.bincount(_numbers(columns[name]), minlength=16)[:16]
        time, received = _ms(columns["time"]), _ms(columns["received"])
        steps = _steps(columns["cadence"])
        self.delays += np.histogram(np.clip(received - time - steps, 0, DELAYS[-1] - 1), DELAYS)[0]
        ids, counted = np.unique(_numbers(columns["batch"]), return_counts=True)
        self.batches.update(dict(zip(ids.tolist(), counted.tolist(), strict=True)))
        self._run(pa.table({**{name: columns[name] for name in SERIES}, "time": time, "there": there}))

    def _run(self, rows: pa.Table) -> None:
        grouped = rows.group_by(list(SERIES)).aggregate([("time", "min"), ("time", "max"), ("there", "sum")])
        for row in grouped.to_pylist():
            run = self.runs.setdefault(tuple(row[name] for name in SERIES), _Run(row["time_min"], row["time_max"]))
            run.first, run.last = min(run.first, row["time_min"]), max(run.last, row["time_max"])
            run.there += row["there_sum"]

    def expected(self, start: int | None, stop: int | None) -> int | None:
        """How many values there would be without a gap; None where no series has a known cadence.

        Each series counts from its first value (or `start`, if that is later) up to `stop`, or to the newest value
        of any series of its cadence: a station that fell silent is missing.
        """
        newest: dict[str, int] = {}
        for key, run in self.runs.items():
            newest[key[2]] = max(newest.get(key[2], run.last), run.last)
        total, known = 0, False
        for key, run in self.runs.items():
            step = MONTH if key[2] == "month" else STEPS.get(key[2])
            if step is None:
                continue
            known = True
            first = max(run.first, start if start is not None else run.first)
            last = min(newest[key[2]], stop - 1 if stop is not None else newest[key[2]])
            total += max(0, round((last - first) / step) if key[2] == "month" else (last - first) // step) + 1
        return total if known else None

    def delay(self, share: float) -> int | None:
        """Time from the end of the measured period to receipt, which that share of the values does not exceed [ms].

        Upper edge of a class 6 % wide; None without values.
        """
        if not self.rows:
            return None
        place = int(np.searchsorted(np.cumsum(self.delays), share * self.rows))
        return round(float(DELAYS[min(place + 1, len(DELAYS) - 1)]))


def _numbers(column: pa.Array | pa.ChunkedArray) -> NDArray[np.int64]:
    found: NDArray[np.int64] = (
        column.cast(pa.int64()).to_numpy(zero_copy_only=False)
        if isinstance(column, pa.Array)
        else column.cast(pa.int64()).to_numpy()
    )
    return found


def _floats(column: pa.Array | pa.ChunkedArray) -> NDArray[np.float64]:
    filled = pc.fill_null(column, float("nan"))
    found: NDArray[np.float64] = (
        filled.to_numpy(zero_copy_only=False) if isinstance(filled, pa.Array) else filled.to_numpy()
    )
    return found


def _ms(column: pa.Array | pa.ChunkedArray) -> NDArray[np.int64]:
    return _numbers(column.cast(pa.timestamp("ms", "UTC")))


def _steps(cadence: pa.Array | pa.ChunkedArray) -> NDArray[np.int64]:
    """Length of the period of each value [ms]; 0 where it is an instant."""
    if isinstance(cadence, pa.ChunkedArray):
        cadence = cadence.combine_chunks()
    coded = cadence.dictionary_encode()
    lengths = [MONTH if name == "month" else STEPS.get(name, 0) for name in coded.dictionary.to_pylist()]
    found: NDArray[np.int64] = np.array([*lengths, 0], np.int64)[coded.indices.to_numpy(zero_copy_only=False)]
    return found


def quality(tally: Tally, start: int | None, stop: int | None, at: int) -> dict[str, object]:
    """The facts of a dataset as its entry carries them: counts, shares of 1, times [ms since 1970 UTC], delays [ms]."""
    expected = tally.expected(start, stop)
    firsts, lasts = [r.first for r in tally.runs.values()], [r.last for r in tally.runs.values()]
    return {
        "measured": at,
        "observations": tally.rows,
        "series": len(tally.runs),
        "first": min(firsts, default=None),
        "last": max(lasts, default=None),
        "expected": expected,
        "acquired": _share(min(tally.there, expected), expected) if expected else None,
        "valid": _share(tally.usable, tally.there),
        "flags": {flag.name.lower(): _share(int(tally.flags[flag]), tally.rows) for flag in Flag},
        "reviews": {level.name.lower(): _share(int(tally.reviews[level]), tally.rows) for level in Review},
        "corrected": _share(int(tally.origins[Origin.CORRECTED]), tally.rows),
        "completed": _share(int(tally.origins[Origin.COMPLETED]), tally.rows),
        "revised": _share(tally.revised, tally.rows),
        "delay_half": tally.delay(0.5),
        "delay_most": tally.delay(0.95),
    }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def lineage(tally: Tally, batches: Iterable[BatchState], rules: Mapping[str, str]) -> dict[str, object]:
    """Where the observations come from: kinds and names of sources, acts of intake, editions of the rules applied.

    batches: those that the store still lists. rules: name and edition. Of a file or address only its last part is
    told, so that nothing of the inside of a house is.
    """
    known = [state.batch for state in batches if state.batch.id in tally.batches]
    by: Counter[tuple[str, str]] = Counter()
    for batch in known:
        by[batch.kind, batch.source.rstrip("/").replace("\\", "/").rpartition("/")[2][:100]] += tally.batches[batch.id]
    return {
        "batches": len(tally.batches),
        "received_first": min((batch.received for batch in known), default=None),
        "received_last": max((batch.received for batch in known), default=None),
        "sources": [{"kind": k, "name": name, "observations": n} for (k, name), n in by.most_common(SOURCES)],
        "more_sources": max(0, len(by) - SOURCES),
        "rules": [{"name": name, "edition": edition} for name, edition in sorted(rules.items())],
    }
