"""Run the official conformance kit of the Dataspace Protocol against the node: python -m tests.conformance.official

It needs Java 17 and Maven, which the product itself never does. Maven fetches the kit by its coordinates from wherever
Maven is set up to fetch from. The kit's exit code is 0 even when tests fail, so its words are read.

Exit: 0 all passed, 1 something failed, 3 no Java or Maven, 4 Maven could not get the kit.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from shangyou.faces.kit.scripts import seeds

WANTED: Final = 65
NO_JAVA: Final = 3
NO_KIT: Final = 4
GROUP, NAME, VERSION = "org.eclipse.dataspacetck.dsp", "dsp-tck", "1.0.1"
MAIN: Final = f"{GROUP}.suite.DspTckSuite"
PORT, HOOKS, CALLBACK = 8282, 8687, 8083
FOLDER: Final = Path(__file__).parents[2] / "build" / "conformance"
FETCH_SECONDS: Final = 300
RUN_SECONDS: Final = 600

POM: Final = f"""<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>shangyou</groupId><artifactId>conformance</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>{GROUP}</groupId><artifactId>{NAME}</artifactId><version>{VERSION}</version></dependency>
  </dependencies>
</project>
"""
PROPERTIES: Final = f"""dataspacetck.debug=true
dataspacetck.ansi=false
dataspacetck.dsp.local.connector=false
dataspacetck.host=127.0.0.1
dataspacetck.port={CALLBACK}
dataspacetck.callback.address=http://localhost:{CALLBACK}
dataspacetck.dsp.connector.agent.id=CONNECTOR_UNDER_TEST
dataspacetck.dsp.connector.http.url=http://localhost:{PORT}/dsp/2025-1
dataspacetck.dsp.connector.http.base.url=http://localhost:{PORT}
dataspacetck.dsp.connector.http.headers.authorization=kit
dataspacetck.dsp.connector.negotiation.initiate.url=http://localhost:{HOOKS}/tck/negotiations/requests
dataspacetck.dsp.connector.transfer.initiate.url=http://localhost:{HOOKS}/tck/transfers/requests
dataspacetck.dsp.default.wait=15
"""


@dataclass(frozen=True)
class Outcome:
    """What the kit said."""

    passed: int = 0
    failed: int = 0
    complete: bool = False
    failures: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        return self.complete and self.passed == WANTED and self.failed == 0 and not self.failures


def outcome(text: str) -> Outcome:
    """Read the kit's console output."""

    def count(what: str) -> int:
        found = re.findall(rf"{what} tests: (\d+)", text)
        return int(found[-1]) if found else 0

    failures = re.findall(r"FAILED: (\S+)", text)
    return Outcome(count("Passed"), count("Failed"), "Test run complete" in text, failures)


def missing() -> str:
    """What this machine has not; "" if the kit could run."""
    for tool in ("java", "mvn"):
        if shutil.which(tool) is None:
            return tool
    return ""


def fetch(folder: Path) -> str:
    """Have Maven bring the kit; the reason in a line if it cannot."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pom.xml").write_text(POM)
    if any((folder / "lib").glob(f"{NAME}-{VERSION}*.jar")):
        return ""
    order = ["mvn", "-q", "-B", "-U", "dependency:copy-dependencies", "-DincludeScope=runtime", "-DoutputDirectory=lib"]
    try:
        done = subprocess.run(order, cwd=folder, capture_output=True, text=True, timeout=FETCH_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return f"no answer in {FETCH_SECONDS} s"
    if done.returncode == 0:
        return ""
    found = re.search(r"Could not [^\n]*", done.stdout + done.stderr)
    return re.sub(r"\s*\(?https?://\S+", "", found.group()) if found else f"Maven ended with {done.returncode}"


def run(folder: Path) -> str:
    """Serve the node, run the kit; returns what it printed."""
    (folder / "kit.properties").write_text(PROPERTIES + seeds() + "\n")
    serving = [sys.executable, "-m", "shangyou.faces.kit", "--port", str(PORT), "--hooks", str(HOOKS)]
    serving += ["--peer", f"http://localhost:{CALLBACK}"]
    with (folder / "node.log").open("w") as log:
        node = subprocess.Popen(serving, stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            assert node.stdout is not None
            if not node.stdout.readline().startswith("ready"):
                raise SystemExit(f"the node did not start: see {folder / 'node.log'}")
            order = ["java", "-cp", f"{folder / 'lib'}{os.sep}*", MAIN, "-config", str(folder / "kit.properties")]
            done = subprocess.run(order, capture_output=True, text=True, timeout=RUN_SECONDS, check=False)
        finally:
            node.terminate()
            node.wait(20)
    text = done.stdout + done.stderr
    (folder / "kit.log").write_text(text)
    return text


def main() -> int:
    tool = missing()
    if tool:
        print(f"The official kit was not run: {tool} is not on this machine (Java 17 and Maven are needed).")  # noqa: T201
        return NO_JAVA
    reason = fetch(FOLDER)
    if reason:
        print(f"The official kit was not run: Maven could not get {GROUP}:{NAME}:{VERSION}: {reason}")  # noqa: T201
        return NO_KIT
    found = outcome(run(FOLDER))
    print(f"official kit {NAME} {VERSION}: {found.passed} passed, {found.failed} failed; {WANTED} must pass")  # noqa: T201
    for each in found.failures:
        print(f"failed: {each}")  # noqa: T201
    return 0 if found.good else 1


if __name__ == "__main__":
    sys.exit(main())
