"""What every store of meters promises."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shangyou.adapters.state import StateDatabase
from shangyou.adapters.state.meters import SqlMeters
from shangyou.core.errors import NotFoundError, RefusedError
from shangyou.exchange.metering import Block, Count, Passage, Receipt

HOUR = 3_600_000


def passage(id: str, agreement: str = "a", role: str = "provider") -> Passage:
    return Passage(id, role, "chongqing", "", agreement, "sichuan/x", "Arrow-PULL", opened=1)


def enter(meters: SqlMeters, id: str, number: int, rows: int, at: int = 0) -> Block:
    return meters.enter(id, str(number), at, lambda _: Block(str(number), rows, rows * 10, f"d{number}"))


def test_a_passage_is_entered_once(state_database: StateDatabase) -> None:
    meters = SqlMeters(state_database)
    first = meters.put(passage("t"))
    assert meters.put(Passage("t", "provider", "x", "", "a", "d", "CSV-PULL", secret="other")) == first
    assert meters.passage("t") == first
    with pytest.raises(NotFoundError):
        meters.passage("u")


def test_a_plan_is_pinned_once(state_database: StateDatabase) -> None:
    meters = SqlMeters(state_database)
    meters.put(passage("t"))
    assert meters.pin("t", "one") == "one"
    assert meters.pin("t", "two") == "one"
    assert meters.pin("t", "two", before="one") == "two"


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["t", "u"]), st.integers(0, 4), st.integers(1, 9), st.integers(0, 5)), max_size=25
    )
)
def test_meters_equal_a_recount_of_distinct_blocks(acts: list[tuple[str, int, int, int]]) -> None:
    state_database = StateDatabase("")
    meters = SqlMeters(state_database)
    for id in ("t", "u"):
        meters.put(passage(id))
    recount: dict[tuple[str, int], tuple[int, int]] = {}
    for id, number, rows, hour in acts:
        enter(meters, id, number, rows, hour * HOUR)
        recount.setdefault((id, number), (rows, hour))
    for start, stop in ((None, None), (HOUR, 3 * HOUR)):
        expected = sum(
            r for r, h in recount.values() if (start is None or start <= h * HOUR) and (stop is None or h * HOUR < stop)
        )
        assert meters.count("a", "provider", start, stop)[:2] == (expected, expected * 10)
    assert meters.passage("t").passed.rows == sum(r for (id, _), (r, _) in recount.items() if id == "t")
    assert meters.passage("t").blocks == len([1 for id, _ in recount if id == "t"])
    state_database.close()


def test_counting_in_parallel_never_goes_beyond_a_limit(state_database: StateDatabase) -> None:
    meters = SqlMeters(state_database)
    for number in range(8):
        meters.put(passage(f"t{number}"))

    def weigh(count: Count) -> Block:
        left = 100 - count(None, None)[0]
        if left <= 0:
            raise RefusedError("transfer.quota")
        return Block("0", min(30, left), 1, "d")

    def run(number: int) -> int:
        try:
            return meters.enter(f"t{number}", "0", 0, weigh).rows
        except RefusedError:
            return 0

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(run, range(8))) == 100
    assert meters.count("a", "provider", None, None)[0] == 100


def test_what_is_refused_is_not_counted(state_database: StateDatabase) -> None:
    meters = SqlMeters(state_database)
    meters.put(passage("t"))

    def refuse(count: Count) -> Block:
        raise RefusedError("transfer.quota")

    with pytest.raises(RefusedError):
        meters.enter("t", "0", 0, refuse)
    assert meters.blocks("t") == []
    assert enter(meters, "t", 0, 5).rows == 5


def test_a_feed_keeps_only_its_last_block_and_counts_all(state_database: StateDatabase) -> None:
    meters = SqlMeters(state_database)
    meters.put(passage("t"))
    for number in range(3):
        name = str(number)
        meters.enter("t", name, 0, lambda _, name=name: Block(name, 2, 20, name), last=True)  # type: ignore[misc]
    assert [block.name for block in meters.blocks("t")] == ["2"]
    assert meters.count("a", "provider", None, None) == (6, 60, 0)


def test_requests_and_roles_are_counted_apart(state_database: StateDatabase) -> None:
    meters = SqlMeters(state_database)
    meters.ask("a", "provider", 5)
    meters.ask("a", "provider", HOUR)
    assert meters.count("a", "provider", None, HOUR) == (0, 0, 1)
    assert meters.count("a", "consumer", None, None) == (0, 0, 0)


def test_a_receipt_comes_back_as_it_was(state_database: StateDatabase) -> None:
    meters = SqlMeters(state_database)
    receipt = Receipt("t", "a", "x", 5, {"rows": 1}, {"document": {}, "signatures": []}, ({"what": "rows"},))
    meters.put_receipt(receipt)
    meters.put_receipt(receipt)
    assert meters.receipts() == meters.receipts("a") == [receipt]
    assert meters.receipts("b") == []
