"""Deeds about warnings: what an agency says to the others along the river."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Final

from shangyou.core.errors import ConflictError, InputError, NotFoundError
from shangyou.faces.api.desk import Desk
from shangyou.faces.api.kinds import Texts
from shangyou.faces.api.moments import moment
from shangyou.faces.api.tables import Deed, Done
from shangyou.faces.api.warnings import Id, found
from shangyou.faces.substances import key_of
from shangyou.faces.together import person
from shangyou.faces.told import told_by_id
from shangyou.faces.warning import Watch, watch
from shangyou.flows import warn
from shangyou.governance.warning.event import Told
from shangyou.governance.warning.read import amended, changes
from shangyou.wiring import rivers

DESK: Final = frozenset({"operator", "manager", "duty"})  # who may speak for the agency
KG: Final = 1_000.0  # g
Kilograms = Annotated[str, "kg; empty: not known"]


def send(
    desk: Desk,
    title_zh: Annotated[str, "what happened, in Chinese"],
    title_en: Annotated[str, "in English"] = "",
    place: Annotated[str, "id of a place on the river network, for arrivals; empty: none"] = "",
    place_zh: Annotated[str, "where, in Chinese; empty: as the network names it"] = "",
    place_en: Annotated[str, "where, in English"] = "",
    river: Annotated[str, "which river"] = "",
    bank: Annotated[str, "left, right or both; empty: not known"] = "",
    substance: Annotated[str, "a parameter of the vocabulary, or a name"] = "",
    amount: Kilograms = "",
    amount_least: Kilograms = "",
    amount_most: Kilograms = "",
    noticed: Annotated[str, "when it was found or learned of; empty: now"] = "",
    began: Annotated[str, "when it began"] = "",
    minutes: Annotated[str, "how long it ran [min]"] = "",
    limit: Annotated[str, "concentration above which a use is in danger [mg/L]"] = "",
    text: Annotated[str, "what is known, in words"] = "",
    evidence: Annotated[Texts, "series, samples, reports that it rests on"] = (),
    alarm: Annotated[str, "id of the alarm that it grew out of"] = "",
    to: Annotated[Texts, "members to warn; none: all whose waters it reaches"] = (),
    type: Annotated[str, "first, request or information"] = "first",
    exercise: Annotated[bool, "it is an exercise"] = False,
) -> Done:
    """Send a first warning, an information request or an information to the members along the river."""
    here = watch(desk.node)
    body = {
        "title_zh": title_zh,
        "title_en": title_en,
        "place": place,
        "river": river,
        "bank": bank,
        "substance": key_of(substance),
        "text": text,
        "evidence": list(evidence),
        "alarm": alarm,
        "type": type,
        "amount": _grams("amount", amount),
        "amount_least": _grams("amount_least", amount_least),
        "amount_most": _grams("amount_most", amount_most),
        "limit": _number("limit", limit),
        "noticed": moment(noticed) or desk.now(),
        "began": moment(began),
        "duration": _number("minutes", minutes, 60.0),
        "exercise": exercise,
        "simulated": desk.simulated,
        **_place(desk, place, place_zh, place_en),
        **_contact(here),
    }
    body = {name: value for name, value in body.items() if value not in (None, "", [])}
    before = [each for each in told_by_id(desk.node, alarm) if each.by != here.joined.me] if alarm else []
    whom = list(to) or _untold(here, place, before)
    if before:
        body |= {"refers": before[0].warning}
    if type == "first":
        body |= _arrivals(here, body)
    id = warn.send(here.together, whom, body, person(desk.node, desk.by))
    return {"id": id, "to": sorted(whom)}


def update(
    desk: Desk,
    id: Id,
    text: Annotated[str, "what is new, in words"] = "",
    substance: Annotated[str, "a parameter of the vocabulary, or a name"] = "",
    amount: Kilograms = "",
    amount_least: Kilograms = "",
    amount_most: Kilograms = "",
    place: Annotated[str, "id of a place on the river network"] = "",
    began: Annotated[str, "when it began"] = "",
    minutes: Annotated[str, "how long it ran [min]"] = "",
    limit: Annotated[str, "concentration above which a use is in danger [mg/L]"] = "",
    evidence: Annotated[Texts, "all that it rests on now"] = (),
) -> Done:
    """Say what is known now; arrivals are computed anew."""
    here, seen = watch(desk.node), found(desk, id)
    changed: dict[str, object] = {
        "substance": key_of(substance),
        "amount": _grams("amount", amount),
        "began": moment(began),
        "amount_least": _grams("amount_least", amount_least),
        "amount_most": _grams("amount_most", amount_most),
        "place": place,
        "duration": _number("minutes", minutes, 60.0),
        "limit": _number("limit", limit),
        "evidence": list(evidence),
    }
    changed = {name: value for name, value in changed.items() if value not in (None, "", [])}
    if place:
        changed |= _place(desk, place, "", "")
    if not changed and not text:
        raise InputError("entry.field", field="changes")
    new = amended(seen.situation.content, changes({"changes": changed}))
    table = here.compute(new, desk.now()) if changed else {}
    body = {"changes": changed, "text": text, **_contact(here), **({"arrivals": dict(table)} if table else {})}
    return _said(desk, warn.tell(here.together, seen.id, "update", body, person(desk.node, desk.by)).id, seen.id)


def request(
    desk: Desk,
    id: Id,
    text: Annotated[str, "what is to be known"],
    to: Annotated[Texts, "members that are asked; none: all"] = (),
) -> Done:
    """Ask the others something."""
    return _tell(desk, id, "request", {"text": text, "to": list(to)})


def information(
    desk: Desk,
    id: Id,
    text: Annotated[str, "what is known"],
    answers: Annotated[str, "the request that it answers; its beginning is enough"] = "",
) -> Done:
    """Tell the others something, or answer a request."""
    asked = [each.entry for each in found(desk, id).situation.messages if each.kind == "request"]
    whole = [each for each in asked if answers and each.startswith(answers)]
    if answers and len(whole) != 1:
        raise NotFoundError("warning.request", id=answers[:80])
    return _tell(desk, id, "information", {"text": text, "answers": whole[0] if whole else ""})


def clear(desk: Desk, id: Id, text: Annotated[str, "why it is over"]) -> Done:
    """Give the all-clear: for all where this node is in charge, else for its own waters."""
    return _tell(desk, id, "clear", {"text": text})


def comment(desk: Desk, id: Id, text: Annotated[str, "whatever else"]) -> Done:
    """Say whatever else."""
    return _tell(desk, id, "comment", {"text": text})


def acknowledge(
    desk: Desk,
    id: Id,
    role: Annotated[str, "duty or supervisor"] = "duty",
    text: Annotated[str, "a word for the others"] = "",
) -> Done:
    """Say that somebody here has read all that there is."""
    here, seen = watch(desk.node), found(desk, id)
    contact = here.contact or None
    entry = warn.acknowledge(here.together, seen.id, role, person(desk.node, desk.by), text, contact)
    return {"id": seen.id, "entry": entry.id if entry is not None else "", "new": entry is not None}


def invite(desk: Desk, id: Id, to: Annotated[Texts, "members"]) -> Done:
    """Let more members in; they get all that was said."""
    here, seen = watch(desk.node), found(desk, id)
    entry = warn.invite(here.together, seen.id, to, person(desk.node, desk.by))
    return _said(desk, entry.id, seen.id)


def _tell(desk: Desk, id: str, verb: str, body: Mapping[str, object]) -> Done:
    here, seen = watch(desk.node), found(desk, id)
    entry = warn.tell(here.together, seen.id, verb, {**body, **_contact(here)}, person(desk.node, desk.by))
    return _said(desk, entry.id, seen.id)


def _said(desk: Desk, entry: str, id: str) -> Done:
    return {"id": id, "entry": entry}


def _contact(here: Watch) -> dict[str, object]:
    return {"contact": here.contact} if here.contact else {}


def _untold(here: Watch, place: str, before: Sequence[Told]) -> list[str]:
    """Whom the water reaches, but for those who know of the event. ConflictError "warning.told" if all of them do."""
    reached = here.downstream(place) if place else {}
    known = {member for each in before for member in each.whom}
    if before and known >= set(reached):
        names = ", ".join(sorted(reached or known))
        raise ConflictError("warning.told", by=before[0].by, id=before[0].warning, members=names)
    return [member for member in reached if member not in known]


def _arrivals(here: Watch, body: Mapping[str, object]) -> dict[str, object]:
    """The table that goes along with a first warning, where it can be computed."""
    from shangyou.governance.warning.read import content

    table = here.compute(content(body), here.joined.now())
    return {"arrivals": dict(table)} if table.get("rows") else {}


def _place(desk: Desk, place: str, zh: str, en: str) -> dict[str, object]:
    """Names of a place, its own where none are given. NotFoundError "network.place"."""
    if not place:
        return {"place_zh": zh, "place_en": en}
    network = rivers(desk.node).network()
    known = network.places[network.index(place)]
    return {"place_zh": zh or known.name_zh, "place_en": en or (known.name_en if not zh else "")}


def _number(name: str, text: str, factor: float = 1.0) -> float | None:
    """A number that may be missing. InputError "entry.field"."""
    if not text.strip():
        return None
    try:
        return float(text) * factor
    except ValueError:
        raise InputError("entry.field", field=name) from None


def _grams(name: str, text: str) -> float | None:
    return _number(name, text, KG)


DEEDS: Final[Sequence[Deed]] = (
    Deed("warnings/send", send, "warnings", DESK),
    Deed("warnings/update", update, "warnings", DESK),
    Deed("warnings/request", request, "warnings", DESK),
    Deed("warnings/information", information, "warnings", DESK),
    Deed("warnings/clear", clear, "warnings", DESK),
    Deed("warnings/comment", comment, "warnings", DESK),
    Deed("warnings/acknowledge", acknowledge, "warnings", DESK),
    Deed("warnings/invite", invite, "warnings", DESK),
)
