"""Numbers, signs for no value, and values beyond a limit, as tables write them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.core.records import Censor, Mark
from shangyou.ingest.tables.cells import CellRules, Cells, Kind, read_cells
from shangyou.ingest.tables.columns import MISSING

RULES = CellRules((*MISSING, ("-9999", Mark.NO_VALUE), ("-200", Mark.NO_VALUE), ("断流", Mark.STOPPED)))


def read(*texts: str, limit: float = float("nan"), rules: CellRules = RULES) -> Cells:
    return read_cells(pa.array(texts, pa.string()), rules, np.array([limit]))


BELOW = (
    "<0.025|＜0.025|< 0.025|<=0.025|≤0.025|0.025L|0.025 L|0.025(L)|ND(0.025)|ND<0.025|未检出(0.025)|未检出（<0.025）"
)


@pytest.mark.parametrize("text", BELOW.split("|"))
def test_a_value_below_its_limit_is_the_limit_and_censored(text: str) -> None:
    cells = read("1.5", text)
    assert cells.value.tolist() == [1.5, 0.025]
    assert cells.censor.tolist() == [Censor.NONE, Censor.BELOW]


@pytest.mark.parametrize("text", ["ND", "nd", "N.D.", "未检出", "BDL", "<LOD", "<检出限", "低于检出限", "Not Detected"])
def test_below_detection_without_a_number_takes_the_declared_limit(text: str) -> None:
    cells = read(text, limit=0.01)
    assert (cells.value[0], cells.censor[0]) == (0.01, Censor.BELOW)
    assert len(cells.unlimited) == 0


def test_below_detection_without_any_limit_is_pointed_out() -> None:
    assert read("1", "ND", "2").unlimited.tolist() == [1]


@pytest.mark.parametrize("text", [">8000", "＞8000", "≥8000", ">=8000"])
def test_a_value_above_the_range_is_the_top_and_censored(text: str) -> None:
    cells = read(text)
    assert (cells.value[0], cells.censor[0]) == (8000.0, Censor.ABOVE)


def test_an_interval_keeps_both_ends() -> None:
    cells = read("0.1~0.2", "3", "0.1～0.2")
    assert cells.upper is not None
    assert cells.value.tolist() == [0.1, 3.0, 0.1]
    assert cells.upper[0] == cells.upper[2] == 0.2
    assert np.isnan(cells.upper[1])
    assert cells.censor.tolist() == [Censor.INTERVAL, Censor.NONE, Censor.INTERVAL]
    assert read("0.2~0.1").fault.tolist() == [0]


def test_each_missing_token_gives_its_own_mark() -> None:
    cells = read("--", "*", "", "NULL", "nan", "-9999", "-9999.00", "-200", "断流", "null")
    assert np.all(np.isnan(cells.value))
    no, unmeasured = Mark.NO_VALUE, Mark.NOT_MEASURED
    assert cells.mark.tolist() == [no, unmeasured, unmeasured, no, no, no, no, no, Mark.STOPPED, no]


@pytest.mark.parametrize("text", ["12.5", " 12.5 ", "+12.5", "１２．５", "1.25e1", "12.50"])
def test_a_number_may_be_written_in_many_ways(text: str) -> None:
    assert read("x", text).value[1] == 12.5


@pytest.mark.parametrize(
    "text", ["abc", "1,5", "1.2.3", "0x10", "inf", "-inf", "1e999", "12mg/L", "31²", "½", "1 2", "--5", "<", ">a"]
)
def test_anything_else_is_a_fault_where_it_stands(text: str) -> None:
    cells = read("1", text, "2")
    assert cells.fault.tolist() == [1]
    assert cells.value[[0, 2]].tolist() == [1.0, 2.0]


def test_a_decimal_comma_is_declared() -> None:
    rules = CellRules((), decimal=",")
    cells = read("1,5", "<0,025", "2", "1.5", rules=rules)
    assert cells.value[:3].tolist() == [1.5, 0.025, 2.0]
    assert cells.fault.tolist() == [3]


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False, width=64), min_size=1))
def test_every_finite_number_is_read_back_to_the_last_bit(numbers: list[float]) -> None:
    cells = read_cells(pa.array([repr(x) for x in numbers]), CellRules(()), np.array([np.nan]))
    assert cells.value.tolist() == numbers
    assert len(cells.fault) == 0


@given(st.lists(st.text(max_size=12), min_size=1, max_size=20))
def test_any_text_is_a_value_or_missing_or_a_fault(texts: list[str]) -> None:
    cells = read_cells(pa.array(texts), RULES, np.array([0.5]))
    valued = np.isfinite(cells.value)
    faulty = np.zeros(len(texts), np.bool_)
    faulty[cells.fault] = True
    missing = cells.mark != Mark.NONE
    assert np.all(valued.astype(int) + faulty + missing == 1)


@given(st.lists(st.sampled_from(["1", "<2", "--", "x", "ND", "3~4", "-9999"]), max_size=30))
def test_a_column_reads_as_its_cells_do_one_by_one(texts: list[str]) -> None:
    whole = read(*texts, limit=0.5) if texts else None
    for i, text in enumerate(texts):
        one = read(text, limit=0.5)
        assert whole is not None
        np.testing.assert_equal(whole.value[i], one.value[0])
        assert (whole.mark[i], whole.censor[i], i in whole.fault) == (one.mark[0], one.censor[0], 0 in one.fault)


@pytest.mark.parametrize(
    "text", ["9" * 100_000 + "x", "1~" * 50_000, "<" * 100_000, "ND(" * 50_000, " " * 100_000 + "1x"]
)
def test_a_long_cell_costs_no_more_than_its_length(text: str) -> None:
    assert read("1", text).fault.tolist() == [1]


def test_missing_goes_before_below_detection() -> None:
    assert CellRules((("ND", Mark.NO_VALUE),)).form("nd").kind is Kind.MISSING
