"""The life of a federation over a network that can fail: real nodes, one clock, one process."""

from __future__ import annotations

import contextlib
import json
import secrets
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from shangyou import wiring
from shangyou.adapters.trust import TrustFolder
from shangyou.core.errors import ConflictError, NotFoundError, RefusedError
from shangyou.exchange.keys import cosigned, encoded
from shangyou.exchange.member import Standing
from shangyou.exchange.trust.acceptance import Phase
from shangyou.exchange.trust.document import DAY
from shangyou.faces.between.access import CODE
from shangyou.flows import federation, joining
from shangyou.flows.federation import Outcome
from shangyou.settings import Settings
from tests.fakes.exchange_basin import SEVEN, Basin, basin, facts, join_network
from tests.fakes.exchange_peers import Fate, Journey

HOUR = 3_600_000


@pytest.fixture
def seven(tmp_path: Path) -> Iterator[Basin]:
    with basin(tmp_path) as found:
        yield found


def versions(found: Basin) -> set[int]:
    return {found[id].trust.trusted.version for id in found}


def pulse_all(found: Basin) -> None:
    for id in found:
        for work in found[id].due(found.clock.ms()):
            work()


def enough(found: Basin, outcome: Outcome, *signers: str) -> Outcome:
    """The change goes round, and these sign it."""
    for id in signers:
        outcome = federation.sign(found[id].trust, outcome.digest[:10], found.clock.ms())
        found[id].hand_on(outcome)
    return outcome


def suspended(found: Basin, id: str = "qinghai", standing: Standing = Standing.SUSPENDED) -> Outcome:
    outcome = federation.set_standing(found["ministry"].trust, id, standing, "试验", found.clock.ms())
    found["ministry"].hand_on(outcome)
    return enough(found, outcome, "sichuan", "chongqing")


def test_seven_homes_become_one_federation_with_keys_of_their_own(seven: Basin) -> None:
    kids = {key.kid for member in seven["ministry"].trust.members() for key in member.keys}
    assert len(kids) == 7
    assert (seven["ministry"].trust.trusted.threshold, len(seven["ministry"].trust.trusted.anchors)) == (3, 5)
    assert seven["ministry"].trust.trusted.witnesses == 4
    pulse_all(seven)
    for id in seven:
        assert {other for other, pulse in seven[id].health.items() if pulse.answered and not pulse.code} == set(
            SEVEN
        ) - {id}


def test_one_anchor_alone_changes_nothing_and_three_do(seven: Basin) -> None:
    outcome = federation.set_standing(seven["ministry"].trust, "qinghai", Standing.SUSPENDED, "试验", seven.clock.ms())
    assert outcome.lacking == 2
    assert set(seven["ministry"].hand_on(outcome).values()) == {""}
    assert versions(seven) == {1}
    assert enough(seven, outcome, "sichuan").lacking == 1
    assert enough(seven, outcome, "chongqing").lacking == 0
    assert versions(seven) == {2}
    assert [federation.drafts(seven[id].trust) for id in seven] == [[]] * 7


def test_a_node_without_an_anchor_key_cannot_sign(seven: Basin) -> None:
    outcome = federation.rotate_key(seven["qinghai"].trust, seven.clock.ms())
    assert outcome.lacking == 3
    with pytest.raises(RefusedError, match=r"federation\.no_anchor"):
        federation.sign(seven["qinghai"].trust, outcome.digest, seven.clock.ms())


def test_an_anchor_signs_one_draft_of_a_version_unless_it_is_told_to(seven: Basin) -> None:
    trust, at = seven["ministry"].trust, seven.clock.ms()
    federation.set_standing(trust, "qinghai", Standing.SUSPENDED, "一", at)
    with pytest.raises(ConflictError, match=r"federation\.signed_other"):
        federation.set_standing(trust, "xizang", Standing.SUSPENDED, "二", at)
    other = federation.set_standing(seven["sichuan"].trust, "xizang", Standing.SUSPENDED, "二", at)
    seven["sichuan"].hand_on(other)
    with pytest.raises(ConflictError, match=r"federation\.signed_other"):
        federation.sign(trust, other.digest, at)
    assert federation.sign(trust, other.digest, at, instead=True).lacking == 1


