"""`shangyou ingest`: what came in, what became of it, and where the rest is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faces.cli.shell import Shell
from tests.faces.national import HEAD, ROWS, TEXT, put

HOURS = "".join(f"2021-04-01 {hour:02d}:00,甲,{'<0.025' if hour % 2 else 0.12},7.1\n" for hour in range(12))
TABLE = f"时间,断面,氨氮(mg/L),pH\n{HOURS}2021-04-01 12:00,甲,0.13,x\n"


def figures(row: dict[str, object]) -> tuple[object, ...]:
    return tuple(row[name] for name in ("new", "unchanged", "revised", "refused"))


def test_a_folder_is_taken_in_and_again_without_change(shell: Shell, tmp_path: Path) -> None:
    put(tmp_path)
    [first] = shell.rows("ingest", tmp_path)
    assert first["kind"] == "cnemc-csv"
    assert first["new"] == first["received"] - first["refused"] > 0
    [again] = shell.rows("ingest", tmp_path)
    assert (again["new"], again["unchanged"], again["batch"]) == (0, first["new"], first["batch"])


def test_provisional_values_that_change_become_revisions(shell: Shell, tmp_path: Path) -> None:
    put(tmp_path)
    shell.rows("ingest", tmp_path)
    put(tmp_path, text=TEXT.replace("0.091", "0.095"))
    [row] = shell.rows("ingest", tmp_path)
    assert (row["new"], row["revised"]) == (0, 1)
    values = shell.rows("export", "--section", "51.清风峡", "--parameter", "ammonia_nitrogen", "--versions")
    assert [v["value"] for v in values] == [0.091, 0.095, 0.62]


def test_a_summary_for_people_says_the_reasons_and_where_to_see_them(shell: Shell, tmp_path: Path) -> None:
    put(tmp_path)
    put(tmp_path, "b.csv", "\n".join((HEAD, ROWS[0].replace("清风峡", "别处"))) + "\n")
    said = shell("ingest", tmp_path, "--lang", "en")
    assert said.code == 0
    assert "idle" in said.err
    assert "[cnemc.idle]" in said.err
    assert "shangyou ingest refused --batch" in said.err
    assert b"2021-04/a.csv" in said.out
    assert "all" in said.out.decode().split()


def test_what_is_refused_can_be_listed_by_batch(shell: Shell, tmp_path: Path) -> None:
    put(tmp_path)
    [row] = shell.rows("ingest", tmp_path)
    [refused] = shell.rows("ingest", "refused", "--batch", str(row["batch"]))
    assert (refused["code"], refused["line"]) == ("cnemc.idle", 4)


def test_files_of_a_folder_that_are_no_data_are_passed_over_and_told(shell: Shell, tmp_path: Path) -> None:
    put(tmp_path)
    (tmp_path / "README").write_text("about")
    (tmp_path / ".hidden.csv").write_text("x")
    said = shell("ingest", tmp_path, "--lang", "en", "--format", "json")
    assert [row["file"].rpartition("/")[2] for row in said.rows] == ["a.csv"]
    assert "1 files in the folders" in said.err
    assert "README" in said.err


def test_a_file_that_is_named_and_is_no_data_fails_beside_the_others(shell: Shell, tmp_path: Path) -> None:
    good, bad = put(tmp_path), tmp_path / "README"
    bad.write_text("about")
    said = shell("ingest", bad, good, "--format", "json")
    assert said.code == 2
    assert [(row["code"], row["new"] > 0) for row in said.rows] == [("ingest.kind", False), ("", True)]


def test_a_table_is_read_by_a_map_that_was_inferred_mended_and_kept(shell: Shell, tmp_path: Path) -> None:
    table = tmp_path / "站.csv"
    table.write_text(TABLE, encoding="utf-8")
    inferred = shell("ingest", "infer", table)
    assert inferred.code == 0
    assert "ammonia_nitrogen" in inferred.out.decode()
    assert "%" in inferred.err
    (tmp_path / "map.toml").write_bytes(inferred.out)
    assert shell("ingest", "map", "station", "--save", tmp_path / "map.toml").code == 0
    assert shell("ingest", "map", "station").out == inferred.out
    assert shell.rows("ingest", "maps")[0]["name"] == "station"
    by_name = shell.rows("ingest", "--map", "station", table)
    assert figures(by_name[0]) == (25, 0, 0, 1)
    by_file = shell.rows("ingest", "--map", tmp_path / "map.toml", table)
    assert by_file[0]["batch"] == by_name[0]["batch"]


def test_a_map_that_is_not_there_or_wrong_stops_before_the_first_file(shell: Shell, tmp_path: Path) -> None:
    table = put(tmp_path)
    (tmp_path / "wrong.toml").write_text("measured = 1")
    assert shell("ingest", "--map", "nothing", table).error.code == "ingest.map"  # type: ignore[union-attr]
    assert shell("ingest", "--map", tmp_path / "wrong.toml", table).error.code == "tables.map"  # type: ignore[union-attr]
    assert shell("ingest", "map", "nothing").error.code == "ingest.map"  # type: ignore[union-attr]
    assert shell.rows("ingest", "batches") == []


def test_only_the_provinces_asked_for_are_kept(shell: Shell, tmp_path: Path) -> None:
    put(tmp_path)
    shell.rows("ingest", tmp_path, "--province", "重庆市")
    assert {row["province"] for row in shell.rows("export")} == {"重庆市"}


def test_the_year_is_taken_from_the_date_where_no_path_names_it(shell: Shell, tmp_path: Path) -> None:
    plain = tmp_path / "plain.csv"
    plain.write_text(TEXT, encoding="utf-8")
    shell.rows("ingest", plain, "--date", "2019-04")
    assert {row["time"][:4] for row in shell.rows("export")} == {"2019"}


def test_a_rollback_takes_a_file_back_and_the_file_can_come_again(shell: Shell, tmp_path: Path) -> None:
    put(tmp_path)
    [row] = shell.rows("ingest", tmp_path)
    assert shell("ingest", "rollback", str(row["batch"])).code == 0
    assert shell.rows("export") == []
    assert shell("ingest", "rollback", str(row["batch"])).code == 5
    [again] = shell.rows("ingest", tmp_path)
    assert again["batch"] != row["batch"]
    assert len(shell.rows("export")) == row["new"]


def test_a_path_that_is_not_there_is_said_before_anything_is_taken_in(shell: Shell, tmp_path: Path) -> None:
    put(tmp_path)
    said = shell("ingest", tmp_path, tmp_path / "nothing")
    assert (said.code, said.error.code) == (4, "ingest.absent")  # type: ignore[union-attr]
    assert shell.rows("ingest", "batches") == []


def test_a_word_that_is_a_command_is_the_command_and_a_path_the_file(shell: Shell, tmp_path: Path) -> None:
    put(tmp_path, "refused")
    said = shell("ingest", tmp_path / "2021-04" / "refused", "--format", "json")
    assert said.rows[0]["kind"] == "cnemc-csv"


@pytest.mark.shared
def test_a_month_of_a_province_agrees_with_its_published_classes(shell: Shell, shared: Path) -> None:
    folder = shared / "data/cnemc/2021-04/重庆市"
    rows = shell.rows("ingest", folder)
    assert len(rows) == len(list(folder.rglob("*.csv")))
    assert all(row["code"] == "" for row in rows)
    samples = [row for row in shell.rows("assess", "--period", "2021-04", "--by", "sample") if row["published"]]
    assert len(samples) > 500
    assert sum(bool(row["equal"]) for row in samples) >= 0.99 * len(samples)
    [province] = shell.rows("assess", "--period", "2021-04", "--by", "province")
    assert (province["province"], province["sections"]) == ("重庆市", len(rows))
