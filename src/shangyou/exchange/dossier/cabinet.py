"""What keeps the dossiers of a node: entries as they were signed, and a row for each member that is to have one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from shangyou.exchange.dossier.entry import Entry
from shangyou.exchange.dossier.port import Heading, Reception


@dataclass(frozen=True, slots=True)
class Signed:
    """An entry with the signature that it came with."""

    entry: Entry
    id: str  # of the entry, computed once
    sealed: str  # the signed document, JSON


@dataclass(frozen=True, slots=True)
class Top:
    """As much of a dossier as one must know to go on with it."""

    dossier: str
    members: tuple[str, ...]
    heads: Mapping[str, int]  # id: number, of the entries that nothing follows
    number: int  # the greatest
    at: int  # the latest [ms since 1970 UTC]
    entries: int


@dataclass(frozen=True, slots=True)
class Queued:
    """An entry that a member is to have."""

    signed: Signed
    attempts: int


@dataclass(slots=True)
class Kept:
    """What became of entries that arrived."""

    received: list[str] = field(default_factory=list)  # ids that are held now, or were before
    fresh: list[Signed] = field(default_factory=list)  # of these the ones that were not
    lacking: dict[str, list[str]] = field(default_factory=dict)  # by dossier: the heads held, where some is missing
    refused: dict[str, str] = field(default_factory=dict)  # code by id


class Cabinet(Protocol):
    """Dossiers in the state of a node. Whatever a method writes is durable, and whole, when it returns."""

    def say(self, dossier: str, make: Callable[[Top | None], Signed], me: str, now: int) -> Signed:
        """Write an entry of our own, and queue it for every other member, in one transaction.

        `make` is given the dossier as it stands in the transaction; None if it is not there.
        """
        ...

    def keep(self, batch: Sequence[Signed], me: str, now: int) -> Kept:
        """Write what others said, each after what it follows; doing so again changes nothing."""
        ...

    def entries(self, dossier: str) -> list[Signed]:
        """In order. NotFoundError "dossier.unknown"."""
        ...

    def tops(self, member: str) -> list[Top]:
        """All dossiers in which a member takes part."""
        ...

    def headings(self, subject: str = "", limit: int = 200) -> list[Heading]:
        """See Dossiers."""
        ...

    def receptions(self, dossier: str) -> list[Reception]:
        """See Dossiers."""
        ...

    def waiting(self, now: int) -> list[str]:
        """Members for whom something is due."""
        ...

    def take(self, member: str, now: int, until: int, limit: int) -> list[Queued]:
        """What is due for a member, ours until then."""
        ...

    def queue(self, member: str, signed: Iterable[Signed], now: int) -> int:
        """A member lacks these: they are due for it, whatever it confirmed before. How many were not already."""
        ...

    def confirmed(self, member: str, signed: Iterable[Signed], at: int, receipt: str) -> None:
        """A member has said, signed, that it holds these."""
        ...

    def failed(self, member: str, ids: Iterable[str], due: int, trouble: str) -> None:
        """These did not reach it; again then."""
        ...

    def hasten(self, member: str, now: int) -> bool:
        """The member is there: what waits for it is due now. Was there anything?"""
        ...
