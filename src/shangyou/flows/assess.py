"""Assess the water: samples, sections over a period, rivers, provinces and basins, by the rules in force then."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timezone
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from shangyou.core.clock import LEGAL
from shangyou.core.errors import InputError, NotFoundError
from shangyou.core.ports import ObservationStore, Registry, Selection
from shangyou.core.records import Array
from shangyou.core.registry import Section, WaterKind
from shangyou.governance.assessment import Assessed, Bools, assess_values, rounded_values
from shangyou.governance.censoring import bounds, worst_case
from shangyou.governance.classify import Saturation, class_range
from shangyou.governance.groups import Means, assess_group
from shangyou.governance.means import PH, item_means
from shangyou.governance.periods import Period, parse_period
from shangyou.governance.samples import Long, Samples, censors, pivot, select_series, spread
from shangyou.governance.tables import Places, group_table, sample_table, section_table, with_change
from shangyou.standards.library import editions
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
    store: ObservationStore,
    registry: Registry,
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

    The schema's metadata name the editions used, the period, as_of, the basis and how many sites belong to no section.
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
    question = Question(span, _items(items, span.last), chosen, as_of, tuple(sections), altitude or {}, usable, legal)
    if by == "sample":
        return _by_sample(store, registry, question)
    table = _by_period(store, registry, question, by)
    if against is None:
        return table
    earlier = replace(question, period=parse_period(against, legal))
    key = "site" if by == "section" else by
    return with_change(table, _by_period(store, registry, earlier, by), key, assessment_rules(span.last))


def _items(asked: Sequence[str], on: date) -> tuple[str, ...]:
    known = assessment_rules(on).items
    unknown = [item for item in asked if item not in known]
    if unknown:
        raise InputError("assess.items", items=", ".join(unknown), known=", ".join(known))
    return tuple(item for item in known if item in asked) if asked else known


def _places(registry: Registry, question: Question, sites: Sequence[str]) -> tuple[Places, dict[str, int], int]:
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


def _selection(registry: Registry, question: Question, parameters: tuple[str, ...]) -> Selection:
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


def _by_sample(store: ObservationStore, registry: Registry, question: Question) -> pa.Table:
    cells = (*question.items, PUBLISHED, TEMPERATURE)
    table = store.select(_selection(registry, question, cells))
    places, place_of, homeless = _places(registry, question, pc.unique(table["site"]).to_pylist())
    long = select_series(table, place_of, cells)
    time = pc.cast(table["time"], pa.int64()).to_numpy()[long.row]
    samples, sample = pivot(long, time, table["value"].to_numpy()[long.row], len(cells))
    m = len(question.items)
    censored = censors(table, long)
    low, high = _bounds(long, sample, samples, censored, m)
    lake = places.lake[samples.place] if len(places.sections) else np.zeros(0, np.bool_)
    values = samples.values[:, :m].copy()
    if censored is not None:
        for kind, rows in ((WaterKind.RIVER, ~lake), (WaterKind.LAKE, lake)):
            values[rows] = worst_case(low[rows], high[rows], limits(question.period.last, question.items, kind))
    assessed, edition_id = _assess_samples(values, samples, places, lake, question)
    keep = np.flatnonzero((assessed.classified.present > 0) | ~np.isnan(samples.values[:, m]))
    required = [question.items.index(i) for i in _required(question.period.last) if i in question.items]
    complete: Bools = np.count_nonzero(assessed.classified.item[:, required], axis=1) == len(required)
    uncertain = np.zeros(len(samples), np.bool_)
    if censored is not None:
        uncertain = _uncertain(low, high, lake, question)
    result = sample_table(
        places,
        samples,
        assessed,
        on=question.period.last,
        complete=complete,
        uncertain=uncertain,
        published=np.nan_to_num(samples.values[:, m]).astype(np.int8),
        edition_id=edition_id,
    ).take(pa.array(keep))
    return _described(result, question, homeless, ())


def _bounds(
    long: Long, sample: NDArray[np.intp], samples: Samples, censored: tuple[NDArray[np.uint8], Array] | None, m: int
) -> tuple[Array, Array]:
    values = samples.values[:, :m]
    if censored is None:
        return values, values
    shape = samples.values.shape
    marks = np.nan_to_num(spread(long, sample, shape, censored[0]))[:, :m].astype(np.uint8)
    return bounds(values, marks, spread(long, sample, shape, censored[1])[:, :m])


def _required(on: date) -> tuple[str, ...]:
    try:
        return publication(on).required
    except NotFoundError:
        return ()


def _assess_samples(
    values: Array, samples: Samples, places: Places, lake: Bools, question: Question
) -> tuple[Assessed, pa.Array]:
    """Classes of samples by the portal's way at each time, or by rule; and which edition that was."""
    air = _saturation(samples, places, question)
    on, items = question.period.last, question.items
    if question.basis == "rule":
        whole = assess_values(values, lake, items, on, saturation=air)
        return whole, pa.array([whole.rules.edition.id] * len(samples), pa.string())
    rounding = np.ones(len(samples), np.bool_)
    name = np.zeros(len(samples), np.int64)
    ids = [assessment_rules(on).edition.id]
    for one in editions("publication"):
        way = publication(one.valid_from)
        inside = samples.time >= _first_moment(one.valid_from, question.legal)
        if one.valid_to is not None:
            inside &= samples.time < _first_moment(one.valid_to, question.legal) + 86_400_000
        rounding[inside] = way.rounding != "none"
        name[inside] = len(ids)
        ids.append(one.id)
    shown = values.copy()
    shown[rounding] = rounded_values(values[rounding], items, on)
    return assess_values(shown, lake, items, on, rounded=False), pa.array(ids, pa.string()).take(pa.array(name))


