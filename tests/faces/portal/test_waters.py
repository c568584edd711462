"""What the map is told of the network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shangyou.basin.network.facts import upper_yangtze
from tests.faces.portal.node import FakeNode, Reader


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    node = FakeNode(tmp_path, on_disk=True)
    node.settings.home = tmp_path
    with node.ends:
        yield Reader(node).sign_in()


def test_the_lines_are_labelled_schematic_and_have_their_rivers(reader: Reader) -> None:
    found = reader.get("/map/network").json()
    assert found["source"] == "schematic"
    assert {"changjiang", "jialingjiang"} <= {each["properties"]["river"] for each in found["features"]}
    assert all(len(each["geometry"]["coordinates"]) > 1 for each in found["features"])


def test_downstream_is_told_with_distances_and_hours_the_nearest_first(reader: Reader) -> None:
    found = reader.get("/map/way", section="x").status_code
    assert found == 404
    below = reader.client.get("/map/way?to=down&section=50.朱沱").json()
    kilometres = [each["km"] for each in below["places"]]
    assert kilometres == sorted(kilometres)
    assert any(each["id"] == "50.江津大桥" for each in below["places"])
    above = reader.client.get("/map/way?to=up&section=50.朱沱").json()
    assert not {each["name"] for each in above["places"]} & {each["name"] for each in below["places"]}
    assert len(above["reaches"]) > len(below["reaches"])


def test_a_point_of_a_river_is_looked_from_like_a_section(reader: Reader) -> None:
    reach = next(each for each in upper_yangtze().reaches if each.river == "changjiang" and len(each.line) > 2)
    longitude, latitude = reach.line[1]
    asked = f"reach={reach.id}&at={longitude},{latitude}"
    below = reader.client.get(f"/map/way?to=down&{asked}").json()
    assert reach.id in below["reaches"]
    assert below["title"].startswith("长江，")
    kilometres = [each["km"] for each in below["places"]]
    assert kilometres == sorted(kilometres)
    above = reader.client.get(f"/map/way?to=up&{asked}").json()
    assert not {each["name"] for each in above["places"]} & {each["name"] for each in below["places"]}
    drawer = reader.get(f"/map/water?{asked}").text
    assert 'data-look="up"' in drawer
    assert 'data-look="plume"' in drawer
    assert "长江，" in reader.get(f"/map?{asked}").text  # the address opens it without a script too


@pytest.mark.parametrize("at", ["", "105", "105,nan", "105,29,1", "500,2", "east,north"])
def test_a_point_that_is_none_is_refused_in_words(reader: Reader, at: str) -> None:
    reach = upper_yangtze().reaches[0].id
    answer = reader.get(f"/map/way?to=down&reach={reach}&at={at}", accept="application/json")
    assert answer.status_code == 400
    assert "经度" in answer.text
    assert reader.get("/map/way?to=down&reach=none&at=105,29").status_code == 404
