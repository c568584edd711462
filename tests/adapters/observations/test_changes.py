"""Laws of what goes from one store into another: whatever happened in the first, the second comes to say the same."""

from __future__ import annotations

import random

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shangyou.adapters.observations import DuckStore
from shangyou.core.errors import ConflictError
from shangyou.core.ports import Batch, Selection
from shangyou.core.records import Flag, Origin, Review, SeriesKey
from shangyou.exchange.outlet import WIRE, Place
from tests.contracts.lots import DO, HOUR, PH, lot, row
from tests.tries import tries

SAID = [name for name in WIRE.names if name != "received"]
KEYS = (PH, DO, SeriesKey("51.甲", "ph", "4h"))
ACT = st.tuples(
    st.sampled_from(["append", "append", "correct", "withdraw", "follow"]),
    st.lists(st.tuples(st.sampled_from(KEYS), st.integers(0, 6), st.sampled_from([6.5, 7.0, 7.5])), max_size=5),
)


def told(store: DuckStore, versions: bool = False) -> list[dict[str, object]]:
    rows = store.select(Selection(versions=versions)).select(SAID).to_pylist()
    return [{**r, "value": r["value"] if r["value"] == r["value"] else None} for r in rows]


def act(store: DuckStore, number: int, name: str, rows: list[tuple[SeriesKey, int, float]]) -> None:
    batch = Batch(number, "table", "f", 1_000 * number)
    found = lot(*(row(key, hour, value) for key, hour, value in rows), flag=Flag.SUSPECT)
    if name == "withdraw":
        known = [b.batch.id for b in store.batches() if b.withdrawn is None]
        if known:
            store.withdraw(known[0], 1_000 * number)
    elif name == "correct" and rows:
        known_rows = {
            (r["site"], r["parameter"], r["cadence"], int(r["time"].timestamp() * 1000))
            for r in store.select(Selection()).to_pylist()
        }
        kept = [(k, h, v) for k, h, v in rows if (k.site, k.parameter, k.cadence, h * HOUR) in known_rows]
        if kept:
            store.correct(batch, lot(*(row(*each) for each in kept)), int(Origin.CORRECTED), int(Review.FINAL))
    else:
        store.append(batch, found)


def follow(source: DuckStore, target: DuckStore, at: int, place: Place, horizon: int | None, limit: int) -> Place:
    while True:
        found = source.changes(Selection(), place, horizon, limit)
        assert found.rows.schema.equals(WIRE)
        target.take(Batch(-1, "transfer", "sichuan/tuojiang", at), found.rows)
        place = found.place
        if not found.more:
            return place


@settings(max_examples=tries(20), deadline=None)
@given(st.lists(ACT, max_size=8), st.integers(1, 4))
def test_a_store_that_follows_another_comes_to_hold_all_its_versions(
    acts: list[tuple[str, list[tuple[SeriesKey, int, float]]]], limit: int
) -> None:
    source, target, place = DuckStore(":memory:"), DuckStore(":memory:"), Place()
    try:
        for number, (name, rows) in enumerate(acts, 1):
            if name == "follow":
                place = follow(source, target, 10_000 * number, place, None, limit)
            else:
                act(source, number, name, rows)
        follow(source, target, 1_000_000, place, None, limit)
        assert told(target, versions=True) == told(source, versions=True)
        assert told(target) == told(source)
        assert target.latest().select(SAID).to_pylist() == source.latest().select(SAID).to_pylist()
    finally:
        source.close()
        target.close()


@settings(max_examples=tries(15), deadline=None)
@given(st.lists(ACT, min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_pages_lost_doubled_and_out_of_order_give_the_same_store_in_the_end(
    acts: list[tuple[str, list[tuple[SeriesKey, int, float]]]], chance: random.Random
) -> None:
    source, target = DuckStore(":memory:"), DuckStore(":memory:")
    try:
        pages, place = list[pa.RecordBatch](), Place()
        for number, (name, rows) in enumerate(acts, 1):
            act(source, number, name, rows)
            found = source.changes(Selection(), place, None, 1_000)
            pages, place = [*pages, found.rows], found.place
        shuffled = chance.sample(pages, len(pages)) + chance.choices(pages, k=3)
        for number, page in enumerate(shuffled):
            target.take(Batch(-1 - number, "transfer", "x", 9_000 + number), page)
        assert told(target, versions=True) == told(source, versions=True)
        assert told(target) == told(source)
        assert target.latest().select(SAID).to_pylist() == source.latest().select(SAID).to_pylist()
    finally:
        source.close()
        target.close()


@settings(max_examples=tries(15), deadline=None)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=5), st.integers(1, 3))
def test_what_is_too_fresh_comes_when_it_is_old_enough_and_not_before(horizons: list[int], limit: int) -> None:
    source, target, place = DuckStore(":memory:"), DuckStore(":memory:"), Place()
    try:
        for number, hour in enumerate(sorted(horizons), 1):
            source.append(Batch(number, "table", "f", number), lot(*(row(PH, h, float(h + number)) for h in range(6))))
            place = follow(source, target, number, place, hour * HOUR, limit)
            seen = told(target)
            assert seen == [r for r in told(source) if r["time"].timestamp() * 1000 < hour * HOUR]  # type: ignore[attr-defined]
    finally:
        source.close()
        target.close()


