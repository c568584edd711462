"""The desk of a node: where the questions and deeds of the command line and of the API find what they need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from shangyou.core.clock import to_ms

if TYPE_CHECKING:
    from shangyou.flows.digest import Digest
    from shangyou.wiring import Node


class Listener(Protocol):
    """The listener of a serving node, as far as a deed concerns it."""

    def refresh(self) -> None:
        """Devices have changed."""
        ...

    def wake(self) -> None:
        """An order was queued."""
        ...


class Worker(Protocol):
    """The thread of a serving node that digests what arrives."""

    def wake(self) -> None:
        """Something has arrived."""
        ...

    def trouble(self) -> str:
        """Code of the error that it met last and has not overcome; "" while all is well."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Running:
    """What only a serving node has."""

    started: int  # ms since 1970 UTC
    worker: Worker
    places: Mapping[str, str]  # where it listens: http, hj212 -> address
    listener: Listener | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Desk:
    """A node, and who is asking."""

    node: Node
    digest: Digest | None = None  # of a command line that has opened the home for itself
    running: Running | None = None  # of a serving node
    by: str = field(default="")  # who asks
    language: str = "zh"  # of the sentences in answers

    def now(self) -> int:
        """The node's time [ms since 1970 UTC]."""
        return to_ms(self.node.clock.now())

    @property
    def simulated(self) -> bool:
        """Are this node's data simulated?"""
        return self.node.settings.simulated
