"""Our classes against published ones, and the reasons of the differences."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from shangyou.governance.agreement import PublishedSamples, Reason, compare, summary
from tests.conftest import ROOT
from tests.governance.published import Source, all_sources
from tests.governance.validation import document

DAY = date(2021, 4, 1)


def reasons(
    rows: Sequence[tuple[int, int, float, int]], lake: bool = False, shown: str | None = "hourly", rounded: bool = False
) -> list[Reason]:
    """Reasons of rows of (place, time, phosphorus, published class)."""
    place, time, value, published = (np.array(column) for column in zip(*rows, strict=True))
    samples = PublishedSamples(
        ("total_phosphorus",), place, time, value.reshape(-1, 1), np.full(len(rows), lake), published.astype(np.int8)
    )
    return [Reason(int(each)) for each in compare(samples, DAY, rounded=rounded, shown=shown).reason]


def test_an_equal_class_is_equal_whatever_else_holds() -> None:
    assert reasons([(0, 0, 0.1, 2), (0, 1, 0.101, 3)]) == [Reason.EQUAL, Reason.EQUAL]


def test_a_value_shown_on_a_limit_may_be_in_either_class() -> None:
    assert reasons([(0, 0, 0.1, 3)]) == [Reason.SHOWN_DIGITS]
    assert reasons([(0, 0, 0.101, 2)]) == [Reason.UNEXPLAINED]
    assert reasons([(0, 0, 0.1, 3)], shown=None) == [Reason.UNEXPLAINED]


def test_a_section_that_mostly_follows_the_other_limits_is_told_from_one_odd_sample() -> None:
    assert reasons([(0, 0, 0.08, 4), (0, 1, 0.09, 4), (0, 2, 0.08, 2)]) == [
        Reason.SECTION_LIMITS,
        Reason.SECTION_LIMITS,
        Reason.EQUAL,
    ]
    assert reasons([(0, 0, 0.08, 2), (0, 1, 0.09, 2), (0, 2, 0.08, 4)])[2] == Reason.OTHER_LIMITS


def test_the_class_of_the_sample_before_may_still_be_shown() -> None:
    assert reasons([(0, 0, 0.01, 1), (0, 1, 0.15, 1)]) == [Reason.EQUAL, Reason.EARLIER_CLASS]
    assert reasons([(0, 0, 0.01, 1), (1, 1, 0.15, 1)])[1] == Reason.UNEXPLAINED  # another section


def test_a_class_may_belong_to_another_version_of_the_values() -> None:
    assert reasons([(0, 0, 0.15, 1), (0, 0, 0.01, 1)]) == [Reason.OTHER_VERSION, Reason.EQUAL]


def test_a_class_without_values_is_said_to_be_so() -> None:
    assert reasons([(0, 0, np.nan, 2)]) == [Reason.NO_VALUES]


def test_the_summary_names_only_the_reasons_that_occur() -> None:
    samples = PublishedSamples(
        ("total_phosphorus",),
        np.zeros(2, np.int64),
        np.arange(2),
        np.array([[0.05], [0.1]]),
        np.zeros(2, np.bool_),
        np.array([2, 3], np.int8),
    )
    text = summary([("trial", compare(samples, DAY, rounded=False, shown="hourly"))])
    assert text.splitlines() == [
        "| source | samples | equal | share | a value on a limit: the digits not shown decide |",
        "|---|--:|--:|--:|--:|",
        "| trial | 2 | 1 | 50.00 % | 1 |",
    ]


@pytest.fixture(scope="module")
def sources(shared: Path) -> list[Source]:
    return all_sources(shared)


@pytest.mark.shared
def test_ninety_nine_in_a_hundred_published_classes_are_ours(sources: list[Source]) -> None:
    share = {source.name: source.compared().share for source in sources}
    ours = [value for name, value in share.items() if "rest of the country" not in name]
    assert len(ours) == 4
    assert min(ours) >= 99.0
    assert min(share.values()) >= 97.9  # where sections are not ours to know: some lakes are assessed as rivers


@pytest.mark.shared
def test_every_difference_in_the_six_provinces_has_a_named_reason(sources: list[Source]) -> None:
    for source in sources:
        if "six provinces" in source.name:
            assert source.compared().count(Reason.UNEXPLAINED) == 0, source.name


@pytest.mark.shared
def test_the_page_on_validation_is_current(sources: list[Source]) -> None:
    page = ROOT / "docs/validation-classes.md"
    assert page.read_text(encoding="utf-8") == document(sources)
