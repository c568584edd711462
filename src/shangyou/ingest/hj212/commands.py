"""Requests to devices: which there are, what they need, and how the conversation goes.

Source: HJ 212-2017, 6.1 (five steps), 6.2 and table 1 (10 s, three repetitions), appendix C.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from shangyou.core.errors import InputError
from shangyou.ingest.hj212.answer import fields_area, flag_of
from shangyou.ingest.hj212.codes import EXE_RETURN, QN_RETURN
from shangyou.ingest.hj212.packet import Packet, plain_fields
from shangyou.ingest.hj212.times import LegalTime

CONVERSATION: Final = {  # (state, sender, message): next state
    ("queued", "node", "request"): "sent",
    ("queued", "clock", "too_late"): "expired",  # the device did not come in time
    ("sent", "node", "request"): "sent",  # again, under the same QN
    ("sent", "device", "accepted"): "accepted",  # 9011, QnRtn=1
    ("sent", "device", "refused"): "refused",  # 9011, any other QnRtn
    ("sent", "device", "data"): "accepted",  # some devices leave 9011 out
    ("sent", "device", "done"): "done",
    ("sent", "device", "failed"): "failed",
    ("sent", "clock", "too_late"): "expired",  # no answer to the last repetition
    ("sent", "node", "restart"): "queued",
    ("accepted", "device", "data"): "accepted",
    ("accepted", "device", "done"): "done",  # 9012, ExeRtn=1
    ("accepted", "device", "failed"): "failed",  # 9012, any other ExeRtn
    ("accepted", "clock", "too_late"): "expired",  # neither data nor result
    ("accepted", "node", "restart"): "expired",  # its result went to a line that is gone
}
OPEN: Final = ("queued", "sent", "accepted")  # states from which a move leads on
MINUTES: Final = frozenset({1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30})  # MinInterval, HJ 212-2017 table 4


@dataclass(frozen=True, slots=True)
class Request:
    """One request that a node may make."""

    needs: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    tells: tuple[str, ...] = ()  # plain fields of the data that come back


REQUESTS: Final = {  # CN
    "1011": Request(may=("PolId",), tells=("PolId", "SystemTime")),
    "1012": Request(may=("PolId", "SystemTime")),  # no SystemTime: the node's own at the moment of sending
    "1061": Request(tells=("RtdInterval",)),
    "1062": Request(needs=("RtdInterval",)),
    "1063": Request(tells=("MinInterval",)),
    "1064": Request(needs=("MinInterval",)),
    "2031": Request(needs=("BeginTime", "EndTime")),
    "2051": Request(needs=("BeginTime", "EndTime")),
    "2061": Request(needs=("BeginTime", "EndTime")),
}


def check(code: str, arguments: Mapping[str, str]) -> dict[str, str]:
    """The arguments in the order of the standard.

    Raises InputError "command.code", "command.missing", "command.argument" or "command.period".
    """
    request = REQUESTS.get(code)
    if request is None:
        raise InputError("command.code", cn=code, known=", ".join(REQUESTS))
    known = (*request.needs, *request.may)
    for name in request.needs:
        if not arguments.get(name):
            raise InputError("command.missing", cn=code, argument=name)
    for name, value in arguments.items():
        if name not in known or not _fits(name, value):
            raise InputError("command.argument", cn=code, argument=name, value=value)
    if "BeginTime" in arguments and arguments["BeginTime"] > arguments["EndTime"]:
        raise InputError("command.period", begin=arguments["BeginTime"], end=arguments["EndTime"])
    return {name: arguments[name] for name in known if name in arguments}


def _fits(name: str, value: str) -> bool:
    if name.endswith("Time"):
        return len(value) == 14 and value.isascii() and LegalTime().read(value.encode()) is not None
    if name == "PolId":
        return value.isascii() and value.isalnum() and len(value) <= 6
    number = int(value) if value.isascii() and value.isdigit() and len(value) <= 4 else -1
    return 30 <= number <= 3600 if name == "RtdInterval" else number in MINUTES


@dataclass(frozen=True, slots=True)
class Talk:
    """A request under way."""

    id: int  # of the command
    mn: str
    code: str
    qn: str
    state: str = "sent"
    attempts: int = 1
    heard: tuple[tuple[str, str], ...] = ()  # plain fields that came back
    packets: int = 0  # of data that came back
    outcome: str = ""


def request(talk: Talk, st: str, pw: str, arguments: Mapping[str, str], now: int, time: LegalTime) -> Packet:
    """The packet of a request. now: ms since 1970 UTC, for a SystemTime that was left open."""
    fields = dict(arguments)
    if talk.code == "1012":
        fields.setdefault("SystemTime", time.write(now))
    return Packet(talk.mn, talk.code, st, pw, fields_area(fields.items()).encode(), talk.qn, flag_of(2017, True))


def message(talk: Talk, packet: Packet) -> str | None:
    """What a packet says to the request: accepted, refused, data, done or failed; None if it is about another."""
    if packet.cn in ("9011", "9012"):
        if packet.qn != talk.qn:
            return None
        fields = plain_fields(packet.cp)
        if packet.cn == "9011":
            return "accepted" if fields.get("QnRtn") == "1" else "refused"
        return "done" if fields.get("ExeRtn") == "1" else "failed"
    return "data" if packet.cn == talk.code else None


def hear(talk: Talk, packet: Packet) -> Talk | None:
    """The talk after a packet of its device; None if the packet changes nothing."""
    said = message(talk, packet)
    after = CONVERSATION.get((talk.state, "device", said or ""))
    if after is None:
        return None
    if said == "data":
        tells = REQUESTS[talk.code].tells
        heard = tuple((name, value) for name, value in plain_fields(packet.cp).items() if name in tells)
        return replace(talk, state=after, heard=heard or talk.heard, packets=talk.packets + 1)
    fields = plain_fields(packet.cp)
    result = "QnRtn" if packet.cn == "9011" else "ExeRtn"
    return replace(talk, state=after, outcome=_outcome(talk, result, fields.get(result, "")))


def late(talk: Talk, retries: int) -> Talk:
    """The talk when its time has run out: once more, as long as it was never answered, or given up."""
    if talk.state == "sent" and talk.attempts <= retries:
        return replace(talk, state=CONVERSATION["sent", "node", "request"], attempts=talk.attempts + 1)
    return replace(talk, state=CONVERSATION[talk.state, "clock", "too_late"])


def _outcome(talk: Talk, result: str, code: str) -> str:
    """`ExeRtn=1;SystemTime=20260801085857;packets=1`: read by `outcome_words`."""
    told = [(result, code), *talk.heard, *([("packets", str(talk.packets))] if talk.packets else [])]
    return ";".join(f"{name}={value}" for name, value in told)


def outcome_words(outcome: str, language: str) -> str:
    """An outcome for people, in `zh` or `en`.

    >>> outcome_words("ExeRtn=1;RtdInterval=30;packets=1", "en")
    'done; RtdInterval=30; packets=1'
    """
    words = []
    for item in outcome.split(";"):
        name, _, value = item.partition("=")
        table = {"QnRtn": QN_RETURN, "ExeRtn": EXE_RETURN}.get(name)
        row = table.get(value) if table else None
        words.append((row.zh if language == "zh" else row.en) if row else item)
    return "；".join(words) if language == "zh" else "; ".join(words)
