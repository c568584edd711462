"""Deeds about incidents that members work on together."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

from shangyou.core.errors import InputError
from shangyou.faces.api.desk import Desk
from shangyou.faces.api.incidents import Id, room_of
from shangyou.faces.api.kinds import Texts
from shangyou.faces.api.moments import moment
from shangyou.faces.api.tables import Deed, Done
from shangyou.faces.archive import names
from shangyou.faces.substances import key_of
from shangyou.faces.together import dossier_id, person, together
from shangyou.flows import incident as flow
from shangyou.flows.saying import Together
from shangyou.governance.incident.room import Opening
from shangyou.wiring import rivers
from shangyou.wiring_exchange import member_exchange

DESK: Final = frozenset({"operator", "manager", "duty"})  # who may speak for the agency
WORKERS: Final = DESK | {"engineer", "analyst"}  # who may enter samples and notes
KG: Final = 1_000.0  # g
RESULT: Final = re.compile(r"^([a-z0-9_]+)=(<?)([0-9.eE+-]+)([^/0-9][^,]*?)(?:,limit=([0-9.eE+-]+))?$")


def open_incident(
    desk: Desk,
    title_zh: Annotated[str, "what happened, in Chinese; empty: as the warning says"] = "",
    title_en: Annotated[str, "in English"] = "",
    warning: Annotated[str, "id of a warning to take over from"] = "",
    member: Annotated[Texts, "members that take part"] = (),
    in_charge: Annotated[Texts, "members in whose area it happened; none: this one"] = (),
    affected: Annotated[Texts, "members that it may reach; none: all others that take part"] = (),
    noticed: Annotated[str, "when it was found or learned of; empty: now"] = "",
    occurred: Annotated[str, "when it happened"] = "",
    place: Annotated[str, "id of a place on the river network, for the map and its plume; empty: none"] = "",
    place_zh: Annotated[str, "where, in Chinese; empty: as the network names it"] = "",
    place_en: Annotated[str, "where, in English"] = "",
    river: Annotated[str, "which river; empty: as the network has it"] = "",
    substance: Annotated[str, "what, a parameter of the vocabulary or a name"] = "",
    amount: Annotated[str, "how much entered the water [kg]; empty: not known"] = "",
    limit: Annotated[str, "mg/L above which a use is in danger; empty: none"] = "",
) -> Done:
    """Open an incident room with other members, from a warning or by hand."""
    found = together(desk.node)
    body: dict[str, object] = {}
    if warning:
        body = flow.from_warning(found, dossier_id(found, "warning", warning))
    said = {"title_zh": title_zh, "title_en": title_en, "place_zh": place_zh, "place_en": place_en}
    body |= _place(desk, place, body)
    body |= {key: value for key, value in (said | {"river": river, "substance": key_of(substance)}).items() if value}
    body |= _sizes(amount, limit)
    when = {"noticed": moment(noticed), "occurred": moment(occurred)}
    body |= {key: value for key, value in when.items() if value is not None}
    if in_charge:
        body["in_charge"] = list(in_charge)
    body.setdefault("in_charge", [found.me])
    taken = body.get("affected")
    members = set(member) | set(affected) | (set(map(str, taken)) if isinstance(taken, list) else set())
    charged = body["in_charge"]
    assert isinstance(charged, list)
    if affected or "affected" not in body:
        body["affected"] = list(affected) or sorted((members | {found.me}) - set(charged))
    body["noticed"] = min(int(str(body.get("noticed", desk.now()))), desk.now())
    body["simulated"] = desk.simulated
    id = flow.open_room(found, sorted(members | set(charged)), body, person(desk.node, desk.by))
    _derive(desk, found, id)
    return {"id": id}


def learn_place(
    desk: Desk,
    id: Id,
    place: Annotated[str, "id of a place on the river network"] = "",
    place_zh: Annotated[str, "where, in Chinese; empty: as the network names it"] = "",
    place_en: Annotated[str, "where, in English"] = "",
    river: Annotated[str, "which river; empty: as the network has it"] = "",
    substance: Annotated[str, "what, a parameter of the vocabulary or a name"] = "",
    amount: Annotated[str, "how much entered the water [kg]"] = "",
    limit: Annotated[str, "mg/L above which a use is in danger"] = "",
    occurred: Annotated[str, "when it happened"] = "",
) -> Done:
    """Say where it entered the water, what, how much and when, as far as it is known by now; the plume follows."""
    texts = {"place_zh": place_zh, "place_en": place_en, "river": river, "substance": key_of(substance)}
    body = _place(desk, place, {}) | {key: value for key, value in texts.items() if value}
    body |= _sizes(amount, limit)
    if (at := moment(occurred)) is not None:
        body["occurred"] = at
    done = _tell(desk, id, "place", body)
    found, whole = room_of(desk, id)
    _derive(desk, found, whole)
    return done


def _derive(desk: Desk, found: Together, id: str) -> None:
    """Have the room say what this node's network and the members make of it."""
    codes = {each.id: each.adm_code for each in desk.node.registry.agencies()}
    codes |= {each.id: each.adm_code for each in member_exchange(desk.node).members.members()}
    network, place = rivers(desk.node).network(), flow.look(found, id).room.opening.place
    banks = network.reaches[int(network.reach_of[network.index(place)])].owner.split() if network.has(place) else []
    flow.derive(found, id, codes, banks)


