"""A node that serves, as seen by the command line of the same machine: its HTTP API and its errors as ours."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import IO, Any, Final
from urllib.parse import quote

import httpx2
import pyarrow as pa

from shangyou.adapters.lines import TlsSettings, context
from shangyou.adapters.serving import Serving
from shangyou.core.errors import (
    ConflictError,
    InputError,
    NotFoundError,
    RefusedError,
    ShangyouError,
    UnavailableError,
)

ARROW: Final = "application/vnd.apache.arrow.stream"
PIECE: Final = 1 << 18
KINDS: Final[Mapping[int, type[ShangyouError]]] = {
    400: InputError,
    401: RefusedError,
    403: RefusedError,
    404: NotFoundError,
    409: ConflictError,
    503: UnavailableError,
}
PATIENCE: Final = httpx2.Timeout(10.0, read=600.0, write=600.0)  # an assessment of years may take minutes


class NodeClient:
    """Asks a serving node, and has it do things."""

    def __init__(self, serving: Serving, by: str, language: str) -> None:
        headers = {"authorization": f"Bearer {serving.token}", "x-shangyou-by": quote(by)}
        self._address, self._language = serving.address, language
        own = context((serving.pin,), TlsSettings("", serving.certificate, serving.key)) if serving.pin else True
        self._http = httpx2.Client(
            base_url=serving.address, headers=headers, timeout=PATIENCE, trust_env=False, verify=own
        )

    def __enter__(self) -> NodeClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def ask(self, path: str, /, **given: object) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
        """Rows that answer a question; they are read from the line as they are taken."""
        told = {name: _told(value) for name, value in given.items() if value is not None}
        language, headers = {"lang": self._language}, {"accept": ARROW}
        if any(
            isinstance(value, str) and ("\n" in value or len(value) > 500) for value in told.values()
        ):  # whole texts
            request = self._http.build_request("POST", f"/api/v1/{path}", params=language, json=told, headers=headers)
        else:
            request = self._http.build_request("GET", f"/api/v1/{path}", params=language | told, headers=headers)
        answer = self._send(request)
        reader = pa.ipc.open_stream(io.BufferedReader(_Body(answer, self._address), PIECE))

        def batches() -> Iterator[pa.RecordBatch]:
            try:
                yield from reader
            finally:
                answer.close()

        return reader.schema, batches()

    def do(self, path: str, /, **given: object) -> dict[str, Any]:
        """Have a deed done; returns what it says of itself."""
        body = {name: value for name, value in given.items() if value is not None}
        return self._read(self._http.build_request("POST", f"/api/v1/{path}", json=body))

    def send(
        self, name: str, file: IO[bytes], size: int, kind: str, note: str, tell: Callable[[int], None]
    ) -> dict[str, Any]:
        """Give a file to the intake; `tell` hears of the bytes as they leave."""

        def pieces() -> Iterator[bytes]:
            while piece := file.read(PIECE):
                yield piece
                tell(len(piece))

        request = self._http.build_request(
            "POST",
            "/api/v1/ingest",
            params={"name": name, "kind": kind, "note": note},
            content=pieces(),
            headers={"content-length": str(size)},
        )
        return self._read(request)

    def backup(self) -> Iterator[bytes]:
        """The backup of the node, piece by piece."""
        answer = self._send(self._http.build_request("GET", "/api/v1/backup"))
        try:
            yield from answer.iter_bytes(PIECE)
        except httpx2.HTTPError as error:
            raise UnavailableError("node.unreachable", address=self._address) from error
        finally:
            answer.close()

    def _read(self, request: httpx2.Request) -> dict[str, Any]:
        answer = self._send(request)
        answer.read()
        found: dict[str, Any] = answer.json()
        return found

    def _send(self, request: httpx2.Request) -> httpx2.Response:
        """The answer with its body still on the line; the node's errors are raised as they were there."""
        try:
            answer = self._http.send(request, stream=True)
            if answer.is_error:
                answer.read()
        except httpx2.HTTPError as error:
            raise UnavailableError("node.unreachable", address=self._address) from error
        if answer.is_error:
            raise _error(answer, self._address)
        return answer


def _told(value: object) -> Any:
    return list(value) if isinstance(value, tuple | list) else value


def _error(answer: httpx2.Response, address: str) -> ShangyouError:
    try:
        body = answer.json()
        code, facts = str(body["code"]), dict(body["facts"])
    except (ValueError, KeyError, TypeError):
        return UnavailableError("node.answer", address=address, status=answer.status_code)
    return KINDS.get(answer.status_code, ShangyouError)(code, **facts)


class _Body(io.RawIOBase):
    """The body of an answer as a file that can be read once."""

    def __init__(self, answer: httpx2.Response, address: str) -> None:
        self._pieces, self._rest, self._address = answer.iter_bytes(), b"", address

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._rest:
            try:
                self._rest = next(self._pieces, b"")
            except httpx2.HTTPError as error:
                raise UnavailableError("node.unreachable", address=self._address) from error
        part, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(part)] = part
        return len(part)
