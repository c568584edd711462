"""Questions and deeds about what members decide together."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from fractions import Fraction
from typing import Annotated, Final

import pyarrow as pa

from shangyou.core.clock import from_ms
from shangyou.core.errors import InputError
from shangyou.faces.api.desk import Desk
from shangyou.faces.api.kinds import TEXT, TIME, WHOLE, Texts, made
from shangyou.faces.api.moments import moment
from shangyou.faces.api.tables import Deed, Done, Question
from shangyou.faces.rows import Rows
from shangyou.faces.together import dossier_id, person, rulebook, together
from shangyou.flows import resolve as flow
from shangyou.flows.resolve import Standing
from shangyou.flows.saying import Together

DESK: Final = frozenset({"operator", "manager"})  # who may bind the agency
SPEAKERS: Final = DESK | {"duty", "engineer", "analyst", "security"}
YES: Final = pa.bool_()
LISTED: Final = pa.schema(
    [
        *((name, TEXT) for name in ("id", "form", "title_zh", "title_en", "proposer", "phase")),
        *(("version", WHOLE), ("yes", WHOLE), ("no", WHOLE), ("abstain", WHOLE), ("missing", TEXT)),
        *(("outcome", TEXT), ("signed", WHOLE), ("voters", WHOLE), ("amend_until", TIME), ("deadline", TIME)),
        *(("closes", TIME), ("published", TEXT), ("tasks_open", WHOLE)),
    ]
)
PARTS: Final = ("text_zh", "text_en", "edition", "rule", "versions", "comments", "signatures", "clashes", "void")
BALLOTS: Final = pa.schema(
    [("member", TEXT), ("choice", TEXT), ("version", WHOLE), ("at", TIME), ("reason", TEXT), ("not_counted", TEXT)]
)
TASKS: Final = pa.schema(
    [
        *((name, TEXT) for name in ("resolution", "title", "task", "title_zh", "title_en", "owner", "state")),
        *(("due", TIME), ("late", YES), ("note", TEXT)),
    ]
)
EDITIONS: Final = pa.schema(
    [
        *((name, TEXT) for name in ("id", "family", "title_zh", "title_en", "valid_from", "valid_to", "source")),
        ("trouble", TEXT),
    ]
)
Id = Annotated[str, "id of the resolution's dossier; its beginning is enough"]


def resolution_of(desk: Desk, id: str) -> tuple[Together, str]:
    """The node's means, and the whole id. NotFoundError "federation.none", "dossier.unknown"."""
    found = together(desk.node)
    return found, dossier_id(found, flow.SUBJECT, id)


# ---- questions --------------------------------------------------------------------------------------------------


def resolutions(desk: Desk, open_only: Annotated[bool, "only those that are not decided"] = False) -> Rows:
    """Resolutions, the last changed first: phase, votes, signatures, deadlines."""
    found = flow.resolutions(together(desk.node))
    kept = [each for each in found if not open_only or each.phase in ("open", "reception", "signing")]
    return made(LISTED, [_listed(each) for each in kept])


def resolution(desk: Desk, id: Id) -> Rows:
    """One resolution with its texts, discussion, signatures and what had no effect."""
    standing = flow.look(*resolution_of(desk, id))
    matter, schema = standing.matter, LISTED
    parts: dict[str, object] = {
        "text_zh": matter.current.text_zh,
        "text_en": matter.current.text_en,
        "edition": matter.current.edition,
        "rule": _json(asdict(matter.rule)),
        "versions": _json([asdict(each) for each in matter.versions]),
        "comments": _json([asdict(each) for each in matter.comments]),
        "signatures": _json([asdict(each) for each in matter.signatures]),
        "clashes": _json([asdict(each) for each in matter.clashes]),
        "void": _json([asdict(each) for each in matter.void]),
    }
    for name in PARTS:
        schema = schema.append(pa.field(name, TEXT))
    return made(schema, [_listed(standing) | parts])


def ballots(desk: Desk, id: Id) -> Rows:
    """All ballots of a resolution, and why some do not count."""
    matter = flow.look(*resolution_of(desk, id)).matter
    number = {each.entry: each.number for each in matter.versions}
    return made(
        BALLOTS,
        [
            asdict(each) | {"member": each.by, "version": number.get(each.version), "at": from_ms(each.at)}
            for each in matter.ballots
        ],
    )


