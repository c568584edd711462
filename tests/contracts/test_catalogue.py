"""What a catalogue promises; held against the state database, whichever it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shangyou.adapters.state import SqlCatalogue, StateDatabase
from shangyou.core.errors import ConflictError, InputError, NotFoundError
from shangyou.exchange.catalogue.entry import Entry, dataset_body, encoded
from shangyou.exchange.catalogue.feed import Page, digest
from shangyou.exchange.catalogue.port import Cursor, Taken, Wanted
from shangyou.exchange.catalogue.words import fits
from shangyou.exchange.dataset import Dataset, DatasetQuery, Sharing
from tests.fakes.exchange_catalogue import a_dataset, not_shared

MOST = 1000


@pytest.fixture
def catalogue(state_database: StateDatabase) -> SqlCatalogue:
    return SqlCatalogue(state_database)


def page(*datasets: Dataset, owner: str = "cq", since: int = 0, more: bool = False, epoch: str = "e") -> Page:
    entries = tuple(Entry(dataset, since + n + 1) for n, dataset in enumerate(datasets))
    bodies = tuple(encoded(dataset_body(each.dataset, "", owner)) for each in entries)
    last = None if more else digest((each.dataset.id, each.sequence) for each in entries)
    return Page(owner, epoch, since, since + len(datasets), more, entries, bodies, summary=last)


# ---- own datasets -----------------------------------------------------------------------------------------------


def test_a_dataset_comes_back_as_it_was_published(catalogue: SqlCatalogue) -> None:
    dataset = a_dataset(
        "sc/a", keywords=("氨氮", "ammonia"), about_zh="说明", simulated=True, extra={"quality": {"n": 1}}
    )
    catalogue.put(dataset)
    assert catalogue.dataset("sc/a") == dataset
    assert catalogue.datasets() == [dataset]
    assert catalogue.entry("sc/a").dataset == dataset


def test_the_change_feed_names_each_dataset_once_at_its_last_change(catalogue: SqlCatalogue) -> None:
    for id in ("sc/a", "sc/b", "sc/a"):
        catalogue.put(a_dataset(id))
    catalogue.remove("sc/b", 5)
    found = catalogue.changes(0, 10, "cq")
    assert [(c.sequence, c.id, c.dataset is None) for c in found] == [(3, "sc/a", False), (4, "sc/b", True)]
    assert catalogue.head()[1] == 4
    assert [c.id for c in catalogue.changes(3, 10, "cq")] == ["sc/b"]
    assert [c.id for c in catalogue.changes(0, 1, "cq")] == ["sc/a"]
    assert catalogue.listed("cq") == digest([("sc/a", 3)])


def test_what_was_never_shown_is_not_even_named(catalogue: SqlCatalogue) -> None:
    catalogue.put(not_shared("sc/secret"))
    assert catalogue.changes(0, 10, "cq") == []
    assert catalogue.listed("cq").count == 0
    assert [d.id for d in catalogue.datasets()] == ["sc/secret"]
    catalogue.remove("sc/secret", 2)
    assert catalogue.changes(0, 10, "cq") == []


def test_what_is_no_longer_shown_comes_as_withdrawn(catalogue: SqlCatalogue) -> None:
    catalogue.put(a_dataset("sc/a"))
    catalogue.put(not_shared("sc/a"))
    assert [(c.id, c.dataset) for c in catalogue.changes(0, 10, "cq")] == [("sc/a", None)]
    assert catalogue.entry("sc/a").dataset.sharing is Sharing.NONE


def test_a_dataset_for_named_members_is_fed_to_them_only(catalogue: SqlCatalogue) -> None:
    named = {"leftOperand": "recipient", "operator": "eq", "rightOperand": "cq"}
    offer = replace(a_dataset("sc/a").offers[0], policy={"permission": [{"action": "use", "constraint": [named]}]})
    catalogue.put(a_dataset("sc/a", offers=(offer,)))
    assert [c.id for c in catalogue.changes(0, 10, "cq")] == ["sc/a"]
    assert catalogue.changes(0, 10, "c") == []
    assert catalogue.changes(0, 10, "yn") == []


def test_withdrawing_what_is_not_there_is_said(catalogue: SqlCatalogue) -> None:
    catalogue.put(a_dataset("sc/a"))
    catalogue.remove("sc/a", 2)
    for id in ("sc/a", "sc/b"):
        with pytest.raises(NotFoundError, match=r"catalogue\.dataset"):
            catalogue.remove(id, 3)
        with pytest.raises(NotFoundError, match=r"catalogue\.dataset"):
            catalogue.dataset(id)
        with pytest.raises(NotFoundError, match=r"catalogue\.dataset"):
            catalogue.seen(id)
    catalogue.put(a_dataset("sc/a", at=4))
    assert [(c.sequence, c.dataset is None) for c in catalogue.changes(0, 9, "cq")] == [(3, False)]


def test_what_other_members_could_not_take_is_refused_at_once(catalogue: SqlCatalogue) -> None:
    with pytest.raises(InputError, match=r"catalogue\.entry_size"):
        catalogue.put(a_dataset("sc/a", extra={"x": "x" * 70_000}))
    assert catalogue.datasets() == []


# ---- entries of others ------------------------------------------------------------------------------------------


def test_pages_of_a_member_are_taken_in_order_and_only_once(catalogue: SqlCatalogue) -> None:
    first, second = page(a_dataset("cq/a"), more=True), page(a_dataset("cq/b"), since=1)
    second = replace(second, summary=digest([("cq/a", 1), ("cq/b", 2)]))
    assert catalogue.take(second, 1, MOST) is None
    assert catalogue.take(first, 1, MOST) == Taken(new=1)
    assert catalogue.take(first, 1, MOST) is None
    assert catalogue.take(second, 2, MOST) == Taken(new=1, complete=True)
    assert catalogue.take(second, 3, MOST) is None
    assert catalogue.cursor("cq") == Cursor("e", 2, False)
    assert [each.dataset.id for each in catalogue.entries("cq")] == ["cq/a", "cq/b"]
    assert catalogue.seen("cq/b") == (2, 2)


def test_a_summary_that_disagrees_starts_a_new_reading_which_removes_what_is_not_met(catalogue: SqlCatalogue) -> None:
    catalogue.take(page(a_dataset("cq/a"), a_dataset("cq/b")), 1, MOST)
    empty = replace(page(since=2), summary=digest([("cq/b", 7)]))
    assert catalogue.take(empty, 2, MOST) == Taken(anew=True)
    assert catalogue.cursor("cq") == Cursor("e", 0, True)
    assert catalogue.take(page(a_dataset("cq/b", at=2)), 3, MOST) == Taken(changed=1, removed=1, complete=True)
    assert [each.dataset.id for each in catalogue.entries("cq")] == ["cq/b"]


def test_another_epoch_starts_a_new_reading(catalogue: SqlCatalogue) -> None:
    catalogue.take(page(a_dataset("cq/a")), 1, MOST)
    assert catalogue.take(page(since=1, epoch="f"), 2, MOST) == Taken(anew=True)
    assert catalogue.cursor("cq") == Cursor("f", 0, True)


def test_a_member_may_not_have_endlessly_many_entries(catalogue: SqlCatalogue) -> None:
    with pytest.raises(ConflictError, match=r"catalogue\.many"):
        catalogue.take(page(*(a_dataset(f"cq/{n}") for n in range(4))), 1, 3)
    assert list(catalogue.entries()) == []
    assert catalogue.cursor("cq").sequence == 0


def test_a_source_says_since_when_it_fails_and_how_old_its_entries_are(catalogue: SqlCatalogue) -> None:
    catalogue.take(page(a_dataset("cq/a")), 1, MOST)
    catalogue.settle("cq", 10, 70, Taken(new=1, complete=True), None)
    catalogue.settle("cq", 20, 80, Taken(), ("peer.unreachable", {"member": "cq"}))
    catalogue.settle("cq", 30, 90, Taken(), ("peer.unreachable", {"member": "cq"}))
    (source,) = catalogue.sources()
    assert (source.entries, source.tried, source.succeeded, source.failing, source.failures) == (1, 30, 10, 20, 2)
    assert (source.code, dict(source.facts), source.due) == ("peer.unreachable", {"member": "cq"}, 90)
    catalogue.settle("cq", 40, 99, Taken(complete=True), None)
    (source,) = catalogue.sources()
    assert (source.succeeded, source.failing, source.failures, source.code) == (40, None, 0, "")


def test_forgetting_a_member_removes_its_entries_and_no_others(catalogue: SqlCatalogue) -> None:
    catalogue.put(a_dataset("sc/a"))
    catalogue.take(page(a_dataset("cq/a"), a_dataset("cq/b")), 1, MOST)
    assert catalogue.forget("cq") == 2
    assert [each.dataset.id for each in catalogue.entries()] == ["sc/a"]
    assert catalogue.sources() == []
    assert catalogue.search(Wanted("cq")).total == 0


# ---- search -----------------------------------------------------------------------------------------------------

LEAD = DatasetQuery(parameters=("lead",), cadences=("day",))
KNOWN = (
    a_dataset("cq/lead", "嘉陵江铅日均值", 3, title_en="Lead in the Jialing by day", query=LEAD),
    a_dataset("cq/tp", "总磷小时值", 2, title_en="Total phosphorus", keywords=("NH₃-N", "沱江")),
    a_dataset("cq/all", "全部断面 100%", 1, extra={"places": {"rivers": [{"id": "tuo", "zh": "沱江", "en": "Tuo"}]}}),
)


@pytest.fixture
def filled(catalogue: SqlCatalogue) -> SqlCatalogue:
    catalogue.put(a_dataset("sc/own", "自己的总磷", 9, level="general"))
    catalogue.take(page(*KNOWN), 1, MOST)
    return catalogue


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("铅", ["cq/lead"]),
        ("总磷", ["sc/own", "cq/tp"]),
        ("磷总", []),
        ("phos", ["cq/tp"]),
        ("PHOS total", ["cq/tp"]),
        ("hosphorus", []),
        ("NH3-N", ["cq/tp"]),
        ("沱江", ["cq/tp", "cq/all"]),
        ("tuo", ["cq/all"]),
        ("铅 day", ["cq/lead"]),
        ("铅 沱江", []),
        ("", ["sc/own", "cq/lead", "cq/tp", "cq/all"]),
        ('"铅" OR *', []),
        ("%", ["sc/own", "cq/lead", "cq/tp", "cq/all"]),
        ("ammonia_nitrogen", ["sc/own", "cq/tp", "cq/all"]),
    ],
)
def test_search_finds_chinese_and_english(filled: SqlCatalogue, text: str, found: list[str]) -> None:
    assert [each.dataset.id for each in filled.search(Wanted(text)).entries] == found


def test_the_index_follows_the_rule_of_words(filled: SqlCatalogue) -> None:
    from shangyou.adapters.state.catalogue_index import words_of

    everything = list(filled.entries())
    for query in ("铅", "值", "小时值", "1", "100", "hour", "ho", "o", "的总", "江铅", "cq", "sc/own", "n"):
        expected = {each.dataset.id for each in everything if fits(query, words_of(each))}
        assert {each.dataset.id for each in filled.search(Wanted(query)).entries} == expected


def test_facets_count_what_each_other_choice_would_find(filled: SqlCatalogue) -> None:
    found = filled.search(Wanted(facets={"owner": ["cq"], "parameter": ["lead"]}))
    assert [each.dataset.id for each in found.entries] == ["cq/lead"]
    assert dict(found.facets["owner"]) == {"cq": 1}
    assert dict(found.facets["parameter"]) == {"ammonia_nitrogen": 2, "lead": 1}
    assert dict(filled.search(Wanted()).facets["river"]) == {"tuo": 1}


def test_pages_of_a_search_are_together_the_whole(filled: SqlCatalogue) -> None:
    pages = [filled.search(Wanted(offset=n, limit=1)) for n in range(4)]
    assert [p.entries[0].dataset.id for p in pages] == ["sc/own", "cq/lead", "cq/tp", "cq/all"]
    assert {p.total for p in pages} == {4}


def test_what_was_changed_or_withdrawn_is_found_by_its_old_words_no_longer(filled: SqlCatalogue) -> None:
    filled.put(a_dataset("sc/own", "改名", 10))
    assert [each.dataset.id for each in filled.search(Wanted("总磷")).entries] == ["cq/tp"]
    filled.remove("sc/own", 11)
    assert filled.search(Wanted("改名")).total == 0


def test_an_index_that_is_missing_is_made_again_from_the_entries(
    filled: SqlCatalogue, state_database: StateDatabase
) -> None:
    if state_database.engine.dialect.name == "sqlite":
        with state_database.writing() as connection:
            connection.exec_driver_sql("drop table catalogue_words")
    assert [each.dataset.id for each in SqlCatalogue(state_database).search(Wanted("铅")).entries] == ["cq/lead"]
