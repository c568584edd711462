"""Whole tables by their column map."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shangyou.core.clock import to_ms
from shangyou.core.records import Censor, Mark
from shangyou.core.registry import WaterKind
from shangyou.ingest.tables.columns import ColumnMap, Measured, Site, TimeColumns
from shangyou.ingest.tables.limits import Limits
from shangyou.ingest.tables.reading import gathered, read, read_blocks
from tests.ingest.tables.maps import LONG, WIDE, codes, raw, values

HEAD = "断面,河流,时间,水温,氨氮,叶绿素\n"


def test_a_wide_table_becomes_one_series_a_site_and_parameter() -> None:
    parsed = read(raw(HEAD + "甲,长江,2021-04-01 08:00,12.5,<0.025,0.012\n乙,滇池,2021-04-01 08:00,--,0.5,*\n"), WIDE)
    o = parsed.observations
    assert [(k.site, k.parameter, k.cadence, k.statistic) for k in o.keys] == [
        ("51.甲", "water_temperature", "4h", "value"),
        ("51.甲", "ammonia_nitrogen", "4h", "value"),
        ("51.甲", "chlorophyll_a", "4h", "value"),
        ("51.乙", "water_temperature", "4h", "value"),
        ("51.乙", "ammonia_nitrogen", "4h", "value"),
    ]
    assert set(o.time.tolist()) == {to_ms(datetime(2021, 4, 1, 0, tzinfo=UTC))}
    assert values(parsed, "chlorophyll_a") == [12.0]  # mg/L became ug/L, and * made no observation
    assert [(s.id, s.river, s.kind, s.confidence) for s in parsed.sections] == [
        ("51.甲", "长江", WaterKind.RIVER, "high"),
        ("51.乙", "滇池", WaterKind.LAKE, "high"),
    ]
    at = [k.parameter for k in o.keys].index("ammonia_nitrogen")
    below = o.series == at
    assert o.censor[below].tolist() == [Censor.BELOW]
    assert np.isnan(values(parsed, "water_temperature")[1])
    assert sorted(o.mark.tolist()) == [Mark.NONE] * 4 + [Mark.NO_VALUE]


def test_all_faults_of_a_file_are_told_at_once_with_line_and_column() -> None:
    text = (
        HEAD
        + "甲,长江,2021-04-01 08:00,x,1,1\n"
        + "甲,长江,2021-04-31 08:00,1,1,1\n"
        + ",长江,2021-04-01 12:00,1,1,1\n"
        + "甲,长江,2021-04-01 12:00,1,1\n"
        + "\n"
        + '"甲","长\n江",2021-04-01 16:00,1,y,ND\n'
        + "甲,长江,2021-04-01 20:00,1,1,1,7\n"
    )
    parsed = read(raw(text), WIDE)
    assert codes(parsed) == [
        ("tables.value", 2, "水温"),
        ("tables.time", 3, "时间"),
        ("tables.site", 4, "断面"),
        ("tables.row_cells", 5, None),
        ("tables.value", 7, "氨氮"),
        ("tables.row_cells", 9, None),
    ]
    assert [r.text for r in parsed.refusals if r.code == "tables.value"] == ["x", "y"]
    assert parsed.refusals[-1].facts == {"cells": 7, "expected": 6}


def test_conflicting_values_for_one_key_are_all_kept_in_order() -> None:
    parsed = read(raw(HEAD + "".join(f"甲,长江,2021-04-01 08:00,{x},1,*\n" for x in (3, 1, 2))), WIDE)
    assert values(parsed, "water_temperature") == [3.0, 1.0, 2.0]


def test_a_long_table_takes_unit_species_mark_and_limit_row_by_row() -> None:
    text = (
        "site,date,time,parameter,result,unit,flag\n"
        "A,2021-04-01,08:00,Nitrate,4.4268,mg/l as NO3,\n"
        "A,2021-04-01,08:00,Nitrate,1,mg/L as N,M\n"
        "A,2021-04-01,08:00,Lead,ND,ug/L,\n"
        "A,2021-04-01,08:00,Flow,100,ft3/s,?\n"
        "A,2021-04-01,08:00,Colour,5,,\n"
        "A,2021-04-01,08:00,Taste,5,,\n"
        "A,2021-04-01,08:00,Lead,5,furlong,\n"
        "A,2021-04-01,08:00,Lead,5,degC,\n"
        "A,2021-04-01,08:00,Lead,3,,N\n"
    )
    parsed = read(raw(text), replace(LONG, flags=(("M", Mark.MAINTENANCE), ("N", Mark.NORMAL))))
    assert values(parsed, "nitrate_nitrogen") == pytest.approx([1.0, 1.0], abs=1e-4)
    assert values(parsed, "lead") == [0.0005, 0.003]  # mg/L
    assert values(parsed, "flow") == pytest.approx([2.8317], abs=1e-4)
    assert parsed.observations.mark.tolist() == [0, Mark.MAINTENANCE, 0, Mark.UNKNOWN, Mark.NORMAL]
    assert codes(parsed) == [
        ("tables.parameter", 7, "parameter"),
        ("units.unknown", 8, "unit"),
        ("units.incompatible", 9, "unit"),
    ]


def test_a_qualifier_column_can_censor() -> None:
    layout = replace(
        WIDE,
        site=Site(id="51.甲"),
        measured=(Measured("铅", "lead", "mg/L", flag="符号"),),
        flags=(("<", Censor.BELOW), ("T", Mark.OVER_RANGE)),
    )
    o = read(
        raw("时间,符号,铅\n2021-04-01 08:00,<,0.001\n2021-04-01 12:00,T,5\n2021-04-01 16:00,,--\n"), layout
    ).observations
    assert o.censor.tolist() == [Censor.BELOW, Censor.NONE, Censor.NONE]
    assert o.mark.tolist() == [Mark.NONE, Mark.OVER_RANGE, Mark.NO_VALUE]


def test_published_classes_become_numbers() -> None:
    layout = replace(WIDE, site=Site(id="51.甲"), measured=(Measured("类别", "class_published", "1"),))
    text = "时间,类别\n" + "".join(
        f"2021-04-{i + 1:02d} 08:00,{c}\n" for i, c in enumerate(["Ⅰ", "II", "Ⅲ类", "劣Ⅴ", "劣V类", "x"])
    )
    parsed = read(raw(text), layout)
    assert values(parsed, "class_published") == [1, 2, 3, 6, 6]
    assert codes(parsed) == [("tables.value", 7, "类别")]


def test_the_year_comes_from_the_note_or_the_path() -> None:
    layout = replace(WIDE, time=TimeColumns(("时间",), ("%m-%d %H:%M",)))
    text = HEAD + "甲,长江,04-01 08:00,1,1,1\n"
    years = [
        read(raw(text, source, note), layout).observations.time[0]
        for source, note in (("2021-04/x.csv", ""), ("2019/x.csv", "2021-04"), ("x.csv", "year=2021"))
    ]
    assert set(years) == {to_ms(datetime(2021, 4, 1, tzinfo=UTC))}
    assert codes(read(raw(text), layout)) == [("tables.year", 2, "时间")]


def test_a_column_that_is_not_there_is_named() -> None:
    parsed = read(raw("断面,时间,水温\n甲,2021-04-01 08:00,1\n"), WIDE)
    assert codes(parsed) == [("tables.column_missing", 1, c) for c in ("河流", "氨氮", "叶绿素")]
    assert len(parsed.observations) == 0


def test_refusals_beyond_the_cap_are_counted_and_not_kept() -> None:
    text = HEAD + "甲,长江,2021-04-01 08:00,x,y,1\n" * 40
    parsed = read(raw(text), WIDE, Limits(refusals=30))
    assert len(parsed.refusals) == 31
    assert parsed.refusals[-1].code == "tables.more"
    assert parsed.refusals[-1].facts == {"code": "tables.value", "count": 50}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends_do_not_matter(encoding: str, end: str) -> None:
    text = (HEAD + "甲,长江,2021-04-01 08:00,1,2,x\n").replace("\n", end)
    parsed = read(raw(text.encode(encoding)), replace(WIDE, encoding=encoding))
    assert len(parsed.observations) == 2
    assert codes(parsed) == [("tables.value", 2, "叶绿素")]


def test_bytes_that_are_no_text_cost_only_their_cell() -> None:
    parsed = read(raw(HEAD.encode() + "甲,长江,2021-04-01 08:00,1,2,".encode() + b"\xff\xfe\n"), WIDE)
    assert len(parsed.observations) == 2
    assert codes(parsed) == [("tables.value", 2, "叶绿素")]


def test_a_row_without_end_is_refused_and_memory_stays_bounded() -> None:
    def endless() -> object:
        yield HEAD.encode() + "甲,长江,2021-04-01 08:00,1,2,3\n".encode()
        for _ in range(64):
            yield b"\xe7\x94\xb2" * 33_333
        yield "\n甲,长江,2021-04-01 12:00,1,x,3\n".encode()

    limits = Limits(block=200_000, row=100_000)
    parsed = gathered(read_blocks(endless(), WIDE, limits=limits))  # type: ignore[arg-type]
    assert len(parsed.observations) == 5
    assert codes(parsed) == [("tables.row_long", 3, None), ("tables.value", 4, "氨氮")]


CELL = st.one_of(
    st.floats(0, 1e6, allow_nan=False).map(lambda x: (repr(round(x, 3)), round(x, 3), Censor.NONE)),
    st.just(("--", float("nan"), Censor.NONE)),
    st.just(("<0.02", 0.02, Censor.BELOW)),
    st.just((">500", 500.0, Censor.ABOVE)),
)
ROWS = st.lists(st.tuples(st.sampled_from("甲乙丙"), st.integers(0, 10_000), CELL, CELL), min_size=1, max_size=60)
START = datetime(2021, 1, 1, tzinfo=UTC)


def written(rows: list[tuple[str, int, tuple[str, float, Censor], tuple[str, float, Censor]]], quoting: int) -> str:
    out = io.StringIO()
    writer = csv.writer(out, quoting=quoting, lineterminator="\r\n")  # type: ignore[arg-type]
    writer.writerow(["断面", "时间", "水温", "总磷"])
    for name, hours, one, two in rows:
        moment = START + timedelta(hours=hours + 8)
        writer.writerow([name, moment.strftime("%Y-%m-%d %H:%M"), one[0], two[0]])
    return out.getvalue()


LAYOUT = ColumnMap(
    time=TimeColumns(("时间",), ("%Y-%m-%d %H:%M",)),
    site=Site(name_column="断面", province="四川省"),
    measured=(Measured("水温", "water_temperature", "degC"), Measured("总磷", "total_phosphorus", "mg/L")),
)


@given(ROWS, st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]), st.integers(1, 400))
@settings(max_examples=60)
def test_what_was_written_is_read_back_however_the_bytes_are_cut(
    rows: list[tuple[str, int, tuple[str, float, Censor], tuple[str, float, Censor]]], quoting: int, step: int
) -> None:
    body = written(rows, quoting).encode()
    chunks = [body[i : i + step] for i in range(0, len(body), step)]
    for parsed in (read(raw(body), LAYOUT), gathered(read_blocks(chunks, LAYOUT, limits=Limits(block=200)))):
        assert parsed.refusals == ()
        o = parsed.observations
        got: dict[tuple[str, str], list[tuple[int, str, int]]] = {}
        for s, t, v, c in zip(o.series, o.time, o.value, o.censor, strict=True):
            got.setdefault((o.keys[s].site, o.keys[s].parameter), []).append((int(t), repr(float(v)), int(c)))
        wanted: dict[tuple[str, str], list[tuple[int, str, int]]] = {}
        for name, hours, *cells in rows:
            time = to_ms(START) + hours * 3_600_000
            for parameter, (_, value, censor) in zip(("water_temperature", "total_phosphorus"), cells, strict=True):
                wanted.setdefault((f"51.{name}", parameter), []).append((time, repr(value), int(censor)))
        assert got == wanted


@given(st.lists(st.booleans(), min_size=1, max_size=80), st.booleans(), st.integers(1, 300))
@settings(max_examples=60)
def test_each_bad_cell_is_told_with_its_line_however_the_bytes_are_cut(
    bad: list[bool], quoted: bool, step: int
) -> None:
    last = '"2\n"' if quoted else "2"
    rows = [f"甲,2021-04-01 08:00,{'错' if b else 1.5},{last}" for b in bad]
    body = ("断面,时间,水温,总磷\n" + "\n".join(rows)).encode()
    lines, line = list[int](), 2
    for row, b in zip(rows, bad, strict=True):
        lines += [line] if b else []
        line += 1 + row.count("\n")
    chunks = [body[i : i + step] for i in range(0, len(body), step)]
    for parsed in (read(raw(body), LAYOUT), gathered(read_blocks(chunks, LAYOUT, limits=Limits(block=250)))):
        assert codes(parsed) == [("tables.value", line, "水温") for line in lines]
        assert len(parsed.observations) == 2 * len(bad) - sum(bad)


@given(st.binary(max_size=600))
@settings(max_examples=200)
def test_no_bytes_break_the_reader(body: bytes) -> None:
    for layout in (
        WIDE,
        LONG,
        replace(WIDE, header=(), first=1),
        replace(WIDE, separator=";", comment="#", decimal=","),
    ):
        read(raw(HEAD.encode() + body), layout)
        parsed = read(raw(body), layout)
        assert all(r.code.split(".")[0] in ("tables", "units", "vocabulary") for r in parsed.refusals)