def tasks(desk: Desk, id: Annotated[str, "of one resolution; empty: of all"] = "") -> Rows:
    """Tasks that follow from resolutions: who, until when, how far."""
    found = together(desk.node)
    standings = [flow.look(*resolution_of(desk, id))] if id else flow.resolutions(found)
    rows = []
    for standing in standings:
        for claim in standing.matter.tasks.values():
            duty = claim.value
            late = duty.due is not None and duty.due < standing.at and duty.state in ("open", "doing")
            told = {"task": duty.id, "due": _time(duty.due), "late": late, "resolution": standing.id}
            rows.append(asdict(duty) | told | {"title": standing.matter.current.title_zh})
    return made(TASKS, rows)


def editions(desk: Desk) -> Rows:
    """Editions of standards that the members adopted, as this node keeps them."""
    book = rulebook(desk.node)
    rows: list[dict[str, object]] = []
    for one in book.editions():
        names = {name: getattr(one, name) for name in ("id", "family", "title_zh", "title_en", "source")}
        until = one.valid_to.isoformat() if one.valid_to else ""
        rows.append({**names, "valid_from": one.valid_from.isoformat(), "valid_to": until, "trouble": ""})
    rows += [{"id": name, "trouble": "standards.form"} for name in book.spoilt()]
    return made(EDITIONS, rows)


def _listed(standing: Standing) -> dict[str, object]:
    matter = standing.matter
    tally, rule = matter.tally, matter.rule
    settled = matter.settled
    return {
        "id": standing.id,
        "form": matter.form,
        "title_zh": matter.current.title_zh,
        "title_en": matter.current.title_en,
        "proposer": matter.proposer,
        "phase": standing.phase,
        "version": matter.current.number,
        "yes": len(tally.yes),
        "no": len(tally.no),
        "abstain": len(tally.abstain),
        "missing": ", ".join(tally.missing),
        "outcome": settled.outcome if settled else tally.outcome,
        "signed": len(matter.signatures),
        "voters": len(rule.voters),
        "amend_until": from_ms(rule.amend_until),
        "deadline": from_ms(rule.deadline),
        "closes": from_ms(rule.closes),
        "published": matter.published.by if matter.published else "",
        "tasks_open": sum(claim.value.state in ("open", "doing") for claim in matter.tasks.values()),
    }


def _time(ms: int | None) -> object:
    return None if ms is None else from_ms(ms)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


# ---- deeds ------------------------------------------------------------------------------------------------------


def propose(
    desk: Desk,
    title_zh: Annotated[str, "title in Chinese"],
    text_zh: Annotated[str, "text in Chinese"],
    title_en: Annotated[str, "title in English"] = "",
    text_en: Annotated[str, "text in English"] = "",
    form: Annotated[str, "resolution, standard or task"] = "resolution",
    edition: Annotated[str, "of a standard: the new edition as YAML"] = "",
    member: Annotated[Texts, "members that take part; none: all of the federation"] = (),
    voter: Annotated[Texts, "members that vote; none: all that take part"] = (),
    veto: Annotated[Texts, "voters whose no rejects it: those whom it concerns"] = (),
    quorum: Annotated[str, "part of the voters that must vote, as 2/3"] = "",
    majority: Annotated[str, "part of yes and no that must be yes, as 1/2"] = "",
    at_least: Annotated[bool, "just as much as the majority is enough; otherwise it must be more"] = False,
    amend_until: Annotated[str, "until when it may be amended; empty: half the time"] = "",
    deadline: Annotated[str, "until when ballots count; empty: seven days"] = "",
    reception_hours: Annotated[float, "how long a ballot that was written in time may take"] = 24.0,
) -> Done:
    """Propose a resolution, a joint standard or a joint task."""
    found = together(desk.node)
    rule: dict[str, object] = {"strictly": not at_least, "reception": round(reception_hours * 3_600_000)}
    rule |= {name: _share(text, name) for name, text in (("quorum", quorum), ("majority", majority)) if text}
    times = {"amend_until": moment(amend_until), "deadline": moment(deadline)}
    rule |= {name: at for name, at in times.items() if at is not None}
    members = list(member) or everybody(desk)
    if voter or veto:
        rule |= {"voters": sorted(voter), "veto": sorted(veto)}
    texts = {"title_zh": title_zh, "title_en": title_en, "text_zh": text_zh, "text_en": text_en, "edition": edition}
    id = flow.propose(found, members, {**texts, "form": form, "rule": rule}, person(desk.node, desk.by))
    return {"id": id}


def everybody(desk: Desk) -> list[str]:
    """All members that are active now."""
    from shangyou.exchange.member import Standing as Membership
    from shangyou.wiring_exchange import member_exchange

    members = member_exchange(desk.node).members.members()
    return [member.id for member in members if member.standing is Membership.ACTIVE]


def _share(text: str, name: str) -> list[int]:
    try:
        found = Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise InputError("entry.field", field=name) from None
    return [found.numerator, found.denominator]


