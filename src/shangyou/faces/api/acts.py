"""Deeds as acts: whatever is done to a node goes through here and is written into its ledger.

The entry names the deed and, as salted hashes, who did it and what was given; passwords are in neither.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol

from shangyou.exchange.canonical import canonical
from shangyou.exchange.ledger.entry import pseudonym
from shangyou.exchange.ports import Ledger
from shangyou.faces.api.deeds import DEEDS
from shangyou.faces.api.desk import Desk
from shangyou.flows.ledger import record

SECRET: Final = ("password",)


class Salted(Protocol):
    """What has the salt of a node's pseudonyms."""

    @property
    def salt(self) -> bytes:
        """32 bytes."""
        ...


class Book(Ledger, Protocol):
    """A ledger with the shelf that has its salt."""

    @property
    def shelf(self) -> Salted:
        """See ledger.log.Shelf."""
        ...


def perform(desk: Desk, deed: str, /, **given: Any) -> dict[str, object]:
    """Do a deed and write it down. What it refuses is not written down."""
    done = DEEDS[deed].do(desk, **given)
    write_down(desk.node.ledger, deed, desk.by, given, desk.now())
    return done


def write_down(ledger: Book, deed: str, by: str, given: Mapping[str, object], at: int) -> None:
    """An administrative act. UnavailableError "ledger.write"."""
    salt = ledger.shelf.salt
    plain = {name: value for name, value in given.items() if name not in SECRET and value is not None}
    facts = {"deed": deed, "by": pseudonym(salt, by), "given": pseudonym(salt, canonical(plain).decode())}
    record(ledger, "admin", facts, at)
