"""Times as tables write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.core.clock import to_ms
from shangyou.core.errors import InputError
from shangyou.ingest.tables.times import DAY_MS, Format, latest_moment, offset_ms, parse_times

LEGAL = timezone(timedelta(hours=8))


def ms(*parts: int) -> int:
    return to_ms(datetime(*parts, tzinfo=LEGAL))  # type: ignore[arg-type,misc]


def parse(text: str, *formats: str, zone: str = "+08:00", latest: int | None = None) -> int | None:
    got, ok, _ = parse_times(pa.array([text]), formats, zone, latest)
    return int(got[0]) if ok[0] else None


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("2021-04-01 08:05", "iso"),
        ("2021-04-01T08:05", "iso"),
        ("2021-04-01T00:05:00Z", "iso"),
        ("2021-04-01T09:05:00.000+09:00", "iso"),
        ("2021-04-01 08:05", "%Y-%m-%d %H:%M"),
        ("2021/4/1 8:05", "%Y/%m/%d %H:%M"),
        ("2021年4月1日 8时5分", "%Y年%m月%d日 %H时%M分"),
        ("202104010805", "%Y%m%d%H%M"),
        ("04/01/2021 08:05 AM", "%m/%d/%Y %I:%M %p"),
        ("1-Apr-2021 08:05", "%d-%b-%Y %H:%M"),
        ("2021 4 1 8 5", "%Y %m %d %H %M"),
        ("44287.336805555555", "excel"),
        ("1617235500", "unix"),
        ("1617235500000", "unix_ms"),
    ],
)
def test_a_moment_may_be_written_in_many_forms(text: str, form: str) -> None:
    assert parse(text, form) == ms(2021, 4, 1, 8, 5)


NO_MOMENT = "02-29 08:00|04-31 08:00|13-01 08:00|04-01 25:00|04-01 08:60|04-01 24:01|00-10 08:00|x|"


@pytest.mark.parametrize("text", [f"2021-{text}" for text in NO_MOMENT.split("|")])
def test_a_moment_that_does_not_exist_is_not_read(text: str) -> None:
    assert parse(text, "%Y-%m-%d %H:%M") is None
    assert parse(text, "iso") is None


def test_twenty_four_hours_is_the_end_of_the_day() -> None:
    assert parse("2021-04-30 24:00", "%Y-%m-%d %H:%M") == ms(2021, 5, 1)


def test_noon_and_midnight_of_twelve_hours() -> None:
    form = "%Y-%m-%d %I:%M %p"
    assert parse("2021-04-01 12:00 AM", form) == ms(2021, 4, 1)
    assert parse("2021-04-01 12:00 PM", form) == ms(2021, 4, 1, 12)
    assert parse("2021-04-01 01:30 下午", form) == ms(2021, 4, 1, 13, 30)


def test_forms_are_tried_in_order_on_what_is_not_read_yet() -> None:
    texts = pa.array(["2021-04-01 08:00", "2021/04/01 08:00", "x", "2021-04-01"])
    got, ok, _ = parse_times(texts, ("%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M", "%Y-%m-%d"), "+08:00", None)
    assert ok.tolist() == [True, True, False, True]
    assert got[[0, 1, 3]].tolist() == [ms(2021, 4, 1, 8), ms(2021, 4, 1, 8), ms(2021, 4, 1)]


WRITTEN = ("%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%d.%m.%Y %H:%M:%S", "%Y%m%d%H%M%S", "iso")


@given(st.datetimes(datetime(1901, 1, 1), datetime(2199, 12, 31)), st.sampled_from(WRITTEN))
def test_what_strftime_writes_is_read_back(moment: datetime, form: str) -> None:
    whole = moment.replace(microsecond=0, tzinfo=UTC)
    text = whole.strftime("%Y-%m-%dT%H:%M:%S" if form == "iso" else form)
    assert parse(text, form, zone="UTC") == to_ms(whole)


@given(st.dates(datetime(1996, 1, 1).date(), datetime(2040, 1, 1).date()), st.integers(0, 363))
def test_a_time_without_a_year_is_the_latest_that_is_not_after_the_hint(day: object, before: int) -> None:
    hint = np.datetime64(str(day), "D")
    true = hint - np.timedelta64(before, "D")
    got, ok, _ = parse_times(pa.array([str(true)[5:] + " 08:00"]), ("%m-%d %H:%M",), "UTC", latest_moment(str(day)))
    assert ok[0]
    assert np.datetime64(int(got[0]), "ms").astype("datetime64[D]") == true


def test_the_end_of_december_in_a_file_of_january_is_of_the_year_before() -> None:
    latest = latest_moment("", "云南省/2021-01/河口.csv")
    assert parse("12-31 20:00", "%m-%d %H:%M", latest=latest) == ms(2020, 12, 31, 20)
    assert parse("01-31 20:00", "%m-%d %H:%M", latest=latest) == ms(2021, 1, 31, 20)
    assert parse("02-29 20:00", "%m-%d %H:%M", latest=latest) == ms(2020, 2, 29, 20)


def test_without_a_hint_no_year_is_made_up() -> None:
    _, ok, yearless = parse_times(pa.array(["04-01 08:00"]), ("%m-%d %H:%M",), "+08:00", None)
    assert not ok[0]
    assert yearless


@pytest.mark.parametrize(
    ("hint", "end"),
    [
        ("2021", "2022-01-01"),
        ("2021-04", "2021-05-01"),
        ("year=2021-04-05", "2021-04-06"),
        ("daily/2021-04/2021-04-05.json", "2021-04-06"),
        ("2021-04/四川省/长江流域/清风峡/2021-04/清风峡.csv", "2021-05-01"),
        ("pages/20251108T121517.html", "2025-11-09"),
        ("水质2021年4月5日.xlsx", "2021-04-06"),
        ("水质2021年4月.xlsx", "2021-05-01"),
        ("20210405.csv", "2021-04-06"),
        ("G2021/x.csv", "2022-01-01"),
        ("backup/20201231/2021-04/2000m.csv", "2021-05-01"),
    ],
)
def test_a_name_tells_the_latest_day_it_can_hold(hint: str, end: str) -> None:
    assert latest_moment("", hint) == int(np.datetime64(end, "ms").astype(np.int64)) + DAY_MS


@pytest.mark.parametrize("hint", ["", "x.csv", "断面3.csv", "2021-13-45", "123456789.csv", "A500383_0001.csv"])
def test_a_name_without_a_date_tells_nothing(hint: str) -> None:
    assert latest_moment(hint) is None or hint == "2021-13-45"


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "8", "+8", "+24:00", ""])
def test_a_zone_is_a_fixed_offset(zone: str) -> None:
    with pytest.raises(InputError, match=r"tables\.zone"):
        offset_ms(zone)


@pytest.mark.parametrize("form", ["%H:%M", "%Y-%Q", "%Y-%m-%m", "%", "words"])
def test_a_form_that_cannot_give_a_day_is_refused(form: str) -> None:
    with pytest.raises(InputError, match=r"tables\.time_format"):
        Format.of(form)


FORMS = ("iso", "excel", "unix", "%m-%d %H:%M", "%Y-%m-%d %H:%M", "%d-%b-%y %I:%M:%S.%f %p %z")


@given(st.lists(st.text(max_size=24), max_size=8), st.sampled_from(FORMS))
def test_no_text_breaks_the_reading_of_times(texts: list[str], form: str) -> None:
    got, ok, _ = parse_times(pa.array(texts, pa.string()), (form,), "+08:00", 1_600_000_000_000)
    assert got.shape == ok.shape == (len(texts),)
