"""Notices: what the people of a node are told of a warning, by which channel, and where that stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Notice:
    """What somebody is told."""

    id: str  # the same however often it is sent
    at: int  # ms since 1970 UTC
    title: str
    text: str
    link: str  # page of the portal; "" = its address is not known


@dataclass(frozen=True, slots=True)
class Posted:
    """A notice to one address."""

    notice: Notice
    dossier: str
    message: str  # entry
    role: str
    channel: str
    address: str
    due: int | None  # None: nothing to be done any more
    attempts: int = 0
    trouble: str = ""  # code of the last failure
    detail: str = ""
    sent: int | None = None
    dropped: bool = False  # somebody acknowledged before it could be sent


class Channel(Protocol):
    """A way to tell somebody."""

    def send(self, address: str, notice: Notice) -> None:
        """InputError "channel.address"; UnavailableError "channel.failed" with what went wrong."""
        ...


class Notices(Protocol):
    """Where notices are kept."""

    def post(self, notices: Sequence[Posted]) -> int:
        """Enter those that are not there yet; how many that were."""
        ...

    def take(self, now: int, until: int, limit: int = 20) -> list[Posted]:
        """What is due, ours until then."""
        ...

    def sent(self, id: str, at: int) -> None:
        """It went out."""
        ...

    def failed(self, id: str, due: int | None, code: str, detail: str) -> None:
        """It did not; again then, or never."""
        ...

    def drop(self, dossier: str, message: str) -> int:
        """Nobody need be told of a message any more; how many were still waiting."""
        ...

    def of(self, dossier: str) -> list[Posted]:
        """All of a dossier, in the order in which they were made."""
        ...
