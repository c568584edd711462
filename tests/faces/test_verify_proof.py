"""The stand-alone verifier: one file that shares no code with us comes to the same verdict as we do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shangyou.adapters.keys import FileSigner, KeyFolder
from shangyou.core.errors import ShangyouError
from shangyou.exchange.ledger.checkpoint import Checkpoint, log_key, origin_of, witness_key
from shangyou.exchange.ledger.entry import Entry
from shangyou.exchange.ledger.merkle import HASHES, inclusion, root
from shangyou.exchange.ledger.note import Note, cosign, sign
from shangyou.exchange.ledger.proof import Proof, parse_proof, prove
from shangyou.exchange.ledger.trusting import Trust, majority, parse_trust
from shangyou.faces import verify_proof
from tests.fakes.exchange_log import reading

LEAVES = [Entry("decision", {"n": n, "reach": "岷江"}, n).bytes() for n in range(11)]
Made = tuple[Proof, Trust]


def made(folder: Path, suite: str, hash: str, index: int = 6) -> Made:
    keys = KeyFolder(folder)
    signers: list[FileSigner] = [keys.make(suite) for _ in range(4)]
    log = log_key("sichuan", suite, signers[0].public, hash)
    head = Checkpoint(origin_of("sichuan", hash), 11, root(HASHES[hash], reading(LEAVES, hash), 11))
    witnesses = [(f"w{n}", [witness_key(f"w{n}", suite, each.public)]) for n, each in enumerate(signers[1:])]
    note = Note(head.text(), (sign(head.text(), log, signers[0].sign),))
    for (_, [key]), signer in list(zip(witnesses, signers[1:], strict=True))[:2]:
        note = note.also([cosign(note.text, key, signer.sign, 1_700_000_000)])
    path = inclusion(HASHES[hash], reading(LEAVES, hash), index, 11)
    return Proof(LEAVES[index], index, tuple(path), note), majority([log], witnesses, 2)


@pytest.fixture(scope="module", params=[("std", "sha256"), ("gm", "sm3"), ("gm", "sha256")])
def both(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Made:
    return made(tmp_path_factory.mktemp("keys"), *request.param)


def test_it_accepts_what_we_prove_in_both_suites(both: Made) -> None:
    proof, trust = both
    entry, index, origin, size, times = verify_proof.verify(proof.text().encode(), trust.text())
    assert (entry, index, size) == (LEAVES[6], 6, 11)
    assert origin == proof.checkpoint.origin
    assert times == {"w0": 1_700_000_000, "w1": 1_700_000_000}


@settings(max_examples=60)
@given(data=st.data())
def test_it_refuses_every_change_as_we_do(both: Made, data: st.DataObject) -> None:
    proof, trust = both
    whole = proof.text().encode()
    place, bit = data.draw(st.integers(0, len(whole) - 1)), 1 << data.draw(st.integers(0, 7))
    changed = whole[:place] + bytes([whole[place] ^ bit]) + whole[place + 1 :]
    with pytest.raises(verify_proof.Wrong):
        verify_proof.verify(changed, trust.text())
    with pytest.raises(ShangyouError):
        prove(parse_proof(changed), trust)


@given(st.integers(0, 10), st.integers(1, 3))
def test_it_climbs_every_path_and_counts_every_quorum_as_we_do(index: int, least: int) -> None:
    path = inclusion(HASHES["sha256"], reading(LEAVES), index, 11)
    leaf = HASHES["sha256"](b"\x00" + LEAVES[index])
    found = verify_proof.climb(verify_proof.sha256, leaf, index, 11, path)
    assert found == root(HASHES["sha256"], reading(LEAVES), 11)


@given(st.binary(max_size=200), st.text(max_size=100))
def test_nonsense_is_refused_in_order(data: bytes, text: str) -> None:
    for proof in (data, b"c2sp.org/tlog-proof@v1\nextra \nindex 0\n\n" + data):
        with pytest.raises(verify_proof.Wrong):
            verify_proof.verify(proof, text)


@pytest.mark.parametrize("policy", ["quorum none\n", "quorum members\n", "log x\nquorum none\n", ""])
def test_a_policy_that_does_not_name_the_log_proves_nothing(both: Made, policy: str) -> None:
    with pytest.raises(verify_proof.Wrong):
        verify_proof.verify(both[0].text().encode(), policy)


def test_a_higher_quorum_is_not_reached(both: Made) -> None:
    text = both[1].text().replace("group members 2", "group members 3")
    assert parse_trust(text).text() == text
    with pytest.raises(verify_proof.Wrong, match="too few witnesses: 2"):
        verify_proof.verify(both[0].text().encode(), text)


def test_it_runs_alone_from_anywhere(both: Made, tmp_path: Path) -> None:
    """Copied out of the package, without it on the path."""
    program = tmp_path / "verify_proof.py"
    program.write_bytes(Path(verify_proof.__file__).read_bytes())
    proof, policy = tmp_path / "entry.tlog-proof", tmp_path / "policy.txt"
    proof.write_text(both[0].text(), encoding="utf-8")
    policy.write_text(both[1].text(), encoding="utf-8")
    command = [sys.executable, "-X", "utf8", "-W", "error", str(program), str(proof), str(policy)]
    good = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False, encoding="utf-8")
    assert (good.returncode, good.stderr) == (0, "")
    assert "proved: entry 6" in good.stdout
    assert LEAVES[6].decode() in good.stdout
    alone = subprocess.run([*command, "--entry"], capture_output=True, cwd=tmp_path, check=False)
    assert alone.stdout == LEAVES[6] + b"\n"
    proof.write_text(both[0].text().replace("index 6", "index 5"), encoding="utf-8")
    bad = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False, encoding="utf-8")
    assert (bad.returncode, bad.stdout) == (1, "")
    assert bad.stderr.startswith("NOT PROVED:")
