"""Run a demo: make the homes, start the nodes, let monitors or files come, look at every part, tell, and keep on.

Everything that was started ends with it, in order, whatever happens.
"""

from __future__ import annotations

import contextlib
import json
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Final

import pyarrow as pa

from shangyou.core.errors import UnavailableError
from shangyou.faces.cli.progress import Bar
from shangyou.faces.demo import basin, parts, real
from shangyou.faces.demo.course import Affair, Course, Up
from shangyou.faces.demo.evidence import Evidence, Look, Part, seen
from shangyou.faces.demo.home import HJ212_PORT, HTTP_PORT, free_ports, join, make, own_stations, settings_of, sign_ins
from shangyou.faces.demo.processes import Child, start
from shangyou.faces.demo.seats import ALONE, CONSUMER, SEATS, Seat
from shangyou.faces.demo.spill import FIRST
from shangyou.faces.demo.stage import Post, Stage, staged
from shangyou.faces.demo.summary import Summary
from shangyou.faces.demo.words import Words
from shangyou.simulation.scenario import HOUR_MS, Scenario

SILENT_SECONDS: Final = 90.0  # that the monitors may be silent while they send their history
DIGEST_SECONDS: Final = 120.0
LIVE_SECONDS: Final = 30.0  # until the first live values must be there
LOOK_EVERY: Final = 0.2
REHEARSAL: Final = ("shangyou.faces.demo.shell", "basin", "spill", "--at", FIRST, "--mass", "1", "--members", "8")
LOG_LINES: Final = 25  # of each child's log, told where something did not work


@dataclass(frozen=True, slots=True)
class Plan:
    """What kind of demo."""

    once: bool = False  # end after the summary
    data: Path | None = None  # real files instead of the simulation
    home: Path | None = None  # None = a temporary one, which goes with the demo
    port: int = HTTP_PORT
    seed: int = 1
    days: int = 30
    language: str = "zh"
    nodes: int = 7  # or 1

    @property
    def seats(self) -> tuple[Seat, ...]:
        """Who takes part."""
        return SEATS if self.nodes > 1 else (ALONE,)


def run(plan: Plan, say: Callable[[str], None], tell: Callable[[str], None]) -> bool:
    """Run the demo; was every part seen to work?

    say: prints the summary; tell: prints what is going on. Ends on SIGTERM, SIGINT and SIGHUP as on Ctrl-C.
    """
    words = Words(plan.language)
    begun = time.monotonic()
    with _signals(), contextlib.ExitStack() as held:
        temporary = held.enter_context(tempfile.TemporaryDirectory(prefix="shangyou-demo-", ignore_cleanup_errors=True))
        home = (plan.home or Path(temporary) / ("node" if plan.nodes == 1 else "nodes")).absolute()
        logs = Path(temporary)
        held.enter_context(_logs_told(logs, words, tell))
        posts = _posts(plan, home, logs, words, tell)
        monitors, scenario = None, _scenario(plan)
        tell(words("step.node" if plan.nodes == 1 else "step.nodes"))
        if plan.data is None:  # they work out what they will send while the nodes start
            monitors = held.enter_context(start("monitors", _order(scenario, posts), logs / "monitors.log"))
            if plan.nodes > 1:  # a machine's first run compiles the transport: that goes on while the history comes
                held.enter_context(start("transport", list(REHEARSAL), logs / "transport.log"))
        started = time.monotonic()
        stage = held.enter_context(staged(posts))
        stage.wait()
        show = Show(stage, plan, words, tell, Up(time.monotonic() - started, stage.memory()))
        summary = show.simulated(scenario, monitors) if monitors is not None else show.real()
        summary.seconds = time.monotonic() - begun
        # Ctrl-C is the way in which a demo that keeps running is meant to end
        with contextlib.nullcontext() if plan.once else contextlib.suppress(KeyboardInterrupt):
            for line in summary.lines(words, keeps=not plan.once):
                say(line)
            if not summary.good:
                _tell_logs(logs, words, tell)
            if not plan.once:
                _keep(stage, monitors)
    if not plan.once:
        tell(words("summary.ended"))
    return summary.good


def _posts(plan: Plan, home: Path, logs: Path, words: Words, tell: Callable[[str], None]) -> list[Post]:
    """Make the homes, and a federation of them where there are several."""
    tell(words("step.home" if plan.nodes == 1 else "step.homes", home=home))
    several = len(plan.seats) > 1
    wanted = [port + step for step in range(len(plan.seats)) for port in (plan.port, HJ212_PORT)]
    posts = []
    with free_ports(*wanted) as ports:
        for number, seat in enumerate(plan.seats):
            place = home / seat.id if several else home
            pair = (ports[2 * number], ports[2 * number + 1])
            settings = settings_of(seat, place, pair, plan.language, simulated=plan.data is None)
            posts.append(Post(seat, settings, sign_ins(), logs, words))
        for post in posts:
            make(post.settings, post.people, own_stations(post.seat))
    if several:
        join([(post.seat, post.settings) for post in posts], int(time.time() * 1000))
    return posts


@contextlib.contextmanager
def _logs_told(logs: Path, words: Words, tell: Callable[[str], None]) -> Iterator[None]:
    """If the demo breaks off, what its children wrote last is told before their logs go."""
    try:
        yield
    except Exception:
        _tell_logs(logs, words, tell)
        raise


