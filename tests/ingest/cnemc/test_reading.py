"""Section files, answers and pages of the national stations."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shangyou.core.clock import to_ms
from shangyou.core.errors import InputError
from shangyou.core.journal import Raw
from shangyou.core.records import Mark
from shangyou.core.registry import Status, WaterKind
from shangyou.ingest.cnemc.reading import READERS, read
from shangyou.ingest.cnemc.recognition import recognise
from shangyou.ingest.tables.limits import Limits
from tests.ingest.cnemc.sources import NORMAL, Row, answer, page, row, section_file, table

WRITERS = (section_file, answer, page)
KINDS = ("cnemc-csv", "cnemc-json", "cnemc-page")


@pytest.mark.parametrize("write", WRITERS)
def test_a_row_becomes_a_value_a_parameter_in_canonical_units(write: object) -> None:
    parsed = read(write([NORMAL]))  # type: ignore[operator]
    time = to_ms(datetime(2021, 4, 1, 0, tzinfo=UTC))
    got = {parameter: (at, value, mark) for _, parameter, at, value, mark in table(parsed)}
    wanted = {
        "class_published": 2.0,
        "water_temperature": 12.5,
        "ph": 8.01,
        "dissolved_oxygen": 9.2,
        "conductivity": 310.5,
        "turbidity": 4.4,
        "permanganate_index": 1.52,
        "ammonia_nitrogen": 0.0254,  # the original value: 0.0 is displayed
        "total_phosphorus": 0.0271,
        "total_nitrogen": 1.1,
    }
    assert got == {key: (time, value, Mark.NORMAL) for key, value in wanted.items()}
    assert {(k.site, k.cadence, k.statistic) for k in parsed.observations.keys} == {("51.清溪", "4h", "value")}
    assert parsed.refusals == ()


@pytest.mark.parametrize("write", WRITERS)
def test_the_state_of_the_station_marks_its_values_and_stays_where_there_is_none(write: object) -> None:
    rows = [row(state="维护", ammonia="--", grade="*"), row(time="04-01 12:00", ammonia="极值过滤", state="正常")]
    got = {(p, t): (v, m) for _, p, t, v, m in table(read(write(rows)))}  # type: ignore[operator]
    first, second = (to_ms(datetime(2021, 4, 1, h, tzinfo=UTC)) for h in (0, 4))
    assert got["water_temperature", first] == (12.5, Mark.MAINTENANCE)
    assert got["ammonia_nitrogen", first] == (-1.0, Mark.NO_VALUE)
    assert got["class_published", first] == (-1.0, Mark.MAINTENANCE)
    assert got["ammonia_nitrogen", second] == (-1.0, Mark.EXTREME_FILTERED)
    assert got["class_published", second] == (2.0, Mark.NORMAL)


def test_chlorophyll_is_kept_in_micrograms_and_makes_a_lake_likely() -> None:
    parsed = read(section_file([row(chlorophyll="0.0125", algae="1.491644E+07")]))
    got = {parameter: value for _, parameter, _, value, _ in table(parsed)}
    assert (got["chlorophyll_a"], got["algal_density"]) == (12.5, 14_916_440.0)
    assert [(s.kind, s.confidence) for s in parsed.sections] == [(WaterKind.LAKE, "medium")]


@pytest.mark.parametrize("write", [answer, page])
def test_the_tooltip_names_city_and_river(write: object) -> None:
    parsed = read(write([NORMAL], told="所在地市:昆明市\n所属河流:滇池"))  # type: ignore[operator]
    (section,) = parsed.sections
    assert (section.id, section.name_zh, section.province, section.basin) == ("51.清溪", "清溪", "四川省", "长江流域")
    assert (section.city, section.river, section.kind, section.confidence) == ("昆明市", "滇池", WaterKind.LAKE, "high")
    assert (section.status, section.longitude) == (Status.UNCONFIRMED, None)


@pytest.mark.parametrize("write", WRITERS)
def test_conflicting_rows_are_all_kept_in_order_of_arrival(write: object) -> None:
    rows = [row(ammonia=text) for text in ("0.3", "--", "0.1", "0.1")]
    got = [v for _, p, _, v, _ in table(read(write(rows))) if p == "ammonia_nitrogen"]  # type: ignore[operator]
    assert got == [0.3, -1.0, 0.1, 0.1]


@pytest.mark.parametrize("write", WRITERS)
def test_idle_stations_without_a_time_are_told_in_one_refusal(write: object) -> None:
    idle = ("四川省", "长江流域", "甲", "", "", *["--"] * 9, "*", "*", "停站")
    rows = [idle, NORMAL, (*idle[:2], "乙", *idle[3:])]
    parsed = read(write(rows))  # type: ignore[operator]
    (refusal,) = parsed.refusals
    assert (refusal.code, refusal.facts["rows"], refusal.text) == ("cnemc.idle", 2, "甲, 乙")
    assert [s.name_zh for s in parsed.sections] == ["甲", "清溪", "乙"]


def test_values_without_a_time_are_refused_row_by_row() -> None:
    parsed = read(section_file([row(time="*"), row(time="04-31 08:00"), NORMAL]))
    assert [(r.code, r.line, r.text) for r in parsed.refusals] == [
        ("cnemc.time", 2, "*"),
        ("cnemc.time", 3, "04-31 08:00"),
    ]
    assert len(parsed.observations) == 10


@pytest.mark.parametrize(("write", "line"), [(section_file, 3), (answer, 2), (page, 3)])
def test_a_bad_cell_is_refused_with_its_line_and_the_rest_is_kept(write: object, line: int) -> None:
    parsed = read(write([NORMAL, row(time="04-01 12:00", ammonia="abc")]))  # type: ignore[operator]
    assert [(r.code, r.line, r.column, r.text) for r in parsed.refusals] == [
        ("cnemc.value", line, "ammonia_nitrogen", "abc")
    ]
    assert len(parsed.observations) == 19


@pytest.mark.parametrize("write", WRITERS)
def test_the_year_is_never_made_up(write: object) -> None:
    parsed = read(write([NORMAL], source="清溪.html"))  # type: ignore[operator]
    assert [r.code for r in parsed.refusals] == ["cnemc.year"]
    assert len(parsed.observations) == 0
    noted = read(write([NORMAL], source="清溪.html", note="2020-04"))  # type: ignore[operator]
    assert noted.observations.time[0] == to_ms(datetime(2020, 4, 1, tzinfo=UTC))


def test_a_station_that_stopped_keeps_its_time_of_the_year_before() -> None:
    parsed = read(answer([row(time="09-03 08:00"), row(name="乙", time="01-01 08:00")], source="2021-01-01.json"))
    assert sorted(set(parsed.observations.time.tolist())) == [
        to_ms(datetime(2020, 9, 3, tzinfo=UTC)),
        to_ms(datetime(2021, 1, 1, tzinfo=UTC)),
    ]


@pytest.mark.parametrize("write", WRITERS)
def test_other_provinces_are_left_out_when_some_are_named(write: object) -> None:
    rows = [NORMAL, row(province="湖北省", name="丙", ammonia="abc")]
    parsed = read(write(rows), provinces=("四川省", "重庆市"))  # type: ignore[operator]
    assert [s.name_zh for s in parsed.sections] == ["清溪"]
    assert parsed.refusals == ()
    assert {k.site for k in read(write(rows)).observations.keys} == {"51.清溪", "湖北省.丙"}  # type: ignore[operator]


CELL = st.one_of(st.sampled_from(["--", "*", "极值过滤"]), st.integers(0, 99999).map(lambda x: f"{x / 100:.2f}"))
ROW = st.builds(
    lambda name, hour, grade, cells, state: ("云南省", "珠江流域", name, f"04-01 {hour:02d}:00", grade, *cells, state),
    st.sampled_from(["甲", "乙(老)", "丙"]),
    st.integers(0, 23),
    st.sampled_from(["Ⅰ", "Ⅲ", "劣Ⅴ", "*", "-"]),
    st.lists(CELL, min_size=11, max_size=11),
    st.sampled_from(["正常", "维护", "停站", "不具备运行条件", "新状态"]),
)


@given(st.lists(ROW, min_size=1, max_size=12))
@settings(max_examples=60)
def test_file_answer_and_page_of_the_same_rows_say_the_same(rows: list[Row]) -> None:
    one, two, three = (read(write(rows)) for write in WRITERS)
    assert table(one) == table(two) == table(three)
    assert [s.id for s in one.sections] == [s.id for s in two.sections] == [s.id for s in three.sections]
    assert one.refusals == two.refusals == three.refusals == ()


def test_an_answer_that_is_none_is_refused_with_the_reason() -> None:
    for body in (b"{", b"[]", b'{"tbody": 3}', b"[" * 100_000, b'{"tbody": [[1' + b"0" * 5000 + b"]]}"):
        parsed = read(Raw("cnemc-json", "2021-04-01.json", 0, body))
        assert [r.code for r in parsed.refusals] == ["cnemc.json"]


def test_half_a_character_in_an_answer_costs_nothing_but_itself() -> None:
    body = answer([NORMAL]).body.replace("清溪".encode(), b"\\ud83d")
    assert [s.name_zh for s in read(Raw("cnemc-json", "2021-04-01.json", 0, body)).sections] == ["?"]


def test_a_row_of_the_wrong_width_is_refused_and_the_rest_is_kept() -> None:
    told = json.loads(answer([NORMAL, NORMAL]).body)
    told["tbody"][0].pop()
    told["tbody"].append("nonsense")
    parsed = read(Raw("cnemc-json", "2021-04-01.json", 0, json.dumps(told).encode()))
    assert [(r.code, r.line) for r in parsed.refusals] == [("cnemc.row_cells", 1), ("cnemc.row_cells", 3)]
    assert len(parsed.observations) == 10


def test_a_page_cut_off_in_a_row_loses_that_row_only() -> None:
    body = page([NORMAL, row(time="04-01 12:00")]).body
    parsed = read(Raw("cnemc-page", "20210401T121517.html", 0, body[: body.rindex(b"<td")]))
    assert [r.code for r in parsed.refusals] == ["cnemc.row_cells"]
    assert len(parsed.observations) == 10


def test_a_page_saved_before_its_data_came_says_so() -> None:
    parsed = read(Raw("cnemc-page", "20210401T121517.html", 0, b"<html><body></body></html>"))
    assert [r.code for r in parsed.refusals] == ["cnemc.no_rows"]


def test_a_header_with_a_unit_that_cannot_be_is_not_read() -> None:
    raw = section_file([NORMAL])
    hurt = Raw(raw.kind, raw.source, 0, raw.body.replace("水温(℃)".encode(), "水温(mg/L)".encode()))
    parsed = read(hurt)
    assert [(r.code, r.column) for r in parsed.refusals] == [("cnemc.column", "水温(mg/L)")]
    assert len(parsed.observations) == 9


def test_an_unknown_kind_is_an_error_of_the_caller() -> None:
    with pytest.raises(InputError, match=r"cnemc\.kind"):
        read(Raw("hj212", "x", 0, b""))


@given(st.binary(max_size=400), st.sampled_from(KINDS))
@settings(max_examples=200)
def test_no_bytes_break_a_reader(body: bytes, kind: str) -> None:
    parsed = READERS[kind](Raw(kind, "2021-04", 0, body))
    assert len(parsed.observations) == 0


@given(
    st.sampled_from(WRITERS),
    st.lists(st.tuples(st.floats(0, 0.999), st.binary(max_size=6), st.integers(0, 40)), max_size=5),
)
@settings(max_examples=200)
def test_no_damage_breaks_a_reader_and_each_loss_has_a_reason(
    write: object, damage: list[tuple[float, bytes, int]]
) -> None:
    raw = write([NORMAL, row(name="乙"), row(name="丙", time="04-01 12:00")])  # type: ignore[operator]
    body = bytearray(raw.body)
    for place, put, cut in damage:
        at = int(place * len(body))
        body[at : at + cut] = put
    parsed = READERS[raw.kind](Raw(raw.kind, raw.source, 0, bytes(body)), limits=Limits(refusals=50))
    assert len(parsed.refusals) <= 60
    assert all(r.code.split(".")[0] in ("cnemc", "tables") for r in parsed.refusals)


@pytest.mark.parametrize("write", WRITERS)
def test_a_source_is_recognised_by_its_content_whatever_its_name(write: object) -> None:
    raw = write([NORMAL])  # type: ignore[operator]
    assert recognise("x.txt", raw.body) == raw.kind
    assert recognise("", raw.body[:600]) == raw.kind


@pytest.mark.parametrize(
    ("name", "head", "kind"),
    [
        ("a.csv", b"time,temp\n1,2\n", "table"),
        ("a.csv", "时间,水温\n".encode("gb18030"), "table"),
        ("a.xlsx", b"PK\x03\x04....", "table"),
        ("a", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "table"),
        ("a.png", b"\x89PNG\r\n\x1a\n", ""),
        ("a.json", b'{"features": []}', ""),
        ("a.json", b"[1, 2]", ""),
        ("readme", b"words", ""),
        ("a.csv", b"", ""),
        ("a.csv", b"\x00\x01\x02" * 100, ""),
        ("a.html", b"<html><body>hello</body></html>", "cnemc-page"),
        ("a.xml", b"<?xml version='1.0'?><x/>", ""),
    ],
)
def test_other_files_are_tables_or_nothing(name: str, head: bytes, kind: str) -> None:
    assert recognise(name, head) == kind


@given(st.text(max_size=20), st.binary(max_size=300))
def test_no_bytes_break_the_recognition(name: str, head: bytes) -> None:
    assert recognise(name, head) in (*KINDS, "table", "")
