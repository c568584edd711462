"""One connection of HTTP/1.1, held against a server that says whatever it is told to."""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shangyou.adapters.connection import HEAD_MOST, Connection, ProtocolError

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nX-A: 1\r\nX-A: 2\r\n"
WHOLE = HEAD + b"Content-Length: 5\r\n\r\nabcde"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n"
LASTING = HEAD + b"\r\nabcde"


@contextlib.contextmanager
def saying(pieces: Sequence[bytes], stays: bool = False) -> Iterator[Connection]:
    """A connection to somebody who answers one request with these bytes, and hangs up unless it stays."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            with listening.accept()[0] as line, contextlib.suppress(OSError):
                line.settimeout(5)
                line.recv(65_536)
                for piece in pieces:
                    line.sendall(piece)
                if stays:
                    line.recv(1)

        thread = threading.Thread(target=answer)
        thread.start()
        made = Connection("127.0.0.1", listening.getsockname()[1], None, 3.0, "a", {})
        try:
            yield made
        finally:
            made.close()
            thread.join()


def asked(connection: Connection) -> tuple[int, dict[str, str], bytes]:
    status, headers = connection.ask("GET", "/", {}, b"", 3.0)
    return status, headers, b"".join(connection.pieces())


def cut(data: bytes, places: Sequence[int]) -> list[bytes]:
    edges = [0, *sorted(place % len(data) for place in places), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(edges) if a < b]


@settings(max_examples=40, deadline=None)
@given(st.sampled_from((WHOLE, CHUNKED, LASTING)), st.lists(st.integers(0, 1000), max_size=8))
def test_an_answer_is_the_same_wherever_it_is_cut(answer: bytes, places: list[int]) -> None:
    with saying(cut(answer, places)) as connection:
        status, headers, body = asked(connection)
    assert (status, headers["content-type"], headers["x-a"], body) == (200, "a/b", "1, 2", b"abcde")


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.binary(max_size=300), st.integers(0, len(CHUNKED)).map(lambda n: CHUNKED[:n] + b"\xff\r\n")))
def test_what_is_no_answer_is_a_protocol_error_and_nothing_else(said: bytes) -> None:
    with saying([said]) as connection, contextlib.suppress(ProtocolError):
        assert asked(connection)[0] >= 200


def test_an_answer_that_is_cut_short_is_none() -> None:
    for said in (b"", HEAD, WHOLE[:-1], CHUNKED[:-5]):
        with saying([said]) as connection, pytest.raises(ProtocolError):
            asked(connection)


def test_a_head_without_an_end_is_given_up() -> None:
    with saying([HEAD + b"X-B: " + b"b" * HEAD_MOST], stays=True) as connection, pytest.raises(ProtocolError):
        asked(connection)


def test_an_announcement_before_the_answer_is_passed_over() -> None:
    with saying([b"HTTP/1.1 100 Continue\r\nX-A: 0\r\n\r\n", WHOLE]) as connection:
        assert asked(connection)[1]["x-a"] == "1, 2"


def test_only_a_connection_whose_answer_was_read_to_its_end_is_used_again() -> None:
    with saying([WHOLE], stays=True) as connection:
        connection.ask("GET", "/", {}, b"", 3.0)
        assert asked_rest(connection) == b"abcde"
        assert connection.usable(5.0)
        assert not connection.usable(0.0)
    with saying([WHOLE + b"HTTP/1.1 200 OK\r\n"], stays=True) as connection:  # more than was asked for
        asked(connection)
        assert not connection.usable(5.0)
    with saying([HEAD + b"Content-Length: 50\r\n\r\nabcde"], stays=True) as connection:
        connection.ask("GET", "/", {}, b"", 3.0)
        assert not connection.usable(5.0)
    with saying([HEAD + b"Connection: close\r\nContent-Length: 0\r\n\r\n"], stays=True) as connection:
        asked(connection)
        assert not connection.usable(5.0)


def asked_rest(connection: Connection) -> bytes:
    return b"".join(connection.pieces())


def test_a_header_that_would_begin_another_is_not_sent() -> None:
    with saying([WHOLE], stays=True) as connection, pytest.raises(ValueError, match="headers"):
        connection.ask("GET", "/", {"a": "b\r\nc: d"}, b"", 3.0)
