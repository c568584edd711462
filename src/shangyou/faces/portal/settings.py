"""Settings: what this node is, and how its reader wants to see it."""

from __future__ import annotations

from starlette.responses import Response

from shangyou.faces.portal import stays
from shangyou.faces.portal.visit import Visit

YEAR = 365 * 86_400


def settings(visit: Visit) -> Response:
    """What the node says of itself, and the reader's own choices."""
    return visit.page("settings.html", store=visit.node.store.size(), entries=visit.node.journal.end())


def choose(visit: Visit) -> Response:
    """Keep the reader's choice of light or dark in a cookie."""
    response = visit.go("/settings")
    stays.set_cookie(response, visit.request, "shangyou_theme", visit.form.get("theme", ""), YEAR)
    return response
