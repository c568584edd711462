"""Writing versions: what a batch says is held against what is in force, inside a transaction."""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from shangyou.adapters.observations.arrive import Known, Verdict, Words, arrange, judge, words
from shangyou.adapters.observations.schema import ROW, SAID
from shangyou.adapters.observations.series import Added, SeriesIndex
from shangyou.core.ports import Batch
from shangyou.core.records import Check, Flag, Flagged, Origin

Ids = NDArray[np.int32]
Ms = NDArray[np.int64]
Index = NDArray[np.intp]
MOMENT = pa.timestamp("ms")


def add(
    cursor: duckdb.DuckDBPyConnection,
    index: SeriesIndex,
    batch: Batch,
    flagged: Flagged,
    received: Ms,
    correction: tuple[int, int] | None = None,
) -> Added:
    """Write what is new or changed, and end what it takes the place of.

    received: (n,) ms; correction: (Origin, Review) of versions that count even where they say the same.
    """
    o = flagged.observations
    before = len(index)
    ids = index.enter(cursor, o.keys)
    series = ids[o.series] if len(o) else np.empty(0, np.int32)
    arrivals = arrange(series, flagged)
    known = _known(cursor, index, series[arrivals.row], o.time[arrivals.row], before)
    verdict = judge(arrivals, known, words(flagged), always=correction is not None)
    row = arrivals.row[verdict.add]
    newest: Index = np.empty(0, np.intp)
    if len(row):
        # what was known later cannot have been known earlier: a version never precedes the one that it follows
        came = np.maximum(received[row], verdict.after)
        status = correction or (int(Origin.ORIGINAL), 0)
        versions = _versions(batch, flagged, series[row], row, verdict, came, status)
        cursor.register("versions", versions)
        cursor.execute(f"insert into observation select {', '.join(ROW)} from versions")
        cursor.unregister("versions")
        _end(cursor, known.rowid[verdict.end], came[verdict.heir])
        # a clock that runs years ahead must not hold the newest row of its series
        fit = ~verdict.superseded & ((flagged.fail[row] & np.uint32(Check.TIME)) == 0)
        newest = _newest(index, series[row], o.time[row], fit)
        _show(cursor, versions, newest)
    return Added(
        series, o.time, series[row][newest], o.time[row][newest], verdict.new, verdict.unchanged, verdict.revised
    )


def _known(cursor: duckdb.DuckDBPyConnection, index: SeriesIndex, series: Ids, time: Ms, before: int) -> Known:
    """Versions in force for arrivals; those newer than all that is stored need no look."""
    look = np.flatnonzero((series < before) & (time <= index.newest[series])) if len(series) else np.empty(0, int)
    columns: dict[str, NDArray[np.generic]] = {}
    if len(look):
        wanted = pa.table({"n": look, "series": series[look], "time": pa.array(time[look]).cast(MOMENT)})
        cursor.register("wanted", wanted)
        columns = cursor.execute(
            "select w.n, o.rowid as rowid, o.revision, epoch_ms(o.received) as received, o.value,"
            f" coalesce(o.upper, 'nan'::double) as upper, o.censor, {SAID} as mark"
            " from observation o join wanted w on o.series = w.series and o.time = w.time"
            " where o.until is null and o.time between ?::timestamp_ms and ?::timestamp_ms",
            [np.datetime64(int(ms), "ms") for ms in (time[look].min(), time[look].max())],
        ).fetchnumpy()
        cursor.unregister("wanted")

    def column(name: str, kind: type[np.generic]) -> NDArray[np.generic]:
        return np.asarray(columns[name], kind) if columns else np.empty(0, kind)

    return Known(
        arrival=column("n", np.intp),  # type: ignore[arg-type]
        rowid=column("rowid", np.int64),  # type: ignore[arg-type]
        revision=column("revision", np.int32),  # type: ignore[arg-type]
        received=column("received", np.int64),  # type: ignore[arg-type]
        words=Words(
            value=column("value", np.float64),  # type: ignore[arg-type]
            upper=column("upper", np.float64),  # type: ignore[arg-type]
            censor=column("censor", np.uint8),  # type: ignore[arg-type]
            mark=column("mark", np.uint8),  # type: ignore[arg-type]
        ),
    )


def _versions(
    batch: Batch, flagged: Flagged, series: Ids, row: Index, verdict: Verdict, received: Ms, status: tuple[int, int]
) -> pa.Table:
    """The rows to be added, with the columns of ROW."""
    o, n = flagged.observations, len(row)
    return pa.table(
        {
            "series": series,
            "time": pa.array(o.time[row]).cast(MOMENT),
            "revision": verdict.revision,
            "value": o.value[row],
            "censor": o.censor[row],
            "upper": pa.array(o.upper[row], from_pandas=True) if o.upper is not None else pa.nulls(n, pa.float64()),
            "mark": o.mark[row],
            "flag": np.where(np.isnan(o.value[row]), np.uint8(Flag.MISSING), flagged.flag[row]),
            "suspect": flagged.suspect[row],
            "fail": flagged.fail[row],
            "origin": np.full(n, status[0], np.uint8),
            "review": np.full(n, status[1], np.uint8),
            "received": pa.array(received).cast(MOMENT),
            "batch": np.full(n, batch.id, np.int64),
            "entry": o.entry[row] if len(o.entry) else np.full(n, -1, np.int64),
            "until": pa.array(received, mask=~verdict.superseded).cast(MOMENT),
        }
    )


def _newest(index: SeriesIndex, series: Ids, time: Ms, fit: NDArray[np.bool_]) -> Index:
    """Rows, sorted by series and time, that take the place of the newest row of their series."""
    force = np.flatnonzero(fit)
    last = np.append(np.diff(series[force]) != 0, True) if len(force) else np.empty(0, np.bool_)
    row: Index = force[last]
    return row[np.flatnonzero(time[row] >= index.shown[series[row]])]


def _show(cursor: duckdb.DuckDBPyConnection, versions: pa.Table, newest: Index) -> None:
    """Bring the table of newest rows up to date."""
    if len(newest):
        cursor.register("newest", versions.take(pa.array(newest)))
        cursor.execute(f"insert or replace into latest select {', '.join(ROW)} from newest")
        cursor.unregister("newest")


def _end(cursor: duckdb.DuckDBPyConnection, rowids: Ms, at: Ms) -> None:
    """Set until when stored versions were in force."""
    if len(rowids):
        cursor.register("ended", pa.table({"place": rowids, "at": pa.array(at).cast(MOMENT)}))
        cursor.execute("update observation o set until = e.at from ended e where o.rowid = e.place")
        cursor.unregister("ended")
