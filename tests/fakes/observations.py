"""An observation store in plain Python lists: the same promises, written the slow and obvious way."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from statistics import fmean
from typing import Any

import numpy as np
import pyarrow as pa

from shangyou.core.clock import from_ms, to_ms
from shangyou.core.errors import ConflictError, InputError, NotFoundError
from shangyou.core.ports import MEASURES, OBSERVATION_COLUMNS, Batch, BatchState, Progress, Selection, StoreSize
from shangyou.core.records import Censor, Check, Counts, Flag, Flagged, Ints, Mark, Origin, SeriesKey
from shangyou.exchange.summaries import summary
from shangyou.exchange.summaries.sketch import bucket_of

MS = pa.timestamp("ms", "UTC")
TYPES = (
    *(pa.string(),) * 4,
    *(MS, pa.int32(), pa.float64(), pa.uint8(), pa.float64(), pa.uint8(), pa.uint8(), pa.uint32(), pa.uint32()),
    *(pa.uint8(), pa.uint8(), MS, pa.int64(), pa.int64()),
)
SCHEMA = pa.schema(list(zip(OBSERVATION_COLUMNS, TYPES, strict=True)))


@dataclass(frozen=True)
class Version:
    """One version of one observation."""

    key: SeriesKey
    time: int
    revision: int
    value: float
    censor: int
    upper: float | None
    mark: int
    flag: int
    suspect: int
    fail: int
    origin: int
    review: int
    received: int
    batch: int
    entry: int
    until: int | None = None

    def says(self) -> tuple[object, ...]:
        """What the source said."""
        withdrawn = self.origin == Origin.WITHDRAWN
        return ("none" if math.isnan(self.value) else self.value, self.censor, self.mark, self.upper, withdrawn)

    def row(self) -> tuple[object, ...]:
        """As in OBSERVATION_COLUMNS."""
        said = (self.value, self.censor, self.upper, self.mark)
        judged = (self.flag, self.suspect, self.fail, self.origin, self.review)
        came = (from_ms(self.received), self.batch, self.entry)
        return (*self.key, from_ms(self.time), self.revision, *said, *judged, *came)


class FakeObservations:
    """core.ports.ObservationStore, in memory."""

    def __init__(self) -> None:
        self._versions: dict[tuple[SeriesKey, int], list[Version]] = {}
        self._batches: dict[int, BatchState] = {}
        self._parts: dict[int, int] = {}
        self._progress = Progress()
        self._keys: dict[SeriesKey, None] = {}

    def append(
        self,
        batch: Batch,
        flagged: Flagged,
        refused: int = 0,
        progress: Progress | None = None,
        *,
        part: int = 0,
        received: Ints | None = None,
        again: Flagged | None = None,
    ) -> Counts:
        """See core.ports.ObservationStore."""
        self._progress = progress or self._progress
        if self._parts.get(batch.id, 0) > part:
            return Counts()
        groups: dict[tuple[SeriesKey, int], list[Version]] = {}
        self._keys |= dict.fromkeys(flagged.observations.keys)
        for version in _incoming(batch, flagged, received):
            groups.setdefault((version.key, version.time), []).append(version)
        new = unchanged = revised = 0
        for place, statements in groups.items():
            words = [v for i, v in enumerate(statements) if i == 0 or v.says() != statements[i - 1].says()]
            unchanged += len(statements) - len(words)
            force = self._in_force(place)
            if force is not None and words[-1].says() == force.says():
                unchanged += len(words)
                continue
            if force is not None and words[0].says() == force.says():
                unchanged, words = unchanged + 1, words[1:]
            new += force is None
            revised += len(words) - (force is None)
            for version in words:
                self._add(place, version)
        if again is not None:
            self._judge_again(batch, again)
        counts = Counts(len(flagged.observations) + refused, new, unchanged, revised, refused)
        before = self._batches[batch.id].counts if part else Counts()
        self._batches[batch.id] = BatchState(batch, before + counts)
        self._parts[batch.id] = part + 1
        return counts

    def _judge_again(self, batch: Batch, again: Flagged) -> None:
        for judged in _incoming(batch, again):
            force = self._in_force((judged.key, judged.time))
            if force is None or force.review or force.origin == Origin.WITHDRAWN:
                continue
            if (force.value, force.censor, force.mark) != (judged.value, judged.censor, judged.mark):
                continue
            verdict = {"flag": judged.flag, "suspect": judged.suspect, "fail": judged.fail}
            if any(getattr(force, name) != value for name, value in verdict.items()):
                self._add((force.key, force.time), replace(force, **verdict, received=batch.received))  # type: ignore[arg-type]

    def correct(self, batch: Batch, flagged: Flagged, origin: int, review: int) -> Counts:
        """See core.ports.ObservationStore."""
        self._keys |= dict.fromkeys(flagged.observations.keys)
        new = revised = 0
        for version in _incoming(batch, flagged):
            place = (version.key, version.time)
            new, revised = new + (place not in self._versions), revised + (place in self._versions)
            self._add(place, replace(version, origin=origin, review=review))
        counts = Counts(new + revised, new, 0, revised)
        self._batches.setdefault(batch.id, BatchState(batch, counts))
        self._parts.setdefault(batch.id, 1)
        return counts

    def _in_force(self, place: tuple[SeriesKey, int]) -> Version | None:
        return next((v for v in self._versions.get(place, []) if v.until is None), None)

    def _add(self, place: tuple[SeriesKey, int], version: Version) -> None:
        chain = self._versions.setdefault(place, [])
        came = max([version.received, *(v.received for v in chain if v.until is None)])
        chain[:] = [replace(v, until=came) if v.until is None else v for v in chain]
        chain.append(replace(version, revision=len(chain), received=came, until=None))

    def withdraw(self, batch: int, received: int) -> Counts:
        """See core.ports.ObservationStore."""
        if batch not in self._batches:
            raise NotFoundError("store.batch", batch=batch)
        if self._batches[batch].withdrawn is not None:
            raise ConflictError("store.withdrawn", batch=batch)
        if self._progress.done and batch >= self._progress.done:
            raise ConflictError("store.unfinished", batch=batch)
        gone = restored = 0
        gone_before = {batch, *(id for id, state in self._batches.items() if state.withdrawn is not None)}
        for place, chain in self._versions.items():
            force = self._in_force(place)
            if force is None or force.batch != batch or force.origin == Origin.WITHDRAWN:
                continue
            before = [v for v in chain if v.batch not in gone_before and v.origin != Origin.WITHDRAWN]
            gone, restored = gone + 1, restored + bool(before)
            none = replace(force, value=math.nan, censor=0, upper=None, mark=Mark.NO_VALUE, flag=Flag.MISSING)
            back = before[-1] if before else replace(none, suspect=0, fail=0, origin=Origin.WITHDRAWN, review=0)
            self._add(place, replace(back, received=received, until=None))
        self._batches[batch] = replace(self._batches[batch], withdrawn=received)
        for id, state in self._batches.items():
            if id > batch and state.counts.unchanged:
                self._batches[id] = replace(state, batch=replace(state.batch, digest=""))
        return Counts(received=gone, revised=restored)

    def _selected(self, selection: Selection) -> list[Version]:
        rows = [
            v
            for chain in self._versions.values()
            for v in chain
            if _chosen(v, selection) and self._batches[v.batch].batch.kind not in selection.besides
        ]
        rows.sort(key=lambda v: (*v.key, v.time, v.revision))
        return rows[: selection.limit]

    def select(self, selection: Selection) -> pa.Table:
        """See core.ports.ObservationStore."""
        return _table(self._selected(selection))

    def stream(self, selection: Selection, rows: int = 100_000) -> Iterator[pa.RecordBatch]:
        """See core.ports.ObservationStore."""
        yield from self.select(selection).to_batches(max_chunksize=rows)

    def latest(self, sites: Sequence[str] = (), parameters: Sequence[str] = ()) -> pa.Table:
        """See core.ports.ObservationStore."""
        found = self._selected(Selection(tuple(sites), tuple(parameters)))
        newest = {v.key: v for v in found if not v.fail & Check.TIME}
        return _table(list(newest.values()))

    def newest(self, sites: Sequence[str] = (), parameters: Sequence[str] = ()) -> int | None:
        """See core.ports.ObservationStore."""
        times = self.latest(sites, parameters)["received"].cast(pa.int64()).to_pylist()
        return max(times, default=None)

    def means(
        self,
        selection: Selection,
        period: str,
        offset_ms: int,
        logarithmic: Sequence[str] = (),
        measures: Sequence[str] = ("mean", "count"),
    ) -> pa.Table:
        """See core.ports.ObservationStore."""
        _start(0, period, offset_ms)  # refuses a period that is none
        for measure in measures:
            if measure not in MEASURES:
                raise InputError("store.measure", measure=measure, known=", ".join(MEASURES))
        groups: dict[tuple[SeriesKey, datetime], list[Version]] = {}
        for version in self._selected(replace(selection, usable=True, limit=None)):
            groups.setdefault((version.key, _start(version.time, period, offset_ms)), []).append(version)
        rows = []
        for (key, start), versions in groups.items():
            powered = key.parameter in logarithmic
            numbers = [v.value / 2 if v.censor == Censor.BELOW else v.value for v in versions]
            mean = -math.log10(fmean(10**-x for x in numbers)) if powered else fmean(numbers)
            values = [v.value for v in versions]
            below = sum(v.censor == Censor.BELOW for v in versions)
            rows.append((*key, start, mean, len(values), min(values), max(values), below))
        names = (*SeriesKey._fields, "period", *MEASURES)
        types = (*(pa.string(),) * 4, MS, pa.float64(), pa.int64(), pa.float64(), pa.float64(), pa.int64())
        columns = zip(*rows, strict=True) if rows else ((),) * len(names)
        table = pa.table([pa.array(c, t) for c, t in zip(columns, types, strict=True)], names=list(names))
        return table.select([*SeriesKey._fields, "period", *measures])

    def summaries(
        self,
        selection: Selection,
        labels: Mapping[str, str],
        period: str,
        offset_ms: int,
        logarithmic: Sequence[str] = (),
        percentiles: bool = False,
    ) -> pa.Table:
        """See core.ports.ObservationStore."""
        _start(0, period, offset_ms)
        groups: dict[tuple[str, str, str, str, datetime], list[Version]] = {}
        for version in self._selected(replace(selection, limit=None)):
            site, *key = version.key
            powered = version.key.parameter in logarithmic
            if site in labels and abs(version.value) <= 1e12 and not (powered and version.value < -10):
                parameter, cadence, statistic = key
                group = (labels[site], parameter, cadence, statistic, _start(version.time, period, offset_ms))
                groups.setdefault(group, []).append(version)
        rows = [_summary(group, versions, group[1] in logarithmic, percentiles) for group, versions in groups.items()]
        rows.sort(key=lambda row: [row[name] for name in summary.KEYS])
        return pa.Table.from_pylist(rows, summary.SCHEMA)

    def context(self, keys: Sequence[SeriesKey], before: Sequence[int], count: int, back: int) -> pa.Table:
        """See core.ports.ObservationStore."""
        rows: list[Version] = []
        for key, stop in sorted(zip(keys, before, strict=True)):
            found = [v for v in self._selected(Selection(start=stop - back, stop=stop)) if v.key == key]
            rows += found[-count:]
        return _table(rows)

    def batches(self, limit: int = 100, digest: str | None = None, kind: str | None = None) -> list[BatchState]:
        """See core.ports.ObservationStore."""
        found = [
            state
            for state in self._batches.values()
            if (digest is None or (state.batch.digest == digest and state.withdrawn is None))
            and (kind is None or state.batch.kind == kind)
        ]
        return sorted(found, key=lambda s: (-s.batch.received, -s.batch.id))[:limit]

    def progress(self) -> Progress:
        """See core.ports.ObservationStore."""
        return self._progress

    def advance(self, progress: Progress) -> None:
        """See core.ports.ObservationStore."""
        self._progress = progress

    def series(self) -> list[SeriesKey]:
        """See core.ports.ObservationStore."""
        return list(self._keys)

    def size(self) -> StoreSize:
        """See core.ports.ObservationStore."""
        times = [time for _, time in self._versions]
        count = sum(map(len, self._versions.values()))
        return StoreSize(count, len(self._keys), 0, min(times, default=None), max(times, default=None))


def _summary(
    group: tuple[str, str, str, str, datetime], versions: list[Version], powered: bool, percentiles: bool
) -> dict[str, Any]:
    numbers = [v.value / 2 if v.censor == Censor.BELOW else v.value for v in versions]
    steps = [round(10**-x * summary.POWERS) if powered else round(x * summary.STEPS) for x in numbers]
    tallies = Counter(bucket_of(np.array(numbers)).tolist())
    return {
        **dict(zip(summary.KEYS, group, strict=True)),
        "count": len(numbers),
        "censored": sum(v.censor == Censor.BELOW for v in versions),
        "total": Decimal(sum(steps)),
        "minimum": min(numbers),
        "maximum": max(numbers),
        "bucket": sorted(tallies) if percentiles else None,
        "tally": [tallies[bucket] for bucket in sorted(tallies)] if percentiles else None,
    }


def _incoming(batch: Batch, flagged: Flagged, received: Ints | None = None) -> Iterator[Version]:
    o = flagged.observations
    for i in range(len(o)):
        value = float(o.value[i])
        yield Version(
            key=o.keys[o.series[i]],
            time=int(o.time[i]),
            revision=0,
            value=value,
            censor=int(o.censor[i]),
            upper=None if o.upper is None or math.isnan(o.upper[i]) else float(o.upper[i]),
            mark=int(o.mark[i]),
            flag=Flag.MISSING if math.isnan(value) else int(flagged.flag[i]),
            suspect=int(flagged.suspect[i]),
            fail=int(flagged.fail[i]),
            origin=Origin.ORIGINAL,
            review=0,
            received=batch.received if received is None else int(received[i]),
            batch=batch.id,
            entry=int(o.entry[i]) if len(o.entry) else -1,
        )


def _chosen(v: Version, s: Selection) -> bool:
    lists = zip((s.sites, s.parameters, s.cadences, s.statistics), v.key, strict=True)
    if not all(not allowed or part in allowed for allowed, part in lists):
        return False
    if (s.start is not None and v.time < s.start) or (s.stop is not None and v.time >= s.stop):
        return False
    if s.as_of is not None and v.received > s.as_of:
        return False
    if v.review < s.review:
        return False
    if s.usable and v.flag > Flag.SUSPECT:
        return False
    if s.versions:
        return True
    force = v.until is None or (s.as_of is not None and v.until > s.as_of)
    return force and v.origin != Origin.WITHDRAWN


def _start(ms: int, period: str, offset_ms: int) -> datetime:
    shift = timedelta(milliseconds=offset_ms)
    local = from_ms(ms) + shift
    midnight = {"minute": 0, "second": 0, "microsecond": 0}
    starts = {
        "hour": lambda: local.replace(**midnight),  # type: ignore[arg-type]
        "day": lambda: local.replace(hour=0, **midnight),  # type: ignore[arg-type]
        "month": lambda: local.replace(day=1, hour=0, **midnight),  # type: ignore[arg-type]
        "quarter": lambda: local.replace(month=(local.month - 1) // 3 * 3 + 1, day=1, hour=0, **midnight),  # type: ignore[arg-type]
        "year": lambda: local.replace(month=1, day=1, hour=0, **midnight),  # type: ignore[arg-type]
        "all": lambda: datetime(1970, 1, 1, tzinfo=UTC) + shift,
    }
    if period not in starts:
        raise InputError("store.period", period=period, known=", ".join(starts))
    return from_ms(to_ms(starts[period]() - shift))


def _table(versions: list[Version]) -> pa.Table:
    columns = zip(*(version.row() for version in versions), strict=True) if versions else ((),) * len(SCHEMA)
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, SCHEMA, strict=True)], schema=SCHEMA)
