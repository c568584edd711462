"""Standing subscriptions: whose data a node is to have at any time, and how far each of their datasets has come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from shangyou.exchange.dataset import Dataset, Offer
from shangyou.exchange.member import Level, Member, Standing
from shangyou.exchange.policy.judge import Verdict, judge

FORMAT: Final = "Arrow-FEED"


@dataclass(frozen=True, slots=True)
class Wish:
    """Whose data are to be here. One wish a source."""

    source: str  # a member id, or a level: all members of it, also those that join later
    datasets: tuple[str, ...] = ()  # names within their owners; none: all that this node may have
    purpose: str = ""  # what for, as the policies call it
    backfill: bool = True  # also what was there before
    by: str = ""  # who wished it
    since: int = 0  # ms since 1970 UTC


class Wishes(Protocol):
    """The wishes of this node, durable when a call returns."""

    def wishes(self) -> Sequence[Wish]:
        """By source."""
        ...

    def put(self, wish: Wish) -> None:
        """Enter it, or change the one of the same source."""
        ...

    def drop(self, source: str) -> bool:
        """Take it back; was there one?"""
        ...


@dataclass(frozen=True, slots=True)
class Stand:
    """How far a dataset has come. `state` is a row of `STATES`."""

    owner: str
    dataset: str  # "" where nothing of the owner's is known
    state: str
    negotiation: str = ""
    agreement: str = ""
    feed: str = ""  # id of the transfer at this end
    waits: str = ""  # member id of who has to act, where something does not go on by itself
    person: bool = False  # a person has to
    code: str = ""  # why it is so
    reasons: tuple[object, ...] = ()
    since: int | None = None  # ms since 1970 UTC
    rows: int = 0  # that the feed has brought
    last: int | None = None  # when it last brought any [ms since 1970 UTC]


STATES: Final = {  # state: does the node go on by itself?
    "none": True,  # the owner offers nothing to this node yet
    "offered": True,  # next: ask for an agreement
    "asked": True,
    "countered": False,  # the owner offers other terms: a person here answers
    "refused": False,  # asked again when the offer has changed
    "over": False,  # the agreement was revoked or ended; asked again when the offer has changed
    "agreed": True,  # next: follow
    "starting": True,
    "backfill": True,  # what is fresh comes as it is made, and before what was there before
    "following": True,
    "paused": False,
    "stopped": False,  # by the policy, its quota, or a person
}


def sources(wish: Wish, members: Sequence[Member], me: str) -> list[Member]:
    """Members that a wish is about: active ones besides this node."""
    named = (m for m in members if wish.source in (m.id, m.level.value))
    return [m for m in named if m.id != me and m.standing is Standing.ACTIVE]


def fitting(dataset: Dataset, me: Member, at: int) -> Offer | None:
    """The offer to ask for: one that this node fulfils as it stands; rather one that needs no person."""
    found = [
        offer
        for offer in dataset.offers
        if judge(_offer(offer), _offer(offer), dataset, me, at).verdict is Verdict.WITHIN
    ]
    return min(found, key=lambda offer: not offer.automatic, default=None)


def _offer(offer: Offer) -> dict[str, object]:
    return {**offer.policy, "@id": offer.id, "@type": "Offer"}


def counterpart(level: Level) -> str:
    """The level whose data a node of a level follows where nothing else is said."""
    return (Level.PROVINCIAL if level is Level.NATIONAL else Level.NATIONAL).value
