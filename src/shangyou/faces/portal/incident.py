"""One incident's room: clocks, grade, the river, tasks, samples, measures, documents; and what is said in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from starlette.responses import Response

from shangyou.basin.network.values import Kind
from shangyou.core.errors import InputError, ShangyouError
from shangyou.faces.api.acts import perform
from shangyou.faces.api.incidents import MEDIA, written
from shangyou.faces.portal.hall import hall, receipts
from shangyou.faces.portal.incident_view import (
    charts,
    conflicts,
    course,
    faces,
    facts,
    grade_name,
    reasons,
    timeline,
    title,
)
from shangyou.faces.portal.parties import desk_of
from shangyou.faces.portal.places import id_of, offered
from shangyou.faces.portal.plume_seen import drawable
from shangyou.faces.portal.released import of_incident
from shangyou.faces.portal.visit import Visit
from shangyou.faces.sentences import sentence
from shangyou.faces.wording import mass
from shangyou.flows import incident as flow
from shangyou.governance.incident.grading import GRADES
from shangyou.governance.incident.room import MEASURES, REPORTS, STAGES, STATES
from shangyou.wiring import rivers

Form = Mapping[str, str]
NAMED: Final = frozenset({Kind.DAM, Kind.GATE, Kind.CONTROL, Kind.INTAKE, Kind.OUTLET, Kind.RISK})


def page(visit: Visit, error: ShangyouError | None = None) -> Response:
    """The room; after a fault in one of its forms what is wrong."""
    at = hall(visit)
    seen = flow.look(at.together, visit.form.get("id") or visit.request.path_params["id"])
    room = seen.room
    twins = [each for each in flow.rooms_of(at.together, room.opening.warning) if each.id != seen.id]
    return visit.page(
        "incident.html",
        status=error.status if error else 200,
        title=title(at, seen),
        seen=seen,
        room=room,
        words=at.words,
        name=at.name,
        names=at.names,
        faces=faces(at, seen),
        owed=[face for face in faces(at, seen) if face.runs and face.clock.state != "waiting"],
        mapped=drawable(visit, of_incident(at, seen)),
        grade=grade_name(at, seen, seen.grade),
        proposed=grade_name(at, seen, seen.proposal.grade),
        reasons=reasons(at, seen),
        facts=facts(at, seen),
        course=course(at, seen),
        charts=charts(at, seen),
        timeline=timeline(at, seen),
        conflicts=conflicts(at, seen),
        twins=[(each.id, title(at, each), at.name(each.room.opening.by), _before(each, seen)) for each in twins],
        receipts=receipts(at, seen.receptions, room.members),
        void=[(v, at.name(v.by), sentence(v.code, v.facts, visit.t.language)) for v in room.void],
        charge=at.found.me in room.opening.in_charge,
        party=at.found.me in (*room.opening.in_charge, *room.opening.affected),
        members=[(id, at.name(id)) for id in room.members],
        may=visit.may("incident.speak"),
        may_note=visit.may("incident.note"),
        river=_river(visit) if visit.may("incident.speak") else [],
        places=offered(visit) if visit.may("incident.speak") else {},
        choices={"grade": GRADES, "type": REPORTS, "state": STATES, "kind": MEASURES, "stage": STAGES},
        given=visit.form,
        wrong=sentence(error.code, error.facts, visit.t.language) if error else None,
        done=visit.query("done"),
        mass=mass,
    )


def _river(visit: Visit) -> list[tuple[str, str]]:
    """Places of the network that a form may name: where something can enter, and where it can be stopped."""
    places = rivers(desk_of(visit).node).network().places
    zh = visit.t.language == "zh"
    return [(p.id, p.name_zh if zh else p.name_en or p.name_zh) for p in places if p.kind in NAMED]


def document(visit: Visit) -> Response:
    """A report as a file."""
    at = hall(visit)
    seen, form = flow.look(at.together, visit.request.path_params["id"]), visit.request.path_params["form"]
    kind = visit.query("type", "initial")
    body = written(desk_of(visit), seen, kind, form, visit.t.language)
    name = f"incident-{seen.id.removeprefix('urn:uuid:')[:8]}-{kind}.{form}"
    return Response(body, media_type=MEDIA[form], headers={"content-disposition": f'attachment; filename="{name}"'})


# ---- deeds ------------------------------------------------------------------------------------------------------


def _before(one: flow.Seen, other: flow.Seen) -> bool:
    """Was it opened first?"""
    return (one.room.opening.at, one.id) < (other.room.opening.at, other.id)


def act(visit: Visit) -> Response:
    """Whatever one of the page's forms says."""
    form = visit.form
    chosen = ACTS.get(form.get("act", ""))
    if chosen is None:
        raise InputError("entry.field", field="act")
    may, deed, read = chosen
    by = visit.need(may)
    try:
        given = read(form)
        if "place" in given:
            given["place"] = id_of(visit, given["place"])
        perform(desk_of(visit, by), deed, id=form.get("id", ""), **given)
    except ShangyouError as error:
        return page(visit, error)
    return visit.go(f"/incidents/{form['id']}?done={form['act']}")


