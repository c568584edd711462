"""What the flows need of the dossiers that a node keeps with others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from shangyou.exchange.dossier.entry import Entry


@dataclass(frozen=True, slots=True)
class Heading:
    """A dossier in a list."""

    id: str
    subject: str  # "warning", "incident", "statement", "resolution"
    members: tuple[str, ...]  # who takes part, by id
    opened: int  # ms since 1970 UTC
    changed: int  # when this node last came to hold an entry, by its own clock
    entries: int


@dataclass(frozen=True, slots=True)
class Reception:
    """Where an entry of ours, or one that we handed on, stands with another member."""

    entry: str
    member: str
    received: int | None  # when that member confirmed, signed, that it holds it; None = not yet
    attempts: int
    trouble: str  # code of the last failure; "" = none


class Dossiers(Protocol):
    """Dossiers at this node. What is added is durable, and queued for every other member, when the call returns."""

    def open(self, subject: str, members: Sequence[str], body: Mapping[str, object]) -> Entry:
        """Begin a dossier with these members (this node is always one)."""
        ...

    def add(self, dossier: str, kind: str, body: Mapping[str, object]) -> Entry:
        """Say something in it. NotFoundError "dossier.unknown"; InputError "dossier.size"."""
        ...

    def invite(self, dossier: str, members: Sequence[str]) -> Entry:
        """Let more members in (entry "dossier.invite"); they get all that was said before."""
        ...

    def entries(self, dossier: str) -> list[Entry]:
        """In the order that all members share. NotFoundError "dossier.unknown"."""
        ...

    def headings(self, subject: str = "", limit: int = 200) -> list[Heading]:
        """The last changed first."""
        ...

    def receptions(self, dossier: str) -> list[Reception]:
        """Of every entry that goes from here to others."""
        ...
