"""Joint standards: read whole or refused, never laxer than the national one, in force only where asked for."""

from __future__ import annotations

import contextlib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.core.errors import InputError
from shangyou.core.registry import WaterKind
from shangyou.standards.adopted import read_adopted
from shangyou.standards.library import edition, editions, under
from shangyou.standards.surface_water import limits

TEXT = """
id: 川渝联标 1-2026
family: gb3838
title_zh: 川渝跨界河流水质联合标准
title_en: Joint standard for rivers across the border of Sichuan and Chongqing
source: resolution of the members
status: confirmed
valid_from: 2026-07-01
valid_to: null
base: GB 3838-2002
items:
  total_phosphorus: {unit: mg/L, at_most: {I: 0.02, II: 0.08, III: 0.15, IV: 0.3, V: 0.4}}
"""
BEFORE, AFTER = date(2026, 6, 30), date(2026, 7, 1)
ITEMS = ("total_phosphorus", "ammonia_nitrogen")


def test_a_joint_standard_names_what_differs_and_takes_the_rest_over() -> None:
    one = read_adopted(TEXT)
    with under([one]):
        found = limits(AFTER, ITEMS, WaterKind.RIVER)
    assert (found.edition, found.bounds[0, 2], found.bounds[1, 2]) == ("川渝联标 1-2026", 0.15, 1.0)


def test_it_counts_from_its_first_day_and_only_where_it_is_asked_for() -> None:
    with under([read_adopted(TEXT)]):
        assert [edition("gb3838", day).id for day in (BEFORE, AFTER)] == ["GB 3838-2002", "川渝联标 1-2026"]
        assert len(editions("gb3838")) == 2
    assert edition("gb3838", AFTER).id == "GB 3838-2002"
    assert limits(AFTER, ITEMS, WaterKind.RIVER).bounds[0, 2] == 0.2
    assert len(editions("gb3838")) == 1


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("III: 0.15", "III: 0.25", "standards.laxer"),
        ("at_most", "at_least", "standards.laxer"),
        ("III: 0.15, ", "", "standards.form"),
        ("base: GB 3838-2002", "base: GB 1", "standards.form"),
        ("family: gb3838", "family: workdays", "standards.adopt"),
        ("id: 川渝联标 1-2026", "id: GB 3838-2002", "standards.form"),
        ("valid_from: 2026-07-01", "valid_from: soon", "standards.form"),
        ("source: resolution of the members\n", "", "standards.form"),
        ("items:", "items: [", "standards.form"),
        ("title_zh: 川渝", "title_zh: &a 川渝\nalso: *a\nx: 川渝", "standards.form"),
        ("items:", "deep: " + "[" * 30 + "]" * 30 + "\nitems:", "standards.form"),
    ],
)
def test_what_would_not_work_in_an_assessment_is_refused(old: str, new: str, code: str) -> None:
    assert old in TEXT
    with pytest.raises(InputError) as caught:
        read_adopted(TEXT.replace(old, new))
    assert caught.value.code == code


@given(
    st.text()
    | st.builds(lambda a, b, c: TEXT[:a] + b + TEXT[c:], st.integers(0, 400), st.text(max_size=5), st.integers(0, 400))
)
def test_no_text_whatever_does_more_than_be_refused(text: str) -> None:
    with contextlib.suppress(InputError):
        assert read_adopted(text).family in ("gb3838", "assessment")
