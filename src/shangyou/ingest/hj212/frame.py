"""Frames: `##`, four digits of length, the segment, four hexadecimal digits of check sum, CR LF.

Source: HJ 212-2017, 6.3.1. Wherever the stream is cut, the same frames come out. What is no frame comes out as a
BadFrame with its reason; reading goes on at the next head, so one bad frame never hides the good one behind it.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from shangyou.core.errors import InputError
from shangyou.core.records import Refusal
from shangyou.ingest.hj212.codes import DEVIATIONS
from shangyou.ingest.hj212.crc import crc_text

LONGEST: Final = 9999  # four digits of length
GARBAGE: Final = 2048  # what is no frame is handed out in pieces of at most so many bytes, so memory is bounded
END: Final = b"\r\n"
OVERCOUNT: Final = 6  # devices that count `##` and the length itself
_HEAD: Final = re.compile(rb"##(\d{4})")
_HEAD_BEGUN: Final = re.compile(rb"#(?:#\d{0,3})?\Z")
_TAIL: Final = re.compile(rb"&&[0-9A-Fa-f]{4}\r\n")
_BLANK: Final = b" \t\r\n\0"


class Frame(NamedTuple):
    """One whole frame whose check sum is right."""

    body: bytes  # all of it, as received
    deviations: tuple[str, ...] = ()  # keys of codes.DEVIATIONS

    @property
    def segment(self) -> bytes:
        """The data segment."""
        return self.body[6:-6]


class BadFrame(NamedTuple):
    """Bytes that are no frame, or a frame that must not be believed."""

    body: bytes
    refusal: Refusal


def frame(segment: bytes) -> bytes:
    """The frame of a data segment; InputError "hj212.too_long" if four digits cannot say its length."""
    if len(segment) > LONGEST:
        raise InputError("hj212.too_long", length=len(segment), limit=LONGEST)
    return b"##%04d%b%b\r\n" % (len(segment), segment, crc_text(segment))


def readable(body: bytes, length: int = 500) -> str:
    """Bytes as text for people: UTF-8, else GB 18030; what is neither is shown as a replacement sign."""
    body = body[: 4 * length]
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = body.decode("gb18030", "replace")
    return text[:length]


class PacketReader:
    """Cut frames out of a byte stream.

    profile "lenient" accepts and marks what codes.DEVIATIONS names; "strict" hands it out as BadFrame.
    Never holds more than one longest frame, GARBAGE bytes, and what the last `receive` brought.
    """

    def __init__(self, profile: str = "lenient") -> None:
        self._strict = profile == "strict"
        self._buffer = bytearray()  # not yet looked at, or the beginning of a frame
        self._skipped = bytearray()  # no frame, not yet handed out
        self._why: tuple[str, dict[str, object]] | None = None  # set while skipping

    def receive(self, data: bytes) -> None:
        """Keep what arrived."""
        self._buffer += data

    @property
    def waiting(self) -> int:
        """Bytes held that are not yet part of anything handed out."""
        return len(self._buffer) + len(self._skipped)

    def next(self) -> Frame | BadFrame | None:
        """The next frame or bad frame; None while more bytes are needed."""
        while True:
            if self._why is not None:
                bad = self._skip(self._why)
                if bad is None or bad.body.strip(_BLANK):
                    return bad
                continue  # blank lines between frames are nobody's fault
            head = _HEAD.match(self._buffer)
            if head is None:
                if not self._buffer or _HEAD_BEGUN.match(self._buffer):
                    return None
                self._why = "hj212.head", {}
                continue
            declared = int(head[1])
            length = self._length(declared)
            if length is None:
                return None
            if length >= 0:
                return self._take(length, declared)
            self._why = "hj212.length", {"declared": declared}
            self._skipped += self._buffer[:2]  # so that this head is not found again
            del self._buffer[:2]

    def finish(self) -> BadFrame | None:
        """What is left when the stream ends."""
        body = bytes(self._skipped + self._buffer)
        code, facts = self._why or ("hj212.truncated", {})
        self._skipped.clear()
        self._buffer.clear()
        self._why = None
        if not body.strip(_BLANK):
            return None
        return BadFrame(body, Refusal(code, facts, text=readable(body)))

    def _length(self, declared: int) -> int | None:
        """Length of the segment at the head of the buffer; None: wait; -1: it does not end where it should.

        A tail that comes sooner than declared ends the frame at once: a device that counts too much would otherwise
        be answered only when its next packet has filled the gap.
        """
        buffer, end = self._buffer, declared + 10
        line = buffer.find(END, 6, end + 2)
        if line == end:
            return declared
        if line >= 0 and (tail := _TAIL.search(buffer, 6, end + 2)):
            # a head on the way means that the rest of this frame was lost, and the tail is that of the next
            return -1 if _HEAD.search(buffer, 6, tail.start()) else tail.start() + 2 - 6
        return None if len(buffer) < end + 2 else declared if buffer[end : end + 2] == END else -1

    def _take(self, length: int, declared: int) -> Frame | BadFrame:
        """Take the frame at the head of the buffer out and check its sum."""
        body = bytes(self._buffer[: length + 12])
        del self._buffer[: length + 12]
        wanted, got = crc_text(body[6:-6]), body[-6:-2]
        if got == wanted and length == declared:
            return Frame(body)
        facts: dict[str, object] = {"declared": declared, "actual": length}
        facts |= {"got": readable(got), "calculated": wanted.decode()}
        if length not in (declared, declared - OVERCOUNT):
            return BadFrame(body, Refusal("hj212.length", facts, text=readable(body)))
        if got.upper() != wanted:
            return BadFrame(body, Refusal("hj212.checksum", facts, text=readable(body)))
        deviations = (*(["length-6"] if length != declared else []), *(["crc-case"] if got != wanted else []))
        if self._strict:
            return BadFrame(body, Refusal(DEVIATIONS[deviations[0]], facts, text=readable(body)))
        return Frame(body, deviations)

    def _skip(self, why: tuple[str, dict[str, object]]) -> BadFrame | None:
        """Pass over bytes up to the next head or line end; None if that is not yet in sight."""
        buffer, skipped = self._buffer, self._skipped
        head = _HEAD.search(buffer)
        begun = None if head else _HEAD_BEGUN.search(buffer, max(0, len(buffer) - 5))
        passed = head.start() if head else begun.start() if begun else len(buffer)
        skipped += buffer[:passed]
        del buffer[:passed]
        cut = skipped.find(END, 0, GARBAGE) + 2
        if cut == 1:  # not found
            cut = GARBAGE if len(skipped) >= GARBAGE else len(skipped) if head else 0
        if cut == 0 and not head:
            return None
        body = bytes(skipped[:cut])
        del skipped[:cut]
        self._why = ("hj212.head", {}) if skipped else None
        return BadFrame(body, Refusal(why[0], why[1], text=readable(body)))
