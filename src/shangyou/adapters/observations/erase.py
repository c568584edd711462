"""Erasing what a node may keep no longer.

A row stays, so that places in the order of rows stay (see `changes`), and so does when it came and for which series and
time; of what it said nothing is left. Its revision is turned to -1 - revision: no version has such a number, so the
owner's version can come anew under another agreement.
"""

from __future__ import annotations

from typing import Final

import duckdb
import numpy as np

from shangyou.adapters.observations import read
from shangyou.adapters.observations.schema import KEPT
from shangyou.core.records import Flag, Mark, Origin

RUN: Final = 1 << 20  # rows of the table that a transaction looks at: until it is written, memory holds what it changes
BLANK: Final = (
    f"value = 'nan'::double, upper = null, censor = 0, mark = {Mark.NO_VALUE:d}, flag = {Flag.MISSING:d}, suspect = 0,"
    f" fail = 0, origin = {Origin.WITHDRAWN:d}, review = 0, revision = -1 - revision,"
    " until = coalesce(until, cast(? as timestamp_ms))"
)
_OF: Final = f"o.batch = ? and {KEPT}"


def oldest(con: duckdb.DuckDBPyConnection, batch: int) -> int | None:
    """See exchange.outlet.Outlet."""
    query = f"select epoch_ms(min(o.received)) from observation o where {_OF}"
    (found,) = con.cursor().execute(query, [batch]).fetchone() or (None,)
    return None if found is None else int(found)


def due(con: duckdb.DuckDBPyConnection, batch: int, upto: int) -> tuple[int, list[tuple[int, int]]]:
    """How many rows are to be erased, and the spans of row numbers in which they lie."""
    query = f"select o.rowid // {RUN} as n, count(*) from observation o where {_OF} and o.received <= ? group by n"
    found = con.cursor().execute(query, [batch, np.datetime64(upto, "ms")]).fetchall()
    return sum(int(count) for _, count in found), sorted((int(n) * RUN, int(n) * RUN + RUN) for n, _ in found)


def erase(cursor: duckdb.DuckDBPyConnection, batch: int, upto: int, at: int, run: tuple[int, int]) -> int:
    """Inside a transaction: blank what is due in a span of row numbers. Returns how many rows.

    No earlier version comes back: the owner has put a later one in its place.
    """
    bound = [batch, np.datetime64(upto, "ms"), *run]
    chosen = f"from observation o where {_OF} and o.received <= ? and o.rowid >= ? and o.rowid < ?"
    cursor.execute(f"create or replace temp table gone as select o.rowid as place, o.series {chosen}", bound)
    cursor.execute(
        f"update observation set {BLANK} where rowid in (select place from gone) and rowid >= ? and rowid < ?",
        [np.datetime64(at, "ms"), *run],
    )
    (count,) = cursor.execute("select count(*) from gone").fetchone() or (0,)
    cursor.execute("create or replace temp table touched as select distinct series from gone")
    cursor.execute("delete from latest where series in (select series from touched)")
    cursor.execute(f"insert into latest {read.newest_rows('touched')}")
    cursor.execute("drop table gone; drop table touched")
    return int(count)
