"""`shangyou contract` and `shangyou transfer` from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faces.cli.shell import Shell

ALONE = (
    ("contract", "list"),
    ("contract", "list", "--agreements"),
    ("contract", "request", "sichuan/tuojiang"),
    ("contract", "accept", "2f0c"),
    ("contract", "refuse", "2f0c", "--why", "no"),
    ("contract", "revoke", "urn:uuid:2f0c"),
    ("contract", "renew", "urn:uuid:2f0c"),
    ("contract", "why"),
    ("transfer", "start", "urn:uuid:2f0c"),
    ("transfer", "list"),
    ("transfer", "stop", "2f0c"),
    ("transfer", "fetch", "2f0c"),
)


@pytest.mark.parametrize("words", ALONE, ids=" ".join)
def test_a_node_in_no_federation_says_so(shell: Shell, words: tuple[str, ...]) -> None:
    said = shell("--lang", "en", *words)
    assert said.code == 4
    assert str(said.error).startswith("federation.none")


def test_contracts_are_asked_for_seen_and_explained(shell: Shell, tmp_path: Path) -> None:
    assert (
        shell(
            "federation", "init", "--member", "chongqing", "--address", "http://127.0.0.1:1", "--adm-code", "500000"
        ).code
        == 0
    )
    said = shell("--lang", "en", "contract", "request", "chongqing/own")
    assert (said.code, str(said.error).split()[0]) == (2, "dsp.self")
    assert shell.rows("contract", "list") == []
    assert shell.rows("contract", "why") == []
    assert shell.rows("transfer", "list") == []
    assert shell("contract", "show", "2f0c").code == 4
    assert shell("contract", "counter", "2f0c", "--policy", tmp_path / "none.json").code == 2


def test_a_policy_file_that_is_none_is_told_before_anybody_is_asked(shell: Shell, tmp_path: Path) -> None:
    shell("federation", "init", "--member", "chongqing", "--address", "http://127.0.0.1:1", "--adm-code", "500000")
    bad = tmp_path / "bad.json"
    bad.write_bytes(b"\xff\xfe")
    said = shell("--lang", "en", "contract", "request", "sichuan/tuojiang", "--policy", bad)
    assert said.code == 2
    assert str(said.error).startswith("contract.policy")
