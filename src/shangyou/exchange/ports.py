"""What the exchange needs of the world, as protocols; adapters fulfil them, tests bring small real ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from shangyou.exchange.agreement import Agreement, Transfer
from shangyou.exchange.dataset import Dataset
from shangyou.exchange.member import Member


class Signer(Protocol):
    """Signs with the node's own key; the key itself may be in a file or in a device."""

    @property
    def kid(self) -> str: ...

    @property
    def suite(self) -> str: ...

    def sign(self, message: bytes) -> bytes: ...


class Members(Protocol):
    """The trust list in force, as a node knows it now."""

    @property
    def me(self) -> str:
        """This node's member id."""
        ...

    def member(self, id: str) -> Member:
        """NotFoundError "federation.member"."""
        ...

    def members(self) -> list[Member]: ...


@dataclass(frozen=True, slots=True)
class Answer:
    """What another node answered."""

    status: int
    kind: str  # content type
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class Peers(Protocol):
    """Signed requests to other members. The token is bound to member, method, path and body."""

    def call(
        self,
        member: str,
        method: str,
        path: str,
        body: bytes = b"",
        kind: str = "application/json",
        headers: Mapping[str, str] | None = None,
        seconds: float = 10.0,
    ) -> Answer:
        """Ask once, no retry. `path` begins with "/" and is taken from the member's address in the trust list.

        Raises UnavailableError "peer.unreachable" (with the reason in a sentence), RefusedError "peer.standing".
        """
        ...

    def stream(
        self, member: str, path: str, headers: Mapping[str, str] | None = None, seconds: float = 30.0
    ) -> AbstractContextManager[tuple[Answer, Iterator[bytes]]]:
        """GET whose body comes in pieces; `seconds` between two pieces."""
        ...


class Ledger(Protocol):
    """The node's transparency log. Appended entries are in the next checkpoint."""

    def append(self, entries: Sequence[bytes]) -> range:
        """Their indices; durable when it returns."""
        ...

    def size(self) -> int: ...

    def entries(self, start: int, stop: int) -> list[bytes]: ...


class Contracts(Protocol):
    """Agreements at this end."""

    def put(self, agreement: Agreement) -> None:
        """Enter or change."""
        ...

    def agreement(self, id: str) -> Agreement:
        """NotFoundError "exchange.agreement"."""
        ...

    def agreements(self, peer: str = "", dataset: str = "", active: bool = False) -> list[Agreement]: ...


class Datasets(Protocol):
    """Datasets that this node publishes itself."""

    def put(self, dataset: Dataset) -> None: ...

    def remove(self, id: str, at: int) -> None: ...

    def dataset(self, id: str) -> Dataset:
        """NotFoundError "catalogue.dataset"."""
        ...

    def datasets(self) -> list[Dataset]: ...


class DataPlane(Protocol):
    """Moves the data of a transfer. The control plane (DSP) says when."""

    def offer(self, transfer: Transfer) -> Mapping[str, object]:
        """Provider: the DataAddress (endpoint, authorization) by which the consumer may pull; {} for a push."""
        ...

    def begin(self, transfer: Transfer) -> None:
        """Either end: the transfer has started; begin to move where it is this end's turn. Returns at once."""
        ...

    def stop(self, transfer: Transfer) -> None:
        """Either end: suspended, completed or terminated; nothing moves any more within 2 s."""
        ...
