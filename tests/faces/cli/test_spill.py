"""`shangyou basin spill` and `calibrate` on files, without a node."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.faces.cli.shell import Shell

RIVER = """
reaches:
  - {id: upper, length_m: 12000, width_m: 60, slope: 8.0e-4, flow_m3s: 45}
  - {id: lower, length_m: 20000, width_m: 80, slope: 5.0e-4, flow_m3s: 60, roughness: 0.03}
places:
  - {id: works, name_zh: 水厂, name_en: waterworks, kind: intake, at_m: 20400, member: sc}
  - {id: end, name_zh: 出境, name_en: border, kind: border, at_m: 32000}
"""
TRACER = """
reaches:
  - {id: only, length_m: 400, width_m: 2, flow_m3s: 0.1, area_m2: 0.6, dispersion_m2s: 0.3}
head: {times_h: [0, 0.5], concentration: [8, 3]}
background: 3
observed:
  - at_m: 400
    points: [[0.3, 3.00], [0.5, 3.20], [0.6, 4.28], [0.7, 6.18], [0.8, 7.42], [0.9, 7.86], [1.0, 7.79], [1.1, 6.73],
             [1.2, 4.83], [1.3, 3.58], [1.4, 3.14], [1.6, 3.00]]
fit: [area, dispersion]
"""


@pytest.fixture
def river(tmp_path: Path) -> Path:
    path = tmp_path / "river.yaml"
    path.write_text(RIVER, encoding="utf-8")
    return path


def test_a_spill_on_a_river_of_its_own_tells_arrivals_with_bands(shell: Shell, river: Path) -> None:
    said = shell(
        *("--lang", "en", "basin", "spill", "--network", river, "--at", "2km", "--mass", "50", "--members", "56"),
        *("--limit", "0.001", "--flow", "1.2", "--duration", "0.5", "--format", "json"),
    )
    rows = json.loads(said.out)
    assert [row["place"] for row in rows] == ["works", "end"]
    first = rows[0]
    assert first["distance_km"] == 20.4
    assert first["charge"] == "sc"
    assert 0 < first["first_h_p05"] <= first["first_h_p25"] <= first["first_h_p50"] <= first["first_h_p95"]
    assert first["first_h_p50"] < first["peak_h_p50"] < rows[1]["peak_h_p50"]
    assert first["peak_mg_l_p50"] > rows[1]["peak_mg_l_p50"] > 0
    assert first["reached"] == 1
    assert "56 members" in said.err


def test_a_place_that_is_not_there_and_a_flow_that_is_none_are_refused(shell: Shell, river: Path) -> None:
    for more, code in (
        (("--at", "nowhere"), "course.unknown"),
        (("--at", "99km"), "spill.nowhere"),
        (("--at", "works", "--flow", "much"), "spill.flow"),
        (("--at", "works", "--flow", "-1"), "spill.flow"),
        (("--at", "2km", "--limit", "-1"), "release.value"),
        (("--at", "2km", "--members", "0"), "ensemble.members"),
    ):
        said = shell("--lang", "en", "basin", "spill", "--network", river, "--mass", "5", *more)
        assert said.code == 2
        assert said.error is not None
        assert said.error.code == code


def test_a_negative_mass_is_refused(shell: Shell, river: Path) -> None:
    said = shell("--lang", "en", "basin", "spill", "--network", river, "--at", "2km", "--mass", "-5")
    assert said.error is not None
    assert (said.error.code, said.error.facts["name"]) == ("release.value", "mass")


def test_a_file_that_is_no_river_is_refused(shell: Shell, tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    for text, code in (("[1, 2]", "riverfile.shape"), ("a: [", "spill.file"), ("reaches: []", "riverfile.shape")):
        bad.write_text(text, encoding="utf-8")
        said = shell("--lang", "en", "basin", "spill", "--network", bad, "--at", "1km", "--mass", "5")
        assert said.error is not None
        assert said.error.code == code
    said = shell("--lang", "en", "basin", "spill", "--network", tmp_path / "none.yaml", "--at", "1km", "--mass", "5")
    assert said.code == 4


def test_a_calibration_from_a_file_finds_area_and_dispersion(shell: Shell, tmp_path: Path) -> None:
    path = tmp_path / "tracer.yaml"
    path.write_text(TRACER, encoding="utf-8")
    said = shell("--lang", "en", "basin", "calibrate", path, "--format", "json")
    rows = json.loads(said.out)
    assert [row["reach"] for row in rows] == ["only"]
    assert 0.5 < rows[0]["area_m2"] < 0.7
    assert rows[0]["rmse"] < 0.5
    assert "1 curves" in said.err
