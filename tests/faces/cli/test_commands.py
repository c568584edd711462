"""Commands on a node that nobody serves: registry, devices, exports, people, backup, doctor."""

from __future__ import annotations

import contextlib
import csv
import io
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import python_calamine

from shangyou import wiring
from shangyou.core.journal import Raw
from shangyou.faces.cli.show import size
from shangyou.ingest.hj212.answer import data_area
from shangyou.ingest.hj212.packet import Packet
from shangyou.settings import load
from tests.faces.cli.shell import Shell
from tests.faces.national import TEXT, put

MN = "88888880000001"


# ---- registry ---------------------------------------------------------------------------------------------------


def test_what_ships_is_there_and_can_be_filtered(shell: Shell) -> None:
    assert len(shell.rows("registry", "agencies")) == 7
    assert shell.rows("registry", "rivers", "乌江")
    found = shell.rows("registry", "sections", "--province", "四川")
    assert {row["province"] for row in found} == {"四川省"}
    assert [row["id"] for row in shell.rows("registry", "sections", "清风峡")] == ["51.清风峡"]


def test_a_section_is_confirmed_renamed_and_merged_with_its_history(shell: Shell) -> None:
    assert shell("registry", "confirm", "51.清风峡", "50.万木").code == 0
    assert shell("registry", "rename", "51.清风峡", "清风峡大桥", "--name-en", "Bridge").code == 0
    assert shell("registry", "merge", "50.万木", "51.清风峡").code == 0
    assert shell.rows("registry", "section", "50.万木")[0]["name_zh"] == "清风峡大桥"
    assert [row["what"] for row in shell.rows("registry", "history", "51.清风峡")][-2:] == ["confirmed", "renamed"]
    shown = shell("registry", "section", "51.清风峡")
    assert "清风峡大桥" in shown.out.decode()
    assert "renamed" in shown.out.decode()


