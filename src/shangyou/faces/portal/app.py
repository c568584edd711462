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

from shangyou.faces import substances
from shangyou.faces.portal import federation, figures, names, stays
from shangyou.faces.portal.live import live
from shangyou.faces.portal.node import Node
from shangyou.faces.portal.routes import FORMS, PAGES
from shangyou.faces.portal.serve import Portal
from shangyou.faces.portal.shelf import Shelf
from shangyou.faces.portal.signin import SignIn
from shangyou.faces.portal.visit import as_json

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
            Route("/live", live(portal)),
            *(Route(path, portal.endpoint(page)) for path, page in PAGES.items()),
            *(Route(path, portal.endpoint(form), methods=["POST"]) for path, form in FORMS.items()),
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
    templates.globals |= {"offered_substances": substances.offered, "beside_substances": substances.beside}
    return templates


def _version(folder: Path) -> str:
    """A short digest of all static files: a new version has new addresses, so browsers may keep the old for good."""
    whole = hashlib.sha256()
    for file in sorted(p for p in folder.rglob("*") if p.is_file()):
        whole.update(file.relative_to(folder).as_posix().encode() + b"\0" + file.read_bytes())
    return whole.hexdigest()[:12]
