"""Publishing datasets: what is checked, what is measured, what the ledger hears."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import pytest

from shangyou.adapters.observations import DuckStore
from shangyou.adapters.state import SqlCatalogue
from shangyou.core.errors import InputError, NotFoundError
from shangyou.core.ports import Batch
from shangyou.core.records import Flagged, Observations, SeriesKey
from shangyou.core.registry import River, Section
from shangyou.exchange.catalogue.port import Wanted
from shangyou.exchange.dataset import DataLevel, DatasetQuery, Offer, Sharing
from shangyou.flows.publish import faults, measure, publish, withdraw
from tests.fakes.exchange_catalogue import OPEN, a_dataset, in_memory
from tests.fakes.state import FakeRegistry

HOUR = 3_600_000
RULES = {"quality plan": "2026"}


class Book:
    """Remembers what was recorded."""

    def __init__(self) -> None:
        self.acts: list[tuple[str, Mapping[str, object]]] = []

    def __call__(self, kind: str, facts: Mapping[str, object]) -> None:
        self.acts.append((kind, facts))


@pytest.fixture
def book() -> Book:
    return Book()


@pytest.fixture
def registry() -> FakeRegistry:
    registry = FakeRegistry()
    registry.put_river(River("tuo", "沱江", "Tuo", "yangtze"))
    registry.meet([Section("51.甲", "甲断面", "Jia", river="沱江", longitude=104.5, latitude=29.0)], 1)
    registry.meet([Section("51.乙", "乙断面", "Yi", river="无名溪")], 1)
    return registry


@pytest.fixture
def mine() -> SqlCatalogue:
    return in_memory()


@pytest.fixture
def store() -> Iterator[DuckStore]:
    store = DuckStore(":memory:")
    yield store
    store.close()


def test_a_published_dataset_is_found_by_the_names_of_its_places(
    mine: SqlCatalogue, registry: FakeRegistry, book: Book
) -> None:
    publish(a_dataset("sc/hourly"), mine, registry, book, "sc", 7, "li")
    for text in ("甲断面", "沱江", "Tuo", "氨氮", "ammonia"):
        assert mine.search(Wanted(text)).total == 1
    found = mine.dataset("sc/hourly")
    assert (found.issued, found.changed) == (7, 7)
    assert found.extra["places"]["box"] == [104.5, 29.0, 104.5, 29.0]  # type: ignore[index]


def test_the_ledger_hears_of_each_act(mine: SqlCatalogue, registry: FakeRegistry, book: Book) -> None:
    publish(a_dataset("sc/a"), mine, registry, book, "sc", 7, "li")
    publish(a_dataset("sc/a", "改名"), mine, registry, book, "sc", 8, "wang")
    withdraw("sc/a", mine, book, 9, "li")
    assert [(kind, facts["act"], facts["by"]) for kind, facts in book.acts] == [
        ("revision", "dataset.published", "li"),
        ("revision", "dataset.changed", "wang"),
        ("revision", "dataset.withdrawn", "li"),
    ]
    assert mine.datasets() == []


def test_a_change_keeps_the_day_of_issue_and_what_was_measured(
    mine: SqlCatalogue, registry: FakeRegistry, book: Book
) -> None:
    publish(a_dataset("sc/a", extra={"quality": {"acquired": 1.0}}), mine, registry, book, "sc", 7, "li")
    changed = publish(a_dataset("sc/a", "改名"), mine, registry, book, "sc", 8, "li")
    assert (changed.issued, changed.changed, changed.extra["quality"]) == (7, 8, {"acquired": 1.0})


WRONG = {
    "permission": [{"action": "use", "constraint": [{"leftOperand": "moon", "operator": "eq", "rightOperand": "full"}]}]
}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"id": "cq/a"}, "catalogue.name"),
        ({"id": "sc/A b"}, "catalogue.name"),
        ({"owner": "cq"}, "catalogue.name"),
        ({"title_zh": " "}, "catalogue.title"),
        ({"about_en": "x" * 5000}, "catalogue.about"),
        ({"query": DatasetQuery(sections=("51.无",))}, "registry.section"),
        ({"query": DatasetQuery(parameters=("phlogiston",))}, "vocabulary.parameter"),
        ({"query": DatasetQuery(cadences=("second",))}, "catalogue.value"),
        ({"query": DatasetQuery(review=7)}, "catalogue.value"),
        ({"query": DatasetQuery(start=5, stop=5)}, "catalogue.period"),
        ({"offers": (Offer("a", WRONG),)}, "catalogue.offer"),
        ({"offers": (Offer("a", OPEN), Offer("a", OPEN))}, "catalogue.offer_twice"),
        ({"level": DataLevel.CORE}, "catalogue.core_shared"),
        ({"sharing": Sharing.NONE}, "catalogue.closed_offer"),
    ],
)
def test_what_cannot_be_published_is_said_and_nothing_is_published(
    mine: SqlCatalogue, registry: FakeRegistry, book: Book, change: dict[str, object], code: str
) -> None:
    dataset = replace(a_dataset("sc/a"), **change)  # type: ignore[arg-type]
    assert code in [fault.code for fault in faults(dataset, registry, "sc")]
    with pytest.raises((InputError, NotFoundError)):
        publish(dataset, mine, registry, book, "sc", 1, "li")
    assert (mine.datasets(), book.acts) == ([], [])


def test_all_faults_are_said_at_once(registry: FakeRegistry) -> None:
    dataset = a_dataset("sc/a", title_zh="", query=DatasetQuery(parameters=("x1", "x2")), offers=())
    assert len(faults(dataset, registry, "sc")) == 4


def filled(store: DuckStore) -> None:
    key = SeriesKey("51.甲", "ammonia_nitrogen", "hour")
    other = SeriesKey("51.乙", "ammonia_nitrogen", "hour")
    rows = [(key, n * HOUR, 0.1 * n, 0, 0) for n in range(10) if n != 5] + [(other, 0, 1.0, 0, 0)]
    observations = Observations.build(rows)
    zeros = np.zeros(len(rows), np.uint32)
    store.append(
        Batch(1, "hj212", "hj212", 20 * HOUR), Flagged(observations, np.ones(len(rows), np.uint8), zeros, zeros)
    )


def test_quality_is_measured_from_the_observations_of_the_dataset_alone(
    mine: SqlCatalogue, registry: FakeRegistry, store: DuckStore, book: Book
) -> None:
    filled(store)
    publish(a_dataset("sc/hourly"), mine, registry, book, "sc", 7, "li")
    found = measure("sc/hourly", mine, store, registry, RULES, 30 * HOUR).extra
    quality, lineage = found["quality"], found["lineage"]
    assert isinstance(quality, dict)
    assert isinstance(lineage, dict)
    assert (quality["observations"], quality["expected"], quality["acquired"], quality["valid"]) == (9, 10, 0.9, 1.0)
    assert (quality["first"], quality["last"], quality["measured"]) == (0, 9 * HOUR, 30 * HOUR)
    assert lineage["sources"] == [{"kind": "hj212", "name": "hj212", "observations": 9}]
    assert mine.dataset("sc/hourly").extra["quality"] == quality


def test_only_observations_at_the_asked_level_of_review_count(
    mine: SqlCatalogue, registry: FakeRegistry, store: DuckStore, book: Book
) -> None:
    filled(store)
    publish(a_dataset("sc/final", query=DatasetQuery(review=3)), mine, registry, book, "sc", 7, "li")
    quality = measure("sc/final", mine, store, registry, RULES, 1).extra["quality"]
    assert isinstance(quality, dict)
    assert quality["observations"] == 0
