"""Split packets: parts PNO of PNUM, in any order, put together again. Source: HJ 212-2017, tables C.49 and C.50.

In the standard every part names its DataTime and stands for itself. Devices are seen that cut one long data area
into pieces; a piece without DataTime is then the continuation of the part before it. Both come out right when the
parts are looked at in order, once all are there: a DataTime begins something new, its absence continues.
"""

from __future__ import annotations

import re
from bisect import insort
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from shangyou.core.journal import Entry
from shangyou.core.records import Refusal
from shangyou.ingest.hj212.packet import Packet
from shangyou.ingest.hj212.times import LegalTime

EXPIRY_MS: Final = 60_000  # a part is sent at most 1 + 3 times with 10 s between (HJ 212-2017 table 1), and some more
MESSAGES: Final = 4096  # open at once
ALIKE: Final = 32  # open at once of one device, command and number of parts
BYTES: Final = 16 << 20  # held at once in all parts
SPANS: Final = 20_000  # ended messages remembered while others are open: hours of real traffic, seconds of absurd one
PARTS: Final = 1000  # of one message: an hour of a thousand factors would still fit
_ITEM_BEGINS: Final = re.compile(rb"\s*[^-=,;]+(?:-[A-Za-z]+)?=")
_ITEM_ENDS: Final = re.compile(rb"=[^,;]+\Z")


_Key = tuple[str, str, str, int]  # MN, ST, CN, PNUM


class Ready(NamedTuple):
    """Something that can be decoded."""

    packet: Packet
    entry: Entry  # where its first part stands in the journal


@dataclass(slots=True)
class _Message:
    pnum: int
    last: int  # ms since 1970 UTC, when its newest part arrived
    oldest: Entry  # of its parts, in the journal
    parts: dict[int, Ready] = field(default_factory=dict)
    bytes: int = 0

    def last_id(self) -> int:
        """Id of the newest of its parts."""
        return max(part.entry.id for part in self.parts.values())

    def takes(self, packet: Packet) -> bool:
        """Is the place of the part free, or held by the same part?"""
        held = self.parts.get(packet.pno)
        return held is None or bool(packet.qn and held.packet.qn == packet.qn)


