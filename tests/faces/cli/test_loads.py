"""`shangyou loads` on tables without a node, and on a node's series."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from shangyou import wiring
from shangyou.settings import Settings
from tests.faces.cli.shell import Shell
from tests.fakes.exchange_question import a_section, give


@pytest.fixture
def tables(tmp_path: Path) -> list[Path]:
    samples, flows = tmp_path / "samples.csv", tmp_path / "flows.csv"
    dates = [f"2021-{month:02d}-{day:02d}" for month in range(1, 13) for day in range(1, 29)]
    flows.write_text("date,flow (m3/s)\n" + "".join(f"{date},50\n" for date in dates), encoding="utf-8")
    rows = "".join(f"{date},{0.1 if date < '2021-07' else 0.2}\n" for date in dates[::7])
    samples.write_text("date,total phosphorus (mg/L)\n" + rows, encoding="utf-8")
    return [samples, flows]


def test_tables_need_no_node(shell: Shell, tables: list[Path]) -> None:
    said = shell(
        "--lang", "en", "loads", *tables, "--parameter", "total_phosphorus", "--method", "beale", "--format", "json"
    )
    assert said.code == 0, said
    assert "Used 48 sampled days (0 of them known only by bounds) and 336 days of flow" in said.err
    assert "29 days have no flow, in 12 gaps" not in said.err  # the last days of December are no gap between days
    (row,) = said.rows
    assert (row["period"], row["days"], row["days_missing"]) == ("2021", 336, 29)
    assert row["load_t"] == pytest.approx(0.15 * 50 * 86.4 * 336 / 1000)


def test_wrtds_tells_what_it_needs_when_there_is_less(shell: Shell, tables: list[Path]) -> None:
    said = shell("loads", *tables, "--parameter", "total_phosphorus")
    assert said.error is not None
    assert said.error.code == "loads.few"
    assert said.error.facts["samples"] == 48


def test_a_call_without_section_or_table_says_what_to_give(shell: Shell) -> None:
    said = shell("loads", "--parameter", "total_phosphorus")
    assert said.error is not None
    assert said.error.code == "loads.asked"


def test_series_of_the_node_are_asked_for_by_section(shell: Shell) -> None:
    with closing(wiring.build(Settings(home=shell.home))) as node:
        node.registry.meet([a_section("51.清风峡")], 0)
        values = [(0.2, "total_phosphorus"), (30.0, "flow")]
        give(node.store, [("51.清风峡", name, hour, value) for value, name in values for hour in range(1, 100)])
    said = shell(
        *("loads", "--section", "51.清风峡", "--parameter", "total_phosphorus", "--method", "mean"),
        *("--every", "month", "--format", "json"),
    )
    assert said.code == 0, said
    rows = json.loads(said.out)
    assert sum(row["load_t"] for row in rows if row["load_t"]) == pytest.approx(
        sum(0.2 * 30 * 86.4 * row["days"] / 1000 for row in rows if row["load_t"])
    )
    assert rows
