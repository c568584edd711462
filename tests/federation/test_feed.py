"""A standing subscription: the subscriber's store comes to say what the provider's says, whatever happens between."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shangyou.adapters.observations import DuckStore
from shangyou.adapters.state.contracts import SqlContracts
from shangyou.core.errors import InputError, RefusedError, ShangyouError, UnavailableError
from shangyou.core.ports import Batch, Selection
from shangyou.core.records import Origin, Review
from shangyou.exchange.agreement import AgreementState
from shangyou.exchange.feed import Cursor, cursor
from shangyou.exchange.ledger.entry import parse_entry
from shangyou.exchange.metering import HOUR, Passage, gaps
from shangyou.exchange.outlet import WIRE, Place
from shangyou.flows import follow, subscribe
from shangyou.flows.deliver import receipt_so_far
from shangyou.flows.passage import stop
from tests.fakes.exchange_basin import basin
from tests.fakes.exchange_lots import FROM, STEP, Two, constrained, observed, two
from tests.fakes.exchange_peers import Fate, Journey

SAID = [name for name in WIRE.names if name != "received"]
FATES = st.sampled_from([Fate.DELIVER, Fate.DELIVER, Fate.LOSE_REQUEST, Fate.LOSE_ANSWER])
ACTS = st.sampled_from(["new", "revise", "correct", "withdraw", "turn", "turn"])


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Two]:
    with basin(tmp_path, ("sichuan", "chongqing", "ministry"), threshold=2) as found:
        yield two(found)


def told(exchange: object, versions: bool = False, review: int = 0) -> list[dict[str, object]]:
    table: pa.Table = exchange.node.store.select(Selection(versions=versions, review=review))  # type: ignore[attr-defined]
    rows = table.select(SAID).to_pylist()
    return [{**r, "value": r["value"] if r["value"] == r["value"] else None} for r in rows]


def drain(pair: Two, passage: Passage) -> None:
    while subscribe.turn(pair.taking.taking, passage).more:
        pass


def act(pair: Two, name: str, number: int) -> None:
    store = pair.provider.node.store
    if name == "new":
        pair.fill(1, start=number)
    elif name == "revise":
        pair.fill(2, start=number // 2, value=8.0 + number)
    elif name == "correct" and store.size().observations:
        pair.count += 1
        first = told(pair.provider)[:1]
        if first:
            found = observed(1, start=(int(first[0]["time"].timestamp() * 1000) - FROM) // STEP, value=5.0)  # type: ignore[attr-defined]
            store.correct(
                Batch(pair.count, "correction", "p", pair.basin.clock.ms()),
                found,
                int(Origin.CORRECTED),
                int(Review.FINAL),
            )
    elif name == "withdraw":
        known = [each.batch.id for each in store.batches() if each.withdrawn is None]
        if known:
            store.withdraw(known[0], pair.basin.clock.ms())


@settings(max_examples=12, deadline=None)
@given(st.lists(st.tuples(ACTS, FATES), max_size=12))
def test_the_subscriber_comes_to_hold_what_the_provider_holds_whatever_is_lost(
    acts: list[tuple[str, Fate]],
) -> None:
    with tempfile.TemporaryDirectory() as folder, basin(Path(folder), ("sichuan", "chongqing"), threshold=1) as found:
        pair = two(found)
        pair.fill(3)
        passage = pair.start(pair.agree(), "Arrow-FEED")
        for number, (name, fate) in enumerate(acts, 3):
            found.clock.advance(seconds=1)
            if name != "turn":
                act(pair, name, number)
                continue
            found.network.fate = lambda _, fate=fate: fate  # type: ignore[misc]
            try:
                subscribe.turn(pair.taking.taking, passage)
            except UnavailableError as error:
                assert error.code == "peer.unreachable"  # noqa: PT017
        found.network.heal()
        drain(pair, passage)
        assert told(pair.consumer, versions=True) == told(pair.provider, versions=True)
        assert told(pair.consumer) == told(pair.provider)
        ends = [
            end.providing.meters.count(passage.agreement, role, None, None)
            for end, role in ((pair.giving, "provider"), (pair.taking, "consumer"))
        ]
        assert ends[0][0] >= ends[1][0] == pair.provider.node.store.size().observations


def test_fresh_data_pass_before_what_was_there_before(pair: Two) -> None:
    pair.fill(20)
    passage = pair.start(pair.agree(), "Arrow-FEED")
    assert subscribe.turn(pair.taking.taking, passage).more
    pair.fill(1, start=100)
    subscribe.turn(pair.taking.taking, passage)
    assert {row["time"] for row in told(pair.consumer)} == {told(pair.provider)[-1]["time"]}
    drain(pair, passage)
    assert told(pair.consumer) == told(pair.provider)


def test_an_outage_is_caught_up_without_gap_or_double(pair: Two) -> None:
    pair.fill(2)
    passage = pair.start(pair.agree(), "Arrow-FEED")
    drain(pair, passage)
    for day in range(5):
        pair.basin.clock.advance(days=1)
        pair.fill(6, start=10 + 6 * day)
    drain(pair, passage)
    drain(pair, passage)
    assert told(pair.consumer, versions=True) == told(pair.provider, versions=True)
    counted = [
        end.providing.meters.count(passage.agreement, role, None, None)[:2]
        for end, role in ((pair.giving, "provider"), (pair.taking, "consumer"))
    ]
    assert counted[0] == counted[1]
    assert counted[0][0] == 32 * 4


def test_what_a_feed_brought_is_signed_by_both_ends_and_again_after_an_hour(pair: Two) -> None:
    pair.fill(5)
    passage, taking = pair.start(pair.agree(), "Arrow-FEED"), pair.taking.taking
    assert receipt_so_far(taking, passage, HOUR) is None  # nothing has come
    drain(pair, passage)
    first = receipt_so_far(taking, passage, HOUR)
    assert first is not None
    assert (first.own["rows"], first.differences, len(first.sealed["signatures"])) == (20, (), 2)  # type: ignore[arg-type]
    assert receipt_so_far(taking, passage, 0) is None  # nothing has come since
    pair.fill(1, start=9)
    drain(pair, passage)
    assert receipt_so_far(taking, passage, HOUR) is None  # too early
    pair.basin.clock.advance(hours=1)
    assert receipt_so_far(taking, passage, HOUR) is not None
    [own], [theirs] = (end.providing.meters.receipts() for end in (pair.taking, pair.giving))
    assert own.own == theirs.own
    assert (own.own["rows"], own.differences, theirs.differences) == (24, (), ())


def test_a_page_that_is_lost_on_its_way_stays_a_difference_and_is_one_alarm(pair: Two) -> None:
    pair.fill(5)
    passage, taking = pair.start(pair.agree(), "Arrow-FEED"), pair.taking.taking
    drain(pair, passage)
    for number in (9, 10):  # the second page that is lost is another, since more is there by then
        pair.fill(1, start=number)
        pair.basin.network.fate = lambda _: Fate.LOSE_ANSWER
        with pytest.raises(UnavailableError):
            subscribe.turn(taking, passage)
    pair.basin.network.heal()
    for number in (11, 12):
        pair.fill(1, start=number)
        drain(pair, passage)
        found = receipt_so_far(taking, passage, 0)
        assert found is not None
        assert gaps(found.differences)["rows"] == -4  # the first page; the second was given again as it was
        assert "digest" not in gaps(found.differences)
    log = pair.consumer.node.ledger
    leaves = [parse_entry(leaf) for leaf in log.entries(0, log.size())]
    assert [entry.facts["code"] for entry in leaves if entry.kind == "alarm"] == ["receipt.difference"]


def test_a_feed_that_is_revoked_is_signed_up_to_there(pair: Two) -> None:
    pair.fill(5)
    passage = pair.start(pair.agree(), "Arrow-FEED")
    drain(pair, passage)
    stop(pair.giving.providing, pair.provider_end(passage), RefusedError("agreement.revoked"))
    with pytest.raises(ShangyouError):
        pair.taking.move(passage.id)
    [own] = pair.taking.taking.meters.receipts()
    assert (own.own["rows"], own.differences) == (20, ())


def test_without_backfill_only_what_is_new_comes(pair: Two) -> None:
    pair.fill(2)
    passage = pair.start(pair.agree(), "Arrow-FEED", {"backfill": False})
    drain(pair, passage)
    assert told(pair.consumer) == []
    pair.fill(1, start=9)
    drain(pair, passage)
    assert len(told(pair.consumer)) == 4


def test_what_is_too_fresh_for_the_agreement_comes_when_it_is_old_enough(pair: Two) -> None:
    pair.fill(10, start=(pair.basin.clock.ms() - FROM) // STEP - 10)
    passage = pair.start(pair.agree(constrained(("delay", "gteq", "P1D"))), "Arrow-FEED")
    drain(pair, passage)
    assert len(told(pair.consumer)) == 4 * 5
    pair.basin.clock.advance(hours=8)
    drain(pair, passage)
    assert len(told(pair.consumer)) == 4 * 7


def test_of_what_is_not_reviewed_a_subscriber_learns_only_that_it_is_gone(pair: Two) -> None:
    pair.fill(1, value=3.0)
    store = pair.provider.node.store
    store.correct(Batch(50, "review", "p", 5), observed(1, value=4.0), int(Origin.CORRECTED), int(Review.FINAL))
    passage = pair.start(pair.agree(constrained(("review", "gteq", "final"))), "Arrow-FEED")
    drain(pair, passage)
    assert told(pair.consumer) == told(pair.provider, review=3) != []
    pair.fill(1, value=9.0)
    drain(pair, passage)
    assert told(pair.consumer) == told(pair.provider, review=3) == []
    seen = {row["value"] for row in told(pair.consumer, versions=True)}
    assert not {v for v in seen if v is not None and (v >= 9.0 or v < 4.0)}  # type: ignore[operator]


def test_a_provider_whose_store_is_made_anew_is_followed_from_the_beginning(pair: Two) -> None:
    pair.fill(3)
    passage = pair.start(pair.agree(), "Arrow-FEED")
    drain(pair, passage)
    before = pair.consumer.node.store.mark(subscribe.marks(passage)[0])
    store = DuckStore(":memory:")
    other = replace(pair.giving.providing, store=store)
    with pytest.raises(ShangyouError, match=r"feed\.reset"):
        follow.page(other, pair.provider_end(passage), before)
    pair.giving.providing = other
    other.store.append(Batch(1, "table", "f", 9), observed(4, value=7.0))
    drain(pair, passage)
    assert len(told(pair.consumer)) == 16
    store.close()


def test_no_page_leaves_after_an_agreement_is_revoked_and_both_ends_know_why(pair: Two) -> None:
    pair.fill(3)
    passage = pair.start(pair.agree(), "Arrow-FEED")
    drain(pair, passage)
    contracts = SqlContracts(pair.provider.node.database)
    contracts.put(replace(contracts.agreement(passage.agreement), state=AgreementState.REVOKED))
    pair.fill(1, start=50)
    with pytest.raises(RefusedError):
        subscribe.turn(pair.taking.taking, passage)
    assert pair.provider_end(passage).code == pair.consumer_end(passage.id).code == "policy.agreement"
    assert pair.consumer_end(passage.id).notice
    assert len(told(pair.consumer)) == 12


def test_a_page_beyond_the_quota_does_not_leave(pair: Two) -> None:
    pair.fill(3)
    passage = pair.start(pair.agree(constrained(("rows", "lteq", "20"))), "Arrow-FEED")
    drain(pair, passage)
    pair.fill(3, start=50)
    with pytest.raises(RefusedError):
        drain(pair, passage)
    assert len(told(pair.consumer)) == 12
    assert pair.consumer_end(passage.id).code == "transfer.quota"


def test_means_are_not_fed(pair: Two) -> None:
    pair.fill(3)
    passage = pair.start(pair.agree(constrained(("resolution", "gteq", "day"))), "Arrow-FEED")
    with pytest.raises(InputError, match=r"feed\.resolution"):
        drain(pair, passage)


def test_a_request_that_waits_is_answered_when_something_comes(pair: Two) -> None:
    passage = pair.start(pair.agree(), "Arrow-FEED", {"backfill": False})
    subscribe.turn(pair.taking.taking, passage)
    asked = threading.Event()

    def hear(_: Journey) -> Fate:
        asked.set()
        return Fate.DELIVER

    pair.basin.network.fate = hear
    got: list[subscribe.Turn] = []
    waiting = threading.Thread(target=lambda: got.append(subscribe.turn(pair.taking.taking, passage, 20_000)))
    waiting.start()
    assert asked.wait(10)
    pair.fill(1)
    waiting.join(15)
    assert not waiting.is_alive()
    assert got[0].rows == 4


@given(st.text(max_size=200))
def test_any_text_is_a_cursor_or_refused(text: str) -> None:
    try:
        found = cursor(text)
    except InputError:
        return
    assert cursor(found.text()) == found


def test_a_cursor_comes_back_as_it_was() -> None:
    given_cursor = Cursor("abc", (Place(5, 7, "c"), Place()))
    assert cursor(given_cursor.text()) == given_cursor
