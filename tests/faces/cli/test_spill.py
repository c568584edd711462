"""`shangyou basin spill` and `calibrate` on files, without a node."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from shangyou.basin.transport.riverfile import RiverFileError
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


def test_the_answer_for_machines_has_the_names_that_the_page_tells(shell: Shell, river: Path) -> None:
    asked = ("--network", river, "--at", "2km", "--mass", "50", "--members", "14", "--limit", "0.02")
    rows = json.loads(shell("basin", "spill", *asked, "--format", "json").out)
    figures = ("first_h", "peak_mg_l", "peak_h", "above_h", "end_h")
    jobson = [f"jobson_{name}" for name in ("first_h", "fastest_h", "peak_mg_l", "peak_h")]
    names = ["place", "name_zh", "name_en", "kind", "charge", "distance_km", "reached"]
    names += [f"{figure}_{band}" for figure in figures for band in ("p05", "p25", "p50", "p75", "p95")]
    assert [list(row) for row in rows] == [names + jobson] * 2
    page = (Path(__file__).parents[3] / "docs" / "transport.md").read_text("utf-8")
    assert all(f"`{name}`" in page for name in (*names[:7], *jobson))
    assert all(f"`{figure}_…`" in page for figure in figures)
    for row in rows:
        assert row["first_h_p05"] is None or row["first_h_p05"] < row["end_h_p95"]


def test_a_place_that_is_not_there_and_a_flow_that_is_none_are_refused(shell: Shell, river: Path) -> None:
    for more, code in (
        (("--at", "nowhere"), "course.unknown"),
        (("--at", "99km"), "spill.nowhere"),
        (("--at", "works", "--flow", "much"), "spill.flow"),
        (("--at", "works", "--flow", "-1"), "spill.flow"),
        (("--at", "2km", "--limit", "-1"), "release.value"),
        (("--at", "2km", "--members", "0"), "ensemble.members"),
        (("--at", "2km", "--horizon", "-1"), "release.value"),
        (("--at", "2km", "--horizon", "0"), "release.value"),
        (("--at", "2km", "--horizon", "nan"), "release.value"),
        (("--at", "2km", "--horizon", "4000"), "release.value"),
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
    for text, code in (("[1, 2]", "riverfile.faults"), ("a: [", "spill.file"), ("reaches: []", "riverfile.faults")):
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


def test_a_release_and_a_flow_that_change_are_read_from_tables(shell: Shell, river: Path, tmp_path: Path) -> None:
    (tmp_path / "rates.csv").write_text("minutes,kg_h\n0,60\n30,20\n90,0\n", encoding="utf-8")
    (tmp_path / "flows.csv").write_text("hours,lower,factor\n-3,60,1\n2,90,1\n4,,1.2\n", encoding="utf-8")
    about = ("basin", "spill", "--network", river, "--at", "2km", "--members", "28", "--format", "json")
    usual = json.loads(shell(*about, "--release", tmp_path / "rates.csv").out)
    rising = json.loads(shell(*about, "--release", tmp_path / "rates.csv", "--flows", tmp_path / "flows.csv").out)
    assert [row["place"] for row in rising] == ["works", "end"]
    assert 0 < rising[1]["peak_h_p50"] < usual[1]["peak_h_p50"]
    assert rising[1]["peak_mg_l_p50"] < usual[1]["peak_mg_l_p50"]
    assert 0.3 < rising[1]["jobson_peak_h"] / usual[1]["peak_h_p50"] < 3.0  # another way to nearly the same
    assert usual[0]["jobson_fastest_h"] < usual[0]["jobson_first_h"] < usual[0]["jobson_peak_h"]


@pytest.mark.parametrize(
    ("option", "table", "told"),
    [
        ("--release", "hours,kg_h\n0,x\n2,5\n1,0\n", "2: x; 4: hours 1"),
        ("--release", "hours,litres\n0,5\n1,0\n", "litres"),
        ("--release", "when,kg_h\n0,5\n1,0\n", "when, kg_h"),
        ("--release", "hours,kg_h\n0,5\n1,\n", "3: -"),
        ("--flows", "hours,lower\n0,60\n1,-5\n", "3: lower -5"),
        ("--flows", "hours\n0\n", "1: hours"),
    ],
)
def test_every_line_of_a_table_that_cannot_be_is_told(
    shell: Shell, river: Path, tmp_path: Path, option: str, table: str, told: str
) -> None:
    (tmp_path / "table.csv").write_text(table, encoding="utf-8")
    mass = ("--mass", "5") if option == "--flows" else ()
    said = shell("basin", "spill", "--network", river, "--at", "2km", option, tmp_path / "table.csv", *mass)
    assert said.code == 2
    assert said.error is not None
    assert said.error.code == "spill.table"
    assert told in str(said.error.facts["faults"])


def test_an_observed_curve_may_be_a_file_of_its_own_in_other_units_with_gaps(shell: Shell, tmp_path: Path) -> None:
    inline = TRACER.split("observed:")[0]
    points = yaml.safe_load(TRACER)["observed"][0]["points"]
    rows = [f"{hour * 60:g},7,{c * 1000:g}" for hour, c in points]
    (tmp_path / "curve.csv").write_text(
        "min,pH,chloride\n" + "\n".join([*rows[:3], "39,7,", *rows[3:]]) + "\n", "utf-8"
    )
    units = inline.replace("background: 3", "background: 3000").replace("[8, 3]", "[8000, 3000]")
    tracer = tmp_path / "tracer.yaml"
    asked = "observed: [{at_m: 400, file: curve.csv, column: chloride}]\nunit: ug/L\ntime_unit: minutes\n"
    tracer.write_text(units + asked + "fit: [area, dispersion]\n", encoding="utf-8")
    plain = tmp_path / "plain.yaml"
    plain.write_text(TRACER, encoding="utf-8")
    found, usual = (json.loads(shell("basin", "calibrate", f, "--format", "json").out)[0] for f in (tracer, plain))
    assert found["area_m2"] == pytest.approx(usual["area_m2"], rel=1e-6)
    assert found["dispersion_m2s"] == pytest.approx(usual["dispersion_m2s"], rel=1e-6)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("[0.9, 7.86]", "[0.9, much]", "riverfile.shape"),
        ("flow_m3s: 0.1", "flow_m3s: -0.1", "course.value"),
        ("background: 3\n", "background: 9\n", "calibrate.flat"),
        ("background: 3\n", "background: 3\nunit: ppm\n", "riverfile.shape"),
        ("[1.6, 3.00]", "[1.1, 3.00]", "calibrate.curve"),
    ],
)
def test_a_tracer_run_that_tells_nothing_is_refused(
    shell: Shell, tmp_path: Path, old: str, new: str, code: str
) -> None:
    path = tmp_path / "tracer.yaml"
    path.write_text(TRACER.replace(old, new), encoding="utf-8")
    said = shell("basin", "calibrate", path)
    assert said.code == 2
    assert said.error is not None
    faults = said.error.faults if isinstance(said.error, RiverFileError) else ()
    assert code in (said.error.code, *(each.code for each in faults))


def test_all_faults_of_a_rivers_file_are_listed_with_their_lines(shell: Shell, tmp_path: Path) -> None:
    path = tmp_path / "tracer.yaml"
    path.write_text(TRACER.replace("flow_m3s: 0.1", "flow_m3s: -0.1").replace("[0.9, 7.86]", "[0.9, much]"), "utf-8")
    lines = path.read_text("utf-8").splitlines()
    said = shell("--lang", "en", "basin", "check", path, "--format", "json")
    assert said.code == 2
    rows = json.loads(said.out)
    assert [(row["column"], row["code"]) for row in rows][:1] == [("reaches[0].flow_m3s", "course.value")]
    assert len(rows) == 2
    for row, text in zip(rows, ("flow_m3s: -0.1", "much"), strict=True):
        assert text in lines[row["line"] - 1]
    calibrated = shell("--lang", "en", "basin", "calibrate", path)
    assert calibrated.error is not None
    assert (calibrated.error.code, calibrated.error.facts["count"]) == ("riverfile.faults", 2)
    path.write_text(TRACER, encoding="utf-8")
    good = shell("--lang", "en", "basin", "check", path)
    assert good.code == 0
    assert "1 reaches" in good.err


def test_a_strangers_table_in_gbk_with_dates_and_two_releases_is_calibrated(shell: Shell, tmp_path: Path) -> None:
    rows = yaml.safe_load(TRACER)["observed"][0]["points"]
    table = "".join(f"2026/5/1,8:{hour * 60:02.0f},0.4,{c}\n" for hour, c in rows if hour < 1)
    table += "2026/5/1,9:00,0.4,7.79\n2026/5/1,9:12,0.4,4.83\n2026/5/1,9:36,0.4,<3.1\n2026/5/1,9:40,0.4,缺测\n"
    (tmp_path / "curve.csv").write_bytes(("日期,时间,距离(km),浓度(mg/L)\n" + table).encode("gb18030"))
    about = TRACER.split("observed:")[0].replace("flow_m3s: 0.1", "flow_l_s: 100")
    about += "from: 2026-05-01T00:00Z\nobserved: [{file: curve.csv}]\nfit: [area, dispersion]\n"
    path = tmp_path / "tracer.yaml"
    path.write_text(about, encoding="utf-8")
    found = json.loads(shell("basin", "calibrate", path, "--format", "json").out)[0]
    assert 0.5 < found["area_m2"] < 0.7


def test_faults_of_a_curves_table_and_a_workbook_are_told_in_both_languages(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "curve.csv").write_text("min,c\n1,ND\n2,x\n", encoding="utf-8")
    path = tmp_path / "tracer.yaml"
    path.write_text(TRACER.split("observed:")[0] + "observed: [{at_m: 400, file: curve.csv}]\n", encoding="utf-8")
    for language, words in (("en", "below which limit"), ("zh", "检出限")):
        rows = json.loads(shell("--lang", language, "basin", "check", path, "--format", "json").out)
        assert [(row["line"], row["code"]) for row in rows] == [(2, "riverfile.undetected"), (3, "riverfile.cell")]
        assert words in rows[0]["said"]
    (tmp_path / "curve.csv").write_bytes(b"PK\x03\x04" + bytes(40))
    said = shell("basin", "calibrate", path)
    assert said.error is not None
    assert said.error.code == "spill.workbook"


@pytest.mark.parametrize(
    ("calibrated", "en", "zh"),
    [
        ((), "take turns among 14 formulas", "轮流用 14 个公式"),
        (("upper",), "1 of 2 reaches", "2 个河段中 1 个"),
        (("upper", "lower"), "all 2 reaches on the way have calibrated dispersion, known to 20%", "均已率定"),
    ],
)
def test_what_the_members_differ_in_is_told_as_it_is(
    shell: Shell, tmp_path: Path, calibrated: tuple[str, ...], en: str, zh: str
) -> None:
    whole = yaml.safe_load(RIVER)
    for reach in whole["reaches"]:
        reach |= {"dispersion_m2s": 30.0} if reach["id"] in calibrated else {}
    path = tmp_path / "river.yaml"
    path.write_text(yaml.safe_dump(whole, allow_unicode=True), encoding="utf-8")
    for language, words in (("en", en), ("zh", zh)):
        asked = ("--network", path, "--at", "2km", "--mass", "50", "--members", "14")
        said = shell("--lang", language, "basin", "spill", *asked)
        assert words in said.err
        assert "10%" in said.err
