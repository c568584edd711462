"""The portal's application: which address is served by what."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shangyou.faces.portal import (
    agreement,
    alarm,
    atlas,
    catalogue,
    compensation,
    deeds,
    desk,
    entries,
    exports,
    federation,
    figures,
    incident,
    incidents,
    intake,
    ledger,
    names,
    negotiation,
    origins,
    plume,
    query,
    resolution,
    resolutions,
    rivers,
    section,
    sections,
    series,
    statement,
    statement_paper,
    stays,
    tracing,
    transfers,
    warning,
    warnings,
    waters,
)
from shangyou.faces.portal.basin import basin
from shangyou.faces.portal.live import live
from shangyou.faces.portal.node import Node
from shangyou.faces.portal.serve import Portal
from shangyou.faces.portal.settings import choose, settings
from shangyou.faces.portal.shelf import Shelf
from shangyou.faces.portal.signin import SignIn
from shangyou.faces.portal.visit import as_json
from shangyou.faces.portal.why import why

HEADERS = (  # of every answer; security: nothing runs or frames or leaves but what this node serves
    (
        "content-security-policy",
        "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; worker-src 'self'; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)


class SecureHeaders:
    """Puts the headers on every answer.

    Pages are never cached; files whose address holds their version are, for good.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, with the headers."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                fixed = scope["path"].startswith("/static/") and message["status"] < 400
                cache = "public, max-age=31536000, immutable" if fixed else "no-store"
                extra = [*HEADERS, ("cache-control", cache)]
                if scope["scheme"] == "https":
                    extra.append(("strict-transport-security", "max-age=31536000"))
                message["headers"] = [*message["headers"], *((k.encode(), v.encode()) for k, v in extra)]
            await send(message)

        await self.app(scope, receive, with_headers if scope["type"] == "http" else send)


