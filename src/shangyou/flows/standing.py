"""Keep standing subscriptions: ask for agreements, follow what is agreed, and say what waits for a person.

What is there is read anew each time, and the next step follows from it alone. So it can be done again at any moment,
by a command and by the loop of a serving node, and after any outage: nothing is asked for twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from shangyou.core.errors import NotFoundError, ShangyouError
from shangyou.exchange.agreement import Agreement, AgreementState
from shangyou.exchange.canonical import digest
from shangyou.exchange.catalogue.port import Catalogue
from shangyou.exchange.dataset import Dataset, Offer
from shangyou.exchange.dsp.tables import FINAL
from shangyou.exchange.dsp.talk import Talk
from shangyou.exchange.metering import Meters
from shangyou.exchange.outlet import Outlet
from shangyou.exchange.standing import FORMAT, Stand, Wish, fitting, sources
from shangyou.flows import negotiate, transfer
from shangyou.flows.converse import Control
from shangyou.flows.subscribe import DONE, marks

TALKS: Final = 10_000  # newest negotiations, among which the last about a dataset is looked up
PASSING: Final = ("trust.existing_only", "trust.stopped", "peer.standing")  # refusals that are over some time
PAUSE: Final = 600_000  # ms until what was refused for one of these is asked for again
LAPSED: Final = (AgreementState.EXPIRED, AgreementState.REPLACED)  # nobody has said no


@dataclass(frozen=True, slots=True, eq=False)
class Holding:
    """What standing subscriptions are kept with."""

    control: Control
    catalogue: Catalogue
    meters: Meters
    store: Outlet


@dataclass(frozen=True, slots=True)
class _Next:
    """A dataset, how far it has come, and the offer to ask for."""

    wish: Wish
    stand: Stand
    offer: Offer | None = None


def look(holding: Holding, wishes: list[Wish]) -> list[Stand]:
    """How far each dataset has come, by owner and dataset."""
    return [each.stand for each in _all(holding, wishes)]


def tend(holding: Holding, wishes: list[Wish], again: bool = False) -> list[Stand]:
    """Take the next step of each dataset; how far each is now. What fails is in its stand.

    again: also ask anew for what was refused or revoked, and follow anew what was stopped: a person wants it.
    """
    found = []
    for each in _all(holding, wishes):
        try:
            found.append(_step(holding.control, each, again))
        except ShangyouError as error:
            found.append(replace(each.stand, code=error.code))
    return found


def _step(control: Control, each: _Next, again: bool) -> Stand:
    stand, wish = each.stand, each.wish
    if each.offer is not None and (stand.state == "offered" or (again and stand.state in ("refused", "over"))):
        policy = each.offer.policy
        talk = negotiate.request(control, stand.owner, stand.dataset, each.offer.id, policy, wish.by)
        return Stand(stand.owner, stand.dataset, "asked", talk.id, waits=stand.owner, since=talk.since)
    if stand.state == "agreed" or (again and stand.state == "stopped"):
        chosen: dict[str, object] = {"backfill": wish.backfill} | ({"purpose": wish.purpose} if wish.purpose else {})
        talk = transfer.start(control, stand.agreement, FORMAT, wish.by, chosen)
        return replace(stand, state="starting", feed=talk.id, code="", reasons=(), since=talk.since)
    return stand


def _all(holding: Holding, wishes: list[Wish]) -> Iterator[_Next]:
    control, seen = holding.control, set[str]()
    last = dict[str, Talk]()
    for talk in control.talks.talks("negotiation", limit=TALKS) if wishes else ():  # the newest first
        if talk.role == "consumer":
            last.setdefault(talk.dataset, talk)
    for wish in wishes:
        for member in sources(wish, control.members.members(), control.members.me):
            datasets = [each.dataset for each in holding.catalogue.entries(member.id)]
            wanted = [d for d in datasets if not wish.datasets or d.id.partition("/")[2] in wish.datasets]
            if not wanted:
                yield _Next(wish, Stand(member.id, "", "none", waits=member.id))
            for dataset in wanted:
                if dataset.id not in seen:
                    seen.add(dataset.id)
                    yield _dataset(holding, wish, dataset, last.get(dataset.id))


def _dataset(holding: Holding, wish: Wish, dataset: Dataset, talk: Talk | None) -> _Next:
    control = holding.control
    agreements = control.contracts.agreements(dataset.owner, dataset.id)
    mine = sorted((a for a in agreements if a.consumer == control.members.me), key=lambda a: a.agreed)
    active = [each for each in mine if each.state is AgreementState.ACTIVE]
    if active:
        return _Next(wish, _followed(holding, dataset, active))
    offer = fitting(dataset, control.me, control.now())
    if talk is not None and talk.state not in FINAL:
        return _Next(wish, _talked(control, dataset, talk))
    return _Next(wish, _ended(control, dataset, offer, talk, mine[-1] if mine else None), offer)


def _talked(control: Control, dataset: Dataset, talk: Talk) -> Stand:
    """A negotiation that is under way."""
    asked = Stand(dataset.owner, dataset.id, "asked", talk.id, since=talk.since, waits=dataset.owner)
    if talk.waits:
        return replace(asked, state="countered", waits=control.members.me, person=True)
    letter = control.talks.letter(talk.id) if talk.before else None
    manual = {offer.id for offer in dataset.offers if not offer.automatic}
    person = letter is None and talk.offer is not None and str(talk.offer.get("@id")) in manual
    return replace(asked, person=person, code=letter.error if letter is not None else "")


def _ended(
    control: Control, dataset: Dataset, offer: Offer | None, talk: Talk | None, agreement: Agreement | None
) -> Stand:
    """Nothing is agreed and nothing is under way."""
    fresh = Stand(dataset.owner, dataset.id, "offered" if offer else "none", waits="" if offer else dataset.owner)
    if agreement is not None and (talk is None or agreement.agreed >= talk.opened):
        if agreement.state in LAPSED or _others(offer, agreement.policy):
            return fresh
        over = replace(fresh, state="over", agreement=agreement.id, since=agreement.changed, person=True)
        who = dataset.owner if agreement.state is AgreementState.REVOKED else control.members.me
        return replace(over, waits=who, code=f"agreement.{agreement.state.value}", reasons=(agreement.reason,))
    if talk is None or _others(offer, talk.asked):
        return fresh
    if talk.code in PASSING and control.now() - talk.since >= PAUSE:
        return fresh
    refused = replace(fresh, state="refused", negotiation=talk.id, since=talk.since, person=True)
    return replace(refused, waits=talk.ended_by or dataset.owner, code=talk.code, reasons=talk.reasons)


def _others(offer: Offer | None, asked: object) -> bool:
    """Are these terms others than those that came to nothing?"""
    was = asked if isinstance(asked, dict) else {}
    return offer is not None and digest(negotiate.rules(offer.policy)) != digest(negotiate.rules(was))


def _followed(holding: Holding, dataset: Dataset, active: list[Agreement]) -> Stand:
    """Under an agreement in force: the feed, if there is or was one."""
    control = holding.control
    feeds = [
        talk
        for agreement in reversed(active)
        for talk in control.talks.talks("transfer", agreement=agreement.id)
        if talk.role == "consumer" and talk.format == FORMAT
    ]
    if not feeds:
        return Stand(dataset.owner, dataset.id, "agreed", agreement=active[-1].id, since=active[-1].agreed)
    talk = next((each for each in feeds if each.state not in FINAL), feeds[0])
    stand = Stand(dataset.owner, dataset.id, "starting", agreement=talk.agreement, feed=talk.id, since=talk.since)
    if talk.state in FINAL:
        who = talk.ended_by or control.members.me
        stand = replace(stand, state="stopped", waits=who, person=True, code=talk.code, reasons=talk.reasons)
    elif talk.state == "SUSPENDED":
        stand = replace(stand, state="paused", waits=control.members.me, person=True, code=talk.code)
    elif talk.state == "REQUESTED":
        stand = replace(stand, waits=dataset.owner)
    return _passed(holding, stand)


def _passed(holding: Holding, stand: Stand) -> Stand:
    """The same with what its data plane knows."""
    try:
        passage = holding.meters.passage(stand.feed)
    except NotFoundError:
        return stand
    counted = replace(stand, rows=passage.passed.rows, last=passage.changed or None)
    if passage.state == "stopped" and stand.state != "stopped":
        return replace(counted, state="stopped", waits=passage.peer, person=True, code=passage.code)
    if stand.state != "starting" or passage.state != "started":
        return counted
    fresh, back, _ = marks(passage)
    done = bool(holding.store.mark(fresh)) and holding.store.mark(back) == DONE
    return replace(counted, state="following" if done else "backfill")
