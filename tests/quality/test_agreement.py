"""Our tests give the flags of ioos_qc, value by value, on the Logan River files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.quality.agreement import Comparison, compare, table
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
    for test, row in table(compared(shared, file)).items():
        assert row["interrupted"] + row["no neighbour"] <= 0.002 * row["values"] + 10, (test, row)


@pytest.mark.shared
def test_the_range_test_has_no_difference_at_all(shared: Path) -> None:
    for file in FILES:
        row = table(compared(shared, file))["gross range"]
        assert row["same"] == row["values"] > 0
