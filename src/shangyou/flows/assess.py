"""Assess the water: samples, sections over a period, rivers, provinces and basins, by the rules in force then."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timezone
from typing import Final, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from shangyou.core.clock import LEGAL
from shangyou.core.errors import InputError, NotFoundError
from shangyou.core.ports import Selection
from shangyou.core.records import Array, Ints
from shangyou.core.registry import Section, WaterKind
from shangyou.flows.ground import Waters
from shangyou.governance.assessment import Assessed, Bools, assess_values, rounded_values
from shangyou.governance.censoring import bounds, worst_case
from shangyou.governance.classify import Saturation, class_range
from shangyou.governance.groups import Means, assess_groups
from shangyou.governance.means import PH, item_means
from shangyou.governance.periods import Period, parse_period
from shangyou.governance.samples import censors, pivot, select_series, spread
from shangyou.governance.tables import Places, group_table, sample_table, section_table, with_change
from shangyou.standards.library import edition, editions
from shangyou.standards.surface_water import assessment_rules, limits, publication
from shangyou.standards.waters import water_of

PUBLISHED, TEMPERATURE = "class_published", "water_temperature"
GROUPS: Final[Mapping[str, Callable[[Section], str]]] = {
    "river": lambda section: section.river,
    "province": lambda section: section.province,
    "basin": lambda section: section.basin,
}
BY: Final = ("sample", "section", *GROUPS)
BASES: Final = ("published", "rule")
DAY: Final = 86_400_000  # ms


class Source(Protocol):
    """What an assessment reads of a core.ports.ObservationStore, or of all nodes: flows.basin."""

    def select(self, selection: Selection) -> pa.Table:
        """Observations."""
        ...

    def means(
        self,
        selection: Selection,
        period: str,
        offset_ms: int,
        logarithmic: Sequence[str] = (),
        measures: Sequence[str] = ("mean", "count"),
    ) -> pa.Table:
        """Means of usable values."""
        ...


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be assessed, and how."""

    period: Period
    items: tuple[str, ...]
    basis: str  # published: as the national portal makes its classes; rule: by the decimals of the statistics rules
    as_of: int | None
    sections: tuple[str, ...]  # ids; empty = all
    altitude: Mapping[str, float]  # section id: m; lets oxygen reach class I by saturation
    usable: bool
    legal: timezone


def assess(
    store: Source,
    registry: Waters,
    period: str,
    by: str = "section",
    *,
    as_of: int | None = None,
    items: Sequence[str] = (),
    basis: str | None = None,
    against: str | None = None,
    sections: Sequence[str] = (),
    altitude: Mapping[str, float] | None = None,
    usable: bool = True,
    legal: timezone = LEGAL,
) -> pa.Table:
    """Assess a period and return one row a sample, section, river, province or basin.

    Args:
        period: see governance.periods, in legal time.
        by: sample, section, river, province or basin.
        as_of: what was known then [ms since 1970 UTC]; None = now.
        items: of the 21 of the rules; none = all that there are.
        basis: "published" (the default of samples): rounded as the national portal did at the time; "rule" (the default
            of everything else): rounded to the decimals of the statistics rules.
        against: another period; adds what the water was then and how it changed. Not for samples.
        sections: ids to restrict to.
        altitude: metres of sections by id. Where it and the water temperature are known, dissolved oxygen reaches class
            I by saturation too, except on the basis "published", for the portal does not do so.
        usable: leave out values that the checks fail.

    The schema's metadata name the editions used, which of their values are from memory only, the period, as_of, the
    basis and how many sites belong to no section.
    Raises InputError "assess.by", "assess.basis", "assess.items", "assess.against", "period.form", "period.order".
    """
    chosen = basis or ("published" if by == "sample" else "rule")
    if by not in BY:
        raise InputError("assess.by", by=by, known=", ".join(BY))
    if chosen not in BASES:
        raise InputError("assess.basis", basis=chosen, known=", ".join(BASES))
    if against is not None and by == "sample":
        raise InputError("assess.against")
    span = parse_period(period, legal)
    question = Question(
        span, chosen_items(items, span.last), chosen, as_of, tuple(sections), altitude or {}, usable, legal
    )
    if by == "sample":
        return _by_sample(store, registry, question)
    table = _by_period(store, registry, question, by)
    if against is None:
        return table
    earlier = replace(question, period=parse_period(against, legal))
    key = "site" if by == "section" else by
    return with_change(table, _by_period(store, registry, earlier, by), key, assessment_rules(span.last))


def chosen_items(asked: Sequence[str], on: date) -> tuple[str, ...]:
    """Those of the 21 items that are asked for, or all; InputError "assess.items"."""
    known = assessment_rules(on).items
    unknown = [item for item in asked if item not in known]
    if unknown:
        raise InputError("assess.items", items=", ".join(unknown), known=", ".join(known))
    return tuple(item for item in known if item in asked) if asked else known


