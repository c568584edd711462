"""Acts, checkpoints and seals, over logs in memory."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shangyou.core.errors import ConflictError, InputError, NotFoundError, RefusedError, UnavailableError
from shangyou.exchange.ledger.checkpoint import parse_checkpoint
from shangyou.exchange.ledger.entry import Entry, parse_entry
from shangyou.exchange.ledger.log import Kept
from shangyou.exchange.ledger.proof import parse_proof, prove
from shangyou.exchange.ledger.trusting import parse_trust
from shangyou.exchange.member import Role, Standing
from shangyou.exchange.ports import Answer
from shangyou.flows import ledger
from tests.fakes.exchange_ledgers import FakeFederation
from tests.fakes.exchange_log import FakeLog, signed

NOW = 1_700_000_000_000


def keeper(federation: FakeFederation, name: str = "sichuan") -> ledger.Keeper:
    log = federation.logs[name]
    signer = federation.signers[name]
    return ledger.Keeper(log, log.shelf, federation.members[name], federation.peers(name), lambda: signer)


def filled(acts: int = 5) -> FakeFederation:
    federation = FakeFederation()
    ledger.record_all(federation.logs["sichuan"], [Entry("decision", {"n": n}, n) for n in range(acts)])
    return federation


def test_an_act_is_written_down_with_its_kind_facts_and_time() -> None:
    log = FakeLog()
    assert ledger.record(log, "admin", {"deed": "a"}, 7) == 0
    assert ledger.record(log, "notice", {}, 8) == 1
    assert [parse_entry(leaf) for leaf in log.entries(0, 2)] == [
        Entry("admin", {"deed": "a"}, 7),
        Entry("notice", {}, 8),
    ]
    with pytest.raises(InputError, match=r"ledger\.entry"):
        ledger.record(log, "gossip", {}, 9)


def test_all_six_witnesses_seal_a_checkpoint() -> None:
    federation = filled()
    found = keeper(federation).turn(NOW)
    assert found is not None
    assert (found.cosigned, found.needed, found.sealed) == (6, 4, True)
    assert {each.time for each in found.asked} == {NOW // 1000}


@pytest.mark.parametrize(("down", "sealed"), [(2, True), (3, False)])
def test_two_of_six_may_be_down_and_three_may_not(down: int, sealed: bool) -> None:
    federation = filled()
    federation.down = set(list(federation.logs)[-down:])
    found = keeper(federation).turn(NOW)
    assert found is not None
    assert (found.cosigned, found.sealed) == (6 - down, sealed)
    assert {each.code for each in found.asked if not each.time} == {"peer.unreachable"}
    assert (federation.logs["sichuan"].shelf.sealed() is not None) == sealed


def test_a_witness_that_was_down_cosigns_later_and_only_it_is_asked_again() -> None:
    federation = filled()
    federation.down = {"yunnan", "xizang", "qinghai"}
    sichuan = keeper(federation)
    sichuan.turn(NOW)
    federation.down, federation.asked = {"xizang"}, []
    assert sichuan.turn(NOW + ledger.AGAIN - 1) is None
    found = sichuan.turn(NOW + ledger.AGAIN)
    assert found is not None
    assert (found.cosigned, found.sealed) == (5, True)
    assert {member for _, member, _ in federation.asked} == {"yunnan", "xizang", "qinghai"}


def test_a_checkpoint_comes_after_ten_seconds_or_a_thousand_acts_and_never_for_nothing() -> None:
    federation = filled()
    sichuan, log = keeper(federation), federation.logs["sichuan"]
    assert sichuan.turn(NOW) is not None
    assert not sichuan.due(NOW + 10**9)
    ledger.record(log, "notice", {}, NOW)
    assert not sichuan.due(NOW + 1)  # the act is seen
    assert not sichuan.due(NOW + ledger.EVERY)
    assert sichuan.due(NOW + 1 + ledger.EVERY)
    ledger.record_all(log, [Entry("notice", {}, NOW)] * (ledger.LEAVES - 1))
    assert sichuan.due(NOW + 2)
    found = sichuan.turn(NOW + 2)
    assert found is not None
    assert found.checkpoint.size == 5 + ledger.LEAVES
    assert sichuan.turn(NOW + 10**9) is None


def test_a_witness_that_remembers_another_size_is_asked_from_there() -> None:
    federation = filled()
    keeper(federation).turn(NOW)
    ledger.record(federation.logs["sichuan"], "notice", {}, NOW)
    federation.asked = []
    found = keeper(federation).now(NOW)  # a process that was started anew remembers no sizes
    assert found is not None
    assert (found.cosigned, len(federation.asked)) == (6, 12)


def test_a_node_that_went_back_in_time_learns_it_from_its_witnesses() -> None:
    federation = filled(9)
    keeper(federation).turn(NOW)
    old = FakeLog()
    old.append(federation.logs["sichuan"].entries(0, 5))
    federation.logs["sichuan"] = old
    found = keeper(federation).turn(NOW)
    assert found is not None
    assert (found.cosigned, {each.code for each in found.asked}) == (0, {"ledger.rollback"})
    assert [alarm.code for alarm in old.shelf.alarms()] == ["ledger.rollback"] * 6
    assert parse_entry(old.entries(5, 6)[0]).kind == "alarm"


def test_a_log_that_lost_what_it_signed_signs_nothing_more() -> None:
    federation = filled()
    log, other = federation.logs["sichuan"], FakeLog()
    log.shelf.put_checkpoint(Kept(signed([b"other"] * 5, "sichuan", federation.signers["sichuan"]), NOW))
    with pytest.raises(UnavailableError, match=r"ledger\.damaged"):
        keeper(federation).now(NOW)
    assert ledger.sealing(other.shelf, federation.members["sichuan"]) is None


@pytest.mark.parametrize(
    "lie",
    [
        Answer(200, "text/plain", b""),
        Answer(200, "text/plain", b"\xff" * 99),
        Answer(200, "text/plain", "— xizang.shangyou/witness AAAAAAAAAAAAAAAA\n".encode()),
        Answer(200, "text/plain", b"x" * 100_000),
        Answer(409, "text/x.tlog.size", b"many\n"),
        Answer(500, "text/plain", b""),
    ],
)
def test_a_witness_that_answers_nonsense_counts_as_none(lie: Answer) -> None:
    federation = filled()
    federation.lies["xizang"] = lambda *_: lie
    found = keeper(federation).turn(NOW)
    assert found is not None
    assert (found.cosigned, found.sealed) == (5, True)


def test_who_is_no_witness_or_suspended_is_not_asked() -> None:
    federation = filled()
    listed = federation.listed
    listed[2], listed[3] = replace(listed[2], roles=(Role.AUDITOR,)), replace(listed[3], standing=Standing.SUSPENDED)
    found = keeper(federation).turn(NOW)
    assert found is not None
    assert (len(found.asked), found.needed) == (4, 3)
    assert listed[2].id not in {member for _, member, _ in federation.asked}


def test_a_lone_log_signs_its_checkpoints_without_witnesses() -> None:
    federation = FakeFederation(("sichuan",))
    ledger.record(federation.logs["sichuan"], "admin", {}, NOW)
    found = keeper(federation).turn(NOW)
    assert found is not None
    assert (found.asked, found.needed, found.sealed) == ((), 0, True)


def test_a_proof_is_of_the_newest_sealed_checkpoint_that_holds_the_entry() -> None:
    federation = filled()
    log, sichuan = federation.logs["sichuan"], keeper(federation)
    sichuan.turn(NOW)
    ledger.record(log, "notice", {}, NOW)
    with pytest.raises(ConflictError, match=r"ledger\.pending"):
        ledger.prove(log, log.shelf, 5)
    with pytest.raises(NotFoundError, match=r"ledger\.index"):
        ledger.prove(log, log.shelf, 6)
    federation.down = set(federation.logs)
    sichuan.now(NOW)
    sizes = [parse_checkpoint(ledger.prove(log, log.shelf, index).note.text).size for index in (3, 5)]
    assert sizes == [5, 6]
    trust = parse_trust(ledger.policy(federation.members["yunnan"], "sichuan.shangyou/ledger").text())
    assert len(prove(parse_proof(ledger.prove(log, log.shelf, 3).text().encode()), trust).witnesses) == 6
    with pytest.raises(RefusedError, match=r"ledger\.quorum"):
        prove(ledger.prove(log, log.shelf, 5), trust)
