"""How the list reaches everybody: pushed at once when it changes, pulled and compared at every pulse.

A pulse asks another node how it is: does it answer, does it know us, how far off is its clock, which list and programme
has it? Whoever has the newer list gives it to the other, so that one pulse in either direction heals a missed push.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Final

from shangyou.core.errors import ConflictError, InputError, RefusedError, ShangyouError
from shangyou.exchange.keys import seal, verified
from shangyou.exchange.ports import Answer, Peers, Signer
from shangyou.exchange.wire import parsed_object
from shangyou.flows.federation import Book, Outcome, find_draft

SECONDS: Final = 5.0  # for one request: a node that is away must not hold up the news for the others
LISTS: Final = 8 << 20  # bytes of lists in one message
RECEIPT: Final = "list-receipt"
EVERY: Final = 30_000  # ms between two pulses with a member that answers
SLOWEST: Final = 240_000  # and with one that has been away for long
Tell = Callable[[str, Mapping[str, object]], None]  # writes an act down: kind and facts


@dataclass(frozen=True, slots=True)
class Pulse:
    """How a member was when we last asked."""

    tried: int = 0  # ms since 1970 UTC
    answered: int = 0  # when it last answered us as a member; 0 = never
    failures: int = 0  # since then
    code: str = ""  # of what went wrong last; "" = nothing
    reason: str = ""
    version: int = 0  # of its list
    program: str = ""
    skew: int = 0  # ms that its clock is ahead of ours
    took: int = 0  # ms

    def due(self, at: int) -> bool:
        """Is it time to ask again? A clock that was set back does not wait."""
        pause = min(SLOWEST, EVERY << min(self.failures, 8))
        return not self.tried <= at < self.tried + pause


def feel(book: Book, peers: Peers, id: str, last: Pulse, now: Callable[[], int]) -> Pulse:
    """One pulse; lists go whichever way they are needed. Never raises for what the other does."""
    began = now()
    try:
        told = _told(_need(peers.call(id, "GET", "/federation/pulse", seconds=SECONDS), id))
        took = now() - began
        theirs = int(str(told["version"]))
        if theirs > book.trusted.version:
            pull(book, peers, id, now())
        elif theirs < book.trusted.version:
            push_to(book, peers, id, None)
        skew = int(str(told["time"])) - began - took // 2
        program = str(told["program"])[:40]
    except ShangyouError as error:
        reason = str(error.facts.get("reason", ""))
        return replace(last, tried=began, failures=last.failures + 1, code=error.code, reason=reason)
    except (KeyError, ValueError) as error:
        reason = type(error).__name__
        return replace(last, tried=began, failures=last.failures + 1, code="federation.answer", reason=reason)
    return Pulse(began, began, 0, "", "", max(theirs, 0), program, skew, took)


def hand_on(book: Book, peers: Peers, outcome: Outcome, tell: Tell | None = None) -> dict[str, str]:
    """Tell every other member of a change: the list in force, or the draft that waits. What failed, by member."""
    if not outcome.lacking:
        return push(book, peers, tell)
    body = json.dumps({"draft": find_draft(book, outcome.digest).sealed}, ensure_ascii=False).encode()

    def send(id: str) -> None:
        _need(peers.call(id, "POST", "/federation/drafts", body, seconds=SECONDS), id)

    return _each(book, send)


def push(book: Book, peers: Peers, tell: Tell | None = None) -> dict[str, str]:
    """Hand the list in force to every other member, whatever its standing; the code of what failed, "" = receipt."""

    def send(id: str) -> None:
        push_to(book, peers, id, tell)

    return _each(book, send)


def push_to(book: Book, peers: Peers, id: str, tell: Tell | None) -> None:
    """Hand one member the lists it lacks, and check its receipt. Raises RefusedError, ConflictError with its code."""
    accepted = book.accepted
    theirs = int(_need(peers.call(id, "GET", "/federation/list/version", seconds=SECONDS), id).body or b"0")
    body = json.dumps({"lists": book.after(min(theirs, accepted.trusted.version - 1))}, ensure_ascii=False).encode()
    answer = _need(peers.call(id, "POST", "/federation/list", body, seconds=SECONDS), id)
    receipt = verified(_told(answer), accepted.trusted.member(id).keys, accepted.trusted.issued)
    if receipt.get("kind") != RECEIPT or receipt.get("member") != id or receipt.get("digest") != accepted.digest:
        raise RefusedError("federation.receipt", member=id)
    if tell is not None:
        tell("notice", {"list": accepted.trusted.version, "digest": accepted.digest, "acknowledged": id})


def receipt(book: Book, signer: Signer, at: int) -> dict[str, object]:
    """This node's word that it has the list in force."""
    accepted = book.accepted
    document = {
        "kind": RECEIPT,
        "federation": accepted.trusted.federation,
        "version": accepted.trusted.version,
        "digest": accepted.digest,
        "member": book.me,
        "at": at,
    }
    return seal(document, signer)


def pull(book: Book, peers: Peers, member: str, at: int) -> int:
    """Take from a member the lists that are newer than ours; the version in force then. Raises as `accept_next`."""
    path = f"/federation/list?after={book.trusted.version}"
    found = _told(_need(peers.call(member, "GET", path, seconds=SECONDS), member)).get("lists")
    if not isinstance(found, list):
        raise InputError("trust.document", where="lists", detail="list")
    return book.accept(found, at).trusted.version


def _told(answer: Answer) -> dict[str, object]:
    return parsed_object(answer.body, LISTS)


def _need(answer: Answer, id: str) -> Answer:
    """The answer, if it is one; else an error with the code that the other gave."""
    if answer.status == 200:
        return answer
    code = answer.headers.get("x-shangyou-code", "")
    known = code and len(code) < 60 and code.replace(".", "").replace("_", "").isalnum()
    facts = _facts(answer)
    raise ConflictError(code if known else "federation.answer", **({"member": id, "status": answer.status} | facts))


def _facts(answer: Answer) -> dict[str, object]:
    """What the other says of its refusal."""
    try:
        facts = parsed_object(answer.body, 65_536).get("facts")
    except InputError:
        return {}
    names = facts if isinstance(facts, dict) else {}
    return {str(name): value for name, value in names.items() if isinstance(value, str | int) and name != "code"}


def _each(book: Book, send: Callable[[str], None]) -> dict[str, str]:
    """All at once: one that is away must not hold up the news for the others."""
    others = [member.id for member in book.trusted.members if member.id != book.me]

    def told(id: str) -> str:
        try:
            send(id)
        except ShangyouError as error:
            return error.code
        except ValueError:
            return "federation.answer"
        return ""

    with ThreadPoolExecutor(max_workers=8, thread_name_prefix="news") as pool:
        return dict(zip(others, pool.map(told, others), strict=True))