def test_a_suspended_member_is_refused_at_both_ends_and_comes_back(seven: Basin) -> None:
    suspended(seven)
    for one, other in (("sichuan", "qinghai"), ("qinghai", "sichuan")):
        with pytest.raises(RefusedError, match=r"peer\.standing"):
            seven[one].peers.call(other, "GET", "/data/x")
    back = federation.set_standing(seven["ministry"].trust, "qinghai", Standing.ACTIVE, "", seven.clock.ms())
    seven["ministry"].hand_on(back)
    enough(seven, back, "sichuan", "chongqing")
    assert seven["sichuan"].peers.call("qinghai", "GET", "/federation/pulse").status == 200
    assert versions(seven) == {3}


def test_what_is_revoked_stays_revoked(seven: Basin) -> None:
    suspended(seven, standing=Standing.REVOKED)
    with pytest.raises(ConflictError, match=r"federation\.standing"):
        federation.set_standing(seven["ministry"].trust, "qinghai", Standing.ACTIVE, "", seven.clock.ms())


def test_whoever_missed_the_news_has_it_after_one_pulse_in_either_direction(seven: Basin) -> None:
    away = frozenset({"guizhou", "yunnan"})
    seven.network.cut(away, frozenset(SEVEN) - away)
    suspended(seven)
    assert versions(seven) == {1, 2}
    seven.network.heal()
    seven.clock.advance(minutes=5)
    seven["guizhou"].feel("ministry")
    assert seven["guizhou"].trust.trusted.version == 2  # it asked
    seven["xizang"].feel("yunnan")
    assert seven["yunnan"].trust.trusted.version == 2  # it was told


def test_news_that_is_lost_doubled_or_late_ends_in_the_same_list(seven: Basin) -> None:
    fates = iter([Fate.LOSE_ANSWER, Fate.DOUBLE, Fate.DELAY, Fate.LOSE_REQUEST, Fate.DOUBLE] * 100)
    lock = threading.Lock()

    def fate(journey: Journey) -> Fate:
        with lock:
            return next(fates)

    seven.network.fate = fate
    federation_change = federation.renew(seven["ministry"].trust, seven.clock.ms())
    seven["ministry"].hand_on(federation_change)
    seven.network.heal()
    seven["ministry"].hand_on(federation_change)
    seven.network.fate = fate
    enough(seven, federation_change, "sichuan", "chongqing")
    seven.network.deliver_late()
    seven.network.heal()
    seven.clock.advance(minutes=10)
    pulse_all(seven)
    assert versions(seven) == {2}
    assert len({seven[id].trust.accepted.digest for id in seven}) == 1


def test_a_key_changes_under_traffic_and_no_request_is_refused(seven: Basin) -> None:
    """Two nodes miss the news of the new key; whoever meets them with it hands them the list first."""
    missed = frozenset({"xizang", "yunnan"})
    seven.network.fate = lambda j: Fate.LOSE_REQUEST if j.target in missed and j.method == "POST" else Fate.DELIVER
    old = seven["sichuan"].signer.kid
    outcome = federation.rotate_key(seven["sichuan"].trust, seven.clock.ms(), lead=HOUR, overlap=HOUR)
    seven["sichuan"].hand_on(outcome)
    enough(seven, outcome, "ministry", "chongqing")
    assert versions(seven) == {1, 2}
    seven.network.heal()
    used: set[str] = set()
    for _ in range(16):  # from before the change to after the end of the old key
        for other in set(SEVEN) - {"sichuan"}:
            assert seven["sichuan"].peers.call(other, "GET", "/federation/pulse").status == 200
            assert seven[other].peers.call("sichuan", "GET", "/federation/pulse").status == 200
        used.add(seven["sichuan"].signer.kid)
        seven.clock.advance(minutes=10)
    assert len(used) == 2
    assert seven["sichuan"].signer.kid != old
    assert versions(seven) == {2}


def test_an_anchor_key_is_replaced_by_old_and_new_ones(seven: Basin) -> None:
    outcome = federation.rotate_anchor(seven["ministry"].trust, seven.clock.ms())
    seven["ministry"].hand_on(outcome)
    enough(seven, outcome, "sichuan", "chongqing")
    assert versions(seven) == {2}
    enough_again = federation.renew(seven["ministry"].trust, seven.clock.ms())  # signed by its new key
    assert enough_again.lacking == 2


