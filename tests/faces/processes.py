"""Real processes of the command line and of serving nodes, on ports that the system chooses."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2

BEGIN = [sys.executable, "-c", "from shangyou.faces.cli import main; main()"]
PATIENCE = 60.0  # seconds: the machine of a test may be busy


def environment(**more: str) -> dict[str, str]:
    """The environment of a process: nothing of ours from outside, English words."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SHANGYOU_")}
    return {**kept, "SHANGYOU_LANG": "en", "SHANGYOU_PASSWORD": "correct horse battery", **more}


def run(*words: str | Path, cwd: Path | None = None, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [*BEGIN, *map(str, words)],
        env=environment(**more),
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def rows(*words: str | Path) -> list[dict[str, Any]]:
    """Rows that a command prints as JSON."""
    done = run(*words, "--format", "json")
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


class Served:
    """A serving node."""

    def __init__(self, process: subprocess.Popen[str], line: str) -> None:
        self.process = process
        self.places = dict(word.split("=", 1) for word in line.split()[1:])
        self.http = httpx2.Client(base_url=self.places["http"], timeout=PATIENCE, trust_env=False)

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """End it by a signal; returns its code and its log."""
        self.http.close()
        self.process.send_signal(number)
        _, log = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, log

    def memory(self) -> float:
        """What it holds in memory [MB]."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))) / 1024


@contextmanager
def served(home: Path, *words: str, inside: Sequence[str] = (), **more: str) -> Iterator[Served]:
    """A node that serves `home`; it is ended if the test did not. inside: the command that leads to where it runs."""
    process = subprocess.Popen(
        [*inside, *BEGIN, "--home", str(home), "node", "serve", *words],
        env=environment(**{"SHANGYOU_HTTP_PORT": "0", **more}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    found = None
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line.startswith("ready "):
            _, log = process.communicate(timeout=PATIENCE)
            raise AssertionError(f"{process.returncode}: {log}")
        found = Served(process, line)
        yield found
    finally:
        if found is not None:
            found.http.close()
        if process.poll() is None:
            process.kill()
            process.communicate(timeout=PATIENCE)
        if process.stdout is not None:
            process.stdout.close()
        if process.stderr is not None:
            process.stderr.close()


def wait_until(what: Any, seconds: float = PATIENCE) -> Any:
    """Ask again and again until the answer is true; returns it."""
    end, pause = time.monotonic() + seconds, threading.Event()
    while not (found := what()):
        assert time.monotonic() < end, "it did not come to pass"
        pause.wait(0.02)  # whoever is asked needs the processor too
    return found
