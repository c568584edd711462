"""What the ledger needs of the world: the log itself, and a shelf for checkpoints, witness state and alarms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from shangyou.exchange.ledger.note import Note
from shangyou.exchange.ports import Ledger


class Log(Ledger, Protocol):
    """An append-only log with its tree."""

    @property
    def hash(self) -> str:
        """Of the tree: sha256 or sm3, fixed when the log was begun."""
        ...

    def root(self, size: int) -> bytes:
        """Of the first `size` leaves."""
        ...

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """See merkle.inclusion."""
        ...

    def consistency(self, old: int, new: int) -> list[bytes]:
        """See merkle.consistency."""
        ...

    def find(self, subject: str) -> list[int]:
        """Indices of the entries about an agreement, a negotiation, a transfer or a dataset, by its id."""
        ...


@dataclass(frozen=True, slots=True)
class Kept:
    """A checkpoint of ours with the time at which we signed it."""

    note: Note
    at: int  # ms since 1970 UTC


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that cannot be if everybody is honest and whole."""

    code: str  # ledger.split, ledger.rollback, ledger.inconsistent, ledger.disagree, ledger.reopened_*
    facts: Mapping[str, object]
    evidence: Sequence[str]  # signed notes that anyone can verify; none for a disagreement
    at: int  # ms since 1970 UTC


class Shelf(Protocol):
    """What a node keeps beside its log; each put is durable when it returns."""

    def checkpoint(self) -> Kept | None:
        """Our newest, with the cosignatures that came so far."""
        ...

    def put_checkpoint(self, kept: Kept) -> None:
        """In place of the one before."""
        ...

    def sealed(self) -> Kept | None:
        """Our newest with a quorum of cosignatures."""
        ...

    def put_sealed(self, kept: Kept) -> None:
        """In place of the one before."""
        ...

    def cosigned(self, origin: str) -> Note | None:
        """The checkpoint of another log that we cosigned last."""
        ...

    def put_cosigned(self, origin: str, note: Note) -> None:
        """In place of the one before."""
        ...

    def all_cosigned(self) -> list[Note]:
        """Of all logs."""
        ...

    def witnessing(self) -> AbstractContextManager[None]:
        """While within, nobody else reads and changes what was cosigned."""
        ...

    def openings(self) -> Mapping[str, str]:
        """How logs that follow another began, own and of others: the proof of the entry that says so, by origin."""
        ...

    def put_opening(self, origin: str, proof: str) -> None:
        """Keep one; of each log there is one."""
        ...

    def put_alarm(self, alarm: Alarm) -> bool:
        """Keep an alarm; False if it is known already."""
        ...

    def alarms(self) -> list[Alarm]:
        """All, oldest first."""
        ...
