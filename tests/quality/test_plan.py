"""The packaged plan, and plans of users laid over it."""

from __future__ import annotations

import math

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from shangyou.core.errors import InputError
from shangyou.core.records import Check, Refusal, SeriesKey
from shangyou.core.vocabulary import parameters
from shangyou.faces.sentences import messages
from shangyou.quality.reader import packaged_plan, read_plan
from shangyou.quality.reasons import NAMES, explain
from shangyou.quality.thresholds import HOUR_MS, thresholds
from tests.conftest import ROOT
from tests.quality.series import law

WHY = "source: measured here, status: confirmed"
PACKAGED = ROOT / "src" / "shangyou" / "quality" / "plan.yaml"


def faults(text: str) -> list[Refusal]:
    with pytest.raises(InputError) as caught:
        read_plan(text)
    assert caught.value.code == "quality.plan"
    found = caught.value.facts["faults"]
    assert isinstance(found, list)
    assert caught.value.facts["count"] == len(found)
    return found


def test_every_parameter_measured_by_national_stations_is_tested_against_its_past() -> None:
    nine = ("water_temperature", "ph", "dissolved_oxygen", "conductivity", "turbidity")
    chemical = ("permanganate_index", "ammonia_nitrogen", "total_phosphorus", "total_nitrogen")
    for parameter in (*nine, *chemical):
        for cadence in ("instant", "minute", "hour", "4h"):
            by = thresholds(packaged_plan(), [SeriesKey("a", parameter, cadence)])
            columns = (by.physical_low, by.site_high, by.spike_suspect, by.flat_suspect, by.reach, by.gap)
            assert np.isfinite(columns).all(), (parameter, cadence)


def test_a_change_of_water_chemistry_never_fails() -> None:
    for (_, parameter), limits in packaged_plan().limits.items():
        for motion in limits.motion.values():
            if parameter != "water_temperature":
                assert motion.spike is None or motion.spike.fail is None
                assert motion.rate is None or motion.rate.fail is None


def test_no_concentration_may_be_negative() -> None:
    for parameter in parameters().values():
        if parameter.unit in ("mg/L", "ug/L", "ng/L", "mg/m3", "ug/m3", "ng/m3"):
            limits = packaged_plan().limits_of("anywhere", parameter.key)
            assert limits is not None
            assert limits.physical is not None
            assert limits.physical.low == 0


def test_the_detection_limit_of_the_vocabulary_serves_where_the_plan_has_none() -> None:
    text = "parameters: {ammonia_nitrogen: {detection: null}}"
    by = thresholds(read_plan(text), [SeriesKey("a", "ammonia_nitrogen", "4h")])
    assert by.flat_floor.tolist() == [parameters()["ammonia_nitrogen"].detection_limit]


def test_a_user_changes_one_figure_and_the_rest_stays() -> None:
    plan = read_plan("parameters: {ph: {4h: {spike: {suspect: 0.7}}}}")
    by, ours = (thresholds(p, [SeriesKey("a", "ph", "4h")]) for p in (plan, packaged_plan()))
    assert by.spike_suspect.tolist() == [0.7]
    assert by.rate_suspect.tolist() == ours.rate_suspect.tolist()


def test_null_switches_a_test_off() -> None:
    by = thresholds(read_plan("parameters: {ph: {4h: {flat: null}}}"), [SeriesKey("a", "ph", "4h")])
    assert math.isnan(by.flat_suspect[0])


def test_a_site_has_thresholds_of_its_own_and_those_of_all() -> None:
    text = f"""
sites:
  51.清风峡:
    neighbours: [51.岷江大桥]
    parameters:
      ph: {{site: {{low: 7.2, high: 8.8, {WHY}}}}}
"""
    plan = read_plan(text)
    keys = [SeriesKey("51.清风峡", "ph", "hour"), SeriesKey("51.岷江大桥", "ph", "hour")]
    by = thresholds(plan, keys)
    assert by.site_low.tolist() == [7.2, 5.0]
    assert by.physical_high.tolist() == [14.0, 14.0]
    assert by.flat_suspect.tolist() == [24 * HOUR_MS] * 2
    assert plan.neighbours == {"51.清风峡": ("51.岷江大桥",)}


def test_a_reported_detection_limit_comes_before_that_of_the_plan() -> None:
    keys = [SeriesKey("a", "total_phosphorus", "4h"), SeriesKey("b", "total_phosphorus", "4h")]
    by = thresholds(packaged_plan(), keys, {("b", "total_phosphorus"): 0.02})
    assert by.flat_floor.tolist() == [0.01, 0.02]


