"""Published formulas at published points."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from shangyou.basin.transport import dispersion
from shangyou.basin.transport.dispersion import FORMULAS
from shangyou.basin.transport.hydraulics import hydraulics
from shangyou.basin.transport.jobson import jobson
from shangyou.core.errors import InputError
from tests.basin.courses import channel

NAMES = {
    "Elder1959": "elder",
    "Fischer1975_79": "fischer",
    "Liu1977": "liu",
    "KoussisRodriguez1998": "koussis",
    "IwasaAya1991": "iwasa_aya",
    "Li1998_ThreeGorges": "li",
    "SeoCheong1998": "seo_cheong",
    "Deng2001": "deng",
    "KashefipourFalconer2002_wide(W/H>50)": "kashefipour_falconer",
    "KashefipourFalconer2002_narrow(W/H<=50)": "kashefipour_falconer_narrow",
    "SahayDutta2009": "sahay_dutta",
    "EtemadShahidiTaghipour2012": "etemad_shahidi_taghipour",
    "ZengHuai2014": "zeng_huai",
    "Disley2015": "disley",
    "Noori2017": "noori",
}


@pytest.mark.shared
def test_each_formula_gives_the_value_of_the_test_point(shared: Path) -> None:
    facts = json.loads((shared / "reference/facts/dispersion.json").read_text())
    point = [np.array([facts["test_point"][name]]) for name in ("W", "H", "U", "ustar")]
    for name, own in NAMES.items():
        value = getattr(dispersion, own)(*point)[0]
        assert value == pytest.approx(facts["formulas"][name]["Dx_m2_s_at_test_point"], rel=1e-3), name
    # at 10 m and 1.5 m/s a slope of u*2/(g H): 0.058 H U / S
    slope = 0.12**2 / (9.80665 * 10)
    assert dispersion.mcquivey_keefer(*point)[0] == pytest.approx(0.058 * 10 * 1.5 / slope, rel=1e-6)


def test_the_ensemble_takes_every_formula_of_rivers_and_not_elders() -> None:
    assert set(FORMULAS.values()) == {getattr(dispersion, own) for own in NAMES.values()} - {
        dispersion.elder,
        dispersion.kashefipour_falconer_narrow,
    } | {dispersion.mcquivey_keefer}


@pytest.mark.shared
def test_jobsons_examples_are_met(shared: Path) -> None:
    examples = json.loads((shared / "reference/facts/jobson.json").read_text())["examples"]
    assert len(examples) == 3
    for example in examples:
        given = example["inputs"]
        for kind in ("most_probable", "worst_case"):
            wanted = example["results"][kind]
            found = jobson(
                given["L_m"],
                given["M_kg"] * 1000,
                given["Q"],
                given["Qa"],
                given["Da_m2"],
                given["S"],
                kind == "worst_case",
            )
            assert found.velocity == pytest.approx(wanted["Vp_m_s"], rel=5e-4)  # theirs with g 9.81
            assert found.peak / 3600 == pytest.approx(wanted["Tp_h"], rel=5e-4)
            assert found.edge / 3600 == pytest.approx(wanted["Tl_h"], rel=5e-4)
            assert found.unit_peak == pytest.approx(wanted["Cup"], rel=5e-4)
            assert (found.passed - found.edge) / 3600 == pytest.approx(wanted["Td10_h"], rel=5e-4)
            assert found.concentration == pytest.approx(wanted["Cp_mg_L"], rel=5e-4, abs=5e-4)


def test_a_slope_makes_jobsons_answer_quicker_where_it_is_steep() -> None:
    given = (15_000.0, 1e6, 10.0, 12.0, 1e9)
    assert jobson(*given, slope=1e-2).velocity > jobson(*given, slope=1e-4).velocity
    assert jobson(*given, slope=1e-3, fastest=True).peak < jobson(*given, slope=1e-3).peak


@pytest.mark.parametrize("given", [(0.0, 1.0, 1.0, 1.0, 1.0), (1.0, 1.0, -1.0, 1.0, 1.0), (1.0, -1.0, 1.0, 1.0, 1.0)])
def test_jobson_refuses_what_cannot_be(given: tuple[float, float, float, float, float]) -> None:
    with pytest.raises(InputError, match=r"jobson\.value"):
        jobson(*given)


def test_velocity_grows_with_flow_by_the_published_power_where_an_area_is_known() -> None:
    river = channel(1)
    low, high = (hydraulics(river, np.array([flow])) for flow in (20.0, 40.0))
    assert low.velocity[0] == pytest.approx(20.0 / 25.0)
    assert high.velocity[0] / low.velocity[0] == pytest.approx(2**0.34)


def test_depth_is_mannings_where_no_area_is_known() -> None:
    river = channel(1).replace(area=np.array([np.nan]))
    found = hydraulics(river, river.flow)
    h = found.depth[0]
    assert found.velocity[0] == pytest.approx(h ** (2 / 3) * np.sqrt(1e-3) / 0.03)
    assert found.shear[0] == pytest.approx(np.sqrt(9.80665 * h * 1e-3))
