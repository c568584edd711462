"""The threads of a serving node: digest, folder watch, scheduled pull. Each can be killed at any point."""

from __future__ import annotations

import gc
import logging
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from shangyou.core.errors import ShangyouError, UnavailableError
from shangyou.flows.notes import FileNote
from shangyou.flows.receive import fingerprint, receive

if TYPE_CHECKING:
    from shangyou.adapters.folder import FoundFile
    from shangyou.flows.detect import Watching
    from shangyou.flows.digest import Digest
    from shangyou.wiring import Node

log = logging.getLogger("shangyou.work")

LIVE: Final = 0.5  # seconds between two looks at the journal: what a station sends is on the pages a second later
RETRY: Final = 5.0  # seconds after an error that may pass by itself: a full disk, a lock
AT_MOST: Final = 0.01  # seconds that the digest gives way before it does 1.5 ms of its own
STEP: Final = 0.0005  # seconds between two looks at whether something is urgent
DETECT: Final = 2.0  # seconds between two looks at whether the digest has brought something
LEDGER: Final = 1.0  # seconds between two looks at whether the ledger is to be signed
CONTRACTS: Final = 1.0  # seconds between two looks at what was lost; what is new is sent at once
MEETING: Final = 5.0  # seconds between two looks at whom to ask
FAULT: Final = 60.0  # seconds after a fault of the programme


class Thread:
    """A thread that does one thing again and again, and outlives what goes wrong."""

    def __init__(self, name: str, every: float, turn: Callable[[], object]) -> None:
        """`turn` is called every so many seconds, and whenever `wake` was called."""
        self._name, self._every, self._turn = name, every, turn
        self._wake, self._stop = threading.Event(), threading.Event()
        self._trouble = ""
        self._thread = threading.Thread(target=self._run, name=name)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def started(self) -> bool:
        """Has it begun?"""
        return self._thread.ident is not None

    def wake(self) -> None:
        """Do not wait for the next turn."""
        self._wake.set()

    def stopping(self) -> bool:
        """Is it time to end?"""
        return self._stop.is_set()

    def stop(self) -> None:
        """End after what is under way, which asks `stopping` in between."""
        self._stop.set()
        self._wake.set()

    def join(self) -> None:
        """Wait for the end."""
        self._thread.join()

    def trouble(self) -> str:
        """Code of the error that it met last and has not overcome; "" while all is well."""
        return self._trouble

    def _run(self) -> None:
        while not self._stop.is_set():
            pause = self._every
            try:
                self._turn()
                if self._trouble:
                    log.info("%s: overcome: %s", self._name, self._trouble)
                self._trouble = ""
            except ShangyouError as error:
                if error.code != self._trouble:
                    log.warning("%s: %s", self._name, error)
                self._trouble, pause = error.code, max(RETRY, pause)
            except Exception:
                log.exception("%s: a fault of the programme", self._name)
                self._trouble, pause = "serve.fault", max(FAULT, pause)
            self._wake.wait(pause)
            self._wake.clear()


class Digesting(Thread):
    """Brings what arrives into the store. The digest is made when there is something to bring."""

    def __init__(self, node: Node, make: Callable[[Node], Digest], urgent: Callable[[], bool] = lambda: False) -> None:
        """`urgent`: is something waiting for which the digest gives way?"""
        super().__init__("digest", LIVE, self._bring)
        self._node, self._make, self._urgent = node, make, urgent
        self._digest: Digest | None = None
        self._done = node.store.progress().done

    def _bring(self) -> None:
        if self._node.journal.end() <= self._done:
            return
        if self._digest is None:
            self._digest = self._make(self._node)
            gc.freeze()  # what the digest needs stays; looked through again and again, it would halt all threads 0.1 s
        self._digest.run(stop=self.stopping, give_way=self._give_way)
        self._done = self._node.store.progress().done

    def _give_way(self) -> None:
        """Wait while something is urgent, but not for ever: the digest goes on in small steps."""
        until = time.monotonic() + AT_MOST
        while self._urgent() and time.monotonic() < until and not self.stopping():
            time.sleep(STEP)