def test_all_faults_are_told_at_once_with_their_places() -> None:
    text = """
tmie: 3
parameters:
  ph:
    unit: mg/L
    physical: {low: 9, high: 3}
    4h: {spike: {suspect: high, sahre: 2}, flat: [24, 48]}
    hour: {rate: {suspect: -1}}
  unobtainium: {}
marks: {good: [SPLENDID], source: 7}
sites: {a: {neighbours: b}}
orders: [{lesser: bod5}]
saturation: {times: .nan, status: perhaps}
"""
    found = {(fault.code.removeprefix("quality.plan."), fault.column) for fault in faults(text)}
    assert found == {
        ("unknown", "tmie"),
        ("unit", "parameters.ph.unit"),
        ("order", "parameters.ph.physical.high"),
        ("value", "parameters.ph.4h.spike.suspect"),
        ("unknown", "parameters.ph.4h.spike.sahre"),
        ("group", "parameters.ph.4h.flat"),
        ("value", "parameters.ph.hour.rate.suspect"),
        ("parameter", "parameters.unobtainium"),
        ("mark", "marks.good"),
        ("value", "marks.source"),
        ("list", "sites.a.neighbours"),
        ("missing", "orders.0.source"),
        ("missing", "orders.0.status"),
        ("missing", "orders.0.greater"),
        ("value", "saturation.times"),
        ("status", "saturation.status"),
    }


@pytest.mark.parametrize(
    "text",
    ["a: [", "- 1\n- 2", "plain words", "a: 2021-02-31", "? [a]\n: 1", "a: !!bool perhaps", "time: null", "\x07"],
)
def test_what_is_no_plan_is_refused_with_a_reason(text: str) -> None:
    assert faults(text)


def test_a_broken_text_is_told_with_its_line() -> None:
    assert faults("edition: x\nsites: {\n")[0].line == 3


PIECES = st.sampled_from(
    [
        "parameters",
        "ph",
        "4h",
        "spike",
        "suspect",
        "sites",
        "orders",
        "marks",
        "good",
        "fail",
        "source",
        "time",
        "first",
    ]
)
TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | PIECES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(PIECES, inner, max_size=4),
    max_leaves=12,
)


def read_or_refuse(text: str) -> None:
    refused: InputError | None = None
    try:
        plan = read_plan(text)
    except InputError as error:
        refused = error
    if refused is None:
        assert plan.edition == packaged_plan().edition or "edition" in text
    else:
        found = refused.facts["faults"]
        assert isinstance(found, list)
        assert found
        assert all(fault.code in messages() for fault in found)


@law
@given(TREES)
def test_any_tree_is_a_plan_or_refused(tree: object) -> None:
    read_or_refuse(yaml.safe_dump(tree, allow_unicode=True))


@law
@given(st.text(max_size=60) | st.text(alphabet="{}[]:,&*!|>-? \n'\"#%ab1.", max_size=60))
def test_any_text_is_a_plan_or_refused(text: str) -> None:
    read_or_refuse(text)


@settings(law, max_examples=15)  # our whole plan is read each time
@given(st.integers(0, 14_000), st.integers(0, 40))
def test_a_plan_cut_short_is_read_or_refused(start: int, length: int) -> None:
    text = PACKAGED.read_text(encoding="utf-8")
    read_or_refuse(text[:start] + text[start + length :])


@pytest.mark.parametrize("bit", list(Check))
def test_every_verdict_that_a_test_can_give_has_its_sentence(bit: Check) -> None:
    only_suspect = {Check.RANGE_SITE, Check.GAP, Check.NEIGHBOUR, Check.CROSS}
    codes = [*explain(0, bit), *explain(bit, 0)]
    if bit in only_suspect:
        codes = explain(bit, 0)
    elif bit is Check.RANGE_PHYSICAL:
        codes = explain(0, bit)
    assert set(codes) <= messages().keys()


def test_reasons_name_what_fails_before_what_suspects() -> None:
    assert explain(Check.SPIKE | Check.GAP, Check.TIME) == [
        "quality.time.fail",
        "quality.spike.suspect",
        "quality.gap.suspect",
    ]
    assert explain(0, 0) == []
    assert len(NAMES) == len(Check)


def test_the_example_of_the_document_is_a_plan() -> None:
    document = (ROOT / "docs" / "quality.md").read_text(encoding="utf-8")
    plan = read_plan(document.partition("```yaml\n")[2].partition("```")[0])
    assert plan.neighbours == {"51.清风峡": ("51.龙洞",)}
    keys = [SeriesKey("51.清风峡", "ph", "hour"), SeriesKey("51.清风峡", "turbidity", "hour")]
    by = thresholds(plan, keys)
    assert by.spike_suspect.tolist()[0] == 0.3
    assert np.isnan(by.flat_suspect).tolist() == [False, True]
