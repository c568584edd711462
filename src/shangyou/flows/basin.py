"""All nodes as if they were one store and one registry, for an assessment: what it reads travels under agreements.

basin = Basin(registry, lambda question: ask(question, own, members, peers, now))
table = assess(basin, basin, "2021-04")
basin.found                                    # the replies, with the line of each node
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pyarrow as pa

from shangyou.core.errors import NotFoundError
from shangyou.core.ports import Selection
from shangyou.core.registry import Device, River, Section, Status, WaterKind
from shangyou.exchange.question import Question
from shangyou.exchange.reply import Place
from shangyou.flows.ground import Waters
from shangyou.flows.query import Found, rows, summed

PURPOSE = "assessment"


class Basin:
    """flows.assess.Source and flows.ground.Waters over all nodes.

    A section is what the node says that holds its data; others are as this node's registry knows them.
    """

    def __init__(self, registry: Waters, ask: Callable[[Question], Found], purpose: str = PURPOSE) -> None:
        self._registry, self._ask, self._purpose = registry, ask, purpose
        self._told: dict[str, Section] = {}
        self.found: list[Found] = []  # of each question, in order

    def select(self, selection: Selection) -> pa.Table:
        """Observations of all nodes; `site` is the section."""
        return rows(self._asked(selection, Question(shape="rows")))

    def means(
        self,
        selection: Selection,
        period: str,
        offset_ms: int,
        logarithmic: Sequence[str] = (),
        measures: Sequence[str] = ("mean", "count"),
    ) -> pa.Table:
        """Means of sections over all nodes, made of sums; see core.ports.ObservationStore."""
        found = self._asked(selection, Question(period=period, offset=offset_ms))
        table = summed(found).rename_columns({"label": "site"})
        return table.select(["site", "parameter", "cadence", "statistic", "period", *measures])

    def _asked(self, selection: Selection, kind: Question) -> Found:
        question = Question(
            sections=selection.sites,
            parameters=selection.parameters,
            cadences=selection.cadences,
            statistics=selection.statistics,
            start=selection.start,
            stop=selection.stop,
            as_of=selection.as_of,
            usable=selection.usable,
            purpose=self._purpose,
            shape=kind.shape,
            period=kind.period,
            offset=kind.offset,
        )
        found = self._ask(question)
        self.found.append(found)
        self._told |= {id: _section(place) for id, place in found.places.items()}
        return found

    def rivers(self) -> list[River]:
        """As this node knows them."""
        return self._registry.rivers()

    def sections(self) -> list[Section]:
        """Those that the replies are about, and those that this node knows, by id."""
        known = {section.id: section for section in self._registry.sections()} | self._told
        return [known[id] for id in sorted(known)]

    def section(self, id: str) -> Section:
        """See core.ports.Registry."""
        if id in self._told:
            return self._told[id]
        return self._registry.section(id)

    def sites_of(self, id: str) -> tuple[str, ...]:
        """The section itself: each node knows under which sites its data stand."""
        try:
            return tuple(dict.fromkeys((id, self._registry.section(id).id)))
        except NotFoundError:
            return (id,)

    def devices(self) -> list[Device]:
        """None: observations come under their sections."""
        return []


def _section(place: Place) -> Section:
    kind = WaterKind.LAKE if place.kind == WaterKind.LAKE else WaterKind.RIVER
    return Section(
        id=place.id,
        name_zh=place.name_zh,
        name_en=place.name_en,
        province=place.province,
        city=place.city,
        basin=place.basin,
        river=place.river,
        kind=kind,
        status=Status.CONFIRMED if place.status == Status.CONFIRMED else Status.UNCONFIRMED,
        confidence=place.confidence,
        longitude=place.longitude,
        latitude=place.latitude,
    )
