"""What the pages on common matters share: names of members, and what somebody may say there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shangyou.exchange.dossier.port import Reception
from shangyou.exchange.member import Standing
from shangyou.faces.archive import river_name
from shangyou.faces.documents.words import Words as DocumentWords
from shangyou.faces.portal.parties import Parties, need_joined
from shangyou.faces.portal.visit import Visit
from shangyou.faces.together import of
from shangyou.flows.saying import Together
from shangyou.wiring_exchange import Exchange

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True, slots=True)
class Hall:
    """Where members meet, for one reader."""

    visit: Visit
    found: Exchange
    parties: Parties
    together: Together
    words: DocumentWords  # of sentences that pages share with documents

    def name(self, member: str) -> str:
        """Of a member."""
        return self.parties.name(member)

    def names(self, members: Iterable[str]) -> str:
        """Of several."""
        return (
            "、".join(map(self.name, members)) if self.visit.t.language == "zh" else ", ".join(map(self.name, members))
        )

    def river(self, name: str) -> str:
        """Of a river that a member has told of."""
        return river_name(name, self.visit.t.language, self.visit.node.registry.rivers())

    def active(self) -> list[tuple[str, str]]:
        """All members that are active, with their names; this node first."""
        members = [m.id for m in self.found.members.members() if m.standing is Standing.ACTIVE]
        return [(id, self.name(id)) for id in sorted(members, key=lambda each: (each != self.found.me, each))]


def hall(visit: Visit) -> Hall:
    """The hall. NotFoundError "federation.none"."""
    found = need_joined(visit)
    language = visit.t.language
    return Hall(visit, found, Parties(found, visit.t), of(found), DocumentWords(language))


@dataclass(frozen=True, slots=True)
class Receipt:
    """How far a member is with what was said from here."""

    member: str
    waiting: int  # entries that it has not confirmed
    last: int | None  # when it confirmed the newest [ms since 1970 UTC]
    trouble: str


def receipts(at: Hall, receptions: Sequence[Reception], members: Sequence[str]) -> list[Receipt]:
    """One line for each other member."""
    made = []
    for id in members:
        if id == at.found.me:
            continue
        theirs = [each for each in receptions if each.member == id]
        waiting = [each for each in theirs if each.received is None]
        last = max((each.received for each in theirs if each.received is not None), default=None)
        made.append(Receipt(at.name(id), len(waiting), last, waiting[0].trouble if waiting else ""))
    return made