def create_portal(node: Node, asked: Callable[[], None] = lambda: None) -> Starlette:
    """The portal of a node as an ASGI application, to be mounted at "/".

    `asked` is called when an order to a device was queued, so that the listener need not wait for its next look.
    """
    static = Path(str(files("shangyou.faces.portal"))) / "static"
    portal = Portal(node, stays.Stays(node.people), _templates(), f"/static/{_version(static)}", Shelf(node), asked)
    sign_in = SignIn(portal)

    def lost(request: Request, _: Exception) -> Response:
        return portal.not_found(request)

    return Starlette(
        routes=[
            Route("/", lambda _: RedirectResponse("/basin", 303)),
            Route("/sign-in", portal.endpoint(sign_in.show, public=True)),
            Route("/sign-in", portal.endpoint(sign_in.enter, public=True), methods=["POST"]),
            Route("/sign-out", portal.endpoint(sign_in.leave), methods=["POST"]),
            Route("/basin", portal.endpoint(basin)),
            Route("/map", portal.endpoint(atlas.page)),
            Route("/map/data", portal.endpoint(atlas.data)),
            Route("/map/network", portal.endpoint(waters.lines)),
            Route("/map/way", portal.endpoint(waters.way)),
            Route("/map/water", portal.endpoint(waters.drawer)),
            Route("/map/plume", portal.endpoint(plume.plume)),
            Route("/map/base", portal.endpoint(atlas.base)),
            Route("/map/sections/{id:path}", portal.endpoint(atlas.drawer)),
            Route("/sections", portal.endpoint(sections.sections)),
            Route("/sections.{form}", portal.endpoint(sections.export)),
            Route("/sections/{id:path}", portal.endpoint(section.section)),
            Route("/catalogue", portal.endpoint(catalogue.page)),
            Route("/catalogue.{form}", portal.endpoint(catalogue.export)),
            Route("/catalogue/publish", portal.endpoint(catalogue.form)),
            Route("/catalogue/publish", portal.endpoint(catalogue.publish), methods=["POST"]),
            Route("/catalogue/withdraw", portal.endpoint(catalogue.withdraw), methods=["POST"]),
            Route("/catalogue/measure", portal.endpoint(catalogue.measure), methods=["POST"]),
            Route("/catalogue/ask", portal.endpoint(catalogue.ask), methods=["POST"]),
            Route("/catalogue/crawl", portal.endpoint(catalogue.crawl), methods=["POST"]),
            Route("/catalogue/{id:path}", portal.endpoint(catalogue.dataset)),
            Route("/contracts", portal.endpoint(desk.page)),
            Route("/contracts/why", portal.endpoint(agreement.why)),
            Route("/contracts/answer", portal.endpoint(negotiation.answer), methods=["POST"]),
            Route("/contracts/start", portal.endpoint(agreement.start), methods=["POST"]),
            Route("/contracts/renew", portal.endpoint(agreement.renew), methods=["POST"]),
            Route("/contracts/revoke", portal.endpoint(agreement.revoke), methods=["POST"]),
            Route("/contracts/negotiations/{id:path}", portal.endpoint(negotiation.page)),
            Route("/contracts/agreements/{id:path}", portal.endpoint(agreement.page)),
            Route("/transfers", portal.endpoint(transfers.page)),
            Route("/transfers/stop", portal.endpoint(transfers.stop), methods=["POST"]),
            Route("/compensation", portal.endpoint(compensation.page)),
            Route("/compensation/compacts/{id}", portal.endpoint(compensation.compact)),
            Route("/compensation/begin", portal.endpoint(compensation.begin), methods=["POST"]),
            Route("/compensation/compute", portal.endpoint(statement.compute), methods=["POST"]),
            Route("/compensation/dispute", portal.endpoint(statement.dispute), methods=["POST"]),
            Route("/compensation/sign", portal.endpoint(statement.sign), methods=["POST"]),
            Route("/compensation/close", portal.endpoint(statement.close), methods=["POST"]),
            Route("/compensation/statements/{id}/line", portal.endpoint(statement.line)),
            Route("/compensation/statements/{id}/lines.{form}", portal.endpoint(statement.export)),
            Route("/compensation/statements/{id}/statement.{form}", portal.endpoint(statement_paper.printed)),
            Route("/compensation/statements/{id}", portal.endpoint(statement.page)),
            Route("/exports", portal.endpoint(exports.exports)),
            Route("/exports/observations.{form}", portal.endpoint(exports.observations)),
            Route("/exports/ready/{name}.{form}", portal.endpoint(exports.ready_made)),
            Route("/intake", portal.endpoint(intake.intake)),
            Route("/intake/refused.{form}", portal.endpoint(intake.export_refused)),
            Route("/intake/ask", portal.endpoint(deeds.ask_again), methods=["POST"]),
            Route("/intake/read-again", portal.endpoint(deeds.read_again), methods=["POST"]),
            Route("/intake/batches/{id}/withdraw", portal.endpoint(deeds.withdraw), methods=["POST"]),
            Route("/intake/entries", portal.endpoint(entries.entries)),
            Route("/intake/entries/{id}", portal.endpoint(entries.entry)),
            Route("/intake/entries/{id}/raw", portal.endpoint(entries.raw)),
            Route("/ledger", portal.endpoint(ledger.page)),
            Route("/ledger/sign", portal.endpoint(ledger.sign), methods=["POST"]),
            Route("/ledger/reopen", portal.endpoint(ledger.reopen), methods=["POST"]),
            Route("/ledger/policy.txt", portal.endpoint(ledger.policy)),
            Route("/ledger/verify_proof.py", portal.endpoint(ledger.verifier)),
            Route("/ledger/{index}/proof", portal.endpoint(ledger.proof)),
            Route("/tracing", portal.endpoint(tracing.page)),
            Route("/tracing", portal.endpoint(tracing.begin), methods=["POST"]),
            Route("/query", portal.endpoint(query.page)),
            Route("/query.{form}", portal.endpoint(query.export)),
            Route("/rivers", portal.endpoint(rivers.page)),
            Route("/rivers/{id}.pdf", portal.endpoint(rivers.printed)),
            Route("/rivers/{id}", portal.endpoint(rivers.one)),
            Route("/rivers/{id}", portal.endpoint(rivers.save), methods=["POST"]),
            Route("/series", portal.endpoint(series.series)),
            Route("/series.{form}", portal.endpoint(series.export)),
            Route("/versions", portal.endpoint(origins.page)),
            Route("/why/{figure}", portal.endpoint(why)),
            Route("/live", live(portal)),
            Route("/alarms/{id}", portal.endpoint(alarm.page)),
            Route("/alarms/{id}/close", portal.endpoint(alarm.close), methods=["POST"]),
            Route("/warnings", portal.endpoint(warnings.page)),
            Route("/warnings/send", portal.endpoint(warnings.send), methods=["POST"]),
            Route("/warnings/act", portal.endpoint(warning.act), methods=["POST"]),
            Route("/warnings/{id}", portal.endpoint(warning.page)),
            Route("/incidents", portal.endpoint(incidents.page)),
            Route("/incidents/open", portal.endpoint(incidents.open_room), methods=["POST"]),
            Route("/incidents/act", portal.endpoint(incident.act), methods=["POST"]),
            Route("/incidents/{id}", portal.endpoint(incident.page)),
            Route("/incidents/{id}/report.{form}", portal.endpoint(incident.document)),
            Route("/resolutions", portal.endpoint(resolutions.page)),
            Route("/resolutions/propose", portal.endpoint(resolutions.propose), methods=["POST"]),
            Route("/resolutions/act", portal.endpoint(resolution.act), methods=["POST"]),
            Route("/resolutions/{id}", portal.endpoint(resolution.page)),
            Route("/federation", portal.endpoint(federation.page)),
            Route("/settings", portal.endpoint(settings)),
            Route("/settings", portal.endpoint(choose), methods=["POST"]),
            Mount(portal.static, StaticFiles(directory=static)),
        ],
        middleware=[Middleware(SecureHeaders), Middleware(GZipMiddleware, minimum_size=1000, compresslevel=6)],
        exception_handlers={404: lost, 405: lost},
    )


def _templates() -> Environment:
    """Templates that escape everything and stumble over every misspelt name."""
    templates = Environment(
        loader=PackageLoader("shangyou.faces.portal"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters |= {"json": as_json, "size": figures.size}
    templates.globals |= {"share": figures.share, "digits": figures.digits, "measured": figures.measured}
    templates.globals |= {"spark": figures.spark, "dots": federation.dots}
    templates.globals |= {"unit_of": figures.unit_of, "printable": figures.printable}
    templates.globals |= {"letter": names.letter, "section_name": names.section_name}
    templates.globals |= {"province_name": names.province_name, "river_name": names.river_name}
    return templates


def _version(folder: Path) -> str:
    """A short digest of all static files: a new version has new addresses, so browsers may keep the old for good."""
    whole = hashlib.sha256()
    for file in sorted(p for p in folder.rglob("*") if p.is_file()):
        whole.update(file.relative_to(folder).as_posix().encode() + b"\0" + file.read_bytes())
    return whole.hexdigest()[:12]
