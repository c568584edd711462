"""A network that people edit: what was said stays readable, can be taken back, and never stops being a network."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shangyou.basin.network.revision import (
    Book,
    Item,
    Key,
    Plan,
    as_item,
    lay,
    open_book,
    replacing,
    revise,
    undo,
    written,
)
from shangyou.basin.network.values import Draft, Kind, NetworkError, same
from shangyou.core.errors import ConflictError, InputError, NotFoundError
from tests.basin.network.made import drafts, fork, place, reach


def edited(book: Book, key: Key, item: Item | None, *, by: str = "ann", seen: int | None = None) -> None:
    """Edit one item."""
    revision = revise(book, {key: item}, by, "surveyed", 1000 + book.number, seen=seen)
    assert revision is not None
    lay(book, revision)


INTAKE = place("intake", "c", 10.0, Kind.INTAKE)
KEY = ("place", "intake")


def test_a_change_holds_who_when_and_why_and_what_was_before() -> None:
    book = open_book(fork())
    edited(book, KEY, INTAKE)
    edited(book, KEY, replace(INTAKE, at=20.0), by="ben")
    last = book.revisions[-1]
    assert (last.number, last.by, last.why, last.at) == (2, "ben", "surveyed", 1001)
    assert last.changes[0].before == INTAKE
    assert book.network().places[book.network().index("intake")].at == 20.0


def test_what_is_so_already_is_no_revision() -> None:
    book = open_book(fork())
    assert revise(book, {("reach", "a"): fork().reaches[0]}, "ann", "nothing new", 1) is None


def test_what_an_editor_has_not_seen_is_a_conflict_and_names_the_other() -> None:
    book = open_book(fork())
    edited(book, KEY, INTAKE)
    edited(book, ("reach", "a"), reach("a", "A", "M", 3500.0), by="ben", seen=0)  # another item: no conflict
    with pytest.raises(ConflictError) as caught:
        edited(book, KEY, replace(INTAKE, at=30.0), by="cem", seen=0)
    assert caught.value.facts == {"id": "intake", "revision": 1, "by": "ann"}


def test_a_change_that_would_leave_no_network_is_refused_with_its_faults() -> None:
    book = open_book(fork())
    for key, item, code in (
        (("reach", "c"), None, "network.gap"),
        (("reach", "a"), reach("a", "E", "M"), "network.circle"),
        (("reach", "a"), reach("a", "A", "M", 500.0), "network.outside"),
    ):
        with pytest.raises(NetworkError) as caught:
            revise(book, {key: item}, "ann", "a slip", 1)
        assert code in {fault.code for fault in caught.value.faults}
    assert book.number == 0


def test_undoing_brings_back_what_was_and_can_be_undone_itself() -> None:
    book = open_book(fork())
    edited(book, KEY, INTAKE)
    lay(book, undo(book, 1, "ben", "wrong river", 5))
    assert not book.network().has("intake")
    with pytest.raises(ConflictError) as caught:
        undo(book, 1, "ben", "again", 6)
    assert caught.value.code == "network.undone"
    lay(book, undo(book, 2, "ann", "right after all", 7))
    assert book.network().has("intake")
    lay(book, undo(book, 1, "ben", "wrong indeed", 8))
    assert not book.network().has("intake")


def test_what_was_changed_again_since_cannot_be_undone_behind_its_back() -> None:
    book = open_book(fork())
    edited(book, KEY, INTAKE)
    edited(book, KEY, replace(INTAKE, at=20.0), by="ben")
    with pytest.raises(ConflictError) as caught:
        undo(book, 1, "ann", "too late", 5)
    assert (caught.value.code, caught.value.facts["by"]) == ("network.conflict", "ben")


def test_what_is_not_there_is_told_so() -> None:
    book = open_book(fork())
    with pytest.raises(NotFoundError):
        revise(book, {KEY: None}, "ann", "gone", 1)
    with pytest.raises(NotFoundError):
        undo(book, 1, "ann", "gone", 1)


@pytest.mark.parametrize("why", ["", "  ", "x" * 501, "two\nlines"])
def test_nobody_edits_without_saying_why(why: str) -> None:
    with pytest.raises(InputError) as caught:
        revise(open_book(fork()), {KEY: INTAKE}, "ann", why, 1)
    assert caught.value.code == "network.why"


def test_a_new_edition_of_what_ships_keeps_what_people_have_said() -> None:
    book = open_book(fork())
    edited(book, ("reach", "a"), reach("a", "A", "M", 3500.0))
    newer = Draft(tuple(replace(each, flow=7.0) for each in fork().reaches), fork().places)
    again = open_book(newer, book.revisions).network()
    assert {r.id: (r.length, r.flow) for r in again.reaches} == {
        "a": (3500.0, 100.0),
        "b": (2000.0, 7.0),
        "c": (5000.0, 7.0),
    }


@settings(max_examples=30)
@given(drafts(), drafts())
def test_a_whole_network_is_brought_in_by_one_revision_and_taken_back_by_another(one: Draft, other: Draft) -> None:
    book = open_book(one)
    revision = revise(book, replacing(book, other, whole=True), "ann", "a new survey", 1)
    if revision is None:
        return
    lay(book, revision)
    assert {each.id for each in book.draft().items} == {each.id for each in other.items}
    lay(book, undo(book, 1, "ben", "the old was better", 2))
    found = {each.id: each for each in book.draft().items}
    assert all(same(found[each.id], each) for each in one.items)
    assert len(found) == len(one.items)


@settings(max_examples=30)
@given(
    drafts(), st.text(max_size=30), st.dictionaries(st.text(max_size=5), st.text(min_size=1, max_size=9), max_size=3)
)
def test_every_item_is_written_and_read_as_the_same(draft: Draft, text: str, contacts: dict[str, str]) -> None:
    for item in draft.items:
        again = as_item("reach" if item in draft.reaches else "place", written(item))
        assert not isinstance(again, Plan)
        assert again is not None
        assert same(item, again)
    plan = Plan("r", text, text, {k: v for k, v in contacts.items() if v.strip()})
    assert as_item("plan", written(plan)) == plan
    assert as_item("place", None) is None
