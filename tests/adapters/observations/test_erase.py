"""Laws of erasing: what is due is gone for every question, all else is as it was, and places stay places."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from shangyou.adapters.observations import DuckStore
from shangyou.core.ports import Batch, Selection
from shangyou.exchange.outlet import Place
from tests.contracts.lots import DO, PH, batch, lot, row, values
from tests.tries import tries

TOLD = st.lists(st.tuples(st.sampled_from([PH, DO]), st.integers(0, 5), st.sampled_from([6.5, 7.0])), max_size=6)
ARRIVALS = st.lists(st.tuples(st.sampled_from([-1, -2]), TOLD), min_size=1, max_size=5)
BOTH = (-1, -2)


def filled(arrivals: list[tuple[int, list[tuple[object, int, float]]]]) -> DuckStore:
    """A store in which the batches -1 and -2 came from an owner, a second apart, and one of its own before them."""
    owner, store = DuckStore(":memory:"), DuckStore(":memory:")
    store.append(batch(1), lot(row(PH, 9, 7.7)))
    place = owner.here(None)
    for number, (id, rows) in enumerate(arrivals, 2):
        owner.append(batch(number), lot(*(row(*each) for each in rows)))  # type: ignore[arg-type]
        found = owner.changes(Selection(), place, None, 1000)
        place = found.place
        store.take(Batch(id, "transfer", "sichuan/tuojiang", 1_000 * number), found.rows)
    return store


def told(store: DuckStore, **selected: bool) -> list[tuple[object, ...]]:
    table = store.select(Selection(**selected))  # type: ignore[arg-type]
    return sorted(zip(*(table.column(name).to_pylist() for name in ("batch", "received")), values(table), strict=True))


@given(ARRIVALS, st.sampled_from(BOTH), st.integers(0, 8))
@settings(max_examples=tries(60))
def test_exactly_what_is_due_is_gone_and_places_stay(
    arrivals: list[tuple[int, list[tuple[object, int, float]]]], id: int, seconds: int
) -> None:
    store = filled(arrivals)
    before, now, place = told(store, versions=True), told(store), store.here(None)

    def due(each: tuple[object, ...]) -> bool:
        return each[0] == id and each[1].timestamp() <= seconds  # type: ignore[attr-defined]

    count = len([each for each in before if due(each)])
    assert store.due(id, seconds * 1000) == store.erase(id, seconds * 1000, 60_000) == count
    assert told(store, versions=True) == [each for each in before if not due(each)]
    assert told(store) == [each for each in now if not due(each)]
    assert store.size().observations == len(before) - count
    assert store.holds(place)
    assert store.changes(Selection(), place, None, 10).rows.num_rows == 0
    assert store.erase(id, seconds * 1000, 90_000) == 0
    newest = {values(store.select(Selection(sites=(key.site,))))[-1] for key in (PH, DO) if told_of(store, key.site)}
    assert set(values(store.latest())) == newest


def told_of(store: DuckStore, site: str) -> int:
    return store.select(Selection(sites=(site,))).num_rows  # type: ignore[no-any-return]


def test_what_was_erased_is_gone_after_the_file_is_opened_anew(tmp_path: Path) -> None:
    path = tmp_path / "o.duckdb"
    store = DuckStore(path)
    owner = DuckStore(":memory:")
    owner.append(batch(1), lot(row(PH, 1, 7.0), row(PH, 2, 7.1)))
    store.take(Batch(-1, "transfer", "x", 5_000), owner.changes(Selection(), Place(), None, 9).rows)
    place = store.here(None)
    store.erase(-1, 5_000, 9_000)
    store.close()
    again = DuckStore(path)
    assert again.select(Selection(versions=True)).num_rows == again.latest().num_rows == 0
    assert again.holds(place)
    assert again.oldest(-1) is None
    again.close()