def amend(
    desk: Desk,
    id: Id,
    why: Annotated[str, "the reason"],
    text_zh: Annotated[str, "new text in Chinese; empty: as it is"] = "",
    text_en: Annotated[str, "new text in English; empty: as it is"] = "",
    title_zh: Annotated[str, "new title in Chinese; empty: as it is"] = "",
    title_en: Annotated[str, "new title in English; empty: as it is"] = "",
    edition: Annotated[str, "new edition as YAML; empty: as it is"] = "",
) -> Done:
    """Give another version of the text; what was voted so far was for the old one."""
    found, whole = resolution_of(desk, id)
    texts = {"title_zh": title_zh, "title_en": title_en, "text_zh": text_zh, "text_en": text_en, "edition": edition}
    entry = flow.amend(found, whole, {**texts, "why": why}, person(desk.node, desk.by))
    return {"id": whole, "entry": entry.id}


def comment(desk: Desk, id: Id, text: Annotated[str, "a contribution to the discussion"]) -> Done:
    """Say something about a resolution."""
    return _tell(desk, id, "comment", {"text": text})


def vote(
    desk: Desk, id: Id, choice: Annotated[str, "yes, no or abstain"], reason: Annotated[str, "the reason"] = ""
) -> Done:
    """Vote on the version that stands; a later vote replaces an earlier one until the deadline."""
    found, whole = resolution_of(desk, id)
    entry = flow.vote(found, whole, choice, reason, person(desk.node, desk.by))
    return {"id": whole, "entry": entry.id}


def sign(desk: Desk, id: Id) -> Done:
    """Sign the result that this member's own entries give; the first signature binds."""
    found, whole = resolution_of(desk, id)
    entry = flow.sign(found, whole, person(desk.node, desk.by))
    return {"id": whole, "entry": entry.id, "outcome": str(entry.body["outcome"])}


def withdraw(desk: Desk, id: Id, why: Annotated[str, "the reason"]) -> Done:
    """Give up a proposal of this member."""
    return _tell(desk, id, "withdraw", {"why": why})


def publish(desk: Desk, id: Id) -> Done:
    """Publish what was adopted; a joint standard comes into every member's rulebook by this."""
    return _tell(desk, id, "publish", {})


def task(
    desk: Desk,
    id: Id,
    task: Annotated[str, "a short name"],
    title_zh: Annotated[str, "what is to be done, in Chinese; empty: as it is"] = "",
    owner: Annotated[str, "member that does it; empty: as it is"] = "",
    due: Annotated[str, "until when; empty: as it is"] = "",
    state: Annotated[str, "open, doing, done or cannot; empty: as it is"] = "",
    title_en: Annotated[str, "in English; empty: as it is"] = "",
    note: Annotated[str, "what stands in the way, what was done"] = "",
) -> Done:
    """Give a task that follows from a resolution, or say how far it is."""
    found, whole = resolution_of(desk, id)
    held = flow.look(found, whole).matter.tasks.get(task)
    old: dict[str, object] = asdict(held.value) if held else {"state": "open", "title_en": ""}
    given = {"title_zh": title_zh, "title_en": title_en, "owner": owner, "state": state, "note": note}
    body = old | {key: value for key, value in given.items() if value} | {"task": task}
    body |= {} if moment(due) is None else {"due": moment(due)}
    body.pop("id", None)
    entry = flow.tell(found, whole, "task", body, person(desk.node, desk.by))
    return {"id": whole, "entry": entry.id}


def _tell(desk: Desk, id: str, verb: str, body: dict[str, object]) -> Done:
    found, whole = resolution_of(desk, id)
    entry = flow.tell(found, whole, verb, body, person(desk.node, desk.by))
    return {"id": whole, "entry": entry.id}


QUESTIONS: Final[Sequence[Question]] = (
    Question("resolutions", resolutions, "resolutions"),
    Question("resolution", resolution, "resolutions"),
    Question("resolution/ballots", ballots, "resolutions"),
    Question("resolution/tasks", tasks, "resolutions"),
    Question("editions", editions, "resolutions"),
)
DEEDS: Final[Sequence[Deed]] = (
    Deed("resolutions/propose", propose, "resolutions", DESK),
    Deed("resolutions/amend", amend, "resolutions", DESK),
    Deed("resolutions/comment", comment, "resolutions", SPEAKERS),
    Deed("resolutions/vote", vote, "resolutions", DESK),
    Deed("resolutions/sign", sign, "resolutions", DESK),
    Deed("resolutions/withdraw", withdraw, "resolutions", DESK),
    Deed("resolutions/publish", publish, "resolutions", DESK),
    Deed("resolutions/task", task, "resolutions", SPEAKERS),
)
