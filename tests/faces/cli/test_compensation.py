"""`shangyou compensation` from the command line: reading compacts, finding their faults, settling a statement."""

from __future__ import annotations

from pathlib import Path

import pytest

from shangyou.standards.compacts import compact_text
from tests.faces.cli.shell import Shell
from tests.faces.cli.test_incident import JOIN

DISTRICTS = """
id: districts
title_zh: 区县协议
title_en: Districts
source: made for this test
status: confirmed
valid_from: 2020-01-01
valid_to: 2020-12-31
parties:
  - {id: upper, name_zh: 上游区, name_en: Upper, member: chongqing}
  - {id: lower, name_zh: 下游区, name_en: Lower, member: chongqing}
indicators: [ammonia_nitrogen]
declared: {built: {zh: 已建机制, en: the mechanism is built}}
rules:
  - id: bonus
    name_zh: 奖励
    name_en: Bonus
    cases:
      - {if: {declared: built}, then: {transfer: 3000000.00, from: lower, to: upper}}
      - otherwise: nothing
"""


@pytest.fixture
def joined(shell: Shell) -> Shell:
    assert shell(*JOIN).code == 0
    return shell


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "districts.yaml"
    path.write_text(DISTRICTS, encoding="utf-8")
    return path


def test_compacts_that_ship_are_listed_with_what_is_not_verified(shell: Shell) -> None:
    rows = {row["id"]: row for row in shell.rows("compensation", "list")}
    assert rows["xinanjiang-2012"]["unverified"] == "*"
    assert rows["chishui-2018"]["unverified"] == "missing, rules[1], rules[2]"


def test_a_compact_is_read_in_words_in_both_languages(shell: Shell) -> None:
    rows = shell.rows("compensation", "show", "chishui-2018", "--lang", "en")
    assert rows[0]["text"].startswith("always: 200,000,000.00 yuan in all; paid in: Guizhou 50 %, Sichuan 40 %")
    assert "如果该断面水质达到目标类别" in shell.rows("compensation", "show", "chishui-2018", "--lang", "zh")[1]["text"]
    assert shell("compensation", "show", "youshui-2019", "--yaml").out == compact_text("youshui-2019")


def test_all_faults_of_a_file_are_told_with_their_lines(shell: Shell, file: Path) -> None:
    assert shell.rows("compensation", "check", file) == []
    file.write_text(DISTRICTS.replace("to: upper", "to: lower").replace("3000000.00", "a lot"), encoding="utf-8")
    said = shell("compensation", "check", file, "--format", "json", "--lang", "en")
    assert said.code == 2
    assert {(row["line"], row["code"]) for row in said.rows} == {
        (10, "compensation.idle"),
        (19, "compensation.money"),
        (19, "compensation.self"),
    }
    assert all(row["line"] and row["said"] and row["remedy"] for row in said.rows)
    chishui = file.parent / "chishui.yaml"
    chishui.write_text(
        compact_text("chishui-2018").decode().replace("3, guizhou: 4, sichuan: 3", "4, guizhou: 3, sichuan: 3")
    )
    said = shell("compensation", "check", chishui, "--format", "json", "--lang", "en")
    assert (said.code, {row["code"] for row in said.rows}) == (
        2,
        {"compensation.case_net", "compensation.case_payments"},
    )
    assert (
        "should come to 40,000,000.00 yuan, and comes to 60,000,000.00" in said.rows[0]["said"] + said.rows[1]["said"]
    )
    chishui.write_bytes(compact_text("chishui-2018"))
    assert "3 cases reckoned" in shell("compensation", "check", chishui, "--lang", "en").err
    missing = shell("compensation", "check", "nowhere.yaml")
    assert (missing.code, str(missing.error).split()[0]) == (2, "statement.file")


def test_a_trial_opens_nothing_and_needs_no_federation(shell: Shell, file: Path) -> None:
    [row] = shell.rows("compensation", "compute", file, "2020", "--try", "--declare", "built=yes")
    assert (row["outcome"], row["money"]) == ("moved", "lower -3,000,000.00, upper 3,000,000.00")
    rows = shell.rows("compensation", "compute", "chishui-2018", "2019", "--try", "--source", "held")
    assert {row["rule"]: row["outcome"] for row in rows} == {"fund": "moved", "lianyuxi": "open", "qingshuipu": "open"}
    refused = shell("compensation", "compute", file, "2020")
    assert (refused.code, str(refused.error).split()[0]) == (4, "federation.none")


def test_a_statement_is_reckoned_corrected_signed_and_closed(joined: Shell, file: Path) -> None:
    said = joined("compensation", "compute", file, "2020")
    assert (said.code, "1" in said.err) == (0, True)
    [row] = joined.rows("compensation", "list", "--statements")
    id = str(row["id"]).removeprefix("urn:uuid:")[:8]
    assert (row["phase"], row["open"], row["period"]) == ("equal", 1, "2020")
    refused = joined("compensation", "sign", id)
    assert (refused.code, str(refused.error).split()[0]) == (5, "statement.open")
    again = joined("compensation", "compute", file, "2020", "--declare", "built=yes")
    assert (again.code, str(again.error).split()[0]) == (
        2,
        "entry.field",
    )  # it goes on with the same one, and wants a reason
    assert joined("compensation", "compute", id, "--declare", "built=yes", "--why", "已建成").code == 0
    [line] = joined.rows("compensation", "show", id, "--lines")
    assert line["money"] == "lower -3,000,000.00, upper 3,000,000.00"
    assert joined.rows("compensation", "compare", id, "chongqing") == []
    assert joined("compensation", "dispute", id, "chongqing", "--why", "x").code == 5
    assert joined("compensation", "settle", id).code == 5
    assert joined("compensation", "sign", id).code == 0
    assert joined("compensation", "settle", id, "--note", "已付清").code == 0
    [row] = joined.rows("compensation", "show", id)
    assert (row["phase"], row["signed"], row["payments"]) == ("closed", "chongqing", "lower → upper 3,000,000.00")
    told = [(row["kind"], row["note"]) for row in joined.rows("compensation", "show", id, "--history")]
    assert told == [
        ("dossier.open", ""),
        ("statement.compute", ""),
        ("statement.correct", "已建成"),
        ("statement.sign", ""),
        ("statement.close", "已付清"),
    ]
    notices = [row for row in joined.rows("ledger", "show") if row["kind"] == "notice"]
    assert len(notices) == len(told)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--declare", "built=maybe"), "statement.fact"),
        (("--exempt", "2020-07"), "statement.exempt"),
        (("--source", "dream"), "statement.source"),
        (("--declare", "war=yes"), "compensation.undeclarable"),
    ],
)
def test_what_is_written_wrong_is_said_so(shell: Shell, file: Path, words: tuple[str, ...], code: str) -> None:
    said = shell("compensation", "compute", file, "2020", "--try", *words)
    assert (said.code, str(said.error).split()[0]) == (2, code)
