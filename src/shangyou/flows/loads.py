"""Loads of a substance through a section, from the node's own series or from tables, as a table of periods."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timezone
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shangyou.basin.loads.periods import Periods, change, periods
from shangyou.basin.loads.rating import TERMS, rating
from shangyou.basin.loads.samples import KG_PER_DAY, Flows, Samples
from shangyou.basin.loads.simple import Simple, beale, mean_times_flow
from shangyou.basin.loads.windows import Windows
from shangyou.basin.loads.wrtds import FEBRUARY, gaps, wrtds
from shangyou.core.clock import LEGAL
from shangyou.core.errors import InputError, NotFoundError
from shangyou.core.ports import ObservationStore, Registry, Selection
from shangyou.core.records import Array, Bytes, Censor, Ints, Observations, Refusal, join
from shangyou.flows.assess import offset_ms
from shangyou.ingest.tables.infer import infer
from shangyou.ingest.tables.reading import read_blocks

FLOW: Final = {"flow": 1.0, "wastewater_flow": 0.001}  # keys of the vocabulary, and what makes m3/s of their unit
DAY_MS: Final = 86_400_000
SIMPLE: Final[dict[str, Callable[[Samples, Flows], Simple]]] = {"mean": mean_times_flow, "beale": beale}
METHODS: Final = ("wrtds", "rating", *SIMPLE)
EVERY: Final = ("year", "month", "day")
TABLE: Final = pa.schema(
    [
        ("period", pa.string()),
        ("days", pa.int64()),  # with a flow
        ("days_missing", pa.int64()),
        ("samples", pa.int64()),
        ("flow", pa.float64()),  # mean, m3/s
        ("concentration", pa.float64()),  # mean, mg/L
        ("load_t", pa.float64()),
        ("error_t", pa.float64()),  # standard error, where the method tells one
        ("normal_concentration", pa.float64()),
        ("normal_load_t", pa.float64()),
    ]
)


class Given(NamedTuple):
    """What loads are computed from."""

    samples: Samples
    flows: Flows
    refusals: tuple[Refusal, ...] = ()  # of cells that could not be read


@dataclass(frozen=True, slots=True)
class How:
    """How loads are computed and told."""

    method: str = "wrtds"
    every: str = "year"
    year_starts: int = 1  # month
    windows: Windows = field(default_factory=Windows)
    twins: tuple[int, int] = FEBRUARY
    terms: tuple[str, ...] = TERMS

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise InputError("loads.method", method=self.method, known=", ".join(METHODS))
        if self.every not in EVERY:
            raise InputError("loads.every", every=self.every, known=", ".join(EVERY))


class Remark(NamedTuple):
    """Something to say beside the table; the face makes the sentence."""

    key: str
    facts: dict[str, object]


class Told(NamedTuple):
    """Loads of periods, and what is to be said of them."""

    table: pa.Table  # TABLE
    remarks: tuple[Remark, ...]


def of_series(
    store: ObservationStore,
    registry: Registry,
    section: str,
    parameter: str,
    flow_section: str = "",
    span: tuple[int | None, int | None] = (None, None),
    as_of: int | None = None,
    legal: timezone = LEGAL,
) -> Given:
    """Concentration of one section and flow of it, or of another section nearby, as daily values of a node's store.

    Raises NotFoundError "registry.section", "loads.nothing"; InputError as of `Flows` and `Samples`.
    """
    found = []
    for names, site in ((parameter,), section), (tuple(FLOW), flow_section or section):
        sites = registry.sites_of(registry.section(site).id)
        chosen = Selection(sites, names, start=span[0], stop=span[1], as_of=as_of, usable=True)
        table = store.select(chosen)
        table = table.filter(pc.is_in(table["statistic"], pa.array(["value", "mean"])))
        first = next((name for name in names if pc.any(pc.equal(table["parameter"], name)).as_py()), None)
        if first is None:
            raise NotFoundError("loads.nothing", parameter=names[0], place=site)
        table = table.filter(pc.equal(table["parameter"], first))
        numbers = table["value"].to_numpy(), table["censor"].to_numpy(), table["upper"].to_numpy()
        found.append(
            _daily(table["time"].cast(pa.int64()).to_numpy(), *numbers, offset_ms(legal), FLOW.get(first, 1.0))
        )
    return _given(found[0], found[1])


def of_tables(files: Sequence[tuple[str, bytes]], parameter: str, legal: timezone = LEGAL) -> Given:
    """The same from tables that intake understands (CSV, Excel; names of columns as people write them).

    Raises InputError as of `infer`, "loads.places" where the tables tell of several places; NotFoundError
    "loads.nothing".
    """
    parts: list[Observations] = []
    refusals: list[Refusal] = []
    for name, body in files:
        for parsed in read_blocks([body], infer(body, name).map, name):
            parts.append(parsed.observations)
            refusals += parsed.refusals
    whole = join(parts)
    upper = np.full(len(whole), np.nan) if whole.upper is None else whole.upper
    found = []
    for names in (parameter,), tuple(FLOW):
        keys = {key.parameter for key in whole.keys}
        first = next((name for name in names if name in keys), None)
        some = np.isin(whole.series, [i for i, key in enumerate(whole.keys) if key.parameter == first])
        if first is None or not some.any():
            raise NotFoundError("loads.nothing", parameter=names[0], place=", ".join(name for name, _ in files))
        places = sorted({whole.keys[i].site for i in np.unique(whole.series[some]).tolist()})
        if len(places) > 1:
            raise InputError("loads.places", parameter=first, places=", ".join(places[:5]), count=len(places))
        numbers = whole.value[some], whole.censor[some], upper[some]
        found.append(_daily(whole.time[some], *numbers, offset_ms(legal), FLOW.get(first, 1.0)))
    return _given(found[0], found[1], tuple(refusals))


def loads(given: Given, how: How) -> Told:
    """Loads of years, months or days.

    Raises InputError: "loads.few", "loads.singular", "loads.terms" as of the methods; "loads.every" for days by a
    method that has none.
    """
    if how.method in SIMPLE:
        return _simple(given, how)
    return _wrtds(given, how) if how.method == "wrtds" else _rating(given, how)


def _wrtds(given: Given, how: How) -> Told:
    found = wrtds(given.samples, given.flows, how.windows, how.twins)
    daily = found.daily
    remarks = [*_remarks(given, found.samples, found.censored, found.shift)]
    if found.surfaces.unsettled:
        remarks.append(Remark("unsettled", {"points": found.surfaces.unsettled}))
    moved = change(daily, how.year_starts)
    if moved is not None:
        percent = moved.percent()
        remarks.append(
            Remark(
                "change",
                {"first": _date(moved.first), "last": _date(moved.last), "years": moved.years}
                | {"concentration": percent[0], "load": percent[1]},
            )
        )
    normal = daily.normal_concentration, daily.normal_load
    return _told(given, how, daily.concentration, daily.load, remarks, normal=normal)


def _rating(given: Given, how: How) -> Told:
    found = rating(given.samples, given.flows, how.terms)
    remarks = [*_remarks(given, found.samples, found.censored, given.flows.shift())]
    curve = ", ".join(
        f"{name} {value:.4g} ± {error:.2g}"
        for name, value, error in zip(found.names, found.coefficients, found.errors, strict=True)
    )
    facts = {"curve": curve, "sigma": found.sigma, "smearing": found.smearing, "of": found.smearing_of}
    remarks.append(Remark("rating", facts))
    return _told(given, how, found.concentration, found.load, remarks, error=found.error_of)


def _told(
    given: Given,
    how: How,
    concentration: Array,
    load: Array,
    remarks: Sequence[Remark],
    normal: tuple[Array, Array] | None = None,
    error: Callable[[Ints, int], Array] | None = None,
) -> Told:
    """A table of periods from daily values."""
    flows = given.flows
    group = _groups(flows.day, how)
    counts = _samples(given, group)
    count = len(group.first)
    columns = {
        "period": [_name(int(first), how) for first in group.first],
        "days": group.days,
        "days_missing": group.length - group.days,
        "samples": counts,
        "flow": group.mean(flows.flow),
        "concentration": group.mean(concentration),
        "load_t": group.total(load) / 1000,
        "error_t": pa.nulls(count, pa.float64()) if error is None else error(group.group, count) / 1000,
        "normal_concentration": pa.nulls(count, pa.float64()) if normal is None else group.mean(normal[0]),
        "normal_load_t": pa.nulls(count, pa.float64()) if normal is None else group.total(normal[1]) / 1000,
    }
    return Told(pa.table(columns, TABLE), tuple(remarks))


def _simple(given: Given, how: How) -> Told:
    """Each period by itself; one with fewer than three sampled days has no load."""
    if how.every == "day":
        raise InputError("loads.every", every=how.every, known="year, month")
    group = _groups(given.flows.day, how)
    rows = []
    for i, samples in enumerate(_samples(given, group).tolist()):
        first, length = int(group.first[i]), int(group.length[i])
        inside = (given.samples.day >= first) & (given.samples.day < first + length)
        own = Samples(given.samples.day[inside], given.samples.low[inside], given.samples.high[inside])
        flow = given.flows.flow[group.group == i]
        row: dict[str, object] = {"period": _name(first, how), "days": len(flow), "days_missing": length - len(flow)}
        row |= {"samples": samples, "flow": float(flow.mean())}
        if samples >= 3 and flow.any():
            found = SIMPLE[how.method](own, Flows(given.flows.day[group.group == i], flow))
            row |= {"load_t": found.load / 1000, "error_t": found.error / 1000}
            row["concentration"] = found.load / (float(flow.sum()) * KG_PER_DAY)  # by which the flow carries the load
        rows.append(row)
    used = int(_samples(given, group).sum())
    remarks = _remarks(given, used, int((~given.samples.known).sum()), 0.0)
    return Told(pa.Table.from_pylist(rows, TABLE), remarks)


def _remarks(given: Given, samples: int, censored: int, shift: float) -> tuple[Remark, ...]:
    """What was used, and what was missing."""
    flows = given.flows
    found = [Remark("used", {"samples": samples, "censored": censored, "days": len(flows.day)})]
    without = len(given.samples.day) - int(np.isin(given.samples.day, flows.day).sum())
    if without:
        found.append(Remark("without_flow", {"samples": without}))
    missing = gaps(flows.day)
    if missing:
        days = sum(last - first + 1 for first, last in missing)
        longest = max(missing, key=lambda gap: gap[1] - gap[0])
        facts = {"gaps": len(missing), "days": days, "first": _date(longest[0]), "last": _date(longest[1])}
        found.append(Remark("gaps", facts))
    if shift:
        found.append(Remark("shift", {"shift": shift}))
    if given.refusals:
        found.append(Remark("refused", {"cells": len(given.refusals), "code": given.refusals[0].code}))
    return tuple(found)


def _groups(day: Ints, how: How) -> Periods:
    if how.every == "day":
        one = np.ones(len(day), np.int64)
        return Periods(day, one, one, np.arange(len(day)))
    return periods(day, how.every, how.year_starts)


def _samples(given: Given, group: Periods) -> Ints:
    """(p,) sampled days of each period that have a flow."""
    day = np.unique(given.samples.day)
    day = day[np.isin(day, given.flows.day)]
    place = np.searchsorted(group.first, day, side="right") - 1
    return np.bincount(place, minlength=len(group.first)).astype(np.int64)


def _daily(
    time: Ints, value: Array, censor: Bytes, upper: Array, offset: int, factor: float
) -> tuple[Ints, Array, Array]:
    """Legal days with the mean of the bounds of their values, times a factor: (d,) day, lower and upper.

    A mean lies between the mean of the lower and that of the upper bounds; where all values of a day are known the
    two are equal.
    """
    low, high = value * factor, value * factor
    low[censor == Censor.BELOW] = 0.0
    high[censor == Censor.ABOVE] = np.inf
    between = censor == Censor.INTERVAL
    high[between] = upper[between] * factor
    there = ~np.isnan(value)
    day, group = np.unique((time[there] + offset) // DAY_MS, return_inverse=True)
    count = np.bincount(group)
    means = [np.bincount(group, bound[there]) / count for bound in (low, high)] if len(day) else [low[:0], high[:0]]
    return day, means[0], means[1]


def _given(
    sampled: tuple[Ints, Array, Array], flowing: tuple[Ints, Array, Array], refusals: tuple[Refusal, ...] = ()
) -> Given:
    day, low, high = sampled
    return Given(Samples(day, low, high), Flows(flowing[0], flowing[1]), refusals)


def _name(first: int, how: How) -> str:
    text = _date(first)
    if how.every == "year":
        return text[:4] if how.year_starts == 1 else f"{text[:7]}/P1Y"
    return text[:7] if how.every == "month" else text


def _date(day: int) -> str:
    return str(np.datetime64(day, "D"))