def _place(desk: Desk, place: str, taken: Mapping[str, object]) -> dict[str, object]:
    """A place of the network with its names and its river; {} for none. NotFoundError "network.place".

    taken: of a warning; its words for the same place are kept.
    """
    if not place or taken.get("place") == place:
        return {}
    network, registry = rivers(desk.node).network(), desk.node.registry
    own = network.places[network.index(place)]
    river = network.reaches[int(network.reach_of[network.index(place)])].river
    known = names("zh", registry.rivers(), registry.agencies())
    return {
        "place": place,
        "place_zh": own.name_zh,
        "place_en": own.name_en or own.name_zh,
        "river": known.river(river),
    }


def _sizes(amount: str, limit: str) -> dict[str, object]:
    """Amount [g] and limit [g/m3], as far as they are given. InputError "entry.field"."""
    sizes = {"amount": (amount, KG), "limit": (limit, 1.0)}
    return {name: unit * _number(name, text) for name, (text, unit) in sizes.items() if text.strip()}


def _number(name: str, text: str) -> float:
    """A number of a form or an option. InputError "entry.field"."""
    try:
        return float(text)
    except ValueError:
        raise InputError("entry.field", field=name) from None


def _tell(desk: Desk, id: str, verb: str, body: Mapping[str, object]) -> Done:
    found, whole = room_of(desk, id)
    entry = flow.tell(found, whole, verb, body, person(desk.node, desk.by))
    return {"id": whole, "entry": entry.id}


def tell_facts(
    desk: Desk,
    id: Id,
    fact: Annotated[Texts, "key=value: deaths, injured, evacuated, loss, ecology, species, intake, crossing"] = (),
) -> Done:
    """Say what is known: people, loss, drinking water, borders. A fact is said again when it changes."""
    return _tell(desk, id, "facts", {"facts": dict(_fact(each) for each in fact)})


def _fact(text: str) -> tuple[str, object]:
    key, equals, value = text.partition("=")
    if not equals:
        raise InputError("incident.pair", text=text[:80])
    try:
        return key.strip(), float(value) if "." in value else int(value)
    except ValueError:
        return key.strip(), value.strip()


def grade(
    desk: Desk,
    id: Id,
    grade: Annotated[str, "I, II, III or IV; empty: as proposed"] = "",
    why: Annotated[str, "the reason, where it is another than proposed"] = "",
    role: Annotated[str, "in which function"] = "",
) -> Done:
    """Confirm the grade that the facts make, or choose another for a reason."""
    found, whole = room_of(desk, id)
    entry = flow.confirm(found, whole, grade, why, role, person(desk.node, desk.by))
    return {"id": whole, "entry": entry.id, "grade": str(entry.body["grade"])}


