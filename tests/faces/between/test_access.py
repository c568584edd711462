"""What a hostile or unlucky peer meets at the door."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.requests import Request

from shangyou.core.errors import InputError, UnavailableError
from shangyou.exchange.token import Asked, mint
from shangyou.faces.between.access import read
from tests.fakes.exchange_basin import Basin, basin
from tests.fakes.exchange_peers import Fate, Journey


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Basin]:
    """Two nodes for tests that change nothing."""
    with basin(tmp_path_factory.mktemp("pair"), ("ministry", "sichuan")) as found:
        yield found


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Basin]:
    with basin(tmp_path, ("ministry", "sichuan")) as found:
        yield found


def sent(found: Basin, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, str]:
    """A request as a stranger may send it: status and code."""
    answer = found.network.carry(Journey("stranger", "ministry", method, path, headers, body))
    return answer.status, answer.headers.get("x-shangyou-code", "")


def token(found: Basin, method: str, path: str, body: bytes = b"", id: str = "an-id-of-enough-letters") -> str:
    made = mint(found["sichuan"].signer, "sichuan", "ministry", Asked(method, path, body), found.clock.ms(), id)
    return f"Bearer {made}"


def test_without_a_token_nothing_is_told(pair: Basin) -> None:
    assert sent(pair, "GET", "/federation/list?after=0") == (401, "token.missing")
    assert sent(pair, "GET", "/federation/pulse", authorization="Basic x") == (401, "token.missing")
    assert sent(pair, "GET", "/federation/pulse", authorization="Bearer x") == (401, "token.shape")


def test_a_request_that_is_sent_again_byte_by_byte_is_refused(two: Basin) -> None:
    two.network.fate = lambda _: Fate.DOUBLE
    assert two["sichuan"].peers.call("ministry", "GET", "/federation/pulse").status == 200
    again = two.network.sent[-1]
    two.network.heal()
    assert two.network.carry(again).headers["x-shangyou-code"] == "token.replayed"
    two.clock.advance(minutes=5)
    assert two.network.carry(again).headers["x-shangyou-code"] == "token.clock"
    two.clock.advance(minutes=30)
    assert two.network.carry(again).headers["x-shangyou-code"] == "token.expired"


def test_a_stolen_token_opens_nothing_else(pair: Basin) -> None:
    stolen = token(pair, "GET", "/federation/pulse", id="stolen-before-it-was-used")
    assert sent(pair, "GET", "/federation/list?after=0", authorization=stolen) == (401, "token.path")
    assert sent(pair, "POST", "/federation/drafts", b"{}", authorization=stolen)[1] in ("token.method", "token.path")


@pytest.mark.parametrize("minutes", [-10, -2, 2, 10])
def test_a_wrong_clock_is_told_as_such_at_either_end(two: Basin, minutes: int) -> None:
    two.clocks["sichuan"].offset = timedelta(minutes=minutes)
    answer = two["sichuan"].peers.call("ministry", "GET", "/federation/pulse")
    assert (answer.status, answer.headers["x-shangyou-code"]) == (401, "token.clock")
    assert json.loads(answer.body)["facts"]["seconds"] == minutes * 60
    two["ministry"].feel("sichuan")
    assert two["ministry"].health["sichuan"].code == "token.clock"


def test_a_body_that_is_too_long_is_not_read(pair: Basin) -> None:
    assert sent(pair, "POST", "/federation/drafts", b"x" * (1 << 20) + b"y", authorization="Bearer x") == (
        400,
        "wire.size",
    )
    assert sent(pair, "POST", "/federation/list", b"x" * (5 << 20)) == (400, "wire.size")
    assert sent(pair, "POST", "/federation/join", b"x" * 65_537) == (400, "wire.size")


@pytest.mark.parametrize(
    "body",
    [b"[" * 100_000, b'{"a":' * 60_000, b'{"lists":' + b"[" * 40 + b"]" * 40 + b"}"],
)
def test_json_that_is_nested_too_deep_is_refused(pair: Basin, body: bytes) -> None:
    status, code = sent(pair, "POST", "/federation/list", body)
    assert (status, code) in ((400, "wire.depth"), (400, "wire.json"))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.binary(max_size=200)
    | st.recursive(
        st.none() | st.integers() | st.text(max_size=5), lambda x: st.lists(x) | st.dictionaries(st.text(max_size=9), x)
    ).map(lambda v: json.dumps({"lists": v, "document": v, "signatures": v}).encode())
)
def test_whatever_is_handed_over_as_lists_or_requests_is_refused_in_order(pair: Basin, body: bytes) -> None:
    for path in ("/federation/list", "/federation/join"):
        status, code = sent(pair, "POST", path, body)
        assert 400 <= status < 500 or (path.endswith("list") and b'"lists": []' in body), (status, code)
    assert pair["ministry"].trust.trusted.version == 1


def test_a_body_that_comes_too_slowly_is_given_up() -> None:
    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0)
        return {"type": "http.request", "body": b"x", "more_body": True}

    async def never() -> dict[str, Any]:
        await asyncio.Event().wait()
        return {}

    scope = {"type": "http", "method": "POST", "headers": [], "path": "/"}
    with pytest.raises(UnavailableError, match=r"wire\.slow"):
        asyncio.run(read(Request(scope, never), seconds=0.05))
    with pytest.raises(InputError, match=r"wire\.size"):  # an endless body ends at the bound, told or not
        asyncio.run(read(Request(scope, receive), most=1000))


def test_what_there_is_not_is_not_found_and_nothing_leaks(pair: Basin) -> None:
    assert sent(pair, "GET", "/federation/nothing") == (404, "between.path")
    assert sent(pair, "DELETE", "/federation/list") == (404, "between.path")


def test_answers_between_nodes_are_never_kept_by_caches(pair: Basin) -> None:
    answer = pair.network.carry(Journey("stranger", "ministry", "GET", "/federation/pulse", {}, b""))
    assert answer.headers["cache-control"] == "no-store"
