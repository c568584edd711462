"""`shangyou policy`: what people write, check and ask why."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from shangyou.exchange.policy.read import checked
from tests.faces.cli.shell import Shell


def made(shell: Shell, folder: Path, *options: str) -> tuple[Path, dict[str, Any]]:
    said = shell("policy", "new", *options)
    assert said.code == 0, said
    path = folder / "offer.json"
    path.write_bytes(said.out)
    found: dict[str, Any] = json.loads(said.out)
    return path, found


def test_a_policy_is_written_from_plain_options_and_has_no_faults(shell: Shell, tmp_path: Path) -> None:
    path, found = made(shell, tmp_path, "--template", "peers", "--recipient", "chongqing", "--rows", "5")
    assert checked(found).permissions
    assert shell.rows("policy", "check", path) == []
    told = shell.rows("policy", "explain", path)
    assert {row["operand"] for row in told} >= {"recipient", "rows", "delay"}


def test_faults_are_told_in_words_and_end_with_2(shell: Shell, tmp_path: Path) -> None:
    path = tmp_path / "bad.json"
    path.write_text('{"@type": "Offer", "permission": [{"action": "sell"}], "conflict": "perm"}', encoding="utf-8")
    said = shell("policy", "check", path, "--format", "json", "--lang", "en")
    assert said.code == 2
    assert [row["path"] for row in said.rows] == ["conflict", "permission[0].action"]
    assert "“sell” is none of use, read, aggregate" in said.rows[1]["said"]


def test_why_says_what_leaves_or_which_rule_refuses_and_who_can_change_it(shell: Shell, tmp_path: Path) -> None:
    path, _ = made(shell, tmp_path, "--template", "peers", "--recipient", "chongqing", "--hide", "ph")
    asked = ("policy", "why", path, "--purpose", "warning", "--lang", "en", "--at", "2026-11-02T00:00:00+08:00")
    given = shell.rows(*asked, "--consumer", "chongqing")
    assert (given[0]["outcome"], given[0]["found"]) == ("permitted", "day")
    refused = shell.rows(*asked, "--consumer", "sichuan", "--used", "rowsPerDay=1000000")
    reasons = {row["operand"]: row for row in refused if row["kind"] == "reason"}
    assert set(reasons) == {"recipient", "rowsPerDay"}
    assert reasons["recipient"]["who"] == "the provider's data steward"
    assert reasons["rowsPerDay"]["when"] == "2026-11-02T16:00:00.000Z"
    assert "does not fit is any of chongqing" in reasons["recipient"]["said"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("new", "--template", "none"), "policy.template"),
        (("new", "--delay", "soon"), "policy.faults"),
        (("check", "nowhere.json"), "policy.file"),
        (("why", "offer.json", "--consumer", "a", "--level", "city"), "policy.given"),
        (("why", "offer.json", "--consumer", "a", "--used", "rows"), "policy.given"),
        (("why", "offer.json", "--consumer", "a", "--at", "noon"), "policy.given"),
    ],
)
def test_what_is_not_understood_is_an_error_with_a_code(shell: Shell, words: tuple[str, ...], code: str) -> None:
    said = shell("policy", *words)
    assert said.error is not None
    assert said.error.code == code


def test_a_file_that_is_no_json_is_told_so(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\xff{")
    said = shell("policy", "check", tmp_path / "x")
    assert said.error is not None
    assert said.error.code == "policy.json"


def test_what_looks_like_an_agreement_is_asked_of_the_node(shell: Shell, tmp_path: Path) -> None:
    said = shell("policy", "why", "urn:uuid:3f2a91c0")
    assert said.error is not None
    assert said.error.code == "federation.none"  # this node has no agreements at all
    said = shell("policy", "why", "3f2a91c0", "--consumer", "chongqing")
    assert said.error is not None
    assert said.error.code == "policy.of_file"
    said = shell("policy", "why", "offer.json")
    assert said.error is not None
    assert said.error.code == "policy.given"
