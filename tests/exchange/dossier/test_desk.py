"""The double that tests of folds use keeps the promises of `Dossiers`."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shangyou.core.errors import InputError, NotFoundError
from tests.fakes.dossiers import Desk


@settings(max_examples=50)
@given(st.lists(st.tuples(st.sampled_from(["sc", "cq", "gz"]), st.booleans()), max_size=12), st.data())
def test_any_order_of_delivery_gives_all_members_the_same(says: list[tuple[str, bool]], data: st.DataObject) -> None:
    desk = Desk(lambda: 1_000)
    dossier = desk.at("sc").open("warning", ["cq", "gz"], {}).dossier
    desk.deliver()
    for place, (member, delivers) in enumerate(says):
        desk.at(member).add(dossier, "warning.update", {"place": place})
        if delivers:
            desk.deliver(lambda count: data.draw(st.integers(0, count - 1)), doubled=True)
    desk.deliver(lambda count: data.draw(st.integers(0, count - 1)))
    views = [desk.at(member).entries(dossier) for member in ("sc", "cq", "gz")]
    assert views[0] == views[1] == views[2]
    assert len(views[0]) == 1 + len(says)
    assert all(each.received is not None for each in desk.at("sc").receptions(dossier))


def test_who_is_invited_gets_all_that_was_said_before() -> None:
    desk = Desk(lambda: 1_000)
    first = desk.at("sc").open("incident", ["cq"], {"name": "spill"})
    desk.deliver()
    desk.at("cq").add(first.dossier, "incident.note", {})
    desk.deliver()
    desk.at("cq").invite(first.dossier, ["gz"])
    desk.deliver()
    assert desk.at("gz").entries(first.dossier) == desk.at("sc").entries(first.dossier)
    assert desk.at("gz").headings("incident")[0].members == ("cq", "gz", "sc")


def test_what_is_unknown_or_too_large_is_refused() -> None:
    desk = Desk(lambda: 1_000)
    with pytest.raises(NotFoundError, match=r"dossier\.unknown"):
        desk.at("sc").entries("urn:uuid:none")
    first = desk.at("sc").open("incident", ["cq"], {})
    with pytest.raises(InputError, match=r"dossier\.size"):
        desk.at("sc").add(first.dossier, "incident.note", {"text": "x" * 300_000})


def test_nothing_reaches_who_is_away_until_it_is_back() -> None:
    desk = Desk(lambda: 1_000)
    first = desk.at("sc").open("incident", ["cq"], {})
    desk.away.add("cq")
    assert desk.deliver() == 0
    desk.away.clear()
    assert desk.deliver() == 1
    assert desk.at("cq").entries(first.dossier) == [first]
