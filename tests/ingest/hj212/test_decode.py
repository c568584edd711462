"""Packets to observations: every field, every fault, and the quick way equal to the slow one."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.core.records import Censor, Mark, Observations, Refusal, SeriesKey
from shangyou.ingest.hj212.codes import MARKS
from shangyou.ingest.hj212.decode import Decoder, Place
from shangyou.ingest.hj212.packet import Packet

TIME = 1785542400000  # 2026-08-01T00:00:00Z, which is 20260801080000 of legal time
SITE = Place("51.清风峡")


def packet(area: str | bytes, cn: str = "2061") -> Packet:
    return Packet("A510000_0001", cn, "21", "123456", area if isinstance(area, bytes) else area.encode(), "1" * 17, 5)


def decode(area: str | bytes, cn: str = "2061", place: Place = SITE) -> tuple[Observations, list[Refusal]]:
    decoder = Decoder()
    refusals = decoder.add(packet(area, cn), place, 7)
    return decoder.take(), refusals


def rows(observations: Observations) -> dict[str, float]:
    keys = [observations.keys[i] for i in observations.series]
    return {f"{k.parameter} {k.statistic}": float(v) for k, v in zip(keys, observations.value, strict=True)}


def codes(refusals: list[Refusal]) -> list[tuple[str, str | None]]:
    return [(refusal.code, refusal.column) for refusal in refusals]


def test_values_stand_under_their_site_parameter_cadence_and_statistic() -> None:
    got, refusals = decode("DataTime=20260801080000;w01001-Avg=7.64,w01001-Min=7.5,w01001-Flag=N")
    assert refusals == []
    assert got.keys == (SeriesKey("51.清风峡", "ph", "hour", "mean"), SeriesKey("51.清风峡", "ph", "hour", "min"))
    assert got.time.tolist() == [TIME, TIME]
    assert got.value.tolist() == [7.64, 7.5]
    assert got.mark.tolist() == [Mark.NORMAL, Mark.NORMAL]
    assert got.entry.tolist() == [7, 7]


@pytest.mark.parametrize(
    ("suffix", "statistic"),
    [
        *[("Rtd", "value"), ("Min", "min"), ("Avg", "mean"), ("Max", "max"), ("Cou", "total"), ("Data", "value")],
        *[("ZsRtd", "value_zs"), ("ZsMin", "min_zs"), ("ZsAvg", "mean_zs"), ("ZsMax", "max_zs")],
        *[("DayData", "value_day"), ("NightData", "value_night")],
    ],
)
def test_each_suffix_is_a_statistic(suffix: str, statistic: str) -> None:
    got, _ = decode(f"DataTime=20260801080000;w01018-{suffix}=3")
    assert [key.statistic for key in got.keys] == [statistic]


@pytest.mark.parametrize(
    ("cn", "cadence", "time"),
    [
        ("2011", "instant", TIME + 59_000 + 59 * 60_000),
        ("2051", "minute", TIME + 59 * 60_000),
        ("2061", "hour", TIME),
        ("2031", "day", TIME - 8 * 3_600_000),
    ],
)
def test_each_command_is_a_cadence_and_periods_begin_where_they_should(cn: str, cadence: str, time: int) -> None:
    got, _ = decode("DataTime=20260801085959;w01001-Rtd=7", cn)
    assert (got.keys[0].cadence, got.time.tolist()) == (cadence, [time])


@pytest.mark.parametrize(("text", "mark"), [(text, mark) for text, mark in MARKS.items() if mark != Mark.BELOW_LIMIT])
def test_each_mark_of_the_table_is_kept(text: str, mark: Mark) -> None:
    got, refusals = decode(f"DataTime=20260801080000;w01001-Avg=7,w01001-Flag={text}")
    assert (got.mark.tolist(), got.censor.tolist(), refusals) == ([mark], [Censor.NONE], [])


def test_a_mark_outside_every_table_is_kept_as_unknown() -> None:
    got, refusals = decode("DataTime=20260801080000;w01001-Avg=7,w01001-Flag=zz")
    assert (got.value.tolist(), got.mark.tolist(), refusals) == ([7], [Mark.UNKNOWN], [])


def test_a_value_marked_below_the_limit_is_below_the_detection_limit() -> None:
    got, _ = decode("DataTime=20260801080000;w21003-Avg=0.010,w21003-Flag=L;w01014-Avg=3,w01014-Flag=L")
    assert got.value.tolist() == [0.025, 3]
    assert got.censor.tolist() == [Censor.BELOW, Censor.BELOW]
    assert got.mark.tolist() == [Mark.BELOW_LIMIT, Mark.BELOW_LIMIT]


@pytest.mark.parametrize(
    ("text", "value", "censor"),
    [("<0.025", 0.025, Censor.BELOW), ("0.025L", 0.025, Censor.BELOW), ("> 100", 100, Censor.ABOVE)],
)
def test_bounds_written_as_text_are_bounds(text: str, value: float, censor: Censor) -> None:
    got, refusals = decode(f"DataTime=20260801080000;w21003-Avg={text},w21003-Flag=N")
    assert (got.value.tolist(), got.censor.tolist(), refusals) == ([value], [censor], [])


@pytest.mark.parametrize("text", ["", "--", "-", "NULL", "*", "NaN"])
def test_a_value_that_is_absent_is_kept_as_absent(text: str) -> None:
    got, refusals = decode(f"DataTime=20260801080000;w01001-Avg={text};w01009-Avg={text},w01009-Flag=D")
    assert np.isnan(got.value).all()
    assert got.mark.tolist() == [Mark.NO_VALUE, Mark.FAULT]
    assert refusals == []


@pytest.mark.parametrize("text", ["7.6.4", "abc", "1_000", "inf", "1e999", "0x10", "7,6", "１２", "--7", "<", "L"])
def test_a_value_that_is_no_number_is_refused_and_the_rest_is_kept(text: str) -> None:
    got, refusals = decode(f"DataTime=20260801080000;w01009-Avg=6.5;w01001-Avg={text};w01014-Avg=300")
    assert rows(got).keys() >= {"dissolved_oxygen mean", "conductivity mean"}
    assert refusals
    assert {refusal.code for refusal in refusals} <= {"hj212.number", "hj212.item"}


def test_an_unknown_factor_is_refused_once_and_the_rest_is_kept() -> None:
    got, refusals = decode("DataTime=20260801080000;zz999-Avg=1,zz999-Min=0,zz999-Flag=N;w01001-Avg=7")
    assert rows(got) == {"ph mean": 7}
    assert codes(refusals) == [("hj212.factor", "zz999")]
    assert refusals[0].text == "1"


def test_an_unknown_suffix_and_an_unknown_item_are_refused() -> None:
    got, refusals = decode("DataTime=20260801080000;w01001-Foo=1;Bar=2;baz;w01001-Avg=7")
    assert rows(got) == {"ph mean": 7}
    assert codes(refusals) == [("hj212.suffix", "w01001"), ("hj212.item", None), ("hj212.item", None)]


@pytest.mark.parametrize("rest", ["DataTime", "w01001-Avg", "w01001-Flag", ";x,"])
def test_a_name_without_a_value_at_the_end_is_refused(rest: str) -> None:
    got, refusals = decode(f"DataTime=20260801080000;w01009-Avg=6.5;{rest}")
    assert rows(got) == {"dissolved_oxygen mean": 6.5}
    assert codes(refusals) == [("hj212.item", None)]
    assert codes(decode(rest)[1]) == [("hj212.item", None)]


def test_codes_of_2005_mean_what_they_meant() -> None:
    got, _ = decode("DataTime=20260801080000;011-Rtd=231.0,011-Flag=N;060-Rtd=1.803,060-Flag=N", "2011")
    assert rows(got) == {"chemical_oxygen_demand value": 231.0, "ammonia_nitrogen value": 1.803}


def test_a_numbered_pump_is_a_series_of_its_own() -> None:
    got, _ = decode("DataTime=20260801080000;e30101-Rtd=1;e30102-Rtd=2", "2011")
    assert rows(got) == {"e30101 value": 1, "e30102 value": 2}


@pytest.mark.parametrize("time", ["", "2026", "20260230000000", "now", "20260801250000"])
def test_an_impossible_time_is_refused_once_with_its_text(time: str) -> None:
    got, refusals = decode(f"DataTime={time};w01001-Avg=7;w01009-Avg=8")
    assert len(got) == 0
    assert codes(refusals) == [("hj212.time", "DataTime")]
    assert refusals[0].text == time


def test_a_missing_time_is_refused() -> None:
    assert codes(decode("w01001-Avg=7;w01009-Avg=8")[1]) == [("hj212.time_missing", "DataTime")]


def test_a_time_with_milliseconds_is_read() -> None:
    got, _ = decode("DataTime=20260801080000250;w01001-Rtd=7", "2011")
    assert got.time.tolist() == [TIME + 250]


def test_the_time_of_sampling_is_the_time_of_a_real_time_value() -> None:
    got, _ = decode(
        "DataTime=20260801083000;w01018-SampleTime=20260801080000,w01018-Rtd=15,w01018-Flag=N;w01001-Rtd=7", "2011"
    )
    assert got.time.tolist() == [TIME, TIME + 1_800_000]


def test_several_data_times_each_rule_what_follows() -> None:
    got, _ = decode(
        "DataTime=20260801080000;w01001-Avg=7,w01001-Flag=N;DataTime=20260801090000;w01001-Avg=8,w01001-Flag=D"
    )
    assert got.time.tolist() == [TIME, TIME + 3_600_000]
    assert got.value.tolist() == [7, 8]
    assert got.mark.tolist() == [Mark.NORMAL, Mark.FAULT]


def test_units_of_appendix_b_are_converted_to_the_last_bit() -> None:
    place = Place("X", "hj212")
    got, refusals = decode("DataTime=20260801080000;w20120-Avg=25,w20120-Flag=N;w01009-Avg=6.5", place=place)
    assert refusals == []
    assert rows(got) == {"lead mean": 0.025, "dissolved_oxygen mean": 6.5}
    assert rows(decode("DataTime=20260801080000;w20120-Avg=25;w01001-Avg=", place=place)[0])["lead mean"] == 0.025


def test_national_stations_send_canonical_units() -> None:
    assert rows(decode("DataTime=20260801080000;w20120-Avg=0.00011")[0]) == {"lead mean": 0.00011}


def test_totals_are_amounts_and_not_converted() -> None:
    got, _ = decode("DataTime=20260801080000;w20120-Cou=63,w20120-Avg=25", place=Place("X", "hj212"))
    assert rows(got) == {"lead total": 63, "lead mean": 0.025}


@pytest.mark.parametrize("cn", ["9011", "9014", "1011", "2021", "2041", "2081", "3020"])
def test_packets_that_hold_no_observation_give_nothing(cn: str) -> None:
    got, refusals = decode("DataTime=20260801080000;SB1-RS=1;w01001-Rtd=7", cn)
    assert (len(got), refusals) == (0, [])


@pytest.mark.parametrize(("cn", "code"), [("2013", "hj212.command_unverified"), ("2999", "hj212.command_unknown")])
def test_data_that_nobody_can_read_yet_are_refused_with_their_command(cn: str, code: str) -> None:
    assert codes(decode("DataTime=20260801080000;w01001-Rtd=7", cn)[1]) == [(code, "CN")]


def test_stray_separators_and_blanks_do_no_harm() -> None:
    got, refusals = decode("DataTime=20260801080000; LA-Rtd= 50.1 ;;w01001-Rtd=7,w01001-Flag=N,;", "2011")
    assert rows(got) == {"sound_level_a value": 50.1, "ph value": 7}
    assert refusals == []


def test_gb18030_text_in_a_data_area_does_not_disturb_the_values() -> None:
    area = "DataTime=20260801080000;i11001-Info=//清洗管路；//;w01001-Rtd=7".encode("gb18030")
    got, refusals = decode(area, "2011")
    assert (rows(got), refusals) == ({"ph value": 7}, [])


def test_a_batch_keeps_order_places_and_entries_apart() -> None:
    decoder = Decoder()
    for entry in range(6):
        area = f"DataTime=2026080108000{entry};w01001-Rtd={entry},w01001-Flag=N;w01009-Rtd=5"
        assert decoder.add(packet(area, "2011"), Place(f"site {entry % 2}"), entry) == []
    got = decoder.take()
    assert got.entry.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert [got.keys[i].site for i in got.series[::2]] == ["site 0", "site 1"] * 3
    assert got.value[::2].tolist() == [0, 1, 2, 3, 4, 5]
    assert len(decoder.take()) == 0


NUMBERS = st.one_of(
    st.floats(-1e6, 1e6).map(lambda x: f"{x:.4f}"),
    st.sampled_from(["", "--", "1_0", "nan", "inf", "1e400", " 7", "<1", "2L", "x", "7.", ".5", "+1", "1e3"]),
)
FLAGS = st.sampled_from(["N", "D", "L", "", "zz", "N ", "ra"])
ITEMS = st.lists(st.tuples(st.sampled_from(["w01001", "w21003", "w20120", "zz1"]), NUMBERS, FLAGS), max_size=5)


@given(ITEMS, st.sampled_from(["20260801080000", "2026", ""]), st.sampled_from(["surface", "hj212"]))
def test_the_quick_way_is_the_slow_way(items: list[tuple[str, str, str]], time: str, units: str) -> None:
    groups = [f"{code}-Avg={number},{code}-Flag={flag}" for code, number, flag in items]
    area = ";".join([f"DataTime={time}", *groups])
    # the same area with a DataTime doubled is never read the quick way
    doubled = ";".join([f"DataTime={time}", f"DataTime={time}", *groups])
    quick, refused = decode(area, place=Place("X", units))
    slow, refused_slowly = decode(doubled, place=Place("X", units))
    assert quick.keys == slow.keys
    for name in ("series", "time", "value", "censor", "mark", "entry"):
        np.testing.assert_array_equal(getattr(quick, name), getattr(slow, name))
    if any(code != "zz1" for code, _, _ in items):
        assert codes(refused) == codes(refused_slowly)


@given(st.binary(max_size=300), st.sampled_from(["2011", "2031", "2051", "2061"]))
def test_any_bytes_are_decoded_or_refused(area: bytes, cn: str) -> None:
    got, _ = decode(area, cn)
    assert len(got) <= area.count(b"=")


@given(
    st.lists(
        st.sampled_from(
            ["DataTime=20260801080000", "w01001-Avg=7", "-", "=", ",", ";", "w01001-Flag=N", "-=", "=-Avg="]
        )
    )
)
def test_any_heap_of_items_is_decoded_or_refused(items: list[str]) -> None:
    got, _ = decode("".join(items))
    assert all(math.isfinite(v) or m == Mark.NO_VALUE for v, m in zip(got.value, got.mark, strict=True))


def test_what_is_remembered_of_inventive_senders_is_bounded() -> None:
    decoder = Decoder()
    for i in range(5000):
        decoder.add(packet(f"DataTime=20260801080000;x{i}-Avg=1"), SITE)
    assert len(decoder._plans) <= 4096
