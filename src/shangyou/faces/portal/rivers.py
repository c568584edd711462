"""The archive of rivers: one river, one plan, one map."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import quote

from starlette.responses import Response

from shangyou.basin.network.values import Kind
from shangyou.core.errors import ShangyouError
from shangyou.faces.api.acts import perform
from shangyou.faces.archive import HOTLINE, Names, Sheet, names, sheet
from shangyou.faces.portal.parties import desk_of
from shangyou.faces.portal.river_map import river_map
from shangyou.faces.portal.river_paper import river_pdf
from shangyou.faces.portal.visit import Visit
from shangyou.faces.sentences import sentence
from shangyou.flows.archive import rivers as crossing
from shangyou.wiring import rivers

if TYPE_CHECKING:
    from shangyou.wiring import Node

PLAN: Final = "network/plan"  # the deed
CONTACT: Final = "contact."  # before a member's id, in the names of fields


def page(visit: Visit) -> Response:
    """Rivers that cross borders, with what there is on them."""
    own, name = rivers(cast("Node", visit.node)), _names(visit)
    book = own.book()
    found = [
        (each, name.river(each.id), [name.member(member) for member in each.members], book.plan(each.id))
        for each in crossing(own.network())
    ]
    bare = sum(1 for _, _, _, plan in found if not (plan.text_zh or plan.text_en))
    t = visit.t
    title = t.count("rivers.title_bare", bare, rivers=len(found)) if bare else t.count("rivers.title", len(found))
    return visit.page("rivers.html", title=title, found=found, kinds=Kind, revision=book.number)


def one(visit: Visit, error: ShangyouError | None = None) -> Response:
    """The page of one river; after a fault in its form, with what was written."""
    made, t = _sheet(visit), visit.t
    return visit.page(
        "river.html",
        status=error.status if error else 200,
        sheet=made,
        title=finding(visit, made),
        map=river_map(made, t),
        text=made.text(t.language),
        hotline=HOTLINE,
        may=visit.may("river.plan"),
        form=visit.form,
        contact=CONTACT,
        wrong=sentence(error.code, error.facts, t.language) if error else None,
        code=error.code if error else "",
        done=visit.query("done"),
    )


def finding(visit: Visit, made: Sheet) -> str:
    """The title: what matters most on this river."""
    t, soonest = visit.t, [each for each in made.threats if each.hours is not None]
    if soonest:
        first = min(soonest, key=lambda each: each.hours or 0.0)
        return t("rivers.title_threat", river=made.name, intake=first.intake.name, hours=hours(first.hours))
    if not made.holding:
        return t("rivers.title_no_hold", river=made.name)
    return t.count("rivers.title_one", len(made.of("border")), river=made.name)


def printed(visit: Visit) -> Response:
    """The same as a document to print."""
    made, t = _sheet(visit), visit.t
    document = river_pdf(
        *(made, finding(visit, made), t, visit.moment_text(visit.now)), simulated=visit.node.settings.simulated
    )
    name = quote(f"{made.name}-{visit.moment_text(visit.now)[:10]}.pdf".replace(" ", "-"))
    headers = {"content-disposition": f"attachment; filename=\"river.pdf\"; filename*=UTF-8''{name}"}
    return Response(document, media_type="application/pdf", headers=headers)


def hours(value: float | None) -> str:
    """Hours as people read them."""
    return "—" if value is None else f"{value:.1f}" if value < 10 else f"{value:,.0f}"


def save(visit: Visit) -> Response:
    """Write the response plan and the contacts down."""
    by = visit.need("river.plan")
    form, id = visit.form, visit.request.path_params["id"]
    contacts = {key.removeprefix(CONTACT): text for key, text in form.items() if key.startswith(CONTACT)}
    given: dict[str, object] = {"text_zh": form.get("text_zh", ""), "text_en": form.get("text_en", "")}
    seen = form.get("seen", "")
    try:
        perform(
            desk_of(visit, by),
            PLAN,
            river=id,
            why=form.get("why", ""),
            contacts=json.dumps(contacts, ensure_ascii=False),
            seen=int(seen) if seen.isdecimal() and len(seen) < 10 else -1,
            **given,
        )
    except ShangyouError as error:
        if not error.code.startswith("network."):
            raise
        return one(visit, error)
    return visit.go(f"/rivers/{id}?done=plan")


def _names(visit: Visit) -> Names:
    registry = visit.node.registry
    return names(visit.t.language, registry.rivers(), registry.agencies())


def _sheet(visit: Visit) -> Sheet:
    return sheet(rivers(cast("Node", visit.node)), visit.request.path_params["id"], _names(visit))