def watching(node: Node, worker: Thread) -> Thread | None:
    """Takes in what arrives in the folder of the settings; None if none is set."""
    if not node.settings.folder:
        return None
    from shangyou.adapters.folder import FolderSettings, FolderWatch  # only where it is wanted: 3 MB
    from shangyou.ingest.cnemc.recognition import HEAD, recognise

    settings = FolderSettings(Path(node.settings.folder), stable=node.settings.folder_quiet_seconds)
    note = FileNote("", node.settings.provinces).text()
    kept: set[str] = set()  # taken in by this process, perhaps not digested yet
    refused: set[str] = set()

    def known(file: FoundFile) -> bool:
        if file.digest in kept or file.digest in refused:
            return True
        kind = recognise(file.name, file.body[:HEAD])
        return not kind or bool(node.store.batches(1, digest=fingerprint(kind, note, file.body)))

    def turn() -> None:
        for file in watch.look(time.monotonic()):
            kind = recognise(file.name, file.body[:HEAD])
            try:
                receive(node.journal, node.store, node.clock, file.name, file.body, kind, note)
            except UnavailableError:
                raise
            except ShangyouError as error:
                refused.add(file.digest)
                log.warning("folder: %s: %s", file.name, error)
            else:
                kept.add(file.digest)
                log.info("folder: %s taken in", file.name)
                worker.wake()
        for refusal in watch.refused():
            log.warning("folder: %s %s", refusal.code, refusal.facts)

    watch = FolderWatch(settings, known)
    return Thread("folder", settings.every, turn)


def pulling(node: Node, worker: Thread) -> Thread | None:
    """Pulls the page of the settings by schedule; None if none is set. InputError "pages.address"."""
    if not node.settings.pull_address:
        return None
    from shangyou.adapters.pages import PagePull, PageSettings  # only where it is wanted: 2 MB

    every = node.settings.pull_minutes * 60.0
    pull = PagePull(PageSettings(node.settings.pull_address, every), node.clock)

    def turn() -> None:
        raw = pull.pull()
        if raw is None:
            return
        note = FileNote(raw.note, node.settings.provinces).text()
        receive(node.journal, node.store, node.clock, raw.source, raw.body, raw.kind, note)
        pull.accept()
        worker.wake()

    return Thread("pull", every, turn)


def keeping(node: Node) -> Thread:
    """Signs the ledger, has it sealed by the other members, and compares what they tell."""
    from shangyou.faces.keeping import turn

    return Thread("ledger", LEDGER, lambda: turn(node))


def detecting(node: Node) -> Thread:
    """Watches what comes into the store for pollution, and keeps the alarms; nothing while nothing has come."""
    seen = -1
    watch: list[Watching] = []

    def turn() -> None:
        nonlocal seen
        end = node.store.here(None).row  # what other members send under a contract counts too
        if end == seen or not end:
            return
        if not watch:
            from shangyou.faces.alarms import watching as follow  # 5 MB: an idle node does without

            watch.append(follow(node))
        watch[0].turn(thread.stopping)
        seen = end

    thread = Thread("detect", DETECT, turn)
    return thread


def reconciling(node: Node) -> Thread:
    """Makes up for what was lost between members: entries, letters, decisions, records; nothing while alone."""

    def turn() -> None:
        from shangyou.wiring_exchange import exchange

        joined = exchange(node)
        if joined is not None:
            from shangyou.faces import contracting, together, warning  # 10 MB: a node that is alone does without
            from shangyou.faces.dossiers import dossiers

            try:
                dossiers(joined).turn()
                warning.turn(joined)
                together.turn(joined)
            finally:
                contracting.turn(node)

    return Thread("contracts", CONTRACTS, turn)


def meeting(node: Node) -> Thread:
    """Asks the other members how they are, reads their catalogues and compares logs; one that hangs holds up none."""
    from concurrent.futures import ThreadPoolExecutor

    from shangyou.faces.crossing import crossing
    from shangyou.wiring_exchange import exchange

    pools: list[ThreadPoolExecutor] = []

    def turn() -> None:
        joined = exchange(node)
        if joined is None:
            return
        if not pools:
            pools.append(ThreadPoolExecutor(4, "meeting"))
            node.made.at_end(partial(pools[0].shutdown, cancel_futures=True))
        at = joined.now()
        for work in (*joined.due(at), *joined.crawls(at), *crossing(joined).due(at)):
            try:
                pools[0].submit(work).result(MEETING)
            except (ShangyouError, TimeoutError) as error:
                log.info("meeting: %s", error)

    return Thread("meeting", MEETING, turn)
