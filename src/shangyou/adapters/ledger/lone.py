"""A node in no federation has a log too: it signs with a key of its own, and nobody cosigns."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

from shangyou.adapters.keys import FileSigner, KeyFolder
from shangyou.core.errors import NotFoundError, UnavailableError
from shangyou.exchange.keys import STD, member_key
from shangyou.exchange.member import Level, Member
from shangyou.exchange.ports import Answer


class LoneMembers:
    """See `exchange.ports.Members`: this node alone, under a name made of its key."""

    def __init__(self, path: Path) -> None:
        """The key is made when there is none."""
        keys = KeyFolder(path / "keys")
        known = keys.kids()
        self.signer: FileSigner = keys.signer(known[0]) if known else keys.make(STD)
        name = f"node-{hashlib.sha256(self.signer.public).hexdigest()[:8]}"
        key = member_key(self.signer.suite, self.signer.public, 0)
        self._member = Member(name, "", "", Level.PROVINCIAL, "", "", (key,), roles=())

    @property
    def me(self) -> str:
        """See Members."""
        return self._member.id

    def member(self, id: str) -> Member:
        """See Members."""
        if id != self._member.id:
            raise NotFoundError("federation.member", id=id)
        return self._member

    def members(self) -> list[Member]:
        """See Members."""
        return [self._member]


class NoPeers:
    """See `exchange.ports.Peers`: there is nobody to ask."""

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
        """See Peers."""
        raise UnavailableError("ledger.no_federation")

    def stream(
        self, member: str, path: str, headers: Mapping[str, str] | None = None, seconds: float = 30.0
    ) -> AbstractContextManager[tuple[Answer, Iterator[bytes]]]:
        """See Peers."""
        raise UnavailableError("ledger.no_federation")
