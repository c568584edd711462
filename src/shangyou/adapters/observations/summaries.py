"""The question for summaries that add up over stores: whole-number sums, extremes and buckets by group and period."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from shangyou.adapters.observations.means import PERIODS, period_of
from shangyou.adapters.observations.read import Query, conditions
from shangyou.core.errors import InputError
from shangyou.core.ports import Selection
from shangyou.core.records import SeriesKey
from shangyou.exchange.summaries.sketch import LEAST, RATIO, SHIFT
from shangyou.exchange.summaries.summary import MOST, POWERS, SCHEMA, STEPS

NUMBER: Final = "if(o.censor = 1, o.value / 2, o.value)"  # what is below a limit enters with half of it
BUCKET: Final = (  # as exchange.summaries.sketch.bucket_of
    f"if(abs({NUMBER}) > {LEAST!r}, sign({NUMBER}) * (ceil(ln(abs({NUMBER})) / {math.log(RATIO)!r}) + {SHIFT}), 0)"
)
GATHERED: Final = (
    f"count(*) as count, sum(o.censor = 1) as censored, min({NUMBER}) as minimum, max({NUMBER}) as maximum,"
    f" sum(cast(round(if(l.powered, pow(10, -{NUMBER}) * {POWERS!r}, {NUMBER} * {STEPS!r})) as hugeint)) as total"
)


class Groups:
    """Which series are summed up together: those of one label, parameter, cadence and statistic."""

    def __init__(self, keys: Mapping[int, SeriesKey], labels: Mapping[str, str], logarithmic: Sequence[str]) -> None:
        """keys: series by id. labels: by site; series of other sites take no part."""
        numbers: dict[tuple[str, str, str, str], int] = {}
        self.ids: list[int] = []
        self.group: list[int] = []
        self.powered: list[bool] = []
        for id, key in keys.items():
            if key.site in labels:
                name = (labels[key.site], key.parameter, key.cadence, key.statistic)
                self.ids.append(id)
                self.group.append(numbers.setdefault(name, len(numbers)))
                self.powered.append(key.parameter in logarithmic)
        self.names = list(numbers)

    def named(self, table: pa.Table) -> pa.Table:
        """The answer of the store with the names of its groups, in the schema of summaries."""
        names = zip(*self.names, strict=True) if self.names else ((),) * 4
        columns = [pa.array(column, pa.string()).take(table["number"]) for column in names]
        rest = [table[name].cast(SCHEMA.field(name).type) for name in SCHEMA.names[4:]]
        return pa.table([*columns, *rest], schema=SCHEMA)


def summaries(selection: Selection, groups: Groups, period: str, offset_ms: int, percentiles: bool) -> Query:
    """See core.ports.ObservationStore.summaries."""
    if period not in PERIODS:
        raise InputError("store.period", period=period, known=", ".join(PERIODS))
    where, values = conditions(selection, groups.ids)
    # no true value is beyond these, and sums stay within 38 digits
    where += f" and o.value between {-MOST!r} and {MOST!r} and not (l.powered and o.value < -10)"
    before, joins, start, begin = period_of(selection, period, offset_ms)
    lots = (
        "l as materialized (select unnest(?::integer[]) as id, unnest(?::integer[]) as number,"
        " unnest(?::boolean[]) as powered)"
    )
    bucket = f"cast({BUCKET} as integer)" if percentiles else "0"
    gathered = (
        f"select l.number, {start} as start, {bucket} as bucket, {GATHERED}"
        f" from observation o join l on l.id = o.series{joins}{where} group by 1, 2, 3"
    )
    lists = "list(bucket order by bucket)", "list(cast(count as bigint) order by bucket)"
    if not percentiles:
        lists = "cast(null as integer[])", "cast(null as bigint[])"
    return (
        f"with {before}{lots}, b as ({gathered}), g as (select number, start, cast(sum(count) as bigint) as count,"
        " cast(sum(censored) as bigint) as censored, cast(sum(total) as decimal(38, 0)) as total,"
        f" min(minimum) as minimum, max(maximum) as maximum, {lists[0]} as bucket, {lists[1]} as tally"
        " from b group by 1, 2)"
        f" select g.number, cast({begin} as timestamptz) as period, g.* exclude (number, start) from g order by 1, 2",
        [groups.ids, groups.group, groups.powered, *values],
    )


def in_order(table: pa.Table) -> pa.Table:
    """By the keys of a summary."""
    return table.take(pc.sort_indices(table, [(name, "ascending") for name in SCHEMA.names[:5]]))
