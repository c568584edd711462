"""Run the official conformance kit of the Dataspace Protocol against the node: python -m tests.conformance.official

It needs a JDK 17 and Maven, which the product itself never does. Maven fetches the kit by its coordinates from wherever
Maven is set up to fetch from: the release, or, where that is not to be had, the newest release candidate, which holds
the same scenarios. The kit's exit code is 0 even when tests fail, so its words are read.

Exit: 0 all passed, 1 something failed, 3 no Java or Maven, 4 Maven could not get the kit.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from shangyou.faces.kit.scripts import seeds
from tests.conformance.scenarios import SCENARIOS

WANTED: Final = frozenset(SCENARIOS) | {"MET:01-01", "CAT:01-01", "CAT:01-02", "CAT:01-03"}
NO_JAVA: Final = 3
NO_KIT: Final = 4
JAVA: Final = 17
GROUP: Final = "org.eclipse.dataspacetck.dsp"
FOLDER: Final = Path(__file__).parents[2] / "build" / "conformance"
FETCH_SECONDS: Final = 120
RUN_SECONDS: Final = 300


@dataclass(frozen=True, slots=True)
class Kit:
    """One version of the kit, and how it is started."""

    version: str
    parts: tuple[str, ...]  # artifacts of GROUP
    entry: tuple[str, ...]  # arguments of java; the path of the properties follows


KITS: Final = (  # the first that is to be had is run
    Kit("1.0.1", ("dsp-tck",), (f"{GROUP}.suite.DspTckSuite", "-config")),
    Kit(
        "1.0.0-RC6",
        (
            "tck-runtime",
            "dsp-system",
            "dsp-metadata",
            "dsp-catalog",
            "dsp-contract-negotiation",
            "dsp-transfer-process",
        ),
        (str(Path(__file__).with_name("Kit.java")),),
    ),
)


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the node and the kit listen, all on loopback."""

    node: int
    hooks: int  # of the node, for what the kit has it begin
    kit: int


def free_ports() -> Ports:
    """Three that nobody uses."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(3)]
        return Ports(*(each.getsockname()[1] for each in sockets))


def properties(ports: Ports) -> str:
    """The kit's configuration: who is under test, where, and by what seeds."""
    here, hooks = f"http://localhost:{ports.node}", f"http://localhost:{ports.hooks}"
    return f"""dataspacetck.debug=true
dataspacetck.ansi=false
dataspacetck.dsp.local.connector=false
dataspacetck.host=127.0.0.1
dataspacetck.port={ports.kit}
dataspacetck.callback.address=http://localhost:{ports.kit}
dataspacetck.dsp.connector.agent.id=CONNECTOR_UNDER_TEST
dataspacetck.dsp.connector.http.url={here}/dsp/2025-1
dataspacetck.dsp.connector.http.base.url={here}
dataspacetck.dsp.connector.http.headers.authorization=kit
dataspacetck.dsp.connector.negotiation.initiate.url={hooks}/tck/negotiations/requests
dataspacetck.dsp.connector.transfer.initiate.url={hooks}/tck/transfers/requests
dataspacetck.dsp.default.wait=15
{seeds()}
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the kit said."""

    passed: frozenset[str] = frozenset()  # ids of scenarios
    failed: frozenset[str] = frozenset()
    counts: tuple[int, int] = (-1, -1)  # passed and failed, as the kit itself counts; -1 where it does not say
    disabled: int = -1  # by the kit itself
    complete: bool = False

    @property
    def good(self) -> bool:
        return self.complete and self.passed == WANTED and not self.failed and self.counts == (len(WANTED), 0)


def outcome(text: str) -> Outcome:
    """Read the kit's console output."""

    def count(what: str) -> int:
        found = re.findall(rf"{what} tests: (\d+)", text)
        return int(found[-1]) if found else -1

    def ids(what: str) -> frozenset[str]:
        return frozenset(re.findall(rf"{what}: (\S+)", text))

    counts = count("Passed"), count("Failed")
    return Outcome(ids("SUCCESSFUL"), ids("FAILED"), counts, count("Disabled"), "Test run complete" in text)


def missing() -> str:
    """What this machine has not; "" if the kit could run."""
    for tool in ("java", "javac", "mvn"):
        if shutil.which(tool) is None:
            return tool
    said = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False).stderr
    return "" if java_version(said) >= JAVA else f"Java {JAVA}"


def java_version(said: str) -> int:
    """The number in what `java -version` prints; 0 if there is none. Before 9 it was written 1.8."""
    found = re.search(r'version "(?:1\.)?(\d+)', said)
    return int(found.group(1)) if found else 0


def pom(kit: Kit, *more: tuple[str, str, str]) -> str:
    """What Maven is asked for; `more` are group, artifact and version of what the kit's own documents leave out."""
    wanted = [*((GROUP, part, kit.version) for part in kit.parts), *more]
    lines = "\n".join(
        f"    <dependency><groupId>{group}</groupId><artifactId>{name}</artifactId><version>{version}</version>"
        "</dependency>"
        for group, name, version in wanted
    )
    return f"""<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>shangyou</groupId><artifactId>conformance</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
{lines}
  </dependencies>
</project>
"""


