"""A proof needs nobody: what it says holds for whoever trusts the keys, and no change of it does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.core.errors import InputError, RefusedError, ShangyouError
from shangyou.exchange.ledger.checkpoint import witness_key
from shangyou.exchange.ledger.merkle import HASHES, inclusion
from shangyou.exchange.ledger.note import cosign
from shangyou.exchange.ledger.proof import Proof, parse_proof, prove
from shangyou.exchange.ledger.trusting import Trust, majority, parse_trust
from tests.fakes.exchange_log import FakeSigner, entries, key_of, reading, signed

LOG = FakeSigner(1)
NAMES = ("ministry", "chongqing", "guizhou", "yunnan", "xizang", "qinghai")
WITNESSES = {name: FakeSigner(number) for number, name in enumerate(NAMES, 10)}


def policy(least: int = 4, hash: str = "sha256") -> Trust:
    keys = [(name, [witness_key(name, "std", signer.public)]) for name, signer in WITNESSES.items()]
    return majority([key_of("sichuan", LOG, hash)], keys, least)


def made(index: int = 3, size: int = 11, cosigning: int = 4, hash: str = "sha256") -> Proof:
    leaves = entries(size)
    note = signed(leaves, "sichuan", LOG, hash)
    for name, signer in list(WITNESSES.items())[:cosigning]:
        note = note.also([cosign(note.text, witness_key(name, "std", signer.public), signer.sign, 1_700_000_000)])
    path = inclusion(HASHES[hash], reading(leaves, hash), index, size)
    return Proof(leaves[index], index, tuple(path), note)


@pytest.mark.parametrize("hash", ["sha256", "sm3"])
def test_a_proof_that_was_kept_in_a_file_holds(hash: str) -> None:
    proof = made(hash=hash)
    assert parse_proof(proof.text().encode()) == proof
    found = prove(parse_proof(proof.text().encode()), parse_trust(policy(hash=hash).text()))
    assert [name for name, _ in found.witnesses] == list(NAMES[:4])
    assert {time for _, time in found.witnesses} == {1_700_000_000}


def test_three_of_six_witnesses_are_too_few() -> None:
    with pytest.raises(RefusedError, match=r"ledger\.quorum"):
        prove(made(cosigning=3), policy())
    assert len(prove(made(cosigning=3), policy(3)).witnesses) == 3


def test_a_checkpoint_of_another_log_proves_nothing() -> None:
    other = majority([key_of("guizhou", LOG)], [], 0)
    with pytest.raises(RefusedError, match=r"ledger\.unsigned"):
        prove(made(), other)


def test_a_log_may_not_speak_in_the_name_of_another() -> None:
    both = Trust((key_of("guizhou", FakeSigner(2)), key_of("sichuan", LOG)), ())
    proof = made(cosigning=0)
    forged = signed(entries(11), "guizhou", LOG)  # a text of Guizhou's, signed with Sichuan's key in its own name
    note = forged.also([]).__class__(forged.text, proof.note.signatures)
    with pytest.raises(RefusedError, match=r"ledger\.(unsigned|signature)"):
        prove(Proof(proof.entry, proof.index, proof.path, note), both)


@given(st.data())
def test_no_change_of_a_proof_is_accepted(data: st.DataObject) -> None:
    whole = made().text().encode()
    place = data.draw(st.integers(0, len(whole) - 1))
    bit = 1 << data.draw(st.integers(0, 7))
    changed = whole[:place] + bytes([whole[place] ^ bit]) + whole[place + 1 :]
    try:
        found = prove(parse_proof(changed), policy())
    except ShangyouError:
        return
    # a signature whose name or id was touched is of nobody known: enough others are there only if five signed
    pytest.fail(f"accepted a change at {place}: {found}")


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader_of_proofs(data: bytes) -> None:
    good = made().text().encode()
    for whole in (data, b"c2sp.org/tlog-proof@v1\n" + data, good[:60] + data + good[60:]):
        try:
            proof = parse_proof(whole)
        except InputError:
            continue
        assert parse_proof(proof.text().encode()) == proof


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("@v1", "@v2"),
        ("extra ", "extras "),
        ("index 3", "index 03"),
        ("index 3", "index x"),
        ("\n\n", "\n" + "A" * 43 + "=\n" * 64 + "\n\n"),
    ],
)
def test_what_is_no_proof_is_refused(was: str, becomes: str) -> None:
    with pytest.raises(InputError, match=r"ledger\.(proof|witness)"):
        parse_proof(made().text().replace(was, becomes, 1).encode())


def test_a_policy_is_written_as_it_is_read() -> None:
    text = policy().text()
    assert parse_trust(text).text() == text
    assert parse_trust("# a remark\n\n  quorum\tnone \n") == Trust((), ())


def test_a_member_with_two_keys_counts_once() -> None:
    first, second = FakeSigner(20), FakeSigner(21)
    keys = [witness_key("ministry", "std", each.public) for each in (first, second)]
    others = [("guizhou", [witness_key("guizhou", "std", WITNESSES["guizhou"].public)])]
    trust = parse_trust(majority([key_of("sichuan", LOG)], [("ministry", keys), *others], 2).text())
    proof = made(cosigning=0)
    note = proof.note.also(
        cosign(proof.note.text, key, each.sign, 7) for key, each in zip(keys, (first, second), strict=True)
    )
    with pytest.raises(RefusedError, match=r"ledger\.quorum"):
        prove(Proof(proof.entry, proof.index, proof.path, note), trust)


LINE = policy().text().splitlines()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "quorum nobody\n",
        "quorum none\nquorum none\n",
        f"{LINE[0]}\n{LINE[0]}\nquorum none\n",
        f"{LINE[1]}\n{LINE[1]}\nquorum none\n",
        f"log {LINE[1].split()[2]}\nquorum none\n",
        f"{LINE[1]}\ngroup g 2 ministry\nquorum g\n",
        f"{LINE[1]}\ngroup g 0 ministry\nquorum g\n",
        f"{LINE[1]}\ngroup g 1 ministry ministry\nquorum g\n",
        f"{LINE[1]}\ngroup none 1 ministry\nquorum none\n",
        "witness a b\nquorum none\n",
        "anything else\nquorum none\n",
        "x" * 300_000,
    ],
)
def test_what_is_no_policy_is_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"ledger\.policy"):
        parse_trust(text)


@given(st.text(alphabet=st.sampled_from("log witnesgroupqum 0123\n\t#+="), max_size=200))
def test_no_text_breaks_the_reader_of_policies(text: str) -> None:
    for whole in (text, policy().text() + text):
        try:
            parse_trust(whole)
        except InputError:
            continue
