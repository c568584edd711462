"""`shangyou basin trace` on files, without a node."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from shangyou.core.clock import LEGAL
from tests.faces.cli.shell import Shell
from tests.flows.test_trace import observed


@pytest.fixture
def pulse(tmp_path: Path) -> Path:
    lines = ["station,time,value"]
    for each in observed():
        for ms, value in zip(each.time, each.value, strict=True):
            lines.append(f"{each.station},{datetime.fromtimestamp(ms / 1000, LEGAL).isoformat()},{value:.4f}")
    path = tmp_path / "pulse.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_the_candidates_are_ranked_in_the_network_that_ships(shell: Shell, pulse: Path, tmp_path: Path) -> None:
    candidates = tmp_path / "candidates.csv"
    candidates.write_text("place,weight\nrisk.naxi,1\nrisk.panzhihua,2\n", encoding="utf-8")
    said = shell(
        *("--lang", "en", "basin", "trace", "--observed", str(pulse), "--candidates", str(candidates)),
        *("--format", "json"),
    )
    rows = json.loads(said.out)
    assert rows[0]["place"] == "risk.naxi"
    assert rows[0]["probability"] > 0.7
    thought = 40_000 * 8300 / 4800  # kg: the network's usual flow at the station, and that of the pulse
    assert rows[0]["amount_kg_low"] < thought < rows[0]["amount_kg_high"]
    assert rows[-1]["place"] == "elsewhere"
    assert "not a finding" in said.err


def test_a_file_with_faults_is_refused_with_the_first_line(shell: Shell, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text("station,time,value\n朱沱,never,1\n", encoding="utf-8")
    said = shell("--lang", "en", "basin", "trace", "--observed", path)
    assert said.code == 2
    assert said.error is not None
    assert (said.error.code, said.error.facts["line"]) == ("trace.file", 2)


def test_values_that_are_means_of_an_hour_tell_of_a_shorter_release_than_values_of_instants(
    shell: Shell, pulse: Path, tmp_path: Path
) -> None:
    candidates = tmp_path / "candidates.csv"
    candidates.write_text("risk.naxi,1\n", encoding="utf-8")
    given = ("basin", "trace", "--observed", str(pulse), "--candidates", str(candidates), "--format", "json")
    instants, means = (json.loads(shell(*given, *more).out)[0] for more in ((), ("--mean", "60")))
    assert means["hours_high"] < instants["hours_high"]
    assert shell(*given, "--mean", "2000").code == 2
