"""The one place where parts meet adapters: a node from its settings."""

from __future__ import annotations

import fcntl
import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from shangyou.adapters.journal import FileJournal
from shangyou.adapters.observations import DuckStore
from shangyou.adapters.state import SqlIntake, SqlPeople, SqlRegistry, StateDatabase
from shangyou.core.clock import Clock
from shangyou.core.errors import ConflictError
from shangyou.flows.digest import Digest
from shangyou.flows.readers import READERS
from shangyou.quality.reader import packaged_plan
from shangyou.settings import FILE, Settings, template


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The time now, aware, in UTC."""
        return datetime.fromtimestamp(time.time(), UTC)


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
    lock: IO[str]

    def close(self) -> None:
        """Let go of all files, in the order in which nothing is lost."""
        self.store.close()
        self.database.close()
        self.journal.close()
        self.lock.close()


def digest(node: Node) -> Digest:
    """What brings the node's journal into its store; one at a time is at work."""
    return Digest(node.journal, node.store, node.registry, node.intake, READERS, packaged_plan())


def make_home(settings: Settings) -> None:
    """Make the home of a new node. ConflictError "home.exists" if there is one."""
    settings.home.mkdir(parents=True, exist_ok=True)
    path = settings.home / FILE
    if path.exists():
        raise ConflictError("home.exists", home=str(settings.home))
    path.write_text(template(settings), encoding="utf-8")
    path.chmod(0o600)


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


def build(settings: Settings, clock: Clock | None = None) -> Node:
    """Open the node in `settings.home`; raises as `hold` and the stores do."""
    lock = hold(settings.home)
    try:
        database = StateDatabase(settings.state or settings.home / "state.sqlite")
        return Node(
            settings=settings,
            clock=clock or SystemClock(),
            journal=FileJournal(settings.home / "journal"),
            store=DuckStore(settings.home / "observations.duckdb", settings.memory, settings.threads),
            registry=SqlRegistry(database),
            intake=SqlIntake(database),
            people=SqlPeople(database),
            database=database,
            lock=lock,
        )
    except BaseException:
        lock.close()
        raise
