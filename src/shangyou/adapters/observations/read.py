"""The queries of the observation store: each returns its text and its bound values."""

from __future__ import annotations

from collections.abc import Sequence

from shangyou.adapters.observations.schema import EXISTS, KEPT, OUT, ROW, TIMELY, USABLE
from shangyou.core.ports import Selection

Query = tuple[str, list[object]]


def listed(values: Sequence[int]) -> str:
    """Many values as one: of each value of a list DuckDB asks whether it is one of pandas, which takes 20 us where
    there is no pandas.
    """
    return str(list(values))


def conditions(selection: Selection, ids: list[int] | None) -> Query:
    """The where clause that a selection amounts to, for rows `o` of the table of observations."""
    terms, values = [], list[object]()
    if ids is not None:
        terms.append("o.series in (select unnest(?::integer[]))" if len(ids) != 1 else "o.series = ?")
        values.append(listed(ids) if len(ids) != 1 else ids[0])
    if selection.start is not None:
        terms.append("o.time >= make_timestamp_ms(?)::timestamp_ms")
        values.append(selection.start)
    if selection.stop is not None:
        terms.append("o.time < make_timestamp_ms(?)::timestamp_ms")
        values.append(selection.stop)
    if selection.as_of is not None:
        terms.append("o.received <= make_timestamp_ms(?)::timestamp_ms")
        values.append(selection.as_of)
    if selection.versions:
        terms.append(KEPT)
    else:
        terms.append(EXISTS)
        if selection.as_of is None:
            terms.append("o.until is null")
        else:
            terms.append("(o.until is null or o.until > make_timestamp_ms(?)::timestamp_ms)")
            values.append(selection.as_of)
    if selection.review:
        terms.append("o.review >= ?")
        values.append(selection.review)
    if selection.usable:
        terms.append(USABLE)
    if selection.besides:
        terms.append("o.batch not in (select id from batch where list_contains(?::varchar[], kind))")
        values.append(list(selection.besides))
    return (" where " + " and ".join(terms) if terms else ""), values


def rows(selection: Selection, ids: list[int] | None) -> Query:
    """Observations in order of site, parameter, cadence, statistic, time, revision."""
    where, values = conditions(selection, ids)
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
        [] if ids is None else [listed(ids)],
    )


def newest(ids: list[int] | None) -> Query:
    """When the newest of them arrived [ms]."""
    where = "" if ids is None else " where series in (select unnest(?::integer[]))"
    return f"select epoch_ms(max(received)) from latest{where}", [] if ids is None else [listed(ids)]


def newest_rows(series: str) -> str:
    """Rows of the table `latest` anew, for the series listed in the table named `series`."""
    return (
        f"select {', '.join('o.' + name for name in ROW)} from observation o"
        f" where o.series in (select series from {series}) and o.until is null and {EXISTS} and {TIMELY}"
        " qualify row_number() over (partition by o.series order by o.time desc) = 1"
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
