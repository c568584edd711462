"""What catalogue flows need of the state store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from shangyou.exchange.catalogue.entry import Entry
from shangyou.exchange.catalogue.feed import OwnChange, Page, Summary
from shangyou.exchange.ports import Datasets

FACETS = ("owner", "level", "sharing", "parameter", "river", "cadence")


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the crawl of a member stands."""

    epoch: str = ""  # "" = never read
    sequence: int = 0
    anew: bool = False  # a reading from 0 is under way, at whose end falls what was not met


@dataclass(frozen=True, slots=True)
class Taken:
    """What a page did to the catalogue."""

    new: int = 0
    changed: int = 0
    removed: int = 0
    refused: int = 0
    complete: bool = False  # the last page was taken, and the summary agrees
    anew: bool = False  # the summary or the epoch disagrees: the next page is read from 0

    def __add__(self, other: Taken) -> Taken:
        return Taken(
            self.new + other.new,
            self.changed + other.changed,
            self.removed + other.removed,
            self.refused + other.refused,
            other.complete,
            other.anew,
        )


@dataclass(frozen=True, slots=True)
class Source:
    """A member whose catalogue is read, with how it went."""

    owner: str
    entries: int = 0  # that are here now
    tried: int | None = None  # ms since 1970 UTC, last attempt
    succeeded: int | None = None  # last time that it was read to its end: the age of the entries
    failing: int | None = None  # since when it fails; None = the last attempt was good
    failures: int = 0  # in a row
    code: str = ""  # why the last attempt failed
    facts: Mapping[str, object] = field(default_factory=dict)
    refused: int = 0  # entries that could not be taken
    due: int = 0  # ms since 1970 UTC, when it is asked again
    crawled: Taken = Taken()  # of the last attempt


@dataclass(frozen=True, slots=True)
class RefusedEntry:
    """An entry that a member sent and that could not be taken."""

    owner: str
    id: str  # "" = not even that could be read
    sequence: int
    code: str
    facts: Mapping[str, object]
    at: int  # ms since 1970 UTC


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found, one page of it."""

    entries: list[Entry]
    total: int
    facets: Mapping[str, Sequence[tuple[str, int]]]  # of FACETS: value and how many have it, most first


@dataclass(frozen=True, slots=True)
class Wanted:
    """A search. Several values of a facet are alternatives; facets and words hold together."""

    text: str = ""
    facets: Mapping[str, Sequence[str]] = field(default_factory=dict)
    offset: int = 0
    limit: int = 50


class Catalogue(Datasets, Protocol):
    """Own datasets, and what is known of those of other members."""

    def head(self) -> tuple[str, int]:
        """Epoch and newest sequence of the own change feed."""
        ...

    def changes(self, since: int, limit: int, member: str) -> list[OwnChange]:
        """Own changes after `since` in order of their sequence, as far as they concern a member.

        What the member may not know of comes as a tombstone if it was ever listed to it, and not at all if it was not.
        """
        ...

    def listed(self, member: str) -> Summary:
        """Of the own datasets that a member may know of."""
        ...

    def summary(self, owner: str) -> Summary | None:
        """Of the entries of a member that are here; None if it sent some that could not be taken."""
        ...

    def refusals(self, owner: str = "") -> list[RefusedEntry]:
        """Entries that could not be taken, and why."""
        ...

    def cursor(self, owner: str) -> Cursor:
        """Where the crawl of a member stands."""
        ...

    def take(self, page: Page, at: int, most: int) -> Taken | None:
        """Enter a page and move the cursor, in one transaction; None if it is not the page that is to come next.

        Raises ConflictError "catalogue.many": the member would have more than `most` entries.
        """
        ...

    def settle(
        self, owner: str, at: int, due: int, crawled: Taken, failure: tuple[str, Mapping[str, object]] | None
    ) -> None:
        """Note how an attempt ended, and when the member is asked again. `failure`: code and facts."""
        ...

    def sources(self) -> list[Source]:
        """All members that were ever asked, by id."""
        ...

    def forget(self, owner: str) -> int:
        """Remove a member's entries and where its crawl stood; returns how many entries there were."""
        ...

    def entry(self, id: str) -> Entry:
        """NotFoundError "catalogue.dataset"."""
        ...

    def entries(self, owner: str = "") -> Iterator[Entry]:
        """Entries by id, of one member or of all."""
        ...

    def search(self, wanted: Wanted) -> Found:
        """What fits, the newest change first."""
        ...

    def seen(self, id: str) -> tuple[int, int]:
        """When an entry was first taken, and when it was last taken [ms]."""
        ...
