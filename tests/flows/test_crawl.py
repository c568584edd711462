"""Reading the catalogues of others."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shangyou.adapters.state import SqlCatalogue, StateDatabase
from shangyou.core.errors import UnavailableError
from shangyou.exchange.catalogue.port import Wanted
from shangyou.exchange.catalogue.sharing import is_listed
from shangyou.exchange.member import Standing
from shangyou.exchange.ports import Answer
from shangyou.flows.crawl import EVERY, LONGEST, crawl, crawl_due, due
from tests.fakes.exchange_catalogue import FewMembers, Wire, a_dataset, changed, emptied, in_memory, not_shared


def at(ms: int = 1000) -> Callable[[], int]:
    return lambda: ms


def ids(catalogue: SqlCatalogue, owner: str = "") -> dict[str, int]:
    return {each.dataset.id: each.dataset.changed for each in catalogue.entries(owner)}


def theirs(catalogue: SqlCatalogue, reader: str = "cq") -> dict[str, int]:
    return {each.id: each.changed for each in catalogue.datasets() if is_listed(each, reader)}


@pytest.fixture
def sichuan() -> SqlCatalogue:
    catalogue = in_memory()
    for n in range(7):
        catalogue.put(a_dataset(f"sc/{n}", at=n))
    catalogue.put(not_shared("sc/secret"))
    return catalogue


def test_the_whole_catalogue_of_a_member_is_read_page_by_page(sichuan: SqlCatalogue) -> None:
    wire, mine = Wire("cq", {"sc": sichuan}, limit=3), in_memory()
    source = crawl("sc", wire, mine, at())
    assert ids(mine) == theirs(sichuan)
    assert "sc/secret" not in ids(mine)
    assert (source.entries, source.succeeded, source.failing, source.crawled.new) == (7, 1000, None, 7)
    assert wire.calls == 3


def test_only_changes_travel_the_second_time_and_deletions_among_them(sichuan: SqlCatalogue) -> None:
    wire, mine = Wire("cq", {"sc": sichuan}), in_memory()
    crawl("sc", wire, mine, at())
    sichuan.remove("sc/3", 50)
    sichuan.put(a_dataset("sc/4", "改名", 60))
    sichuan.put(not_shared("sc/5"))
    source = crawl("sc", wire, mine, at(2000))
    assert ids(mine) == theirs(sichuan)
    assert (source.crawled.new, source.crawled.changed, source.crawled.removed) == (0, 1, 2)
    assert mine.entry("sc/4").dataset.title_zh == "改名"
    assert wire.calls == 2


def test_a_failure_is_told_with_its_reason_and_what_was_there_stays(sichuan: SqlCatalogue) -> None:
    wire, mine = Wire("cq", {"sc": sichuan}), in_memory()
    crawl("sc", wire, mine, at())
    wire.spoil = lambda number, answer: replace(answer, status=500)
    source = crawl("sc", wire, mine, at(9000))
    assert (source.code, source.failing, source.failures, source.succeeded) == ("catalogue.answer", 9000, 1, 1000)
    assert len(ids(mine)) == 7
    source = crawl("sc", Wire("cq", {}), mine, at(10_000))
    assert (source.code, source.failing, source.failures) == ("peer.unreachable", 9000, 2)


@pytest.mark.parametrize("status", [401, 403])
def test_being_refused_is_told_apart(sichuan: SqlCatalogue, status: int) -> None:
    wire = Wire("cq", {"sc": sichuan})
    wire.spoil = lambda number, answer: replace(answer, status=status)
    assert crawl("sc", wire, in_memory(), at()).code == "catalogue.refused"


def test_a_reading_goes_on_where_it_broke_off(sichuan: SqlCatalogue) -> None:
    wire, mine = Wire("cq", {"sc": sichuan}, limit=2), in_memory()

    def breaks(number: int, answer: Answer) -> Answer:
        if number == 3:
            raise UnavailableError("peer.unreachable", member="sc")
        return answer

    wire.spoil = breaks
    assert crawl("sc", wire, mine, at()).entries == 4
    assert crawl("sc", wire, mine, at()).entries == 7
    assert wire.calls == 5


def test_a_catalogue_from_a_backup_is_read_anew(sichuan: SqlCatalogue) -> None:
    mine, restored = in_memory(), in_memory()
    crawl("sc", Wire("cq", {"sc": sichuan}), mine, at())
    restored.put(a_dataset("sc/2", at=99))
    assert crawl("sc", Wire("cq", {"sc": restored}), mine, at()).crawled.complete
    assert ids(mine) == theirs(restored)


def test_a_sequence_that_ran_on_from_a_backup_is_noticed(sichuan: SqlCatalogue) -> None:
    """The same epoch and the same head, but another content."""
    wire, mine = Wire("cq", {"sc": sichuan}), in_memory()
    crawl("sc", wire, mine, at())
    restored = in_memory()
    for n in (*range(6), 9, 10):
        restored.put(a_dataset(f"sc/{n}", at=n))
    epoch, _ = sichuan.head()
    wire = Wire("cq", {"sc": restored})
    wire.spoil = lambda number, answer: changed(answer, lambda said: said.update(epoch=epoch))
    assert crawl("sc", wire, mine, at()).code == ""
    assert ids(mine) == theirs(restored)


def test_entries_are_taken_from_their_owner_alone(sichuan: SqlCatalogue) -> None:
    """A member that passes on what it has read itself makes no duplicates: the forms have no place for it."""
    wire, mine = Wire("cq", {"gz": sichuan}), in_memory()
    source = crawl("gz", wire, mine, at())
    assert (ids(mine), source.refused, source.failing) == ({}, 7, None)
    assert {each.code for each in mine.refusals("gz")} == {"catalogue.entry_owner"}


def test_two_who_read_each_other_do_not_grow(sichuan: SqlCatalogue) -> None:
    chongqing = in_memory()
    chongqing.put(a_dataset("cq/a"))
    both = {"sc": sichuan, "cq": chongqing}
    for turn in range(3):
        crawl("sc", Wire("cq", both), chongqing, at(turn))
        crawl("cq", Wire("sc", both), sichuan, at(turn))
    assert len(ids(chongqing)) == 8
    assert len(ids(sichuan)) == 9  # with the one that is not shared


def spoiled(change: Callable[[dict[str, object]], object]) -> Callable[[int, Answer], Answer]:
    return lambda number, answer: changed(answer, change)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda said: said.update(owner="gz"), "catalogue.page_owner"),
        (lambda said: said.update(more=True, summary=None), "catalogue.endless"),
        (lambda said: said.update(since=5), "catalogue.page_order"),
        (lambda said: said["changes"].reverse(), "catalogue.page_order"),
        (lambda said: said.update(next=2), "catalogue.page_order"),
        (lambda said: said.update(changes=said["changes"] * 100), "catalogue.page_form"),
        (lambda said: said.update(next=2**70), "catalogue.page_form"),
        (lambda said: said.update(summary={"count": 1, "digest": "0" * 64}), "catalogue.summary"),
        (lambda said: said.update(filler="x" * 5_000_000), "catalogue.page_size"),
    ],
)
def test_a_page_that_cannot_be_right_fails_the_source(
    sichuan: SqlCatalogue, change: Callable[[dict[str, object]], object], code: str
) -> None:
    wire = Wire("cq", {"sc": sichuan})
    wire.spoil = spoiled(change)
    source = crawl("sc", wire, in_memory(), at())
    assert source.code in (code, "catalogue.page_order" if code == "catalogue.endless" else code)
    assert source.failing == 1000


def test_a_member_that_feeds_without_end_is_cut_off() -> None:
    """Sequences that go up for ever, each page with new datasets."""
    body = json.dumps(None)

    class Endless(Wire):
        def call(self, member: str, method: str, path: str, *rest: object, **more: object) -> Answer:
            since = int(path.partition("since=")[2].partition("&")[0])
            changes = [{"sequence": since + n + 1, "id": f"sc/{since + n}", "gone": True} for n in range(500)]
            said = {"owner": "sc", "epoch": "e", "since": since, "next": since + 500, "more": True, "changes": changes}
            return Answer(200, "application/json", json.dumps(said | {"summary": json.loads(body)}).encode())

    assert crawl("sc", Endless("cq", {}), in_memory(), at()).code == "catalogue.endless"


def test_a_member_with_too_many_entries_is_refused_and_the_rest_goes_on(sichuan: SqlCatalogue) -> None:
    mine = in_memory()
    mine.put(a_dataset("cq/a"))
    source = crawl("sc", Wire("cq", {"sc": sichuan}), mine, at(), most=5)
    assert (source.code, source.entries) == ("catalogue.many", 0)
    assert ids(mine) == {"cq/a": 1}


def test_one_bad_entry_is_refused_alone_until_it_is_good_again(sichuan: SqlCatalogue) -> None:
    wire, mine = Wire("cq", {"sc": sichuan}), in_memory()

    def spoil(said: dict[str, list[dict[str, dict[str, object]]]]) -> None:
        for change in said["changes"]:
            if change.get("dataset", {}).get("@id") == "sc/2":
                change["dataset"]["hasPolicy"] = "none"

    crawl("sc", wire, mine, at())
    sichuan.put(a_dataset("sc/2", at=70))
    wire.spoil = spoiled(spoil)  # type: ignore[arg-type]
    source = crawl("sc", wire, mine, at())
    assert (source.entries, source.refused, source.failing) == (6, 1, None)
    assert [(each.id, each.code) for each in mine.refusals("sc")] == [("sc/2", "catalogue.entry_form")]
    wire.spoil = lambda number, answer: answer
    sichuan.put(a_dataset("sc/2", at=71))
    source = crawl("sc", wire, mine, at())
    assert (source.entries, source.refused) == (7, 0)
    assert ids(mine) == theirs(sichuan)


def test_who_fails_is_asked_less_and_less_often_but_once_an_hour() -> None:
    mine, pauses = in_memory(), list[int]()
    for _ in range(9):
        source = crawl("sc", Wire("cq", {}), mine, at(0))
        pauses.append(source.due)
    assert pauses[:3] == [EVERY, 2 * EVERY, 4 * EVERY]
    assert pauses[-1] == LONGEST


def test_all_active_providers_are_read_when_they_are_due(sichuan: SqlCatalogue) -> None:
    members, mine = FewMembers("cq", "sc", "gz", "yn"), in_memory()
    wire = Wire("cq", {"sc": sichuan, "gz": in_memory()})
    members.stand("yn", Standing.SUSPENDED)
    assert [s.owner for s in crawl_due(members, wire, mine, at(0))] == ["sc", "gz"]
    assert crawl_due(members, wire, mine, at(10)) == []
    assert due(members, mine, EVERY) == ["sc", "gz"]


def test_entries_of_a_member_that_left_for_good_are_removed(sichuan: SqlCatalogue) -> None:
    members, mine = FewMembers("cq", "sc"), in_memory()
    crawl_due(members, Wire("cq", {"sc": sichuan}), mine, at(0))
    members.stand("sc", Standing.SUSPENDED)
    crawl_due(members, Wire("cq", {"sc": sichuan}), mine, at(EVERY))
    assert len(ids(mine)) == 7
    members.stand("sc", Standing.REVOKED)
    crawl_due(members, Wire("cq", {"sc": sichuan}), mine, at(2 * EVERY))
    assert (ids(mine), mine.search(Wanted("小时值")).total) == ({}, 0)


# ---- laws -------------------------------------------------------------------------------------------------------

ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(0, 5)),
        st.tuples(st.just("hide"), st.integers(0, 5)),
        st.tuples(st.just("remove"), st.integers(0, 5)),
        st.tuples(st.just("crawl"), st.integers(1, 4)),
        st.tuples(st.just("lose"), st.integers(1, 3)),
        st.tuples(st.just("late"), st.integers(1, 3)),
    ),
    max_size=25,
)


@pytest.fixture(scope="module")
def databases() -> Iterator[tuple[StateDatabase, StateDatabase]]:
    both = StateDatabase(""), StateDatabase("")
    yield both
    for each in both:
        each.close()


@settings(max_examples=60)
@given(acts=ACTS)
def test_whatever_is_lost_doubled_or_late_the_catalogue_becomes_that_of_its_owner(
    databases: tuple[StateDatabase, StateDatabase], acts: list[tuple[str, int]]
) -> None:
    owner, mine, early = emptied(databases[0]), emptied(databases[1]), list[Answer]()
    for n, (what, number) in enumerate(acts):
        if what in ("put", "hide"):
            make = a_dataset if what == "put" else not_shared
            owner.put(replace(make(f"sc/{number}"), changed=n))
        elif what == "remove" and f"sc/{number}" in {each.id for each in owner.datasets()}:
            owner.remove(f"sc/{number}", n)
        else:
            crawl("sc", spoiling(owner, what, number, early), mine, at(n))
        gone = {each.dataset.id for each in mine.entries()} - {f"sc/{k}" for k in range(6)}
        assert gone == set()
    crawl("sc", Wire("cq", {"sc": owner}, limit=2), mine, at(99))
    assert ids(mine) == theirs(owner)
    assert {each.dataset.owner for each in mine.entries()} <= {"sc"}
    found = mine.search(Wanted("小时值", limit=100))
    assert {each.dataset.id for each in found.entries} == set(theirs(owner))


def spoiling(owner: SqlCatalogue, what: str, number: int, early: list[Answer]) -> Wire:
    """A wire of pages with `number` datasets that loses the answer of that number, or gives one of earlier times."""
    wire = Wire("cq", {"sc": owner}, limit=number if what == "crawl" else 2)

    def spoil(call: int, answer: Answer) -> Answer:
        early.append(answer)
        if what == "lose" and call == number:
            raise UnavailableError("peer.unreachable", member="sc")
        return early[len(early) // 2] if what == "late" and call == number else answer

    wire.spoil = spoil
    return wire
