"""The examples of the help do what they say: all of them are given, as printed, to a member's fresh home, in one story.

What they name and such a home cannot have, such as an agreement with a node that does not run, must be what is missing;
no example may be wrong in its words.
"""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from shangyou.adapters.trust import TrustFolder
from shangyou.core.clock import to_ms
from shangyou.exchange.member import Level
from shangyou.flows.federation import Facts, make_federation
from tests.docs.test_help import EXAMPLES, words_of
from tests.faces.cli.shell import Shell
from tests.faces.national import put

STORY: Final = (  # in which order the groups come; within one as printed
    *("ingest", "assess", "query", "export", "registry", "device", "dataset", "catalogue", "policy", "basin"),
    *("warn", "incident", "resolution", "compensation", "federation", "contract", "transfer", "feed", "alarm", "loads"),
    *("node", "doctor", "demo", "ledger"),
)
NOT_GIVEN: Final = (  # they do not end, make another node, or leave the federation that the story needs
    *("shangyou node init", "shangyou node serve", "shangyou demo", "shangyou ingest --watch"),
    *("shangyou federation suspend", "shangyou federation revoke", "shangyou federation rotate"),
)
MISSING: Final = {  # what may be missing or not yet be so, by the beginning of the example
    "shangyou alarm": {"alarm.unknown"},
    "shangyou basin calibrate": {"spill.file"},
    "shangyou basin import": {"network.unchanged"},
    "shangyou basin spill --network": {"spill.file", "network.place"},
    "shangyou basin spill --at risk.naxi --release": {"spill.file"},
    "shangyou basin trace": {"trace.no_file"},
    "shangyou basin undo": {"network.revision"},
    "shangyou catalogue crawl": {"catalogue.source"},
    "shangyou catalogue show": {"catalogue.dataset"},
    "shangyou compensation": {"statement.author"},
    "shangyou compensation compare": {"statement.first"},
    "shangyou compensation dispute": {"statement.against"},
    "shangyou compensation settle": {"statement.unsettled"},
    "shangyou compensation show 3f2a": {"dossier.unknown"},
    "shangyou compensation sign": {"statement.open"},
    "shangyou contract": {"dsp.self", "dsp.unknown", "exchange.agreement", "contract.policy"},
    "shangyou dataset measure": {"catalogue.dataset"},  # withdrawn by the example before
    "shangyou federation init": {"federation.founded"},
    "shangyou federation join": {"federation.founded"},
    "shangyou federation sign": {"federation.draft"},
    "shangyou feed": {"exchange.agreement", "transfer.unknown"},
    "shangyou incident measure 3f2a m3": {"network.place"},
    "shangyou incident open --warning": {"dossier.unknown"},
    "shangyou incident point": {"incident.stranger"},
    "shangyou incident report 3f2a --type": {"incident.sent"},  # of a day before this room was opened
    "shangyou incident sample": {"incident.unknown"},
    "shangyou incident show 3f2a --as-of": {"incident.before"},
    "shangyou incident task": {"incident.stranger"},
    "shangyou ingest --date": {"ingest.absent"},
    "shangyou ingest rollback": {"store.batch"},
    "shangyou ledger check": {"exchange.agreement", "peer.unreachable"},
    "shangyou ledger prove": {"ledger.pending"},  # no other member is there to cosign
    "shangyou ledger reopen": {"ledger.reopen_away"},
    "shangyou ledger verify": {"ingest.unreadable"},
    "shangyou loads": {"ingest.absent", "registry.section"},
    "shangyou node restore": {"restore.home"},  # the one before made it
    "shangyou policy why 3f2a91c0": {"exchange.agreement"},
    "shangyou registry merge": {"registry.section"},
    "shangyou resolution propose 联合标准": {"resolution.file"},
    "shangyou resolution publish": {"resolution.not_adopted"},
    "shangyou resolution sign": {"resolution.sign_early"},
    "shangyou resolution task": {"resolution.not_adopted"},
    "shangyou transfer": {"exchange.agreement", "transfer.unknown", "dsp.unknown"},
    "shangyou warn send 朱沱检出苯": {"warning.nobody"},  # it asks Sichuan, which is this member
}
MEMBERS: Final = {"sichuan": "510000", "chongqing": "500000", "guizhou": "520000", "yunnan": "530000"}


