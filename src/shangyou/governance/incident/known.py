"""What was known when, and to whom: the room as it stood at a moment, for everybody or for one member."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shangyou.governance.past import Past
from shangyou.governance.said import Said


def then(entries: Sequence[Said], at: int, member: str = "") -> list[Said]:
    """The entries that had been said by a moment [ms since 1970 UTC]; of a member: those that it shows it had read.

    An entry is never dated before what it follows, so the result follows nothing that is not in it. What a member read
    without saying anything afterwards is not seen here; its signed receptions tell that.
    """
    said = [entry for entry in entries if entry.at <= at]
    if not member:
        return said
    past, own = Past(said), [entry for entry in said if entry.author == member]
    return [entry for entry in said if entry.author == member or any(past.follows(o.id, entry.id) for o in own)]


@dataclass(frozen=True, slots=True)
class Heard:
    """When a member shows for the first time that it had read an entry."""

    entry: str
    member: str
    at: int  # ms since 1970 UTC, of its first own entry that follows


def heard(entries: Sequence[Said]) -> tuple[Heard, ...]:
    """For each entry and each other member that spoke after it; by entry in their shared order, then by time."""
    past, found = Past(entries), list[Heard]()
    for place, entry in enumerate(entries):
        first: dict[str, int] = {}
        for later in entries[place + 1 :]:
            if later.author != entry.author and past.follows(later.id, entry.id):
                first[later.author] = min(first.get(later.author, later.at), later.at)
        found += [Heard(entry.id, member, at) for member, at in sorted(first.items(), key=lambda each: each[::-1])]
    return tuple(found)
