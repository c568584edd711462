"""A verdict that is another in the light of what came later: a version of the same statement, of the same batch."""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from shangyou.adapters.observations.schema import EXISTS, ROW
from shangyou.core.records import Flagged

# only what is in force, still says the same and was not reviewed by a person
FOUND = f"""
create temp table judged as
select o.rowid as place, o.series, o.time, o.revision + 1 as revision, o.value, o.censor, o.upper, o.mark,
    a.flag, a.suspect, a.fail, o.origin, o.review,
    greatest(o.received, cast(? as timestamp_ms)) as received, o.batch, o.entry, cast(null as timestamp_ms) as until
from observation o join again a on o.series = a.series and o.time = a.time
where o.until is null and {EXISTS} and o.review = 0 and o.time between ?::timestamp_ms and ?::timestamp_ms
    and o.value = a.value and o.censor = a.censor and o.mark = a.mark
    and (o.flag <> a.flag or o.suspect <> a.suspect or o.fail <> a.fail)
"""


def rejudge(cursor: duckdb.DuckDBPyConnection, ids: NDArray[np.int32], again: Flagged, received: int) -> None:
    """Inside a transaction: give observations in force the verdicts of `again`; `ids` are those of its keys."""
    o = again.observations
    table = pa.table(
        {
            "series": ids[o.series],
            "time": pa.array(o.time).cast(pa.timestamp("ms")),
            "value": o.value,
            "censor": o.censor,
            "mark": o.mark,
            "flag": again.flag,
            "suspect": again.suspect,
            "fail": again.fail,
        }
    )
    cursor.register("again", table)
    span = [np.datetime64(int(ms), "ms") for ms in (o.time.min(), o.time.max())]
    cursor.execute(FOUND, [np.datetime64(received, "ms"), *span])
    cursor.execute("update observation o set until = j.received from judged j where o.rowid = j.place")
    columns = ", ".join(ROW)
    cursor.execute(f"insert into observation select {columns} from judged")
    cursor.execute(
        f"insert or replace into latest select {', '.join('j.' + name for name in ROW)} from judged j"
        " join latest l on l.series = j.series and l.time = j.time"
    )
    cursor.execute("drop table judged")
    cursor.unregister("again")
