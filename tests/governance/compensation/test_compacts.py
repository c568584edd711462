"""Compacts that ship: each is sound, and marks what the sources do not confirm. Their cases: test_cases."""

from __future__ import annotations

from shangyou.governance.compensation.read import examine, parse
from shangyou.standards.compacts import compact_texts


def test_every_compact_that_ships_adds_up() -> None:
    assert {id: examine(text)[1] for id, text in compact_texts().items()} == dict.fromkeys(compact_texts(), ())
    assert [parse(text).id for text in compact_texts().values()] == list(compact_texts())


def test_what_the_sources_do_not_confirm_is_marked() -> None:
    marked = {id: parse(text).unverified for id, text in compact_texts().items()}
    assert marked["xinanjiang-2012"] == marked["xinanjiang-2015"] == marked["xinanjiang-2018"] == ("",)
    assert "rules[0]" not in marked["chishui-2018"]  # the fund and its shares are confirmed by three copies
    assert {"rules[1]", "rules[2]"} <= set(marked["chishui-2018"])
    assert "rules[0]" in marked["youshui-2019"]
