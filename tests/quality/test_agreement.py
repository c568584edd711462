"""Our tests give the flags of ioos_qc, value by value, on the Logan River files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.conftest import ROOT
from tests.quality.agreement import Comparison, compare, counts
from tests.quality.experts import findings
from tests.quality.logan import FILES, columns


def compared(shared: Path, file: str) -> list[Comparison]:
    return [one for column in columns(shared / "data" / "logan") if column.file == file for one in compare(column)]


@pytest.mark.shared
@pytest.mark.parametrize("file", FILES)
def test_every_flag_is_that_of_ioos_qc_where_no_row_is_missing(shared: Path, file: str) -> None:
    for found in compared(shared, file):
        assert not np.any(found.unexplained), (found.test, found.column.name, np.flatnonzero(found.unexplained)[:5])


@pytest.mark.shared
@pytest.mark.parametrize("file", FILES)
def test_differences_at_interruptions_stay_few(shared: Path, file: str) -> None:
    for test, row in counts(compared(shared, file)).items():
        assert row["interrupted"] + row["no neighbour"] <= 0.002 * row["values"] + 10, (test, row)


@pytest.mark.shared
def test_the_range_test_has_no_difference_at_all(shared: Path) -> None:
    for file in FILES:
        row = counts(compared(shared, file))["gross range"]
        assert row["same"] == row["values"] > 0


@pytest.mark.shared
def test_the_tables_of_the_document_are_those_of_the_data(shared: Path) -> None:
    document = (ROOT / "docs" / "quality.md").read_text(encoding="utf-8")
    found = counts(one for column in columns(shared / "data" / "logan") for one in compare(column))
    rows = [f"| {test} | " + " | ".join(f"{n:,}" for n in row.values()) + " |" for test, row in found.items()]
    rows += [finding.row() for finding in findings(shared / "data" / "logan")]
    assert [row for row in rows if row not in document] == []


@pytest.mark.shared
def test_what_is_physically_impossible_was_marked_by_the_experts_too(shared: Path) -> None:
    by = {finding.name: finding for finding in findings(shared / "data" / "logan")}
    assert by["range physical"].flagged > 200
    assert by["range physical"].precision == 1
    assert by["all"].precision > 0.7
