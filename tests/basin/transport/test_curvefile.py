"""Curves as strangers bring them: units in the head, dates, bounds, gaps, several places in one table."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shangyou.basin.transport.curvefile import read_curves
from shangyou.basin.transport.riverfile import River, RiverFileError, read_river

REACH = {"length_km": 2, "width_m": 10, "flow_l_s": 500, "area_m2": 2, "dispersion_m2s": 1}


def points(text: str, column: str = "", time_unit: str = "hours", unit: str = "mg/L") -> list[Any]:
    curves, faults = read_curves(text, "curve.csv", column, time_unit, unit)
    assert not faults
    assert len(curves) == 1
    return list(curves[0]["points"])


@pytest.mark.parametrize(
    "text",
    [
        "time (min),Cl [ug/L]\n30,500\n60,700\n",
        "Time [h];Cl (mg/L)\n0,5;0,5\n1;0,7\n",
        "t_s\tcl_mg_l\n1800\t0.5\n3600\t0.7\n",
        "hours,chloride\n1,0.7\n0.5,0.5\n",
        "时间(分钟),浓度（mg/L）\n30,0.5\n60,0.7\n",
        "# logger 7\nminutes,chloride mg/L,remark\n30,0.5,\n45,,lost\n60,0.7,\n",
    ],
)
def test_units_and_separators_of_the_head_are_understood(text: str) -> None:
    column = "chloride" if "remark" in text else ""
    found = points(text, column)
    assert found == [[pytest.approx(0.5), pytest.approx(0.5)], [pytest.approx(1.0), pytest.approx(0.7)]]


def test_bounds_stay_bounds_in_another_unit_and_gaps_are_left_out() -> None:
    found = points("min,dye (ug/L)\n1,<20\n2,NA\n3,\n4,-\n5,30\n6,>5000\n", "", "minutes")
    assert found == [[1.0, "<0.02"], [5.0, 0.03], [6.0, ">5"]]


def test_a_table_of_several_places_makes_a_curve_of_each() -> None:
    text = "distance (km),time (h),c\n0.5,1,3\n0.5,2,4\n1.2,2,1\n1.2,3,2\n"
    curves, faults = read_curves(text, "t.csv", "", "hours", "mg/L")
    assert not faults
    assert [(each["at_m"], len(each["points"])) for each in curves] == [(500.0, 2), (1200.0, 2)]


def test_dates_with_and_without_a_zone_count_from_what_the_file_says() -> None:
    text = "日期,时间,浓度\n2026/5/1,8:30,3\n2026/5/1,9:00,4\n"
    more = "time,c\n2026-05-01T00:30:00Z,3\n2026-05-01T01:00+00:00,4\n"
    for each in (text, more):
        river = whole(points(each), {"from": "2026-05-01T08:00+08:00", "release": {"mass_kg": 1}})
        assert river.observed[0].time.tolist() == [1800.0, 3600.0]
    with pytest.raises(RiverFileError) as told:
        whole(points(text), {"release": {"mass_kg": 1}})
    assert {each.code for each in told.value.faults} == {"riverfile.date"}


def whole(curve: list[Any], more: dict[str, Any]) -> River:
    return read_river({"reaches": [REACH], "observed": [{"at_km": 1.5, "points": curve}], **more})


def test_a_file_in_kilometres_litres_and_minutes_is_the_same_river() -> None:
    several = [{"at_km": 0.1, "mass_mg": 5e5}, {"at_m": 700, "mass_g": 2, "start_min": 30, "duration_s": 60}]
    river = whole([[0, "<0.02"], [1, 3.0]], {"release": several})
    assert river.course.end == 2000.0
    assert river.course.flow[0] == pytest.approx(0.5)
    first, second = river.tracers
    assert (first.at, first.mass) == (100.0, pytest.approx(500.0))  # type: ignore[union-attr]
    assert (second.start, second.duration) == (1800.0, pytest.approx(60.0))  # type: ignore[union-attr]
    assert river.observed[0].at == 1500.0
    assert river.observed[0].sign.tolist() == [1.0, 0.0]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("min,dye\n1,ND\n2,未检出\n3,4\n", ["riverfile.undetected"] * 2),
        ("min,dye\n1,3;4\n2,x\n", ["riverfile.cell"] * 2),
        ("min,dye\nsoon,3\n2,x\n", ["riverfile.time", "riverfile.cell"]),
        ("min,dye (ppt)\n1,3\n", ["riverfile.unit"]),
        ("min,pH,dye\n1,7,3\n", ["riverfile.column"]),
        ("left,right\n1,7\n", ["riverfile.head"]),
        ("", ["riverfile.head"]),
        ("min,dye\n1,\n2,-\n", ["riverfile.empty"]),
    ],
)
def test_every_fault_of_a_table_is_told(text: str, codes: list[str]) -> None:
    _, faults = read_curves(text, "t.csv", "", "hours", "mg/L")
    assert [each.code for each in faults] == codes
    assert all(each.line for each in faults)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"release": {"mass_kg": 1, "masss": 2}}, "riverfile.key"),
        ({"release": {"mass_kg": 1, "mass_g": 2}}, "riverfile.shape"),
        ({"release": [{"mass_kg": 1}, {"at_m": 3}]}, "riverfile.shape"),
        ({"release": {"mass_kg": 1}, "from": "yesterday"}, "riverfile.shape"),
    ],
)
def test_what_a_river_file_means_by_mistake_is_told(more: dict[str, Any], code: str) -> None:
    with pytest.raises(RiverFileError) as told:
        whole([[0, 1.0], [1, 3.0]], more)
    assert [each.code for each in told.value.faults] == [code]


def test_marks_of_missing_values_are_not_taken_for_concentrations() -> None:
    with pytest.raises(RiverFileError) as told:
        whole([[0, 1.0], [1, -999], [2, 3.0]], {})
    assert [each.code for each in told.value.faults] == ["riverfile.negative"]


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet='tmin,;\t"\n0123456789.-<>eE(]时间h/', max_size=80), st.text(max_size=4))
def test_no_text_breaks_the_reader(text: str, column: str) -> None:
    for each in (text, "min,c\n" + text, "distance (m),time,c\n" + text):
        curves, faults = read_curves(each, "t.csv", column, "minutes", "mg/L")
        assert curves or faults
        assert all(fault.code.startswith("riverfile.") for fault in faults)
