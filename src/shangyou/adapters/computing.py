"""Heavy reckoning beside the node: a process of its own, there while it is needed and gone when it is quiet.

Compiled kernels bring a compiler of some 130 MB with them. The node never loads it: it names a function and hands over
its arguments; the process beside calls it. It has a lower priority than the node, and keeps what it compiled in a cache
folder, so a second start is quick. It holds nothing, so it may die at any time: work that it was given is then given to
a new one, once.

    node    -> process   (function, arguments, named arguments, is progress asked for?)
    process -> node      ("told", share) any number of times, then ("done", result) or ("failed", error)
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import select
import shutil
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from shangyou.adapters.piped import receive, send
from shangyou.core.errors import ShangyouError, UnavailableError

QUIET: Final = 60.0  # seconds without work, after which the process ends
NICE: Final = 10  # whatever the node itself does goes before
UNUSED: Final = 30 * 86_400.0  # seconds after which compiled code of other states is taken away: some MB each
CACHE: Final = "NUMBA_CACHE_DIR"  # numba reads it when it is loaded
T = TypeVar("T")


class ComputingBeside:
    """Calls functions in a process beside; one at a time. See flows.spill.Computing."""

    def __init__(self, cache: Path | None = None, quiet: float = QUIET) -> None:
        """cache: folder of compiled code; None = the user's. quiet: seconds after which the process ends."""
        self._cache, self._quiet = cache or cache_folder(os.environ), quiet
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._closed = False

    def run(
        self, function: Callable[..., T], *arguments: Any, tell: Callable[[float], None] | None = None, **named: Any
    ) -> T:
        """What the function returns; it and its arguments must be such as pickle can name.

        Args:
            tell: told what share is done; the function then gets a `tell` of its own.

        Raises:
            ShangyouError: as the function raised it. UnavailableError: "computing.failed", it failed in another way;
            "computing.ended", the process ended twice;
            "computing.closed": what still waited when this was closed must not begin a process that nobody ends.
        """
        with self._lock:
            if self._closed:
                raise UnavailableError("computing.closed")
            for last in (False, True):
                try:
                    return cast(T, self._ask((function, arguments, named, tell is not None), tell))
                except (OSError, EOFError) as error:
                    status = self._process.poll() if self._process is not None else None
                    self._end()
                    if last:
                        raise UnavailableError("computing.ended", status=status) from error
        raise AssertionError("unreachable")

    def _ask(self, work: object, tell: Callable[[float], None] | None) -> Any:
        process = self._started()
        assert process.stdin is not None
        assert process.stdout is not None
        send(process.stdin, work)
        while True:
            kind, what = receive(process.stdout)
            if kind == "told" and tell is not None:
                tell(what)
            if kind == "done":
                return what
            if kind == "failed":
                raise what

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._end()
            use_folder(self._cache, time.time())
            self._process = subprocess.Popen(  # noqa: S603  the command is our own
                [sys.executable, "-m", "shangyou.adapters.computing", str(self._quiet)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**os.environ, CACHE: str(self._cache)},
                start_new_session=True,  # Ctrl-C reaches the node alone, which ends it
            )
        return self._process

    def process(self) -> int | None:
        """Its id, while there is one."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def compiled(self) -> bool:
        """Has anything been compiled and kept yet? If not, the first work waits for it, some 20 s."""
        return any(self._cache.rglob("*.nbi"))

    def close(self) -> None:
        """End the process, if there is one, for good."""
        with self._lock:
            self._closed = True
            self._end()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        try:
            process.wait(1)
        except subprocess.TimeoutExpired:  # in the middle of work that nobody waits for
            process.kill()
            process.wait()


def cache_folder(environment: Any) -> Path:
    """Where compiled code is kept: one folder for each user, in it one for each state of the kernels.

    By itself numba sees that the file of a kernel has changed, but not those of the kernels it calls; what differs
    between processors it tells apart.
    """
    if environment.get(CACHE):
        return Path(environment[CACHE])
    base = environment.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    kernels = sorted(files("shangyou.basin.transport").iterdir(), key=lambda each: each.name)
    state = hashlib.sha256(b"".join(each.read_bytes() for each in kernels if each.name.endswith(".py")))
    return Path(base) / "shangyou" / "compiled" / state.hexdigest()[:12]


def use_folder(folder: Path, now: float) -> None:
    """Say that compiled code is used here; where it is the first time, take away what nobody has used for long.

    The time of a folder is that of its last use. Of two nodes that take the same one away, one moves it aside and the
    other finds nothing; a node that still needed it compiles anew. A folder that somebody else has named stays alone.
    """
    if folder.parts[-3:-1] != ("shangyou", "compiled"):
        return
    with contextlib.suppress(OSError):  # without a cache it is slower, and works
        first = not folder.exists()
        folder.mkdir(parents=True, exist_ok=True)
        os.utime(folder, (now, now))
        for each in folder.parent.iterdir() if first else ():
            if re.fullmatch(r"[0-9a-f]{12}(\.[0-9]+)?", each.name) and now - each.stat().st_mtime > UNUSED:
                _take_away(each)


def _take_away(folder: Path) -> None:
    aside = folder.with_suffix(f".{os.getpid()}")  # whoever begins in between finds it whole or not at all
    with contextlib.suppress(FileNotFoundError):
        folder.rename(aside)
        shutil.rmtree(aside, ignore_errors=True)


def _answer(quiet: float) -> None:
    """The process beside: do what comes, until nothing comes for a while or the node is gone."""
    os.nice(NICE)
    # what libraries print goes to the standard error: the pipe is for answers
    with os.fdopen(os.dup(1), "wb") as out, os.fdopen(os.dup(0), "rb", buffering=0) as given:
        os.dup2(2, 1)
        source = os.fdopen(os.dup(given.fileno()), "rb")
        while select.select([given], [], [], quiet)[0]:
            try:
                function, arguments, named, telling = receive(source)
            except EOFError:
                break
            if telling:
                named["tell"] = lambda share: send(out, ("told", share))
            try:
                send(out, _done(function, arguments, named))
            except BrokenPipeError:
                break


def _done(function: Callable[..., Any], arguments: tuple[Any, ...], named: dict[str, Any]) -> tuple[str, object]:
    try:
        return "done", function(*arguments, **named)
    except ShangyouError as error:
        return "failed", error
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001  whatever it is, the node is to hear of it
        detail = traceback.format_exception_only(error)[-1].strip()
        return "failed", UnavailableError("computing.failed", function=function.__name__, detail=detail)


if __name__ == "__main__":
    _answer(float(sys.argv[1]))
