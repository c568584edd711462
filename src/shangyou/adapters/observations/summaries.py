"""The question for summaries that add up over stores: whole-number sums, extremes and buckets by group and period."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from shangyou.adapters.observations.means import PERIODS, period_of
from shangyou.adapters.observations.read import Query, conditions, listed
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
ADDED: Final = (  # over the buckets of a group
    "sum(count) as count, sum(censored) as censored, sum(total) as total, min(minimum) as minimum,"
    " max(maximum) as maximum, list(bucket order by bucket) as bucket,"
    " list(cast(count as bigint) order by bucket) as tally"
)
TOLD: Final = {  # with percentiles, and without
    kind: "cast(count as bigint) as count, cast(censored as bigint) as censored,"
    f" cast(total as decimal(38, 0)) as total, minimum, maximum, {lists}"
    for kind, lists in (
        (True, "bucket, tally"),
        (False, "cast(null as integer[]) as bucket, cast(null as bigint[]) as tally"),
    )
}


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
    # their names are joined, which leaves out other series too; one alone is found without looking at the others
    where, values = conditions(selection, groups.ids if len(groups.ids) == 1 else None)
    # no true value is beyond these, and sums stay within 38 digits
    where += " and" if where else " where"
    where += f" o.value between {-MOST!r} and {MOST!r} and not (l.powered and o.value < -10)"
    before, joins, start, begin = period_of(selection, period, offset_ms)
    lots = (
        "l as materialized (select unnest(?::integer[]) as id, unnest(?::integer[]) as number,"
        " unnest(?::boolean[]) as powered)"
    )
    rows = f" from observation o join l on l.id = o.series{joins}{where}"
    if percentiles:
        bucket = f"cast({BUCKET} as integer)"
        before += (
            f"{lots}, b as (select l.number, {start} as start, {bucket} as bucket, {GATHERED}{rows} group by 1, 2, 3)"
        )
        before += f", g as (select number, start, {ADDED} from b group by 1, 2)"
    else:  # one pass less: it is half of what a question to a small node takes
        before += f"{lots}, g as (select l.number, {start} as start, {GATHERED}{rows} group by 1, 2)"
    return (
        f"with {before} select g.number, cast({begin} as timestamptz) as period, {TOLD[percentiles]}"
        " from g order by 1, 2",
        [listed(groups.ids), listed(groups.group), listed(groups.powered), *values],
    )


def in_order(table: pa.Table) -> pa.Table:
    """By the keys of a summary."""
    return table.take(pc.sort_indices(table, [(name, "ascending") for name in SCHEMA.names[:5]]))
