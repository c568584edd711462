"""Journal entries of kind hj212 to observations and refusals.

Nothing here asks who sent a frame: that was decided before it was acknowledged, and stands in the entry's note.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from shangyou.core.journal import Entry, Raw
from shangyou.core.records import Parsed, Refusal
from shangyou.core.registry import Device
from shangyou.ingest.hj212.assemble import Assembler, Ready
from shangyou.ingest.hj212.codes import DEVIATIONS
from shangyou.ingest.hj212.decode import Decoder, Place
from shangyou.ingest.hj212.frame import BadFrame, PacketReader, readable
from shangyou.ingest.hj212.note import Note
from shangyou.ingest.hj212.packet import Packet, parse
from shangyou.ingest.hj212.times import LEGAL_MS, LegalTime

WINDOW: Final = 100_000  # packets among which a repetition is noticed: retries come within 40 s; twice that is kept

_OF_FRAMES: Final = frozenset({"hj212.length", "hj212.crc_case"})  # deviations that a strict reader finds by itself

Lookup = Callable[[str], Device | None]
Refused = tuple[Entry, Refusal]


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What came out of some entries."""

    parsed: Parsed  # observations with `entry` filled; refusals as below, without their entries
    refused: tuple[Refused, ...]
    pending: int | None  # oldest entry that is still waited upon (part 1 of 2); None if there is none
    duplicates: int  # packets that had been read before, byte for byte


class Reader:
    """Reads entries in order, from call to call.

    It remembers parts of unfinished messages and packets it has seen. If what it returned could not be stored, make
    a new one and let it read again from the oldest entry that was pending.
    """

    def __init__(self, offset_ms: int = LEGAL_MS) -> None:
        time = LegalTime(offset_ms)
        self._decoder = Decoder(time)
        self._assembler = Assembler(time)
        self._seen: dict[int, int] = {}  # hash of MN, QN and bytes: entry
        self._seen_before: dict[int, int] = {}

    def read(self, entries: Iterable[Entry], device: Lookup, done: int = 0) -> Reading:
        """Read entries of kind hj212.

        device: the device of an MN as of now; asked once for each MN.
        done: entries before it were read in an earlier life; they are only remembered, and give nothing again.
        """
        devices: dict[str, Device | None] = {}

        def known(mn: str) -> Device | None:
            if mn not in devices:
                devices[mn] = device(mn)
            return devices[mn]

        refused: list[Refused] = []
        duplicates = 0
        for entry in entries:
            ready, given_up = self._assembler.expire(entry.raw.received)
            packet = self._packet(entry, known, refused if entry.id >= done else [])
            if packet is not None and self._repeated(packet, entry):
                duplicates += entry.id >= done
            elif packet is not None and packet.split:
                whole, overflow = self._assembler.add(packet, entry)
                ready, given_up = [*ready, *whole], [*given_up, *overflow]
            elif packet is not None:
                ready.append(Ready(packet, entry))
            if entry.id >= done:
                refused += given_up
                _decode(self._decoder, ready, known, refused)
        return _reading(self._decoder, self._assembler, refused, duplicates)

    def _packet(self, entry: Entry, device: Lookup, refused: list[Refused]) -> Packet | None:
        """The packet of an entry that was accepted; None where there is none to decode."""
        raw = entry.raw
        note = Note.of(raw.note)
        if note.refused:
            refused += [(entry, refusal) for refusal in explain(raw, note.refused)]
            return None
        packet = parse(raw.body[6:-6], note.deviations)
        if not isinstance(packet, Packet):
            refused += [(entry, refusal) for refusal in packet]
            return None
        if note.profile == "quarantine":
            if (code := standing(device(packet.mn))) is None:
                return _afresh(entry, device, refused)
            refused.append((entry, _admission(packet, code)))
            return None
        return packet

    def _repeated(self, packet: Packet, entry: Entry) -> bool:
        """Has this packet been read before, under another entry? Same MN and QN with other bytes is a correction."""
        if not packet.qn:
            return False
        key = hash((packet.mn, packet.qn, entry.raw.body))
        before = self._seen.get(key, self._seen_before.get(key))
        if before is not None and before != entry.id:
            return True
        if len(self._seen) >= WINDOW:
            self._seen, self._seen_before = {}, self._seen
        self._seen[key] = entry.id
        return False