def test_a_list_that_nobody_renews_warns_then_holds_then_stops_and_renewal_frees_all(seven: Basin) -> None:
    def ask() -> str:
        return seven["sichuan"].peers.call("ministry", "GET", "/data/none").headers["x-shangyou-code"]

    member = seven["ministry"].trust.member("sichuan")
    assert seven["ministry"].countdown().phase is Phase.FRESH
    seven.clock.advance(days=21)
    assert seven["ministry"].countdown().phase is Phase.WARN
    seven["ministry"].need_new(member)
    seven.clock.advance(days=7)
    seven["ministry"].need_running(member)
    with pytest.raises(RefusedError, match=r"trust\.existing_only"):
        seven["ministry"].need_new(member)
    assert ask() == "between.path"
    seven.clock.advance(days=3)
    with pytest.raises(RefusedError, match=r"trust\.stopped"):
        ask()
    renewed = federation.renew(seven["ministry"].trust, seven.clock.ms())
    assert set(seven["ministry"].hand_on(renewed).values()) == {""}
    enough(seven, renewed, "sichuan", "chongqing")
    assert ask() == "between.path"
    assert versions(seven) == {2}


def test_every_member_says_with_its_own_signature_that_it_has_the_news(seven: Basin) -> None:
    told: list[tuple[str, object]] = []
    seven["chongqing"].hearers.append(lambda kind, said: told.append((kind, said.get("acknowledged"))))
    suspended(seven)
    assert {who for kind, who in told if kind == "notice"} == set(SEVEN) - {"chongqing"}


def test_a_federation_of_the_gm_suite_and_one_of_both(tmp_path: Path) -> None:
    with basin(tmp_path, ("ministry", "sichuan", "guizhou"), {"ministry": "gm", "sichuan": "gm"}) as three:
        assert three["ministry"].signer.suite == "gm"
        pulse_all(three)
        assert all(not pulse.code for id in three for pulse in three[id].health.values())
        outcome = federation.rotate_key(three["guizhou"].trust, three.clock.ms(), suite="gm", lead=0)
        three["guizhou"].hand_on(outcome)
        enough(three, outcome, "ministry", "sichuan")
        three.clock.advance(minutes=1)
        assert three["guizhou"].signer.suite == "gm"
        assert three["guizhou"].peers.call("sichuan", "GET", "/federation/pulse").status == 200


def test_two_signed_lists_of_one_version_raise_an_alarm_at_whoever_meets_both(seven: Basin) -> None:
    told: list[str] = []
    for id in ("qinghai", "xizang"):
        seven[id].hearers.append(lambda kind, said: told.append(kind) if kind == "alarm" else None)
    at, anchors = seven.clock.ms(), ("ministry", "sichuan", "chongqing")
    one = federation.set_standing(seven["ministry"].trust, "guizhou", Standing.SUSPENDED, "一", at)
    seven.network.cut(frozenset(SEVEN) - {"xizang"}, frozenset({"xizang"}))
    draft = federation.find_draft(seven["ministry"].trust, one.digest).sealed
    forged = federation.set_standing(seven["yunnan"].trust, "guizhou", Standing.SUSPENDED, "二", at)
    other = federation.find_draft(seven["yunnan"].trust, forged.digest).sealed
    keepers = [seven[id].trust.anchors.signer(seven[id].trust.anchors.kids()[0]) for id in anchors]
    for keeper in keepers:
        draft, other = cosigned(draft, keeper), cosigned(other, keeper)
    seven["qinghai"].trust.accept([draft], at)
    seven["xizang"].trust.accept([other], at)
    seven.network.heal()
    body = json.dumps({"lists": [other]}).encode()
    assert seven["xizang"].peers.call("qinghai", "POST", "/federation/list", body).headers[CODE] == "trust.fork"
    assert told == ["alarm"]
    assert seven["qinghai"].trust.accepted.digest == one.digest


# ---- joining --------------------------------------------------------------------------------------------------------


