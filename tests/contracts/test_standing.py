"""What every store of standing subscriptions promises."""

from __future__ import annotations

from shangyou.adapters.state import StateDatabase
from shangyou.adapters.state.standing import SqlWishes
from shangyou.exchange.standing import Wish


def test_a_wish_comes_back_as_it_was_and_a_source_has_one(state_database: StateDatabase) -> None:
    wishes = SqlWishes(state_database)
    first = Wish("sichuan", ("tuojiang", "minjiang"), "assessment", backfill=False, by="li", since=5)
    for wish in (Wish("sichuan"), Wish("provincial", by="王"), first):
        wishes.put(wish)
    assert wishes.wishes() == [Wish("provincial", by="王"), first]


def test_a_wish_is_taken_back_once(state_database: StateDatabase) -> None:
    wishes = SqlWishes(state_database)
    wishes.put(Wish("sichuan"))
    assert (wishes.drop("sichuan"), wishes.drop("sichuan"), wishes.wishes()) == (True, False, [])
