"""Split views, rollbacks and logs that disagree are found, with evidence; honest ones are left in peace."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.core.errors import RefusedError, UnavailableError
from shangyou.exchange.ledger.agreeing import GRACE, differences
from shangyou.exchange.ledger.checkpoint import read_checkpoint
from shangyou.exchange.ledger.entry import Entry
from shangyou.exchange.ledger.log import Alarm, Kept
from shangyou.exchange.ledger.merkle import consistency, sha256
from shangyou.exchange.ledger.note import signers
from shangyou.exchange.ledger.witness import Request
from shangyou.exchange.ports import Answer
from shangyou.flows import ledger
from shangyou.flows.told import log_keys
from shangyou.flows.witness import compare, cross_check, tell_entries, witness
from tests.fakes.exchange_ledgers import FakeFederation
from tests.fakes.exchange_log import FakeLog, entries, reading, signed

NOW = 1_700_000_000_000


def sealed(federation: FakeFederation, name: str = "sichuan") -> None:
    log = federation.logs[name]
    keeper = ledger.Keeper(
        log, log.shelf, federation.members[name], federation.peers(name), lambda: federation.signers[name]
    )
    keeper.now(NOW)


def grown(acts: int = 6) -> FakeFederation:
    federation = FakeFederation()
    federation.logs["sichuan"].append(entries(acts))
    sealed(federation)
    return federation


def compared(federation: FakeFederation, me: str) -> list[Alarm]:
    log = federation.logs[me]
    return compare(log, log.shelf, federation.members[me], federation.peers(me), NOW)


def test_honest_logs_raise_no_alarm() -> None:
    federation = grown()
    federation.logs["sichuan"].append(entries(4, "more"))
    federation.down = {"yunnan", "guizhou"}  # they stay with the older checkpoint
    sealed(federation)
    federation.down = set()
    for name in federation.logs:
        assert compared(federation, name) == []


def test_two_views_shown_to_two_halves_are_found_by_whoever_compares() -> None:
    federation = FakeFederation()
    federation.logs["sichuan"].append(entries(6))
    federation.down = {"yunnan", "xizang", "qinghai"}
    sealed(federation)
    federation.logs["sichuan"] = FakeLog()
    federation.logs["sichuan"].append(entries(6, "other"))
    federation.down = {"ministry", "chongqing", "guizhou"}
    sealed(federation)
    federation.down = {"sichuan"}
    [alarm] = compared(federation, "ministry")
    assert (alarm.code, alarm.facts) == ("ledger.split", {"name": "sichuan.shangyou/ledger", "size": 6})
    keys = log_keys(federation.members["ministry"], "sichuan.shangyou/ledger")
    read = [read_checkpoint(text.encode()) for text in alarm.evidence]
    assert all(signers(note, keys) for note, _ in read)
    assert read[0][1].size == read[1][1].size == 6
    assert read[0][1].root != read[1][1].root
    assert compared(federation, "ministry") == []  # it is known now
    assert b"ledger.split" in federation.logs["ministry"].entries(0, 1)[0]


def test_a_forged_checkpoint_accuses_nobody() -> None:
    federation = grown()
    forged = signed(entries(6, "forged"), "sichuan", federation.signers["xizang"]).bytes().decode()
    body = json.dumps({"own": None, "cosigned": [forged, "nonsense", 7, None]}).encode()
    federation.lies["xizang"] = lambda me, method, path, body_: Answer(200, "application/json", body)
    assert compared(federation, "ministry") == []


def test_a_log_that_goes_back_is_found() -> None:
    federation = grown(9)
    old = FakeLog()
    old.append(entries(5))
    old.shelf.put_checkpoint(Kept(signed(entries(5), "sichuan", federation.signers["sichuan"]), NOW))
    federation.logs["sichuan"] = old
    [alarm] = compared(federation, "ministry")
    assert alarm.code == "ledger.rollback"
    assert (alarm.facts["size"], alarm.facts["now"]) == (9, 5)


def test_a_log_with_another_past_is_found_although_it_grew() -> None:
    federation = grown(6)
    changed = FakeLog()
    leaves = [b"rewritten", *entries(11)[1:]]
    changed.append(leaves)
    changed.shelf.put_checkpoint(Kept(signed(leaves, "sichuan", federation.signers["sichuan"]), NOW))
    federation.logs["sichuan"] = changed
    [alarm] = compared(federation, "ministry")
    assert (alarm.code, len(alarm.evidence)) == ("ledger.inconsistent", 2)


@pytest.mark.parametrize("answers", [False, True])
def test_a_log_that_cannot_be_asked_is_not_accused(answers: bool) -> None:
    federation = grown()
    federation.logs["sichuan"].append(entries(4, "more"))
    federation.down = {"yunnan"}
    sealed(federation)
    federation.down = set() if answers else {"sichuan"}
    federation.lies["sichuan"] = lambda me, method, path, body: Answer(503, "text/plain", b"")
    assert compared(federation, "yunnan") == []


def test_a_false_proof_by_a_third_member_accuses_nobody_and_one_by_the_log_itself_does() -> None:
    federation = grown()
    leaves = [*entries(6, "x"), *entries(3)]
    note = signed(leaves, "sichuan", federation.signers["sichuan"])
    request = Request(6, tuple(consistency(sha256, reading(leaves), 6, 9)), note, read_checkpoint(note.bytes())[1])
    log, members, signer = federation.logs["yunnan"], federation.members["yunnan"], federation.signers["yunnan"]
    for asker, alarms in (("guizhou", 0), ("sichuan", 1)):
        verdict, signature = witness(log, log.shelf, members, signer, request, asker, NOW)
        assert (verdict.status, signature, len(log.shelf.alarms())) == (422, None, alarms)


def test_nobody_witnesses_itself_or_a_stranger() -> None:
    federation = grown()
    note = federation.logs["sichuan"].shelf.checkpoint()
    assert note is not None
    request = Request(0, (), note.note, read_checkpoint(note.note.bytes())[1])
    sichuan = federation.logs["sichuan"]
    found = witness(
        sichuan, sichuan.shelf, federation.members["sichuan"], federation.signers["sichuan"], request, "sichuan", NOW
    )
    assert found[0].status == 404
    other = FakeFederation(("ministry", "yunnan"))
    log = other.logs["yunnan"]
    assert (
        witness(log, log.shelf, other.members["yunnan"], other.signers["yunnan"], request, "ministry", NOW)[0].status
        == 404
    )


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 9), st.integers(0, 5)), min_size=1, max_size=12))
def test_no_order_of_two_histories_makes_a_quorum_for_both(steps: list[tuple[bool, int, int]]) -> None:
    """A log that lies shows either history to any witness in any order: never are four of six on both sides."""
    federation = FakeFederation()
    names = [name for name in federation.logs if name != "sichuan"]
    histories = (entries(9), entries(9, "fork"))
    sides: list[set[str]] = [set(), set()]
    for fork, size, which in steps:
        leaves, name = histories[fork][:size], names[which]
        note = signed(leaves, "sichuan", federation.signers["sichuan"])
        log = federation.logs[name]
        known = log.shelf.cosigned("sichuan.shangyou/ledger")
        old = read_checkpoint(known.bytes())[1].size if known else 0
        proof = consistency(sha256, reading(histories[fork]), min(old, size), size) if old <= size else []
        request = Request(old, tuple(proof), note, read_checkpoint(note.bytes())[1])
        args = federation.members[name], federation.signers[name], request, "sichuan", NOW
        if witness(log, log.shelf, *args)[0].status == 200:
            sides[fork].add(name)
    assert not sides[0] & sides[1]
    assert len(sides[0]) < 4 or len(sides[1]) < 4


AGREED: dict[str, object] = {
    "agreement": "urn:uuid:1",
    "provider": "sichuan",
    "consumer": "ministry",
    "transaction": "ab",
}
RECEIPT: dict[str, object] = {"agreement": "urn:uuid:1", "provider": "sichuan", "consumer": "ministry", "rows": 7}


def told(ours: list[dict[str, object]], theirs: list[dict[str, object]]) -> FakeFederation:
    federation = FakeFederation()
    for name, acts in (("ministry", ours), ("sichuan", theirs)):
        for facts in acts:
            kind = "agreement" if "transaction" in facts else "receipt"
            ledger.record(federation.logs[name], kind, facts, NOW)
        sealed(federation, name)
    return federation


def checked(federation: FakeFederation, now: int = NOW + GRACE + 1) -> list[tuple[str, int, int]]:
    log = federation.logs["ministry"]
    members, peers = federation.members["ministry"], federation.peers("ministry")
    found = cross_check(log, log.shelf, members, peers, "sichuan", "urn:uuid:1", now)
    return [(each.kind, each.ours, each.theirs) for each in found]


def test_two_logs_that_hold_the_same_acts_agree() -> None:
    federation = told([AGREED, RECEIPT], [RECEIPT, AGREED])
    assert checked(federation) == []
    assert federation.logs["ministry"].shelf.alarms() == []


def test_a_receipt_that_differs_is_alarmed_at_the_end_that_looks() -> None:
    federation = told([AGREED, RECEIPT], [AGREED, {**RECEIPT, "rows": 8}])
    assert checked(federation, NOW + 1) == []
    assert checked(federation) == [("receipt", 1, 0), ("receipt", 0, 1)]
    assert [alarm.code for alarm in federation.logs["ministry"].shelf.alarms()] == ["ledger.disagree"] * 2


def test_what_is_older_than_what_the_other_end_tells_at_a_time_is_not_judged() -> None:
    acts = [Entry("receipt", {"agreement": "urn:uuid:1", "rows": day}, NOW + day * GRACE * 2) for day in range(6)]
    now = NOW + GRACE * 20
    assert differences(acts, acts[3:], now, most=3) == []
    assert len(differences(acts, acts[3:], now, most=4)) == 3
    assert len(differences(acts[:4], acts[3:], now, most=3)) == 2


def test_a_log_that_knows_nothing_of_the_agreement_disagrees() -> None:
    assert checked(told([AGREED], [])) == [("agreement", 1, 0)]


def test_only_the_parties_see_the_entries_of_an_agreement() -> None:
    federation = told([AGREED], [AGREED, RECEIPT])
    log = federation.logs["sichuan"]
    assert len(tell_entries(log, log.shelf, "ministry", "urn:uuid:1")["entries"]) == 2  # type: ignore[arg-type]
    for asker, agreement in (("yunnan", "urn:uuid:1"), ("ministry", "urn:uuid:2"), ("ministry", "")):
        with pytest.raises(RefusedError, match=r"ledger\.party"):
            tell_entries(log, log.shelf, asker, agreement)


@pytest.mark.parametrize("spoil", ["index", "proof", "entry", "checkpoint", "entries", "json", "party"])
def test_a_testimony_that_is_not_proved_is_not_believed(spoil: str) -> None:
    federation = told([AGREED], [AGREED])

    def lie(me: str, method: str, path: str, body: bytes) -> Answer:
        told = json.loads(federation.answer(me, "sichuan", method, path, body).body)
        first = told["entries"][0]
        if spoil == "index":
            first["index"] += 1
        elif spoil == "proof":
            first["proof"] = ["A" * 43 + "="]
        elif spoil == "entry":
            first["entry"] = first["entry"].replace("ab", "cd")
        elif spoil == "checkpoint":
            told["checkpoint"] = signed(entries(1), "sichuan", federation.signers["yunnan"]).bytes().decode()
        elif spoil == "entries":
            told["entries"] = {"0": first}
        return Answer(
            403 if spoil == "party" else 200, "application/json", b"[" if spoil == "json" else json.dumps(told).encode()
        )

    federation.lies["sichuan"] = lie
    with pytest.raises((UnavailableError, RefusedError), match=r"ledger\.peer"):
        checked(federation)