def report(
    desk: Desk,
    id: Id,
    type: Annotated[str, "initial, followup or final"] = "initial",
    duty: Annotated[
        Texts, "which duties it fulfils: own_government, next_level, province, ministry, neighbour ..."
    ] = (),
    to: Annotated[Texts, "members, for the duty towards neighbours"] = (),
    sent: Annotated[str, "when it went out; empty: now"] = "",
    document: Annotated[str, "SHA-256 of what was sent"] = "",
    note: Annotated[str, "how: by telephone, in writing"] = "",
) -> Done:
    """Enter a statutory report that went out; its clocks end."""
    at = moment(sent)
    body = {"type": type, "duties": list(duty), "to": list(to), "sent": desk.now() if at is None else at}
    return _tell(desk, id, "report", body | {"document": document, "note": note})


def task(
    desk: Desk,
    id: Id,
    task: Annotated[str, "one of the eight, or a name of your own"],
    owner: Annotated[str, "member that does it"] = "",
    due: Annotated[str, "until when"] = "",
    state: Annotated[str, "open, doing, done or cannot"] = "",
    note: Annotated[str, "what stands in the way, what was done"] = "",
    title_zh: Annotated[str, "of a task beside the eight, in Chinese"] = "",
    title_en: Annotated[str, "in English"] = "",
) -> Done:
    """Give a joint task, take it up, or say that it is done."""
    found, whole = room_of(desk, id)
    texts = {"owner": owner, "state": state, "note": note, "title_zh": title_zh, "title_en": title_en}
    change: dict[str, object] = {key: value or None for key, value in texts.items()}
    entry = flow.claim_task(found, whole, task, change | {"due": moment(due)}, person(desk.node, desk.by))
    return {"id": whole, "entry": entry.id}


def point(
    desk: Desk,
    id: Id,
    point: Annotated[str, "a short name of the point"],
    name_zh: Annotated[str, "where, in Chinese"],
    parameter: Annotated[Texts, "what is measured there"],
    member: Annotated[str, "who takes the samples"],
    every: Annotated[int, "minutes between two samples"] = 60,
    name_en: Annotated[str, "where, in English"] = "",
    section: Annotated[str, "id of a section of the registry"] = "",
    distance: Annotated[float | None, "metres downstream of the incident"] = None,
    removed: Annotated[bool, "it is given up"] = False,
) -> Done:
    """Set a point of the joint monitoring plan, or change it."""
    body: dict[str, object] = {"point": point, "name_zh": name_zh, "name_en": name_en, "section": section}
    body |= {"parameters": list(parameter), "every": every, "member": member, "removed": removed}
    return _tell(desk, id, "point", body if distance is None else body | {"distance": distance})


def sample(
    desk: Desk,
    id: Id,
    point: Annotated[str, "point of the plan"],
    result: Annotated[Texts, "parameter=value unit, as benzene=0.02mg/L,limit=0.01 or benzene=<0.001mg/L"],
    taken: Annotated[str, "when; empty: now"] = "",
    laboratory: Annotated[str, "who measured it"] = "",
) -> Done:
    """Enter the results of a sample."""
    at = moment(taken)
    body = {"point": point, "taken": desk.now() if at is None else at, "results": [_result(each) for each in result]}
    return _tell(desk, id, "sample", body | {"laboratory": laboratory})


def _result(text: str) -> dict[str, object]:
    found = RESULT.match(text.strip())
    try:
        assert found is not None
        parameter, below, value, unit, limit = found.groups()
        told: dict[str, object] = {"parameter": parameter, "value": float(value), "unit": unit.strip()}
        return told | {"below": bool(below)} | ({"limit": float(limit)} if limit else {})
    except (AssertionError, ValueError):
        raise InputError("incident.result", text=text[:80]) from None


