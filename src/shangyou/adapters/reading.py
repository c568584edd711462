"""Packets read beside the node: a process of its own, that is there while much arrives and gone when it is quiet.

Reading packets is work for a processor in plain Python. In the node it would share the interpreter's lock with the
listener, which then acknowledges late; here it shares nothing. The process reads the journal's files itself and hands
back columns. It keeps nothing that cannot be read again, so it may die at any time.

    parent -> child   (start, stop, done, anew, devices or None if they are as before)
    child -> parent   Taken, or an error
"""

from __future__ import annotations

import contextlib
import os
import pickle
import select
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any, Final

from shangyou.adapters.journal_view import JournalView
from shangyou.core.errors import ShangyouError, UnavailableError
from shangyou.core.registry import Device
from shangyou.ingest.hj212.stretch import Devices, PacketReader, Packets, Readable, Taken

BUSY: Final = 1_000  # entries that wait at once: 2,000 a second, above which reading is better done beside the node
QUIET: Final = 60.0  # seconds without so many, after which the process ends
NICE: Final = 10  # whatever the node itself does goes before
TURNS: Final = 50  # as often others may have theirs before some thousand packets are read: where there are fewer
# processors than work, acknowledging comes first and the digest catches up later
SIZE: Final = struct.Struct("<Q")


class ReadingBeside:
    """What the digest asks for a reader of packets: here while little waits, beside the node while much does."""

    def __init__(
        self, path: Path, journal: Readable, devices: Devices, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._path, self._journal, self._devices, self._clock = path, journal, devices, clock
        self._here: Packets | None = None
        self._beside: _Beside | None = None
        self._busy = -QUIET

    def choose(self, behind: int, anew: bool) -> Packets:
        """The reader for so many entries that wait; see flows.digest.Digest."""
        if behind >= BUSY:
            self._busy = self._clock()
        if self._clock() - self._busy < QUIET:
            self._here = None
            if self._beside is None or anew or not self._beside.running():
                self.close()
                self._beside = _Beside(self._path, self._devices)
            return self._beside
        self.close()
        if self._here is None or anew:
            self._here = PacketReader(self._journal, self._devices)
        return self._here

    def process(self) -> int | None:
        """Its id, while there is one."""
        return self._beside.process.pid if self._beside is not None else None

    def close(self) -> None:
        """End the process, if there is one."""
        if self._beside is not None:
            self._beside.close()
            self._beside = None


class _Beside:
    """`Packets` in a process of its own."""

    def __init__(self, path: Path, devices: Devices) -> None:
        self._devices = devices
        self._told: list[Device] | None = None
        self.process = subprocess.Popen(  # noqa: S603  the command is our own
            [sys.executable, "-m", "shangyou.adapters.reading", str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C reaches the node alone, which ends it
        )

    def running(self) -> bool:
        return self.process.poll() is None

    def take(self, start: int, stop: int, done: int, give_way: Callable[[], None]) -> Taken:
        """See ingest.hj212.stretch.Packets. UnavailableError "digest.reader" if the process has ended."""
        for _ in range(TURNS):
            give_way()
        devices = self._devices.devices()
        told = None if devices == self._told else devices
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            _send(self.process.stdin, (start, stop, done, told))
            answer = _receive(self.process.stdout)
        except (OSError, EOFError) as error:
            raise UnavailableError("digest.reader", status=self.process.poll(), detail=str(error)) from error
        self._told = devices
        if isinstance(answer, ShangyouError):
            raise answer
        assert isinstance(answer, Taken)
        return answer

    def close(self) -> None:
        """Let it end, and see to it that it does."""
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class _Told:
    """The devices of which the node has told."""

    def __init__(self) -> None:
        self._all: Sequence[Device] = ()

    def tell(self, devices: Sequence[Device]) -> None:
        self._all = devices

    def devices(self) -> list[Device]:
        return list(self._all)

    def device(self, mn: str) -> Device | None:
        return next((device for device in self._all if device.mn == mn), None)


def _send(pipe: IO[bytes], what: object) -> None:
    data = pickle.dumps(what, protocol=5)
    pipe.write(SIZE.pack(len(data)) + data)
    pipe.flush()


def _receive(pipe: IO[bytes]) -> Any:
    """What the other end sent; EOFError if it is gone. Both ends are one programme: pickle is no door for anybody."""
    head = pipe.read(SIZE.size)
    if len(head) < SIZE.size:
        raise EOFError
    (length,) = SIZE.unpack(head)
    data = pipe.read(length)
    if len(data) < length:
        raise EOFError
    return pickle.loads(data)  # noqa: S301


def main() -> None:
    """Answer until the node hangs up, or says nothing for long."""
    os.nice(NICE)
    told = _Told()
    reader = PacketReader(JournalView(Path(sys.argv[1])), told)
    orders, answers = sys.stdin.buffer, sys.stdout.buffer
    with contextlib.suppress(EOFError, BrokenPipeError):
        while select.select([orders], [], [], 2 * QUIET)[0]:
            start, stop, done, devices = _receive(orders)
            if devices is not None:
                told.tell(devices)
            try:
                answer: object = reader.take(start, stop, done, lambda: None)
            except ShangyouError as error:
                answer = error
            _send(answers, answer)


if __name__ == "__main__":
    main()
