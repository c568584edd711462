"""What the map is told of the network."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from shangyou.adapters.computing import ComputingBeside
from shangyou.basin.network.facts import upper_yangtze
from shangyou.faces.portal.plume import trail
from shangyou.faces.warning import COMPUTING
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


def test_a_trail_goes_down_without_turning_back() -> None:
    metres, line = trail(upper_yangtze(), "50.朱沱", "50.寸滩")
    assert np.all(np.diff(metres) >= 0)
    assert metres[0] <= 0 < metres[-1]  # it begins with the head of the section's reach
    assert line.shape == (len(metres), 2)
    assert np.all((line[:, 0] > 104) & (line[:, 0] < 108))


def test_a_supposed_release_moves_down_with_its_bands(tmp_path: Path) -> None:
    node = FakeNode(tmp_path, on_disk=True)
    node.settings.home = tmp_path
    with closing(ComputingBeside()) as beside:
        node.made[COMPUTING] = beside
        found = Reader(node).sign_in().get("/map/plume?section=50.朱沱").json()
    assert len(found["steps"]) == len(found["labels"])
    east = [step["peak"][0] for step in found["steps"]]
    assert east[-1] > east[0]
    middle = found["steps"][len(east) // 3]
    assert len(middle["wide"]) >= len(middle["core"]) >= 2
    assert any(place["id"] == "50.江津大桥" for place in found["places"])