def read_again(
    entries: Sequence[Entry],
    device: Lookup,
    password: Callable[[str], str | None] = lambda mn: None,
    offset_ms: int = LEGAL_MS,
) -> Reading:
    """Read entries that had been refused as if they came now: the device may be known, or lenient, since.

    password: PW of the device of an MN; "" and None = any will do. A packet with another one stays refused.
    Parts of split messages among them are put together with each other only.
    """
    time = LegalTime(offset_ms)
    decoder, assembler = Decoder(time), Assembler(time, expiry_ms=0)
    refused: list[Refused] = []
    for entry in entries:
        packet = _afresh(entry, device, refused)
        if packet is not None and (known := password(packet.mn)) and known != packet.pw:
            refused.append((entry, _admission(packet, "hj212.password")))
        elif packet is not None:
            ready, given_up = assembler.add(packet, entry) if packet.split else ([Ready(packet, entry)], [])
            refused += given_up
            _decode(decoder, ready, device, refused)
    ready, given_up = assembler.expire(max((entry.raw.received for entry in entries), default=0))
    refused += given_up
    _decode(decoder, ready, device, refused)
    return _reading(decoder, assembler, refused, 0)


def _reading(decoder: Decoder, assembler: Assembler, refused: list[Refused], duplicates: int) -> Reading:
    return Reading(
        parsed=Parsed(decoder.take(), (), tuple(refusal for _, refusal in refused)),
        refused=tuple(refused),
        pending=assembler.pending(),
        duplicates=duplicates,
    )


def _decode(decoder: Decoder, ready: Sequence[Ready], device: Lookup, refused: list[Refused]) -> None:
    for packet, entry in ready:
        known = device(packet.mn)
        place = Place(known.section or known.mn, known.unit_profile) if known else Place(packet.mn)
        if refusals := decoder.add(packet, place, entry.id):
            refused += [(entry, refusal) for refusal in refusals]


def explain(raw: Raw, code: str) -> list[Refusal]:
    """Why a frame was refused, with the facts, found again from its bytes."""
    reader = PacketReader("strict" if code in _OF_FRAMES else "lenient")
    reader.receive(raw.body)
    found = reader.next() or reader.finish()
    if isinstance(found, BadFrame):
        return [found.refusal]
    packet = parse(found.segment, found.deviations) if found else []
    if isinstance(packet, Packet):
        return [_admission(packet, code)]
    return packet or [Refusal(code, {}, text=readable(raw.body))]


def standing(device: Device | None) -> str | None:
    """Why values of a device are not taken: the code of the refusal; None if they are."""
    if device is None:
        return "hj212.device_unknown"
    return None if device.status == "active" else f"hj212.device_{device.status}"


def strayed(packet: Packet, device: Device) -> str | None:
    """The code that a strict device earns with a packet's deviations; None if there are none or it is lenient."""
    if device.profile != "strict" or not packet.deviations:
        return None
    return DEVIATIONS[packet.deviations[0]]


def _admission(packet: Packet, code: str) -> Refusal:
    facts: dict[str, object] = {"mn": packet.mn, "cn": packet.cn, "qn": packet.qn}
    return Refusal(code, facts, text=readable(packet.segment()))


def _afresh(entry: Entry, device: Lookup, refused: list[Refused]) -> Packet | None:
    """The packet of an entry by the rules of now, whatever was noted when it came."""
    reader = PacketReader()
    reader.receive(entry.raw.body)
    found = reader.next() or reader.finish()
    if found is None or isinstance(found, BadFrame):
        refused += [(entry, refusal) for refusal in explain(entry.raw, "hj212.head")]
        return None
    packet = parse(found.segment, found.deviations)
    if not isinstance(packet, Packet):
        refused += [(entry, refusal) for refusal in packet]
        return None
    known = device(packet.mn)
    code = standing(known) or (strayed(packet, known) if known else None)
    if code is not None:
        refused.append((entry, _admission(packet, code)))
        return None
    return packet
