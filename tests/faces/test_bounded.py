"""Bodies of requests: counted as they come, whether or not their length was said."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from shangyou.adapters.serving import FILE
from shangyou.core.errors import RefusedError, ShangyouError
from shangyou.faces.bounded import ANYBODY, Bounded
from tests.faces.processes import Served, run, served

MOST = 200_000
DEED = "/api/v1/facts/load?lang=en"


async def reads(scope: Scope, receive: Receive, send: Send) -> None:
    """An application that answers how much it was given."""
    await Response(str(len(await Request(scope, receive).body())))(scope, receive, send)


def need_known(request: Request) -> None:
    if request.headers.get("authorization") != "known":
        raise RefusedError("api.sign_in")


def refusal(request: Request, error: ShangyouError) -> Response:
    return JSONResponse(error.code, error.status)


def client(streamed: tuple[str, ...] = ()) -> TestClient:
    return TestClient(Bounded(reads, MOST, need_known, refusal, streamed))


def sizes() -> st.SearchStrategy[list[int]]:
    return st.lists(st.integers(0, 90_000), max_size=5)


@given(sizes(), st.booleans(), st.booleans())
def test_a_body_is_read_whole_or_refused_however_it_is_cut(pieces: list[int], known: bool, said: bool) -> None:
    size = sum(pieces)
    body = b"x" * size if said else iter([b"x" * each for each in pieces])
    answer = client().post("/", content=body, headers={"authorization": "known"} if known else {})
    if size > MOST and (known or said):
        assert (answer.status_code, answer.json()) == (413, "api.size")
    elif size > ANYBODY and not known:
        assert answer.json() in ("api.sign_in", "api.size")
    else:
        assert (answer.status_code, answer.text) == (200, str(size))


def test_a_path_that_sees_to_it_itself_gets_all() -> None:
    assert client(("/file",)).post("/file", content=b"x" * 2 * MOST).text == str(2 * MOST)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, dict[str, str]]]:
    """A serving node, and what the command line of its machine shows it."""
    home = tmp_path_factory.mktemp("bounded") / "node"
    done = run("node", "init", "--home", home, "--name-zh", "试验节点", "--set", "hj212_port=0", "--no-facts")
    assert done.returncode == 0, done.stderr
    with served(home, SHANGYOU_HTTP_BODY_BYTES=str(MOST)) as found:
        token = json.loads((home / FILE).read_text())["token"]
        yield found, {"authorization": f"Bearer {token}"}
        code, log = found.end()
        assert (code, "Traceback" in log) == (0, False), log


def pieces(size: int) -> Iterator[bytes]:
    """Without a length that is told first."""
    yield b'{"name": "'
    for _ in range(size // 10_000):
        yield b"x" * 10_000
    yield b'"}'


@pytest.mark.parametrize("chunked", [True, False])
@pytest.mark.parametrize(
    ("size", "known", "status", "code"),
    [
        (10_000, False, 401, "api.sign_in"),
        (100_000, False, 401, "api.sign_in"),
        (100_000, True, 400, "api.unknown"),
        (1_000_000, True, 413, "api.size"),
    ],
)
def test_a_serving_node_bounds_what_it_is_sent(
    node: tuple[Served, dict[str, str]], chunked: bool, size: int, known: bool, status: int, code: str
) -> None:
    content = pieces(size) if chunked else b"".join(pieces(size))
    headers = {"content-type": "application/json", **(node[1] if known else {})}
    answer = node[0].http.post(DEED, content=content, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["remedy"]


def test_a_body_that_never_ends_is_answered_while_it_comes(node: tuple[Served, dict[str, str]]) -> None:
    place = node[0].http.base_url
    with socket.create_connection((place.host, place.port or 80), timeout=30) as line:
        line.sendall(b"POST /api/v1/facts/load HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(ANYBODY // 0x1000 + 1):
            line.sendall(b"1000\r\n" + b"x" * 0x1000 + b"\r\n")
        assert line.recv(12) == b"HTTP/1.1 401"
    assert node[0].http.get("/healthz").json()["ready"]


def test_a_length_that_is_said_is_believed_before_a_byte_of_it_comes(node: tuple[Served, dict[str, str]]) -> None:
    place = node[0].http.base_url
    with socket.create_connection((place.host, place.port or 80), timeout=30) as line:
        line.sendall(b"POST /api/v1/facts/load HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000000\r\n\r\n")
        assert line.recv(12) == b"HTTP/1.1 413"


def test_a_file_may_be_larger_than_a_deed(node: tuple[Served, dict[str, str]]) -> None:
    answer = node[0].http.post("/api/v1/ingest?name=a.bin", content=pieces(1_000_000), headers=node[1])
    assert answer.json()["code"] != "api.size"
    assert node[0].http.post("/api/v1/ingest?name=a.bin", content=pieces(1_000_000)).status_code == 401