def _texts(*names: str) -> Callable[[Form], dict[str, Any]]:
    return lambda form: {name: form.get(name, "").strip() for name in names}


def _ticked(form: Form, stem: str) -> tuple[str, ...]:
    return tuple(key.partition(":")[2] for key in form if key.startswith(f"{stem}:"))


def _number(form: Form, name: str) -> float | None:
    text = form.get(name, "").strip()
    try:
        return float(text) if text else None
    except ValueError:
        raise InputError("entry.field", field=name) from None


def _facts(form: Form) -> dict[str, Any]:
    """Only what the form changed: the rest was said before, perhaps by another member."""
    pairs = [(key.partition(":")[2], value.strip()) for key, value in form.items() if key.startswith("fact:")]
    return {"fact": tuple(f"{key}={value}" for key, value in pairs if value and value != form.get(f"was:{key}", ""))}


def _report(form: Form) -> dict[str, Any]:
    ticked = [each.partition("@") for each in _ticked(form, "duty")]
    to = tuple(dict.fromkeys(member for _, _, member in ticked if member))
    return _texts("type", "sent", "note")(form) | {"duty": tuple(dict.fromkeys(d for d, _, _ in ticked)), "to": to}


def _point(form: Form) -> dict[str, Any]:
    every = _number(form, "every")
    km = _number(form, "km")
    parameters = tuple(each.strip() for each in form.get("parameter", "").replace("，", ",").split(",") if each.strip())
    named = _texts("point", "name_zh", "name_en", "member")(form)
    return named | {
        "parameter": parameters,
        "every": 60 if every is None else int(every),
        "distance": None if km is None else 1000 * km,
        "removed": form.get("removed") == "1",
    }


def _sample(form: Form) -> dict[str, Any]:
    below, limit = "<" if form.get("below") == "1" else "", form.get("limit", "").strip()
    text = f"{form.get('parameter', '').strip()}={below}{form.get('value', '').strip()}{form.get('unit', '').strip()}"
    return _texts("point", "taken", "laboratory")(form) | {"result": (text + (f",limit={limit}" if limit else ""),)}


def _measure(form: Form) -> dict[str, Any]:
    share = _number(form, "share")
    sizes = {"share": None if share is None else share / 100, "flow_m3s": _number(form, "flow")}
    river = {"mass_kg": _number(form, "mass"), "hours": _number(form, "hours") or 0.0, "limit": _number(form, "limit")}
    words = ("measure", "kind", "name_zh", "member", "start", "until", "stage", "note", "point", "spill_at")
    return _texts(*words)(form) | sizes | river


Read = Callable[[Form], dict[str, Any]]
SPEAK, NOTE = "incident.speak", "incident.note"
ACTS: Final[Mapping[str, tuple[str, str, Read]]] = {  # of a form: who may, deed, how it is read
    "facts": (SPEAK, "incidents/facts", _facts),
    "place": (SPEAK, "incidents/place", _texts("place", "place_zh", "substance", "amount", "limit", "occurred")),
    "grade": (SPEAK, "incidents/grade", _texts("grade", "why", "role")),
    "report": (SPEAK, "incidents/report", _report),
    "task": (SPEAK, "incidents/task", _texts("task", "owner", "due", "state", "note", "title_zh")),
    "point": (SPEAK, "incidents/point", _point),
    "sample": (NOTE, "incidents/sample", _sample),
    "measure": (SPEAK, "incidents/measure", _measure),
    "decide": (SPEAK, "incidents/decide", _texts("text", "why")),
    "note": (NOTE, "incidents/note", _texts("text")),
    "close": (SPEAK, "incidents/close", _texts("summary_zh", "summary_en", "cause", "lessons")),
    "reopen": (SPEAK, "incidents/reopen", _texts("why")),
}
