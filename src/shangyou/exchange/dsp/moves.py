"""Moves of a talk: what a message from the other end, or one of our own, makes of it. Pure.

Our own state is entered when a letter is written, not when the other end has acknowledged it; so both ends may have a
letter under way at once. `tables.RANK` then says which of the two counts, and both ends come to the same answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from shangyou.core.errors import ConflictError
from shangyou.exchange.dsp import messages
from shangyou.exchange.dsp.tables import FINAL, RANK, STATE_RANK, TABLES
from shangyou.exchange.dsp.talk import Facts, Letter, Talk

REMEMBERED: Final = 32  # identities of accepted messages that are kept; a talk has seldom more messages


def heard(talk: Talk, message: Mapping[str, Any], at: int) -> Talk:
    """The talk after a message of the other end; the talk itself if the message was accepted before.

    Raises ConflictError "dsp.transition" for what the table does not allow.
    """
    identity = str(message.get("@id") or "")
    if identity and identity in talk.heard:
        return talk
    name = messages.name_of(talk.kind, message)
    after = _after(talk, name)
    if after is None or _old(talk, identity):
        raise ConflictError("dsp.transition", state=talk.state, message=name, sender=talk.end, id=talk.id)
    return replace(
        talk,
        state=after,
        before="",
        since=at if after != talk.state else talk.since,
        due=None,
        waits="",
        heard=(*talk.heard, *([identity] if identity else []))[-REMEMBERED:],
        **_content(talk, name, message),
    )


def _after(talk: Talk, name: str) -> str | None:
    table = TABLES[talk.kind]
    after = table.get((talk.state, talk.end, name))
    if after is not None or not talk.before:
        return after
    # ours is under way and may have crossed with this one, which was right before it
    crossing = table.get((talk.before, talk.end, name))
    ours = next((m for (s, side, m), a in table.items() if (s, side, a) == (talk.before, talk.role, talk.state)), "")
    return crossing if crossing and RANK.get(name, 0) >= RANK.get(ours, 0) else None


def _old(talk: Talk, identity: str) -> bool:
    """Was it written before one that was heard already? Only letters that are numbered as ours tell."""
    pid, mark, number = identity.rpartition("#")
    if not mark or pid != talk.other or not number.isdecimal():
        return False
    newest = [each.rpartition("#")[2] for each in talk.heard if each.startswith(f"{pid}#")]
    return any(each.isdecimal() and int(each) > int(number) for each in newest)


def _content(talk: Talk, name: str, message: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    other = message.get(f"{talk.end}Pid")
    if other and not talk.other:
        found["other"] = other
    if talk.kind == "negotiation" and name in ("request", "offer"):
        found |= {"offer": message["offer"], "dataset": message["offer"].get("target") or talk.dataset}
        if name == "request":
            found |= {"asked": message["offer"], "replaces": str(message.get("replaces") or talk.replaces)}
    elif name == "agreement":
        found |= {"terms": message["agreement"], "agreement": message["agreement"]["@id"]}
    elif name == "start":
        found |= {"address": message.get("dataAddress") or talk.address, "code": "", "reasons": ()}
    elif name in ("termination", "suspension"):
        found |= {"code": str(message.get("code") or ""), "reasons": tuple(message.get("reason") or ())}
        found["ended_by"] = talk.peer
    return found


def said(talk: Talk, name: str, content: Facts, callback: str, at: int) -> tuple[Talk, Letter]:
    """The talk after a message of this end, and the letter that carries it.

    Raises ConflictError "dsp.transition"; "dsp.waiting" while another letter is under way that this one cannot replace.
    """
    after = TABLES[talk.kind].get((talk.state, talk.role, name))
    if after is None:
        raise ConflictError("dsp.transition", state=talk.state, message=name, sender=talk.role, id=talk.id)
    if talk.before and name != "termination":
        raise ConflictError("dsp.waiting", state=talk.state, id=talk.id, peer=talk.peer)
    if talk.state and not talk.other:
        raise ConflictError("dsp.waiting", state=talk.state, id=talk.id, peer=talk.peer)
    counted = replace(talk, sent=talk.sent + 1)
    message = messages.written(counted, name, content, callback)
    letter = Letter(
        id=f"{counted.id}#{counted.sent}",
        talk=talk.id,
        peer=talk.peer,
        base=talk.callback,
        path=messages.path(counted, name),
        body=messages.encoded(message).decode(),
        due=at,
    )
    moved = replace(counted, state=after, before=talk.state or "-", since=at, due=None, waits="")
    return replace(moved, **_own(talk, name, content)), letter


def _own(talk: Talk, name: str, content: Facts) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if talk.kind == "negotiation" and name in ("request", "offer"):
        found |= {"offer": content["offer"]} | ({"asked": content["offer"]} if name == "request" else {})
    elif name == "agreement":
        terms = content["agreement"]
        assert isinstance(terms, Mapping)
        found |= {"terms": terms, "agreement": terms["@id"]}
    elif name == "start":
        found |= {"address": content.get("dataAddress") or talk.address, "code": "", "reasons": ()}
    elif name in ("termination", "suspension"):
        reasons = content.get("reason")
        found |= {"code": content.get("code", ""), "reasons": tuple(reasons) if isinstance(reasons, list) else ()}
    return found


def acknowledged(talk: Talk, other: str = "") -> Talk:
    """The other end has our letter."""
    return replace(talk, before="", other=talk.other or other)


def outranks(theirs: str, talk: Talk) -> bool:
    """Does a final state of the other end count more than where we stand?"""
    if theirs == "FINALIZED" and talk.terms is None:
        return False
    return STATE_RANK.get(theirs, 0) > STATE_RANK.get(talk.state, 0)


def adopted(talk: Talk, state: str, code: str, at: int) -> Talk:
    """The other end stands in a final state that we have missed."""
    moved = replace(talk, state=state, before="", since=at, due=None, waits="", ended_by=talk.peer)
    return replace(moved, code="", reasons=(), ended_by="") if state == "FINALIZED" else replace(moved, code=code)


def over(talk: Talk) -> bool:
    """Is it in a final state?"""
    return talk.state in FINAL
