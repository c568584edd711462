"""Metering: what passed under an agreement, counted by each end for itself, signed, and held against each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol

from shangyou.core.errors import InputError

HOUR: Final = 3_600_000  # ms: meters count by the hour, so any window of whole hours is a sum of them
OPEN: Final = ("offered", "started", "paused")  # states in which a passage may move on


class Tally(NamedTuple):
    """What passed."""

    rows: int = 0
    bytes: int = 0
    requests: int = 0

    def plus(self, other: Tally) -> Tally:
        """Both together."""
        return Tally(self.rows + other.rows, self.bytes + other.bytes, self.requests + other.requests)


NOTHING: Final = Tally()


@dataclass(frozen=True, slots=True)
class Passage:
    """The data side of a transfer at one end: by which secret it is asked for, how far it is, why it stopped."""

    id: str  # of the transfer at this end
    role: str  # provider or consumer: which end this is
    peer: str  # member id
    other: str  # id of the transfer at the other end, "" while it is not known
    agreement: str
    dataset: str
    format: str
    state: str = "offered"  # offered, started, paused, stopped, complete
    secret: str = ""  # of the DataAddress: whoever asks must show it, beside being the member
    endpoint: str = ""  # path at the provider (pull, feed) or at the consumer (push)
    selection: Mapping[str, object] = field(default_factory=dict)
    plan: str = ""  # JSON: what is pinned when the first block is asked for
    passed: Tally = NOTHING
    blocks: int = 0
    code: str = ""  # why it stopped
    facts: Mapping[str, object] = field(default_factory=dict)  # that the sentence of the code names
    reason: str = ""  # in words, or what else was said
    notice: Mapping[str, object] = field(default_factory=dict)  # signed by the provider: that and why it stopped
    opened: int = 0  # ms since 1970 UTC
    changed: int = 0


@dataclass(frozen=True, slots=True)
class Block:
    """A block as an end counted it."""

    name: str  # its number, or of a feed the place after which it begins
    rows: int
    bytes: int
    digest: str


Count = Callable[[int | None, int | None], tuple[int, int, int]]  # rows, bytes, requests from a time up to another


class Meters(Protocol):
    """Passages and what passed through them, durable when a call returns."""

    def put(self, passage: Passage) -> Passage:
        """Enter it; one that is there already stays as it is. As it is kept."""
        ...

    def passage(self, id: str) -> Passage:
        """NotFoundError "transfer.unknown"."""
        ...

    def passages(self, active: bool = False, agreement: str = "", limit: int = 200) -> list[Passage]:
        """The newest first."""
        ...

    def change(self, passage: Passage) -> Passage:
        """Write state, other, code, reason, notice, secret, endpoint and the time; nothing that is counted."""
        ...

    def pin(self, id: str, plan: str, before: str = "") -> str:
        """Set the plan if it is `before`; the plan as it is now."""
        ...

    def enter(self, id: str, name: str, at: int, weigh: Callable[[Count], Block], last: bool = False) -> Block:
        """Count a block once: `weigh` makes it, knowing what passed under the agreement so far, while no other block of
        the agreement is counted. A block of that name that is there already comes back as it was. last: forget the
        blocks before it, as feeds do. What `weigh` raises leaves everything as it was.
        """
        ...

    def ask(self, agreement: str, role: str, at: int) -> None:
        """Count a request."""
        ...

    def blocks(self, id: str) -> list[Block]:
        """By number."""
        ...

    def count(self, agreement: str, role: str, start: int | None, stop: int | None) -> tuple[int, int, int]:
        """Rows, bytes, requests of whole hours."""
        ...

    def put_receipt(self, receipt: Receipt) -> None:
        """Enter or replace."""
        ...

    def receipt(self, id: str) -> Receipt | None:
        """Of the provider's transfer; None while there is none."""
        ...

    def receipts(self, agreement: str = "", limit: int = 200) -> list[Receipt]:
        """The newest first."""
        ...


@dataclass(frozen=True, slots=True)
class Receipt:
    """What both ends say of one transfer."""

    id: str  # of the provider's transfer
    agreement: str
    peer: str
    at: int
    own: Mapping[str, object]  # statement of this end
    sealed: Mapping[str, object]  # the consumer's statement with the signatures that it has
    differences: tuple[Mapping[str, object], ...] = ()


# ---- statements -------------------------------------------------------------------------------------------------


def statement(passage: Passage, whole: str) -> dict[str, object]:
    """What an end has counted of a transfer, in the provider's name for it; both make the same of the same blocks.

    whole: digest of all its blocks; of a feed, which goes on, of the last page.
    """
    name = passage.id if passage.role == "provider" else passage.other or passage.endpoint.rpartition("/")[2]
    return {
        "agreement": passage.agreement,
        "blocks": passage.blocks,
        "bytes": passage.passed.bytes,
        "dataset": passage.dataset,
        "digest": whole,
        "rows": passage.passed.rows,
        "transfer": name,
    }


class Difference(NamedTuple):
    """A figure on which two ends do not agree."""

    what: str
    own: object
    theirs: object


def reconcile(own: Mapping[str, object], theirs: Mapping[str, object]) -> list[Difference]:
    """On what two statements differ; nothing is averaged. InputError "receipt.other" if they are of two transfers."""
    for name in ("transfer", "agreement"):
        if own.get(name) != theirs.get(name):
            raise InputError("receipt.other", own=str(own.get(name)), theirs=str(theirs.get(name))[:80])
    names = sorted({*own, *theirs})
    return [Difference(name, own.get(name), theirs.get(name)) for name in names if own.get(name) != theirs.get(name)]


def gaps(differences: Sequence[Mapping[str, object]]) -> dict[str, object]:
    """By how much two statements are apart, by figure: of a feed, whose figures grow, what was lost once stays so."""
    found: dict[str, object] = {}
    for each in differences:
        own, theirs = each.get("own"), each.get("theirs")
        numbers = isinstance(own, int) and isinstance(theirs, int)
        found[str(each.get("what"))] = own - theirs if numbers else (own, theirs)  # type: ignore[operator]
    return found


def as_facts(differences: Sequence[Difference]) -> tuple[Mapping[str, object], ...]:
    """For storing and showing."""
    return tuple(each._asdict() for each in differences)


def hour_of(at: int) -> int:
    """Start of the hour of a time [ms since 1970 UTC]."""
    return at // HOUR * HOUR
