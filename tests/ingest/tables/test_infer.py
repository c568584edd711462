"""Column maps inferred from tables, and kept as text."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from shangyou.core.errors import InputError
from shangyou.core.records import Mark
from shangyou.ingest.tables.headers import Role, understand
from shangyou.ingest.tables.infer import infer
from shangyou.ingest.tables.mapfile import load, save
from shangyou.ingest.tables.reading import read
from tests.ingest.tables.maps import LONG, WIDE, raw, values

GOLDEN = Path(__file__).parents[2] / "golden" / "tables"
TABLES = sorted(path for path in GOLDEN.iterdir() if path.suffix != ".toml")


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_the_map_of_a_known_table_is_inferred(path: Path) -> None:
    guess = infer(path.read_bytes(), path.name)
    assert guess.map == load(path.with_suffix(".toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_a_table_is_read_without_faults_by_the_map_inferred_from_it(path: Path) -> None:
    parsed = read(raw(path.read_bytes(), path.name), infer(path.read_bytes(), path.name).map)
    assert parsed.refusals == ()
    assert len(parsed.observations) > 0


def test_known_tables_give_the_values_that_stand_in_them() -> None:
    def got(name: str, parameter: str) -> list[float]:
        path = GOLDEN / name
        return values(read(raw(path.read_bytes(), name), infer(path.read_bytes(), name).map), parameter)

    assert got("laboratory_long.csv", "chromium_vi") == [0.004]  # 0,004L
    assert got("laboratory_long.csv", "lead") == [0.0005]  # 0,5 ug/L
    assert got("usgs.rdb", "flow") == pytest.approx([2.831685, 3.114853, 2.548516])  # 100, 110, 90 cubic feet a second
    assert got("merged_header.csv", "air_temperature") == [18.0, 19.5, 20.1]
    assert got("station_wide.csv", "chlorophyll_a") == [12.0, 11.0]
    assert np.isnan(got("sensor.csv", "turbidity")[1])


@pytest.mark.parametrize(
    ("header", "parameter", "unit"),
    [
        ("溶解氧(mg/L)", "dissolved_oxygen", "mg/L"),
        ("叶绿素α（mg/L）", "chlorophyll_a", "mg/L"),
        ("藻密度(cells/L)", "algal_density", "1/L"),
        ("pH(无量纲)", "ph", "1"),
        ("电导率 [μS/cm]", "conductivity", "uS/cm"),
        ("氨氮（NH3-N）(mg/L)", "ammonia_nitrogen", "mg/L"),
        ("硝酸盐(以N计)(mg/L)", "nitrate_nitrogen", "mg/L"),
        ("铬(六价)", "chromium_vi", ""),
        ("DO_mgL", "dissolved_oxygen", "mg/L"),
        ("总磷 mg/L", "total_phosphorus", "mg/L"),
        ("temp", "water_temperature", ""),
        ("cond", "conductivity", ""),
        ("w01018-Avg", "chemical_oxygen_demand", ""),
        ("w21003", "ammonia_nitrogen", ""),
        ("Temperature, water", "water_temperature", ""),
        ("00300", "dissolved_oxygen", "mg/L"),
        ("X_00060_00003", "flow", "ft3/s"),
        ("PM2.5", "pm25", ""),
        ("高锰酸盐指数 CODMn", "permanganate_index", ""),
    ],
)
def test_a_header_is_understood(header: str, parameter: str, unit: str) -> None:
    heading = understand(header)
    assert (heading.role, heading.key, heading.unit) == (Role.VALUE, parameter, unit)


@pytest.mark.parametrize("header", ["nitrate", "DEWP", "LogQ", "No", "备注", "", "agency_cd", "x" * 500])
def test_a_header_that_says_nothing_certain_is_not_guessed(header: str) -> None:
    assert understand(header).role is Role.UNKNOWN


@pytest.mark.parametrize(
    ("header", "role"),
    [
        *(("监测时间", Role.TIME), ("Sample time (UTC)", Role.TIME), ("tm_utc8", Role.TIME), ("断面名称", Role.NAME)),
        *(("temp_qual", Role.FLAG), ("temp_cor", Role.COPY), ("w01018-Flag", Role.FLAG), ("MN", Role.ID)),
        *(("站点情况", Role.STATE), ("CharacteristicName", Role.LONG_PARAMETER), ("监测结果", Role.LONG_VALUE)),
    ],
)
def test_other_columns_have_their_roles(header: str, role: Role) -> None:
    assert understand(header).role is role


def test_statistic_and_species_and_zone_are_taken_from_headers() -> None:
    assert understand("氨氮最大值").statistic == "max"
    assert understand("w01018-Avg").statistic == "mean"
    assert understand("NO3 (mg/L as NO3)").species == "NO3"
    assert understand("tm_utc8").zone == "+08:00"


def test_temperature_in_a_table_of_air_is_that_of_the_air() -> None:
    text = "time,temp,PM2.5,SO2\n2021-04-01 08:00,12,30,8\n2021-04-01 09:00,13,31,8\n"
    assert {m.parameter for m in infer(text.encode(), "a.csv").map.measured} == {
        "air_temperature",
        "pm25",
        "sulfur_dioxide",
    }


def test_day_and_month_are_ordered_by_what_makes_a_regular_record() -> None:
    days = "\n".join(f"{i:02d}/02/2021 08:00,{i}" for i in range(1, 13))
    guess = infer(f"date,temp\n{days}\n".encode(), "a.csv")
    assert guess.map.time.formats == ("%d/%m/%Y %H:%M",)
    assert any(r.code == "tables.guess.time_order" for r in guess.remarks)


def test_every_guess_has_a_remark_with_its_confidence() -> None:
    guess = infer(b"datetime,temp,stage,foo\n2021-04-01 08:00,12,51,1\n2021-04-01 08:15,12,51,1\n", "Brook2021.csv")
    said = {(r.code, r.column): r.confidence for r in guess.remarks}
    assert said["tables.guess.unit", "stage"] == 0.3
    assert said["tables.guess.site_file", ""] == 0.4
    assert said["tables.guess.unused", "foo"] == 1.0
    assert said["tables.guess.zone", "datetime"] == 0.6
    assert guess.confidence == 0.3
    assert guess.map.site.name == "Brook2021"


def test_a_table_without_time_or_parameters_says_what_it_lacks() -> None:
    with pytest.raises(InputError) as caught:
        infer(b"a,b\n1,2\n", "x.csv")
    assert caught.value.code == "tables.infer"
    assert caught.value.facts["lacking"] == "time, parameters"
    assert caught.value.facts["found"] == "a, b"


def test_a_sheet_with_merged_headers_and_dates_is_inferred_and_read() -> None:
    body = io.BytesIO()
    book = xlsxwriter.Workbook(body, {"in_memory": True})
    book.add_worksheet("说明").write(0, 0, "本表由人工填写")
    sheet = book.add_worksheet("数据")
    dates = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    sheet.merge_range(0, 0, 0, 3, "水质日报")
    sheet.merge_range(1, 0, 2, 0, "监测时间")
    sheet.merge_range(1, 1, 1, 3, "监测项目")
    sheet.write_row(2, 1, ["水温(℃)", "氨氮(mg/L)", "总磷(mg/L)"])
    for i in range(3):
        sheet.write_number(3 + i, 0, 44287 + i / 6, dates)
        sheet.write_row(3 + i, 1, [12.5 + i, "<0.025", 0.123456789])
    book.close()
    guess = infer(body.getvalue(), "日报.xlsx", site="51.清溪")
    parsed = read(raw(body.getvalue(), "日报.xlsx"), guess.map)
    assert guess.map.sheet == "数据"
    assert parsed.refusals == ()
    assert values(parsed, "water_temperature") == [12.5, 13.5, 14.5]
    assert values(parsed, "total_phosphorus") == [0.123456789] * 3
    assert np.unique(np.diff(parsed.observations.time[:3])).tolist() == [14_400_000]
    assert {k.site for k in parsed.observations.keys} == {"51.清溪"}


@pytest.mark.parametrize(
    "layout", [WIDE, LONG, replace(WIDE, missing=(("\x7f\"'\\", Mark.FAULT),), name='引号"换行\n')]
)
def test_a_saved_map_is_the_same_map(layout: object) -> None:
    assert load(save(layout)) == layout  # type: ignore[arg-type]


@given(st.lists(st.tuples(st.text(max_size=8), st.sampled_from(list(Mark))), max_size=5, unique_by=lambda t: t[0]))
def test_any_tokens_survive_saving(missing: list[tuple[str, Mark]]) -> None:
    layout = replace(WIDE, missing=tuple(missing))
    assert load(save(layout)) == layout


def test_all_problems_of_a_map_text_are_told_at_once() -> None:
    text = 'nmae = "x"\nheader = "1"\n[time]\ncolumns = 3\n[site]\nnam = "x"\n[flags]\nN = "fine"\n'
    text += '[[measured]]\nname = "a"\n'
    with pytest.raises(InputError) as caught:
        load(text)
    assert caught.value.facts["fields"] == [
        *("nmae", "header", "time.columns", "time.formats", "site.nam"),
        *("measured 1.parameter", "measured 1.unit", "flags.N"),
    ]


def test_all_problems_of_a_map_are_told_at_once() -> None:
    text = save(WIDE).replace('"degC"', '"kg"').replace('"4h"', '"often"').replace("+08:00", "Shanghai")
    with pytest.raises(InputError) as caught:
        load(text.replace('separator = ","', 'separator = ""'))
    problems = caught.value.facts["problems"]
    assert isinstance(problems, list)
    assert [code for _, code, _ in problems] == [
        "tables.zone",
        "tables.map.sign",
        "units.incompatible",
        *["tables.map.cadence"] * 3,
    ]


@given(st.text(max_size=200))
def test_no_text_breaks_the_loading_of_maps(text: str) -> None:
    with pytest.raises(InputError):
        load(text)


@pytest.mark.parametrize("head", ["time," * 3000, "temp_cor " * 3000, "a b-" * 9000, "(" * 9000, "9" * 9000])
def test_a_monstrous_header_is_refused_in_good_time(head: str) -> None:
    with pytest.raises(InputError, match=r"tables\.infer"):
        infer(f"{head}\n{'1,' * 3000}\n".encode(), "x.csv")


@given(st.binary(max_size=500), st.sampled_from(TABLES), st.integers(0, 400))
@settings(max_examples=40)
def test_no_bytes_break_the_inference(noise: bytes, path: Path, cut: int) -> None:
    for body in (noise, path.read_bytes()[:cut] + noise):
        code = ""
        try:
            read(raw(body), infer(body, "x.csv").map)
        except InputError as error:
            code = error.code
        assert code in ("", "tables.infer", "tables.workbook")
