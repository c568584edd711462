"""An entry of the log: what was done, when, with which facts. Personal data stand there as salted hashes alone."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from shangyou.core.errors import InputError
from shangyou.exchange.canonical import canonical

KINDS: Final = (
    *("decision", "agreement", "transfer", "revision", "admin", "notice", "receipt", "member", "alarm"),
    "erasure",  # what came under an agreement was deleted, as its duty says
)
_SUBJECT: Final = re.compile(rb'"(?:agreement|negotiation|transfer|dataset|dossier)":"([^"\\]+)"')
ENTRY_MOST: Final = 1 << 20  # bytes: an entry says what was done; data have other places


@dataclass(frozen=True, slots=True)
class Entry:
    """What was done."""

    kind: str  # one of KINDS
    facts: Mapping[str, object]
    at: int  # ms since 1970 UTC

    def bytes(self) -> bytes:
        """The leaf: RFC 8785. InputError "ledger.entry" for another kind, or facts that cannot be written."""
        if self.kind not in KINDS:
            raise InputError("ledger.entry", detail=f"kind {self.kind[:30]!r}")
        try:
            leaf = canonical({"at": self.at, "facts": dict(self.facts), "kind": self.kind})
        except (ValueError, TypeError) as error:
            raise InputError("ledger.entry", detail=str(error)) from error
        if len(leaf) > ENTRY_MOST:
            raise InputError("ledger.entry", detail=f"> {ENTRY_MOST} bytes")
        return leaf


def parse_entry(leaf: bytes) -> Entry:
    """An entry from its leaf. InputError "ledger.entry"."""
    try:
        found = json.loads(leaf)
        kind, facts, at = found["kind"], found["facts"], found["at"]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise InputError("ledger.entry", detail="JSON") from None
    if not isinstance(kind, str) or not isinstance(facts, dict) or not isinstance(at, int) or isinstance(at, bool):
        raise InputError("ledger.entry", detail="kind, facts, at")
    return Entry(kind, facts, at)


def subjects(leaf: bytes) -> set[bytes]:
    """What an entry is about, by which it is found again: ids of agreements, transfers, datasets, dossiers ...

    Read from the leaf by its form alone, which is canonical, so that a batch costs little. An id with a quotation mark
    or a backslash in it is not found.
    """
    return set(_SUBJECT.findall(leaf))


def pseudonym(salt: bytes, text: str) -> str:
    """Stands for personal data: the same for the same text at one node, and nothing to anyone without its salt."""
    return "hmac-sha256:" + hmac.new(salt, text.encode(), hashlib.sha256).hexdigest()
