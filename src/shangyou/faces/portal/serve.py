"""From a request to an answer: who asks, may this come in, and what an error looks like."""

from __future__ import annotations

import logging
import secrets
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlencode, urlsplit

from jinja2 import Environment
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from shangyou.core.clock import to_ms
from shangyou.core.errors import NotFoundError, RefusedError, ShangyouError, TooLargeError
from shangyou.faces.portal import stays
from shangyou.faces.portal.node import Node
from shangyou.faces.portal.shelf import Shelf
from shangyou.faces.portal.stirring import stamp
from shangyou.faces.portal.visit import Handler, Visit
from shangyou.faces.portal.words import LANGUAGES, Words
from shangyou.faces.sentences import sentence

FORM_BYTES = 480_000  # the longest is the text of a resolution in two languages, with an edition
PUBLIC_BYTES = 64_000  # of a form that anybody may send: a name and a password
YEAR = 365 * 86_400
log = logging.getLogger("shangyou.portal")

Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Portal:
    """What all requests share."""

    node: Node
    stays: stays.Stays
    templates: Environment
    static: str
    shelf: Shelf
    asked: Callable[[], None]  # tells the listener that an order to a device was queued

    def endpoint(self, handler: Handler, public: bool = False) -> Endpoint:
        """Serve a handler: only to people who are signed in, unless it is public."""

        async def serve(request: Request) -> Response:
            if request.method != "POST":
                return await run_in_threadpool(self.answer, request, None, PUBLIC_BYTES, handler, public)
            most = PUBLIC_BYTES if public or not await run_in_threadpool(self._known, request) else FORM_BYTES
            body = await _body(request, most)
            return await run_in_threadpool(self.answer, request, body, most, handler, public)

        return serve

    def _known(self, request: Request) -> bool:
        """Is somebody signed in? If not, whatever is sent to a page is not worth more memory than a password."""
        return self.visit(request, used=False).person is not None

    def answer(self, request: Request, body: bytes | None, most: int, handler: Handler, public: bool) -> Response:
        """Everything about one request, in a worker thread. body: of a form, None if it is longer than `most`."""
        visit = self.visit(request)
        chosen = request.query_params.get("lang", "")
        try:
            if request.method == "POST":
                visit = _with_form(visit, body, most)
            elif visit.person is not None and not visit.partial:
                visit = replace(visit, seen=stamp(self.node))
            if visit.person is None and not public:
                response = _ask_to_sign_in(visit)
            elif chosen in LANGUAGES and request.method == "GET" and not visit.partial:
                response = RedirectResponse(visit.with_query(lang=None), 303)
            else:
                response = handler(visit)
        except ShangyouError as error:
            response = error_page(visit, error)
        except Exception:  # noqa: BLE001  the last line of defence: a sentence for the reader, the trace for the log
            reference = secrets.token_hex(4)
            log.error("fault %s at %s\n%s", reference, request.url.path, traceback.format_exc())
            response = error_page(visit, ShangyouError("portal.fault", reference=reference))
        if chosen in LANGUAGES:
            stays.set_cookie(response, request, "shangyou_language", chosen, YEAR)
        if visit.person is None and not stays.read_cookie(request, "shangyou_form"):
            stays.set_cookie(response, request, "shangyou_form", visit.secret)
        return response

    def visit(self, request: Request, used: bool = True) -> Visit:
        """Who asks, in which language, at what time. What a page asks for by itself does not count as use."""
        now = to_ms(self.node.clock.now())
        token = stays.read_cookie(request, "shangyou_stay")
        person = self.stays.person(token, now, used and "x-live" not in request.headers)
        secret = token if person else stays.read_cookie(request, "shangyou_form") or stays.new_secret()
        asked = (
            request.query_params.get("lang", ""),
            stays.read_cookie(request, "shangyou_language"),
            person.language if person else "",
            self.node.settings.language,
        )
        language = next((choice for choice in asked if choice in LANGUAGES), "zh")
        return Visit(self.node, request, person, Words(language), now, secret, {}, self)

    def not_found(self, request: Request) -> Response:
        """The page for an address that leads nowhere."""
        return error_page(self.visit(request), NotFoundError("portal.page", path=request.url.path))


async def _body(request: Request, most: int) -> bytes | None:
    """The body of a form; None if it is longer than any of ours."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            return None
    return bytes(body)


def _with_form(visit: Visit, body: bytes | None, most: int) -> Visit:
    """The visit with its form, if the form was sent from one of our own pages in this very stay."""
    if body is None:
        raise TooLargeError("portal.form_size", bytes=most)
    form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    headers = visit.request.headers
    site, origin = headers.get("sec-fetch-site"), headers.get("origin", "")
    same = site == "same-origin" if site is not None else urlsplit(origin).netloc == headers.get("host")
    if not same or not stays.fits(visit.secret, form.get("form_key", "")):
        raise RefusedError("portal.form")
    return replace(visit, form=form)


def _ask_to_sign_in(visit: Visit) -> Response:
    """To the sign-in page, and from there back to where the reader wanted to go."""
    url = visit.request.url
    wanted = url.path + (f"?{url.query}" if url.query else "")
    address = (
        "/sign-in" if wanted == "/" or visit.request.method != "GET" else f"/sign-in?{urlencode({'next': wanted})}"
    )
    if visit.partial:  # a part of a page cannot hold the sign-in form: let the whole page go there
        return Response(status_code=204, headers={"HX-Redirect": "/sign-in"})
    return RedirectResponse(address, 303)


def error_page(visit: Visit, error: ShangyouError) -> Response:
    """An error with its code, its sentence, the remedy and a copy button; problem+json for scripts."""
    said = sentence(error.code, error.facts, visit.t.language)
    if "json" in visit.request.headers.get("accept", ""):
        return Response(
            visit.text("error.json", error=error, said=said), error.status, media_type="application/problem+json"
        )
    return visit.page("error_part.html" if visit.partial else "error.html", error.status, error=error, said=said)
