"""Signed notes: published ones are read and verified, and what is no note is refused in order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.adapters.keys import KeyFolder
from shangyou.core.errors import InputError, RefusedError, ShangyouError
from shangyou.exchange.ledger.checkpoint import log_key, origin_of, read_checkpoint, witness_key
from shangyou.exchange.ledger.note import Note, NoteKey, Use, cosign, cosigned, parse_key, parse_note, sign, signers
from tests.fakes.exchange_log import FakeSigner, entries, key_of, signed

GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = """If you think cryptography is the answer to your problem,
then you don't know what your problem is.

— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=
"""  # golang.org/x/mod/sumdb/note, documentation of the package
COSIGNED = """example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4U\
RYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oy\
in1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
"""  # C2SP tlog-cosignature


def test_a_published_note_verifies_with_its_published_key() -> None:
    key = parse_key(GO_KEY)
    assert key.line() == GO_KEY
    assert signers(parse_note(GO_NOTE.encode()), [key]) == [(key, None)]


def test_the_key_of_the_checksum_database_of_go_has_its_published_id() -> None:
    line = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
    assert parse_key(line).id.hex() == "033de0ae"


def test_the_example_of_the_specification_is_read_and_written_again() -> None:
    note, checkpoint = read_checkpoint(COSIGNED.encode())
    assert note.bytes().decode() == COSIGNED
    assert (checkpoint.origin, checkpoint.size, checkpoint.root[:3].hex()) == (
        "example.com/behind-the-sofa",
        20852163,
        "0ac518",
    )
    assert checkpoint.text() == note.text
    assert int.from_bytes(note.signatures[1].value[:8], "big") == 1679315147  # the time in the example


def test_the_cosigned_text_is_that_of_the_specification() -> None:
    assert cosigned("a\n", 1679315147) == b"cosignature/v1\ntime 1679315147\na\n"


@pytest.mark.parametrize("suite", ["std", "gm"])
def test_both_suites_sign_and_cosign(suite: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    signer = KeyFolder(tmp_path_factory.mktemp("keys")).make(suite)
    log, witness = log_key("sichuan", suite, signer.public), witness_key("sichuan", suite, signer.public)
    text = f"{origin_of('sichuan')}\n7\n{'A' * 43}=\n"
    note = Note(text, (sign(text, log, signer.sign), cosign(text, witness, signer.sign, 1_700_000_000)))
    keys = [parse_key(log.line()), parse_key(witness.line())]
    assert signers(parse_note(note.bytes()), keys) == [(log, None), (witness, 1_700_000_000)]
    for changed in (text.replace("7", "8"), text.replace("sichuan", "guizhou")):
        with pytest.raises(RefusedError, match=r"ledger\.signature"):
            signers(Note(changed, note.signatures), keys)


def test_a_signature_of_an_unknown_key_is_passed_over() -> None:
    note = signed(entries(3), "sichuan", FakeSigner(1))
    assert signers(note, [key_of("sichuan", FakeSigner(2))]) == []


def test_a_signature_of_a_log_does_not_pass_for_one_of_a_witness() -> None:
    signer = FakeSigner()
    note = signed(entries(3), "sichuan", signer)
    witness = NoteKey(origin_of("sichuan"), "std", Use.COSIGNATURE, signer.public)
    assert signers(note, [witness]) == []


@given(st.data())
def test_any_change_of_a_signed_checkpoint_is_found(data: st.DataObject) -> None:
    signer = FakeSigner()
    whole = signed(entries(5), "sichuan", signer).bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda b: b != whole[place]))
    changed = whole[:place] + bytes([byte]) + whole[place + 1 :]
    try:
        found = signers(parse_note(changed), [key_of("sichuan", signer)])
    except ShangyouError:
        return
    assert found == []


@given(st.binary(max_size=400))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    for whole in (data, b"text\n\n" + "— ".encode() + data, b"a\n1\n" + data):
        try:
            note, checkpoint = read_checkpoint(whole)
        except InputError:
            continue
        assert parse_note(note.bytes()) == note
        assert checkpoint.text() == note.text


@given(st.text(max_size=120))
def test_no_text_breaks_the_reader_of_keys(text: str) -> None:
    for line in (text, f"a+00000000+{text}", f"{text}+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"):
        try:
            key = parse_key(line)
        except InputError:
            continue
        assert key.line() == line


GOOD = GO_NOTE.partition("\n\n")[2]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n" + GOOD,
        "text\n" + GOOD,
        "text\n\n",
        "text\n\n" + GOOD[:-1],
        "text\n\n" + GOOD.replace("— ", "- "),
        "text\n\n" + GOOD.replace("PeterNeumann", "Peter+Neumann"),
        "text\n\n" + GOOD.replace("PeterNeumann", ""),
        "text\n\n" + GOOD.replace("AM=", "AN="),
        "text\n\n— PeterNeumann x08go/==\n",
        "text\r\n\n" + GOOD,
        "text\n\n" + GOOD * 101,
        "x" * 70_000 + "\n\n" + GOOD,
    ],
)
def test_what_is_no_note_is_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"ledger\.note"):
        parse_note(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        "a\n1\n",
        "a\n01\nX\n",
        "a\n-1\nX\n",
        "a\n1\nX\n",
        "\n1\nX\n",
        "a\n1\nX\nmore\n",
        "a\n99999999999999999999\nX\n",
        "a\n1\nQUJD\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    filled = text.replace("X", "A" * 43 + "=") if text != "a\n1\nX\n" else text
    with pytest.raises(InputError, match=r"ledger\.(checkpoint|note)"):
        read_checkpoint((filled + "\n" + GOOD).encode())
