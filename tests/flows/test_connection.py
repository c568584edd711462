from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from shangyou.core.errors import UnavailableError
from shangyou.exchange.member import Standing
from shangyou.exchange.ports import Answer
from shangyou.faces.sentences import sentence
from shangyou.flows import federation
from shangyou.flows.connection import REASONS, Finding, check_member, check_self
from tests.fakes.exchange_basin import Basin, basin
from tests.fakes.exchange_peers import Journey


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Basin]:
    with basin(tmp_path, ("ministry", "sichuan"), threshold=2) as found:
        yield found


def checked(found: Basin, program: str = "0.1.0") -> Finding:
    ministry = found["ministry"]
    return check_member(ministry.trust, ministry.peers, ministry.trust.member("sichuan"), program, ministry.now)


def test_a_good_connection_is_good(two: Basin) -> None:
    assert (checked(two).code, checked(two).good) == ("check.good", True)
    assert [each.code for each in check_self(two["ministry"].trust, two.clock.ms())] == ["check.own_good"]


@pytest.mark.parametrize("reason", REASONS)
def test_each_way_of_not_being_there_has_its_own_sentence(two: Basin, reason: str) -> None:
    def gone(journey: Journey) -> Answer:
        raise UnavailableError("peer.unreachable", member="sichuan", address="", reason=reason, detail="")

    two.network.place_handler("sichuan", gone)
    found = checked(two)
    assert (found.code, found.good) == (f"check.{reason}", False)
    for language in ("zh", "en"):
        said = sentence(found.code, found.facts, language)
        assert said.remedy
        assert "?" not in said.text


@pytest.mark.parametrize("minutes", [-10, -1, 1, 10])
def test_a_wrong_clock_is_named_with_its_error(two: Basin, minutes: int) -> None:
    two.clocks["sichuan"].offset = timedelta(minutes=minutes)
    found = checked(two)
    assert (found.code, found.facts["seconds"]) == ("check.clock", minutes * 60)


def test_something_else_at_the_address_is_told(two: Basin) -> None:
    two.network.place_handler("sichuan", lambda _: Answer(200, "text/html", b"<html>welcome"))
    assert checked(two).code == "check.program"


def test_another_version_of_the_programme_is_told_and_no_fault(two: Basin) -> None:
    assert (checked(two, "0.2.0").code, checked(two, "0.2.0").good) == ("check.version", True)
    assert checked(two, "0.1.9").code == "check.good"


def test_lists_of_two_versions_are_told(two: Basin) -> None:
    outcome = federation.renew(two["ministry"].trust, two.clock.ms())
    federation.take_draft(
        two["sichuan"].trust, federation.find_draft(two["ministry"].trust, outcome.digest).sealed, two.clock.ms()
    )
    federation.sign(two["sichuan"].trust, outcome.digest, two.clock.ms())
    assert checked(two).code == "check.list_version"


def test_a_key_that_the_other_does_not_know_is_told(two: Basin) -> None:
    def deaf(journey: Journey) -> Answer:
        if journey.path.endswith("version"):
            return Answer(200, "text/plain", b"1")
        return Answer(401, "application/problem+json", b'{"facts": {}}', {"x-shangyou-code": "token.key"})

    two.network.place_handler("sichuan", deaf)
    assert checked(two).code == "check.key"


def test_the_nodes_own_troubles_come_first(two: Basin) -> None:
    trust = two["ministry"].trust
    assert check_self(trust, two.clock.ms() + 22 * 86_400_000)[0].code == "check.list_warn"
    assert check_self(trust, two.clock.ms() + 28 * 86_400_000)[0].code == "check.list_existing"
    assert check_self(trust, two.clock.ms() + 31 * 86_400_000)[0].code == "check.list_stop"
    trust.keys.remove(trust.member("ministry").keys[0].kid)
    assert check_self(trust, two.clock.ms())[0].code == "check.own_key"


def test_a_suspended_member_is_told_as_such(two: Basin) -> None:
    at = two.clock.ms()
    outcome = federation.set_standing(two["ministry"].trust, "sichuan", Standing.SUSPENDED, "试验", at)
    two["ministry"].hand_on(outcome)
    two["sichuan"].hand_on(federation.sign(two["sichuan"].trust, outcome.digest, at))
    assert checked(two).code == "check.standing"
    assert check_self(two["sichuan"].trust, at)[0].code == "check.standing"
