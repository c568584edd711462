"""The queries of the observation store: each returns its text and its bound values."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from shangyou.adapters.observations.schema import EXISTS, OUT, ROW, TIMELY, USABLE
from shangyou.core.errors import InputError
from shangyou.core.ports import Selection

Query = tuple[str, list[object]]
EARLIER: Final = 4_000_000  # steps added before dividing and taken off after: whole numbers are cut towards zero
PERIODS: Final = ("hour", "day", "month", "quarter", "year")


def _where(selection: Selection, ids: list[int] | None) -> Query:
    terms, values = [], list[object]()
    if ids is not None:
        terms.append("o.series in (select unnest(?::integer[]))" if len(ids) != 1 else "o.series = ?")
        values.append(ids if len(ids) != 1 else ids[0])
    if selection.start is not None:
        terms.append("o.time >= make_timestamp_ms(?)::timestamp_ms")
        values.append(selection.start)
    if selection.stop is not None:
        terms.append("o.time < make_timestamp_ms(?)::timestamp_ms")
        values.append(selection.stop)
    if selection.as_of is not None:
        terms.append("o.received <= make_timestamp_ms(?)::timestamp_ms")
        values.append(selection.as_of)
    if not selection.versions:
        terms.append(EXISTS)
        if selection.as_of is None:
            terms.append("o.until is null")
        else:
            terms.append("(o.until is null or o.until > make_timestamp_ms(?)::timestamp_ms)")
            values.append(selection.as_of)
    if selection.usable:
        terms.append(USABLE)
    return (" where " + " and ".join(terms) if terms else ""), values


def rows(selection: Selection, ids: list[int] | None) -> Query:
    """Observations in order of site, parameter, cadence, statistic, time, revision."""
    where, values = _where(selection, ids)
    limit = " limit ?" if selection.limit is not None else ""
    if selection.limit is not None:
        values.append(selection.limit)
    return (
        f"select {OUT} from observation o join series s on s.id = o.series{where}"
        f" order by s.site, s.parameter, s.cadence, s.statistic, o.time, o.revision{limit}",
        values,
    )


def latest(ids: list[int] | None) -> Query:
    """The version in force at the newest time of each series, from the small table that is kept for it."""
    where = "" if ids is None else " where o.series in (select unnest(?::integer[]))"
    return (
        f"select {OUT} from latest o join series s on s.id = o.series{where}"
        " order by s.site, s.parameter, s.cadence, s.statistic",
        [] if ids is None else [ids],
    )


def newest_rows(series: str) -> str:
    """Rows of the table `latest` anew, for the series listed in the table named `series`."""
    return (
        f"select {', '.join('o.' + name for name in ROW)} from observation o"
        f" where o.series in (select series from {series}) and o.until is null and {EXISTS} and {TIMELY}"
        " qualify row_number() over (partition by o.series order by o.time desc) = 1"
    )


def means(selection: Selection, ids: list[int] | None, period: str, offset_ms: int, powered: list[int]) -> Query:
    """Means by series and legal period, in two steps: whole-number hours or days first, which is cheap, then the
    calendar on the few rows left. See core.ports.ObservationStore.means.
    """
    if period not in (*PERIODS, "all"):
        raise InputError("store.period", period=period, known=", ".join((*PERIODS, "all")))
    where, values = _where(replace(selection, usable=True), ids)
    step, offset = (3_600_000 if period == "hour" else 86_400_000), int(offset_ms)
    calendar = f"make_timestamp_ms(d.step * {step})"
    start = f"date_trunc('{period}', {calendar}) - to_milliseconds({offset})"
    if period == "all":
        start = "make_timestamp_ms(0)"
    number = "if(o.censor = 1, o.value / 2, o.value)"
    join, mean = "", "sum(d.total) / sum(d.count)"
    if powered:
        join = " left join (select unnest(?::integer[]) as series, true as yes) p on p.series = o.series"
        values.insert(0, powered)
        number = f"if(p.yes, pow(10, -{number}), {number})"
        mean = f"if(d.power, -log10({mean}), {mean})"
    return (
        f"with d as (select o.series, (epoch_ms(o.time) + {offset + EARLIER * step}) // {step} - {EARLIER} as step,"
        f" sum({number}) as total,"
        " min(o.value) as minimum, max(o.value) as maximum, count(*) as count, sum(o.censor = 1) as censored,"
        f" {'coalesce(any_value(p.yes), false)' if powered else 'false'} as power"
        f" from observation o{join}{where} group by o.series, 2),"
        f" m as (select d.series, cast({start} as timestamptz) as period, d.power, {mean} as mean,"
        " min(d.minimum) as minimum, max(d.maximum) as maximum, cast(sum(d.count) as bigint) as count,"
        " cast(sum(d.censored) as bigint) as censored from d group by d.series, 2, d.power)"
        " select s.site, s.parameter, s.cadence, s.statistic, m.period, m.mean, m.minimum, m.maximum, m.count,"
        " m.censored from m join series s on s.id = m.series"
        " order by s.site, s.parameter, s.cadence, s.statistic, m.period",
        values,
    )


def context(count: int, since: int) -> Query:
    """Up to `count` versions in force before a time, for series in the registered table `wanted`.

    `since` is the earliest time that any of them asks for: a constant, by which whole blocks are left unread.
    """
    return (
        f"select {OUT} from observation o join wanted w on o.series = w.series"
        f" join series s on s.id = o.series where o.until is null and {EXISTS} and o.time < w.before"
        " and o.time >= w.since and o.time >= make_timestamp_ms(?)::timestamp_ms"
        " qualify row_number() over (partition by o.series order by o.time desc) <= ?"
        " order by s.site, s.parameter, s.cadence, s.statistic, o.time",
        [since, count],
    )


def batches(limit: int, digest: str | None, kind: str | None) -> Query:
    """Batches, newest first."""
    terms, values = ["true"], list[object]()
    if digest is not None:
        terms.append("digest = ? and withdrawn is null")
        values.append(digest)
    if kind is not None:
        terms.append("kind = ?")
        values.append(kind)
    return (
        f"select * from batch where {' and '.join(terms)} order by received desc, id desc limit ?",
        [*values, limit],
    )
