"""What is wrong with a connection, in one sentence: clock, name, port, certificate, key, list, standing, version.

The steps go in the order in which a request passes them, and end at the first that fails: what comes behind a broken
step says nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from shangyou.core.errors import NotFoundError, ShangyouError
from shangyou.exchange.keys import counts
from shangyou.exchange.member import Member, Standing
from shangyou.exchange.ports import Answer, Peers
from shangyou.exchange.token import LEEWAY
from shangyou.exchange.trust.acceptance import Phase, countdown
from shangyou.exchange.wire import parsed_object
from shangyou.flows.federation import Book

DAY: Final = 86_400_000
SECONDS: Final = 5.0
REASONS: Final = ("name", "port", "certificate", "pin", "tls", "timeout", "network", "protocol")


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence about this node's trust, or about its connection with a member."""

    member: str
    good: bool
    code: str
    facts: Mapping[str, object] = field(default_factory=dict)


def check_self(book: Book, at: int) -> list[Finding]:
    """This node's own list and key, before anybody is asked."""
    trusted, found = book.trusted, list[Finding]()
    left = countdown(trusted, at)
    if left.phase is not Phase.FRESH:
        facts: dict[str, object] = {"version": trusted.version, "hours": left.left // 3_600_000}
        found.append(Finding(book.me, left.phase is Phase.WARN, f"check.list_{left.phase}", facts))
    try:
        me = trusted.member(book.me)
    except NotFoundError:
        return [*found, Finding(book.me, False, "check.not_listed", {"member": book.me, "version": trusted.version})]
    here = set(book.keys.kids())
    fit = [key for key in me.keys if counts(key, at) and key.kid in here]
    if not fit:
        found.append(Finding(me.id, False, "check.own_key", {"listed": [key.kid[:8] for key in me.keys]}))
    elif all(key.stop is not None and key.stop < at + 7 * DAY for key in me.keys if key.kid in here):
        ends = max(key.stop or 0 for key in fit)
        found.append(Finding(me.id, True, "check.own_key_ends", {"days": (ends - at) // DAY}))
    if me.standing is not Standing.ACTIVE:
        facts = {"member": me.id, "standing": str(me.standing), "reason": me.reason}
        found.append(Finding(me.id, False, "check.standing", facts))
    return found or [Finding(me.id, True, "check.own_good", {"version": trusted.version, "days": left.left // DAY})]


def check_member(book: Book, peers: Peers, member: Member, program: str, now: Callable[[], int]) -> Finding:
    """The connection with one member."""
    facts: dict[str, object] = {"member": member.id, "address": member.address}
    try:
        open_answer = peers.call(member.id, "GET", "/federation/list/version", seconds=SECONDS)
    except ShangyouError as error:
        return _failed(member, error, facts)
    theirs = _version(open_answer)
    if theirs is None:
        return Finding(member.id, False, "check.program", facts | {"status": open_answer.status})
    began = now()
    try:
        answer = peers.call(member.id, "GET", "/federation/pulse", seconds=SECONDS)
    except ShangyouError as error:
        return _failed(member, error, facts)
    if answer.status != 200:
        return _refused(member, answer, facts | {"version": theirs, "ours": book.trusted.version})
    return _answered(book, member, answer, program, (began + now()) // 2, facts)


def _answered(book: Book, member: Member, answer: Answer, program: str, at: int, facts: dict[str, object]) -> Finding:
    try:
        told = parsed_object(answer.body)
        skew, version, theirs = int(str(told["time"])) - at, int(str(told["version"])), str(told["program"])[:40]
    except (ShangyouError, KeyError, ValueError):
        return Finding(member.id, False, "check.program", facts | {"status": answer.status})
    if abs(skew) > LEEWAY * 1000 // 2:
        good = abs(skew) <= LEEWAY * 1000
        return Finding(member.id, good, "check.clock", facts | {"seconds": round(skew / 1000)})
    if version != book.trusted.version:
        return Finding(
            member.id, False, "check.list_version", facts | {"version": version, "ours": book.trusted.version}
        )
    if theirs.split(".")[:2] != program.split(".")[:2]:
        return Finding(member.id, True, "check.version", facts | {"theirs": theirs, "ours": program})
    if member.standing is not Standing.ACTIVE:
        told_of = {"standing": str(member.standing), "reason": member.reason}
        return Finding(member.id, False, "check.standing", facts | told_of)
    return Finding(member.id, True, "check.good", facts | {"program": theirs})


def _version(answer: Answer) -> int | None:
    return int(answer.body) if answer.status == 200 and answer.body.isdigit() and len(answer.body) < 10 else None


def _failed(member: Member, error: ShangyouError, facts: dict[str, object]) -> Finding:
    reason = str(error.facts.get("reason", ""))
    if error.code == "peer.unreachable" and reason in REASONS:
        return Finding(member.id, False, f"check.{reason}", facts | {"detail": error.facts.get("detail", "")})
    return Finding(member.id, False, error.code, dict(error.facts))


def _refused(member: Member, answer: Answer, facts: dict[str, object]) -> Finding:
    """What the other said: its words are its own, so they are told as its words."""
    code = answer.headers.get("x-shangyou-code", "")[:60]
    try:
        told = parsed_object(answer.body, 65_536).get("facts")
    except ShangyouError:
        told = None
    seconds = told.get("seconds") if isinstance(told, dict) else None
    if code == "token.clock" and isinstance(seconds, int):
        return Finding(member.id, False, "check.clock", facts | {"seconds": -seconds})
    if code in ("token.key", "token.key_time", "token.member", "token.signature", "token.algorithm"):
        return Finding(member.id, False, "check.key", facts | {"code_there": code})
    return Finding(member.id, False, "check.refused", facts | {"code_there": code, "status": answer.status})
