"""Which sites a question to the basin is about, by what a node's registry knows of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from shangyou.core.errors import InputError, NotFoundError
from shangyou.core.ports import ObservationStore
from shangyou.core.records import SeriesKey
from shangyou.core.registry import PROVINCES, Device, River, Section
from shangyou.exchange.question import Question
from shangyou.exchange.reply import Place


class Waters(Protocol):
    """What of a registry tells where data belong; see core.ports.Registry."""

    def rivers(self) -> list[River]:
        """All rivers."""
        ...

    def sections(self) -> list[Section]:
        """All that are not merged away."""
        ...

    def section(self, id: str) -> Section:
        """The section, or that into which it was merged; NotFoundError "registry.section"."""
        ...

    def sites_of(self, id: str) -> tuple[str, ...]:
        """All sites under which the observations of a section may stand."""
        ...

    def devices(self) -> list[Device]:
        """All devices."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """What a node knows when it is asked."""

    series: Collection[SeriesKey]
    sections: Mapping[str, Section]  # by id; outlets are none
    sites: Mapping[str, str]  # site: id of the section whose data stand under it

    def chosen(self, question: Question, rivers: Mapping[str, str]) -> dict[str, Section]:
        """Sections that a question is about, by the id under which they are asked for.

        rivers: names of rivers by id; either may be asked for.
        """
        found = dict(self.sections)
        if question.sections:
            found = {id: self.sections[root] for id in question.sections if (root := self._root(id)) is not None}
        if question.rivers:
            names = {*question.rivers, *(rivers[id] for id in question.rivers if id in rivers)}
            found = {id: section for id, section in found.items() if section.river in names}
        if question.provinces:
            found = {id: section for id, section in found.items() if province_of(section) in question.provinces}
        return found

    def _root(self, id: str) -> str | None:
        return id if id in self.sections else self.sites.get(id)


def province_of(section: Section) -> str:
    """First two digits of its administrative code; "" where that is not known."""
    head = section.id[:2]
    return PROVINCES.get(section.province, head if head in PROVINCES.values() else "")


def survey(store: ObservationStore, registry: Waters) -> Ground:
    """What there is now."""
    series = store.series()
    devices = registry.devices()
    outlets = {device.section for device in devices if device.outlet}
    sections = {section.id: section for section in registry.sections() if section.id not in outlets}
    sites = {device.mn: device.section for device in devices if device.section in sections and not device.outlet}
    sites |= {id: id for id in sections}
    for site in {key.site for key in series} - sites.keys():
        try:
            root = registry.section(site).id
        except NotFoundError:
            continue
        if root in sections:
            sites[site] = root
    for device in devices:  # of sections that were merged
        if device.mn not in sites and not device.outlet and device.section in sites:
            sites[device.mn] = sites[device.section]
    return Ground(series, sections, sites)


def labels(ground: Ground, chosen: Mapping[str, Section], question: Question) -> dict[str, str]:
    """The group of each site that a question is about."""
    key = question.label if question.shape == "summary" else "section"
    label = {section.id: id if key == "section" else str(getattr(section, key)) for id, section in chosen.items()}
    return {site: label[root] for site, root in ground.sites.items() if root in label}


def places(chosen: Mapping[str, Section]) -> tuple[Place, ...]:
    """What others are told of sections."""
    return tuple(
        Place(
            id=id,
            name_zh=section.name_zh,
            name_en=section.name_en,
            province=section.province,
            city=section.city,
            basin=section.basin,
            river=section.river,
            kind=str(section.kind),
            status=str(section.status),
            confidence=section.confidence,
            longitude=section.longitude,
            latitude=section.latitude,
        )
        for id, section in chosen.items()
    )


def need_size(ground: Ground, label: Mapping[str, str], question: Question, span: int, most: int) -> None:
    """InputError "query.too_much" if an answer may have more rows than one can.

    span: [ms] that the question covers of what there is.
    """
    step = {"hour": 3_600_000, "day": 86_400_000}.get(question.period, 28 * 86_400_000)
    periods = 1 if question.period == "all" else max(span, 0) // step + 2
    groups = {
        (label[key.site], key.parameter, key.cadence, key.statistic)
        for key in ground.series
        if key.site in label and (not question.parameters or key.parameter in question.parameters)
    }
    if len(groups) * periods > most:
        raise InputError("query.too_much", rows=len(groups) * periods, most=most)
