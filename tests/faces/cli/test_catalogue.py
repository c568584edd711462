"""`shangyou dataset` and `shangyou catalogue` on a node of a federation that nobody serves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shangyou import wiring
from shangyou.adapters.trust import TrustFolder
from shangyou.core.clock import to_ms
from shangyou.exchange.member import Level
from shangyou.flows.federation import Facts, make_federation
from shangyou.settings import Settings
from shangyou.wiring import SystemClock
from tests.faces.cli.shell import Shell


@pytest.fixture
def member(shell: Shell, tmp_path: Path) -> Shell:
    """The shell's node, with another in its federation that never answers."""
    other = tmp_path / "other"
    wiring.make_home(Settings(home=other, http_port=0, hj212_port=0))
    seats = [
        (TrustFolder(home), Facts(id, id, id, Level.PROVINCIAL, code, f"http://127.0.0.1:{port}"))
        for home, id, code, port in ((shell.home, "sichuan", "510000", 9), (other, "chongqing", "500000", 10))
    ]
    make_federation(seats, to_ms(SystemClock().now()), "yangtze", 1, 1)
    return shell


def test_a_dataset_is_published_shown_searched_and_withdrawn(member: Shell) -> None:
    assert member("dataset", "publish", "tp", "沱江总磷", "--parameter", "total_phosphorus").code == 0
    (row,) = member.rows("dataset", "list")
    assert (row["id"], row["title_zh"], row["level"]) == ("sichuan/tp", "沱江总磷", "general")
    assert member.rows("catalogue", "search", "总磷") == member.rows("catalogue", "list")
    assert member.rows("dataset", "show", "tp") == member.rows("catalogue", "show", "sichuan/tp")
    assert "lineage" in member("dataset", "show", "tp").out.decode()
    assert member("dataset", "measure").code == 0
    assert member("dataset", "withdraw", "tp").code == 0
    assert member.rows("dataset", "list") == []


def test_an_offer_is_read_from_a_file(member: Shell, tmp_path: Path) -> None:
    file = tmp_path / "offer.json"
    file.write_text(json.dumps({"permission": [{"action": "use"}]}), encoding="utf-8")
    assert member("dataset", "publish", "a", "甲", "--offer", file).code == 0
    assert member("dataset", "publish", "b", "乙", "--offer", tmp_path / "none.json").code == 2


def test_a_reading_that_fails_is_never_told_as_no_error(member: Shell) -> None:
    said = member("--lang", "en", "catalogue", "crawl")
    assert "1 members read, 1 failed" in said.err
    assert "chongqing: " in said.err
    (row,) = member.rows("catalogue", "sources")
    assert (row["owner"], row["state"], row["read"]) == ("chongqing", "failing", None)


def test_the_catalogue_is_written_to_a_file(member: Shell, tmp_path: Path) -> None:
    member("dataset", "publish", "a", "甲")
    file = tmp_path / "catalogue.ttl"
    assert member("catalogue", "export", "--format", "turtle", "-o", file).code == 0
    assert "dcat:Dataset" in file.read_text(encoding="utf-8")
    assert json.loads(member("catalogue", "export").out)["@type"] == "dcat:Catalog"


def test_a_node_in_no_federation_says_so(shell: Shell) -> None:
    said = shell("dataset", "list")
    assert said.error is not None
    assert said.error.code == "federation.none"
