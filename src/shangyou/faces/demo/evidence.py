"""What the summary of the demo is made of: each part is asked of the running node, as a person or a script would."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

import pyarrow as pa

from shangyou.adapters.node_client import NodeClient
from shangyou.core.errors import ShangyouError, UnavailableError
from shangyou.faces.demo.home import SignIn
from shangyou.faces.demo.processes import environment
from shangyou.faces.demo.visitor import Visitor
from shangyou.faces.demo.words import Words
from shangyou.faces.sentences import sentence

PAGES: Final = ("/basin", "/map", "/sections", "/intake", "/exports", "/settings")
BAND: Final = 'class="band"'  # the striped band that says "simulated"
CLASSES: Final = ("–", "Ⅰ", "Ⅱ", "Ⅲ", "Ⅳ", "Ⅴ", "劣Ⅴ")
AT_ONCE: Final = 2  # nodes that work at the same time on a machine with two cores
CLI_SECONDS: Final = 120.0


class Part(NamedTuple):
    """One part of the demo, and whether it was seen to work."""

    ok: bool
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """One node, where the parts look."""

    home: Path
    address: str
    client: NodeClient
    visitor: Visitor
    people: tuple[SignIn, ...]
    words: Words
    fellows: list[Evidence] = field(default_factory=list)  # all nodes of the demo, this one too; none: it is alone

    @property
    def nodes(self) -> list[Evidence]:
        """All nodes whose data together are the river."""
        return self.fellows or [self]

    def table(self, question: str, **given: object) -> pa.Table:
        """Rows that answer a question of the API."""
        schema, batches = self.client.ask(question, **given)
        return pa.Table.from_batches(list(batches), schema)

    def everywhere(self, question: str, **given: object) -> pa.Table:
        """Rows of all nodes, which tell the river as a whole: each monitor reports to one node."""
        return pa.concat_tables([node.table(question, **given) for node in self.nodes], promote_options="default")

    def cli(self, *arguments: str, seconds: float = CLI_SECONDS, shown: bool = False) -> list[dict[str, object]]:
        """Rows that the command line prints about the node; with `shown` its words and progress are seen as well.

        UnavailableError "demo.command" if it fails, prints no rows, or takes longer.
        """
        done = self._run([*arguments, "--format", "json"], seconds, shown)
        try:
            rows: list[dict[str, object]] = json.loads(done.stdout)
        except ValueError:
            rows = []
        if done.returncode or not rows:
            raise _failed(arguments, done)
        return rows

    def command(self, *arguments: str, seconds: float = CLI_SECONDS) -> None:
        """Run a command about the node that does something. UnavailableError "demo.command" as above."""
        done = self._run(arguments, seconds, shown=False)
        if done.returncode:
            raise _failed(arguments, done)

    def _run(self, arguments: Sequence[str], seconds: float, shown: bool) -> subprocess.CompletedProcess[bytes]:
        command = [sys.executable, "-m", "shangyou.faces.demo.shell", "--home", str(self.home), *arguments]
        command += ["--lang", self.words.language]
        errors = None if shown else subprocess.PIPE
        try:
            return subprocess.run(  # noqa: S603  the command is our own
                command, stdout=subprocess.PIPE, stderr=errors, timeout=seconds, check=False, env=environment()
            )
        except subprocess.TimeoutExpired:
            raise UnavailableError("demo.command", command=" ".join(arguments), status="-", words="") from None


def _failed(arguments: Sequence[str], done: subprocess.CompletedProcess[bytes]) -> UnavailableError:
    words = (done.stderr or b"").decode(errors="replace").strip()[-400:]
    return UnavailableError("demo.command", command=" ".join(arguments), status=done.returncode, words=words)


Look = Callable[[Evidence], Part]


def seen(look: Look, evidence: Evidence) -> Part:
    """The part, or the sentence that says why it could not be looked at."""
    try:
        return look(evidence)
    except ShangyouError as error:
        return Part(False, sentence(error.code, error.facts, evidence.words.language).text)


# ---- parts that simulated and real data share -------------------------------------------------------------------


def signs_in(evidence: Evidence) -> Part:
    """The right password opens the door, and a wrong one does not."""
    with ThreadPoolExecutor(AT_ONCE) as pool:  # a node loads its portal with the first page
        tried = list(pool.map(_tried, evidence.nodes))
    name, nodes = evidence.people[0].name, len(evidence.nodes)
    return Part(
        all(tried), evidence.words("part.sign_in" if nodes == 1 else "part.sign_in.all", name=name, nodes=nodes)
    )


def _tried(node: Evidence) -> bool:
    """One node: its own password, and one that is wrong."""
    who = node.people[0]
    wrong = node.visitor.sign_in(who.name, who.password + "x")
    return node.visitor.sign_in(who.name, who.password) and not wrong


def shows_pages(evidence: Evidence, section: str, simulated: bool) -> Part:
    """Every page answers; each says that the data are simulated if, and only if, they are."""
    pages = [*PAGES, f"/sections/{section}"]
    texts = [evidence.visitor.page(path) for path in pages]
    banded = sum(BAND in text for text in texts)
    key = "part.pages.simulated" if simulated else "part.pages.real"
    return Part(banded == (len(pages) if simulated else 0), evidence.words(key, pages=len(pages), banded=banded))


def exports(evidence: Evidence, day: str, simulated: bool) -> Part:
    """A day's observations leave as CSV and Excel, as many as the node says there are, with their label."""
    expected = evidence.table("observations", period=day).num_rows
    path = "/api/v1/observations"
    rows = list(csv.DictReader(io.StringIO(evidence.visitor.page(path, period=day, format="csv"))))
    workbook = evidence.visitor.get(path, period=day, format="xlsx", limit="1000")
    labelled = all(row.get("simulated") == ("true" if simulated else None) for row in rows)
    whole = len(rows) == expected > 0 and workbook.content[:2] == b"PK"
    return Part(whole and labelled, evidence.words("part.export", rows=len(rows), day=day))


def commands(evidence: Evidence) -> Part:
    """The command line works, though the home is taken: through the process that serves it."""
    rows = evidence.cli("assess", "--by", "river")
    serving = evidence.table("status").to_pylist()[0]["serving"]
    return Part(serving is True, evidence.words("part.cli", rivers=len(rows)))


def classes(numbers: list[int], words: Words) -> str:
    """How many there are of each class: Ⅱ 12、Ⅲ 3."""
    return words.list([f"{CLASSES[n]} {numbers.count(n)}" for n in sorted(set(numbers)) if 0 < n < len(CLASSES)])
