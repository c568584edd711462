"""The witness answers as its table says, whatever it is sent, and never cosigns two views of one log."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.core.errors import InputError
from shangyou.exchange.ledger.checkpoint import Checkpoint, epoch_of, hash_of, member_of, origin_of, parse_checkpoint
from shangyou.exchange.ledger.merkle import consistency, sha256
from shangyou.exchange.ledger.witness import Request, decide, parse_request, quorum
from tests.fakes.exchange_log import FakeSigner, entries, key_of, reading, signed

SIGNER = FakeSigner()
KEYS = [key_of("sichuan", SIGNER)]
PUBLISHED = """old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4U\
RYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
"""  # C2SP tlog-witness, with the first of its signatures


def asking(leaves: list[bytes], old: int, claimed: int | None = None, signer: FakeSigner = SIGNER) -> Request:
    """A log's honest request to go from an old size to these leaves; `claimed` is the old size that it states."""
    note = signed(leaves, "sichuan", signer)
    proof = consistency(sha256, reading(leaves), old, len(leaves))
    return Request(old if claimed is None else claimed, tuple(proof), note, parse_checkpoint(note.text))


def known(leaves: list[bytes]) -> Checkpoint:
    return asking(leaves, len(leaves)).checkpoint


def test_the_published_request_is_read_and_written_again() -> None:
    request = parse_request(PUBLISHED.encode())
    assert (request.old, len(request.proof), request.checkpoint.size) == (20852014, 4, 20852163)
    assert request.bytes().decode() == PUBLISHED


ROWS = (  # (what, request, what the witness cosigned last, status, is it proof of two views?)
    ("the first checkpoint", asking(entries(5), 0), None, 200, False),
    ("a log that grew", asking(entries(9), 5), known(entries(5)), 200, False),
    ("the same again", asking(entries(5), 5), known(entries(5)), 200, False),
    ("an old size above the new", asking(entries(5), 5, claimed=6), known(entries(5)), 400, False),
    ("a signature of another key", asking(entries(9), 5, signer=FakeSigner(2)), known(entries(5)), 403, False),
    ("an old size that is not the last", asking(entries(9), 4), known(entries(5)), 409, False),
    ("a size below the last", asking(entries(4), 3), known(entries(5)), 409, False),
    ("another root of the same size", asking(entries(5, "x"), 5), known(entries(5)), 409, True),
    ("the same, hidden behind a wrong old size", asking(entries(5, "x"), 0), known(entries(5)), 409, True),
    ("another past", asking(entries(9, "x"), 5), known(entries(5)), 422, False),
    ("no proof", Request(5, (), asking(entries(9), 5).note, known(entries(9))), known(entries(5)), 422, False),
    ("a proof from nothing", Request(0, (bytes(32),), asking(entries(9), 0).note, known(entries(9))), None, 422, False),
)


@pytest.mark.parametrize(
    ("request_", "last", "status", "proven"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_the_witness_answers_as_the_table_says(
    request_: Request, last: Checkpoint | None, status: int, proven: bool
) -> None:
    verdict = decide(parse_request(request_.bytes()), last, KEYS)
    assert (verdict.status, verdict.proven) == (status, proven)
    assert bool(verdict.code) == (status != 200)
    if status == 409:
        assert verdict.size == (last.size if last else 0)


def test_a_log_that_nobody_listed_is_unknown() -> None:
    assert decide(asking(entries(5), 0), None, []).status == 404
    assert decide(asking(entries(5), 0), None, [key_of("guizhou", SIGNER)]).status == 404


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 12), st.integers(0, 12)), max_size=14))
def test_a_witness_never_cosigns_two_views(steps: list[tuple[bool, int, int]]) -> None:
    """Whatever order of honest and forked requests comes, what was cosigned is one growing history."""
    histories = {False: entries(12), True: [*entries(4), *entries(8, "fork")]}
    last: Checkpoint | None = None
    cosigned: list[tuple[bool, int]] = []
    for forked, old, new in steps:
        request = asking(histories[forked][:new], min(old, new))
        if decide(request, last, KEYS).status == 200:
            assert new >= (last.size if last else 0)
            last = request.checkpoint
            cosigned.append((forked, new))
    sides = {forked for forked, size in cosigned if size > 4}  # up to four leaves both are the same
    assert len(sides) <= 1


@given(st.binary(max_size=300))
def test_no_body_breaks_the_witness(data: bytes) -> None:
    good = asking(entries(9), 5).bytes()
    for body in (data, b"old 5\n" + data, good[:150] + data + good[150:], data + good):
        try:
            request = parse_request(body)
        except InputError:
            continue
        assert decide(request, known(entries(5)), KEYS).status in (200, 400, 403, 404, 409, 422)


@pytest.mark.parametrize(
    "change",
    [("old 5", "old 05"), ("old 5", "old -1"), ("old 5", "Old 5"), ("old 5", "old 5\n" + "A" * 43 + "=" * 2)],
)
def test_what_is_no_request_is_refused(change: tuple[str, str]) -> None:
    with pytest.raises(InputError, match=r"ledger\."):
        parse_request(asking(entries(9), 5).bytes().decode().replace(*change).encode())


def test_requests_are_bounded() -> None:
    hash_line = b"A" * 43 + b"=\n"
    body = asking(entries(9), 5).bytes()
    for changed in (body.replace(b"old 5\n", b"old 5\n" + hash_line * 64), body + b"x" * 200_000):
        with pytest.raises(InputError, match=r"ledger\.witness"):
            parse_request(changed)


def test_it_takes_more_than_half_of_the_witnesses() -> None:
    assert [quorum(n) for n in range(8)] == [0, 1, 2, 2, 3, 3, 4, 4]


def test_a_log_is_named_after_its_member_and_its_hash() -> None:
    assert member_of(origin_of("sichuan")) == member_of(origin_of("sichuan", "sm3")) == "sichuan"
    assert origin_of("sichuan") != origin_of("sichuan", "sm3")
    assert [epoch_of(origin_of("sichuan", hash, n)) for hash in ("sha256", "sm3") for n in (1, 2, 99)] == [1, 2, 99] * 2
    assert member_of(origin_of("sichuan", "sm3", 2)) == "sichuan"
    assert hash_of(origin_of("sichuan", "sm3", 2)) == "sm3"
    assert [epoch_of(f"sichuan.shangyou/ledger/{tail}") for tail in ("1", "02", "100", "2/3", "")] == [0] * 5
    assert member_of("example.com/log") == member_of("sichuan.shangyou/ledger-other") == ""