def fetch(kit: Kit, folder: Path, maven: str = "mvn") -> str:
    """Have Maven bring a kit into `folder`/lib, unless it is there; the reason in a line if it cannot."""
    whole = folder / "whole"
    if whole.exists():
        return ""
    reason = _copy(pom(kit), folder, maven)
    # The jar of that name is empty since okhttp 5: Gradle is led on to okhttp-jvm, Maven is not.
    found = [] if reason else list((folder / "lib").glob("okhttp-[0-9]*.jar"))
    if found:
        version = found[0].stem.removeprefix("okhttp-")
        reason = _copy(pom(kit, ("com.squareup.okhttp3", "okhttp-jvm", version)), folder, maven)
    if not reason:
        whole.touch()
    return reason


def _copy(asked: str, folder: Path, maven: str) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pom.xml").write_text(asked)
    order = [maven, "-q", "-B", "-U", "-Dstyle.color=never", "dependency:copy-dependencies"]
    order += ["-DincludeScope=runtime", "-DoutputDirectory=lib"]
    try:
        done = subprocess.run(order, cwd=folder, capture_output=True, text=True, timeout=FETCH_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return f"no answer in {FETCH_SECONDS} s"
    if done.returncode == 0:
        return ""
    # The plainest words it has: its first line of error is longer, and ends in repositories and their addresses.
    said = done.stdout + done.stderr
    found = re.search(r"Could not \w+ artifact \S+|(?<=\[ERROR\] )[^\n]*?(?= in the current project| \(|$)", said, re.M)
    return found.group() if found else f"Maven ended with {done.returncode}"


def obtain(folder: Path, maven: str = "mvn") -> tuple[Kit | None, list[str]]:
    """The first kit that is to be had, in a folder of its version, and why those before it are not."""
    reasons: list[str] = []
    for kit in KITS:
        reason = fetch(kit, folder / kit.version, maven)
        if not reason:
            return kit, reasons
        reasons.append(f"{kit.version} is not to be had: {reason}")
    return None, reasons


def run(kit: Kit, folder: Path) -> str:
    """Serve the node, run the kit; returns what it printed, which is also in `folder`/kit.log."""
    ports = free_ports()
    (folder / "kit.properties").write_text(properties(ports))
    serving = [sys.executable, "-m", "shangyou.faces.kit", "--port", str(ports.node), "--hooks", str(ports.hooks)]
    serving += ["--peer", f"http://localhost:{ports.kit}"]
    with (folder / "node.log").open("w") as log, (folder / "kit.log").open("w") as said:
        node = subprocess.Popen(serving, stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            assert node.stdout is not None
            if not node.stdout.readline().startswith("ready"):
                raise SystemExit(f"the node did not start: see {folder / 'node.log'}")
            order = ["java", "-cp", f"{folder / 'lib'}{os.sep}*", *kit.entry, str(folder / "kit.properties")]
            with contextlib.suppress(subprocess.TimeoutExpired):  # then its words do not end as they should
                subprocess.run(order, stdout=said, stderr=subprocess.STDOUT, timeout=RUN_SECONDS, check=False)
        finally:
            node.terminate()
            node.wait(20)
    return (folder / "kit.log").read_text()


def report(kit: Kit, found: Outcome) -> list[str]:
    """The outcome in lines for people."""
    passed, failed = found.counts
    more = f" ({found.disabled} more are disabled by the kit itself)" if found.disabled > 0 else ""
    lines = [f"official kit {kit.version}: {passed} passed, {failed} failed{more}; {len(WANTED)} must pass"]
    lines += [f"failed: {id}" for id in sorted(found.failed)]
    lines += [f"not run: {id}" for id in sorted(WANTED - found.passed - found.failed)]
    lines += [f"not known here: {id}" for id in sorted(found.passed - WANTED)]
    return [*lines, *([] if found.complete else ["the run did not come to its end"])]


def main() -> int:
    tool = missing()
    if tool:
        print(f"The official kit was not run: {tool} is not on this machine (a JDK {JAVA} and Maven are needed).")  # noqa: T201
        return NO_JAVA
    kit, reasons = obtain(FOLDER)
    if kit is None:
        print(f"The official kit was not run: {'; '.join(reasons)}")  # noqa: T201
        return NO_KIT
    for reason in reasons:
        print(f"official kit {reason}")  # noqa: T201
    print(f"official kit {kit.version} runs against the node; this takes about a minute", flush=True)  # noqa: T201
    folder = FOLDER / kit.version
    found = outcome(run(kit, folder))
    print("\n".join(report(kit, found)))  # noqa: T201
    if found.good:
        return 0
    print(f"what both sides said: kit.log and node.log in {folder}")  # noqa: T201
    return 1


if __name__ == "__main__":
    sys.exit(main())
