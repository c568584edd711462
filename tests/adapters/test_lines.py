"""Requests over real sockets and real TLS, with certificates made here."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from shangyou.adapters.lines import HttpLine, TlsSettings
from shangyou.core.errors import InputError, UnavailableError
from shangyou.exchange.member import Level, Member
from shangyou.exchange.ports import Answer
from tests.adapters.tls import Made, hello, make, server


def member(port: int, scheme: str = "https", pins: tuple[str, ...] = (), host: str = "127.0.0.1") -> Member:
    return Member("sichuan", "四川", "Sichuan", Level.PROVINCIAL, "510000", f"{scheme}://{host}:{port}", (), pins=pins)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tls")


@pytest.fixture(scope="module")
def authority(folder: Path) -> Made:
    return make(folder, "authority", authority=True)


@contextlib.contextmanager
def line(tls: TlsSettings | None = None, most: int = 1 << 20) -> Iterator[HttpLine]:
    made = HttpLine(tls, most)
    try:
        yield made
    finally:
        made.close()


def ask(by: HttpLine, of: Member, path: str = "/a/b?c=d%20e", seconds: float = 3.0) -> Answer:
    return by.ask(of, "GET", path, {"x-a": "b"}, b"", seconds)


def reason_of(by: HttpLine, of: Member, seconds: float = 3.0) -> str:
    with pytest.raises(UnavailableError) as failed:
        ask(by, of, seconds=seconds)
    return str(failed.value.facts.get("reason", failed.value.code))


def test_a_certificate_of_a_known_authority_is_taken_and_connections_are_kept(folder: Path, authority: Made) -> None:
    shown = make(folder, "signed", authority)
    seen = list[object]()

    def answer(handler: BaseHTTPRequestHandler) -> None:
        seen.append(handler.client_address)
        hello(handler)

    with server(answer, shown) as port, line(TlsSettings(str(authority.file))) as by:
        for _ in range(3):
            assert ask(by, member(port)).body == b"/a/b?c=d%20e"
    assert len(set(seen)) == 1


def test_a_certificate_of_nobody_known_is_refused(folder: Path) -> None:
    with server(shown=make(folder, "alone")) as port, line() as by:
        assert reason_of(by, member(port)) == "certificate"


def test_an_expired_certificate_is_refused(folder: Path, authority: Made) -> None:
    with server(shown=make(folder, "old", authority, days=-1)) as port, line(TlsSettings(str(authority.file))) as by:
        assert reason_of(by, member(port)) == "certificate"


def test_a_pin_takes_the_place_of_an_authority_and_holds_against_one(folder: Path, authority: Made) -> None:
    alone, signed = make(folder, "pinned"), make(folder, "unpinned", authority)
    with line(TlsSettings(str(authority.file))) as by:
        with server(shown=alone) as port:
            assert ask(by, member(port, pins=(alone.pin,))).status == 200
        with server(shown=signed) as port:  # a CA may sign anything: the list knows better
            assert reason_of(by, member(port, pins=(alone.pin,))) == "pin"
            assert ask(by, member(port, pins=(alone.pin, signed.pin))).status == 200


def test_not_a_byte_of_a_request_goes_to_who_has_the_wrong_pin(folder: Path) -> None:
    asked = list[str]()
    with server(lambda handler: asked.append(handler.path), make(folder, "false")) as port, line() as by:
        assert reason_of(by, member(port, pins=("A" * 43 + "=",))) == "pin"
    assert asked == []


def test_a_node_that_asks_for_certificates_gets_ours(folder: Path, authority: Made) -> None:
    shown, ours = make(folder, "asks", authority), make(folder, "ours", authority)
    with server(hello, shown, clients=authority) as port:
        with line(TlsSettings(str(authority.file), str(ours.file))) as by:
            assert ask(by, member(port)).status == 200
        with line(TlsSettings(str(authority.file))) as by:
            assert reason_of(by, member(port)) in ("tls", "network", "protocol")


def test_each_way_of_not_being_there_is_told_apart() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with line() as by:
        assert reason_of(by, member(port, "http")) == "port"
        assert reason_of(by, member(port, "https", host="no-such-host.invalid")) == "name"
    with server() as port, line() as by:
        assert reason_of(by, member(port, "https")) == "tls"
    with socket.socket() as deaf, line() as by:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        assert reason_of(by, member(deaf.getsockname()[1], "http"), seconds=0.3) == "timeout"


def test_an_answer_that_does_not_end_is_given_up_by_size_and_by_time() -> None:
    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while True:
            handler.wfile.write(b"x" * 65_536)

    def drops(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("content-length", "1000000")
        handler.end_headers()
        handler.wfile.write(b"x")
        handler.connection.recv(1)  # until the other has had enough

    with server(endless) as port, line(most=100_000) as by:
        assert reason_of(by, member(port, "http")) == "peer.too_large"
    with server(drops) as port, line() as by:
        assert reason_of(by, member(port, "http"), seconds=0.3) == "timeout"


def test_redirects_lead_nowhere() -> None:
    def elsewhere(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(302)
        handler.send_header("location", "http://127.0.0.1:1/")
        handler.send_header("content-length", "0")
        handler.end_headers()

    with server(elsewhere) as port, line() as by:
        assert ask(by, member(port, "http")).status == 302


def test_a_stream_comes_in_pieces_and_may_be_left_early() -> None:
    def many(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("transfer-encoding", "chunked")
        handler.end_headers()
        for _ in range(10_000):
            handler.wfile.write(b"4\r\nabcd\r\n")
        handler.wfile.write(b"0\r\n\r\n")

    with server(many) as port, line() as by:
        with by.stream(member(port, "http"), "/x", {}, 3.0) as (answer, pieces):
            assert (answer.status, answer.body) == (200, b"")
            assert next(pieces).startswith(b"abcd")
        with by.stream(member(port, "http"), "/x", {}, 3.0) as (_, pieces):
            assert sum(map(len, pieces)) == 40_000


def test_a_path_that_would_not_arrive_as_it_was_signed_is_not_sent() -> None:
    with line() as by, pytest.raises(InputError, match=r"peer\.path"):
        ask(by, member(1, "http"), "/断面")


def test_files_of_certificates_that_are_none_are_told(folder: Path) -> None:
    (folder / "none.pem").write_text("none")
    with line(TlsSettings(str(folder / "none.pem"))) as by, pytest.raises(InputError, match=r"peer\.tls"):
        ask(by, member(1))
