"""One warning: acknowledge in one press, who has received and read it, arrivals side by side, what was said."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from starlette.responses import Response

from shangyou.core.errors import InputError, ShangyouError
from shangyou.faces.api.acts import perform
from shangyou.faces.api.incidents import MEDIA
from shangyou.faces.api.warnings import written
from shangyou.faces.portal.hall import Hall, hall
from shangyou.faces.portal.parties import desk_of
from shangyou.faces.portal.places import id_of, offered
from shangyou.faces.portal.plume_seen import drawable
from shangyou.faces.portal.released import of_warning
from shangyou.faces.portal.visit import Visit
from shangyou.faces.portal.warning_view import board, facts, finding, parties, short, state_chip, timeline
from shangyou.faces.sentences import sentence
from shangyou.faces.together import dossier_id
from shangyou.faces.warning import watch
from shangyou.flows import incident, warn
from shangyou.governance.incident.room import REPORTS
from shangyou.governance.warning.fold import ROLES
from shangyou.wiring import Node

Form = Mapping[str, str]
ROOMS: Final = 50  # that are looked through for one opened from a warning, the last changed


def page(visit: Visit, error: ShangyouError | None = None) -> Response:
    """The warning; after a fault in one of its forms what is wrong."""
    at = hall(visit)
    id = dossier_id(at.together, warn.SUBJECT, visit.form.get("id") or visit.request.path_params["id"])
    seen, here = warn.look(at.together, id), watch(cast("Node", visit.node))
    situation, me = seen.situation, at.found.me
    owed = seen.owed(me)
    return visit.page(
        "warning.html",
        status=error.status if error else 200,
        title=finding(at, seen),
        seen=seen,
        id=short(seen),
        situation=situation,
        chip=state_chip(seen),
        facts=facts(at, seen),
        parties=parties(at, seen, here),
        board=board(at, seen),
        timeline=timeline(at, seen),
        notices=here.notices.of(id),
        silent=[at.name(each.member) for each in seen.open() if each.member != me],
        mapped=drawable(visit, of_warning(at, id)),
        room=room_of(at, id),
        owed=[each for each in owed if each.kind != "request"],
        asked=[(each, situation.message(each.message)) for each in owed if each.kind == "request"],
        void=[(v, at.name(v.by), sentence(v.code, v.facts, visit.t.language)) for v in situation.void],
        charge=me in situation.in_charge,
        roles=ROLES,
        reports=REPORTS,
        words=at.words,
        others=[each for each in at.active() if each[0] not in situation.members],
        members=[(each, at.name(each)) for each in situation.members if each != me],
        may=visit.may("warning.speak"),
        places=offered(visit) if visit.may("warning.speak") and me in situation.in_charge else {},
        given=visit.form,
        wrong=sentence(error.code, error.facts, visit.t.language) if error else None,
        done=visit.query("done"),
    )


def document(visit: Visit) -> Response:
    """A report as a file."""
    at, form, kind = hall(visit), visit.request.path_params["form"], visit.query("type", "initial")
    seen = warn.look(at.together, dossier_id(at.together, warn.SUBJECT, visit.request.path_params["id"]))
    body = written(desk_of(visit), seen, kind, form, visit.t.language)
    name = f"warning-{short(seen)[:8]}-{kind}.{form}"
    return Response(body, media_type=MEDIA[form], headers={"content-disposition": f'attachment; filename="{name}"'})


def room_of(at: Hall, id: str) -> str:
    """The incident room that was opened from a warning, the last changed of several; "" where there is none."""
    return next((each.id for each in incident.incidents(at.together, ROOMS) if each.room.opening.warning == id), "")


def act(visit: Visit) -> Response:
    """Whatever one of the page's forms says."""
    form = visit.form
    chosen = ACTS.get(form.get("act", ""))
    if chosen is None:
        raise InputError("entry.field", field="act")
    by = visit.need("warning.speak")
    deed, read = chosen
    try:
        said = read(form)
        if "place" in said:
            said["place"] = id_of(visit, said["place"])
        perform(desk_of(visit, by), deed, id=form.get("id", ""), **said)
    except ShangyouError as error:
        return page(visit, error)
    return visit.go(f"/warnings/{form['id'].removeprefix('urn:uuid:')}?done={form['act']}")


def _texts(*names: str) -> Callable[[Form], dict[str, Any]]:
    return lambda form: {name: form.get(name, "").strip() for name in names}


def _ticked(form: Form) -> tuple[str, ...]:
    return tuple(key.partition(":")[2] for key in form if key.startswith("to:"))


Read = Callable[[Form], dict[str, Any]]
CHANGES: Final = ("text", "substance", "amount", "amount_least", "amount_most", "place", "began", "minutes", "limit")
ACTS: Final[Mapping[str, tuple[str, Read]]] = {  # of a form: deed, how it is read
    "acknowledge": (
        "warnings/acknowledge",
        lambda form: {"role": form.get("role", "duty"), "text": form.get("text", "")},
    ),
    "update": ("warnings/update", _texts(*CHANGES)),
    "request": ("warnings/request", lambda form: {"text": form.get("text", "").strip(), "to": _ticked(form)}),
    "information": ("warnings/information", _texts("text", "answers")),
    "clear": ("warnings/clear", _texts("text")),
    "comment": ("warnings/comment", _texts("text")),
    "invite": ("warnings/invite", lambda form: {"to": _ticked(form)}),
}
