"""Who and what contracts are about, by the names that a reader knows; and who acts for this node."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from shangyou.core.errors import NotFoundError
from shangyou.exchange.dataset import Dataset
from shangyou.faces.api.desk import Desk
from shangyou.faces.portal.visit import Visit
from shangyou.faces.portal.words import Words
from shangyou.wiring_exchange import Exchange, exchange, member_exchange

if TYPE_CHECKING:
    from shangyou.wiring import Node


@dataclass(frozen=True, slots=True)
class Parties:
    """Names of members and datasets in the language of the reader."""

    joined: Exchange
    t: Words
    known: dict[str, Dataset | None] = field(default_factory=dict)  # a page names the same ones again and again

    def name(self, member: str) -> str:
        """Of a member; its id if it is none any more."""
        try:
            found = self.joined.members.member(member)
        except NotFoundError:
            return member
        return found.name_zh if self.t.language == "zh" else found.name_en or found.name_zh

    def title(self, dataset: str) -> str:
        """Of a dataset; "" if no catalogue has it any more."""
        found = self._dataset(dataset)
        if found is None:
            return ""
        return found.title_zh if self.t.language == "zh" else found.title_en or found.title_zh

    def simulated(self, dataset: str) -> bool:
        """Are its data simulated, as far as the catalogue says?"""
        found = self._dataset(dataset)
        return found is not None and found.simulated

    def _dataset(self, id: str) -> Dataset | None:
        if id not in self.known:
            try:
                self.known[id] = self.joined.catalogue.entry(id).dataset
            except NotFoundError:
                self.known[id] = None
        return self.known[id]


def joined(visit: Visit) -> Exchange | None:
    """The node among others; None while it is in no federation."""
    return exchange(cast("Node", visit.node))


def need_joined(visit: Visit) -> Exchange:
    """The same. NotFoundError "federation.none"."""
    return member_exchange(cast("Node", visit.node))


def desk_of(visit: Visit, by: str = "") -> Desk:
    """The desk, for whoever does something at it."""
    return Desk(cast("Node", visit.node), by=by, language=visit.t.language)
