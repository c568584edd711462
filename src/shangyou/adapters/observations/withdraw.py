"""Rolling a batch back: by new versions, so that what was known before and after can both still be asked."""

from __future__ import annotations

import duckdb
import numpy as np

from shangyou.adapters.observations import read
from shangyou.adapters.observations.schema import ROW
from shangyou.core.errors import ConflictError, NotFoundError
from shangyou.core.records import Counts, Flag, Mark, Origin

# the newest version of another batch comes back; where there is none, a version says that there is no value
BACK = """
create temp table back as
select g.series, g.time, g.revision + 1 as revision,
    coalesce(p.value, 'nan'::double) as value, coalesce(p.censor, 0) as censor, p.upper,
    coalesce(p.mark, ?) as mark, coalesce(p.flag, ?) as flag, coalesce(p.suspect, 0) as suspect,
    coalesce(p.fail, 0) as fail, coalesce(p.origin, ?) as origin, coalesce(p.review, 0) as review,
    greatest(cast(? as timestamp_ms), g.received) as received, coalesce(p.batch, g.batch) as batch,
    coalesce(p.entry, g.entry) as entry, cast(null as timestamp_ms) as until
from gone g left join (
    select o.* from observation o join gone g on o.series = g.series and o.time = g.time
    where o.batch <> g.batch and o.origin <> 3
        and o.batch not in (select id from batch where withdrawn is not null)
    qualify row_number() over (partition by o.series, o.time order by o.revision desc) = 1
) p on p.series = g.series and p.time = g.time
"""


def withdraw(cursor: duckdb.DuckDBPyConnection, batch: int, received: int) -> Counts:
    """Inside a transaction: take the versions of a batch that are in force out of force.

    Returns received = versions that were in force, revised = of these, where an earlier version came back.
    Raises NotFoundError "store.batch", ConflictError "store.withdrawn".
    """
    row = cursor.execute("select max(withdrawn) from batch where id = ? having count(*) > 0", [batch]).fetchone()
    if row is None:
        raise NotFoundError("store.batch", batch=batch)
    if row[0] is not None:
        raise ConflictError("store.withdrawn", batch=batch)
    done = cursor.execute("select number from meta where name = 'done'").fetchone()
    if done is not None and batch >= done[0]:
        raise ConflictError("store.unfinished", batch=batch)
    cursor.execute(
        "create temp table gone as select rowid as place, * from observation where batch = ? and until is null"
        " and origin <> ?",
        [batch, int(Origin.WITHDRAWN)],
    )
    none = [int(Mark.NO_VALUE), int(Flag.MISSING), int(Origin.WITHDRAWN)]
    cursor.execute(BACK, [*none, np.datetime64(received, "ms")])
    cursor.execute(
        "update observation o set until = b.received from back b"
        " where o.rowid in (select place from gone) and o.series = b.series and o.time = b.time"
    )
    cursor.execute(f"insert into observation select {', '.join(ROW)} from back")
    gone, restored = cursor.execute(
        "select count(*), count(*) filter (where origin <> ?) from back", [int(Origin.WITHDRAWN)]
    ).fetchone() or (0, 0)
    cursor.execute("delete from latest where series in (select series from back)")
    cursor.execute(f"insert into latest {read.newest_rows('back')}")
    cursor.execute("drop table gone; drop table back")
    cursor.execute("update batch set withdrawn = ? where id = ?", [received, batch])
    # what another file said too is gone with this one: that file must be free to be taken in again
    cursor.execute("update batch set digest = '' where id > ? and n_unchanged > 0", [batch])
    return Counts(received=gone, revised=restored)
