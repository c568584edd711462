"""Requests to other nodes over HTTP: one pool of connections a member, certificates checked or pinned, all bounded."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import re
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from shangyou.adapters.connection import Connection, ProtocolError
from shangyou.core.errors import InputError, ShangyouError, UnavailableError
from shangyou.exchange.member import Member
from shangyou.exchange.ports import Answer

MOST_ANSWER: Final = 16 << 20  # bytes of an answer that is held in memory; more comes as a stream
IDLE: Final = 50.0  # seconds that a connection is kept unused: less than the other end keeps it
KEPT: Final = 24  # connections to a member that are kept unused
OWN: Final = {"accept": "*/*", "accept-encoding": "identity", "connection": "keep-alive", "user-agent": "shangyou"}
CONNECT: Final = 5.0  # seconds until a connection must stand: a node that is away must not hold the others up
_PATH: Final = re.compile(r"/[A-Za-z0-9\-._~!$&'()*+,;=:@/%?]*")  # what RFC 3986 has in a path and a query
_DOTS: Final = re.compile(r"/\.{1,2}(/|$)")  # a server may take them out


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """Of connections that this node makes."""

    authorities: str = ""  # file of CA certificates beside the system's; "" = none
    certificate: str = ""  # file of our own certificate, shown where a peer asks for one (mTLS)
    key: str = ""  # file of its private key


@dataclass(eq=False, slots=True)
class _Pool:
    """Connections to one member that nobody uses now, the last used at the end."""

    tls: ssl.SSLContext | None
    unused: list[Connection] = field(default_factory=list)


class HttpLine:
    """See `adapters.peers.Line`. Redirects are not followed and no proxy is asked: the list says where a node is."""

    def __init__(self, tls: TlsSettings | None = None, most: int = MOST_ANSWER) -> None:
        self._tls, self._most = tls or TlsSettings(), most
        self._pools: dict[tuple[str, tuple[str, ...]], _Pool] = {}
        self._lock = threading.Lock()

    def ask(
        self, member: Member, method: str, path: str, headers: Mapping[str, str], body: bytes, seconds: float
    ) -> Answer:
        """See Line. The whole answer must be there within `seconds`."""
        began = time.monotonic()
        with self._open(member, method, path, headers, body, seconds) as (answer, pieces):
            found = bytearray()
            for piece in pieces:
                found += piece
                if len(found) > self._most:
                    raise UnavailableError("peer.too_large", member=member.id, most=self._most)
                if time.monotonic() - began > seconds:  # each piece in time, and never an end
                    raise _unreachable(member, "timeout", f"{seconds:g} s")
        return Answer(answer.status, answer.kind, bytes(found), answer.headers)

    def stream(
        self, member: Member, path: str, headers: Mapping[str, str], seconds: float
    ) -> contextlib.AbstractContextManager[tuple[Answer, Iterator[bytes]]]:
        """See Line. The answer's `body` is empty; the pieces hold it."""
        return self._open(member, "GET", path, headers, b"", seconds)

    def close(self) -> None:
        """Let go of all connections."""
        with self._lock:
            pools, self._pools = self._pools, {}
        for pool in pools.values():
            for each in pool.unused:
                each.close()

    @contextlib.contextmanager
    def _open(
        self, member: Member, method: str, path: str, headers: Mapping[str, str], body: bytes, seconds: float
    ) -> Iterator[tuple[Answer, Iterator[bytes]]]:
        if not _PATH.fullmatch(path) or _DOTS.search(path.partition("?")[0]):
            raise InputError("peer.path", path=path[:200])  # the token names the path as it is on the wire
        pool = self._pool(member)
        with _told(member):
            connection = self._taken(pool) or _connected(member, pool.tls, min(seconds, CONNECT))
        try:
            with _told(member):
                status, told = connection.ask(method, path, headers, body, seconds)
            yield Answer(status, told.get("content-type", ""), b"", told), _pieces(connection, member)
        finally:
            self._give_back(member, pool, connection)

    def _pool(self, member: Member) -> _Pool:
        """Of a member; made anew when its address or pins change."""
        key = (member.address, member.pins)
        with self._lock:
            found = self._pools.get(key)
            if found is None:
                # without TLS only where the list names it so, and only on this machine (document.check_address)
                tls = context(member.pins, self._tls) if member.address.startswith("https:") else None
                found = self._pools[key] = _Pool(tls)
            return found

    def _taken(self, pool: _Pool) -> Connection | None:
        while True:
            with self._lock:
                found = pool.unused.pop() if pool.unused else None
            if found is None or found.usable(IDLE):
                return found
            found.close()

    def _give_back(self, member: Member, pool: _Pool, connection: Connection) -> None:
        """Keep a connection whose answer was read to its end, as long as its pool is in use."""
        kept = connection.usable(IDLE)
        with self._lock:
            kept = kept and self._pools.get((member.address, member.pins)) is pool and len(pool.unused) < KEPT
            if kept:
                pool.unused.append(connection)
        if not kept:
            connection.close()


