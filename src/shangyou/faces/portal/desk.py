"""The contract desk: what waits for an answer and until when, what is under way, agreements, what is over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.responses import Response

from shangyou.exchange.agreement import Agreement, AgreementState
from shangyou.exchange.dsp.talk import Talk
from shangyou.faces import ended
from shangyou.faces.answering import Answering, answering
from shangyou.faces.api import contracts
from shangyou.faces.contracting import contracting
from shangyou.faces.portal.parties import Parties, desk_of, joined
from shangyou.faces.portal.visit import Visit
from shangyou.faces.sentences import Sentence, sentence
from shangyou.flows.converse import Control
from shangyou.wiring_exchange import Exchange

VIEWS: Final = ("desk", "agreements", "over")
MOST: Final = 200  # of a kind on a page, the newest
ENDING: Final = 30 * 86_400_000  # ms: an agreement that ends so soon is told of


@dataclass(frozen=True, slots=True)
class Clock:
    """How much time is left for an answer."""

    until: int  # ms since 1970 UTC
    left: int  # working days after today
    late: bool
    assumed: bool  # the yearly list of working days is missing

    @property
    def chip(self) -> str:
        """How it is coloured."""
        return "bad" if self.late else "warn" if self.left <= 2 else "good"


@dataclass(frozen=True, slots=True)
class Matter:
    """A negotiation as a line of a table."""

    talk: Talk
    peer: str
    title: str
    simulated: bool
    waits: str  # key of whom it waits for: us, letter, them, "" = it is over
    clock: Clock | None
    why: Sentence | None


@dataclass(frozen=True, slots=True)
class Held:
    """An agreement as a line of a table."""

    agreement: Agreement
    peer: str
    title: str
    simulated: bool
    mine: bool  # this node provides
    until: int | None


@dataclass(frozen=True, slots=True)
class Desk:
    """What the pages of the desk work with."""

    visit: Visit
    found: Exchange
    control: Control
    parties: Parties
    clocks: Answering

    def matter(self, talk: Talk) -> Matter:
        """A negotiation in words."""
        why = self.why(talk) if talk.code else None
        title, simulated = self.parties.title(talk.dataset), self.parties.simulated(talk.dataset)
        waits = waits_of(talk)
        clock = self.clock(talk.since, talk.due) if waits == "us" and talk.due is not None else None
        return Matter(talk, self.parties.name(talk.peer), title, simulated, waits, clock, why)

    def clock(self, start: int, until: int) -> Clock:
        """The time that is left."""
        now = self.visit.now
        late, assumed = now >= until, self.clocks.assumed(start, until)
        return Clock(until, 0 if late else self.clocks.left(now, until), late, assumed)

    def why(self, talk: Talk) -> Sentence:
        """Why it ended or stands."""
        peer = self.parties.name(talk.peer)
        names = {"peer": peer, "member": peer, "id": talk.id, "state": talk.state, "dataset": talk.dataset}
        return ended.why(talk.code, names, talk.reasons, self.visit.t.language)

    def held(self, agreement: Agreement) -> Held:
        """An agreement in words."""
        mine = agreement.provider == self.found.me
        peer = self.parties.name(agreement.consumer if mine else agreement.provider)
        until = self.control.expires(agreement)
        title, simulated = self.parties.title(agreement.dataset), self.parties.simulated(agreement.dataset)
        return Held(agreement, peer, title, simulated, mine, until)


def desk(visit: Visit, found: Exchange) -> Desk:
    """The desk for a reader."""
    return Desk(visit, found, contracting(found).control, Parties(found, visit.t), answering(found.node))


FINAL: Final = ("FINALIZED", "TERMINATED")


def waits_of(talk: Talk) -> str:
    """Whom it waits for."""
    if talk.before:
        return "letter"
    if talk.state in FINAL:
        return ""
    return "us" if talk.waits else "them"


def page(visit: Visit) -> Response:
    """The page with one of its views."""
    found = joined(visit)
    if found is None:
        return visit.page("contracts_none.html")
    view = visit.query("view") if visit.query("view") in VIEWS else "desk"
    at = desk(visit, found)
    talks = at.control.talks.talks("negotiation", active=True, limit=MOST)
    open_now = [at.matter(talk) for talk in talks]
    waiting = sorted((m for m in open_now if m.waits == "us"), key=lambda m: m.talk.due or 0)
    stuck = contracts.stuck(desk_of(visit)).table().to_pylist()
    active = at.control.contracts.agreements(active=True)
    return visit.page(
        "contracts.html",
        view=view,
        views=VIEWS,
        counts={"desk": len(waiting), "agreements": len(active)},
        title=finding(visit, waiting, stuck, active),
        waiting=waiting,
        own=[m for m in open_now if m.waits != "us"],
        stuck=[row | {"peer": at.parties.name(row["peer"]), "side": at.parties.name(row["side"])} for row in stuck],
        ending=[at.held(each) for each in active if _ends_soon(at, each)],
        fault=_fault(visit, at),
        done=visit.query("done"),
        **SHOW[view](visit, at),
    )


def finding(
    visit: Visit, waiting: Sequence[Matter], stuck: Sequence[dict[str, Any]], active: Sequence[Agreement]
) -> str:
    """The title: what has to be done first."""
    t = visit.t
    late = sum(m.clock.late for m in waiting if m.clock)
    if late:
        return t.count("contracts.late", late)
    if waiting:
        first = waiting[0].clock
        return t.count("contracts.waiting", len(waiting)) + (
            t.count("contracts.first_left", first.left) if first is not None else ""
        )
    if stuck:
        return t.count("contracts.stuck_now", len(stuck))
    return t.count("contracts.calm", len(active))


def _ends_soon(at: Desk, agreement: Agreement) -> bool:
    until = at.control.expires(agreement)
    return until is not None and until - at.visit.now < ENDING


def _fault(visit: Visit, at: Desk) -> Sentence | None:
    fault = at.clocks.fault()
    return None if fault is None else sentence(fault.code, fault.facts, visit.t.language)


def _desk(visit: Visit, at: Desk) -> dict[str, Any]:
    return {}


def _agreements(visit: Visit, at: Desk) -> dict[str, Any]:
    return {"held": [at.held(each) for each in at.control.contracts.agreements(active=True)[:MOST]]}


def _over(visit: Visit, at: Desk) -> dict[str, Any]:
    ended = [each for each in at.control.contracts.agreements() if each.state is not AgreementState.ACTIVE]
    ended.sort(key=lambda each: -each.changed)
    closed = [talk for talk in at.control.talks.talks("negotiation", limit=MOST) if talk.state == "TERMINATED"]
    return {"held": [at.held(each) for each in ended[:MOST]], "closed": [at.matter(talk) for talk in closed]}


SHOW: Final[dict[str, Callable[[Visit, Desk], dict[str, Any]]]] = {
    "desk": _desk,
    "agreements": _agreements,
    "over": _over,
}
