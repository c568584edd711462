"""Towards other stores: what leaves in blocks, and what has changed since a place.

Rows of the table of observations are never deleted, so their row numbers (rowid) stay as they were stored: a reader
that remembers how far it came misses nothing, whatever clock the rows were received by.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from shangyou.adapters.observations import read
from shangyou.core.errors import ConflictError
from shangyou.core.ports import Selection
from shangyou.core.records import SeriesKey
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
