"""Encodings, separators, headers, places: what a text table is before it is read."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.core.registry import WaterKind
from shangyou.ingest.tables.encoding import detect_encoding, detect_separator, pieces
from shangyou.ingest.tables.faults import spans
from shangyou.ingest.tables.grid import header_names
from shangyou.ingest.tables.limits import Limits
from shangyou.ingest.tables.reading import read
from shangyou.ingest.tables.sites import water_kind
from tests.ingest.tables.maps import WIDE, codes, raw

TEXT = "断面名称,监测时间,溶解氧(mg/L)\n清溪,2021-04-01 08:00,8.1\n"


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (TEXT.encode(), "utf-8"),
        (TEXT.encode("utf-8-sig"), "utf-8-sig"),
        (TEXT.encode("gb18030"), "gb18030"),
        (TEXT.encode("utf-16"), "utf-16"),
        (b"time,temp,cond\n" * 4, "utf-8"),
        ("time,temp,cond\n".encode("utf-16-le") * 4, "utf-16-le"),
        ("time,temp,cond\n".encode("utf-16-be") * 4, "utf-16-be"),
        ("temp (°C),cond (µS/cm)\n".encode("cp1252"), "cp1252"),
        (TEXT.encode()[:-1][:13], "utf-8"),  # a sample may end within a character
        (b"", "utf-8"),
    ],
)
def test_the_encoding_is_told_from_the_bytes(body: bytes, encoding: str) -> None:
    assert detect_encoding(body) == encoding


@given(st.text(), st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le"]), st.integers(1, 9))
def test_a_text_is_the_same_however_its_bytes_are_cut(text: str, encoding: str, step: int) -> None:
    body = text.encode(encoding, "replace")
    chunks = [body[i : i + step] for i in range(0, len(body), step)]
    whole = body.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    assert b"".join(pieces(chunks, encoding)).decode() == whole


@pytest.mark.parametrize("separator", [",", "\t", ";", "|"])
def test_the_separator_is_the_sign_that_cuts_rows_alike(separator: str) -> None:
    rows = [["a b", '"c,;|d"', "1.5"], ["x", "y", "2"]]
    assert detect_separator([separator.join(row) + "\n" for row in rows]) == separator


def test_a_text_of_one_column_has_the_usual_separator() -> None:
    assert detect_separator(["only words\n", "and words\n"]) == ","


def test_header_rows_are_joined_and_names_made_unique() -> None:
    assert header_names([["时间", "水温", "", ""], ["", "上午", "下午", ""]]) == (
        "时间",
        "水温 上午",
        "水温 下午",
        "水温",
    )
    assert header_names([["a", "a", " a ", ""]]) == ("a", "a (2)", "a (3)", "4")


def test_a_header_cell_may_hold_a_line_end() -> None:
    head = '断面,河流,时间,水温,"氨\n氮",叶绿素\n'.replace('"氨\n氮"', '"氨氮"').replace("时间", '"时间"')
    assert codes(read(raw(head + "甲,长江,2021-04-01 08:00,1,x,3\n"), WIDE)) == [("tables.value", 2, "氨氮")]
    two = '断面,河流,"时间","水温","氨氮","叶绿素"\n'
    body = '"标题\n第二行",,,,,\n' + two + "甲,长江,2021-04-01 08:00,1,x,3\n"
    assert codes(read(raw(body), replace(WIDE, header=(2,)))) == [("tables.value", 4, "氨氮")]


def test_a_table_that_is_too_wide_is_refused() -> None:
    parsed = read(raw("断面,河流,时间,水温,氨氮,叶绿素" + ",x" * 20 + "\n"), WIDE, Limits(columns=20))
    assert codes(parsed) == [("tables.too_wide", 1, None)]


@pytest.mark.parametrize("body", [b"", b"\n", b"\xff", b"a", b"\x00" * 50])
def test_a_file_without_the_header_says_so(body: bytes) -> None:
    parsed = read(raw(body), WIDE)
    assert {code for code, *_ in codes(parsed)} <= {"tables.no_header", "tables.column_missing"}
    assert parsed.refusals


@pytest.mark.parametrize(
    ("river", "name", "algae", "kind", "sure"),
    [
        ("滇池", "灰湾中", None, WaterKind.LAKE, "high"),
        ("盘龙江", "严家村桥", True, WaterKind.RIVER, "high"),  # algae are measured in some rivers too
        ("玉滩水库（濑溪河）", "玉滩水库", None, WaterKind.LAKE, "high"),
        ("珠江流域", "花山水库出水口", False, WaterKind.RIVER, "medium"),  # the basin is no water
        ("", "断桥", True, WaterKind.LAKE, "medium"),
        ("", "邛海湖心", None, WaterKind.LAKE, "low"),
        ("", "大桥", None, WaterKind.RIVER, "low"),
    ],
)
def test_river_or_lake_is_told_with_how_sure_it_is(
    river: str, name: str, algae: bool | None, kind: WaterKind, sure: str
) -> None:
    assert water_kind(river, name, algae) == (kind, sure)


@given(st.sets(st.integers(1, 200)))
def test_spans_name_each_line_once(lines: set[int]) -> None:
    named = [part.split("-") for part in spans(lines).split(", ")] if lines else []
    got = [n for first, *last in named for n in range(int(first), int(last[0] if last else first) + 1)]
    assert got == sorted(lines)
