"""An entry of a dossier: what one member said, when, after what; and the one order in which all members read them.

A dossier (案卷) is a set of signed entries. Members hand each other what the others lack, in any order and as often as
they like; a set that is joined with itself is the same set. What a dossier says is always a fold over its entries in
the order of `ordered`, so two members that hold the same entries see the same, and nobody has to be asked first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Final

from shangyou.core.errors import InputError
from shangyou.exchange.canonical import digest

OPEN: Final = (
    "dossier.open"  # the first entry; its body says {"subject": .., "members": [..]} and what the subject needs
)
MOST_AFTER: Final = 64  # heads that an entry may name: more parallel speakers than that no dossier has
MOST_BYTES: Final = 256 * 1024  # of an entry's canonical form; what is larger goes as data under a contract


@dataclass(frozen=True)  # no slots: the digest that names an entry is made once
class Entry:
    """What a member said in a dossier."""

    dossier: str  # "urn:uuid:.."
    kind: str  # "dossier.open", "warning.first", "incident.grade" ...
    author: str  # member id
    at: int  # ms since 1970 UTC by the author's clock
    number: int  # one more than the greatest of the entries before it: 1 for the opening
    after: tuple[str, ...]  # ids of the newest entries that the author knew, sorted; () only for the opening
    body: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def document(self) -> dict[str, object]:
        """What is signed."""
        return {
            "after": list(self.after),
            "at": self.at,
            "author": self.author,
            "body": self.body,
            "dossier": self.dossier,
            "kind": self.kind,
            "number": self.number,
        }

    @cached_property
    def id(self) -> str:
        """The digest of what is signed [hex]."""
        return digest(self.document)


def entry_of(document: Mapping[str, object]) -> Entry:
    """The entry that a signed document holds. InputError "dossier.entry" for anything of another shape."""
    after, body = document.get("after"), document.get("body")
    words = [document.get(name) for name in ("dossier", "kind", "author")]
    figures = [document.get(name) for name in ("at", "number")]
    whole = (
        set(document) == {"after", "at", "author", "body", "dossier", "kind", "number"}
        and all(isinstance(word, str) and 0 < len(word) <= 200 for word in words)
        and all(type(figure) is int and 0 <= figure < 2**53 for figure in figures)
        and isinstance(body, Mapping)
        and isinstance(after, list)
        and len(after) <= MOST_AFTER
        and all(isinstance(id, str) for id in after)
        and after == sorted(set(after))
    )
    if not whole:
        raise InputError("dossier.entry", kind=str(document.get("kind"))[:80])
    (dossier, kind, author), (at, number) = map(str, words), [int(str(figure)) for figure in figures]
    first = kind == OPEN
    if first != (not after) or first != (number == 1):
        raise InputError("dossier.entry", kind=kind)
    assert isinstance(after, list)
    assert isinstance(body, Mapping)
    return Entry(dossier, kind, author, at, number, tuple(after), body)


def following(entries: Sequence[Entry], kind: str, author: str, at: int, body: Mapping[str, object]) -> Entry:
    """The entry that a member adds to what it holds of a dossier; `entries` must not be empty."""
    last = heads(entries)
    number = 1 + max(entry.number for entry in entries)
    return Entry(entries[0].dossier, kind, author, at, number, tuple(sorted(last))[:MOST_AFTER], body)


def heads(entries: Iterable[Entry]) -> set[str]:
    """Ids of the entries after which nothing has been said yet."""
    held = list(entries)
    return {entry.id for entry in held} - {id for entry in held for id in entry.after}


def ordered(entries: Iterable[Entry]) -> list[Entry]:
    """Each entry once, after all that it follows; the same list for whoever holds the same entries."""
    held = {entry.id: entry for entry in entries}
    return [held[id] for _, _, id in sorted((entry.number, entry.author, id) for id, entry in held.items())]
