"""What the map is told of the network."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faces.portal.node import FakeNode, Reader


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    node = FakeNode(tmp_path, on_disk=True)
    node.settings.home = tmp_path
    return Reader(node).sign_in()


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
