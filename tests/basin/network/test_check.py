"""What is no network is told with every fault at once."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shangyou.basin.network.check import check
from shangyou.basin.network.network import build
from shangyou.basin.network.values import Draft, Kind, NetworkError, Place, Reach
from tests.basin.network.made import drafts, fork, place, reach


def codes(*reaches: Reach, places: tuple[Place, ...] = ()) -> list[str]:
    """Codes of all faults."""
    return sorted(each.code for each in check(Draft(reaches, places)))


@settings(max_examples=40)
@given(drafts())
def test_a_river_system_whose_ends_are_named_has_no_fault(draft: Draft) -> None:
    assert check(draft) == []


def test_all_faults_are_told_at_once_with_their_lines() -> None:
    draft = Draft(
        (reach("a", "A", "B", 0.0), reach("a", "B", "C", -5.0), reach("z", "X", "Y", flow=-1.0)),
        (place("p", "nowhere", 1.0), place("q", "z", 5000.0)),
    )
    lines = {("reach", 0): 2, ("reach", 1): 3, ("reach", 2): 4, ("place", 0): 5, ("place", 1): 6}
    with pytest.raises(NetworkError) as caught:
        build(draft, lines)
    assert {(each.code, each.line) for each in caught.value.faults} == {
        ("network.length", 2),
        ("network.double", 3),
        ("network.length", 3),
        ("network.value", 4),
        ("network.gap", 4),
        ("network.unknown_reach", 5),
        ("network.outside", 6),
    }


def test_a_circle_is_told_once_with_its_reaches() -> None:
    faults = check(Draft((reach("a", "A", "B"), reach("b", "B", "C"), reach("c", "C", "A"), reach("t", "T", "A"))))
    assert [(each.code, each.facts["reaches"]) for each in faults] == [("network.circle", "a, b, c")]


def test_a_reach_that_ends_where_it_starts_is_no_reach() -> None:
    assert codes(reach("a", "A", "A")) == ["network.nodes"]


def test_two_reaches_from_one_node_are_a_fork() -> None:
    found = check(Draft((reach("a", "A", "B"), reach("b", "A", "C")), (place("e", "b", 1000.0, Kind.END),)))
    assert [(each.code, each.facts["node"]) for each in found] == [("network.fork", "A")]


def test_a_system_that_ends_where_nobody_said_so_is_a_gap_and_the_nearest_node_is_named() -> None:
    main = reach("a", "A", "B", line=((104.0, 30.0), (105.0, 30.0)))
    lower = reach("b", "B", "C", line=((105.0, 30.0), (106.0, 30.0)))
    loose = reach("t", "T", "X", line=((105.0, 31.0), (105.01, 30.01)))
    found = check(Draft((main, lower, loose)))
    assert [(each.code, each.facts["near"]) for each in found] == [("network.gap", "B")]
    assert check(Draft((main, lower, loose), (place("e", "t", 1000.0, Kind.END),))) == []


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 0.0, -1.0])
def test_a_length_is_a_positive_number(value: float) -> None:
    assert codes(reach("a", "A", "B", value)) == ["network.length"]


@pytest.mark.parametrize("field", ["width", "roughness", "flow", "area", "dispersion"])
@pytest.mark.parametrize("value", [-1.0, 0.0, math.inf])
def test_a_figure_is_positive_or_not_known(field: str, value: float) -> None:
    figures: dict[str, Any] = {field: value}
    assert codes(reach("a", "A", "B", **figures)) == ["network.value"]
    assert codes(reach("a", "A", "B", **(figures | {field: math.nan}))) == []


def test_an_absurd_flow_is_told() -> None:
    assert codes(reach("a", "A", "B", flow=2e6)) == ["network.value"]


def test_a_mileage_beyond_its_river_or_on_a_river_that_ends_twice_cannot_be_placed() -> None:
    draft = fork()
    beyond = Place("far", Kind.SECTION, "far", river="r", above=8001.0)
    nowhere = Place("none", Kind.SECTION, "none", river="?", above=1.0)
    assert codes(*draft.reaches, places=(beyond, nowhere)) == ["network.outside", "network.unknown_river"]
    twice = (reach("a", "A", "M", river="s"), reach("b", "B", "M", river="s"), reach("c", "M", "E"))
    assert codes(*twice, places=(Place("p", Kind.SECTION, "p", river="s", above=1.0),)) == ["network.parted"]


def test_nothing_is_no_network() -> None:
    assert codes() == ["network.empty"]


numbers = st.floats() | st.sampled_from([0.0, 1.0, -1.0])
names = st.sampled_from(["", "a", "b", "c", "d"])


@settings(max_examples=150)
@given(
    st.lists(st.builds(Reach, names, names, names, names, numbers, numbers, numbers, numbers, numbers), max_size=6),
    st.lists(
        st.builds(
            lambda name, on, at, river, above: Place(name, Kind.SECTION, name, "", on, at, river, above),
            *(names, names, numbers, names, numbers),
        ),
        max_size=4,
    ),
)
def test_any_rows_are_a_network_or_have_faults_that_say_why(reaches: list[Reach], places: list[Place]) -> None:
    draft = Draft(tuple(reaches), tuple(places))
    if check(draft):
        with pytest.raises(NetworkError):
            build(draft)
    else:
        assert len(build(draft).reaches) == len(reaches)