def test_a_mark_moves_with_the_rows_and_only_from_where_it_is() -> None:
    source, target = DuckStore(":memory:"), DuckStore(":memory:")
    source.append(Batch(1, "table", "f", 1_000), lot(row(PH, 0, 7.0)))
    rows = source.changes(Selection(), Place(), None, 10).rows
    assert target.take(Batch(-1, "transfer", "x", 5), rows, ("feed", "", "one")) is not None
    assert target.take(Batch(-1, "transfer", "x", 6), rows, ("feed", "", "two")) is None
    assert target.mark("feed") == "one"
    source.close()
    target.close()


def test_a_place_in_another_store_is_refused() -> None:
    one, other = DuckStore(":memory:"), DuckStore(":memory:")
    one.append(Batch(1, "table", "f", 1_000), lot(row(PH, 0, 7.0)))
    other.append(Batch(1, "table", "f", 2_000), lot(row(PH, 1, 7.0)))
    place = one.changes(Selection(), Place(), None, 10).place
    with pytest.raises(ConflictError, match=r"feed\.reset"):
        other.changes(Selection(), place, None, 10)
    one.close()
    other.close()


@settings(max_examples=tries(20), deadline=None)
@given(st.lists(st.tuples(st.sampled_from(KEYS), st.integers(0, 30)), min_size=1, max_size=40), st.integers(1, 6))
def test_cuts_hold_every_row_once_and_blocks_are_the_same_each_time(
    rows: list[tuple[SeriesKey, int]], size: int
) -> None:
    store = DuckStore(":memory:")
    store.append(Batch(1, "table", "f", 1_000), lot(*(row(key, hour, float(hour)) for key, hour in rows)))
    blocks = []
    for start, stop in store.cuts(Selection(), size):
        block = store.extract(Selection(start=start, stop=stop))
        assert block.equals(store.extract(Selection(start=start, stop=stop)))
        assert 0 < block.num_rows <= max(size, len(KEYS))
        blocks.append(block)
    found = pa.Table.from_batches(blocks).select(SAID).to_pylist()
    assert len(found) == len(set(rows))
    key = lambda r: (r["site"], r["parameter"], r["cadence"], r["time"])  # noqa: E731
    assert sorted(found, key=key) == sorted(told(store), key=key)
    store.close()


@settings(max_examples=tries(20), deadline=None)
@given(st.lists(st.tuples(st.sampled_from(KEYS), st.integers(0, 30)), min_size=1, max_size=40), st.integers(1, 6))
def test_runs_hold_every_row_once_and_what_comes_later_belongs_to_the_last(
    rows: list[tuple[SeriesKey, int]], size: int
) -> None:
    store = DuckStore(":memory:")
    half = len(rows) // 2
    for number, part in enumerate((rows[:half], rows[half:])):
        if part:
            store.append(Batch(number, "table", "f", 1_000), lot(*(row(key, hour, float(hour)) for key, hour in part)))
    wanted, place = Selection(as_of=2_000), store.here(None)
    runs = store.runs(wanted, size)
    blocks = [store.extract(wanted, run) for run in runs]
    assert all(0 < block.num_rows <= size for block in blocks)
    key = lambda r: (r["site"], r["parameter"], r["cadence"], r["time"])  # noqa: E731
    found = pa.Table.from_batches(blocks).select(SAID).to_pylist()
    assert sorted(found, key=key) == sorted(told(store), key=key)
    store.append(Batch(7, "table", "late", 1_500), lot(row(PH, 900, 7.0)))
    store.append(Batch(8, "table", "later", 2_500), lot(row(PH, 901, 7.0)))
    assert store.holds(place)
    again = [store.extract(wanted, run) for run in runs]
    assert again[:-1] == blocks[:-1]
    assert again[-1].num_rows == blocks[-1].num_rows + 1
    store.close()


def test_behind_everything_there_is_nothing_until_something_comes() -> None:
    store = DuckStore(":memory:")
    store.append(Batch(1, "table", "f", 1_000), lot(row(PH, 0, 7.0)))
    here = store.here(None)
    assert store.changes(Selection(), here, None, 10).rows.num_rows == 0
    store.append(Batch(2, "table", "f", 2_000), lot(row(PH, 1, 7.5)))
    assert store.changes(Selection(), here, None, 10).rows.column("value").to_pylist() == [7.5]
    store.close()