def find_places(registry: Waters, question: Question, sites: Sequence[str]) -> tuple[Places, dict[str, int], int]:
    """Sections that take part, the index of the section of each site, and how many sites have no section.

    Outlets are no sections. A site is a section's id, an MN tied to it, or the id of one that was merged into it.
    """
    devices = registry.devices()
    outlets = {device.section for device in devices if device.outlet}
    wanted = set(question.sections)
    found = [s for s in registry.sections() if s.id not in outlets and (not wanted or s.id in wanted)]
    index = {section.id: number for number, section in enumerate(found)}
    place_of = dict(index)
    place_of.update({d.mn: index[d.section] for d in devices if d.section in index and not d.outlet})
    homeless = 0
    for site in sites:
        if site in place_of:
            continue
        try:
            section = registry.section(site).id
        except NotFoundError:
            section = ""
        if section in index:
            place_of[site] = index[section]
        elif not wanted:
            homeless += 1
    water = [water_of(section) for section in found]
    lake = np.array([each.kind is WaterKind.LAKE for each in water], np.bool_)
    return Places(tuple(found), lake, tuple(str(each.ground) for each in water)), place_of, homeless


def selection(registry: Waters, question: Question, parameters: tuple[str, ...]) -> Selection:
    """What the store is asked for."""
    sites = tuple(site for id in question.sections for site in registry.sites_of(id))
    return Selection(
        sites=sites,
        parameters=parameters,
        start=question.period.start,
        stop=question.period.stop,
        as_of=question.as_of,
        usable=question.usable,
    )


# ---- samples ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Gathered:
    """The samples of a period: n samples of m items."""

    places: Places
    items: tuple[str, ...]  # (m,) of those asked for, the ones that occur
    place: Ints  # (n,)
    time: Ints  # (n,) ms since 1970 UTC
    low: Array  # (n, m) lowest number that each value can be; the value itself where it is not censored
    high: Array  # (n, m) highest
    lake: Bools  # (n,) under lake limits
    published: NDArray[np.int8]  # (n,) published class, 0 = none
    temperature: Array  # (n,)
    homeless: int  # sites without a section


def _gather(store: Source, registry: Waters, question: Question) -> Gathered:
    table = store.select(selection(registry, question, (*question.items, PUBLISHED, TEMPERATURE)))
    places, place_of, homeless = find_places(registry, question, pc.unique(table["site"]).to_pylist())
    there = set(pc.unique(table["parameter"]).to_pylist())
    items = tuple(item for item in question.items if item in there) or question.items
    cells = (*items, PUBLISHED, TEMPERATURE)
    long = select_series(table, place_of, cells)
    time = pc.cast(table["time"], pa.int64()).to_numpy()[long.row]
    samples, sample = pivot(long, time, table["value"].to_numpy()[long.row], len(cells))
    values = samples.values[:, : len(items)]
    low, high = values, values
    if (censored := censors(table, long)) is not None:
        marks, upper = (spread(long, sample, samples.values.shape, column)[:, : len(items)] for column in censored)
        low, high = bounds(values, np.nan_to_num(marks).astype(np.uint8), upper)
    return Gathered(
        places=places,
        items=items,
        place=samples.place,
        time=samples.time,
        low=low,
        high=high,
        lake=places.lake[samples.place] if len(samples) else np.zeros(0, np.bool_),
        published=np.nan_to_num(samples.values[:, -2]).astype(np.int8),
        temperature=samples.values[:, -1],
        homeless=homeless,
    )


def _by_sample(store: Source, registry: Waters, question: Question) -> pa.Table:
    got = _gather(store, registry, question)
    on = question.period.last
    values, uncertain = got.low, np.zeros(len(got.place), np.bool_)
    if got.low is not got.high:  # something is censored
        values = got.low.copy()
        for kind, rows in ((WaterKind.RIVER, ~got.lake), (WaterKind.LAKE, got.lake)):
            found = limits(on, got.items, kind)
            values[rows] = worst_case(got.low[rows], got.high[rows], found)
            best, worst = class_range(got.low[rows], got.high[rows], found)
            uncertain[rows] = best.max(axis=1, initial=0) != worst.max(axis=1, initial=0)
    assessed, edition_id = _assess_samples(values, got, question)
    required = [item for item in _required(on) if item in question.items]
    there = [got.items.index(item) for item in required if item in got.items]
    complete: Bools = np.count_nonzero(assessed.classified.item[:, there], axis=1) == len(required)
    keep = np.flatnonzero((assessed.classified.present > 0) | (got.published > 0))
    result = sample_table(
        got.places,
        got.place,
        got.time,
        assessed,
        on=on,
        complete=complete,
        uncertain=uncertain,
        published=got.published,
        edition_id=edition_id,
    ).take(pa.array(keep))
    return _described(result, question, got.homeless)


def _required(on: date) -> tuple[str, ...]:
    try:
        return publication(on).required
    except NotFoundError:
        return ()


