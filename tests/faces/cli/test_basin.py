"""`shangyou basin`: what lies up- and downstream, and how the network is edited, checked and taken along."""

from __future__ import annotations

from pathlib import Path

import pytest

from shangyou.basin.network.table import write_table
from shangyou.basin.network.values import NetworkError
from tests.basin.network.made import fork
from tests.faces.cli.shell import Shell


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "fork.csv"
    path.write_bytes(write_table(fork()))
    return path


def test_what_lies_below_is_told_with_distance_hours_and_who_is_in_charge(shell: Shell) -> None:
    rows = shell("basin", "down", "51.手爬岩", "--kind", "border", "--format", "json").rows
    assert [(row["id"], row["distance_km"], row["beyond"]) for row in rows] == [
        ("border.changjiang.chuan-yu", 65.0, "chongqing"),
        ("border.changjiang.yu-e", 782.0, "hubei"),
    ]
    assert rows[0]["hours"] == pytest.approx(10.02, abs=0.01)


def test_a_flood_brings_water_sooner(shell: Shell) -> None:
    words = ("basin", "up", "50.寸滩", "--kind", "border", "--format", "json")
    usual, flood = shell(*words).rows, shell(*words, "--flow", "cuntan_gauge=30000").rows
    assert [row["id"] for row in usual] == [row["id"] for row in flood]
    assert all(b["hours"] < a["hours"] for a, b in zip(usual, flood, strict=True))


def test_any_file_is_asked_without_a_node(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nobody = Shell(tmp_path / "no home", capsys)
    rows = nobody("basin", "down", "on a", "--network", file, "--format", "json").rows
    assert [(row["id"], row["distance_km"]) for row in rows] == [("upper c", 3.0), ("lower c", 6.0)]
    assert len(nobody("basin", "network", "--network", file, "--format", "json").rows) == 3
    copy = tmp_path / "copy.zip"
    assert nobody("basin", "export", copy, "--network", file).code == 0
    assert nobody("basin", "check", copy).code == 0


def test_all_faults_of_a_file_are_told_and_nothing_is_taken_in(shell: Shell, tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("kind,id,river,start,end,length_km\nreach,a,r,A,B,0\nreach,b,r,C,C,1\n", "utf-8")
    said = shell("basin", "check", bad, "--format", "json")
    assert said.code == 2
    assert [(row["line"], row["code"]) for row in said.rows][:2] == [(2, "network.length"), (3, "network.nodes")]
    taken = shell("basin", "import", bad, "--whole", "--why", "a test")
    assert taken.error is not None
    assert taken.error.code == "network.faults"
    assert shell("basin", "history", "--format", "json").rows == []


BOTH = """kind,id,river,start,end,length_km,flow_m3s,reach,at_km
reach,a,r,A,B,0,10,,
reach,b,r,B,C,5,ten,,
reach,c,r,C,B,5,-3,,
end,e,,,,,,b,9
"""


def test_a_cell_that_is_no_number_hides_no_other_fault(shell: Shell, tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text(BOTH, "utf-8")
    said = shell("basin", "check", bad, "--format", "json")
    found = {(row["line"], row["code"]) for row in said.rows}
    assert said.code == 2
    assert found == {
        *((2, "network.length"), (3, "network.number"), (4, "network.value"), (5, "network.outside")),
        (3, "network.circle"),
    }
    for words in (("down", "e", "--network", bad), ("spill", "--network", bad, "--at", "e", "--mass", "1")):
        refused = shell("basin", *words).error
        assert isinstance(refused, NetworkError)
        assert {(each.line, each.code) for each in refused.faults} == found


def test_a_place_is_added_changed_undone_and_removed_with_reasons(shell: Shell) -> None:
    add = ("basin", "add", "intake", "intake.new", "name_zh=新水厂", "river=changjiang", "owner=chongqing")
    assert shell(*add, "above_km=690", "--why", "opened").code == 0
    assert shell("basin", "change", "intake.new", "above_km=691.5", "--why", "surveyed").code == 0
    found = shell("basin", "network", "--places", "--text", "intake.new", "--format", "json").rows
    assert [(row["above_km"], row["revision"]) for row in found] == [(691.5, 2)]
    assert shell("basin", "undo", "2", "--why", "a slip").code == 0
    assert shell("basin", "remove", "intake.new", "--why", "closed").code == 0
    history = shell("basin", "history", "intake.new", "--format", "json").rows
    assert [(row["revision"], row["why"], row["undoes"]) for row in history] == [
        *((4, "closed", None), (3, "a slip", 2), (2, "surveyed", None), (1, "opened", None)),
    ]


def test_what_stands_in_the_way_of_an_edit_is_told(shell: Shell) -> None:
    for words, code in (
        (("add", "intake", "dam.sanxia", "river=changjiang", "above_km=1", "--why", "x"), "network.known"),
        (("change", "dam.sanxia", "height=185", "--why", "x"), "network.column"),
        (("change", "dam.sanxia", "above_km=45"), "network.why"),
        (("change", "dam.nowhere", "above_km=45", "--why", "x"), "network.place"),
        (("remove", "changjiang.05", "--why", "x"), "network.faults"),
        (("undo", "7", "--why", "x"), "network.revision"),
    ):
        error = shell("basin", *words).error
        assert error is not None
        assert error.code == code


def test_a_file_taken_in_whole_is_the_network_until_it_is_undone(shell: Shell, file: Path) -> None:
    assert shell("basin", "import", file, "--whole", "--why", "ours").code == 0
    assert {r["id"] for r in shell("basin", "network", "--format", "json").rows} == {"a", "b", "c"}
    assert shell("basin", "import", file, "--why", "again").code == 0  # the same: no revision
    assert shell("basin", "undo", "1", "--why", "theirs").code == 0
    assert len(shell("basin", "network", "--format", "json").rows) > 150
    assert len(shell("basin", "history", "--format", "json").rows) == 2


def test_rivers_that_cross_borders_are_listed_with_what_is_on_them(shell: Shell) -> None:
    rows = {row["id"]: row for row in shell("basin", "rivers", "--format", "json").rows}
    assert rows["chishuihe"]["across"].split() == ["yunnan", "guizhou", "sichuan"]
    assert rows["changjiang"]["intakes"] == 14
    assert not rows["chishuihe"]["plan"]
