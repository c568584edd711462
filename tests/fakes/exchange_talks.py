"""Talks, contracts and a data plane in memory, with the promises of the state database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from threading import Lock

from shangyou.core.errors import NotFoundError
from shangyou.exchange.agreement import Agreement, AgreementState, Transfer
from shangyou.exchange.dsp.tables import FINAL
from shangyou.exchange.dsp.talk import Act, Change, Letter, Talk

LEASE_MS = 30_000


class FakeContracts:
    """exchange.dsp.talk.Talks and exchange.ports.Contracts, in memory."""

    def __init__(self) -> None:
        self._talks: dict[str, Talk] = {}
        self._letters: dict[str, tuple[Letter, int]] = {}
        self._acts: dict[int, Act] = {}
        self._agreements: dict[str, Agreement] = {}
        self._number = 0
        self._lock = Lock()

    def commit(self, change: Change) -> bool:
        with self._lock:
            return self._commit(change)

    def _commit(self, change: Change) -> bool:
        talk = change.talk
        if talk is not None:
            known = self._talks.get(talk.id)
            if (known.version if known is not None else 0) != talk.version:
                return False
            if not talk.version and talk.other and self.opened(talk.kind, talk.role, talk.peer, talk.other) is not None:
                return False
            self._talks[talk.id] = replace(talk, version=talk.version + 1)
        about = change.letter.talk if change.letter is not None else talk.id if talk is not None else ""
        if change.letter is not None or change.settled:
            self._letters = {id: each for id, each in self._letters.items() if each[0].talk != about}
        if change.letter is not None:
            self._letters[change.letter.id] = (change.letter, change.letter.due + LEASE_MS)
        for act in change.acts:
            self._number += 1
            self._acts[self._number] = act
        for agreement in change.agreements:
            self.put(agreement)
        return True

    def talk(self, kind: str, id: str) -> Talk:
        talk = self._talks.get(id)
        if talk is None or talk.kind != kind:
            raise NotFoundError("dsp.unknown", kind=kind, id=id)
        return talk

    def opened(self, kind: str, role: str, peer: str, other: str) -> Talk | None:
        wanted = (kind, role, peer, other)
        return next((t for t in self._talks.values() if (t.kind, t.role, t.peer, t.other) == wanted), None)

    def talks(self, kind: str, active: bool = False, agreement: str = "", limit: int = 1000) -> list[Talk]:
        found = [t for t in self._talks.values() if t.kind == kind and not (active and t.state in FINAL)]
        found = [t for t in found if not agreement or t.agreement == agreement]
        return sorted(found, key=lambda t: (-t.opened, t.id))[:limit]

    def due(self, now: int, limit: int = 100) -> list[Talk]:
        return [t for t in self._talks.values() if t.due is not None and t.due <= now][:limit]

    def take(self, now: int, until: int, limit: int = 100) -> list[Letter]:
        with self._lock:
            found = [each for each, held in self._letters.values() if each.due <= now and held <= now]
            found = sorted(found, key=lambda each: each.due)[:limit]
            self._letters |= {each.id: (each, until) for each in found}
            return found

    def letter(self, talk: str) -> Letter | None:
        return next((each for each, _ in self._letters.values() if each.talk == talk), None)

    def delivered(self, id: str) -> None:
        self._letters.pop(id, None)

    def failed(self, id: str, due: int, error: str) -> None:
        if id in self._letters:
            letter = self._letters[id][0]
            self._letters[id] = (replace(letter, due=due, attempts=letter.attempts + 1, error=error), 0)

    def acts(self, limit: int = 1000) -> list[tuple[int, Act]]:
        return list(self._acts.items())[:limit]

    def recorded(self, numbers: Sequence[int]) -> None:
        for number in numbers:
            self._acts.pop(number, None)

    def put(self, agreement: Agreement) -> None:
        self._agreements[agreement.id] = agreement

    def agreement(self, id: str) -> Agreement:
        if id not in self._agreements:
            raise NotFoundError("exchange.agreement", id=id)
        return self._agreements[id]

    def agreements(self, peer: str = "", dataset: str = "", active: bool = False) -> list[Agreement]:
        found = [a for a in self._agreements.values() if not peer or peer in (a.provider, a.consumer)]
        found = [a for a in found if not dataset or a.dataset == dataset]
        found = [a for a in found if not active or a.state is AgreementState.ACTIVE]
        return sorted(found, key=lambda a: (-a.agreed, a.id))


class FakePlane:
    """exchange.ports.DataPlane that keeps what it was told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []

    def offer(self, transfer: Transfer) -> Mapping[str, object]:
        self.told.append(("offer", transfer.id))
        return {"@type": "DataAddress", "endpointType": "shangyou", "endpoint": f"/data/transfers/{transfer.id}"}

    def begin(self, transfer: Transfer) -> None:
        self.told.append(("begin", transfer.id))

    def stop(self, transfer: Transfer) -> None:
        self.told.append(("stop", transfer.id))

    def running(self) -> set[str]:
        """Transfers that were begun and not stopped since."""
        found: set[str] = set()
        for what, id in self.told:
            if what == "begin":
                found.add(id)
            elif what == "stop":
                found.discard(id)
        return found
