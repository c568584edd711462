"""Requests to other nodes over HTTP: one pool of connections a member, certificates checked or pinned, all bounded."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from shangyou.core.errors import InputError, ShangyouError, UnavailableError
from shangyou.exchange.member import Member
from shangyou.exchange.ports import Answer

if TYPE_CHECKING:
    import httpx2

MOST_ANSWER: Final = 16 << 20  # bytes of an answer that is held in memory; more comes as a stream
PIECE: Final = 1 << 18
CONNECT: Final = 5.0  # seconds until a connection must stand: a node that is away must not hold the others up
CODE: Final = "x-shangyou-code"


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """Of connections that this node makes."""

    authorities: str = ""  # file of CA certificates beside the system's; "" = none
    certificate: str = ""  # file of our own certificate, shown where a peer asks for one (mTLS)
    key: str = ""  # file of its private key


class HttpLine:
    """See `adapters.peers.Line`."""

    def __init__(self, tls: TlsSettings | None = None, most: int = MOST_ANSWER) -> None:
        self._tls, self._most = tls or TlsSettings(), most
        self._clients: dict[tuple[str, tuple[str, ...]], httpx2.Client] = {}
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
            for client in self._clients.values():
                client.close()
            self._clients.clear()

    @contextlib.contextmanager
    def _open(
        self, member: Member, method: str, path: str, headers: Mapping[str, str], body: bytes, seconds: float
    ) -> Iterator[tuple[Answer, Iterator[bytes]]]:
        import httpx2

        client = self._client(member)
        url = httpx2.URL(member.address + path)
        if url.raw_path.decode("ascii") != path:  # the token names the path as it is on the wire
            raise InputError("peer.path", path=path[:200])
        limits = httpx2.Timeout(seconds, connect=min(seconds, CONNECT))
        with _told(member):
            request = client.build_request(method, url, content=body or None, headers=dict(headers), timeout=limits)
            response = client.send(request, stream=True)
        try:
            kind = response.headers.get("content-type", "")
            yield (
                Answer(response.status_code, kind, b"", dict(response.headers)),
                _pieces(response.iter_raw(PIECE), member),
            )
        finally:
            response.close()

    def _client(self, member: Member) -> httpx2.Client:
        """The pool of connections of a member; made anew when its address or pins change."""
        key = (member.address, member.pins)
        with self._lock:
            if key not in self._clients:
                import httpx2

                # redirects are not followed and proxies of the environment not asked: the list says where a node is
                self._clients[key] = httpx2.Client(
                    verify=self._context(member),
                    trust_env=False,
                    follow_redirects=False,
                    limits=httpx2.Limits(max_connections=64, max_keepalive_connections=8, keepalive_expiry=50.0),
                    headers={"accept-encoding": "identity", "user-agent": "shangyou"},
                )
            return self._clients[key]

    def _context(self, member: Member) -> Any:
        if not member.address.startswith("https:"):
            return False  # no TLS at all: the list names it, and only on this machine (document.check_address)
        return context(member.pins, self._tls)


def _pieces(raw: Iterator[bytes], member: Member) -> Iterator[bytes]:
    with _told(member):
        yield from raw


def context(pins: tuple[str, ...], tls: TlsSettings) -> ssl.SSLContext:
    """TLS towards a member. Where the list pins its keys, they decide, whoever signed the certificate; else a CA does.

    Raises InputError "peer.tls" if a file of the settings cannot be used.
    """
    made = ssl.create_default_context()
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
    import httpx2

    try:
        yield
    except httpx2.TimeoutException as error:
        raise _unreachable(member, "timeout", type(error).__name__) from error
    except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError) as error:
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
