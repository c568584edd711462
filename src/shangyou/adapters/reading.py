"""Packets read and tested beside the node: a process of its own, there while much arrives and gone when it is quiet.

Both are work for a processor in plain Python. In the node they would share the interpreter's lock with the listener,
which then acknowledges late; here they share nothing. The process reads the journal's files itself and hands back
columns. It keeps nothing that cannot be read again, so it may die at any time.

    node  -> process   (start, stop, done, anew, devices or None if they are as before)
    process -> node    observations: what does the store have of these series?
    node  -> process   flagged values, or None; or an error
    process -> node    Stretch, or an error
"""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from shangyou.adapters.piped import receive, send
from shangyou.core.errors import ShangyouError, UnavailableError
from shangyou.core.records import Flagged, Observations
from shangyou.core.registry import Device
from shangyou.core.stretch import Earlier, Stretch, Stretches
from shangyou.ingest.hj212.stretch import Devices

BUSY: Final = 1_000  # entries that wait at once: 2,000 a second, above which reading is better done beside the node
QUIET: Final = 60.0  # seconds without so many, after which the process ends
NICE: Final = 10  # whatever the node itself does goes before, where there is no SCHED_IDLE
TURNS: Final = 50  # as often others may have theirs before some thousand packets are read: where there are fewer
# processors than work, acknowledging comes first and the digest catches up later


class ReadingBeside:
    """What the digest asks for stretches of packets: here while little waits, beside the node while much does."""

    def __init__(
        self,
        path: Path,
        module: str,
        make: Callable[[], Stretches],
        devices: Devices,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """module: what the process runs; it calls `answer`. make: what reads in this process, remembering nothing."""
        self._path, self._module, self._make, self._devices, self._clock = path, module, make, devices, clock
        self._here: Stretches | None = None
        self._beside: _Beside | None = None
        self._busy = -QUIET
        self._lock = threading.Lock()
        self._closed = False

    def choose(self, behind: int, anew: bool) -> Stretches:
        """The reader for so many entries that wait; see flows.digest.Digest. Once this is closed, it reads here."""
        if behind >= BUSY:
            self._busy = self._clock()
        with self._lock:
            if self._clock() - self._busy < QUIET and not self._closed:
                self._here = None
                if self._beside is None or anew or not self._beside.running():
                    self._end()
                    self._beside = _Beside(self._path, self._module, self._devices)
                return self._beside
            self._end()
        if self._here is None or anew:
            self._here = self._make()
        return self._here

    def process(self) -> int | None:
        """Its id, while there is one."""
        return self._beside.process.pid if self._beside is not None else None

    def close(self) -> None:
        """End the process, if there is one, for good."""
        with self._lock:
            self._closed = True
            self._end()

    def _end(self) -> None:
        if self._beside is not None:
            self._beside.close()
            self._beside = None


class _Beside:
    """`Stretches` in a process of its own."""

    def __init__(self, path: Path, module: str, devices: Devices) -> None:
        self._devices = devices
        self._told: list[Device] | None = None
        self.process = subprocess.Popen(  # noqa: S603  the command is our own
            [sys.executable, "-m", module, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C reaches the node alone, which ends it
        )
        _go_last(self.process.pid)

    def running(self) -> bool:
        return self.process.poll() is None

    def take(
        self, start: int, stop: int, done: int, anew: bool, earlier: Earlier, give_way: Callable[[], None]
    ) -> Stretch:
        """See core.stretch.Stretches. UnavailableError "digest.reader" if the process has ended."""
        for _ in range(TURNS):
            give_way()
        devices = self._devices.devices()
        told = None if devices == self._told else devices
        found = self._ask((start, stop, done, anew, told))
        while isinstance(found, Observations):
            found = self._ask(earlier(found))
        self._told = devices
        if isinstance(found, ShangyouError):
            raise found
        assert isinstance(found, Stretch)
        return found

    def _ask(self, what: object) -> object:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            send(self.process.stdin, what)
            return receive(self.process.stdout)
        except (OSError, EOFError) as error:
            raise UnavailableError("digest.reader", status=self.process.poll(), detail=str(error)) from error

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


def _go_last(process: int) -> None:
    """Let a process have what the others leave: it may read later, but nobody may be acknowledged later for it."""
    with contextlib.suppress(OSError):  # it has ended already, which whoever asks it finds out
        if sys.platform == "linux":
            os.sched_setscheduler(process, os.SCHED_IDLE, os.sched_param(0))
        else:
            os.setpriority(os.PRIO_PROCESS, process, NICE)


class Told:
    """The devices of which the node has told."""

    def __init__(self) -> None:
        self._all: Sequence[Device] = ()

    def tell(self, devices: Sequence[Device]) -> None:
        """From now on it is these."""
        self._all = devices

    def devices(self) -> list[Device]:
        """See ingest.hj212.stretch.Devices."""
        return list(self._all)

    def device(self, mn: str) -> Device | None:
        """See ingest.hj212.stretch.Devices."""
        return next((device for device in self._all if device.mn == mn), None)


def answer(make: Callable[[Told], Stretches]) -> None:
    """In the process: answer until the node hangs up, or says nothing for long."""
    told = Told()
    reader = make(told)
    orders, answers = sys.stdin.buffer, sys.stdout.buffer

    def earlier(observations: Observations) -> Flagged | None:
        send(answers, observations)
        found = receive(orders)
        assert found is None or isinstance(found, Flagged)
        return found

    with contextlib.suppress(EOFError, BrokenPipeError):
        while select.select([orders], [], [], 2 * QUIET)[0]:
            start, stop, done, anew, devices = receive(orders)
            if devices is not None:
                told.tell(devices)
            try:
                found: object = reader.take(start, stop, done, anew, earlier, lambda: None)
            except ShangyouError as error:
                found = error
            send(answers, found)
