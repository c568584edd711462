"""A compact's own cases: what ships comes out as it says, and what does not is named with its line."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.governance.compensation.cases import tried
from shangyou.standards.compacts import compact_text, compact_texts

CHISHUI = compact_text("chishui-2018").decode()


def told(text: str) -> list[tuple[str, str]]:
    """Code and the text of the line of each fault."""
    lines = text.split("\n")
    return [(fault.code, lines[fault.line - 1].strip()) for fault in tried(text.encode())[1]]


@pytest.mark.parametrize("id", compact_texts())
def test_every_case_of_a_compact_that_ships_comes_out_as_it_says(id: str) -> None:
    count, faults = tried(compact_texts()[id])
    assert faults == ()
    assert count >= 1


def test_the_published_flows_of_the_chishui_are_a_case_with_its_source() -> None:
    [published] = [
        part for part in CHISHUI.split("  - name: ") if part.startswith("both sections in class II as in 2019")
    ]
    assert "qi18.com" in published
    assert '[[guizhou, yunnan, "20000000.00"], [sichuan, yunnan, "20000000.00"]]' in published


def test_an_amount_that_is_another_is_named_with_party_both_amounts_and_line() -> None:
    text = CHISHUI.replace('guizhou: "-20000000.00", sichuan', 'guizhou: "-20000000.01", sichuan', 1)
    [fault] = tried(text.encode())[1]
    assert fault.code == "compensation.case_net"
    assert (fault.facts["party"], fault.facts["expected"], fault.facts["found"]) == (
        "guizhou",
        "-20,000,000.01",
        "-20,000,000.00",
    )
    assert text.split("\n")[fault.line - 1].strip().startswith("nets:")


def test_a_rule_that_was_changed_shows_in_every_case_that_it_moves() -> None:
    text = CHISHUI.replace("pay_in: {yunnan: 1, guizhou: 5, sichuan: 4}", "pay_in: {yunnan: 1, guizhou: 4, sichuan: 5}")
    codes = [code for code, _ in told(text)]
    assert codes.count("compensation.case_net") == 6  # two parties in each of three cases
    assert codes.count("compensation.case_payments") == 1


@pytest.mark.parametrize(
    ("old", "new", "code", "line"),
    [
        ("    open: 0", "    open: 2", "compensation.case_open", "open: 2"),
        ("52.鲢鱼溪: {perm", "52.茅台: {perm", "compensation.name", "52.茅台: {permanganate_index: 2.1"),
        ("{permanganate_index: 1.6", "{chloride: 1.6", "compensation.name", "52.清水铺: {chloride: 1.6"),
        (
            "{permanganate_index: 1.6",
            "{permanganate_index: clean",
            "compensation.number",
            "52.清水铺: {permanganate_ind",
        ),
        ('period: "2019"', 'period: "2031"', "compensation.period", 'period: "2031"'),
        ('nets: {yunnan: "40000000.00"', 'nets: {hubei: "1"', "compensation.name", 'nets: {hubei: "1"'),
        ('nets: {yunnan: "40000000.00"', 'nets: {yunnan: "a lot"', "compensation.money", 'nets: {yunnan: "a lot"'),
        ("    nets: {", "    net: {", "compensation.missing_key", "- name: both sections"),
        ('    source: "qi18', '    sauce: "qi18', "compensation.unknown_key", 'sauce: "qi18'),
        ("\ncases:\n", "\ncases:\n  - 7\n", "compensation.form", "- 7"),
    ],
)
def test_what_is_wrong_with_a_case_is_told_with_its_line(old: str, new: str, code: str, line: str) -> None:
    assert CHISHUI.count(old)
    found = told(CHISHUI.replace(old, new, 1))
    assert any(each == code and at.startswith(line) for each, at in found), found


def test_a_year_may_be_told_month_by_month() -> None:
    months = ", ".join(f'"2019-{month:02d}": 0.03' for month in range(1, 13))
    text = CHISHUI.replace("total_phosphorus: 0.03}", f"total_phosphorus: {{{months}}}}}", 1)
    assert tried(text.encode()) == (3, ())
    few = CHISHUI.replace("total_phosphorus: 0.03}", 'total_phosphorus: {"2019-01": 0.03}}', 1)
    assert [code for code, _ in told(few)] == ["compensation.case_open"]  # eight months are asked for
    other = CHISHUI.replace("total_phosphorus: 0.03}", 'total_phosphorus: {"2017-01": 0.03}}', 1)
    assert "compensation.number" in [code for code, _ in told(other)]


def test_a_text_that_is_no_compact_has_no_cases() -> None:
    assert tried(b"cases: [{name: x}]") == (0, ())


@given(st.binary(max_size=300))
def test_no_text_whatever_breaks_it(noise: bytes) -> None:
    count, _ = tried(CHISHUI.encode().split(b"\ncases:\n")[0] + b"\ncases:\n" + noise)
    assert count >= 0


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5000) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
PARTS = ("name", "period", "source", "data", "before", "declared", "nets", "payments", "index", "open")


@given(st.dictionaries(st.sampled_from(PARTS), JSON))
def test_no_case_whatever_breaks_it(case: dict[str, object]) -> None:

    whole = {"name": "x", "period": "2019", "source": "y", "data": {}, "nets": {}} | case
    text = CHISHUI.split("\ncases:\n")[0] + "\ncases: " + json.dumps([whole])
    assert isinstance(tried(text.encode())[1], tuple)
