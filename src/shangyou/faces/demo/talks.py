"""Doing things between the nodes of a demo and waiting until they are done, as people at the nodes would."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from shangyou.core.errors import UnavailableError
from shangyou.faces.demo.stage import Post

Row = dict[str, Any]
T = TypeVar("T")
TALK_SECONDS: Final = 30.0  # that a negotiation or a transfer may take
LOOK_EVERY: Final = 0.02
OVER: Final = ("FINALIZED", "TERMINATED")
DONE: Final = ("COMPLETED", "TERMINATED")


def ask(post: Post, question: str, **given: object) -> list[Row]:
    """Rows that a node answers."""
    rows: list[Row] = post.evidence.table(question, **given).to_pylist()
    return rows


def do(post: Post, deed: str, **given: object) -> Row:
    """Have a node do something."""
    return post.evidence.client.do(deed, **given)


def until(what: str, look: Callable[[], T | None], seconds: float = TALK_SECONDS) -> T:
    """Look until there is something to see. UnavailableError "demo.waited" names what was waited for."""
    limit = time.monotonic() + seconds
    while True:
        found = look()
        if found is not None:
            return found
        if time.monotonic() > limit:
            raise UnavailableError("demo.waited", what=what, seconds=round(seconds))
        time.sleep(LOOK_EVERY)


@dataclass(frozen=True, slots=True)
class Negotiated:
    """How a negotiation ended."""

    id: str
    state: str
    agreement: str
    code: str
    why: str
    other: str  # its id at the other end
    seconds: float

    @property
    def agreed(self) -> bool:
        """Is there an agreement?"""
        return self.state == "FINALIZED" and bool(self.agreement)


def negotiate(consumer: Post, dataset: str, offer: str = "", policy: Row | None = None) -> Negotiated:
    """Ask for an agreement, and wait until the negotiation is over at the consumer's end."""
    begun = time.monotonic()
    given = {"policy": json.dumps(policy)} if policy is not None else {}
    id = do(consumer, "contracts/request", dataset=dataset, offer=offer, **given)["id"]

    def over() -> Row | None:
        [row] = ask(consumer, "contract", id=id)
        return row if row["state"] in OVER else None

    row = until(dataset, over)
    return Negotiated(
        *(id, row["state"], row["agreement"], row["code"], row["why"], row["other"]), time.monotonic() - begun
    )


@dataclass(frozen=True, slots=True)
class Moved:
    """How a transfer ended."""

    id: str
    state: str
    code: str
    why: str
    seconds: float


def begin(consumer: Post, agreement: str, format: str = "Arrow-PULL") -> str:
    """Ask for the data of an agreement; the id of the transfer at the consumer's end."""
    return str(do(consumer, "transfers/start", agreement=agreement, format=format)["id"])


def transfer(post: Post, id: str) -> Row:
    """A transfer at one end."""
    return next(row for row in ask(post, "transfers") if row["id"] == id)


def pull(consumer: Post, agreement: str) -> Moved:
    """Ask for all rows of an agreement, and wait until the transfer is over at the consumer's end."""
    begun = time.monotonic()
    id = begin(consumer, agreement)

    def over() -> Row | None:
        row = transfer(consumer, id)
        return row if row["state"] in DONE else None

    row = until(agreement, over)
    return Moved(id, row["state"], row["code"], row["why"], time.monotonic() - begun)


def written(post: Post, kind: str, about: str) -> list[Row]:
    """Entries of a node's ledger, newest first, each with its `index` and the `facts` as they stand there."""
    return [row | {"facts": json.loads(row["facts"])} for row in ask(post, "ledger", kind=kind, about=about)]
