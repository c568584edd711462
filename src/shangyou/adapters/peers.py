"""Signed requests to other members: who may be asked, with which token, over which line.

`SignedPeers` is the same everywhere; a `Line` carries one request to one member: HTTP here, in one process in tests.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Final, Protocol

from shangyou.adapters.trust import TrustFolder
from shangyou.core.errors import InputError, RefusedError
from shangyou.exchange.member import Member, Standing
from shangyou.exchange.ports import Answer, Signer
from shangyou.exchange.token import Asked, mint
from shangyou.exchange.trust.acceptance import Phase, countdown

LIST: Final = "/federation/list"
TRUST: Final = "/federation/"  # goes whatever the list's age and a member's standing: it is the way out of both
UNKNOWN_KEY: Final = ("token.key", "token.key_time", "token.member")


class Line(Protocol):
    """Carries one request to one member."""

    def ask(
        self, member: Member, method: str, path: str, headers: Mapping[str, str], body: bytes, seconds: float
    ) -> Answer:
        """UnavailableError "peer.unreachable" with the reason."""
        ...

    def stream(
        self, member: Member, path: str, headers: Mapping[str, str], seconds: float
    ) -> AbstractContextManager[tuple[Answer, Iterator[bytes]]]:
        """GET whose body comes in pieces."""
        ...

    def close(self) -> None:
        """Let go of all connections."""
        ...


class SignedPeers:
    """See `exchange.ports.Peers`."""

    def __init__(
        self,
        trust: TrustFolder,
        line: Line,
        signer: Callable[[], Signer],
        now: Callable[[], int],
        new_id: Callable[[], str],
    ) -> None:
        """`signer` gives the key of this moment, so that a key may change while others ask."""
        self._trust, self._line, self._signer, self._now, self._new_id = trust, line, signer, now, new_id

    def call(
        self,
        member: str,
        method: str,
        path: str,
        body: bytes = b"",
        kind: str = "application/json",
        headers: Mapping[str, str] | None = None,
        seconds: float = 10.0,
    ) -> Answer:
        """See Peers. A peer whose list is older than our key is handed the newer list, and asked again, once."""
        found = self._asked(member, path)
        extra = dict(headers or {}) | ({"content-type": kind} if body else {})
        answer = self._line.ask(found, method, path, extra | self._token(found, method, path, body), body, seconds)
        if self._stranger(answer) and self._hand_list(found, seconds):
            answer = self._line.ask(found, method, path, extra | self._token(found, method, path, body), body, seconds)
        return answer

    @contextlib.contextmanager
    def stream(
        self, member: str, path: str, headers: Mapping[str, str] | None = None, seconds: float = 30.0
    ) -> Iterator[tuple[Answer, Iterator[bytes]]]:
        """See Peers."""
        found = self._asked(member, path)
        given = dict(headers or {})
        with self._line.stream(found, path, given | self._token(found, "GET", path, b""), seconds) as first:
            if not self._stranger(first[0]) or not self._hand_list(found, seconds):
                yield first
                return
        with self._line.stream(found, path, given | self._token(found, "GET", path, b""), seconds) as second:
            yield second

    def close(self) -> None:
        """Let go of all connections."""
        self._line.close()

    def _asked(self, id: str, path: str) -> Member:
        if not path.startswith("/") or not path.isascii() or not path.isprintable() or " " in path or "#" in path:
            raise InputError("peer.path", path=path[:200])
        trusted = self._trust.trusted
        member = trusted.member(id)
        if path.startswith(TRUST):
            return member
        for each in (member, trusted.member(self._trust.me)):
            if each.standing is not Standing.ACTIVE:
                raise RefusedError("peer.standing", member=each.id, standing=str(each.standing), reason=each.reason)
        if countdown(trusted, self._now()).phase is Phase.STOP:
            raise RefusedError("trust.stopped", version=trusted.version)
        return member

    def _token(self, member: Member, method: str, path: str, body: bytes) -> dict[str, str]:
        asked = Asked(method, path, body)
        token = mint(self._signer(), self._trust.me, member.id, asked, self._now(), self._new_id())
        return {"authorization": f"Bearer {token}"}

    def _stranger(self, answer: Answer) -> bool:
        """Did the peer not know our key?"""
        return answer.status == 401 and answer.headers.get("x-shangyou-code", "") in UNKNOWN_KEY

    def _hand_list(self, member: Member, seconds: float) -> bool:
        """Give the peer the lists that it may not have; they speak for themselves and need no token."""
        told = self._line.ask(member, "GET", f"{LIST}/version", {}, b"", seconds)
        try:
            theirs = int(told.body) if told.status == 200 else -1
        except ValueError:
            theirs = -1
        if not 0 <= theirs < self._trust.trusted.version:
            return False
        body = json.dumps({"lists": self._trust.after(theirs)}, ensure_ascii=False).encode()
        return self._line.ask(member, "POST", LIST, {"content-type": "application/json"}, body, seconds).status == 200
