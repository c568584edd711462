"""`shangyou query` on a node alone, and on one whose neighbour never answers."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pytest

from shangyou import wiring
from shangyou.adapters.trust import TrustFolder
from shangyou.core.clock import to_ms
from shangyou.exchange.member import Level
from shangyou.flows.federation import Facts, make_federation
from shangyou.settings import Settings
from shangyou.wiring import SystemClock
from tests.faces.cli.shell import Shell
from tests.fakes.exchange_question import a_section, give


@pytest.fixture
def holder(shell: Shell) -> Shell:
    """The shell's node, with some values of April 2021."""
    with closing(wiring.build(Settings(home=shell.home))) as node:
        node.registry.meet([a_section("51.清风峡")], 0)
        give(node.store, [("51.清风峡", "ammonia_nitrogen", hour, 0.1 * hour) for hour in range(1, 11)])
    return shell


def test_a_lone_node_answers_from_its_own_store(holder: Shell) -> None:
    said = holder("--lang", "en", "query", "--period", "2021-04", "--percentile", "90", "--format", "json")
    assert "answered, 10 values" in said.err
    (row,) = holder.rows("query", "--period", "2021-04", "--percentile", "90")
    assert (row["label"], row["count"], row["nodes"]) == ("51.清风峡", 10, "local")
    assert row["mean"] == pytest.approx(0.55)
    assert row["p90"] == pytest.approx(0.9, rel=0.006)


def test_rows_come_instead_of_summaries_and_in_any_format(holder: Shell, tmp_path: Path) -> None:
    assert len(holder.rows("query", "--rows", "--parameters", "ammonia_nitrogen,ph")) == 10
    file = tmp_path / "basin.arrow"
    assert holder("query", "--by", "basin", "--mean", "all", "--output", file).code == 0
    assert pa.ipc.open_stream(file.read_bytes()).read_all()["count"].to_pylist() == [10]
    assert "51.清风峡" in holder("query").out.decode()


def test_a_member_that_is_away_has_its_line_and_the_others_answer(holder: Shell, tmp_path: Path) -> None:
    other = tmp_path / "other"
    wiring.make_home(Settings(home=other, http_port=0, hj212_port=0))
    seats = [
        (TrustFolder(home), Facts(id, id, id, Level.PROVINCIAL, code, f"http://127.0.0.1:{port}"))
        for home, id, code, port in ((holder.home, "sichuan", "510000", 9), (other, "chongqing", "500000", 10))
    ]
    make_federation(seats, to_ms(SystemClock().now()), "yangtze", 1, 1)
    said = holder("--lang", "en", "query", "--period", "2021-04")
    assert said.code == 0
    assert "chongqing (chongqing): away" in said.err
    lines = {row["node"]: row for row in holder.rows("query", "--period", "2021-04", "--nodes")}
    assert (lines["sichuan"]["state"], lines["sichuan"]["values"]) == ("answered", 10)
    assert (lines["chongqing"]["state"], lines["chongqing"]["code"]) == ("away", "peer.unreachable")


@pytest.mark.parametrize("words", [["--percentile", "101"], ["--percentile", "many"], ["--node", "nowhere"]])
def test_what_cannot_be_asked_is_refused(holder: Shell, words: list[str]) -> None:
    assert holder("query", *words).code in (2, 4)


def test_an_assessment_over_all_nodes_tells_of_each(holder: Shell) -> None:
    said = holder("--lang", "en", "assess", "--period", "2021-04", "--all-nodes", "--format", "json")
    assert "answered, 10 values" in said.err
    assert holder.rows("assess", "--period", "2021-04", "--all-nodes") == holder.rows("assess", "--period", "2021-04")
