"""The question for means by series and legal period: exact for any moment, and quick for the usual ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Final

from shangyou.adapters.observations.read import Query, conditions
from shangyou.core.errors import InputError
from shangyou.core.ports import MEASURES, Selection

STEPS: Final = {"hour": 3_600_000, "day": 86_400_000}  # [ms] periods of one length
MONTHS: Final = {"month": 1, "quarter": 3, "year": 12}  # periods of the calendar
PERIODS: Final = (*STEPS, *MONTHS, "all")
EARLIER: Final = 4_000_000  # steps added before dividing and taken off after: whole numbers are cut towards zero
DAY_US: Final = 86_400_000_000
SHIFT: Final = 35  # a block is 2^35 microseconds, 9.5 hours: to shift costs half of dividing, an eighth of a calendar
LAST: Final = 4_102_444_800_000  # [ms] 2100-01-01; the blocks of the calendar begin with 1970

SUMS: Final = {  # what is gathered of each group beside its sum and count
    "minimum": "min(o.value) as minimum",
    "maximum": "max(o.value) as maximum",
    "censored": "cast(sum(o.censor = 1) as bigint) as censored",
}


def means(
    selection: Selection,
    ids: list[int] | None,
    period: str,
    offset_ms: int,
    logarithmic: Sequence[str],
    measures: Sequence[str],
) -> Query:
    """See core.ports.ObservationStore.means.

    Only what is asked for is gathered, and the calendar is asked once a block instead of once a row.
    """
    if period not in PERIODS:
        raise InputError("store.period", period=period, known=", ".join(PERIODS))
    for measure in measures:
        if measure not in MEASURES:
            raise InputError("store.measure", measure=measure, known=", ".join(MEASURES))
    where, values = conditions(replace(selection, usable=True), ids)
    offset = int(offset_ms)
    blocks, joins, start, begin = period_of(selection, period, offset)
    number, mean, powered = "if(o.censor = 1, o.value / 2, o.value)", "g.total / g.count", "false"
    if logarithmic:
        powered = "list_contains(?::varchar[], parameter)"
        values = [list(logarithmic), *values, list(logarithmic)]
        joins += f" join (select id, {powered} as powered from series) p on p.id = o.series"
        number = f"if(p.powered, pow(10, -{number}), {number})"
        mean = f"if(s.powered, -log10({mean}), {mean})"
    gathered = [f"sum({number}) as total", "count(*) as count", *(SUMS[name] for name in measures if name in SUMS)]
    shown = "".join(f", {mean} as mean" if name == "mean" else f", g.{name}" for name in measures)
    return (
        f"with {blocks}g as (select o.series, {start} as start, {', '.join(gathered)} from observation o{joins}{where}"
        f" group by 1, 2), s as (select *, {powered} as powered,"  # names are put in order once, not once a period
        " row_number() over (order by site, parameter, cadence, statistic) as place"
        " from series where id in (select series from g))"
        f" select s.site, s.parameter, s.cadence, s.statistic, cast({begin} as timestamptz) as period{shown}"
        " from g join s on s.id = g.series order by s.place, g.start",
        values,
    )


def period_of(selection: Selection, period: str, offset: int) -> tuple[str, str, str, str]:
    """What a question about legal periods needs: named tables to begin with ("" or ending in a comma), a join for rows
    `o`, the whole number by which a row is grouped, and the moment that such a number `g.start` means.
    """
    joins, start, begin = _period(period, offset)
    only = _only(selection, period, offset)
    if only is not None:
        return "", "", str(only), begin
    return (_blocks(selection, period, offset) + ", " if joins else ""), joins, start, begin


def _period(period: str, offset: int) -> tuple[str, str, str]:
    """What must be joined, the whole number by which a row is grouped, and the moment that such a number means."""
    if period == "all":
        return "", "0", "make_timestamp_ms(0)"
    if period in STEPS:
        step = STEPS[period]
        number = f"(epoch_ms(o.time) + {offset + EARLIER * step}) // {step} - {EARLIER}"
        return "", number, f"make_timestamp_ms(g.start * {step} - {offset})"
    moment = "epoch_us(o.time)"
    return (
        f" left join blocks b on b.block = {moment} >> {SHIFT}",
        f"coalesce(b.start, {_first_day(period, moment, offset)})",  # worked out only for rows that no block answers
        f"make_timestamp(g.start::bigint * {DAY_US} - {offset * 1000})",
    )


def _only(selection: Selection, period: str, offset: int) -> int | None:
    """First day of the one period in which all lies that is asked for; None: there may be several, or it has no days.

    Then no row needs to be asked where it belongs, and the question is half as long: six small nodes plan it six times.
    """
    start, stop = selection.start, selection.stop
    if period not in MONTHS or start is None or stop is None or not 0 <= start < stop <= LAST:
        return None
    months = MONTHS[period]
    first, last = (datetime.fromtimestamp((ms + offset) // 1000, UTC) for ms in (start, stop - 1))
    begun = date(first.year, first.month - (first.month - 1) % months, 1)
    if (last.year, last.month - (last.month - 1) % months) != (begun.year, begun.month):
        return None
    return (begun - date(1970, 1, 1)).days


def _first_day(period: str, moment: str, offset: int) -> str:
    """Number of the legal day since 1970 on which the period of a moment [microseconds UTC] begins."""
    local = f"make_timestamp({moment} + {offset * 1000})"
    return f"cast(epoch_us(date_trunc('{period}', {local})) // {DAY_US} as integer)"


def _blocks(selection: Selection, period: str, offset: int) -> str:
    """Blocks of time that lie in one period whole, with its first day; those in which another begins are left out.

    Only of the time that is asked for and stored; what lies beyond 1970 to 2100 (a wrong clock) has no block, so the
    table stays small.
    """
    bounds = [0 if selection.start is None else selection.start, LAST if selection.stop is None else selection.stop]
    start, stop = (f"make_timestamp_ms({min(max(ms, 0), LAST)})::timestamp_ms" for ms in bounds)
    head = _first_day(period, f"n * {1 << SHIFT}", offset)
    tail = _first_day(period, f"(n + 1) * {1 << SHIFT} - 1", offset)
    return (
        f"lot as (select unnest(range(epoch_us(greatest(min(time), {start})) >> {SHIFT},"
        f" (epoch_us(least(max(time), {stop})) >> {SHIFT}) + 1)) as n from observation),"
        f" blocks as materialized (select n as block, {head} as start from lot where {head} = {tail})"
    )