def _assess_samples(values: Array, got: Gathered, question: Question) -> tuple[Assessed, pa.Array]:
    """Classes of samples by the portal's way at each time, or by rule; and which edition that was."""
    on, n = question.period.last, len(got.place)
    if question.basis == "rule":
        air = None
        if question.altitude:
            air = Saturation(got.temperature, _heights(got.places, question)[got.place])
        whole = assess_values(values, got.lake, got.items, on, saturation=air)
        return whole, pa.array([whole.rules.edition.id] * n, pa.string())
    rounding = np.ones(n, np.bool_)
    name = np.zeros(n, np.int64)
    ids = [assessment_rules(on).edition.id]
    for one in editions("publication"):
        way = publication(one.valid_from)
        inside = got.time >= _first_moment(one.valid_from, question.legal)
        if one.valid_to is not None:
            inside &= got.time < _first_moment(one.valid_to, question.legal) + DAY
        rounding[inside] = way.rounding != "none"
        name[inside] = len(ids)
        ids.append(one.id)
    shown = values.copy()
    shown[rounding] = rounded_values(values[rounding], got.items, on)
    whole = assess_values(shown, got.lake, got.items, on, rounded=False)
    return whole, pa.array(ids, pa.string()).take(pa.array(name))


def _heights(places: Places, question: Question) -> Array:
    """(p,) altitude of each section [m], NaN where it is not known."""
    return np.array([question.altitude.get(section.id, np.nan) for section in places.sections])


def _first_moment(day: date, legal: timezone) -> int:
    return parse_period(day.isoformat(), legal).start


# ---- sections and groups over a period ---------------------------------------------------------------------------


def _means(store: Source, registry: Waters, question: Question) -> tuple[Places, Means, int]:
    cells = (*question.items, TEMPERATURE) if question.altitude else question.items
    by_month = question.period.kind in ("quarter", "year")  # their means are means of months
    table = store.means(
        selection(registry, question, cells),
        "month" if by_month else "all",
        offset_ms(question.legal),
        logarithmic=(PH,),
    )
    places, place_of, homeless = find_places(registry, question, pc.unique(table["site"]).to_pylist())
    long = select_series(table, place_of, cells)
    time = pc.cast(table["period"], pa.int64()).to_numpy()[long.row]
    months, sample = pivot(long, time, table["mean"].to_numpy()[long.row], len(cells))
    count = np.nan_to_num(spread(long, sample, months.values.shape, table["count"].to_numpy()[long.row]))
    place, group = np.unique(months.place, return_inverse=True)
    means = item_means(months.values, cells, group, len(place))
    m = len(question.items)
    known = ~np.isnan(months.values[:, :m])
    samples = np.zeros((len(place), m), np.int64)
    np.add.at(samples, group, known if by_month else count[:, :m].astype(np.int64))
    inputs = np.zeros(len(place), np.int64)
    np.add.at(inputs, group, count[:, :m].sum(axis=1).astype(np.int64))
    warm = means[:, m] if question.altitude else np.full(len(place), np.nan)
    keep = samples.any(axis=1)
    most = samples.max(axis=1, initial=0)
    return places, Means(place[keep], means[keep, :m], warm[keep], most[keep], inputs[keep]), homeless


def offset_ms(legal: timezone) -> int:
    """Of legal time from UTC."""
    return int(legal.utcoffset(None).total_seconds() * 1000)


def _by_period(store: Source, registry: Waters, question: Question, by: str) -> pa.Table:
    places, means, homeless = _means(store, registry, question)
    on = question.period.last
    rules = assessment_rules(on)
    lake = places.lake[means.place] if len(places.sections) else np.zeros(0, np.bool_)
    air = None
    if question.altitude:
        air = Saturation(means.temperature, _heights(places, question)[means.place])
    assessed = assess_values(means.values, lake, question.items, on, rounded=question.basis == "rule", saturation=air)
    if by == "section":
        least = rules.samples.get(question.period.kind, 1)
        table = section_table(
            places,
            means.place,
            assessed,
            on=on,
            samples=means.samples,
            inputs=means.inputs,
            enough=means.samples >= least,
        )
    else:
        table = _groups(places, means, lake, assessed, by, question)
    return _described(table, question, homeless)


def _groups(places: Places, means: Means, lake: Bools, assessed: Assessed, by: str, question: Question) -> pa.Table:
    on, key = question.period.last, GROUPS[by]
    names = [key(places.sections[place]) for place in means.place.tolist()]
    return group_table(assess_groups(names, means, lake, assessed, on), by, on, question.items)


def _described(table: pa.Table, question: Question, homeless: int) -> pa.Table:
    """The table with what a reader must know to make it again."""
    on = question.period.last
    used = [edition("gb3838", on), assessment_rules(on).edition]
    used += [one for one in editions("statistics") if one.in_force(on)]
    return table.replace_schema_metadata(
        {
            "editions": "; ".join(one.id for one in used),
            "unverified": "; ".join(f"{one.id}: {path}" for one in used for path in one.unverified()),
            "period": question.period.text,
            "start": str(question.period.start),
            "stop": str(question.period.stop),
            "as_of": "" if question.as_of is None else str(question.as_of),
            "basis": question.basis,
            "sites_without_section": str(homeless),
        }
    )
