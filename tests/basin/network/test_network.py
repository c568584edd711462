"""Questions to a network, held against a plain walk down the river."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings

from shangyou.basin.network.network import Network, build, summed_down
from shangyou.basin.network.values import Draft, Kind, Place
from shangyou.core.errors import NotFoundError
from tests.basin.network.made import drafts, fork, place, reach


def walked(network: Network, start: Place) -> dict[str, float]:
    """Places below one with the metres to them, by walking from node to node.

    What lies at the head of the next reach is below what lies at the foot of this one, 0 m away.
    """
    own = {each.id: each for each in network.reaches}
    leaving = {each.start: each for each in network.reaches}
    found: dict[str, float] = {}
    on, gone = own[start.reach], -start.at
    while True:
        for each in network.places:
            if each.reach == on.id and (on.id != start.reach or each.at > start.at):
                found[each.id] = gone + each.at
        gone += on.length
        if on.end not in leaving:
            return found
        on = leaving[on.end]


@settings(max_examples=60)
@given(drafts())
def test_up_and_down_are_what_a_walk_from_node_to_node_finds(draft: Draft) -> None:
    network = build(draft)
    below = {each.id: walked(network, each) for each in network.places}
    for one in network.places:
        down = network.downstream(one.id)
        assert {each.id for each in down} == set(below[one.id])
        lengths = [below[one.id][each.id] for each in down]
        assert lengths == sorted(lengths)
        assert {each.id for each in network.upstream(one.id)} == {id for id, found in below.items() if one.id in found}
        for other in network.places:
            away = network.distance(one.id, other.id)
            assert network.is_upstream(one.id, other.id) is (other.id in below[one.id])
            if other.id in below[one.id]:
                assert away is not None
                assert math.isclose(away, below[one.id][other.id])
                assert network.reaches[network.way(one.id, other.id)[0]].id == one.reach
            else:
                assert away is None


@settings(max_examples=40)
@given(drafts())
def test_order_of_rows_changes_no_answer(draft: Draft) -> None:
    one, other = build(draft), build(Draft(draft.reaches[::-1], draft.places[::-1]))
    for each in draft.places:
        assert {p.id for p in one.upstream(each.id)} == {p.id for p in other.upstream(each.id)}


@settings(max_examples=40)
@given(drafts())
def test_all_that_flows_through_a_reach_stands_behind_it_in_one_slice(draft: Draft) -> None:
    network = build(draft)
    for i, each in enumerate(network.reaches):
        through = {network.reaches[j].id for j in range(len(network.reaches)) if i in _down(network, j)}
        assert {r.id for r in network.reaches_above(each.id)} == through


def _down(network: Network, i: int) -> list[int]:
    found = [i]
    while network.down[found[-1]] >= 0:
        found.append(int(network.down[found[-1]]))
    return found


def test_nothing_flows_upstream_or_from_one_tributary_into_another() -> None:
    network = build(fork())
    assert network.distance("on a", "lower c") == 6000.0
    assert network.distance("lower c", "on a") is None
    assert network.distance("on a", "on b") is None
    assert not network.is_upstream("on a", "on a")
    assert [each.id for each in network.upstream("lower c")] == ["upper c", "on a", "on b"]
    assert [each.id for each in network.downstream("on b")] == ["upper c", "lower c"]


def test_a_place_told_by_mileage_lies_where_one_told_by_its_reach_does() -> None:
    draft = fork()
    told = Place("mile", Kind.INTAKE, "mile", river="r", above=6500.0)
    network = build(Draft(draft.reaches, (*draft.places, told)))
    found = network.places[network.index("mile")]
    assert (found.reach, found.at) == ("a", 1500.0)
    assert network.mileage("mile") == 6500.0
    assert network.mileage("on b") == 1500.0


def test_places_of_a_river_are_in_order_of_flow() -> None:
    assert [each.id for each in build(fork()).on_river("r")] == ["on a", "upper c", "lower c"]


def test_a_place_nobody_entered_is_told_by_its_code() -> None:
    with pytest.raises(NotFoundError) as caught:
        build(fork()).distance("on a", "nowhere")
    assert caught.value.code == "network.place"


def test_sums_down_the_river_are_those_of_a_walk() -> None:
    down = np.array([-1, 0, 1, 1, 3, -1])
    assert summed_down(down, np.array([1.0, 2, 4, 8, 16, 32])).tolist() == [1, 3, 7, 11, 27, 32]


def test_a_long_river_needs_no_deep_recursion() -> None:
    many = 20_000
    draft = Draft(tuple(reach(f"r{i}", f"n{i}", f"n{i + 1}", 1000.0) for i in range(many)), ())
    ends = (place("top", "r0", 0.0), place("bottom", f"r{many - 1}", 1000.0))
    assert build(Draft(draft.reaches, ends)).distance("top", "bottom") == many * 1000.0