def _tell_logs(logs: Path, words: Words, tell: Callable[[str], None]) -> None:
    for log in sorted(logs.glob("*.log")):
        last = log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES:]
        if last:
            tell(words("step.log", name=log.stem))
            tell("\n".join(f"  {line}" for line in last))


def _scenario(plan: Plan) -> Scenario:
    return Scenario(plan.seed, int(time.time() * 1000) // HOUR_MS * HOUR_MS, plan.days)


def _order(scenario: Scenario, posts: list[Post]) -> list[str]:
    ports = {post.seat.province: post.settings.hj212_port for post in posts if post.settings.hj212_port}
    order = {"ports": ports, "seed": scenario.seed, "present": scenario.present, "days": scenario.days}
    return ["shangyou.faces.demo.monitors", json.dumps(order)]


@dataclass(frozen=True, slots=True)
class Show:
    """What is shown on a stage whose nodes are up, and looked at."""

    stage: Stage
    plan: Plan
    words: Words
    tell: Callable[[str], None]
    up: Up

    @property
    def evidence(self) -> Evidence:
        """The node that parts about one node look at."""
        return self.stage[CONSUMER if self.plan.nodes > 1 else ALONE.id].evidence

    def simulated(self, scenario: Scenario, monitors: Child) -> Summary:
        """Let the monitors send their history, then live; look at each part."""
        monitors.say("history")
        self.tell(self.words("step.history", days=scenario.days))
        report = _history(monitors)
        self.tell(self.words("step.digest"))
        _settle(self.evidence)
        looks = parts.looks(scenario, report)
        found = self._look(looks[:-1])
        monitors.say("live")
        _first_live(self.evidence, monitors)
        found += [(name, seen(look, self.evidence)) for name, look in looks[-1:]]
        found += self._look(self._between(parts.whole_days(scenario), Affair(scenario)))
        return Summary.simulated(self.stage.posts, found, scenario, report)

    def real(self) -> Summary:
        """Take real files in through the command line, and look at each part."""
        data = self.plan.data or Path()
        self.tell(self.words("step.files", data=data))
        taken = real.take_in(self.stage, data)
        found = self._look(real.looks(self.evidence, taken))
        period = real.month(data, self.evidence)
        provinces = tuple(post.seat.province for post in self.stage.provinces)
        reference = partial(real.one_store, self.evidence, provinces, data, period)
        found += self._look(self._between(period, one_store=reference))
        return Summary.real(self.stage.posts, found, data)

    def _between(
        self, period: str, affair: Affair | None = None, one_store: Callable[[], pa.Table] | None = None
    ) -> list[tuple[str, Look]]:
        """Parts of what the nodes do with each other."""
        if self.plan.nodes == 1:
            return []
        course = Course(self.stage, self.up, self.words, period, affair is not None, one_store, affair=affair)
        return basin.looks(course)

    def _look(self, looks: list[tuple[str, Look]]) -> list[tuple[str, Part]]:
        return [(name, seen(look, self.evidence)) for name, look in _told(looks, self.words, self.tell)]


def _history(monitors: Child) -> parts.Report:
    """What the monitors say when their history is sent."""
    with Bar(" ", 0) as bar:
        while True:
            said = monitors.next(SILENT_SECONDS)
            if said.get("said") == "history":
                return parts.Report(**{name: said[name] for name in parts.Report.__slots__})  # type: ignore[arg-type]
            bar.reach(int(str(said.get("done", 0))), int(str(said.get("all", 0))))


def _settle(evidence: Evidence) -> None:
    """Wait until all that was acknowledged is in the stores."""
    limit = time.monotonic() + DIGEST_SECONDS
    with Bar(" ", 0) as bar:
        while time.monotonic() < limit:
            now = evidence.everywhere("progress").to_pylist()
            done, end = sum(row["done"] for row in now), sum(row["end"] for row in now)
            bar.reach(done, end)
            if done >= end:
                return
            for row in now:
                if row["trouble"]:
                    raise UnavailableError(row["trouble"])
            time.sleep(LOOK_EVERY)
    raise UnavailableError("demo.digest", done=done, end=end)


def _first_live(evidence: Evidence, monitors: Child) -> None:
    """Wait, but not for ever, until live values are in the store; whether they are is for the part to see."""
    limit = time.monotonic() + LIVE_SECONDS
    while time.monotonic() < limit and monitors.running():
        if "instant" in evidence.table("latest")["cadence"].to_pylist():
            return
        time.sleep(LOOK_EVERY)


def _told(looks: list[tuple[str, Look]], words: Words, tell: Callable[[str], None]) -> Iterator[tuple[str, Look]]:
    if looks:
        tell(words("step.looking"))
    with Bar(" ", len(looks)) as bar:
        for name, look in looks:
            bar.note(words(name))
            yield name, look
            bar.advance(1)


def _keep(stage: Stage, monitors: Child | None) -> None:
    """Keep running until somebody ends it. Raises UnavailableError "demo.child_ended" if a child ends by itself."""
    children = [*stage.children(), *([monitors] if monitors is not None else [])]
    while True:
        for child in children:
            if not child.running():
                raise child.ended()
        time.sleep(1.0)


@contextlib.contextmanager
def _signals() -> Iterator[None]:
    """SIGTERM and SIGHUP end the demo as Ctrl-C does, so that all it started is closed."""

    def end(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = [(number, signal.signal(number, end)) for number in (signal.SIGTERM, signal.SIGHUP)]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)
