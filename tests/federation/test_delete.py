"""The duty to delete is done by the consumer's node itself, in time, for good, and told to the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shangyou.core.ports import Selection
from shangyou.exchange.ledger.entry import Entry, parse_entry
from shangyou.exchange.metering import Passage
from shangyou.faces.moving import LOOK
from shangyou.flows import subscribe
from shangyou.flows.delete import delete_due, due_at
from tests.fakes.exchange_basin import basin
from tests.fakes.exchange_lots import USE, Two, two

DAY = 86_400_000
LIMIT = [{"leftOperand": "elapsedTime", "operator": "lteq", "rightOperand": "P3D"}]
BOUND = {**USE, "obligation": [{"action": "delete", "constraint": LIMIT}]}


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Two]:
    with basin(tmp_path, ("sichuan", "chongqing"), threshold=1) as found:
        yield two(found)


def pulled(pair: Two, policy: Any) -> Passage:
    passage = pair.start(pair.agree(policy))
    return pair.taking.move(passage.id)


def due_of(pair: Two, passage: Passage) -> int | None:
    return due_at(pair.taking.taking.contracts, pair.taking.taking.store, passage)


def held(pair: Two, **selected: Any) -> int:
    return pair.consumer.node.store.select(Selection(**selected)).num_rows  # type: ignore[no-any-return]


def erasures(pair: Two) -> list[Entry]:
    log = pair.consumer.node.ledger
    return [entry for entry in map(parse_entry, log.entries(0, log.size())) if entry.kind == "erasure"]


def test_what_came_is_deleted_when_its_time_is_over_and_not_a_day_before(pair: Two) -> None:
    pair.fill(3)
    passage = pulled(pair, BOUND)
    due = due_of(pair, passage)
    assert due == pair.basin.clock.ms() + 3 * DAY
    pair.basin.clock.advance(days=2)
    assert delete_due(pair.taking.taking) == 0
    assert held(pair) == 12
    pair.basin.clock.advance(days=1)
    assert delete_due(pair.taking.taking) == 12
    assert held(pair) == held(pair, versions=True) == held(pair, as_of=passage.changed) == 0
    assert pair.consumer.node.store.latest().num_rows == pair.consumer.node.store.size().observations == 0
    assert due_of(pair, passage) is None


def test_what_came_without_the_duty_and_what_is_the_owners_stays(pair: Two) -> None:
    pair.fill(2)
    pulled(pair, USE)
    pair.fill(3, start=2)
    pulled(pair, BOUND)  # of which eight rows are here by the other agreement
    pair.basin.clock.advance(days=4)
    assert delete_due(pair.taking.taking) == 12
    assert held(pair) == 8
    assert pair.provider.node.store.size().observations == 20


def test_the_ledger_says_once_what_was_deleted_under_which_agreement(pair: Two) -> None:
    pair.fill(3)
    passage = pulled(pair, BOUND)
    pair.basin.clock.advance(days=3)
    for _ in range(2):
        delete_due(pair.taking.taking)
    [entry] = erasures(pair)
    assert (entry.facts["agreement"], entry.facts["rows"]) == (passage.agreement, 12)


def test_a_feed_forgets_row_by_row_and_goes_on(pair: Two) -> None:
    pair.fill(2)
    feed = pair.start(pair.agree(BOUND), "Arrow-FEED", {"backfill": True})

    def follow() -> None:
        while subscribe.turn(pair.taking.taking, feed).more:
            pass

    follow()
    pair.basin.clock.advance(days=2)
    pair.fill(1, start=2)
    follow()
    pair.basin.clock.advance(days=1)
    assert delete_due(pair.taking.taking) == 8
    assert held(pair) == 4
    assert due_of(pair, pair.consumer_end(feed.id)) == pair.basin.clock.ms() + 2 * DAY
    pair.fill(1, start=3)
    follow()
    assert held(pair) == 8


def test_a_new_agreement_brings_what_was_deleted_again(pair: Two) -> None:
    pair.fill(3)
    pulled(pair, BOUND)
    before = pair.consumer.node.store.select(Selection()).column("value").to_pylist()
    pair.basin.clock.advance(days=3)
    delete_due(pair.taking.taking)
    pulled(pair, USE)
    assert pair.consumer.node.store.select(Selection()).column("value").to_pylist() == before
    pair.basin.clock.advance(days=6)
    assert delete_due(pair.taking.taking) == 0
    assert held(pair) == 12


def test_a_serving_node_looks_by_itself(pair: Two) -> None:
    pair.fill(3)
    pulled(pair, BOUND)
    pair.basin.clock.advance(days=3)
    pair.taking.turn()
    pair.taking.pool.shutdown(wait=True)
    assert held(pair) == 0
    assert pair.taking.looked == pair.basin.clock.ms()
    assert LOOK < DAY
