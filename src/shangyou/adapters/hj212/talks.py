"""Requests under way to devices: sent over their lines, moved by the table of the conversation, kept in the books."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from shangyou.adapters.hj212.limits import Limits
from shangyou.adapters.hj212.line import Station
from shangyou.core.clock import Clock, to_ms
from shangyou.core.ports import Command, Session
from shangyou.ingest.hj212.commands import CONVERSATION, OPEN, Talk, hear, late, request
from shangyou.ingest.hj212.packet import Packet, plain_fields
from shangyou.ingest.hj212.times import LegalTime

AT_ONCE: Final = 500  # commands looked at in one round


class Books(Protocol):
    """What of core.ports.Intake a listener needs."""

    def save_session(self, session: Session) -> int:
        """Enter (id 0) or update a session; returns its id."""
        ...

    def sessions(self, limit: int = 200, open_only: bool = False) -> list[Session]:
        """Sessions, newest first."""
        ...

    def ask(self, command: Command) -> int:
        """Queue a command; returns its id."""
        ...

    def commands(self, mn: str | None = None, states: Sequence[str] = (), limit: int = 100) -> list[Command]:
        """Commands, newest first."""
        ...

    def move(self, id: int, state: str, at: int, outcome: str = "", qn: str = "", attempts: int = 0) -> None:
        """Set the state of a command; blank `qn` and zero `attempts` leave theirs."""
        ...


@dataclass(slots=True)
class _UnderWay:
    talk: Talk
    arguments: dict[str, str]
    deadline: float  # by the loop's clock


@dataclass(slots=True)
class Move:
    """A change of state on its way into the books."""

    id: int
    state: str
    outcome: str = ""
    qn: str = ""
    attempts: int = 0


@dataclass(slots=True)
class Talks:
    """All conversations of a listener. `hear`, `start` and `tick` belong to the event loop; the others to the books."""

    books: Books
    clock: Clock
    limits: Limits
    now: Callable[[], float]  # the loop's clock
    stations: dict[str, Station]  # by MN
    moves: list[Move] = field(default_factory=list)  # not yet in the books
    wishes: list[Command] = field(default_factory=list)  # commands that devices asked for
    _under_way: dict[str, _UnderWay] = field(default_factory=dict)  # by MN: one request at a time
    _last_qn: int = 0

    # in the thread of the books

    def recover(self) -> None:
        """After a start: what was under way is sent again if no device has answered it, and else given up."""
        at = to_ms(self.clock.now())
        for state in ("sent", "accepted"):
            for command in self.books.commands(states=(state,), limit=AT_ONCE):
                self.books.move(command.id, CONVERSATION[state, "node", "restart"], at)

    def write(self, moves: list[Move], wishes: list[Command]) -> None:
        """Write what has happened; what is written is taken off the lists."""
        at = to_ms(self.clock.now())
        while moves:
            move = moves[0]
            self.books.move(move.id, move.state, at, move.outcome, move.qn, move.attempts)
            del moves[0]
        while wishes:
            self.books.ask(wishes[0])
            del wishes[0]

    def queued(self) -> list[Command]:
        """Commands to be sent, oldest first; those that waited too long are given up."""
        at = to_ms(self.clock.now())
        found = []
        for command in reversed(self.books.commands(states=("queued",), limit=AT_ONCE)):
            if at - command.asked > self.limits.command_s * 1000:
                self.books.move(command.id, CONVERSATION["queued", "clock", "too_late"], at)
            else:
                found.append(command)
        return found

    # in the event loop

    def start(self, commands: Iterable[Command]) -> list[Command]:
        """Of the queued commands those whose device can be asked now; `send` them when their move is written."""
        begun: dict[str, Command] = {}
        for command in commands:
            if command.mn in self.stations and command.mn not in self._under_way and command.mn not in begun:
                begun[command.mn] = command
        found = []
        for mn, command in begun.items():
            talk = Talk(command.id, mn, command.code, self._next_qn())
            self._under_way[mn] = _UnderWay(talk, command.arguments, self.now() + self.limits.answer_s)
            self.moves.append(Move(talk.id, talk.state, qn=talk.qn, attempts=1))
            found.append(command)
        return found

    def send(self, commands: Iterable[Command]) -> None:
        """Send requests that stand in the books as sent."""
        for command in commands:
            if (under_way := self._under_way.get(command.mn)) is not None:
                self._send(under_way)

    def concerns(self, packet: Packet) -> bool:
        """May an accepted packet belong to a conversation? Asked of every packet, so it must be quick."""
        return packet.mn in self._under_way or packet.cn == "1013"

    def hear(self, packet: Packet) -> None:
        """An accepted packet of a device."""
        if packet.cn == "1013":  # a device asks for the time: it is told by the request to set it (table C.4)
            self._wish_time(packet)
        under_way = self._under_way.get(packet.mn)
        if under_way is None:
            return
        after = hear(under_way.talk, packet)
        if after is not None:
            under_way.deadline = self.now() + self.limits.execute_s
            self._move(under_way, after)

    def tick(self) -> None:
        """Send again, or give up, what has not been answered in time."""
        for under_way in list(self._under_way.values()):
            if under_way.deadline <= self.now():
                before = under_way.talk.state
                self._move(under_way, late(under_way.talk, self.limits.retries))
                if before == under_way.talk.state == "sent":
                    under_way.deadline = self.now() + self.limits.answer_s
                    self.moves.append(Move(under_way.talk.id, "sent", attempts=under_way.talk.attempts))
                    self._send(under_way)

    def _move(self, under_way: _UnderWay, after: Talk) -> None:
        changed = after.state != under_way.talk.state
        under_way.talk = after
        if changed:
            self.moves.append(Move(after.id, after.state, after.outcome))
        if after.state not in OPEN:
            del self._under_way[after.mn]

    def _send(self, under_way: _UnderWay) -> None:
        """Over the line that the device has now; if it has none, the request waits for its repetition."""
        station = self.stations.get(under_way.talk.mn)
        if station is not None:
            now = to_ms(self.clock.now())
            packet = request(under_way.talk, station.system, station.password, under_way.arguments, now, LegalTime())
            station.line.send(packet.frame())

    def _wish_time(self, packet: Packet) -> None:
        fields = plain_fields(packet.cp)
        arguments = {"PolId": fields["PolId"]} if fields.get("PolId", "").isalnum() else {}
        at = to_ms(self.clock.now())
        self.wishes.append(Command(0, packet.mn, "1012", arguments, "queued", asked=at, changed=at, by=packet.mn))

    def _next_qn(self) -> str:
        """A QN of its own: the time, or the next millisecond if that was given out."""
        self._last_qn = max(to_ms(self.clock.now()), self._last_qn + 1)
        return LegalTime().write(self._last_qn, milliseconds=True)
