"""Incidents and resolutions at a node: its dossiers, its ledger, its rulebook, and what it does by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from shangyou.adapters.rulebook import RulebookFolder
from shangyou.core.errors import ConflictError, NotFoundError
from shangyou.exchange.ledger.entry import pseudonym
from shangyou.faces.dossiers import dossiers
from shangyou.flows import resolve
from shangyou.flows.ledger import record
from shangyou.flows.saying import Together
from shangyou.wiring_exchange import Exchange, member_exchange

if TYPE_CHECKING:
    from shangyou.wiring import Node

MADE: Final = "together"
EVERY_MS: Final = 2_000  # between two looks at the resolutions
NEWEST: Final = 100  # resolutions that are looked at
FOUND: Final = 1_000  # dossiers among which the beginning of an id is looked for


def together(node: Node) -> Together:
    """What a node works on common matters with. NotFoundError "federation.none" while it is in no federation."""
    return of(member_exchange(node))


def of(joined: Exchange) -> Together:
    """The same of a node that is known to be a member."""
    node = joined.node

    def write(kind: str, facts: Mapping[str, object]) -> object:
        return record(node.ledger, kind, facts, joined.now())

    return Together(dossiers(joined).casebook, joined.me, joined.now, write)


def person(node: Node, name: str) -> str:
    """Whoever does something, as the ledger knows them."""
    return pseudonym(node.ledger.shelf.salt, name) if name else ""


def rulebook(node: Node) -> RulebookFolder:
    """The editions that the members adopted, as this node keeps them."""
    return RulebookFolder(node.settings.home)


def dossier_id(found: Together, subject: str, beginning: str) -> str:
    """The dossier whose id begins so, with or without "urn:uuid:".

    NotFoundError "dossier.unknown"; ConflictError "dossier.several" if there is more than one.
    """
    wanted = beginning.removeprefix("urn:uuid:")
    ids = [each.id for each in found.dossiers.headings(subject, FOUND)]
    fitting = [id for id in ids if wanted and id.removeprefix("urn:uuid:").startswith(wanted)]
    if len(fitting) > 1:
        raise ConflictError("dossier.several", id=beginning[:80], count=len(fitting))
    if not fitting:
        raise NotFoundError("dossier.unknown", id=beginning[:80])
    return fitting[0]


@dataclass(slots=True)
class _Tending:
    """When a node looked last, and what needs no second look until somebody says more."""

    looked: int = 0  # ms since 1970 UTC
    done: set[tuple[str, int]] = field(default_factory=set)


def turn(joined: Exchange) -> None:
    """What a node does by itself: show that ballots came in, take adopted standards into its rulebook."""
    at = joined.now()
    made = joined.node.made.once(MADE, _Tending)
    if made.looked <= at < made.looked + EVERY_MS:
        return
    made.looked = at
    found = of(joined)
    headings = found.dossiers.headings(resolve.SUBJECT, NEWEST)
    left = [each for each in headings if (each.id, each.changed) not in made.done]
    made.done = {(each.id, each.changed) for each in headings} - {(each.id, each.changed) for each in left}
    made.done |= {(each.id, each.changed) for each in resolve.tend(found, rulebook(joined.node), left).done}
