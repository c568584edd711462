"""Assessing what a store holds, from one sample to a basin."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc
import pytest

from shangyou.adapters.observations import DuckStore
from shangyou.adapters.state.database import StateDatabase
from shangyou.adapters.state.registry import SqlRegistry
from shangyou.core.clock import to_ms
from shangyou.core.errors import InputError
from shangyou.core.journal import Raw
from shangyou.core.ports import Batch, ObservationStore
from shangyou.core.records import Censor, Flag, Flagged, Observations, SeriesKey, join
from shangyou.core.registry import Device, Section, WaterKind
from shangyou.flows.assess import assess
from shangyou.ingest.cnemc.reading import read
from shangyou.standards.facts import sections as known_sections
from tests.fakes.observations import FakeObservations

Row = dict[str, Any]
GOOD = {
    "ph": 7.5,
    "dissolved_oxygen": 8.0,
    "permanganate_index": 1.5,
    "ammonia_nitrogen": 0.1,
    "total_phosphorus": 0.02,
}


def legal(text: str) -> int:
    return to_ms(datetime.fromisoformat(f"{text}+08:00"))


class Node:
    """A store and a registry to which samples are added."""

    def __init__(self, store: ObservationStore | None = None) -> None:
        self.store = store or FakeObservations()
        self.registry = SqlRegistry(StateDatabase(""))
        self.batches = 0

    def section(self, id: str, river: str = "长江", kind: WaterKind = WaterKind.RIVER) -> str:
        self.registry.meet(
            [Section(id, id.split(".")[1], province="四川省", basin="长江流域", river=river, kind=kind)], 0
        )
        return id

    def sample(
        self,
        site: str,
        time: str,
        values: Mapping[str, float],
        *,
        censor: Mapping[str, Censor] | None = None,
        flag: Flag = Flag.GOOD,
        received: str = "2021-05-01T00:00",
        cadence: str = "4h",
    ) -> None:
        rows = [
            (SeriesKey(site, item, cadence), legal(time), value, int((censor or {}).get(item, Censor.NONE)), 0)
            for item, value in values.items()
        ]
        self.add(Observations.build(rows), flag, received)

    def add(self, observations: Observations, flag: Flag = Flag.GOOD, received: str = "2021-05-01T00:00") -> None:
        n = len(observations)
        nothing = np.zeros(n, np.uint32)
        known = np.where(np.isnan(observations.value), Flag.MISSING, flag).astype(np.uint8)
        self.batches += 1
        batch = Batch(self.batches, "table", "test", legal(received))
        self.store.append(batch, Flagged(observations, known, nothing, nothing))

    def assess(self, period: str = "2021-04", by: str = "section", **more: Any) -> list[Row]:
        rows: list[Row] = assess(self.store, self.registry, period, by, **more).to_pylist()
        return rows


@pytest.fixture
def node() -> Node:
    return Node()


# ---- samples


def test_a_sample_has_its_class_its_limiting_items_and_the_published_class(node: Node) -> None:
    site = node.section("51.清风峡")
    node.sample(site, "2021-04-01T08:00", GOOD | {"total_phosphorus": 0.25, "class_published": 4})
    (row,) = node.assess(by="sample")
    assert (row["province"], row["river"], row["section"], row["class"]) == ("四川省", "长江", "清风峡", "Ⅳ")
    assert (row["limiting_zh"], row["exceeding_zh"]) == ("总磷", "总磷(0.2)")
    assert (row["limiting_en"], row["exceeding_en"]) == ("Total phosphorus", "Total phosphorus (0.2)")
    assert (row["published"], row["equal"], row["complete"], row["items"]) == ("Ⅳ", True, True, 5)
    assert row["time"].timestamp() * 1000 == legal("2021-04-01T08:00")


def test_without_a_published_class_there_is_nothing_to_compare(node: Node) -> None:
    node.sample(node.section("51.a"), "2021-04-01T08:00", {"ph": 9.5})
    (row,) = node.assess(by="sample")
    assert (row["class"], row["published"], row["equal"], row["complete"]) == ("劣Ⅴ", "", None, False)


def test_the_portal_did_not_round_in_2021_and_does_in_2025(node: Node) -> None:
    site = node.section("51.a")
    node.sample(site, "2021-04-01T08:00", GOOD | {"permanganate_index": 2.04})
    node.sample(site, "2025-11-06T20:00", GOOD | {"permanganate_index": 2.04})
    old, new = node.assess("2021-01-01/2025-12-31", "sample")
    assert (old["class"], new["class"]) == ("Ⅱ", "Ⅰ")
    assert (old["edition"], new["edition"]) == ("CNEMC 实时发布（2020）", "CNEMC 实时发布（2025）")
    assert [row["class"] for row in node.assess("2021-01-01/2025-12-31", "sample", basis="rule")] == ["Ⅰ", "Ⅰ"]


def test_a_value_below_a_high_limit_makes_the_class_uncertain(node: Node) -> None:
    site = node.section("51.a")
    below = {"ammonia_nitrogen": Censor.BELOW}
    node.sample(site, "2021-04-01T08:00", GOOD | {"ammonia_nitrogen": 0.025}, censor=below)
    node.sample(site, "2021-04-01T12:00", GOOD | {"ammonia_nitrogen": 0.4}, censor=below)
    node.sample(site, "2021-04-01T16:00", GOOD | {"ammonia_nitrogen": 0.4, "total_phosphorus": 0.3}, censor=below)
    rows = node.assess(by="sample")
    assert [(row["class"], row["uncertain"]) for row in rows] == [("Ⅰ", False), ("Ⅱ", True), ("Ⅳ", False)]


def test_values_that_failed_the_checks_do_not_take_part(node: Node) -> None:
    site = node.section("51.a")
    node.sample(site, "2021-04-01T08:00", {"ph": 7.5})
    node.sample(site, "2021-04-01T08:00", {"total_phosphorus": 9.0}, flag=Flag.FAIL)
    assert [row["class"] for row in node.assess(by="sample")] == ["Ⅰ"]
    assert [row["class"] for row in node.assess(by="sample", usable=False)] == ["劣Ⅴ"]


def test_what_was_known_earlier_can_be_assessed_again(node: Node) -> None:
    site = node.section("51.a")
    node.sample(site, "2021-04-01T08:00", {"total_phosphorus": 0.3}, received="2021-04-01T09:00")
    node.sample(site, "2021-04-01T08:00", {"total_phosphorus": 0.1}, received="2021-04-02T09:00")
    assert [row["class"] for row in node.assess(by="sample")] == ["Ⅱ"]
    then = assess(node.store, node.registry, "2021-04", "sample", as_of=legal("2021-04-01T12:00"))
    assert then["class"].to_pylist() == ["Ⅳ"]
    assert then.schema.metadata[b"as_of"] == str(legal("2021-04-01T12:00")).encode()


def test_an_hourly_series_counts_before_the_minutes_beside_it(node: Node) -> None:
    site = node.section("51.a")
    node.sample(site, "2021-04-01T08:00", {"total_phosphorus": 0.1})
    node.sample(site, "2021-04-01T08:01", {"total_phosphorus": 0.9}, cadence="minute")
    assert [row["class"] for row in node.assess(by="sample")] == ["Ⅱ"]


# ---- sections


def test_a_section_is_assessed_by_the_mean_of_its_values_and_ph_by_hydrogen_ions(node: Node) -> None:
    site = node.section("51.a")
    node.sample(site, "2021-04-01T08:00", {"ph": 5.0, "total_phosphorus": 0.05})
    node.sample(site, "2021-04-02T08:00", {"ph": 8.0, "total_phosphorus": 0.19})
    (row,) = node.assess()
    assert (row["class"], row["limiting_zh"], row["samples"], row["inputs"]) == ("劣Ⅴ", "pH值", 2, 4)  # pH 5.3, not 6.5
    assert (row["grade_zh"], row["main_zh"], row["enough"]) == ("重度污染", "pH值", True)


def test_a_value_below_the_limit_enters_the_mean_with_half_of_it(node: Node) -> None:
    site = node.section("51.a")
    node.sample(site, "2021-04-01T08:00", {"ammonia_nitrogen": 0.2}, censor={"ammonia_nitrogen": Censor.BELOW})
    node.sample(site, "2021-04-01T12:00", {"ammonia_nitrogen": 0.2})
    assert [row["class"] for row in node.assess()] == ["Ⅰ"]  # 0.15


def test_a_mean_is_rounded_before_it_is_compared(node: Node) -> None:
    site = node.section("51.a")
    node.sample(site, "2021-04-01T08:00", {"permanganate_index": 6.04})
    assert [row["class"] for row in node.assess()] == ["Ⅲ"]
    assert [row["class"] for row in node.assess(basis="published")] == ["Ⅳ"]


def test_a_year_is_the_mean_of_its_months_and_says_if_they_are_too_few(node: Node) -> None:
    site = node.section("51.a")
    for day in range(1, 10):
        node.sample(site, f"2021-01-0{day}T08:00", {"total_phosphorus": 0.3})
    node.sample(site, "2021-02-01T08:00", {"total_phosphorus": 0.1})
    (row,) = node.assess("2021")
    assert (row["class"], row["samples"], row["inputs"], row["enough"]) == ("Ⅲ", 2, 10, False)  # (0.3 + 0.1) / 2
    (row,) = node.assess("2021-Q1")
    assert (row["class"], row["enough"]) == ("Ⅲ", True)


def test_before_the_statistics_rules_of_2020_nothing_is_rounded(node: Node) -> None:
    node.sample(node.section("51.a"), "2015-04-01T08:00", {"permanganate_index": 6.04})
    table = assess(node.store, node.registry, "2015-04")
    assert table["class"].to_pylist() == ["Ⅳ"]
    assert table.schema.metadata[b"editions"].decode() == "GB 3838-2002; 环办〔2011〕22号"


def test_the_day_is_the_legal_one(node: Node) -> None:
    site = node.section("51.a")
    node.sample(site, "2021-04-02T00:00", {"ph": 7.0})  # 2021-04-01T16:00 UTC
    assert node.assess("2021-04-01") == []
    assert len(node.assess("2021-04-02")) == 1


def test_lake_limits_apply_to_lakes_and_the_ground_is_told(node: Node) -> None:
    node.sample(node.section("51.a", river="某某水库"), "2021-04-01T08:00", {"total_phosphorus": 0.08})
    node.sample(node.section("51.b", kind=WaterKind.LAKE), "2021-04-01T08:00", {"total_phosphorus": 0.08})
    node.sample(node.section("51.c"), "2021-04-01T08:00", {"total_phosphorus": 0.08})
    rows = {row["section"]: (row["class"], row["water"], row["water_ground"]) for row in node.assess()}
    assert rows == {
        "a": ("Ⅳ", "lake", "inferred"),
        "b": ("Ⅳ", "lake", "inferred"),
        "c": ("Ⅱ", "river", "inferred"),
    }


def test_oxygen_of_the_plateau_is_class_one_by_saturation_where_the_altitude_is_known(node: Node) -> None:
    site = node.section("63.a")
    node.sample(site, "2021-04-01T08:00", {"dissolved_oxygen": 6.4, "water_temperature": 8.0})
    assert [row["class"] for row in node.assess()] == ["Ⅱ"]
    assert [row["class"] for row in node.assess(altitude={site: 4200.0})] == ["Ⅰ"]
    assert [row["class"] for row in node.assess(by="sample", basis="rule", altitude={site: 4200.0})] == ["Ⅰ"]
    assert [row["class"] for row in node.assess(by="sample", altitude={site: 4200.0})] == ["Ⅱ"]  # the portal does not


def test_only_the_sections_and_items_asked_for_take_part(node: Node) -> None:
    for id in ("51.a", "51.b"):
        node.sample(node.section(id), "2021-04-01T08:00", GOOD | {"total_phosphorus": 0.3})
    (row,) = node.assess(sections=["51.b"], items=["ph", "ammonia_nitrogen"])
    assert (row["section"], row["class"], row["items"]) == ("b", "Ⅰ", 2)


def test_devices_speak_for_their_section_and_outlets_are_no_rivers(node: Node) -> None:
    site, outlet = node.section("51.a"), node.section("51.outlet")
    node.registry.put_device(Device("A510000_0001", "站", site), None, "test", 0)
    node.registry.put_device(Device("81733553213013", "口", outlet, system="32", outlet=True), None, "test", 0)
    for mn in ("A510000_0001", "81733553213013", "unknown"):
        node.sample(mn, "2021-04-01T08:00", {"ph": 7.0}, cadence="hour")
    table = assess(node.store, node.registry, "2021-04")
    assert table["section"].to_pylist() == ["a"]
    assert table.schema.metadata[b"sites_without_section"] == b"2"


def test_a_merged_section_speaks_for_the_one_it_went_into(node: Node) -> None:
    old, new = node.section("51.旧"), node.section("51.新")
    node.sample(old, "2021-04-01T08:00", {"ph": 7.0})
    node.registry.merge(old, new, "test", 0)
    assert [row["section"] for row in node.assess()] == ["新"]
    assert [row["section"] for row in node.assess(by="sample", sections=[new])] == ["新"]


# ---- rivers, provinces, basins


def six_sections(node: Node, day: str, phosphorus: list[float]) -> None:
    for number, value in enumerate(phosphorus):
        node.sample(node.section(f"51.{number}"), f"{day}T08:00", GOOD | {"total_phosphorus": value})


@pytest.mark.parametrize("by", ["river", "province", "basin"])
def test_a_group_is_graded_by_the_shares_of_its_sections(node: Node, by: str) -> None:
    six_sections(node, "2021-04-01", [0.02, 0.02, 0.1, 0.2, 0.3, 0.9])
    (row,) = node.assess(by=by)
    assert (row["sections"], row["n_I"], row["n_IV"], row["n_worse"]) == (6, 2, 1, 1)
    assert row["percent_good"] == pytest.approx(66.667, abs=0.001)
    assert (row["method"], row["grade_zh"], row["main_zh"], row["rank"]) == ("shares", "轻度污染", "总磷(33.3%)", 1)
    assert row["inputs"] == 30


def test_groups_are_ranked_best_first(node: Node) -> None:
    node.sample(node.section("51.a", river="甲河"), "2021-04-01T08:00", {"total_phosphorus": 0.9})
    node.sample(node.section("51.b", river="乙河"), "2021-04-01T08:00", {"total_phosphorus": 0.1})
    assert [(row["river"], row["rank"], row["class"]) for row in node.assess(by="river")] == [
        ("乙河", 1, "Ⅱ"),
        ("甲河", 2, "劣Ⅴ"),
    ]


def test_change_against_another_period_is_told(node: Node) -> None:
    six_sections(node, "2021-03-01", [0.3] * 6)
    six_sections(node, "2021-04-01", [0.02, 0.02, 0.3, 0.3, 0.3, 0.3])
    (group,) = node.assess(by="basin", against="2021-03")
    assert (group["change_zh"], group["percent_good_before"]) == ("明显好转", 0.0)
    sections = node.assess(against="2021-03")
    assert [row["change"] for row in sections] == ["much_better"] * 2 + ["none"] * 4
    assert [row["class_before"] for row in sections] == ["Ⅳ"] * 6
    assert {row["change"] for row in node.assess("2021-03", against="2021-02")} == {"unknown"}


# ---- errors and emptiness


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"by": "country"}, "assess.by"),
        ({"basis": "feeling"}, "assess.basis"),
        ({"items": ["total_nitrogen"]}, "assess.items"),
        ({"by": "sample", "against": "2021-03"}, "assess.against"),
        ({"period": "someday"}, "period.form"),
    ],
)
def test_what_cannot_be_assessed_is_refused(node: Node, more: Row, code: str) -> None:
    with pytest.raises(InputError) as caught:
        node.assess(**more)
    assert caught.value.code == code


@pytest.mark.parametrize("by", ["sample", "section", "river", "province", "basin"])
def test_an_empty_store_has_no_rows_but_the_same_columns(node: Node, by: str) -> None:
    empty = assess(node.store, node.registry, "2021-04", by)
    assert empty.num_rows == 0
    node.sample(node.section("51.a"), "2021-04-01T08:00", GOOD)
    full = assess(node.store, node.registry, "2021-04", by)
    assert empty.schema.names == full.schema.names
    assert [field.type for field in empty.schema] == [field.type for field in full.schema]
    assert b"GB 3838-2002" in full.schema.metadata[b"editions"]
    assert "环办〔2011〕22号: samples.year" in full.schema.metadata[b"unverified"].decode()


def test_one_sample_alone_is_its_section_its_river_and_its_basin(node: Node) -> None:
    node.sample(node.section("51.a"), "2021-04-01T08:00", GOOD | {"ammonia_nitrogen": 1.2})
    (sample,) = node.assess(by="sample", basis="rule")
    for by in ("section", "river", "province", "basin"):
        (row,) = node.assess(by=by)
        assert row["class_no"] == sample["class_no"] == 4


@pytest.mark.shared
def test_the_files_of_april_2021_give_the_published_classes(shared: Path) -> None:
    node, folder = Node(DuckStore(":memory:")), shared / "data/cnemc"
    raws = [
        Raw("cnemc-csv", str(path.relative_to(folder)), legal("2021-04-06T00:00"), path.read_bytes(), "2021-04")
        for path in sorted(folder.glob("2021-04/**/*.csv"))
    ]
    parsed = [read(raw) for raw in raws]
    node.registry.meet(known_sections(), 0)  # as a node starts
    node.registry.meet([section for part in parsed for section in part.sections], 0)
    node.add(join([part.observations for part in parsed]), Flag.NOT_EVALUATED)
    table = assess(node.store, node.registry, "2021-03-31/2021-04-05", "sample")
    equal = pc.sum(table["equal"].cast("int64")).as_py()
    compared = table["equal"].length() - table["equal"].null_count
    assert compared > 6000
    assert equal / compared >= 0.99  # what differs, and why: docs/validation-classes.md
