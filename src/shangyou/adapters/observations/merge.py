"""From another store: its versions taken in under the owner's numbers, with the mark of how far it was read."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from shangyou.adapters.observations import read
from shangyou.adapters.observations.schema import EXISTS, ROW, TIMELY
from shangyou.adapters.observations.series import NEVER, Added, SeriesIndex
from shangyou.core.ports import Batch
from shangyou.core.records import Check, Origin, SeriesKey
from shangyou.exchange.outlet import WIRE

_NAMES = ("site", "parameter", "cadence", "statistic")
_PLAIN = WIRE.names[4:]  # columns that are in the table itself


def said(cursor: duckdb.DuckDBPyConnection, name: str) -> str:
    """The text of a mark."""
    row = cursor.execute("select said from mark where name = ?", [name]).fetchone()
    return str(row[0]) if row else ""


def say(cursor: duckdb.DuckDBPyConnection, name: str, text: str) -> None:
    """Set a mark."""
    cursor.execute("insert or replace into mark values (?, ?)", [name, text])


def merge(cursor: duckdb.DuckDBPyConnection, index: SeriesIndex, batch: Batch, rows: pa.RecordBatch) -> Added:
    """Put in versions that are not there yet; those with the highest number are in force."""
    columns = {name: rows.column(name) for name in _NAMES}
    series = _ids(cursor, index, columns)
    given = pa.table(
        {
            "n": np.arange(rows.num_rows),
            "series": series,
            **{name: rows.column(name) for name in _PLAIN if name not in ("time", "received")},
            "time": rows.column("time").cast(pa.int64()).cast(pa.timestamp("ms")),
            "received": pa.array(np.full(rows.num_rows, batch.received)).cast(pa.timestamp("ms")),
        }
    )
    cursor.register("given", given)
    span = [np.datetime64(int(ms), "ms") for ms in _span(rows)]
    time = rows.column("time").cast(pa.int64()).to_numpy()
    if _all_new(cursor, series, time, span):
        added = _append(cursor, index, batch, given, series, time)
        cursor.unregister("given")
        return added
    cursor.execute(
        "create or replace temp table fresh as select g.* from given g where not exists (select 1 from observation o"
        " where o.series = g.series and o.time = g.time and o.revision = g.revision"
        " and o.time between ?::timestamp_ms and ?::timestamp_ms)"
        " qualify row_number() over (partition by g.series, g.time, g.revision order by g.n) = 1",
        span,
    )
    cursor.unregister("given")
    counted = cursor.execute("select count(*) filter (revision = 0), count(*) from fresh").fetchone() or (0, 0)
    if counted[1]:
        _insert(cursor, batch, span)
    shown = _show(cursor) if counted[1] else (np.empty(0, np.int32), np.empty(0, np.int64))
    new, revised = int(counted[0]), int(counted[1]) - int(counted[0])
    return Added(series, time, *shown, new, rows.num_rows - new - revised, revised)


def _all_new(
    cursor: duckdb.DuckDBPyConnection, series: NDArray[np.int32], time: NDArray[np.int64], span: Sequence[np.datetime64]
) -> bool:
    """Is each observation there once, and none of them known? So it is with most of what comes, and it is quick."""
    if np.any(np.diff(np.sort(series.astype(np.int64) * (1 << 20) + time % (1 << 20))) == 0):  # perhaps one twice
        pairs = np.stack([series.astype(np.int64), time])
        if len(np.unique(pairs, axis=1).T) < len(series):
            return False
    known = "select 1 from observation o semi join given g on o.series = g.series and o.time = g.time"
    bounds = " where o.time between ?::timestamp_ms and ?::timestamp_ms limit 1"
    return cursor.execute(known + bounds, span).fetchone() is None


def _append(
    cursor: duckdb.DuckDBPyConnection,
    index: SeriesIndex,
    batch: Batch,
    given: pa.Table,
    series: NDArray[np.int32],
    time: NDArray[np.int64],
) -> Added:
    """Put in what is all new; of each series its newest row may be the newest of all."""
    own = {"batch": "?::bigint", "entry": "-1::bigint", "until": "null::timestamp_ms"}
    chosen = ", ".join(own.get(name, f"g.{name}") for name in ROW)
    cursor.execute(f"insert into observation select {chosen} from given g", [batch.id])
    fit = (given.column("fail").to_numpy() & np.uint32(Check.TIME)) == 0
    fit &= given.column("origin").to_numpy() != np.uint8(Origin.WITHDRAWN)
    rows = np.flatnonzero(fit)
    rows = rows[np.lexsort((time[rows], series[rows]))]
    last = rows[np.append(np.diff(series[rows]) != 0, True)] if len(rows) else rows
    newest = last[time[last] >= index.shown[series[last]]]
    if len(newest):
        cursor.register("newest", given.take(pa.array(newest)))
        cursor.execute(f"insert or replace into latest select {chosen} from newest g", [batch.id])
        cursor.unregister("newest")
    new = int((given.column("revision").to_numpy() == 0).sum())
    return Added(series, time, series[newest], time[newest], new, 0, len(series) - new)


def _span(rows: pa.RecordBatch) -> tuple[int, int]:
    time = rows.column("time").cast(pa.int64()).to_numpy()
    return int(time.min()), int(time.max())


def _ids(cursor: duckdb.DuckDBPyConnection, index: SeriesIndex, columns: dict[str, pa.Array]) -> NDArray[np.int32]:
    """Ids of the series of rows; unknown ones are entered."""
    coded = [
        columns[name].dictionary_encode() if not pa.types.is_dictionary(columns[name].type) else columns[name]
        for name in _NAMES
    ]
    sizes = [max(1, len(each.dictionary)) for each in coded]
    whole = np.zeros(len(coded[0]), np.int64)
    for each, size in zip(coded, sizes, strict=True):
        whole = whole * size + each.indices.to_numpy(zero_copy_only=False)
    met, first, place = np.unique(whole, return_index=True, return_inverse=True)
    del met
    names = [each.take(pa.array(first)).to_pylist() for each in coded]
    keys = tuple(SeriesKey(*each) for each in zip(*names, strict=True))
    return index.enter(cursor, keys)[place]


def _insert(cursor: duckdb.DuckDBPyConnection, batch: Batch, span: Sequence[np.datetime64]) -> None:
    """New versions, then who is in force at each (series, time) that they touch.

    `received` never goes back within an observation, so that "as of" stays true: a version that came late, after its
    own successor, was never in force here.
    """
    names = [name for name in ROW if name not in ("batch", "entry", "until", "received")]
    cursor.execute(
        f"insert into observation ({', '.join(names)}, received, batch, entry, until)"
        f" select {', '.join('f.' + name for name in names)}, f.received, ?, -1, null from fresh f",
        [batch.id],
    )
    cursor.execute(
        "create or replace temp table lapsed as select o.rowid as place, lead(o.received) over w as heir, o.until"
        " from observation o join (select distinct series, time from fresh) t"
        " on o.series = t.series and o.time = t.time"
        " where o.time between ?::timestamp_ms and ?::timestamp_ms"
        " window w as (partition by o.series, o.time order by o.revision)",
        span,
    )
    cursor.execute(
        "update observation o set until = greatest(l.heir, o.received) from lapsed l"
        " where o.rowid = l.place and l.heir is not null and l.until is null"
    )


def _show(cursor: duckdb.DuckDBPyConnection) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Bring the table of newest rows up to date for the series that were touched. Their ids, and times [ms]."""
    force = f"o.until is null and {EXISTS} and {TIMELY}"
    cursor.execute(
        f"create or replace temp table newer as select {', '.join('o.' + name for name in ROW)} from observation o"
        " join (select series, max(time) as time from fresh group by series) t"
        f" on o.series = t.series and o.time = t.time left join latest l on l.series = o.series where {force}"
        " and (l.time is null or o.time >= l.time)"
    )
    # where the newest is withdrawn, or its last page is not the newest: look through the whole series
    cursor.execute(
        "create or replace temp table touched as select distinct f.series from fresh f left join latest l"
        " on l.series = f.series where f.series not in (select series from newer)"
        " and (l.time is null or f.time >= l.time)"
    )
    cursor.execute("delete from latest where series in (select series from touched)")
    cursor.execute(f"insert or replace into latest select {', '.join(ROW)} from newer")
    cursor.execute(f"insert into latest {read.newest_rows('touched')}")
    rows = cursor.execute(
        "select t.series, coalesce(epoch_ms(l.time), ?)"
        " from (select series from touched union select series from newer) t left join latest l on l.series = t.series",
        [int(NEVER)],  # of what is all withdrawn there is no newest any more
    ).fetchall()
    return np.array([r[0] for r in rows], np.int32), np.array([r[1] for r in rows], np.int64)