def test_the_vocabulary_needs_no_node(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = Shell(tmp_path / "nowhere", capsys).rows("registry", "parameters", "氨氮", "--group", "water")
    assert "ammonia_nitrogen" in [row["key"] for row in found]


def test_facts_are_entered_once(shell: Shell) -> None:
    said = shell("registry", "load-facts", "--lang", "en")
    assert (said.code, said.err) == (0, "New: 0 agencies, 0 rivers, 0 sections.\n")


# ---- devices ----------------------------------------------------------------------------------------------------


def test_a_device_is_entered_set_blocked_and_listed(shell: Shell) -> None:
    assert shell("device", "add", MN, "--section", "51.清风峡", "--password", "123456").code == 0
    assert shell("device", "set", MN, "--encoding", "gb18030", "--outlet").code == 0
    assert shell("device", "block", MN).code == 0
    [row] = shell.rows("device", "list")
    assert (row["section"], row["encoding"], row["outlet"], row["status"]) == ("51.清风峡", "gb18030", True, "blocked")
    assert shell.rows("device", "list", "--status", "active") == []
    assert shell("device", "set", "unknown").code == 4


def test_refused_packets_of_a_device_are_read_again(shell: Shell) -> None:
    area = data_area("20210405080000", {"w21003": {"Avg": 0.5, "Flag": "N"}})
    frame = Packet(MN, "2061", "21", "123456", area, "20210405080000000", 5).frame()
    with contextlib.closing(wiring.build(load(shell.home, {}))) as node:
        node.journal.append([Raw("hj212", MN, 1_617_580_900_000, frame, "refused hj212.device_unknown")])
        wiring.digest(node).run()
    assert shell("device", "read-again", MN).code == 4
    assert "device read-again" in shell("device", "add", MN, "--section", "51.清风峡").err
    said = shell("device", "read-again", MN, "--lang", "en")
    assert "Read 1 packets again: 1 values new, 0 unchanged, 0 revised; 0 packets are still refused" in said.err
    [value] = shell.rows("export", "--section", "51.清风峡", "--parameter", "ammonia_nitrogen", "--start", "2021-04-05")
    assert (value["value"], value["site"]) == (0.5, "51.清风峡")
    assert "No packets" in shell("device", "read-again", MN, "--lang", "en").err


def test_an_order_waits_in_the_queue_until_the_device_comes(shell: Shell) -> None:
    shell("device", "add", MN)
    [order] = shell.rows("device", "ask", MN, "time", "--to", "now")
    assert (order["code"], order["state"]) == ("1012", "queued")
    assert [row["id"] for row in shell.rows("device", "commands", MN, "--state", "queued")] == [order["id"]]
    assert shell.rows("device", "commands", "--state", "done") == []
    assert shell.rows("device", "sessions", "--open") == []


# ---- assess and export ------------------------------------------------------------------------------------------


def test_words_about_an_assessment_stay_out_of_its_rows(shell: Shell, tmp_path: Path) -> None:
    put(tmp_path)
    shell.rows("ingest", tmp_path)
    said = shell("assess", "--by", "sample", "--format", "csv", "--lang", "en")
    rows = list(csv.DictReader(io.StringIO(said.out.decode())))
    assert [row["class"] for row in rows] == ["Ⅱ", "Ⅱ", "Ⅲ"]
    assert "2021-04, the newest month with data" in said.err
    assert "Of 3 samples with a published class 3 agree (100.00%)" in said.err
    assert "GB 3838-2002" in said.err


def test_an_assessment_for_people_shows_the_columns_of_their_language(shell: Shell, tmp_path: Path) -> None:
    put(tmp_path)
    shell.rows("ingest", tmp_path)
    zh, en = (shell("assess", "--by", "province", "--lang", lang).out.decode() for lang in ("zh", "en"))
    assert "水质状况" in zh
    assert "grade" in en
    assert "水质状况" not in en


def test_an_export_takes_its_format_from_the_file(shell: Shell, tmp_path: Path) -> None:
    put(tmp_path)
    [taken] = shell.rows("ingest", tmp_path)
    for ending in ("parquet", "xlsx", "csv", "json"):
        said = shell("export", "-o", tmp_path / f"out.{ending}", "--lang", "en")
        assert (said.code, said.out) == (0, b"")
        assert f"{taken['new']} rows" in said.err
    assert pq.read_table(tmp_path / "out.parquet").num_rows == taken["new"]
    book = python_calamine.CalamineWorkbook.from_path(str(tmp_path / "out.xlsx"))
    assert len(book.get_sheet_by_index(0).to_python()) == taken["new"] + 1
    assert shell("export", "-o", tmp_path / "out.docx").code == 2
    assert shell("export", "-o", tmp_path / "nowhere" / "out.csv").code == 6


def test_samples_and_newest_values_are_exported_too(shell: Shell, tmp_path: Path) -> None:
    put(tmp_path)
    shell.rows("ingest", tmp_path)
    assert len(shell.rows("export", "--shape", "wide")) == 3
    newest = shell.rows("export", "--latest", "--section", "51.清风峡", "--parameter", "ammonia_nitrogen")
    assert [row["value"] for row in newest] == [0.62]
    assert shell.rows("export", "--as-of", "2021-01-01") == []


# ---- the node ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["http_port", "http_port=x", "no_such=1", "level=galactic"])
def test_a_setting_that_cannot_be_makes_no_node(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    said = Shell(tmp_path / "new", capsys)("node", "init", "--set", text)
    assert (said.code, (tmp_path / "new").exists()) == (2, False)


def test_the_status_is_one_record(shell: Shell) -> None:
    [row] = shell.rows("node", "status")
    assert (row["serving"], row["behind"], row["home"]) == (False, 0, str(shell.home))
    shown = shell("node", "status", "--lang", "en").out.decode()
    assert "not yet stored" in shown


def test_a_node_is_backed_up_checked_and_restored(shell: Shell, tmp_path: Path) -> None:
    put(tmp_path)
    shell.rows("ingest", tmp_path)
    file = tmp_path / "backup.tar.zst"
    assert shell("node", "backup", file).code == 0
    assert file.stat().st_mode & 0o077 == 0
    assert shell("node", "backup", file).code == 5
    assert shell("node", "backup", "--check", file).code == 0
    assert shell("node", "restore", file).code == 5
    before = shell.rows("export")
    assert shell("--home", tmp_path / "restored", "node", "restore", file).code == 0
    assert shell.rows("--home", tmp_path / "restored", "export") == before


def test_an_option_behind_the_command_goes_before_one_that_stands_before_it(shell: Shell, tmp_path: Path) -> None:
    assert shell("node", "status", "--home", tmp_path / "nowhere").code == 4


def test_people_are_added_listed_and_given_another_password(shell: Shell) -> None:
    said = shell("node", "person", "add", "li", "--role", "engineer", "--lang", "en")
    assert "li (engineer) may sign in" in said.err
    assert "shown only this once" in said.err
    assert [row["name"] for row in shell.rows("node", "person", "list")] == ["admin", "li"]
    assert shell("node", "person", "add", "li").code == 5
    assert shell("node", "person", "add", "wu", "--role", "king").code == 2
    assert shell("node", "person", "password", "li").code == 0
    assert shell("node", "person", "password", "nobody").code == 4


def test_a_node_that_is_well_passes_its_examination(shell: Shell) -> None:
    rows = shell.rows("doctor")
    assert {row["check"] for row in rows} >= {
        "python",
        "disk",
        "clock",
        "files",
        "ports",
        "journal",
        "stores",
        "digest",
    }
    assert {row["level"] for row in rows} <= {"good", "note"}
    assert all(not row["remedy"] for row in rows if row["level"] == "good")


def test_a_damaged_journal_is_found_and_ends_with_a_conflict(shell: Shell, tmp_path: Path) -> None:
    put(tmp_path)
    put(tmp_path, "b.csv", TEXT + "\n")
    shell.rows("ingest", tmp_path)
    [segment] = (shell.home / "journal").glob("*.log")
    data = bytearray(segment.read_bytes())
    data[100] ^= 1
    segment.write_bytes(data)
    said = shell("doctor", "--format", "json")
    assert said.code == 5
    assert [row["code"] for row in said.rows if row["check"] == "journal"] == ["journal.damaged"]


@pytest.mark.parametrize("name", ["state.sqlite", "journal", "ledger"])
def test_what_is_gone_is_told_and_not_begun_anew(shell: Shell, name: str) -> None:
    (shell.home / name).rename(shell.home.parent / name)
    said = shell("doctor", "--format", "json")
    assert said.code == 5
    assert [row["code"] for row in said.rows if row["level"] == "conflict"] == ["doctor.missing"]
    assert not (shell.home / name).exists()


def test_a_member_without_its_private_keys_is_told_that_it_cannot_speak(shell: Shell) -> None:
    where = ("--member", "sichuan", "--address", "http://127.0.0.1:1", "--adm-code", "510000", "--anchors", "1")
    assert shell("federation", "init", *where).code == 0
    assert shell("doctor").code == 0
    for file in (shell.home / "federation/keys").iterdir():
        file.unlink()
    said = shell("doctor", "--format", "json")
    assert said.code == 5
    assert [row["code"] for row in said.rows if row["level"] == "conflict"] == ["keys.none"]


def test_sizes_are_told_in_the_unit_that_fits() -> None:
    assert [size(n) for n in (0, 999, 1500, 2_500_000, 7e9)] == ["0 B", "999 B", "1.5 kB", "2.5 MB", "7.0 GB"]


def test_simulated_data_say_so_in_every_row_that_leaves(shell: Shell, tmp_path: Path) -> None:
    toml = shell.home / "node.toml"
    toml.write_text(toml.read_text().replace("simulated = false", "simulated = true"))
    put(tmp_path)
    shell.rows("ingest", tmp_path)
    for words in (("export",), ("export", "--shape", "wide"), ("export", "--latest"), ("assess", "--by", "sample")):
        assert {row["simulated"] for row in shell.rows(*words)} == {True}
    assert "simulated" in shell("assess", "--by", "province", "--lang", "en").out.decode()
