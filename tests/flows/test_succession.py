"""A node that lost a part of its log goes on under a new name: with most of its witnesses, before all eyes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.core.errors import ConflictError, InputError, NotFoundError, RefusedError, ShangyouError, UnavailableError
from shangyou.exchange.ledger.entry import Entry, parse_entry
from shangyou.exchange.ledger.log import Alarm
from shangyou.exchange.ledger.proof import parse_proof, prove
from shangyou.exchange.ledger.succession import Opening, behind, newest_origin
from shangyou.flows import ledger
from shangyou.flows.succession import hear_opening, reopen
from shangyou.flows.witness import compare, cross_check
from tests.fakes.exchange_ledgers import FakeFederation
from tests.fakes.exchange_log import FakeLog, signed

NOW = 1_700_000_000_000
SHARED = {"agreement": "urn:uuid:1", "provider": "sichuan", "consumer": "yunnan", "transaction": "a"}


def keeper(federation: FakeFederation, name: str = "sichuan") -> ledger.Keeper:
    log = federation.logs[name]
    signer = federation.signers[name]
    return ledger.Keeper(log, log.shelf, federation.members[name], federation.peers(name), lambda: signer)


def restored(grown: int = 0) -> FakeFederation:
    """Sichuan had nine acts sealed by all and is an old copy of five, all of them sealed, which wrote `grown` since."""
    federation = FakeFederation()
    log = federation.logs["sichuan"]
    acts = [Entry("agreement", SHARED, 0), *(Entry("decision", {"n": n}, n) for n in range(8))]
    ledger.record_all(log, acts[:5])
    keeper(federation).now(NOW)
    old = FakeLog()
    old.append(log.entries(0, 5))
    sealed = log.shelf.sealed()
    assert sealed is not None
    old.shelf.put_checkpoint(sealed)
    old.shelf.put_sealed(sealed)
    ledger.record_all(log, acts[5:])
    keeper(federation).now(NOW)
    federation.logs["sichuan"] = old
    ledger.record_all(old, [Entry("notice", {"new": n}, NOW) for n in range(grown)])
    return federation


def declared(federation: FakeFederation, reason: str = "backup", name: str = "sichuan") -> Opening:
    log, signer = federation.logs[name], federation.signers[name]
    return reopen(log, log.shelf, federation.members[name], federation.peers(name), signer, reason, "hmac", NOW)


def compared(federation: FakeFederation, me: str) -> list[Alarm]:
    log = federation.logs[me]
    return compare(log, log.shelf, federation.members[me], federation.peers(me), NOW)


@pytest.mark.parametrize("grown", [0, 3, 20])
def test_a_log_that_goes_on_under_a_new_name_is_sealed_again(grown: int) -> None:
    federation = restored(grown)
    before = keeper(federation).now(NOW)
    assert before is not None
    assert (before.cosigned, before.sealed) == (0 if grown else 6, not grown)
    opening = declared(federation)
    assert (opening.log, opening.before.size, opening.kept) == ("sichuan.shangyou/ledger/2", 9, 5)
    after = keeper(federation).now(NOW)
    assert after is not None
    assert (after.checkpoint.origin, after.cosigned, after.sealed) == ("sichuan.shangyou/ledger/2", 6, True)
    ledger.record(federation.logs["sichuan"], "notice", {}, NOW)
    again = keeper(federation).now(NOW)
    assert again is not None
    assert again.sealed


def test_every_member_is_told_and_nobody_is_accused_any_more() -> None:
    federation = restored(2)
    federation.down = {"yunnan"}
    declared(federation)
    keeper(federation).now(NOW)
    federation.down = set()
    for name in federation.logs:
        compared(federation, name)
        log = federation.logs[name]
        [alarm] = [each for each in log.shelf.alarms() if each.code.startswith("ledger.reopened")]
        assert alarm.code == "ledger.reopened_backup"
        facts = {"name": "sichuan.shangyou/ledger/2", "before": "sichuan.shangyou/ledger", "size": 9, "kept": 5}
        assert {name: alarm.facts[name] for name in facts} == facts
        assert b"ledger.reopened_backup" in b"".join(log.entries(0, log.size()))
        assert compared(federation, name) == []


def test_a_member_that_heard_of_it_from_nobody_learns_it_when_it_compares() -> None:
    federation = restored(2)
    declared(federation)
    [alarm] = compared(federation, "yunnan")
    assert (alarm.code, alarm.facts["seen"]) == ("ledger.reopened_backup", 9)
    assert compared(federation, "yunnan") == []


def test_a_log_that_is_whole_does_not_go_on_under_another_name() -> None:
    federation = FakeFederation()
    with pytest.raises(ConflictError, match=r"ledger\.whole"):
        declared(federation)
    ledger.record(federation.logs["sichuan"], "admin", {}, NOW)
    keeper(federation).now(NOW)
    ledger.record(federation.logs["sichuan"], "admin", {}, NOW)
    with pytest.raises(ConflictError, match=r"ledger\.whole"):
        declared(federation)


@pytest.mark.parametrize(("down", "enough"), [(2, True), (3, False)])
def test_more_than_half_of_the_witnesses_must_answer(down: int, enough: bool) -> None:
    federation = restored(1)
    federation.down = set(list(federation.logs)[-down:])
    if enough:
        assert declared(federation).before.size == 9
    else:
        with pytest.raises(UnavailableError, match=r"ledger\.reopen_away") as told:
            declared(federation)
        assert told.value.facts == {"answered": 3, "needed": 4}


def test_a_reason_is_one_of_three() -> None:
    with pytest.raises(InputError, match=r"ledger\.reason"):
        declared(restored(1), "because")


def test_what_is_left_is_found_and_proved_as_before_and_what_is_lost_is_shown() -> None:
    federation = restored(1)
    for name, facts in (("yunnan", SHARED), ("yunnan", SHARED | {"transaction": "lost"})):
        ledger.record(federation.logs[name], "agreement", facts, 0)
    keeper(federation, "yunnan").now(NOW)
    declared(federation)
    keeper(federation).now(NOW)
    log, members = federation.logs["sichuan"], federation.members["yunnan"]
    proof = ledger.prove(log, log.shelf, 0)
    origin = proof.checkpoint.origin
    assert parse_entry(proof.entry).facts == SHARED
    assert len(prove(parse_proof(proof.text().encode()), ledger.policy(members, origin)).witnesses) == 6
    other = federation.logs["yunnan"]
    differ = cross_check(other, other.shelf, members, federation.peers("yunnan"), "sichuan", "urn:uuid:1", NOW)
    assert [each.transaction for each in differ] == ["lost"]


def test_a_backup_from_before_the_first_time_goes_on_as_a_third() -> None:
    federation = restored(1)
    old = FakeLog()
    old.append(federation.logs["sichuan"].entries(0, 3))
    declared(federation)
    keeper(federation).now(NOW)
    federation.logs["sichuan"] = old
    again = keeper(federation).now(NOW)
    assert again is not None
    assert {each.code for each in again.asked} == {"ledger.closed"}
    opening = declared(federation, "copy")
    assert (opening.log, opening.before.origin) == ("sichuan.shangyou/ledger/3", "sichuan.shangyou/ledger/2")
    found = keeper(federation).now(NOW)
    assert found is not None
    assert found.cosigned == 6
    codes = {each.code for each in federation.logs["yunnan"].shelf.alarms()}
    assert codes == {"ledger.reopened_backup", "ledger.reopened_copy"}


def test_a_log_that_is_behind_is_told_of_once_and_not_with_each_act() -> None:
    federation = restored(1)
    log = federation.logs["sichuan"]
    for _ in range(5):
        keeper(federation).now(NOW)
    assert len([each for each in log.shelf.alarms() if each.code == "ledger.rollback"]) == 6
    assert behind(log.shelf, "sichuan.shangyou/ledger") == 9
    declared(federation)
    assert behind(log.shelf, newest_origin(log.shelf, "sichuan", "sha256")) == 0


def test_a_log_that_grew_past_what_was_seen_with_another_past_learns_it_too() -> None:
    federation = restored(7)
    found = keeper(federation).now(NOW)
    assert found is not None
    assert {each.code for each in found.asked} == {"ledger.inconsistent"}
    shelf = federation.logs["sichuan"].shelf
    assert behind(shelf, "sichuan.shangyou/ledger") == 9


def heard(federation: FakeFederation, text: str, me: str = "yunnan") -> Alarm | None:
    log = federation.logs[me]
    return hear_opening(log, log.shelf, federation.members[me], text, NOW)


def opened(federation: FakeFederation) -> str:
    declared(federation)
    return federation.logs["sichuan"].shelf.openings()["sichuan.shangyou/ledger/2"]


def test_a_beginning_that_was_changed_or_signed_by_others_is_refused() -> None:
    federation = restored(1)
    text = opened(federation)
    proof = parse_proof(text.encode())
    entry = parse_entry(proof.entry)
    forged = replace(proof, entry=Entry("notice", {**entry.facts, "kept": 0}, entry.at).bytes())
    with pytest.raises(RefusedError, match=r"ledger\.not_included"):
        heard(federation, forged.text())
    stranger = signed([b"x"], "yunnan", federation.signers["yunnan"]).signatures[0]
    with pytest.raises(RefusedError, match=r"ledger\.unsigned"):
        heard(federation, replace(proof, note=replace(proof.note, signatures=(stranger,))).text())
    with pytest.raises(InputError, match=r"ledger\.opening"):
        heard(federation, replace(proof, entry=Entry("notice", {**entry.facts, "reason": "x"}, 0).bytes()).text())
    with pytest.raises(NotFoundError, match=r"ledger\.origin"):
        heard(federation, text, "sichuan")
    assert federation.logs["yunnan"].shelf.alarms() == []
    assert heard(federation, text) is not None
    assert heard(federation, text) is None


def test_a_log_begins_once() -> None:
    one, other = restored(1), restored(2)
    first, second = opened(one), opened(other)
    assert heard(one, first) is not None
    with pytest.raises(ConflictError, match=r"ledger\.opened"):
        heard(one, second)


def test_a_log_must_hold_what_it_began_with() -> None:
    one, other = restored(4), restored(1)
    assert heard(one, opened(other), "ministry") is not None
    one.down = {"ministry"}
    declared(one)
    one.down = set()
    found = keeper(one).now(NOW)
    assert found is not None
    assert {each.member: each.code for each in found.asked if not each.time} == {"ministry": "ledger.inconsistent"}


@given(st.text(max_size=300) | st.binary(max_size=300).map(lambda data: data.decode("latin-1")), st.integers(0, 400))
def test_no_text_does_more_than_be_refused(text: str, cut: int) -> None:
    federation = FakeFederation()
    whole = "c2sp.org/tlog-proof@v1\nextra e30=\nindex 0\n\nsichuan.shangyou/ledger/2\n1\n\n— x AAAA\n"
    for given_text in (text, whole[:cut] + text + whole[cut:]):
        with pytest.raises(ShangyouError):
            heard(federation, given_text)
    assert federation.logs["yunnan"].size() == 0
