"""A name that water and air share means what the table is about: by its unit, else by the other columns."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.core import vocabulary
from shangyou.ingest.tables.headers import understand
from shangyou.ingest.tables.infer import infer
from shangyou.ingest.tables.media import _twins, settled

SHARED = ("苯", "甲苯", "乙苯", "二甲苯", "硝基苯", "三氯乙烯", "甲醛", "Benzene", "汞", "氰化物", "氟化物", "镉")


def keys(head: str, row: str = "") -> dict[str, str]:
    count = head.count(",")
    text = f"{head}\n" + "".join(f"2025-06-0{n} 08:00{row or ',0.1' * count}\n" for n in range(1, 5))
    return {m.name: m.parameter for m in infer(text.encode()).map.measured}


@pytest.mark.parametrize("name", SHARED)
def test_beside_water_it_is_the_one_in_water(name: str) -> None:
    found = keys(f"监测时间,pH,氨氮(mg/L),{name}")
    assert vocabulary.parameter(found[name]).group == "water"


@pytest.mark.parametrize("name", SHARED)
def test_beside_air_it_is_the_one_in_air(name: str) -> None:
    found = keys(f"监测时间,PM2.5,SO2,{name}")
    assert vocabulary.parameter(found[name]).group == "air"


@pytest.mark.parametrize(("unit", "group"), [("mg/L", "water"), ("μg/L", "water"), ("mg/m3", "air"), ("μg/m3", "air")])
@pytest.mark.parametrize("beside", ["氨氮", "PM2.5"])
def test_a_unit_counts_for_more_than_what_stands_beside(unit: str, group: str, beside: str) -> None:
    found = keys(f"监测时间,{beside},苯({unit})")
    assert vocabulary.parameter(found[f"苯({unit})"]).group == group


def test_benzene_in_a_long_table_of_water_is_in_water() -> None:
    head = "断面,时间,参数,数值,单位\n"
    rows = [
        f"寸滩,2025-06-0{n} 08:00,{p},0.1,{u}\n" for n in range(1, 4) for p, u in (("氨氮", "mg/L"), ("苯", "mg/L"))
    ]
    plain = [row.replace("mg/L", "") for row in rows]
    for text in (head + "".join(rows), head + "".join(plain)):
        assert {m.name: m.parameter for m in infer(text.encode()).map.measured}["苯"] == "water_benzene"


def test_a_code_or_a_word_says_which_is_meant_whatever_stands_beside() -> None:
    assert keys("监测时间,pH,氨氮,a25002")["a25002"] == "benzene"
    assert keys("监测时间,PM2.5,SO2,水中苯")["水中苯"] == "water_benzene"
    assert keys("监测时间,PM2.5,SO2,w25002")["w25002"] == "water_benzene"


@given(st.lists(st.sampled_from([*SHARED, "氨氮", "pH", "PM2.5", "SO2", "备注", "流量"]), max_size=8), st.data())
def test_the_order_of_the_columns_does_not_matter(names: list[str], data: st.DataObject) -> None:
    order = data.draw(st.permutations(names))

    def meant(given: list[str]) -> set[tuple[str, str]]:
        return {(h.text, h.key) for h in settled([understand(n) for n in given], [""] * len(given))}

    assert meant(names) == meant(list(order))


def test_twins_are_of_two_media_and_point_to_each_other() -> None:
    for key, other in _twins().items():
        assert _twins()[other] == key
        assert {vocabulary.parameter(key).group, vocabulary.parameter(other).group} == {"water", "air"}
