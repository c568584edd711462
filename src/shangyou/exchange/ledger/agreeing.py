"""Do two logs tell the same of one agreement? What only one of them holds is a difference, shown and alarmed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from shangyou.exchange.canonical import digest
from shangyou.exchange.ledger.entry import Entry

SHARED: Final = ("agreement", "transfer", "receipt")  # kinds that both ends of an agreement must hold
GRACE: Final = 120_000  # ms: how far an entry may be ahead of its twin, which a slow peer may still write


@dataclass(frozen=True, slots=True)
class Difference:
    """An act that one log holds and the other does not."""

    kind: str
    transaction: str  # hash of what was done, equal at both ends
    ours: int  # how many times in our log
    theirs: int
    at: int  # ms since 1970 UTC, of the side that has it


def transaction(entry: Entry) -> str:
    """What makes an act the same at both ends: its fact `transaction`, or where there is none the hash of all facts."""
    given = entry.facts.get("transaction")
    return given if isinstance(given, str) and given else digest(dict(entry.facts))


def differences(
    ours: Sequence[Entry], theirs: Sequence[Entry], now: int, grace: int = GRACE, most: int = 0
) -> list[Difference]:
    """Where two logs disagree about one agreement; what is younger than `grace` [ms] may still be on its way.

    most: entries that the other side tells at a time, the newest; 0 = all. What is older than those is not judged.
    """
    since = min(entry.at for entry in theirs) + grace if most and len(theirs) >= most else 0
    sides = [Counter(_keys(side)) for side in (ours, theirs)]
    times: dict[tuple[str, str], int] = {}
    for entry in (*ours, *theirs):
        if entry.kind in SHARED:
            key = (entry.kind, transaction(entry))
            times[key] = max(times.get(key, entry.at), entry.at)
    return [
        Difference(*key, sides[0][key], sides[1][key], at)
        for key, at in times.items()
        if bool(sides[0][key]) != bool(sides[1][key]) and now - at > grace and at >= since
    ]


def _keys(side: Sequence[Entry]) -> list[tuple[str, str]]:
    return [(entry.kind, transaction(entry)) for entry in side if entry.kind in SHARED]


def names(facts: object, member: str) -> bool:
    """Is a member a party of an act with these facts?"""
    return isinstance(facts, dict) and member in (facts.get("provider"), facts.get("consumer"), facts.get("peer"))
