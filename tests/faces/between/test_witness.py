"""The ledger between real nodes: seven logs seal each other over signed requests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from shangyou.exchange.ledger.checkpoint import origin_of, place_of, read_checkpoint
from shangyou.exchange.ledger.entry import parse_entry
from shangyou.exchange.ledger.proof import parse_proof, prove
from shangyou.exchange.ledger.trusting import parse_trust
from shangyou.faces.keeping import Keeping, keeping, turn
from shangyou.flows import ledger
from shangyou.flows.witness import cross_check
from shangyou.wiring import Made
from tests.fakes.exchange_basin import SEVEN, Basin, basin

AGREED = {"agreement": "urn:uuid:1", "provider": "sichuan", "consumer": "ministry", "transaction": "ab"}


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Basin]:
    """Seven nodes for all tests of this module; each test leaves the network whole."""
    with basin(tmp_path_factory.mktemp("basin"), SEVEN, {"yunnan": "gm"}) as found:
        yield found


@pytest.fixture
def seven(founded: Basin) -> Iterator[Basin]:
    yield founded
    founded.network.heal()


def kept(basin: Basin, id: str) -> Keeping:
    return keeping(basin[id].node)


def test_six_members_of_both_suites_seal_a_log_and_its_proof_needs_nobody(seven: Basin) -> None:
    log, now = seven["sichuan"].node.ledger, seven.clock.ms()
    index = ledger.record(log, "decision", {"about": "岷江"}, now)
    found = kept(seven, "sichuan").keeper.now(now)
    assert found is not None
    assert (found.cosigned, found.needed, [each.code for each in found.asked if each.code]) == (6, 4, [])
    proof = parse_proof(ledger.prove(log, log.shelf, index).text().encode())
    trust = parse_trust(ledger.policy(seven["guizhou"].members, "sichuan.shangyou/ledger").text())
    assert len(prove(proof, trust).witnesses) == 6
    assert parse_entry(proof.entry).facts == {"about": "岷江"}


def test_two_nodes_cut_off_do_not_stop_the_seal_and_cosign_after_healing(seven: Basin) -> None:
    away = frozenset({"xizang", "qinghai"})
    seven.network.cut(away, frozenset(SEVEN) - away)
    ledger.record(seven["sichuan"].node.ledger, "notice", {}, seven.clock.ms())
    found = kept(seven, "sichuan").keeper.now(seven.clock.ms())
    assert found is not None
    assert (found.cosigned, found.sealed) == (4, True)
    seven.network.heal()
    seven.clock.advance(seconds=11)
    turn(seven["sichuan"].node)
    again = ledger.sealing(seven["sichuan"].node.ledger.shelf, seven["sichuan"].members)
    assert again is not None
    assert again.cosigned == 6


def test_what_was_cosigned_can_be_had_by_the_digest_of_the_log(seven: Basin) -> None:
    ledger.record(seven["chongqing"].node.ledger, "notice", {}, seven.clock.ms())
    kept(seven, "chongqing").keeper.now(seven.clock.ms())
    place = place_of(origin_of("chongqing"))
    answer = seven["guizhou"].peers.call("ministry", "GET", f"/witness/{place}/checkpoint")
    own = seven["guizhou"].peers.call("chongqing", "GET", "/witness/log/checkpoint")
    assert (answer.status, own.status) == (200, 200)
    assert read_checkpoint(answer.body)[1] == read_checkpoint(own.body)[1]
    missing = seven["guizhou"].peers.call("ministry", "GET", f"/witness/{place_of('nobody')}/checkpoint")
    assert (missing.status, missing.headers["x-shangyou-code"]) == (404, "ledger.origin")


def test_a_stale_request_gets_the_size_in_its_own_content_type(seven: Basin) -> None:
    log = seven["guizhou"].node.ledger
    ledger.record(log, "notice", {}, seven.clock.ms())
    kept(seven, "guizhou").keeper.now(seven.clock.ms())
    note = log.shelf.checkpoint()
    assert note is not None
    body = b"old 0\n\n" + note.note.bytes()
    answer = seven["guizhou"].peers.call("ministry", "POST", "/witness/add-checkpoint", body, "text/plain")
    assert (answer.status, answer.kind, answer.body) == (409, "text/x.tlog.size", f"{log.size()}\n".encode())


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/witness/add-checkpoint", b"nonsense", 400),
        ("/witness/add-checkpoint", b"x" * 200_000, 400),
        ("/witness/log/consistency?old=x&new=1", b"", 400),
        ("/witness/log/consistency?old=5&new=1", b"", 409),
        ("/witness/log/consistency?old=0&new=99999999", b"", 409),
        ("/witness/log/entries?agreement=urn:uuid:none", b"", 403),
    ],
)
def test_what_makes_no_sense_is_refused(seven: Basin, path: str, body: bytes, status: int) -> None:
    answer = seven["ministry"].peers.call("sichuan", "POST" if body else "GET", path, body)
    assert answer.status == status


def test_both_parties_find_that_their_logs_agree_and_a_missing_act_is_alarmed(seven: Basin) -> None:
    now = seven.clock.ms()
    for id in ("sichuan", "ministry"):
        ledger.record(seven[id].node.ledger, "agreement", AGREED, now)
        kept(seven, id).keeper.now(now)
    found = kept(seven, "ministry")
    around = found.ledger, found.ledger.shelf, found.members, found.peers, "sichuan", "urn:uuid:1"
    assert cross_check(*around, now + 10**6) == []
    ledger.record(found.ledger, "receipt", {**AGREED, "transaction": "cd"}, now)
    [differ] = cross_check(*around, now + 10**6)
    assert (differ.kind, differ.ours, differ.theirs) == ("receipt", 1, 0)
    assert [alarm.code for alarm in found.ledger.shelf.alarms()] == ["ledger.disagree"]


def test_honest_nodes_that_compare_find_nothing(seven: Basin) -> None:
    for id in seven:
        ledger.record(seven[id].node.ledger, "notice", {}, seven.clock.ms())
        kept(seven, id).keeper.now(seven.clock.ms())
    for id in seven:
        assert kept(seven, id).compare(seven.clock.ms()) == []


def test_a_node_signs_by_itself_ten_seconds_after_an_act(seven: Basin) -> None:
    node = seven["xizang"].node
    turn(node)
    ledger.record(node.ledger, "notice", {}, seven.clock.ms())
    turn(node)
    before = node.ledger.shelf.checkpoint()
    seven.clock.advance(seconds=10)
    turn(node)
    after = node.ledger.shelf.checkpoint()
    assert before is not None
    assert after is not None
    assert read_checkpoint(after.note.bytes())[1].size == node.ledger.size()
    assert after.at > before.at


def test_a_lone_node_has_its_own_name_and_gets_another_when_it_joins(seven: Basin) -> None:
    node = seven["qinghai"].node
    alone = replace(node, settings=replace(node.settings, home=node.settings.home.parent / "lone"), made=Made())
    (node.settings.home.parent / "lone" / "ledger").mkdir(parents=True, exist_ok=True)
    assert keeping(alone).members.me.startswith("node-")
    assert not keeping(alone).joined
    assert keeping(node).members.me == "qinghai"
