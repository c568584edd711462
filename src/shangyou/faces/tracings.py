"""Tracings at a node: who asked for which, how far they are, and what they found; reckoned beside the node.

What is kept is the newest few, until the node ends. What lasts is in the ledger: the digests of what each was given and
of what it found, and, as a salted hash, who asked. Equal inputs give equal answers, so whoever doubts one asks again.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from shangyou.basin.network.network import Network
from shangyou.basin.network.values import Place
from shangyou.basin.tracing import digest
from shangyou.basin.tracing.observed import Observed
from shangyou.basin.tracing.outlook import Sample
from shangyou.basin.tracing.result import TraceResult
from shangyou.basin.tracing.ways import sources_above
from shangyou.core.clock import to_ms
from shangyou.core.errors import ConflictError, InputError, NotFoundError, ShangyouError
from shangyou.exchange.ledger.entry import pseudonym
from shangyou.faces.beside import computing
from shangyou.flows.gauged import RiverOfDay, river_of
from shangyou.flows.learned import Learned, learned
from shangyou.flows.ledger import record
from shangyou.flows.spill import Computing
from shangyou.flows.trace import Asked, Work, lay_out, place_of, seen_at, work, work_of
from shangyou.wiring import rivers

if TYPE_CHECKING:
    from shangyou.wiring import Node

log = logging.getLogger("shangyou.tracings")

MADE: Final = "tracings"  # in Node.made
KEPT: Final = 40  # tracings, the newest
WAITING: Final = 8  # that may wait at once
MOST_DAYS: Final = 31
SHORT: Final = 12  # digits of an id
SIMULATED: Final = "simulated"


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody wants traced at this node."""

    stations: tuple[str, ...]  # ids or names of sections
    parameter: str
    start: int  # ms since 1970 UTC
    stop: int
    free: float = 0.0  # m of a stretch along the water; 0 = registered places
    candidates: tuple[str, ...] = ()
    longest: float = 86_400.0  # s
    velocity_sd: float | None = None  # None = what the flows of those days tell
    gauged: tuple[tuple[str, float], ...] = ()  # m3/s by place, besides what the node has
    seed: int = 0


@dataclass(eq=False, slots=True)
class Run:
    """One tracing."""

    id: str
    by: str
    at: int  # ms, when it was asked for
    asked: Question
    inputs: str  # digest
    river: RiverOfDay
    problem: Work
    state: str = "waiting"  # then running, then done or failed
    share: float = 0.0  # that is done
    ended: int | None = None
    found: TraceResult | None = None
    samples: tuple[Sample, ...] = ()
    result: str = ""  # digest
    error: ShangyouError | None = None

    @property
    def under_way(self) -> bool:
        """Is it neither done nor failed?"""
        return self.state in ("waiting", "running")


