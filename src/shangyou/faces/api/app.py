"""The HTTP API as an application: every question is a GET, every deed a POST, under /api/v1/.

A question that may be asked with a whole text takes a POST besides, for that: texts do not belong into addresses.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from typing import Annotated, Any, get_args, get_origin

import msgspec
from fastapi import Body, Depends, FastAPI, Query
from fastapi.exceptions import RequestValidationError
from pydantic import TypeAdapter, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from shangyou import __version__
from shangyou.core.errors import InputError, NotFoundError, ShangyouError, TooLargeError
from shangyou.faces.api import problem
from shangyou.faces.api.access import Caller, caller
from shangyou.faces.api.acts import perform
from shangyou.faces.api.answers import answer, wanted
from shangyou.faces.api.deeds import DEEDS
from shangyou.faces.api.desk import Desk
from shangyou.faces.api.questions import QUESTIONS
from shangyou.faces.api.tables import Deed, Question
from shangyou.faces.api.transfer import INGEST, add_transfers
from shangyou.faces.bounded import Bounded
from shangyou.faces.rows import MEDIA

LARGEST = 1 << 18  # bytes of a question that is asked by POST
ABOUT = """Every address answers in the format asked for by `format=` (json, csv, parquet, xlsx, arrow) or by the Accept
header. In CSV a text that a spreadsheet would take for a formula begins with an apostrophe. Times without a zone are
legal time (UTC+8); answers give UTC. Sign in at the portal, or send the token of `serving.json` in the node's home as a
bearer. Errors are `application/problem+json` with a stable `code`."""


def create_api(desk: Desk, token: str) -> FastAPI:
    """The API of a node, to be mounted at "/"; `token` is that of the command line on the same machine."""
    app = FastAPI(
        title="Shangyou 上游",
        version=__version__,
        description=ABOUT,
        openapi_url="/api/openapi.json",
        docs_url=None,  # its page would ask a host outside
        redoc_url=None,
    )

    def asked(request: Request) -> Caller:
        return caller(request, desk.node, token)

    for question in QUESTIONS.values():
        app.add_api_route(
            f"/api/v1/{question.path}",
            _question(question, desk, asked),
            methods=["GET"],
            name=question.path,
            summary=inspect.getdoc(question.ask),
            tags=[question.about],
            responses=_ANSWERS,
            response_class=Response,
        )
        if question.long:
            app.add_api_route(
                f"/api/v1/{question.path}",
                _long_question(question, desk, asked),
                methods=["POST"],
                name=f"{question.path} (POST)",
                summary=inspect.getdoc(question.ask),
                tags=[question.about],
                responses=_ANSWERS,
                response_class=Response,
                openapi_extra=_long_body(question),
            )
    for deed in DEEDS.values():
        app.add_api_route(
            f"/api/v1/{deed.path}",
            _deed(deed, desk, asked),
            methods=["POST"],
            name=deed.path,
            summary=inspect.getdoc(deed.do),
            tags=[deed.about],
        )
    add_transfers(app, desk, asked)
    _add_errors(app, desk)

    def refusal(request: Request, error: ShangyouError) -> Response:
        return problem.problem(error, _language(request, desk))

    most = desk.node.settings.http_body_bytes
    app.add_middleware(Bounded, most=most, need_known=asked, refusal=refusal, streamed=(INGEST,))
    return app


_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "Rows", "content": {media.partition(";")[0]: {} for media in MEDIA.values()}}
}
Asked = Callable[[Request], Caller]


def _question(question: Question, desk: Desk, asked: Asked) -> Callable[..., Response]:
    def ask(request: Request, **given: Any) -> Response:
        who = asked(request)
        who.need(question.roles, question.path)
        _need_known(request.query_params, known)
        given.pop("format", None)
        given.pop("lang", None)
        chosen = {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
        rows = question.ask(replace(desk, by=who.name, language=who.language), **chosen)
        return answer(rows, wanted(request), question.path)

    known = {name: _query(p) for name, p in _own(question.ask).items() if name not in question.long}
    known["format"] = _parameter("format", Annotated[str, Query(description=", ".join(MEDIA))], "")
    known["lang"] = _parameter("lang", Annotated[str, Query(description="zh, en: of sentences in the answer")], "")
    return _signed(ask, known)


def _long_question(question: Question, desk: Desk, asked: Asked) -> Callable[..., Response]:
    """The same with everything in a JSON object of bounded size."""
    own = _own(question.ask)

    async def taken(request: Request) -> bytes:
        told = bytearray()
        async for piece in request.stream():
            told += piece
            if len(told) > LARGEST:
                raise TooLargeError("api.size", most=LARGEST)
        return bytes(told)

    def ask(request: Request, told: bytes) -> Response:
        who = asked(request)
        who.need(question.roles, question.path)
        _need_known(request.query_params, ("format", "lang"))
        try:
            given = TypeAdapter(dict[str, Any]).validate_python(_parsed(told))
            _need_known(given, own)
            chosen = {name: TypeAdapter(_kind(own[name])).validate_python(value) for name, value in given.items()}
        except ValidationError as error:
            raise InputError("api.form", faults=str(error)[:300]) from None
        rows = question.ask(replace(desk, by=who.name, language=who.language), **chosen)
        return answer(rows, wanted(request), question.path)

    told = inspect.Parameter("told", inspect.Parameter.KEYWORD_ONLY, annotation=Annotated[bytes, Depends(taken)])
    return _signed(ask, {"told": told})


def _long_body(question: Question) -> dict[str, Any]:
    """What the framework cannot read off, as it does not take the body apart itself."""
    fields = {
        name: {**TypeAdapter(_kind(p)).json_schema(), "description": _told(p)} for name, p in _own(question.ask).items()
    }
    return {"requestBody": {"content": {"application/json": {"schema": {"type": "object", "properties": fields}}}}}


def _deed(deed: Deed, desk: Desk, asked: Asked) -> Callable[..., object]:
    async def said(request: Request) -> list[str]:
        told = _parsed(await request.body())
        return list(told) if isinstance(told, dict) else []

    def do(request: Request, names: list[str], **given: Any) -> object:
        who = asked(request)
        who.need(deed.roles, deed.path)
        _need_known(names, own)
        _need_known(request.query_params, ("lang",))
        return perform(replace(desk, by=who.name, language=who.language), deed.path, **given)

    own = _own(deed.do)
    known = {
        name: _parameter(name, Annotated[_kind(p), Body(embed=True, description=_told(p))], p.default)
        for name, p in own.items()
    }
    told = inspect.Parameter("names", inspect.Parameter.KEYWORD_ONLY, annotation=Annotated[list[str], Depends(said)])
    return _signed(do, {"names": told, **known})


def _parsed(body: bytes) -> Any:
    """Strict JSON, without NaN and halves of characters, which no store holds. InputError "api.json"."""
    try:
        return msgspec.json.decode(body or b"{}")
    except (ValueError, RecursionError) as error:
        raise InputError("api.json", detail=str(error)[:200]) from None


def _need_known(given: Iterable[str], known: Collection[str]) -> None:
    """InputError "api.unknown": a name that is written wrong must not be taken for one that was left out."""
    strange = sorted(set(given) - set(known))
    if strange:
        raise InputError("api.unknown", name=", ".join(strange)[:200], known=", ".join(known))


def _own(function: Callable[..., object]) -> dict[str, inspect.Parameter]:
    """The parameters of a question or deed beside the desk."""
    parameters = list(inspect.signature(function, eval_str=True).parameters.values())
    return {p.name: p for p in parameters[1:]}


def _kind(parameter: inspect.Parameter) -> Any:
    return get_args(parameter.annotation)[0] if get_origin(parameter.annotation) is Annotated else parameter.annotation


def _told(parameter: inspect.Parameter) -> str:
    return str(get_args(parameter.annotation)[1]) if get_origin(parameter.annotation) is Annotated else ""


def _query(parameter: inspect.Parameter) -> inspect.Parameter:
    kind = _kind(parameter)
    if get_origin(kind) in (tuple, Sequence):  # given several times: ?site=a&site=b
        kind = list[get_args(kind)[0]]  # type: ignore[misc]
    return _parameter(parameter.name, Annotated[kind, Query(description=_told(parameter))], parameter.default)


def _parameter(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    plain = list(default) if isinstance(default, tuple) else default
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=plain)


def _signed(function: Callable[..., Any], known: dict[str, inspect.Parameter]) -> Callable[..., Any]:
    """Give a function the signature that the framework is to read."""
    request = inspect.Parameter("request", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=Request)
    function.__signature__ = inspect.Signature([request, *known.values()])  # type: ignore[attr-defined]
    return function


def _language(request: Request, desk: Desk) -> str:
    return request.query_params.get("lang", "") or desk.node.settings.language


def _add_errors(app: FastAPI, desk: Desk) -> None:
    @app.exception_handler(ShangyouError)
    def ours(request: Request, error: ShangyouError) -> Response:
        return problem.problem(error, _language(request, desk))

    @app.exception_handler(RequestValidationError)
    def form(request: Request, error: RequestValidationError) -> Response:
        faults = [f"{'.'.join(map(str, fault['loc'][1:]))}: {fault['msg']}" for fault in error.errors()]
        if any(fault["type"] == "json_invalid" for fault in error.errors()):
            return problem.problem(InputError("api.json", detail="; ".join(faults)[:200]), _language(request, desk))
        return problem.problem(InputError("api.form", faults="; ".join(faults)), _language(request, desk))

    @app.exception_handler(HTTPException)
    def framework(request: Request, error: HTTPException) -> Response:
        wrong = (
            InputError("api.json", detail=error.detail)
            if error.status_code == InputError.status
            else NotFoundError("api.path", path=request.url.path[:200], method=request.method)
        )
        return problem.problem(wrong, _language(request, desk))

    @app.exception_handler(Exception)
    def bug(request: Request, error: Exception) -> Response:
        return problem.fault(request, error, _language(request, desk))
