"""The one place where parts meet adapters: a node from its settings."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, TypeVar, cast

from shangyou.adapters import private_file
from shangyou.adapters.hj212.limits import Limits, ListenerSettings
from shangyou.adapters.hj212.listener import Hj212Listener
from shangyou.adapters.journal import FileJournal
from shangyou.adapters.ledger import FileLedger
from shangyou.adapters.observations import DuckStore
from shangyou.adapters.state import SqlIntake, SqlPeople, SqlRegistry, StateDatabase
from shangyou.core.clock import Clock
from shangyou.core.errors import ConflictError, UnavailableError
from shangyou.settings import FILE, Settings, template

if TYPE_CHECKING:
    from shangyou.flows.digest import Digest
    from shangyou.flows.network import Rivers

READING: Final = "shangyou.wiring_reading"  # what reads packets beside the node
RIVERS: Final = "rivers"  # in Node.made
T = TypeVar("T")


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The time now, aware, in UTC."""
        return datetime.fromtimestamp(time.time(), UTC)


class Made:
    """What layers above make once for a node, and how that ends: nothing is made that nobody will end.

    One thread makes at a time, and a thread that makes one thing may ask for others on the way.
    """

    def __init__(self) -> None:
        self._kept: dict[str, object] = {}
        self._ends = contextlib.ExitStack()
        self._making = threading.RLock()
        self._closed = False

    def get(self, key: str) -> object | None:
        """What was made under this name; None while nothing was."""
        return self._kept.get(key)

    def __setitem__(self, key: str, what: object) -> None:
        """From now on this goes by the name."""
        self._kept[key] = what

    def once(self, key: str, make: Callable[[], T], end: Callable[[T], object] | None = None) -> T:
        """What goes by this name, made by whoever asks first, and ended as it says when the node ends.

        Raises UnavailableError "node.ended" where something that has to be ended is made too late; as `make` does.
        """
        found = self._kept.get(key)
        if found is None:
            with self._making:
                found = self._kept.get(key)
                if found is None:
                    if end is not None:
                        self._need_open()
                    made = make()
                    if end is not None:
                        self._ends.callback(end, made)
                    found = self._kept[key] = made
        return cast("T", found)

    def at_end(self, end: Callable[[], object]) -> None:
        """Have this done when the node ends, what came last first. UnavailableError "node.ended": it has, and it is."""
        with self._making:
            if not self._closed:
                self._ends.callback(end)
                return
        end()
        self._need_open()

    def close(self) -> None:
        """End all of it. Work that is waited for meanwhile still gets what there is."""
        with self._making:  # what is being made now is ended too
            self._closed = True
        self._ends.close()

    def _need_open(self) -> None:
        if self._closed:
            raise UnavailableError("node.ended")


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A node at work: its settings and everything it keeps."""

    settings: Settings
    clock: Clock
    journal: FileJournal
    store: DuckStore
    registry: SqlRegistry
    intake: SqlIntake
    people: SqlPeople
    database: StateDatabase
    ledger: FileLedger
    lock: IO[str]
    made: Made = field(default_factory=Made)

    def close(self) -> None:
        """Let go of all files, in the order in which nothing is lost."""
        self.made.close()
        self.store.close()
        self.database.close()
        self.journal.close()
        self.ledger.close()
        self.lock.close()


def digest(node: Node, beside: bool = False) -> Digest:
    """What brings the node's journal into its store; one at a time is at work.

    beside: while many packets come, they are read in a process of their own.
    """
    from shangyou.adapters.reading import ReadingBeside
    from shangyou.flows.again import AGAIN, reader
    from shangyou.flows.digest import Digest  # with all readers and checks 12 MB: an idle node does without
    from shangyou.flows.readers import READERS
    from shangyou.flows.stretch import stretches
    from shangyou.quality.reader import packaged_plan

    plan = packaged_plan()
    readers = {**READERS, AGAIN: reader(node.journal, node.store, node.registry, node.intake)}
    choose = None
    if beside:
        make = partial(stretches, node.journal, node.registry, plan)
        reading = ReadingBeside(node.settings.home / "journal", READING, make, node.registry)
        node.made.at_end(reading.close)
        choose = reading.choose
    return Digest(node.journal, node.store, node.registry, node.intake, readers, plan, choose)


def listener(node: Node, kept: Callable[[range], None] = lambda new: None) -> Hj212Listener:
    """The node's listener for devices, not yet listening; `kept` hears of each range of new journal entries."""
    settings = node.settings
    limits = Limits(connections=settings.hj212_connections, idle_s=settings.hj212_idle_seconds)
    places = ListenerSettings(
        host=settings.hj212_host,
        port=settings.hj212_port,
        unknown="quarantine" if settings.unknown_devices == "quarantine" else "refuse",
        limits=limits,
    )
    return Hj212Listener(node.journal, node.registry, node.intake, node.clock, places, kept)


def rivers(node: Node) -> Rivers:
    """The node's river network, made when it is first needed."""

    def make() -> Rivers:
        from shangyou.adapters.networks import NetworkFile
        from shangyou.basin.network.facts import upper_yangtze_draft
        from shangyou.flows.network import Rivers

        settings = node.settings
        return Rivers(lambda: upper_yangtze_draft(settings.simulated), NetworkFile(settings.home))

    return node.made.once(RIVERS, make)


def make_home(settings: Settings) -> None:
    """Make the home of a new node. ConflictError "home.exists" if there is one."""
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)  # digests of passwords are in it
    path = settings.home / FILE
    if path.exists():
        raise ConflictError("home.exists", home=str(settings.home))
    part = path.with_suffix(".part")  # there whole or not at all: an empty file would be a node with all defaults
    part.touch(0o600)
    part.write_text(template(settings), encoding="utf-8")
    part.replace(path)


def hold(home: Path) -> IO[str]:
    """Take the home for this process alone. ConflictError "home.in_use" names the process that has it."""
    path = home / "lock"
    file = path.open("a+", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        holder = file.read().strip()
        file.close()
        raise ConflictError("home.in_use", home=str(home), process=holder or "?") from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def home_id(home: Path) -> str:
    """What tells this home from all others, made when it is first asked for. A restored or copied home is another."""
    path = home / "id"
    with contextlib.suppress(FileNotFoundError):
        return path.read_text(encoding="ascii").strip()
    private_file.write_whole(path, f"{secrets.token_hex(16)}\n".encode())
    return path.read_text(encoding="ascii").strip()


def build(settings: Settings, clock: Clock | None = None) -> Node:
    """Open the node in `settings.home`; raises as `hold` and the stores do."""
    with contextlib.ExitStack() as opened:
        lock = opened.enter_context(hold(settings.home))
        database = StateDatabase(settings.state or settings.home / "state.sqlite")
        opened.callback(database.close)
        if database.file is None:  # it is not in the home, whose lock we have
            database.hold(home_id(settings.home))
        journal = FileJournal(settings.home / "journal")
        opened.callback(journal.close)
        ledger = FileLedger(settings.home / "ledger", settings.ledger_hash)
        opened.callback(ledger.close)
        store = DuckStore(settings.home / "observations.duckdb", settings.memory, settings.threads)
        opened.pop_all()  # from here on the node closes them
        return Node(
            settings=settings,
            clock=clock or SystemClock(),
            journal=journal,
            store=store,
            registry=SqlRegistry(database),
            intake=SqlIntake(database),
            people=SqlPeople(database),
            database=database,
            ledger=ledger,
            lock=lock,
        )