@pytest.fixture
def member(shell: Shell, tmp_path: Path) -> Shell:
    """The node of Sichuan; the others of its federation do not run."""
    seats = [
        (
            TrustFolder(shell.home if id == "sichuan" else tmp_path / "others" / id),
            Facts(id, id, id.title(), Level.PROVINCIAL, code, f"http://127.0.0.1:{number}"),
        )
        for number, (id, code) in enumerate(MEMBERS.items(), 1)
    ]
    make_federation(seats, to_ms(datetime.now(UTC)), "yangtze-upper", 5, 1)
    return shell


def prepare(shell: Shell) -> None:
    """The files that the examples name, made by other commands where one makes them."""
    put(Path("data/cnemc"))
    put(Path("data"))
    for name, text in {"patrol.md": "第一条", "second.md": "第二条", "reasons.md": "理由"}.items():
        Path(name).write_text(text, encoding="utf-8")
    for name in ("survey.geojson", "whole.geojson", "survey.zip"):
        assert shell("basin", "export", name).code == 0
    assert shell("ingest", "data").code == 0
    assert shell("export", "--shape", "wide", "-o", "2021.xlsx").code == 0
    Path("station7.toml").write_bytes(shell("ingest", "infer", "2021.xlsx").out)
    assert shell("ingest", "map", "station7", "--save", "station7.toml").code == 0


def lines() -> list[str]:
    """All examples in English, in the order of the story."""
    found = [line for _, language, line in EXAMPLES if language == "en" and not any(n in line for n in NOT_GIVEN)]
    return sorted(found, key=lambda line: STORY.index(words_of(line)[0]))


def test_every_group_of_commands_has_its_place_in_the_story() -> None:
    assert {words_of(line)[0] for _, _, line in EXAMPLES} <= set(STORY)


class Story:
    """Gives one example after the other; ids in them become those of what the earlier ones made."""

    def __init__(self, shell: Shell) -> None:
        self.shell, self._ids = shell, dict[str, str]()

    def give(self, line: str) -> str:
        """The code with which it ends; "" if it does what it says."""
        words = words_of(line)
        group = words[0]
        if group in ("warn", "incident", "resolution", "compensation"):
            self._learn(group)
            words = [self._ids.get(group, word) if word in ("3f2a", "7c1d") else word for word in words]
        said = self.shell(*words)
        if words[:2] == ["federation", "check"]:  # it tells by its end that the others are away
            return "" if said.code in (0, 6) else f"exit {said.code}"
        if said.code and said.error is None:
            return f"exit {said.code}: {said.err[-300:]}"
        if " > " in line:
            Path(line.partition(" > ")[2]).write_bytes(said.out)
        return said.error.code if said.error is not None else ""

    def _learn(self, group: str) -> None:
        lists: dict[str, tuple[str, ...]] = {"compensation": ("compensation", "list", "--statements")}
        rows = self.shell.rows(*lists.get(group, (group, "list")))
        if rows:
            self._ids[group] = str(rows[0]["id"]).removeprefix("urn:uuid:")[:8]


def allowed(line: str) -> set[str]:
    """With which codes an example may end beside success."""
    fits = [beginning for beginning in MISSING if line.startswith(beginning)]
    return MISSING[max(fits, key=len)] if fits else set()


def test_every_example_of_the_help_does_what_it_says(member: Shell, tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    with contextlib.chdir(work):
        prepare(member)
        story = Story(member)
        told = [(line, story.give(line)) for line in lines()]
    assert [(line, code) for line, code in told if code and code not in allowed(line)] == []
