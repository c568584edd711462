"""The endpoints of the Dataspace Protocol 2025-1, and below /federation/agreements what the protocol does not have."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import unquote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shangyou.core.errors import InputError, NotFoundError, RefusedError, ShangyouError
from shangyou.exchange.dsp import messages
from shangyou.exchange.dsp.catalog import catalog_body, dataset_message, need_shown, shown
from shangyou.exchange.dsp.talk import Talk
from shangyou.exchange.member import Member
from shangyou.faces.between.access import peer, read
from shangyou.faces.sentences import sentence
from shangyou.flows.agreements import NOTICES, hear_notice
from shangyou.flows.converse import Control, hear, of_member, open_heard
from shangyou.wiring_exchange import Exchange

log = logging.getLogger("shangyou.dsp")

Answered = tuple[int, Mapping[str, object]]
Authenticate = Callable[[Request, bytes], Member]
WELL_KNOWN: Final = "/.well-known/dspace-version"

NAMES: Final = {  # (kind, end of the path): messages that are taken there
    ("negotiation", "request"): ("request",),
    ("negotiation", "offers"): ("offer",),
    ("negotiation", "events"): ("accepted", "finalized"),
    ("negotiation", "agreement"): ("agreement",),
    ("negotiation", "agreement/verification"): ("verification",),
    ("negotiation", "termination"): ("termination",),
    ("transfer", "start"): ("start",),
    ("transfer", "suspension"): ("suspension",),
    ("transfer", "completion"): ("completion",),
    ("transfer", "termination"): ("termination",),
}
OPENING: Final = {
    ("negotiation", "request"): "request",
    ("negotiation", "offers"): "offer",
    ("transfer", "request"): "request",
}
KINDS: Final = {folder: kind for kind, folder in messages.FOLDERS.items()}


def respond(control: Control, member: Member, method: str, path: str, body: bytes) -> Answered:
    """Answer one request of a member; `path` is what stands behind the base. Errors are answers of the protocol too."""
    folder, _, rest = path.strip("/").partition("/")
    kind = KINDS.get(folder, "catalog")
    pids: dict[str, str] = {}
    try:
        if kind == "catalog":
            return 200, _catalogue(control, member, method, folder, rest, body)
        return _talked(control, member, method, kind, rest, body, pids)
    except ShangyouError as error:
        return _error(kind, error, pids)
    except Exception:
        log.exception("%s %s: a fault of the programme", method, path[:200])
        return _error(kind, ShangyouError("dsp.fault"), pids)


def _error(kind: str, error: ShangyouError, pids: Mapping[str, str]) -> Answered:
    """Who is not allowed to know of a thing is told that there is none; what does not fit a state is 400."""
    status = 400 if error.status == 409 else error.status
    if isinstance(error, RefusedError):
        status = 400 if error.code == "dsp.callback" else 404
    said = [sentence(error.code, error.facts, language) for language in ("zh", "en")]
    reasons = [f"{each.text} {each.remedy}".strip() for each in said]
    return status, messages.error(kind, error, pids, reasons)


def _catalogue(
    control: Control, member: Member, method: str, folder: str, rest: str, body: bytes
) -> Mapping[str, object]:
    address = control.me.address.rstrip("/")
    if (method, folder, rest) == ("POST", "catalog", "request"):
        message = messages.read(body, "CatalogRequestMessage")
        if message.get("filter"):
            raise InputError("dsp.filter")
        return catalog_body(control.members.me, address, shown(control.datasets.datasets(), member.id))
    head, _, id = rest.partition("/")
    if (method, folder, head) == ("GET", "catalog", "datasets") and id:
        return dataset_message(need_shown(control.datasets.dataset(id), member.id), address)
    raise NotFoundError("dsp.path", path=f"/{folder}/{rest}"[:200])


def _talked(
    control: Control, member: Member, method: str, kind: str, rest: str, body: bytes, pids: dict[str, str]
) -> Answered:
    if method == "POST" and (kind, rest) in OPENING:
        message = messages.read(body, messages.TYPES[kind, OPENING[kind, rest]])
        _keep(pids, message)
        if _id(message, OPENING[kind, rest]):
            raise InputError("dsp.schema", type=message["@type"], at="/ a first message has one pid")
        talk = open_heard(control, kind, member, message)
        return 201, messages.status(talk, _first(talk))
    id, _, ending = rest.partition("/")
    if method == "GET" and id and not ending:
        return 200, messages.status(of_member(control, kind, member, id))
    names = NAMES.get((kind, ending))
    if method != "POST" or names is None:
        raise NotFoundError("dsp.path", path=f"/{messages.FOLDERS[kind]}/{rest}"[:200])
    message = messages.read(body, *{messages.TYPES[kind, name] for name in names})
    _keep(pids, message)
    return 200, messages.status(hear(control, kind, member, id, message))


def _first(talk: Talk) -> str:
    """The state in which the first message has put a talk, whatever we have done since."""
    return "OFFERED" if talk.role == "consumer" else "REQUESTED"


def _id(message: Mapping[str, Any], name: str) -> object:
    """The pid of ours that a first message cannot know."""
    return message.get("consumerPid" if name == "offer" else "providerPid")


def _keep(pids: dict[str, str], message: Mapping[str, Any]) -> None:
    pids.update({name: message[name] for name in ("providerPid", "consumerPid") if isinstance(message.get(name), str)})


# ---- over HTTP --------------------------------------------------------------------------------------------------


def dsp_routes(control: Callable[[], Control], authenticate: Authenticate) -> list[Route]:
    """Routes of the protocol. `control` is made when the first request comes."""

    def work(request: Request, body: bytes) -> Response:
        path = unquote(request.url.path).removeprefix(messages.PATH)
        kind = KINDS.get(path.strip("/").partition("/")[0], "catalog")
        try:
            member = authenticate(request, body)
        except ShangyouError as error:
            status, told = _error(kind, error, {})
            return _response(error.status if error.status in (401, 403, 503) else status, told, error.code)
        status, told = respond(control(), member, request.method, path, body)
        return _response(status, told, str(told.get("code", "")) if status >= 400 else "")

    async def answer(request: Request) -> Response:
        try:
            body = await read(request, messages.SIZE_LIMIT)
        except ShangyouError as error:
            status, told = _error("catalog", error, {})
            return _response(status, told, error.code)
        return await run_in_threadpool(work, request, body)

    async def version(request: Request) -> Response:
        return _response(200, messages.version(request.url.hostname or ""), "")

    return [
        Route(WELL_KNOWN, version, methods=["GET"]),
        Route(f"{messages.PATH}/{{path:path}}", answer, methods=["GET", "POST"]),
    ]


def _response(status: int, told: Mapping[str, object], code: str) -> Response:
    headers = {"cache-control": "no-store"} | ({"x-shangyou-code": code} if code else {})
    return Response(messages.encoded(told), status, headers, "application/json")


def notice(control: Control, member: Member, body: bytes) -> Answered:
    """Take a signed notice on an agreement."""
    try:
        agreement = hear_notice(control, member, messages.decoded(body))
    except ShangyouError as error:
        return error.status, {"code": error.code}
    return 200, {"agreement": agreement.id, "state": agreement.state.value}


def notice_routes(control: Callable[[], Control], authenticate: Authenticate) -> list[Route]:
    """Signed notices on agreements."""

    def work(request: Request, body: bytes) -> Response:
        try:
            member = authenticate(request, body)
        except ShangyouError as error:
            return _response(error.status, {"code": error.code}, error.code)
        status, told = notice(control(), member, body)
        return _response(status, told, str(told.get("code", "")))

    async def answer(request: Request) -> Response:
        try:
            body = await read(request, messages.SIZE_LIMIT)
        except ShangyouError as error:
            return _response(error.status, {"code": error.code}, error.code)
        return await run_in_threadpool(work, request, body)

    return [Route(NOTICES, answer, methods=["POST"])]


def routes(exchange: Exchange) -> list[Route]:
    """The routes of this part."""
    from shangyou.faces.contracting import contracting

    def control() -> Control:
        return contracting(exchange).control

    def authenticate(request: Request, body: bytes) -> Member:
        return peer(request, body, exchange)

    return [*dsp_routes(control, authenticate), *notice_routes(control, authenticate)]
