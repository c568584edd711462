"""The nodes of a demo as processes: each may be started, stopped and started again; all end with the stage."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from shangyou.adapters.node_client import NodeClient
from shangyou.adapters.serving import find_serving
from shangyou.core.errors import UnavailableError
from shangyou.faces.demo.evidence import Evidence
from shangyou.faces.demo.home import SignIn
from shangyou.faces.demo.processes import Child, start
from shangyou.faces.demo.seats import MINISTRY, Seat
from shangyou.faces.demo.visitor import Visitor
from shangyou.faces.demo.words import Words
from shangyou.settings import Settings

NODE_SECONDS: Final = 60.0  # that a node may take until it serves
LOOK_EVERY: Final = 0.1
KB: Final = 1024


@dataclass(eq=False, slots=True)
class Post:
    """One node: who it is, and while it runs its process and how it is looked at."""

    seat: Seat
    settings: Settings
    people: tuple[SignIn, ...]
    logs: Path
    words: Words
    child: Child | None = None
    seen: Evidence | None = None
    starts: int = 0
    held: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    @property
    def id(self) -> str:
        """Its member id."""
        return self.seat.id

    @property
    def name(self) -> str:
        """What it is called in the language of the demo."""
        return self.words.choose(self.seat.name_zh, self.seat.name_en)

    @property
    def evidence(self) -> Evidence:
        """How it is looked at. UnavailableError "demo.child_ended" while it does not run."""
        if self.seen is None:
            raise UnavailableError("demo.child_ended", name=self.id, status="-", words="")
        return self.seen

    def start(self) -> None:
        """Start its process; `wait` says when it serves."""
        self.starts += 1
        log = self.logs / (f"{self.id}.log" if self.starts == 1 else f"{self.id}-{self.starts}.log")
        command = ["shangyou.faces.demo.shell", "--home", str(self.settings.home), "node", "serve"]
        self.child = self.held.enter_context(start(self.id, command, log))

    def wait(self) -> None:
        """Until it serves. UnavailableError "demo.child_ended", "demo.child_silent"."""
        child, limit = self.child, time.monotonic() + NODE_SECONDS
        while child is not None and time.monotonic() < limit:
            serving = find_serving(self.settings.home)
            if serving is not None and serving.process == child.pid:
                client = self.held.enter_context(NodeClient(serving, "demo", self.words.language))
                visitor = self.held.enter_context(Visitor(serving.address, self.words.language))
                home = self.settings.home
                self.seen = Evidence(home, serving.address, client, visitor, self.people, self.words)
                return
            if not child.running():
                raise child.ended()
            time.sleep(LOOK_EVERY)
        raise UnavailableError("demo.child_silent", name=self.id, seconds=round(NODE_SECONDS))

    def stop(self) -> None:
        """End its process and wait for that."""
        self.held.close()
        self.child = self.seen = None


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """All nodes of a demo."""

    posts: tuple[Post, ...]

    def __getitem__(self, id: str) -> Post:
        return next(post for post in self.posts if post.id == id)

    @property
    def provinces(self) -> tuple[Post, ...]:
        """Those with data of their own."""
        return tuple(post for post in self.posts if post.id != MINISTRY)

    def wait(self) -> None:
        """Until all serve; those with data know of each other, so that they can be asked as one river."""
        for post in self.posts:
            post.wait()
        fellows = [post.evidence for post in self.provinces]
        for each in fellows:
            each.fellows.extend(fellows)

    def memory(self) -> int:
        """Bytes that all nodes hold together; see `held_by`."""
        return held_by([child.pid for child in self.children()])

    def children(self) -> list[Child]:
        """The processes."""
        return [post.child for post in self.posts if post.child is not None]


@contextlib.contextmanager
def staged(posts: Sequence[Post]) -> Iterator[Stage]:
    """Start all nodes; they end with the block, at the same time."""
    stage = Stage(tuple(posts))
    try:
        for post in posts:
            post.start()
        yield stage
    finally:
        for child in stage.children():
            child.ask_to_end()
        for post in posts:
            post.stop()


@contextlib.contextmanager
def without(post: Post) -> Iterator[None]:
    """Stop a node for the block; whatever fails there, it runs again for the parts that follow."""
    post.stop()
    try:
        yield
    except Exception:
        post.start()
        post.wait()
        raise
    post.start()
    post.wait()


def held_by(pids: Sequence[int]) -> int:
    """Bytes of memory that these processes and their children hold together: the sum of the proportional set sizes
    (PSS), in which what several share counts once. 0 where the system does not tell.
    """
    return sum(_pss(pid) for each in pids for pid in (each, *_offspring(each)))


def _pss(pid: int) -> int:
    with contextlib.suppress(OSError, ValueError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * KB
    return 0


def _offspring(pid: int) -> list[int]:
    found: list[int] = []
    with contextlib.suppress(OSError, ValueError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in map(int, (task / "children").read_text(encoding="ascii").split()):
                found += [child, *_offspring(child)]
    return found
