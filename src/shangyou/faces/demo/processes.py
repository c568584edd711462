"""Child processes of the demo: started on a leash, spoken to by lines, ended by their own id."""

from __future__ import annotations

import contextlib
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from shangyou.core.errors import UnavailableError

PATIENCE: Final = 15.0  # seconds that a child may take to end when it is asked to


class Child:
    """One running child; what it writes to stdout, a JSON object a line, can be waited for."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], log: Path) -> None:
        self.name, self.log = name, log
        self._process, self._asked = process, False
        self._lines: queue.SimpleQueue[dict[str, object] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def running(self) -> bool:
        """Has it not ended?"""
        return self._process.poll() is None

    def next(self, seconds: float) -> dict[str, object]:
        """The next thing it says.

        Raises UnavailableError "demo.child_ended" if it has ended, "demo.child_silent" if it says nothing for so long.
        """
        try:
            said = self._lines.get(timeout=seconds)
        except queue.Empty:
            raise UnavailableError("demo.child_silent", name=self.name, seconds=round(seconds)) from None
        if said is None:
            self._lines.put(None)
            raise self.ended()
        return said

    def ended(self) -> UnavailableError:
        """The error that says so, with the last words of its log."""
        words = self.log.read_text(encoding="utf-8", errors="replace").strip()[-600:] if self.log.exists() else ""
        return UnavailableError("demo.child_ended", name=self.name, status=self._process.poll(), words=words)

    def say(self, line: str) -> None:
        """A line to its stdin; nothing if it has ended."""
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.write(line.encode() + b"\n")
                self._process.stdin.flush()

    def ask_to_end(self) -> None:
        """Ask it to end, and do not wait: several end faster at the same time than one after another."""
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        if self.running() and not self._asked:
            self._process.terminate()
        self._asked = True

    def end(self) -> None:
        """Ask it to end, and see to it that it does."""
        self.ask_to_end()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(PATIENCE)
        self._thread.join(PATIENCE)
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _read(self) -> None:
        if self._process.stdout is not None:
            for line in self._process.stdout:
                with contextlib.suppress(msgspec.DecodeError):  # a stray line of a library is not for us
                    said = msgspec.json.decode(line)
                    if isinstance(said, dict):
                        self._lines.put(said)
        self._lines.put(None)


def environment() -> dict[str, str]:
    """The environment of children: without settings that are meant for another node."""
    return {name: value for name, value in os.environ.items() if not name.startswith("SHANGYOU_")}


@contextlib.contextmanager
def start(name: str, arguments: Sequence[str], log: Path) -> Iterator[Child]:
    """Run `python -m` with these arguments; stderr goes to `log`. It ends with the block, and with this process."""
    leash = [sys.executable, "-m", "shangyou.faces.demo.leash", str(os.getpid())]
    with log.open("wb") as errors:
        process = subprocess.Popen(  # noqa: S603  the commands are our own
            [*leash, sys.executable, "-m", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=environment(),
            start_new_session=True,  # Ctrl-C reaches this process alone, which ends its children in order
        )
    child = Child(name, process, log)
    try:
        yield child
    finally:
        child.end()
