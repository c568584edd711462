"""`shangyou ledger` on a lone node that nobody serves."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.faces.cli.shell import Shell


def test_acts_are_shown_signed_proved_and_verified(shell: Shell, tmp_path: Path) -> None:
    assert shell("registry", "load-facts").code == 0
    (entry,) = shell.rows("ledger", "show", "--kind", "admin")
    assert (entry["index"], entry["kind"]) == (0, "admin")
    assert '"deed": "facts/load"' in entry["facts"]
    assert "registry" not in entry["facts"]
    said = shell("--lang", "en", "ledger", "checkpoint")
    assert "Signed and sealed 1 entries: cosigned by 0 (needs 0)" in said.err
    proof, policy = tmp_path / "entry.tlog-proof", tmp_path / "policy.txt"
    assert shell("ledger", "prove", "0", proof).code == 0
    assert shell("ledger", "witnesses", "--policy", policy).code == 0
    for way in ((), ("--policy", policy)):
        said = shell("--lang", "en", "ledger", "verify", proof, *way)
        assert "Proved: it is entry 0" in said.err
        assert '"deed":"facts/load"' in said.out.decode()
    program = tmp_path / "verify_proof.py"
    assert shell("ledger", "verifier", program).code == 0
    done = subprocess.run([sys.executable, program, proof, policy], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_changed_proof_is_refused(shell: Shell, tmp_path: Path) -> None:
    shell("registry", "load-facts")
    shell("ledger", "checkpoint")
    proof = tmp_path / "entry.tlog-proof"
    shell("ledger", "prove", "0", proof)
    whole = proof.read_text(encoding="utf-8")
    proof.write_text(whole.replace("index 0", "index 1"), encoding="utf-8")
    assert shell("ledger", "verify", proof).code == 3
    proof.write_text(whole[:50], encoding="utf-8")
    assert shell("ledger", "verify", proof).code == 2
    assert shell("ledger", "verify", tmp_path / "none").code == 2


def test_what_no_checkpoint_holds_is_not_proved_yet(shell: Shell, tmp_path: Path) -> None:
    assert shell("ledger", "prove", "0", tmp_path / "p").code == 4
    shell("registry", "load-facts")
    assert shell("ledger", "prove", "0", tmp_path / "p").code == 5


def test_a_whole_ledger_is_told_as_whole_and_a_changed_one_as_damaged(shell: Shell) -> None:
    shell("registry", "load-facts")
    said = shell("--lang", "en", "ledger", "check")
    assert "entries are whole; 0 members compared; 0 new alarms, 0 in all" in said.err
    assert shell("ledger", "check", "--agreement", "urn:uuid:1").code == 2
    file = shell.home / "ledger" / "hashes.0"
    whole = bytearray(file.read_bytes())
    whole[3] ^= 1
    file.write_bytes(whole)
    assert shell("ledger", "check").code == 5


def test_a_lone_node_has_no_witnesses(shell: Shell) -> None:
    assert shell.rows("ledger", "witnesses") == []
    assert shell("ledger", "show", "--kind", "gossip").code == 2


def test_a_restored_node_has_its_ledger_with_seals_and_key(shell: Shell, tmp_path: Path) -> None:
    shell("registry", "load-facts")
    shell("ledger", "checkpoint")
    assert shell("node", "backup", tmp_path / "b.tar.zst").code == 0
    assert shell("node", "restore", tmp_path / "b.tar.zst", "--home", tmp_path / "again").code == 0
    before, after = (shell("ledger", "show", "--format", "json", "--home", h) for h in (shell.home, tmp_path / "again"))
    assert (before.out, after.code) == (after.out, 0)
    policies = [tmp_path / "one", tmp_path / "two"]
    for home, file in zip((shell.home, tmp_path / "again"), policies, strict=True):
        assert shell("ledger", "witnesses", "--policy", file, "--home", home).code == 0
    assert policies[0].read_bytes() == policies[1].read_bytes()
    said = shell("--lang", "en", "ledger", "check", "--home", tmp_path / "again")
    assert "entries are whole" in said.err