@dataclass(eq=False, slots=True)
class Tracings:
    """A node's tracings."""

    node: Node
    computing: Computing
    pool: ThreadPoolExecutor
    _runs: dict[str, Run] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, asked: Question, by: str) -> Run:
        """Start a tracing; one of equal inputs that is under way or done is that one.

        Raises InputError "trace.stations", "trace.span"; ConflictError "trace.busy"; NotFoundError "network.place",
        "registry.section"; and as flows.trace.seen_at and lay_out.
        """
        problem, river = self._laid(asked)
        inputs = digest.of_problem(problem.problem, asked.seed)
        id = inputs.removeprefix("sha256:")[:SHORT]
        with self._lock:
            known = self._runs.get(id)
            if known is not None and known.state != "failed":
                return known
            if sum(each.state == "waiting" for each in self._runs.values()) >= WAITING:
                raise ConflictError("trace.busy", waiting=WAITING)
            run = Run(id, by, self._now(), asked, inputs, river, problem)
            self._runs.pop(id, None)
            self._runs[id] = run
            for old in [each.id for each in self._runs.values() if not each.under_way][: len(self._runs) - KEPT]:
                del self._runs[old]
        self.pool.submit(self._work, run)
        return run

    def runs(self) -> list[Run]:
        """All that are kept, the newest first."""
        with self._lock:
            return list(self._runs.values())[::-1]

    def run(self, id: str) -> Run:
        """One of them, by the beginning of its id. NotFoundError "trace.unknown"."""
        found = [each for each in self.runs() if id and each.id.startswith(id)]
        if len(found) != 1:
            raise NotFoundError("trace.unknown", id=id[:40])
        return found[0]

    def done(self, id: str) -> tuple[Run, TraceResult]:
        """The same with what it found. ConflictError "trace.running" before its end; what made it fail."""
        run = self.run(id)
        if run.under_way:
            raise ConflictError("trace.running", id=run.id, share=f"{run.share:.0%}")
        if run.error is not None:
            raise run.error
        assert run.found is not None
        return run, run.found

    def _laid(self, asked: Question) -> tuple[Work, RiverOfDay]:
        """The problem, with the flows of those days."""
        node = self.node
        if not asked.stations:
            raise InputError("trace.stations")
        if not 0 < asked.stop - asked.start <= MOST_DAYS * 86_400_000:
            raise InputError("trace.span", days=MOST_DAYS)
        network = rivers(node).network()
        places = [place_of(network, each).id for each in asked.stations]
        series = [seen_at(node.store, node.registry, id, asked.parameter, asked.start, asked.stop) for id in places]
        river = river_of(node.store, network, places, asked.start, asked.stop)
        chosen = asked.candidates or tuple(named(network, places, node.settings.simulated))
        known = Asked(
            candidates=chosen,
            free=asked.free or (0.0 if chosen else FREE),
            far=100e3,
            longest=asked.longest,
            velocity_sd=river.velocity_sd if asked.velocity_sd is None else asked.velocity_sd,
            discharge_sd=river.discharge_sd,
            gauged={**river.gauged, **dict(asked.gauged)},
        )
        seen: Sequence[Observed] = [each for each, _ in series]
        problem = lay_out(network, seen, known, [support for _, support in series])
        return work_of(problem, network, int(max(each.time[-1] for each in seen)), seed=asked.seed), river

    def _work(self, run: Run) -> None:
        run.state = "running"
        try:
            found, samples = self.computing.run(work, run.problem, tell=lambda share: _told(run, share))
            run.samples, run.result = tuple(samples), digest.of_result(found)
            self._write_down(run, found)
            run.found = found
        except ShangyouError as error:
            log.info("%s: %s", run.id, error)
            run.error = error
        except Exception:
            log.exception("%s: a fault of the programme", run.id)
            run.error = InputError("trace.fault", id=run.id)
        run.share, run.ended = 1.0, self._now()
        run.state = "done" if run.error is None else "failed"  # last: whoever reads it finds all the rest

    def _write_down(self, run: Run, found: TraceResult) -> None:
        """Who asked, what it was given and what it found, as hashes: places and figures are not for the ledger."""
        ledger = self.node.ledger
        by = pseudonym(ledger.shelf.salt, run.by)
        facts = {"act": "tracing", "by": by, "inputs": run.inputs, "result": run.result, "verdict": found.verdict.value}
        record(ledger, "admin", facts, self._now())

    def _now(self) -> int:
        return to_ms(self.node.clock.now())


FREE: Final = 10e3  # m of a stretch, where no place may be named


def _told(run: Run, share: float) -> None:
    run.share = max(run.share, min(share, 0.99))


def named(network: Network, stations: Sequence[str], simulated: bool) -> list[str]:
    """Outlets and risk sources above; where all is simulated, no real place is read beside a made-up offence."""
    return [p.id for p in sources_above(network, stations) if may_be_named(p, simulated)]


def may_be_named(place: Place, simulated: bool) -> bool:
    """Where everything is simulated, only what is invented."""
    return not simulated or place.source == SIMULATED


def learned_of(node: Node, place: str, began: int) -> Learned | None:
    """What this node's newest tracing of a release from a place, begun then [ms], has learned of the river."""
    for run in tracings(node).runs():
        told = None if run.found is None else learned(run.found, place, began)
        if told is not None:
            return told
    return None


def tracings(node: Node) -> Tracings:
    """The node's tracings; made once."""

    def make() -> Tracings:
        return Tracings(node, computing(node), ThreadPoolExecutor(1, "tracing"))

    return node.made.once(MADE, make, lambda made: made.pool.shutdown(wait=True, cancel_futures=True))
