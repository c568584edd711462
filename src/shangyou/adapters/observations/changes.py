"""Between stores: what leaves in blocks, what has changed since a place, and versions of another store taken in.

Rows of the table of observations are never deleted, so their row numbers (rowid) stay as they were stored: a reader
that remembers how far it came misses nothing, whatever clock the rows were received by.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from shangyou.adapters.observations import read
from shangyou.adapters.observations.schema import EXISTS, ROW, TIMELY
from shangyou.adapters.observations.series import NEVER, Added, SeriesIndex
from shangyou.core.errors import ConflictError
from shangyou.core.ports import Batch, Selection
from shangyou.core.records import Check, Origin, SeriesKey
from shangyou.exchange.outlet import NAME, WIRE, Changes, Place

HOUR = 3_600_000
ENDLESS = 1 << 62  # a row number that no store comes to
LOT = (
    1 << 17
)  # rows for which DuckDB takes room at once; by itself it does for a million, of which the heap is left torn
_MS = "make_timestamp_ms(?)::timestamp_ms"
_NAMES = ("site", "parameter", "cadence", "statistic")
_PLAIN = WIRE.names[4:]  # columns that are in the table itself
_COLUMNS = ", ".join(f"o.{name}" for name in _PLAIN)


# ---- leaving ----------------------------------------------------------------------------------------------------


def cuts(
    con: duckdb.DuckDBPyConnection, ids: list[int] | None, selection: Selection, rows: int
) -> list[tuple[int, int]]:
    """See exchange.outlet.Outlet."""
    where, values = read.conditions(selection, ids)
    hours = _counted(con, f"epoch_ms(o.time) // {HOUR}", where, values)
    steps: list[tuple[int, int, int]] = []  # start, stop, rows
    for hour, count in hours:
        if count <= rows:
            steps.append((hour * HOUR, hour * HOUR + HOUR, count))
        else:
            more, bound = (" and" if where else " where"), "epoch_ms(o.time)"
            inside = f"{where}{more} {bound} >= ? and {bound} < ?"
            times = _counted(con, bound, inside, [*values, hour * HOUR, hour * HOUR + HOUR])
            steps += [(time, time + 1, each) for time, each in times]
    return _joined(steps, rows)


def runs(
    con: duckdb.DuckDBPyConnection, ids: list[int] | None, selection: Selection, rows: int
) -> list[tuple[int, int]]:
    """See exchange.outlet.Outlet. A span of time may lie all over the file, and each block of it is unpacked whole."""
    where, values = read.conditions(selection, ids)
    steps = [(n * rows, n * rows + rows, count) for n, count in _counted(con, f"o.rowid // {rows}", where, values)]
    found = _joined(steps, rows)
    return [*found[:-1], (found[-1][0], ENDLESS)] if found else []


def _joined(steps: list[tuple[int, int, int]], rows: int) -> list[tuple[int, int]]:
    """Steps (start, stop, rows) as spans of so many rows each, as far as they can be put together."""
    found: list[tuple[int, int]] = []
    held = 0
    for start, stop, count in steps:
        if found and held + count <= rows:
            found[-1], held = (found[-1][0], stop), held + count
        else:
            found.append((start, stop))
            held = count
    return found


def _counted(con: duckdb.DuckDBPyConnection, what: str, where: str, values: list[object]) -> list[tuple[int, int]]:
    query = f"select {what} as t, count(*) as n from observation o{where} group by t order by t"
    return [(int(t), int(n)) for t, n in con.cursor().execute(query, values).fetchall()]


def extract(
    con: duckdb.DuckDBPyConnection,
    keys: Callable[[], list[SeriesKey]],
    ids: list[int] | None,
    selection: Selection,
    run: tuple[int, int] | None = None,
) -> pa.RecordBatch:
    """See exchange.outlet.Outlet. Sorted here: DuckDB takes three times as long to sort rows of this width."""
    where, values = read.conditions(selection, ids)
    if run is not None:
        where = f"{where}{' and' if where else ' where'} o.rowid >= ? and o.rowid < ?"
        values += run
    query = f"select o.series, {_COLUMNS} from observation o{where}"
    return _named(con.cursor().execute(query, values).to_arrow_table(LOT), keys(), arranged=True)


def _named(table: pa.Table, keys: list[SeriesKey], arranged: bool) -> pa.RecordBatch:
    """Rows with the names of their series instead of numbers."""
    if not table.num_rows:
        return pa.RecordBatch.from_pylist([], WIRE)
    batch = table.combine_chunks().to_batches()[0]
    del table  # of a block it is 8 MB, and the caller has not kept it
    series = batch.column("series").to_numpy()
    met = np.flatnonzero(np.bincount(series))
    place = np.empty(int(met[-1]) + 1, np.int64)
    place[sorted(met, key=lambda each: keys[each])] = np.arange(len(met))  # by name, not by number
    met = met[np.argsort(place[met])]
    place = place[series]
    if arranged:
        time = batch.column("time").cast(pa.int64()).to_numpy()
        order = _order(place, time, batch.column("revision").to_numpy())
        if order is not None:
            batch, place = batch.take(pa.array(order)), place[order]
    columns = [_name([keys[id][i] for id in met], place) for i in range(len(_NAMES))]
    columns += [batch.column(name).cast(WIRE.field(name).type) for name in _PLAIN]
    return pa.RecordBatch.from_arrays(columns, schema=WIRE)


def _order(place: NDArray[np.int64], time: NDArray[np.int64], revision: NDArray[np.int32]) -> NDArray[np.intp] | None:
    """Rows by series, time and revision; None: as they are. One sort where series and time fit into a number and name
    a row.
    """
    first, span = int(time.min()), int(time.max() - time.min()) + 1
    if (int(place.max()) + 1) * span < 1 << 62:
        key = place * span + (time - first)
        if np.all(key[1:] > key[:-1]):
            return None
        order = np.argsort(key, kind="stable")
        if np.all(np.diff(key[order]) > 0):
            return order
    return np.lexsort((revision, time, place))


def _name(names: list[str], place: NDArray[np.intp]) -> pa.Array:
    known = sorted(set(names))
    number = {name: i for i, name in enumerate(known)}
    index = np.array([number[name] for name in names], np.int32)[place]
    return pa.DictionaryArray.from_arrays(pa.array(index, pa.int32()), pa.array(known, pa.string())).cast(NAME)


# ---- following --------------------------------------------------------------------------------------------------


def changes(
    con: duckdb.DuckDBPyConnection,
    keys: Callable[[], list[SeriesKey]],
    ids: list[int] | None,
    selection: Selection,
    after: Place,
    horizon: int | None,
    limit: int,
    until: int | None = None,
) -> Changes:
    """See exchange.outlet.Outlet."""
    cursor = con.cursor()
    end = _end(con)
    if not holds(con, after):
        raise ConflictError("feed.reset", row=after.row, end=end)
    where, values = read.conditions(
        Selection(versions=True, start=selection.start, stop=selection.stop, besides=selection.besides), ids
    )
    wanted = horizon
    if after.horizon is not None and horizon is not None and horizon > after.horizon and after.row:
        horizon, table = _ripe(cursor, where, values, after, horizon, limit)
        if table.num_rows:
            return Changes(_named(table, keys(), arranged=False), Place(after.row, horizon, after.check), True)
    end = end if until is None else max(after.row, min(end, until))
    terms, bound = ["o.rowid >= ? and o.rowid < ?"], list[object]([after.row, end])
    if horizon is not None:
        terms.append(f"o.time < {_MS}")
        bound.append(horizon)
    table = _versions(cursor, where, values, " and ".join(terms), bound, limit)
    more = table.num_rows > limit
    if more:  # the next page begins with the first row that is left
        end = int(table.column("rowid")[limit].as_py())
        table = table.slice(0, limit)
    return Changes(
        _named(table, keys(), arranged=False), Place(end, horizon, check(con, end)), more or horizon != wanted
    )


def here(con: duckdb.DuckDBPyConnection, horizon: int | None) -> Place:
    """See exchange.outlet.Outlet."""
    end = _end(con)
    return Place(end, horizon, check(con, end))


def holds(con: duckdb.DuckDBPyConnection, place: Place) -> bool:
    """See exchange.outlet.Outlet."""
    return place.row <= _end(con) and place.check == check(con, place.row)


def _end(con: duckdb.DuckDBPyConnection) -> int:
    """The number after the last: rows are never deleted, so it is how many there are, which DuckDB knows unread."""
    row = con.cursor().execute("select count(*) from observation").fetchone()
    return int(row[0]) if row else 0


def _ripe(
    cursor: duckdb.DuckDBPyConnection, where: str, values: list[object], after: Place, horizon: int, limit: int
) -> tuple[int, pa.Table]:
    """What is old enough by now of the versions before the place, up to a horizon that may lie before the one asked."""
    since = after.horizon or 0
    term = f"o.rowid < ? and o.time >= {_MS} and o.time < {_MS}"
    while True:
        table = _versions(cursor, where, values, term, [after.row, since, horizon], limit)
        if table.num_rows <= limit:
            return horizon, table
        if horizon == since + 1:  # more than a page within a millisecond: the page is as large as it takes
            return horizon, _versions(cursor, where, values, term, [after.row, since, horizon], 1 << 40)
        horizon = since + (horizon - since) // 2


def _versions(
    cursor: duckdb.DuckDBPyConnection, where: str, values: list[object], term: str, bound: list[object], limit: int
) -> pa.Table:
    joined = f"{where} and {term}" if where else f" where {term}"
    query = f"select o.rowid, o.series, {_COLUMNS} from observation o{joined} order by o.rowid limit ?"
    return cursor.execute(query, [*values, *bound, limit + 1]).to_arrow_table()


def check(con: duckdb.DuckDBPyConnection, row: int) -> str:
    """What tells a store from one made anew: the version before a row, in short, be it erased or not. "" of row 0."""
    found = (
        con.cursor()
        .execute(
            "select s.site, s.parameter, s.cadence, s.statistic, epoch_ms(o.time),"
            " greatest(o.revision, -1 - o.revision), epoch_ms(o.received)"
            " from observation o join series s on s.id = o.series where o.rowid = ?",
            [row - 1],
        )
        .fetchone()
    )
    return hashlib.sha256(repr(found).encode()).hexdigest()[:16] if row and found is not None else ""


# ---- arriving ---------------------------------------------------------------------------------------------------


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
