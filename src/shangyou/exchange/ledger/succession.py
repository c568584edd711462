"""A log that follows another: how a member goes on whose log no longer holds what its witnesses have cosigned.

Under its old name such a log can never be cosigned again, and must not be. It goes on under a new name (C2SP
tlog-checkpoint: the origin identifies the log), and the first entry that it writes says what it follows: the newest
checkpoint that witnesses hold, and why it is behind. The proof of that entry is handed to every member.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from shangyou.core.errors import InputError
from shangyou.exchange.ledger.checkpoint import (
    EPOCHS,
    Checkpoint,
    epoch_of,
    member_of,
    origin_of,
    parse_checkpoint,
    read_checkpoint,
)
from shangyou.exchange.ledger.entry import Entry
from shangyou.exchange.ledger.log import Shelf
from shangyou.exchange.ledger.note import Note

NOTICE: Final = "ledger.reopened"
REASONS: Final = {  # why a log is behind: code of the alarm that tells it
    "backup": "ledger.reopened_backup",
    "loss": "ledger.reopened_loss",
    "copy": "ledger.reopened_copy",
}
OPENING_MOST: Final = 64 << 10  # bytes of a proof that is handed on


@dataclass(frozen=True, slots=True)
class Opening:
    """What the entry says with which a log begins that follows another."""

    log: str  # its name
    last: Note  # newest checkpoint of the log before it that a witness holds
    kept: int  # entries of that log that are surely still there
    reason: str  # one of REASONS
    by: str  # who declared it, as a pseudonym

    @property
    def before(self) -> Checkpoint:
        """What it follows."""
        return parse_checkpoint(self.last.text)

    def entry(self, at: int) -> Entry:
        """As it is written down."""
        facts = {"notice": NOTICE, "log": self.log, "last": self.last.bytes().decode(), "kept": self.kept}
        return Entry("notice", facts | {"reason": self.reason, "by": self.by}, at)

    def facts(self) -> dict[str, object]:
        """What an alarm tells of it."""
        before = self.before
        return {"name": self.log, "before": before.origin, "size": before.size, "kept": self.kept}


def parse_opening(entry: Entry) -> Opening:
    """What an entry says of a log that follows another. InputError "ledger.opening", "ledger.note" and so on.

    Nothing is verified but its sense: one member, a later epoch, a known reason.
    """
    facts = entry.facts
    log, last, reason, by = (facts.get(name) for name in ("log", "last", "reason", "by"))
    kept = facts.get("kept")
    if facts.get("notice") != NOTICE or entry.kind != "notice" or type(kept) is not int or kept < 0:
        raise InputError("ledger.opening", detail="notice")
    if not (isinstance(log, str) and isinstance(last, str) and isinstance(by, str) and reason in REASONS):
        raise InputError("ledger.opening", detail="log, last, reason, by")
    try:
        note, before = read_checkpoint(last.encode())
    except UnicodeEncodeError:
        raise InputError("ledger.opening", detail="last") from None
    if not member_of(log) or member_of(before.origin) != member_of(log):
        raise InputError("ledger.opening", detail=f"{log[:80]!r} after {before.origin[:80]!r}")
    if not epoch_of(before.origin) < epoch_of(log) <= EPOCHS or kept > before.size:
        raise InputError("ledger.opening", detail=f"{log[:80]!r} after {before.origin[:80]!r}, {kept}")
    return Opening(log, note, kept, str(reason), by)


def epoch(openings: Mapping[str, str], member: str) -> int:
    """The newest epoch of a member's logs that is known."""
    return max((epoch_of(log) for log in openings if member_of(log) == member), default=1)


def newest_origin(shelf: Shelf, member: str, hash: str) -> str:
    """The name of a member's log of today, as far as it is known here."""
    return origin_of(member, hash, epoch(shelf.openings(), member))


def behind(shelf: Shelf, origin: str) -> int:
    """How many entries of our log a witness has seen that we no longer hold as they were; 0 = none is missing."""
    told = [each.facts for each in shelf.alarms() if each.code in ("ledger.rollback", "ledger.inconsistent")]
    return max((int(str(each["size"])) for each in told if each["name"] == origin and "witness" in each), default=0)
