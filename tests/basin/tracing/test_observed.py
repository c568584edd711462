from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shangyou.basin.tracing.observed import Errors, Observed, pulse_of, read_observed
from shangyou.core.clock import LEGAL
from shangyou.core.errors import InputError

GOOD = (
    "station,time,value\n朱沱,2026-01-05 08:00,0.31\n朱沱,2026-01-05T09:00:00+08:00,<0.02\n江津,2026-01-05 08:00,>5\n"
)


def test_a_table_is_read_with_its_bounds_and_legal_times() -> None:
    found, faults = read_observed(GOOD.encode(), LEGAL)
    assert faults == []
    upper, lower = found
    assert (upper.station, upper.value.tolist(), upper.censor.tolist()) == ("朱沱", [0.31, 0.02], [0, 1])
    assert upper.time.tolist() == [1767571200000, 1767574800000]
    assert lower.censor.tolist() == [2]


def test_chinese_headings_and_a_mark_at_the_beginning_are_known() -> None:
    text = "\ufeff断面,时间,浓度\n朱沱,2026-01-05 08:00,0.31\n"
    assert read_observed(text.encode(), LEGAL)[0][0].value.tolist() == [0.31]


def test_all_faults_are_told_with_their_lines() -> None:
    text = GOOD + "朱沱,yesterday,0.3\n朱沱,2026-01-05 10:00,much\n,2026-01-05 10:00,1\nshort\n"
    _, faults = read_observed(text.encode(), LEGAL)
    assert [(each.code, each.line) for each in faults] == [
        ("trace.file_time", 5),
        ("trace.file_value", 6),
        ("trace.file_station", 7),
        ("trace.file_cells", 8),
    ]
    assert [each.code for each in read_observed(b"a,b\n1,2\n", LEGAL)[1]] == ["trace.file_column"] * 3
    assert [each.code for each in read_observed(b"", LEGAL)[1]] == ["trace.file_empty"]
    assert [each.code for each in read_observed(b"\xff\xfe\x00", LEGAL)[1]] == ["trace.file_text"]


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400) | st.text(max_size=300).map(lambda text: (GOOD + text).encode("utf-8", "replace")))
def test_no_bytes_make_the_reader_fail(data: bytes) -> None:
    found, faults = read_observed(data, LEGAL)
    assert found or faults
    for each in found:
        assert np.all(np.diff(each.time) > 0)
        assert np.all(np.isfinite(each.value))


def test_the_background_is_that_of_the_quiet_part() -> None:
    time = np.arange(40, dtype=np.int64) * 3_600_000
    value = 0.2 + 0.01 * np.sin(np.arange(40.0)) + np.where(abs(np.arange(40) - 25) < 5, 3.0, 0.0)
    made = pulse_of(Observed("a", time, value, np.zeros(40, np.uint8)), Errors())
    assert made.background == pytest.approx(0.2, abs=0.02)
    assert made.noise[25] > 2 * made.noise[0] > 0


def test_a_pulse_that_stands_out_of_values_below_a_limit_is_not_its_own_background() -> None:
    value = np.array([0.1] * 12 + [0.17, 0.37, 0.62, 0.8, 0.77, 0.56, 0.31, 0.14] + [0.1] * 12)
    censor = np.where(value == 0.1, 1, 0).astype(np.uint8)
    made = pulse_of(Observed("x", np.arange(len(value)) * 1_800_000, value, censor), Errors())
    assert made.background == pytest.approx(0.05)
    assert made.background_sd == pytest.approx(0.025)


def test_a_station_with_bounds_alone_has_half_the_bound_as_its_background() -> None:
    time, bound = np.arange(5, dtype=np.int64), np.full(5, 0.04)
    made = pulse_of(Observed("a", time, bound, np.ones(5, np.uint8)), Errors())
    assert made.background == pytest.approx(0.02)
    with pytest.raises(InputError, match=r"trace\.pulse"):
        pulse_of(Observed("a", time[:0], bound[:0], np.ones(0, np.uint8)), Errors())
