"""What an entry knew: which entries it follows, near and far; and what stands of several that did not know each other.

Two members may say different things about one matter while they cannot hear each other. Neither is lost: what nobody
has overruled since stands, and if that is more than one, a rule chooses and the others are shown beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from shangyou.governance.said import Said

T = TypeVar("T")


class Past:
    """Which entries came before which, of entries in their shared order.

    An entry whose predecessors are not among them is taken as following those that are.
    """

    def __init__(self, entries: Iterable[Said]) -> None:
        self._place: dict[str, int] = {}
        self._before: list[int] = []  # bit p of the mask at n: entry n follows entry p
        self._latest: list[int] = []  # ms since 1970 UTC: the newest date among what entry n follows
        dates: list[int] = []
        for entry in entries:
            places = [self._place[id] for id in entry.after if id in self._place]
            mask = 0
            for place in places:
                mask |= self._before[place] | 1 << place
            self._place.setdefault(entry.id, len(self._before))
            self._before.append(mask)
            self._latest.append(max((max(dates[place], self._latest[place]) for place in places), default=0))
            dates.append(entry.at)

    def follows(self, later: str, earlier: str) -> bool:
        """Had the author of the one read the other?"""
        return bool(self._before[self._place[later]] >> self._place[earlier] & 1)

    def dated_back(self, entry: Said) -> bool:
        """Is it dated before something that its author had read?"""
        return entry.at < self._latest[self._place[entry.id]]

    def known(self, later: str) -> set[str]:
        """Ids of all that the author of an entry had read."""
        mask = self._before[self._place[later]]
        return {id for id, place in self._place.items() if mask >> place & 1}


@dataclass(frozen=True, slots=True)
class Claim(Generic[T]):
    """Something that a member said of a matter."""

    value: T
    entry: str
    by: str  # member
    at: int  # ms since 1970 UTC


class Standing(Generic[T]):
    """What stands of one matter: all claims that no later claim knew and so replaced."""

    def __init__(self) -> None:
        self.claims: list[Claim[T]] = []  # that stand, in the shared order; more than one is a conflict
        self.all: list[Claim[T]] = []

    def say(self, entry: Said, value: T, past: Past) -> None:
        """An entry says what it is now; it replaces what its author had read."""
        claim = Claim(value, entry.id, entry.author, entry.at)
        self.claims = [each for each in self.claims if not past.follows(entry.id, each.entry)] + [claim]
        self.all.append(claim)

    def held(self, weight: Callable[[T], Any] = lambda value: 0) -> Claim[T] | None:
        """The claim that counts: of the greatest weight, and of equals the last in the shared order."""
        best: Claim[T] | None = None
        for claim in self.claims:
            if best is None or weight(claim.value) >= weight(best.value):
                best = claim
        return best