def _connected(member: Member, tls: ssl.SSLContext | None, seconds: float) -> Connection:
    place = urlsplit(member.address)
    port = place.port or (443 if tls is not None else 80)
    return Connection(place.hostname or "", port, tls, seconds, place.netloc, OWN)


def _pieces(connection: Connection, member: Member) -> Iterator[bytes]:
    with _told(member):
        yield from connection.pieces()


def context(pins: tuple[str, ...], tls: TlsSettings) -> ssl.SSLContext:
    """TLS towards a member. Where the list pins its keys, they decide, whoever signed the certificate; else a CA does.

    Raises InputError "peer.tls" if a file of the settings cannot be used.
    """
    # the authorities of the system take 1 MB and 30 ms, and have no say where keys are pinned
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if pins else ssl.create_default_context()
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        if tls.authorities:
            made.load_verify_locations(tls.authorities)
        if tls.certificate:
            made.load_cert_chain(tls.certificate, tls.key or None)
    except (OSError, ssl.SSLError) as error:
        raise InputError("peer.tls", detail=str(error)) from error
    if pins:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
        made.sslsocket_class = _pinned(frozenset(pins))
    return made


def _pinned(pins: frozenset[str]) -> type[ssl.SSLSocket]:
    class PinnedSocket(ssl.SSLSocket):
        """Ends a connection whose certificate has none of the pinned keys, before a byte of ours is sent."""

        def do_handshake(self, block: bool = False) -> None:
            super().do_handshake(block)
            shown = self.getpeercert(binary_form=True)
            if shown is None or pin(shown) not in pins:
                raise ssl.SSLCertVerificationError("pin")

    return PinnedSocket


def pin(certificate: bytes) -> str:
    """SHA-256 of the public key (SubjectPublicKeyInfo) of a certificate in DER, base64, as in RFC 7469."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = x509.load_der_x509_certificate(certificate).public_key()
    info = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(info).digest()).decode()


def own_pin(file: str) -> str:
    """The pin of the first certificate in a PEM file. InputError "peer.tls"."""
    try:
        return pin(ssl.PEM_cert_to_DER_cert(_first_certificate(Path(file).read_text("ascii"))))
    except (OSError, ValueError) as error:
        raise InputError("peer.tls", detail=str(error)) from error


def _first_certificate(text: str) -> str:
    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    start = text.index(begin)
    return text[start : text.index(end, start) + len(end)]


@contextlib.contextmanager
def _told(member: Member) -> Iterator[None]:
    """What goes wrong on the line as our error, with a word for what it was."""
    try:
        yield
    except TimeoutError as error:
        raise _unreachable(member, "timeout", str(error)) from error
    except (OSError, ProtocolError) as error:
        raise _unreachable(member, cause(error), str(error)) from error


def cause(error: BaseException) -> str:
    """One word for why a connection failed: name, port, certificate, pin, tls, network or protocol."""
    import socket

    found: BaseException | None = error
    word = "protocol"
    while found is not None:
        if isinstance(found, ssl.SSLCertVerificationError):
            return "pin" if "pin" in found.args else "certificate"
        if isinstance(found, ssl.SSLError):
            return "tls"
        if isinstance(found, socket.gaierror):
            return "name"
        if isinstance(found, ConnectionRefusedError):
            return "port"
        if isinstance(found, OSError):
            word = "network"
        found = found.__cause__ or found.__context__
    return word


def _unreachable(member: Member, reason: str, detail: str) -> ShangyouError:
    return UnavailableError("peer.unreachable", member=member.id, address=member.address, reason=reason, detail=detail)
