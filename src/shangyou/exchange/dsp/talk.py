"""A talk: one negotiation or one transfer, as one end of it keeps it; and what a step of it writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from shangyou.exchange.agreement import Agreement, Transfer

Facts = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Talk:
    """One negotiation or transfer at one end. `state` is the state after this end's last letter, delivered or not."""

    kind: str  # negotiation or transfer
    id: str  # this end's pid
    role: str  # provider or consumer: which end this is
    peer: str  # member id of the other end
    callback: str  # base address of the other end, without a slash at its end
    state: str = ""
    before: str = ""  # the state before the letter that is under way; "" = none is under way
    other: str = ""  # the other end's pid, "" while it is not known
    opened: int = 0  # ms since 1970 UTC
    since: int = 0  # in this state since
    due: int | None = None  # to be decided again then
    dataset: str = ""
    offer: Facts | None = None  # what is on the table, as in the message
    asked: Facts | None = None  # what the consumer asked for last
    agreement: str = ""  # id of the agreement
    terms: Facts | None = None  # the ODRL Agreement
    replaces: str = ""  # agreement that this one is to renew or amend
    format: str = ""
    address: Facts | None = None  # DataAddress
    selection: Facts | None = None
    waits: str = ""  # whom it waits for, where no rule decides: person
    code: str = ""  # why it was ended or suspended
    reasons: tuple[object, ...] = ()
    ended_by: str = ""  # member id
    by: str = ""  # who asked for it at this end
    sent: int = 0  # letters of this end so far
    heard: tuple[str, ...] = ()  # identities of messages that were accepted, the newest last
    version: int = 0  # counts the changes

    @property
    def end(self) -> str:
        """The role of the other end."""
        return "provider" if self.role == "consumer" else "consumer"

    @property
    def pids(self) -> dict[str, str]:
        """Both pids, as messages carry them."""
        return {f"{self.role}Pid": self.id, f"{self.end}Pid": self.other}

    def transfer(self) -> Transfer:
        """As the data plane knows it."""
        return Transfer(
            id=self.id,
            other_id=self.other,
            role=self.role,
            peer=self.peer,
            agreement=self.agreement,
            format=self.format,
            state=self.state,
            address=self.address,
            selection=self.selection,
            changed=self.since,
            code=self.code,
            facts=next((each for each in self.reasons if isinstance(each, Mapping)), {}),
            reason="; ".join(each for each in self.reasons if isinstance(each, str)),
        )


@dataclass(frozen=True, slots=True)
class Letter:
    """A message to be sent, until the other end has taken it. At most one of a talk is under way."""

    id: str  # identity of the message: pid#number
    talk: str  # id of the talk, or of the agreement that it is about
    peer: str  # member id
    base: str  # address that `path` is added to
    path: str
    body: str  # JSON
    due: int  # to be sent then [ms since 1970 UTC]
    attempts: int = 0
    error: str = ""  # of the last attempt


@dataclass(frozen=True, slots=True)
class Act:
    """What goes into the ledger."""

    kind: str
    facts: Facts
    at: int


@dataclass(frozen=True, slots=True)
class Change:
    """What one step writes, all of it or nothing."""

    talk: Talk | None = None  # with the version that it had when it was read
    letter: Letter | None = None  # a new one; whatever was under way of the same talk is dropped
    settled: bool = False  # nothing of the talk is under way any more
    acts: tuple[Act, ...] = ()
    agreements: tuple[Agreement, ...] = ()


class Talks(Protocol):
    """Talks, letters and agreements at this end; a change is durable when `commit` returns."""

    def commit(self, change: Change) -> bool:
        """Write it. False if the talk has another version by now, or is known already where it is new."""
        ...

    def talk(self, kind: str, id: str) -> Talk:
        """NotFoundError "dsp.unknown"."""
        ...

    def opened(self, kind: str, role: str, peer: str, other: str) -> Talk | None:
        """The talk that the other end opened under its pid."""
        ...

    def talks(self, kind: str, active: bool = False, agreement: str = "", limit: int = 1000) -> list[Talk]:
        """The newest first. active: only those in no final state."""
        ...

    def due(self, now: int, limit: int = 100) -> list[Talk]:
        """To be decided again."""
        ...

    def take(self, now: int, until: int, limit: int = 100) -> list[Letter]:
        """Letters that are due and that nobody else holds; held up to `until`."""
        ...

    def letter(self, talk: str) -> Letter | None:
        """What is under way of a talk."""
        ...

    def delivered(self, id: str) -> None:
        """The other end has it, or it is of no use any more."""
        ...

    def failed(self, id: str, due: int, error: str) -> None:
        """Try again then."""
        ...

    def acts(self, limit: int = 1000) -> list[tuple[int, Act]]:
        """What is not in the ledger yet, the oldest first, with its number."""
        ...

    def recorded(self, numbers: Sequence[int]) -> None:
        """They are in the ledger."""
        ...


@dataclass(frozen=True, slots=True)
class Step:
    """What an end does by itself in a state."""

    message: str = ""  # of the table; "" = nothing now
    content: Facts | None = None
    wait: str = ""  # for whom: person
    due: int | None = None  # and look again then
    acts: tuple[Act, ...] = ()
    agreements: tuple[Agreement, ...] = ()


Decide = Callable[[Talk, int], Step]