def _first_moment(day: date, legal: timezone) -> int:
    return parse_period(day.isoformat(), legal).start


def _saturation(samples: Samples, places: Places, question: Question) -> Saturation | None:
    if not question.altitude:
        return None
    altitude = np.array([question.altitude.get(section.id, np.nan) for section in places.sections])
    return Saturation(samples.values[:, -1], altitude[samples.place])


def _uncertain(low: Array, high: Array, lake: Bools, question: Question) -> Bools:
    """Samples whose class depends on where a censored value really lies."""
    result = np.zeros(len(lake), np.bool_)
    for kind, rows in ((WaterKind.RIVER, ~lake), (WaterKind.LAKE, lake)):
        best, worst = class_range(low[rows], high[rows], limits(question.period.last, question.items, kind))
        result[rows] = best.max(axis=1, initial=0) != worst.max(axis=1, initial=0)
    return result


# ---- sections and groups over a period ---------------------------------------------------------------------------


def _means(store: ObservationStore, registry: Registry, question: Question) -> tuple[Places, Means, int]:
    cells = (*question.items, TEMPERATURE) if question.altitude else question.items
    by_month = question.period.kind in ("quarter", "year")  # their means are means of months
    offset = question.legal.utcoffset(None)
    table = store.means(
        _selection(registry, question, cells),
        "month" if by_month else "all",
        int(offset.total_seconds() * 1000),
        logarithmic=(PH,),
    )
    places, place_of, homeless = _places(registry, question, pc.unique(table["site"]).to_pylist())
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


def _by_period(store: ObservationStore, registry: Registry, question: Question, by: str) -> pa.Table:
    places, means, homeless = _means(store, registry, question)
    on = question.period.last
    rules = assessment_rules(on)
    lake = places.lake[means.place] if len(places.sections) else np.zeros(0, np.bool_)
    air = None
    if question.altitude:
        heights = np.array([question.altitude.get(section.id, np.nan) for section in places.sections])
        air = Saturation(means.temperature, heights[means.place])
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
    return _described(table, question, homeless, (rules.edition.id,))


def _groups(places: Places, means: Means, lake: Bools, assessed: Assessed, by: str, question: Question) -> pa.Table:
    key = GROUPS[by]
    names = np.array([key(places.sections[place]) for place in means.place.tolist()], np.str_)
    groups = [
        assess_group(name, np.flatnonzero(names == name), means, lake, assessed, question.period.last)
        for name in np.unique(names).tolist()
    ]
    return group_table(groups, by, question.period.last, question.items)


def _described(table: pa.Table, question: Question, homeless: int, more: tuple[str, ...]) -> pa.Table:
    """The table with what a reader must know to make it again."""
    on = question.period.last
    ids = dict.fromkeys((limits(on, question.items, WaterKind.RIVER).edition, assessment_rules(on).edition.id, *more))
    return table.replace_schema_metadata(
        {
            "editions": "; ".join(ids),
            "period": question.period.text,
            "start": str(question.period.start),
            "stop": str(question.period.stop),
            "as_of": "" if question.as_of is None else str(question.as_of),
            "basis": question.basis,
            "sites_without_section": str(homeless),
        }
    )