def measure(
    desk: Desk,
    id: Id,
    measure: Annotated[str, "a short name"],
    kind: Annotated[str, "hold, divert or dilute"],
    name_zh: Annotated[str, "where and how, in Chinese"],
    member: Annotated[str, "who does it"],
    name_en: Annotated[str, "in English"] = "",
    point: Annotated[str, "control point of the network"] = "",
    share: Annotated[float | None, "part of the pollutant that is held or led away, 0 to 1"] = None,
    flow_m3s: Annotated[float | None, "m3/s that a reservoir releases in addition"] = None,
    start: Annotated[str, "from"] = "",
    until: Annotated[str, "until"] = "",
    stage: Annotated[str, "proposed, ordered, running, ended or refused"] = "proposed",
    note: Annotated[str, "what else"] = "",
    spill_at: Annotated[
        str, "place of the network where it entered; empty: the room's. With `point` the effect is computed"
    ] = "",
    mass_kg: Annotated[float | None, "how much entered; none: what the room knows"] = None,
    hours: Annotated[float, "over how many hours it entered"] = 0.0,
    limit: Annotated[float | None, "mg/L above which a use is in danger"] = None,
) -> Done:
    """Propose, order or report a measure at a control point. Water from a reservoir is announced to all by this."""
    body: dict[str, object] = {"measure": measure, "kind": kind, "name_zh": name_zh, "name_en": name_en}
    body |= {"member": member, "point": point, "stage": stage, "note": note}
    given = {"share": share, "flow": flow_m3s, "start": moment(start), "until": moment(until)}
    body |= {key: value for key, value in given.items() if value is not None}
    found, whole = room_of(desk, id)
    known = flow.look(found, whole).room.opening
    spill_at, mass = spill_at or known.place, known.amount if mass_kg is None else KG * mass_kg
    if spill_at and point and mass is not None:
        limit = known.limit if limit is None else limit
        body["effect"] = _effect(desk, known, body, spill_at, (mass, 3600 * hours, limit))
    return _tell(desk, id, "measure", body)


def _effect(
    desk: Desk, opening: Opening, body: Mapping[str, Any], spill_at: str, entered: tuple[float, float, float | None]
) -> dict[str, object]:
    """What the measure changes, computed with this node's network in the process beside."""
    from shangyou.basin.measures import Act
    from shangyou.faces.beside import computing
    from shangyou.flows.measure import Spill, effect, known_flow

    began = opening.occurred if opening.occurred is not None else opening.noticed

    def since(name: str, otherwise: float) -> float:
        return (body[name] - began) / 1000 if name in body else otherwise

    act = Act(
        body["kind"],
        body["point"],
        body.get("share", 0.0),
        body.get("flow", 0.0),
        since("start", -math.inf),
        since("until", math.inf),
    )
    network = rivers(desk.node).network()
    known = known_flow(desk.node.store, network, began, desk.now())
    return effect(network, Spill(spill_at, began, *entered), act, computing(desk.node), known)


def decide(desk: Desk, id: Id, text: Annotated[str, "what was decided"], why: Annotated[str, "the reason"]) -> Done:
    """Enter a decision with its reason."""
    return _tell(desk, id, "decision", {"text": text, "why": why})


def note(desk: Desk, id: Id, text: Annotated[str, "what the others should know"]) -> Done:
    """Enter a note."""
    return _tell(desk, id, "note", {"text": text})


def close(
    desk: Desk,
    id: Id,
    summary_zh: Annotated[str, "how it ended, in Chinese"],
    summary_en: Annotated[str, "in English"] = "",
    cause: Annotated[str, "why it happened"] = "",
    lessons: Annotated[str, "what is to be changed"] = "",
) -> Done:
    """Close the incident for this member; it is closed when all in charge and affected have."""
    found, whole = room_of(desk, id)
    body = {"summary_zh": summary_zh, "summary_en": summary_en, "cause": cause, "lessons": lessons}
    entry = flow.end(found, whole, body, person(desk.node, desk.by))
    return {"id": whole, "entry": entry.id}


def reopen(desk: Desk, id: Id, why: Annotated[str, "the reason"]) -> Done:
    """Open a closed incident again."""
    return _tell(desk, id, "reopen", {"why": why})


DEEDS: Final[Sequence[Deed]] = (
    Deed("incidents/open", open_incident, "incidents", DESK),
    Deed("incidents/facts", tell_facts, "incidents", DESK),
    Deed("incidents/place", learn_place, "incidents", DESK),
    Deed("incidents/grade", grade, "incidents", DESK),
    Deed("incidents/report", report, "incidents", DESK),
    Deed("incidents/task", task, "incidents", DESK),
    Deed("incidents/point", point, "incidents", DESK),
    Deed("incidents/sample", sample, "incidents", WORKERS),
    Deed("incidents/measure", measure, "incidents", DESK),
    Deed("incidents/decide", decide, "incidents", DESK),
    Deed("incidents/note", note, "incidents", WORKERS),
    Deed("incidents/close", close, "incidents", DESK),
    Deed("incidents/reopen", reopen, "incidents", DESK),
)
