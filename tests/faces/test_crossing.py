"""Logs of two parties are compared by themselves: hourly, after the end, and with patience for what is on its way."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from shangyou.adapters.state.contracts import SqlContracts
from shangyou.core.errors import UnavailableError
from shangyou.exchange.agreement import Agreement, AgreementState
from shangyou.exchange.ledger.agreeing import GRACE
from shangyou.faces.crossing import AGAIN, ENDED, EVERY, LOOK, MOST, Crossing, crossing
from shangyou.faces.keeping import keeping
from shangyou.faces.work import meeting
from shangyou.flows.ledger import record
from tests.fakes.exchange_basin import Basin, basin
from tests.fakes.exchange_peers import Fate, Journey

PARTIES = ("sichuan", "chongqing")
ID = "urn:uuid:00000000-0000-4000-8000-000000000001"
ASKED = "/witness/log/entries"


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Basin]:
    with basin(tmp_path, PARTIES, threshold=2) as found:
        yield found


def agreed(basin: Basin, id: str = ID) -> Agreement:
    """An agreement that both ends keep and have written down."""
    agreement = Agreement(
        id, "sichuan", "chongqing", "sichuan/tuojiang", {}, basin.clock.ms(), changed=basin.clock.ms()
    )
    for each in PARTIES:
        SqlContracts(basin[each].node.database).put(agreement)
        written(basin, each, "agreement", "ab", id)
    return agreement


def written(basin: Basin, at: str, kind: str, transaction: str, id: str = ID) -> None:
    facts = {"agreement": id, "provider": "sichuan", "consumer": "chongqing", "transaction": transaction}
    record(basin[at].node.ledger, kind, facts, basin.clock.ms())
    keeping(basin[at].node).keeper.now(basin.clock.ms())


def crossed(basin: Basin, ahead: int = 0) -> int:
    """Time goes on, and what is due at the consumer is done; how much that was."""
    basin.clock.advance(seconds=ahead / 1000)
    work = mine(basin).due(basin.clock.ms())
    for each in work:
        each()
    return len(work)


def mine(basin: Basin) -> Crossing:
    return crossing(basin["chongqing"])


def alarms(basin: Basin) -> list[str]:
    return [alarm.code for alarm in basin["chongqing"].node.ledger.shelf.alarms()]


def test_an_active_agreement_is_compared_at_once_and_then_hourly(pair: Basin) -> None:
    agreed(pair)
    assert crossed(pair) == 1
    assert crossed(pair, AGAIN) == 0
    assert crossed(pair, EVERY - AGAIN) == 1
    assert alarms(pair) == []


def test_an_agreement_that_is_over_is_compared_once_more_when_all_of_it_is_written(pair: Basin) -> None:
    agreement = agreed(pair)
    assert crossed(pair) == 1
    pair.clock.advance(hours=1)
    over = replace(agreement, state=AgreementState.REVOKED, changed=pair.clock.ms())
    SqlContracts(pair["chongqing"].node.database).put(over)
    assert crossed(pair, GRACE - 1) == 0
    assert crossed(pair, LOOK) == 1
    assert crossed(pair, EVERY) == 0


def test_what_was_over_long_ago_is_left_in_peace(pair: Basin) -> None:
    over = replace(agreed(pair), state=AgreementState.ENDED)
    SqlContracts(pair["chongqing"].node.database).put(over)
    assert crossed(pair, ENDED + GRACE) == 0


def test_a_difference_is_an_alarm_only_if_it_stays(pair: Basin) -> None:
    agreed(pair)
    written(pair, "sichuan", "transfer", "cd")
    assert crossed(pair, GRACE + 1) == 1
    assert alarms(pair) == []
    assert crossed(pair, AGAIN) == 1
    assert alarms(pair) == ["ledger.disagree"]
    assert crossed(pair, EVERY) == 1
    assert alarms(pair) == ["ledger.disagree"]


def test_an_act_whose_letter_was_late_is_no_alarm(pair: Basin) -> None:
    agreed(pair)
    written(pair, "sichuan", "transfer", "cd")
    assert crossed(pair, GRACE + 1) == 1
    written(pair, "chongqing", "transfer", "cd")
    assert crossed(pair, AGAIN) == 1
    assert alarms(pair) == []


def test_a_line_that_was_down_between_two_looks_gives_the_letter_its_time_again(pair: Basin) -> None:
    agreed(pair)
    written(pair, "sichuan", "transfer", "cd")
    assert crossed(pair, GRACE + 1) == 1
    pair.network.cut()
    with pytest.raises(UnavailableError, match=r"peer\.unreachable"):
        crossed(pair, AGAIN)
    pair.network.heal()
    assert crossed(pair, AGAIN) == 1
    assert alarms(pair) == []


def test_a_peer_that_is_away_is_asked_again_after_a_while(pair: Basin) -> None:
    agreed(pair)
    pair.network.cut()
    with pytest.raises(UnavailableError):
        crossed(pair)
    pair.network.heal()
    assert crossed(pair, LOOK) == 0
    assert crossed(pair, AGAIN) == 1


def test_many_agreements_are_compared_in_turns(pair: Basin) -> None:
    for number in range(MOST + 3):
        SqlContracts(pair["chongqing"].node.database).put(
            Agreement(f"urn:uuid:{number}", "sichuan", "chongqing", "sichuan/tuojiang", {}, pair.clock.ms())
        )
    assert [crossed(pair), crossed(pair, LOOK), crossed(pair, LOOK)] == [MOST, 3, 0]


def test_a_serving_node_compares_by_itself(pair: Basin) -> None:
    agreed(pair)
    asked = threading.Event()

    def seen(journey: Journey) -> Fate:
        if journey.path.startswith(ASKED):
            asked.set()
        return Fate.DELIVER

    pair.network.fate = seen
    thread = meeting(pair["chongqing"].node)
    thread.start()
    try:
        assert asked.wait(20)
    finally:
        thread.stop()
        thread.join()
    assert thread.trouble() == ""