class Assembler:
    """Holds parts until their message is whole, or until too long has passed since the newest of them.

    What it does depends only on the entries it is given, in order; so it can be brought back to where it was by
    giving it again all entries from `pending` on.
    """

    def __init__(self, time: LegalTime | None = None, expiry_ms: int = EXPIRY_MS) -> None:
        self._time = time or LegalTime()
        self._expiry = expiry_ms
        self._open: dict[_Key, list[_Message]] = {}
        self._closed: list[tuple[int, int]] = []  # (last, first) entry of what ended while a message was open, in order
        self._bytes = self._count = 0
        self._earliest = 0  # ms since 1970 UTC, before which no message expires

    def add(self, packet: Packet, entry: Entry) -> tuple[list[Ready], list[tuple[Entry, Refusal]]]:
        """Take a part in; what became whole by it, and what had to be given up to keep within bounds."""
        if packet.pnum > PARTS:
            facts: dict[str, object] = {"pnum": packet.pnum, "pno": packet.pno, "limit": PARTS}
            return [], [(entry, Refusal("hj212.part_number", facts, column="PNUM"))]
        key = (packet.mn, packet.st, packet.cn, packet.pnum)
        message = self._find(key, packet)
        if message is None:
            message = _Message(packet.pnum, entry.raw.received, entry)
            self._open.setdefault(key, []).append(message)
            expires = message.last + self._expiry
            self._earliest = min(self._earliest, expires) if self._count else expires
            self._count += 1
        replaced = message.parts.get(packet.pno)
        change = len(packet.cp) - (len(replaced.packet.cp) if replaced else 0)
        message.parts[packet.pno] = Ready(packet, entry)
        message.last = max(message.last, entry.raw.received)
        message.oldest = min(message.oldest, entry, key=_id)
        message.bytes += change
        self._bytes += change
        if len(message.parts) == message.pnum:
            self._close(key, message)
            return runs(message.parts), []
        if len(self._open[key]) > ALIKE:
            return self._give_up(key, self._open[key][0])
        if self._count > MESSAGES or self._bytes > BYTES:
            oldest = next(iter(self._open))
            return self._give_up(oldest, self._open[oldest][0])
        return [], []

    def expire(self, now: int) -> tuple[list[Ready], list[tuple[Entry, Refusal]]]:
        """Give up messages whose newest part is older than the expiry; parts that stand for themselves are ready.

        now: ms since 1970 UTC.
        """
        ready: list[Ready] = []
        refused: list[tuple[Entry, Refusal]] = []
        if not self._count or now < self._earliest:
            return ready, refused
        for key, messages in list(self._open.items()):
            for message in list(messages):
                if message.last + self._expiry <= now:
                    whole, missing = self._give_up(key, message)
                    ready += whole
                    refused += missing
        self._earliest = min((m.last + self._expiry for open in self._open.values() for m in open), default=0)
        return ready, refused

    def pending(self) -> int | None:
        """The entry from which all must be given again to come back to here; None if nothing is waited for.

        That is the first entry of the oldest open message, or of one that ended since but began before it: given
        only its later parts, it would seem to be unfinished.
        """
        first = min((m.oldest.id for messages in self._open.values() for m in messages), default=None)
        if first is None:
            self._closed.clear()
            return None
        kept = len(self._closed)
        while kept and self._closed[kept - 1][0] >= first:
            kept -= 1
            if self._closed[kept][1] < first:
                first = self._closed[kept][1]
        del self._closed[:kept]
        return first

    def _give_up(self, key: _Key, message: _Message) -> tuple[list[Ready], list[tuple[Entry, Refusal]]]:
        self._close(key, message)
        return runs(message.parts), [(message.oldest, _missing(message))]

    def _close(self, key: _Key, message: _Message) -> None:
        messages = self._open[key]
        messages.remove(message)
        if not messages:
            del self._open[key]
        self._bytes -= message.bytes
        self._count -= 1
        if self._count:
            insort(self._closed, (message.last_id(), message.oldest.id))
            del self._closed[:-SPANS]

    def _find(self, key: _Key, packet: Packet) -> _Message | None:
        """The open message to which a part belongs.

        Parts of one message carry the same QN, as many devices do, or QN that count up (table C.50), or each the time
        of its sending. Where the QN is another, parts are taken together only if each has its DataTime: then a wrong
        guess between two messages does no harm. A continuation is never guessed to belong.
        """
        messages = [message for message in self._open.get(key, []) if message.takes(packet)]
        for message in messages:
            if any(part.packet.qn == packet.qn for part in message.parts.values()):
                return message
        alone = [message for message in messages if all(_timed(part.packet) for part in message.parts.values())]
        if not alone or not _timed(packet):
            return None
        base = self._base(packet)
        for message in alone:
            if base is not None and any(self._base(part.packet) == base for part in message.parts.values()):
                return message
        return alone[0]

    def _base(self, packet: Packet) -> int | None:
        ms = self._time.read(packet.qn.encode()) if packet.qn else None
        return None if ms is None else ms - packet.pno


def _id(entry: Entry) -> int:
    return entry.id


def _timed(packet: Packet) -> bool:
    """Does the part name its DataTime, and so stand for itself?"""
    return b"DataTime=" in packet.cp


def _missing(message: _Message) -> Refusal:
    missing = ", ".join(str(pno) for pno in range(1, message.pnum + 1) if pno not in message.parts)
    first = message.parts[min(message.parts)].packet
    facts: dict[str, object] = {"pnum": message.pnum, "missing": missing[:200], "mn": first.mn, "qn": first.qn}
    return Refusal("hj212.part_missing", facts, column="PNO")


def runs(parts: dict[int, Ready]) -> list[Ready]:
    """Parts in order as packets that can be decoded: each DataTime begins one, what has none continues it.

    A part without DataTime whose predecessor is missing is left out: its first words may be the end of a name or a
    number that was cut in two, and half a name may be the name of something else.
    """
    found: list[Ready] = []
    previous = 0
    for pno in sorted(parts):
        packet, entry = parts[pno]
        if _timed(packet) or pno == 1:
            found.append(Ready(packet._replace(pnum=0, pno=0), entry))
            previous = pno
        elif found and pno == previous + 1:
            whole, begun = found[-1]
            found[-1] = Ready(whole._replace(cp=joined(whole.cp, packet.cp)), begun)
            previous = pno
    return found


def joined(first: bytes, second: bytes) -> bytes:
    """Two pieces of a data area; a separator goes between them where an item ends and another begins.

    >>> joined(b"w01001-Avg=7.1", b"w01009-Avg=8"), joined(b"w01001-Avg=7.", b"1,w01001-Flag=N")
    (b'w01001-Avg=7.1;w01009-Avg=8', b'w01001-Avg=7.1,w01001-Flag=N')
    """
    if _ITEM_ENDS.search(first) and _ITEM_BEGINS.match(second):
        return first + b";" + second
    return first + second