class Newcomer:
    """A node in no federation, on the network of one."""

    def __init__(self, found: Basin, folder: Path, id: str = "gansu") -> None:
        wiring.make_home(Settings(home=folder / id, hj212_port=0))
        self.found, self.id, self.home = found, id, folder / id
        self.book = TrustFolder(self.home)

    def prepare(self, bundle: dict[str, object]) -> dict[str, object]:
        return joining.prepare(self.book, bundle, facts(self.id, 50), self.found.clock.ms())

    def knock(self) -> bool:
        line = self.found.network.line(self.id)
        accepted = joining.knock(
            self.book, lambda m, path, body: line.ask(m, "POST", path, {}, body, 1.0), self.found.clock.ms()
        )
        return accepted is not None


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Basin]:
    with basin(tmp_path / "basin", ("ministry", "sichuan"), threshold=2) as found:
        yield found


def bundle_of(found: Basin, at_once: bool = False, days: int = 7) -> dict[str, object]:
    at = found.clock.ms()
    return joining.invite(found["ministry"].trust, secrets.token_bytes(32), at, at + days * DAY, at_once)


def test_a_newcomer_is_in_when_enough_anchors_have_let_it_in(two: Basin, tmp_path: Path) -> None:
    new = Newcomer(two, tmp_path)
    new.prepare(bundle_of(two))
    assert not new.knock()
    assert not new.knock()  # asked again, the same request
    outcome = joining.admit(two["ministry"].trust, "gansu", two.clock.ms())
    two["ministry"].hand_on(outcome)
    assert not new.knock()
    enough(two, outcome, "sichuan")
    assert new.knock()
    settings = Settings(home=new.home, hj212_port=0)
    with contextlib.closing(wiring.build(settings, two.clock)) as node:
        joined = join_network(node, two.network)
        assert joined.peers.call("sichuan", "GET", "/federation/pulse").status == 200
        assert two["sichuan"].peers.call("gansu", "GET", "/federation/pulse").status == 200


def test_whoever_brings_an_invitation_for_at_once_waits_for_signatures_alone(two: Basin, tmp_path: Path) -> None:
    new = Newcomer(two, tmp_path)
    new.prepare(bundle_of(two, at_once=True))
    assert not new.knock()
    [draft] = federation.drafts(two["sichuan"].trust)
    enough(two, Outcome(draft.trusted.version, draft.digest, draft.lacking), "sichuan")
    assert new.knock()


def test_a_request_may_come_as_a_file_and_the_lists_go_back_as_one(two: Basin, tmp_path: Path) -> None:
    new = Newcomer(two, tmp_path)
    request = json.loads(json.dumps(new.prepare(bundle_of(two))))
    ministry = two["ministry"].trust
    joining.receive(ministry, request, two.clock.ms())
    outcome = joining.admit(ministry, "gansu", two.clock.ms())
    two["ministry"].hand_on(outcome)
    enough(two, outcome, "sichuan")
    joining.enter(
        new.book, json.loads(json.dumps(joining.lists_for(ministry, request, two.clock.ms()))), two.clock.ms()
    )
    assert new.book.trusted.version == 2


def test_an_invitation_is_good_for_one_key_and_for_its_days(two: Basin, tmp_path: Path) -> None:
    bundle = bundle_of(two)
    first, second = Newcomer(two, tmp_path, "gansu"), Newcomer(two, tmp_path, "shaanxi")
    first.prepare(bundle)
    second.prepare(bundle)
    assert not first.knock()
    with pytest.raises(RefusedError) as refused:
        second.knock()
    assert refused.value.facts["reason"] == "federation.invitation_used"
    two.clock.advance(days=8)
    with pytest.raises(RefusedError, match=r"federation\.invitation_expired"):
        first.knock()


def test_an_invitation_that_nobody_gave_lets_nobody_in(two: Basin, tmp_path: Path) -> None:
    new = Newcomer(two, tmp_path)
    new.prepare(bundle_of(two) | {"secret": encoded(secrets.token_bytes(32))})
    with pytest.raises(RefusedError) as refused:
        new.knock()
    assert refused.value.facts["reason"] == "federation.invitation_unknown"


def test_a_newcomer_does_not_believe_another_federation_that_answers_in_its_place(two: Basin, tmp_path: Path) -> None:
    new = Newcomer(two, tmp_path)
    new.prepare(bundle_of(two))
    with basin(tmp_path / "false", ("ministry", "sichuan")) as false:
        lists = false["ministry"].trust.after(0)
    with pytest.raises(RefusedError):
        joining.enter(new.book, lists, two.clock.ms())
    with pytest.raises(NotFoundError):
        assert new.book.trusted
