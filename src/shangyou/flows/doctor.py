"""Is a node well? Facts about it in, findings out; each finding has a sentence and a remedy at the face."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from shangyou.core.errors import ConflictError, UnavailableError

PYTHON: Final = (3, 11)
DISK_BAD: Final = 200 << 20  # bytes free: below that neither a checkpoint nor a day of packets of 500 stations fits
DISK_NOTE: Final = 2 << 30
CLOCK_MS: Final = 5 * 60_000  # files from later than that are from a clock that was set back
BEHIND_NOTE: Final = 10_000  # entries: some seconds of work
DAMAGED: Final = "journal.damaged"
BY_HAND: Final = ("state.address", "state.driver", "state.encoding", "state.newer", "state.server")
BEHIND_BAD: Final = 1_000_000  # the digest has stood still, or cannot keep up


class Level(StrEnum):
    """How bad a finding is."""

    GOOD = "good"
    NOTE = "note"  # works, and should be looked at
    CONFLICT = "conflict"  # something is not as it must be; a person has to mend it
    UNAVAILABLE = "unavailable"  # something that is needed is not there now


EXIT: Final = {
    Level.GOOD: 0,
    Level.NOTE: 0,
    Level.CONFLICT: ConflictError.exit_code,
    Level.UNAVAILABLE: UnavailableError.exit_code,
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check came to."""

    check: str
    level: Level
    code: str
    facts: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Damage:
    """Where the raw journal cannot be read on."""

    file: str
    entry: int


@dataclass(frozen=True, slots=True)
class Machine:
    """What can be seen of a node from outside, without opening its stores."""

    home: str
    python: tuple[int, int]
    free: int  # bytes on the disk of the home
    now: int  # ms since 1970 UTC, by the machine's clock
    newest: int  # ms since 1970 UTC: when the newest file of the home was written
    unwritable: tuple[str, ...]  # files of the home that this user cannot write
    open: tuple[str, ...]  # files with people's digests or tokens that others can read
    leftovers: tuple[str, ...]  # what a killed backup or a torn write left behind
    busy: tuple[str, ...]  # addresses that the node would listen on and somebody else does
    entries: int  # of the raw journal, as far as it was read
    damage: Damage | None = None
    missing: tuple[str, ...] = ()  # what is gone of it and cannot be made again
    mute: dict[str, object] | None = None  # facts of "keys.none", where a member's private keys are gone


@dataclass(frozen=True, slots=True)
class Inside:
    """What the node says of itself."""

    serving: bool
    behind: int  # journal entries that are not in the store
    trouble: str  # code of what is in the digest's way
    unconfirmed: int  # sections
    state: str  # programme that keeps the state, with its version
    ledger_behind: int = 0  # entries of its ledger that a witness has seen, where it no longer holds them


def examine(machine: Machine, inside: Inside | None, failed: tuple[str, dict[str, object]] | None) -> list[Finding]:
    """All findings, in order of the checks. `failed`: code and facts of the error that kept the stores from opening."""
    told_already = machine.damage is not None and failed is not None and failed[0] == DAMAGED
    return [*_outside(machine), *_stores(inside, None if told_already else failed)]


def worst(findings: Sequence[Finding]) -> int:
    """The exit code: 0, 5 where a person has to mend something, 6 where something is not there."""
    return max((EXIT[finding.level] for finding in findings), default=0)


def _outside(m: Machine) -> Iterator[Finding]:
    python = ".".join(map(str, m.python))
    old = m.python < PYTHON
    yield Finding("python", Level.CONFLICT if old else Level.GOOD, "doctor.python", {"version": python})
    level = Level.UNAVAILABLE if m.free < DISK_BAD else Level.NOTE if m.free < DISK_NOTE else Level.GOOD
    yield Finding("disk", level, "doctor.disk", {"free": round(m.free / 1e9, 1), "home": m.home})
    ahead = m.newest - m.now
    if ahead > CLOCK_MS:
        yield Finding("clock", Level.CONFLICT, "doctor.clock_back", {"minutes": ahead // 60_000})
    else:
        yield Finding("clock", Level.GOOD, "doctor.clock")
    if m.unwritable:
        yield Finding("files", Level.CONFLICT, "doctor.unwritable", {"files": list(m.unwritable)})
    if m.open:
        yield Finding("files", Level.NOTE, "doctor.readable", {"files": list(m.open)})
    if m.leftovers:
        yield Finding("files", Level.NOTE, "doctor.leftovers", {"files": list(m.leftovers)})
    if m.missing:
        yield Finding("files", Level.CONFLICT, "doctor.missing", {"files": list(m.missing)})
    if m.mute is not None:
        yield Finding("keys", Level.CONFLICT, "keys.none", m.mute)
    if not (m.unwritable or m.open or m.leftovers or m.missing):
        yield Finding("files", Level.GOOD, "doctor.files")
    for address in m.busy:
        yield Finding("ports", Level.UNAVAILABLE, "doctor.port", {"address": address})
    if not m.busy:
        yield Finding("ports", Level.GOOD, "doctor.ports")
    if m.damage is not None:
        yield Finding("journal", Level.CONFLICT, DAMAGED, {"path": m.damage.file, "entry": m.damage.entry})
    else:
        yield Finding("journal", Level.GOOD, "doctor.journal", {"entries": m.entries})


def _stores(inside: Inside | None, failed: tuple[str, dict[str, object]] | None) -> Iterator[Finding]:
    if failed is not None:
        mend = failed[0] in BY_HAND
        yield Finding("stores", Level.CONFLICT if mend else Level.UNAVAILABLE, *failed)
    if inside is None:
        return
    yield Finding("stores", Level.GOOD, "doctor.stores", {"state": inside.state})
    if inside.trouble:
        yield Finding("digest", Level.UNAVAILABLE, "doctor.trouble", {"trouble": inside.trouble})
    elif inside.behind > BEHIND_BAD:
        yield Finding("digest", Level.CONFLICT, "doctor.behind", {"behind": inside.behind})
    elif inside.behind > (BEHIND_NOTE if inside.serving else 0):
        yield Finding("digest", Level.NOTE, "doctor.waiting", {"behind": inside.behind})
    else:
        yield Finding("digest", Level.GOOD, "doctor.digest")
    if inside.ledger_behind:
        yield Finding("ledger", Level.CONFLICT, "doctor.ledger_behind", {"size": inside.ledger_behind})
    if inside.unconfirmed:
        yield Finding("registry", Level.NOTE, "doctor.unconfirmed", {"sections": inside.unconfirmed})
