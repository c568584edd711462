"""Questions about the federation: its list, its members, what waits, and what is wrong with a connection."""

from __future__ import annotations

from typing import Annotated, Any, Final

import pyarrow as pa

from shangyou import __version__
from shangyou.exchange.keys import counts
from shangyou.exchange.member import Member
from shangyou.exchange.trust import change, joining
from shangyou.exchange.trust.acceptance import countdown
from shangyou.faces.api.desk import Desk
from shangyou.faces.api.kinds import TEXT, TIME, WHOLE, made, texts
from shangyou.faces.api.tables import Question
from shangyou.faces.rows import Rows
from shangyou.faces.sentences import sentence
from shangyou.flows import connection, federation, telling
from shangyou.flows import joining as coming
from shangyou.wiring_exchange import Exchange, member_exchange

DEFAULT_DAYS: Final = 30
HOUR: Final = 3_600_000
MOST_FILE: Final = 8 << 20


def state(desk: Desk) -> Rows:
    """The federation: its list, how long that counts, this node's key."""
    found = member_exchange(desk.node)
    trusted, at = found.trust.trusted, desk.now()
    left, me = countdown(trusted, at), trusted.member(found.me)
    ends = [key.stop for key in me.keys if counts(key, at)]
    row: dict[str, object] = {
        "federation": trusted.federation,
        "me": found.me,
        "standing": str(me.standing),
        "version": trusted.version,
        "issued": trusted.issued,
        "expires": trusted.expires,
        "phase": str(left.phase),
        "next": str(left.next or ""),
        "left_seconds": left.left // 1000,
        "members": len(trusted.members),
        "anchors": len(trusted.anchors),
        "threshold": trusted.threshold,
        "witnesses": trusted.witnesses,
        "key": found.signer.kid if any(counts(key, at) for key in me.keys) else "",
        "key_stop": None if None in ends or not ends else max(end for end in ends if end is not None),
        "drafts": len(federation.drafts(found.trust)),
        "requests": len(found.trust.requests.names()),
    }
    kinds = dict.fromkeys(("issued", "expires", "key_stop"), TIME)
    kinds |= dict.fromkeys(("federation", "me", "standing", "phase", "next", "key"), TEXT)
    return made(pa.schema([(name, kinds.get(name, WHOLE)) for name in row]), [row])


MEMBERS: Final = pa.schema(
    [
        *((name, TEXT) for name in ("id", "name_zh", "name_en", "level", "adm_code", "address", "roles", "standing")),
        *((name, TEXT) for name in ("reason", "suite", "key")),
        ("key_stop", TIME),
        ("me", pa.bool_()),
        ("tried", TIME),
        ("answered", TIME),
        ("code", TEXT),
        ("version", WHOLE),
        ("program", TEXT),
        ("clock_ms", WHOLE),
    ]
)


def members(desk: Desk) -> Rows:
    """Members with their standing, and how each was when it was last asked."""
    found = member_exchange(desk.node)
    return made(MEMBERS, [_member(found, member, desk.now()) for member in found.trust.members()])


def _member(found: Exchange, member: Member, at: int) -> dict[str, object]:
    key = max((key for key in member.keys if counts(key, at)), key=lambda key: key.start, default=None)
    pulse, mine = found.health.get(member.id, telling.Pulse()), member.id == found.me
    return {
        "id": member.id,
        "name_zh": member.name_zh,
        "name_en": member.name_en,
        "level": str(member.level),
        "adm_code": member.adm_code,
        "address": member.address,
        "roles": ", ".join(member.roles),
        "standing": str(member.standing),
        "reason": member.reason,
        "suite": key.suite if key else "",
        "key": key.kid if key else "",
        "key_stop": key.stop if key else None,
        "me": mine,
        "tried": pulse.tried or None,
        "answered": at if mine else pulse.answered or None,
        "code": pulse.code,
        "version": found.trust.trusted.version if mine else pulse.version or None,
        "program": __version__ if mine else pulse.program,
        "clock_ms": 0 if mine else pulse.skew if pulse.answered else None,
    }


def anchors(desk: Desk) -> Rows:
    """The keys that sign the list."""
    found = member_exchange(desk.node)
    here = set(found.trust.anchors.kids())
    schema = pa.schema([("kid", TEXT), ("suite", TEXT), ("here", pa.bool_())])
    rows = [{"kid": key.kid, "suite": key.suite, "here": key.kid in here} for key in found.trust.trusted.anchors]
    return made(schema, rows)


def drafts(desk: Desk) -> Rows:
    """Next versions that wait for signatures, and what each would change."""
    from shangyou.faces.cli.words import Words

    found, words = member_exchange(desk.node), Words(desk.language)
    now = found.trust.trusted
    rows: list[dict[str, object]] = []
    for each in federation.drafts(found.trust):
        told = [words(f"federation.change.{d.what}", **_dated(d.facts)) for d in change.differences(now, each.trusted)]
        rows.append(
            {
                "draft": each.digest,
                "version": each.trusted.version,
                "signed": len(each.voices),
                "lacking": each.lacking,
                "changes": "; ".join(told),
            }
        )
    schema = pa.schema([("draft", TEXT), ("version", WHOLE), ("signed", WHOLE), ("lacking", WHOLE), ("changes", TEXT)])
    return made(schema, rows)


def _dated(facts: Any) -> dict[str, object]:
    from shangyou.faces.api.moments import legal

    return {name: legal(value) if name == "expires" else value for name, value in facts.items()}


def requests(desk: Desk) -> Rows:
    """Who asks to join."""
    found = member_exchange(desk.node)
    coming.tidy(found.trust)
    rows: list[dict[str, object]] = []
    for name in found.trust.requests.names():
        asked = joining.read_request(found.trust.requests.find(name), found.trust.trusted.federation, desk.now())
        member = asked.member
        rows.append(
            {
                "id": member.id,
                "name_zh": member.name_zh,
                "name_en": member.name_en,
                "adm_code": member.adm_code,
                "address": member.address,
                "key": member.keys[0].kid,
            }
        )
    return made(texts("id", "name_zh", "name_en", "adm_code", "address", "key"), rows)


def check(desk: Desk, member: Annotated[str, "id of a member; empty: this node and all others"] = "") -> Rows:
    """What is wrong with the connections, one sentence each."""
    from concurrent.futures import ThreadPoolExecutor

    found = member_exchange(desk.node)
    wanted = [found.trust.member(member)] if member else found.trust.members()
    findings = [] if member and member != found.me else connection.check_self(found.trust, desk.now())
    others = [each for each in wanted if each.id != found.me]

    def ask(each: Member) -> connection.Finding:
        return connection.check_member(found.trust, found.peers, each, __version__, found.now)

    with ThreadPoolExecutor(max_workers=8, thread_name_prefix="check") as pool:
        findings += pool.map(ask, others)
    rows: list[dict[str, object]] = []
    for each in findings:
        said = sentence(each.code, each.facts, desk.language)
        level = "good" if each.code in GOOD else "warn" if each.good else "bad"
        remedy = "" if level == "good" else said.remedy
        rows.append({"member": each.member, "level": level, "code": each.code, "text": said.text, "remedy": remedy})
    return made(texts("member", "level", "code", "text", "remedy"), rows)


GOOD: Final = ("check.good", "check.own_good")


QUESTIONS: Final = (
    Question("federation", state, "federation"),
    Question("federation/members", members, "federation"),
    Question("federation/anchors", anchors, "federation"),
    Question("federation/drafts", drafts, "federation"),
    Question("federation/requests", requests, "federation"),
    Question("federation/check", check, "federation"),
)
