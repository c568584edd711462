"""`shangyou resolution` from the command line, with a joint standard that comes into the rulebook."""

from __future__ import annotations

from pathlib import Path

import pytest

from shangyou.adapters.rulebook import RulebookFolder
from tests.faces.cli.shell import Shell
from tests.faces.cli.test_incident import JOIN
from tests.standards.test_adopted import TEXT


@pytest.fixture
def joined(shell: Shell) -> Shell:
    assert shell(*JOIN).code == 0
    return shell


def test_a_text_is_proposed_discussed_amended_and_voted_on(joined: Shell, tmp_path: Path) -> None:
    text, second = tmp_path / "patrol.md", tmp_path / "second.md"
    text.write_text("第一条 每季度联合巡查。", encoding="utf-8")
    second.write_text("第一条 每月联合巡查。", encoding="utf-8")
    assert joined("resolution", "propose", "联合巡查", text, "--quorum", "1/1", "--veto", "chongqing").code == 0
    [row] = joined.rows("resolution", "list", "--open")
    id = str(row["id"]).removeprefix("urn:uuid:")[:8]
    assert (row["phase"], row["version"], row["voters"]) == ("open", 1, 1)
    assert joined("resolution", "comment", id, "季度太长").code == 0
    assert joined("resolution", "amend", id, "--text", second, "--why", "改为每月").code == 0
    assert joined("resolution", "vote", id, "yes").code == 0
    [ballot] = joined.rows("resolution", "show", id, "--ballots")
    assert (ballot["choice"], ballot["version"], ballot["not_counted"]) == ("yes", 2, "")
    said = joined("resolution", "publish", id)
    assert (said.code, str(said.error).split()[0]) == (5, "resolution.not_adopted")
    assert joined("resolution", "sign", id).code == 0
    [row] = joined.rows("resolution", "show", id)
    assert (row["phase"], row["text_zh"]) == ("adopted", "第一条 每月联合巡查。")
    assert joined("resolution", "publish", id).code == 0
    words = ("--title", "第一次巡查", "--owner", "chongqing", "--due", "2020-01-01")
    assert joined("resolution", "task", id, "t1", *words).code == 0
    assert [(row["task"], row["late"]) for row in joined.rows("resolution", "tasks")] == [("t1", True)]
    assert joined("resolution", "task", id, "t1", "--state", "done").code == 0
    assert [(row["state"], row["late"]) for row in joined.rows("resolution", "tasks", id)] == [("done", False)]
    assert joined.rows("resolution", "editions") == []


def test_a_proposal_is_given_up_by_who_made_it(joined: Shell, tmp_path: Path) -> None:
    text = tmp_path / "patrol.md"
    text.write_text("第一条", encoding="utf-8")
    assert joined("resolution", "propose", "联合巡查", text).code == 0
    [row] = joined.rows("resolution", "list")
    said = joined("resolution", "sign", row["id"])
    assert (said.code, str(said.error).split()[0]) == (5, "resolution.sign_early")
    assert joined("resolution", "withdraw", row["id"], "--why", "另提").code == 0
    assert [each["phase"] for each in joined.rows("resolution", "list")] == ["withdrawn"]


def test_a_joint_standard_that_is_laxer_is_not_proposed(joined: Shell, tmp_path: Path) -> None:
    reasons, edition = tmp_path / "reasons.md", tmp_path / "joint.yaml"
    reasons.write_text("第一条 采用。", encoding="utf-8")
    edition.write_text(TEXT.replace("III: 0.15", "III: 0.25"), encoding="utf-8")
    words = ("resolution", "propose", "联合标准", reasons, "--form", "standard", "--edition", edition)
    said = joined(*words)
    assert (said.code, str(said.error).split()[0]) == (2, "standards.laxer")
    edition.write_text(TEXT, encoding="utf-8")
    assert joined(*words).code == 0
    assert joined("resolution", "propose", "x", tmp_path / "none.md").code == 2
    said = joined("resolution", "propose", "x", reasons, "--quorum", "most")
    assert (said.code, str(said.error).split()[0]) == (2, "entry.field")


def test_an_assessment_uses_adopted_standards_only_where_it_is_asked_to(joined: Shell, tmp_path: Path) -> None:
    table = tmp_path / "data.csv"
    times = [f"2026-08-{day:02d} 08:00" for day in range(1, 21)]
    lines = [f"联标断面,{time},7.5,8.0,1.5,0.1,0.18" for time in times]
    head = "断面名称,监测时间,pH,溶解氧(mg/L),高锰酸盐指数(mg/L),氨氮(mg/L),总磷(mg/L)"
    table.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    assert joined("ingest", table).code == 0
    assert RulebookFolder(joined.home).put("urn:uuid:1", TEXT)
    asked = ("assess", "--period", "2026-08", "--by", "sample", "--basis", "rule")
    national, joint = joined.rows(*asked), joined.rows(*asked, "--rulebook", "joint")
    assert {row["class"] for row in national} == {"Ⅲ"}
    assert {row["class"] for row in joint} == {"Ⅳ"}  # total phosphorus of 0.18 is above 0.15
    assert "川渝联标 1-2026" in joined("--lang", "en", *asked, "--rulebook", "joint").err
    said = joined(*asked, "--rulebook", "own")
    assert (said.code, str(said.error).split()[0]) == (2, "assess.rulebook")
