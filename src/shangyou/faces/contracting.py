"""The control plane of a node at work: contracts and transfers with other members, joined when first asked for."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from shangyou.adapters.state import SqlContracts
from shangyou.core.clock import to_ms
from shangyou.core.errors import ShangyouError
from shangyou.exchange import keys
from shangyou.exchange.agreement import Agreement, Transfer
from shangyou.exchange.dsp.talk import Act, Letter, Talk
from shangyou.exchange.ledger.entry import Entry, pseudonym
from shangyou.faces.answering import answering
from shangyou.flows import decide, negotiate, reconcile
from shangyou.flows.converse import Control, deliver
from shangyou.flows.ledger import record_all
from shangyou.wiring_exchange import Exchange, exchange

if TYPE_CHECKING:
    from shangyou.exchange.ports import DataPlane
    from shangyou.wiring import Node

log = logging.getLogger("shangyou.contracts")

MADE: Final = "contracting"
PLANE: Final = "data plane"  # where the data plane of a node is put once it is made
SENDERS: Final = 16  # letters that are under way at once: each waits for another node
EXPIRY_MS: Final = 30_000  # between two looks for agreements whose time is over; each egress looks for itself


@dataclass(eq=False, slots=True)
class Contracting:
    """A node's control plane with those who deliver for it."""

    control: Control
    pool: ThreadPoolExecutor
    looked: int = 0  # ms since 1970 UTC, when agreements were last looked through
    resumed: bool = field(default=False)

    def turn(self) -> None:
        """Do what is due now, for the thread of a serving node."""
        if not self.resumed:
            reconcile.resume(self.control)
            self.resumed = True
        at = self.control.now()
        if not self.looked <= at < self.looked + EXPIRY_MS:
            self.looked = at
            reconcile.expiries(self.control)
        reconcile.decisions(self.control)
        reconcile.records(self.control)
        for letter in self.control.talks.take(at, at + reconcile.LEASE_MS):
            self.pool.submit(_delivered, self.control, letter)


class _Plane:
    """The data plane of the node as soon as there is one; before that nothing moves."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def _found(self) -> DataPlane | None:
        found: Any = self._node.made.get(PLANE)
        joined = exchange(self._node) if found is None else None
        if joined is not None:
            from shangyou.faces.moving import moving

            found = moving(joined)
        return found  # type: ignore[no-any-return]

    def offer(self, transfer: Transfer) -> Mapping[str, object]:
        plane = self._found()
        return plane.offer(transfer) if plane is not None else {}

    def begin(self, transfer: Transfer) -> None:
        plane = self._found()
        if plane is not None:
            plane.begin(transfer)

    def stop(self, transfer: Transfer) -> None:
        plane = self._found()
        if plane is not None:
            plane.stop(transfer)


def contracting(joined: Exchange) -> Contracting:
    """The node's control plane, made once."""

    def make() -> Contracting:
        pool = ThreadPoolExecutor(SENDERS, "letters")
        return Contracting(_control(joined, pool), pool)

    return joined.node.made.once(MADE, make, lambda made: made.pool.shutdown(wait=True, cancel_futures=True))


def turn(node: Node) -> None:
    """Do what is due, if the node is in a federation."""
    joined = exchange(node)
    if joined is not None:
        contracting(joined).turn()
        from shangyou.faces import moving, standing

        moving.turn(joined)
        standing.keeper(joined).turn()


def _delivered(control: Control, letter: Letter) -> None:
    try:
        deliver(control, letter)
    except ShangyouError as error:
        log.warning("%s: %s", letter.id, error)
    except Exception:
        log.exception("%s: a fault of the programme", letter.id)


def _control(joined: Exchange, pool: ThreadPoolExecutor) -> Control:
    node, store = joined.node, SqlContracts(joined.node.database)
    clock = answering(node)

    def admit(control: Control, talk: Talk) -> None:
        joined.need_new(joined.members.member(talk.peer))
        negotiate.admit(control, talk)

    def record(acts: list[Act]) -> None:
        record_all(node.ledger, [Entry(act.kind, _unnamed(act, node.ledger.shelf.salt), act.at) for act in acts])

    def deadline(talk: Talk, at: int) -> int:
        sharing = joined.catalogue.dataset(talk.dataset).sharing if talk.role == "provider" else None
        return clock.due(at, sharing).at

    def send(letter: Letter) -> None:
        pool.submit(_delivered, made, letter)

    made = Control(
        members=joined.members,
        talks=store,
        contracts=store,
        datasets=joined.catalogue,
        peers=joined.peers,
        plane=_Plane(node),
        judge=lambda offered, dataset, consumer, at: decide.answer(offered, dataset, consumer, at),
        now=lambda: to_ms(node.clock.now()),
        name=lambda: f"urn:uuid:{uuid.uuid4()}",
        send=send,
        decide=negotiate.decide,
        admit=admit,
        record=record,
        deadline=deadline,
        expires=expires,
        seal=lambda document: keys.seal(document, joined.signer),
        verified=lambda sealed, member, at: keys.verified(sealed, member.keys, at),
    )
    return made


def _unnamed(act: Act, salt: bytes) -> Mapping[str, object]:
    """Facts without names of people."""
    person = act.facts.get("person")
    return act.facts if person is None else {**act.facts, "person": pseudonym(salt, str(person)) if person else ""}


def expires(agreement: Agreement) -> int | None:
    """When the time window of all permissions is over; None if one of them has no end."""
    permissions = agreement.policy.get("permission")
    ends = [_end(rule) for rule in permissions if isinstance(rule, Mapping)] if isinstance(permissions, list) else []
    known = [each for each in ends if each is not None]
    return max(known) if known and len(known) == len(ends) else None


def _end(rule: Mapping[str, object]) -> int | None:
    constraints = rule.get("constraint")
    found = []
    for each in constraints if isinstance(constraints, list) else []:
        if isinstance(each, Mapping) and str(each.get("leftOperand")).removeprefix("odrl:") == "dateTime":
            at = _moment(each.get("rightOperand"))
            if at is not None and each.get("operator") in ("lt", "lteq"):
                found.append(at)
    return min(found) if found else None


def _moment(value: object) -> int | None:
    text = value.get("@value") if isinstance(value, Mapping) else value
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return to_ms(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
