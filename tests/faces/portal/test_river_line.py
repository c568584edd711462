"""Where on the map things along the water lie."""

from __future__ import annotations

import numpy as np
import pytest

from shangyou.basin.network.facts import upper_yangtze
from shangyou.core.errors import NotFoundError
from shangyou.faces.portal.river_line import HERE, nearest, point, trail, with_point

NETWORK = upper_yangtze()


def test_a_trail_goes_down_without_turning_back() -> None:
    way = trail(NETWORK, "50.朱沱", "50.寸滩")
    assert np.all(np.diff(way.metres) >= 0)
    assert way.metres[0] <= 0 < way.metres[-1]  # it begins with the head of the section's reach
    assert way.line.shape == (len(way.metres), 2)
    assert np.all((way.line[:, 0] > 104) & (way.line[:, 0] < 108))


def test_a_trail_passes_the_places_on_it() -> None:
    way, metres = trail(NETWORK, "50.朱沱", "50.寸滩"), NETWORK.distance("50.朱沱", "50.江津大桥")
    there = point(NETWORK, NETWORK.places[NETWORK.index("50.江津大桥")])
    assert metres is not None
    assert way.at(metres) == pytest.approx(there, abs=1e-4)


def test_a_trail_of_water_that_does_not_flow_that_way_is_empty() -> None:
    assert trail(NETWORK, "50.寸滩", "50.朱沱").at(0.0) is None


def test_the_point_of_a_reach_nearest_to_a_place_on_it_is_that_place() -> None:
    drawn = [each for each in NETWORK.places if NETWORK.reaches[NETWORK.reach(each.reach)].line]
    assert len(drawn) > 100
    for place in drawn:
        where = point(NETWORK, place)
        assert where is not None
        reach = NETWORK.reaches[NETWORK.reach(place.reach)]
        again = nearest(NETWORK, reach.id, *where)
        if len(reach.line) == 2:  # a line that comes close to itself may have another point that is as near
            assert again == pytest.approx(place.at, abs=0.01 * reach.length)


def test_a_point_becomes_a_place_between_its_neighbours() -> None:
    place = NETWORK.places[NETWORK.index("50.江津大桥")]
    where = point(NETWORK, place)
    assert where is not None
    found = with_point(NETWORK, place.reach, *where, "长江", "Yangtze")
    assert found.distance("50.朱沱", HERE) == pytest.approx(NETWORK.distance("50.朱沱", place.id), abs=50)
    assert not NETWORK.has(HERE)
    with pytest.raises(NotFoundError):
        with_point(NETWORK, "none", 105.0, 29.0, "", "")
