"""The course between two places, and how long water takes on it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from shangyou.basin.network.facts import upper_yangtze
from shangyou.basin.network.network import build
from shangyou.basin.network.values import Draft, Kind
from shangyou.basin.network.way import course, flow_now, travel, velocity
from shangyou.core.errors import InputError
from shangyou.simulation.stretch import travel_hours
from tests.basin.network.made import drafts, fork, place, reach


@settings(max_examples=60)
@given(drafts())
def test_a_course_is_as_long_as_the_distance_and_holds_every_place_between(draft: Draft) -> None:
    network = build(draft)
    for one in network.places:
        for other in network.downstream(one.id):
            away = network.distance(one.id, other.id)
            if not away:
                continue
            way = course(network, one.id, other.id)
            assert way.end == pytest.approx(away)
            assert np.all(way.length > 0)
            told = {p.id: p.at for p in way.places}
            for between in network.downstream(one.id):
                gone = network.distance(one.id, between.id)
                if gone is not None and (between.id == other.id or network.is_upstream(between.id, other.id)):
                    assert told[between.id] == pytest.approx(gone)


def test_a_tributary_brings_its_flow_where_it_joins() -> None:
    draft = Draft(
        (reach("a", "A", "M", flow=60.0), reach("b", "B", "M", flow=40.0, river="s"), reach("c", "M", "E", flow=100.0)),
        (place("start", "a", 0.0), place("stop", "c", 1000.0)),
    )
    way = course(build(draft), "start", "stop")
    assert way.flow.tolist() == [60.0, 100.0]
    assert way.gain.tolist() == [0.0, 40.0]


def test_a_dam_cuts_its_reach_where_the_reservoir_ends() -> None:
    draft = fork()
    dam = place("dam", "c", 2500.0, Kind.DAM, mixed=1e6)
    way = course(build(Draft(draft.reaches, (*draft.places, dam))), "on a", "lower c")
    assert way.reaches == ("a", "c", "c")
    assert way.length.tolist() == [2000.0, 2500.0, 1500.0]
    assert way.impounded.tolist() == [0.0, 1e6, 0.0]
    assert [(p.id, p.at) for p in way.places] == [
        ("on a", 0.0),
        ("upper c", 3000.0),
        ("dam", 4500.0),
        ("lower c", 6000.0),
    ]


def test_no_course_leads_upstream_or_nowhere() -> None:
    network = build(fork())
    for stop in ("on a", "on b"):
        with pytest.raises(InputError) as caught:
            course(network, "lower c" if stop == "on a" else "on a", stop)
        assert caught.value.code == "network.not_down"


def test_reaches_that_lack_a_figure_are_named_with_what_they_lack() -> None:
    figures: dict[str, Any] = {"width": math.nan, "flow": math.nan, "slope": math.nan}
    dam = place("d", "a", 5.0, Kind.DAM, mixed=1e6)
    draft = Draft((reach("a", "A", "B", **figures),), (place("p", "a", 0.0), dam, place("q", "a", 10.0)))
    with pytest.raises(InputError) as caught:
        course(build(draft), "p", "q")
    assert caught.value.code == "network.incomplete"
    assert caught.value.facts["reaches"] == "a: width, flow, slope"


def test_velocity_is_discharge_over_area_or_follows_manning() -> None:
    """Wide channel: depth 2 m, slope 0.001, n 0.03: v = 2^(2/3) 0.001^(1/2) / 0.03 = 1.673 m/s, q = 3.347 m2/s."""
    draft = Draft(
        (
            reach("a", "A", "B", width=100.0, slope=1e-3, roughness=0.03, flow=334.67),
            reach("b", "B", "C", flow=100.0, area=80.0),
        )
    )
    network = build(draft)
    found = dict(zip((r.id for r in network.reaches), velocity(network), strict=True))
    assert found["a"] == pytest.approx(1.6733, rel=1e-4)
    assert found["b"] == pytest.approx(1.25)


def test_more_water_is_faster_water() -> None:
    network = upper_yangtze()
    slow, fast = travel(network), travel(network, network.array("flow") * 4)
    usual, flood = slow.hours("51.手爬岩", "50.寸滩"), fast.hours("51.手爬岩", "50.寸滩")
    assert usual is not None
    assert flood == pytest.approx(usual / 4**0.34)


def test_times_of_travel_agree_with_the_demo_whose_speeds_they_take() -> None:
    own = travel(upper_yangtze())
    hours = own.hours("51.手爬岩", "50.培石")
    assert hours == pytest.approx(float(travel_hours(929.0) - travel_hours(150.0)), rel=0.005)
    assert own.hours("50.培石", "51.手爬岩") is None


@settings(max_examples=40)
@given(drafts())
def test_times_add_up_along_the_way(draft: Draft) -> None:
    network = build(draft)
    own = travel(network)
    for one in network.places:
        below = network.downstream(one.id)
        for middle in below:
            for last in network.downstream(middle.id):
                whole, parts = (
                    own.seconds(one.id, last.id),
                    (own.seconds(one.id, middle.id), own.seconds(middle.id, last.id)),
                )
                assert whole is not None
                assert None not in parts
                assert whole == pytest.approx(sum(p for p in parts if p is not None))


def test_a_time_over_a_reach_of_unknown_velocity_is_not_known_and_others_are() -> None:
    draft = Draft(
        (reach("a", "A", "B"), reach("b", "B", "C", width=math.nan), reach("c", "C", "D")),
        tuple(place(f"{r} {at}", r, at) for r in "abc" for at in (0.0, 500.0)),
    )
    own = travel(build(draft))
    assert own.seconds("a 0.0", "a 500.0") == pytest.approx(own.seconds("c 0.0", "c 500.0"))
    assert own.seconds("a 0.0", "b 0.0") == pytest.approx(2 * (own.seconds("a 0.0", "a 500.0") or 0))
    for start, stop in (("a 0.0", "b 500.0"), ("b 0.0", "b 500.0"), ("b 500.0", "c 0.0"), ("a 0.0", "c 0.0")):
        found = own.seconds(start, stop)
        assert found is not None
        assert math.isnan(found)


def test_what_is_gauged_scales_the_reaches_above_and_what_is_more_or_less_than_usual_flows_on() -> None:
    draft = Draft(
        (reach("a", "A", "M", flow=60.0), reach("b", "B", "M", flow=40.0, river="s"), reach("c", "M", "E", flow=100.0)),
        (place("low", "c", 10.0), place("brook", "b", 10.0)),
    )
    network = build(draft)

    def told(gauged: dict[str, float]) -> dict[str, float]:
        return dict(zip((r.id for r in network.reaches), flow_now(network, gauged).tolist(), strict=True))

    assert told({}) == {"a": 60.0, "b": 40.0, "c": 100.0}
    assert told({"low": 300.0}) == {"a": 180.0, "b": 120.0, "c": 300.0}
    assert told({"low": 300.0, "brook": 20.0}) == {"a": 180.0, "b": 20.0, "c": 300.0}
    assert told({"brook": 20.0}) == {"a": 60.0, "b": 20.0, "c": 80.0}
    with pytest.raises(InputError) as caught:
        flow_now(network, {"low": -1.0})
    assert caught.value.code == "network.gauged"


def test_the_whole_way_from_zhimenda_to_yichang_can_be_taken() -> None:
    way = course(upper_yangtze(), "63.直门达", "end.yichang")
    assert way.end == pytest.approx((5 + 2305 + 1044) * 1000)
    assert {"dam.baihetan", "50.朱沱", "border.changjiang.yu-e"} <= {p.id for p in way.places}
    assert way.impounded.max() == pytest.approx(2.0627e10)


@pytest.mark.parametrize("seed", range(8))
def test_the_last_place_of_a_river_of_a_thousand_reaches_is_on_it_however_lengths_add_up(seed: int) -> None:
    lengths = np.random.default_rng(seed).uniform(100.0, 4000.0, 1500)
    reaches = tuple(reach(f"r{i}", f"n{i}", f"n{i + 1}", float(x)) for i, x in enumerate(lengths))
    network = build(Draft(reaches, (place("first", "r0", 37.7), place("last", "r1499", float(lengths[-1])))))
    way = course(network, "first", "last")
    assert way.places[-1].at <= way.end
    assert way.end == pytest.approx(float(lengths.sum()) - 37.7)
