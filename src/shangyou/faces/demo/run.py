"""Run a demo: make the home, start the node, let the monitors or the files come, look at every part, tell, and keep on.

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
from pathlib import Path
from types import FrameType
from typing import Final

from shangyou.adapters.node_client import NodeClient
from shangyou.adapters.serving import Serving, find_serving
from shangyou.core.errors import UnavailableError
from shangyou.faces.cli.progress import Bar
from shangyou.faces.demo import parts, real
from shangyou.faces.demo.evidence import Evidence, Part, seen
from shangyou.faces.demo.home import HJ212_PORT, HTTP_PORT, free_ports, make, settings_of, sign_ins
from shangyou.faces.demo.processes import Child, start
from shangyou.faces.demo.summary import Summary
from shangyou.faces.demo.visitor import Visitor
from shangyou.faces.demo.words import Words
from shangyou.simulation.scenario import HOUR_MS, Scenario

NODE_SECONDS: Final = 60.0  # that a node may take until it serves
SILENT_SECONDS: Final = 90.0  # that the monitors may be silent while they send their history
DIGEST_SECONDS: Final = 120.0
LIVE_SECONDS: Final = 30.0  # until the first live values must be there
LOOK_EVERY: Final = 0.2
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


def run(plan: Plan, say: Callable[[str], None], tell: Callable[[str], None]) -> bool:
    """Run the demo; was every part seen to work?

    say: prints the summary; tell: prints what is going on. Ends on SIGTERM, SIGINT and SIGHUP as on Ctrl-C.
    """
    words = Words(plan.language)
    begun = time.monotonic()
    with _signals(), contextlib.ExitStack() as held:
        temporary = held.enter_context(tempfile.TemporaryDirectory(prefix="shangyou-demo-", ignore_cleanup_errors=True))
        home = (plan.home or Path(temporary) / "node").absolute()
        logs = Path(temporary)
        held.enter_context(_logs_told(logs, words, tell))
        people = sign_ins()
        tell(words("step.home", home=home))
        with free_ports(plan.port, HJ212_PORT) as (http, hj212):
            settings = settings_of(home, http, hj212, plan.language, simulated=plan.data is None)
            make(settings, people)
        tell(words("step.node"))
        monitors, scenario = None, _scenario(plan)
        if plan.data is None:  # they work out what they will send while the node starts
            monitors = held.enter_context(start("monitors", _order(scenario, hj212), logs / "monitors.log"))
        node = held.enter_context(start("node", _shell(home, "node", "serve"), logs / "node.log"))
        serving = _wait_for(node, home)
        client = held.enter_context(NodeClient(serving, "demo", plan.language))
        visitor = held.enter_context(Visitor(serving.address, plan.language))
        evidence = Evidence(home, serving.address, client, visitor, people, words)
        if monitors is not None:
            summary = _simulated(scenario, evidence, monitors, f"127.0.0.1:{hj212}", tell)
        elif plan.data is not None:
            summary = _real(plan.data, evidence, tell)
        summary.people, summary.seconds = people, time.monotonic() - begun
        # Ctrl-C is the way in which a demo that keeps running is meant to end
        with contextlib.nullcontext() if plan.once else contextlib.suppress(KeyboardInterrupt):
            for line in summary.lines(words, keeps=not plan.once):
                say(line)
            if not summary.good:
                _tell_logs(logs, words, tell)
            if not plan.once:
                _keep([child for child in (node, monitors) if child is not None])
    if not plan.once:
        tell(words("summary.ended"))
    return summary.good


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


def _shell(home: Path, *arguments: str) -> list[str]:
    return ["shangyou.faces.demo.shell", "--home", str(home), *arguments]


def _wait_for(node: Child, home: Path) -> Serving:
    """Where the node serves. Raises as Child.next."""
    limit = time.monotonic() + NODE_SECONDS
    while time.monotonic() < limit:
        serving = find_serving(home)
        if serving is not None:
            return serving
        if not node.running():
            raise node.ended()
        time.sleep(LOOK_EVERY)
    raise UnavailableError("demo.child_silent", name=node.name, seconds=round(NODE_SECONDS))


def _scenario(plan: Plan) -> Scenario:
    return Scenario(plan.seed, int(time.time() * 1000) // HOUR_MS * HOUR_MS, plan.days)


def _order(scenario: Scenario, port: int) -> list[str]:
    order = {"port": port, "seed": scenario.seed, "present": scenario.present, "days": scenario.days}
    return ["shangyou.faces.demo.monitors", json.dumps(order)]


def _simulated(
    scenario: Scenario, evidence: Evidence, monitors: Child, listener: str, tell: Callable[[str], None]
) -> Summary:
    """Let the monitors send their history, then live; look at each part."""
    tell(evidence.words("step.history", days=scenario.days))
    report = _history(monitors)
    tell(evidence.words("step.digest"))
    _settle(evidence)
    looks = parts.looks(scenario, report)
    found = [(name, seen(look, evidence)) for name, look in _told(looks[:-1], evidence, tell)]
    monitors.say("live")
    _first_live(evidence, monitors)
    found += [(name, seen(look, evidence)) for name, look in looks[-1:]]
    return Summary.simulated(evidence.address, evidence.home, listener, found, scenario, report)


def _history(monitors: Child) -> parts.Report:
    """What the monitors say when their history is sent."""
    with Bar(" ", 0) as bar:
        while True:
            said = monitors.next(SILENT_SECONDS)
            if said.get("said") == "history":
                return parts.Report(**{name: said[name] for name in parts.Report.__slots__})  # type: ignore[arg-type]
            bar.reach(int(str(said.get("done", 0))), int(str(said.get("all", 0))))


def _settle(evidence: Evidence) -> None:
    """Wait until all that was acknowledged is in the store."""
    limit = time.monotonic() + DIGEST_SECONDS
    with Bar(" ", 0) as bar:
        while time.monotonic() < limit:
            now = evidence.table("progress").to_pylist()[0]
            bar.reach(now["done"], now["end"])
            if now["done"] >= now["end"]:
                return
            if now["trouble"]:
                raise UnavailableError(now["trouble"])
            time.sleep(LOOK_EVERY)
    raise UnavailableError("demo.digest", done=now["done"], end=now["end"])


def _first_live(evidence: Evidence, monitors: Child) -> None:
    """Wait, but not for ever, until live values are in the store; whether they are is for the part to see."""
    limit = time.monotonic() + LIVE_SECONDS
    while time.monotonic() < limit and monitors.running():
        if "instant" in evidence.table("latest")["cadence"].to_pylist():
            return
        time.sleep(LOOK_EVERY)


def _real(data: Path, evidence: Evidence, tell: Callable[[str], None]) -> Summary:
    """Take real files in through the command line, and look at each part."""
    tell(evidence.words("step.files", data=data))
    taken = evidence.cli("ingest", str(data), seconds=3600.0, shown=True)
    looks = real.looks(evidence, taken)
    found = [(name, seen(look, evidence)) for name, look in _told(looks, evidence, tell)]
    return Summary.real(evidence.address, evidence.home, found, data)


def _told(
    looks: list[tuple[str, Callable[[Evidence], Part]]], evidence: Evidence, tell: Callable[[str], None]
) -> Iterator[tuple[str, Callable[[Evidence], Part]]]:
    tell(evidence.words("step.looking"))
    with Bar(" ", len(looks)) as bar:
        for name, look in looks:
            bar.note(evidence.words(name))
            yield name, look
            bar.advance(1)


def _keep(children: list[Child]) -> None:
    """Keep running until somebody ends it. Raises UnavailableError "demo.child_ended" if a child ends by itself."""
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
