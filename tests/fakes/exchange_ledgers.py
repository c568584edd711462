"""Members whose nodes are a log and a shelf each, and lines between them that can be cut or lie."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from urllib.parse import parse_qs, urlsplit

from shangyou.core.errors import NotFoundError, ShangyouError, UnavailableError
from shangyou.exchange.keys import member_key
from shangyou.exchange.ledger.witness import SIZE_KIND, parse_request
from shangyou.exchange.member import Level, Member
from shangyou.exchange.ports import Answer
from shangyou.flows.succession import hear_opening
from shangyou.flows.told import as_json, tell_checkpoints
from shangyou.flows.witness import tell_consistency, tell_entries, witness
from tests.fakes.exchange_log import FakeLog, FakeSigner

NAMES = ("ministry", "sichuan", "chongqing", "guizhou", "yunnan", "xizang", "qinghai")


class FakeMembers:
    """exchange.ports.Members."""

    def __init__(self, me: str, members: list[Member]) -> None:
        self.me, self._members = me, members

    def member(self, id: str) -> Member:
        for member in self._members:
            if member.id == id:
                return member
        raise NotFoundError("federation.member", id=id)

    def members(self) -> list[Member]:
        return list(self._members)


class FakeFederation:
    """Seven nodes in memory. `down` are away; `lies` answers in the place of a node."""

    def __init__(self, names: tuple[str, ...] = NAMES) -> None:
        self.signers = {name: FakeSigner(number) for number, name in enumerate(names, 1)}
        self.listed = [
            Member(name, name, name, Level.PROVINCIAL, "510000", f"https://{name}", (member_key("std", s.public, 0),))
            for name, s in self.signers.items()
        ]
        self.members = {name: FakeMembers(name, self.listed) for name in names}
        self.logs = {name: FakeLog() for name in names}
        self.down: set[str] = set()
        self.lies: dict[str, Callable[[str, str, str, bytes], Answer | None]] = {}
        self.asked: list[tuple[str, str, str]] = []
        self.now = 1_700_000_000_000

    def peers(self, me: str) -> FakePeers:
        return FakePeers(self, me)

    def answer(self, asker: str, member: str, method: str, path: str, body: bytes) -> Answer:
        """As the node's face would."""
        log, members = self.logs[member], self.members[member]
        url = urlsplit(path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        try:
            if url.path == "/witness/add-checkpoint":
                request = parse_request(body)
                verdict, signature = witness(log, log.shelf, members, self.signers[member], request, asker, self.now)
                if signature is not None:
                    return Answer(200, "text/plain", signature.line().encode())
                kind = SIZE_KIND if verdict.status == 409 else "text/plain"
                return Answer(verdict.status, kind, f"{verdict.size}\n".encode(), {"x-shangyou-code": verdict.code})
            if url.path == "/witness/opening":
                hear_opening(log, log.shelf, members, body.decode(), self.now)
                return Answer(200, "text/plain", b"")
            told: Mapping[str, object]
            if url.path == "/witness/checkpoints":
                told = tell_checkpoints(log.shelf, member, log.hash)
            elif url.path == "/witness/log/consistency":
                told = tell_consistency(log, int(query["old"]), int(query["new"]))
            else:
                told = tell_entries(log, log.shelf, asker, query["agreement"])
            return Answer(200, "application/json", as_json(told))
        except ShangyouError as error:
            return Answer(error.status, "application/problem+json", b"{}", {"x-shangyou-code": error.code})


class FakePeers:
    """exchange.ports.Peers of one member."""

    def __init__(self, federation: FakeFederation, me: str) -> None:
        self._federation, self._me = federation, me

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
        federation = self._federation
        federation.asked.append((self._me, member, path))
        if member in federation.down:
            raise UnavailableError("peer.unreachable", member=member, reason="down")
        lie = federation.lies.get(member)
        told = lie(self._me, method, path, body) if lie else None
        return told if told is not None else federation.answer(self._me, member, method, path, body)

    def stream(
        self, member: str, path: str, headers: Mapping[str, str] | None = None, seconds: float = 30.0
    ) -> AbstractContextManager[tuple[Answer, Iterator[bytes]]]:
        raise UnavailableError("peer.unreachable", member=member, reason="nothing is streamed here")
