"""The operator's list of working days: read from the home, again when it changes, and never a reason to stop."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from shangyou.adapters.workdays import FILE, WorkdayFile
from shangyou.exchange.workdays import by_law

MOVED = date(2026, 2, 14)  # a Saturday
GOOD = '["2026"]\nsource = "example"\nwork = [2026-02-14]\n'


def test_without_a_list_the_law_counts(tmp_path: Path) -> None:
    assert WorkdayFile(tmp_path).read() == (by_law(), None)


def test_a_list_counts_from_the_moment_it_is_there_until_it_is_taken_away(tmp_path: Path) -> None:
    kept = WorkdayFile(tmp_path)
    assert not kept.read()[0].is_working(MOVED)
    (tmp_path / FILE).write_text(GOOD, encoding="utf-8")
    assert kept.read()[0].is_working(MOVED)
    assert kept.read()[0].listed == {2026}
    (tmp_path / FILE).write_text(GOOD.replace("14", "15"), encoding="utf-8-sig")  # as some editors write it
    assert not kept.read()[0].is_working(MOVED)
    (tmp_path / FILE).unlink()
    assert kept.read() == (by_law(), None)


@pytest.mark.parametrize("bad", [b"\xff\xfe", b"[2026", b'["2026"]\nwork = [2025-01-01]\n'])
def test_with_a_list_that_is_wrong_the_law_counts_and_the_fault_is_told(tmp_path: Path, bad: bytes) -> None:
    (tmp_path / FILE).write_bytes(bad)
    calendar, fault = WorkdayFile(tmp_path).read()
    assert calendar == by_law()
    assert fault is not None
    assert fault.code == "workdays.list"


def test_a_folder_in_its_place_is_a_fault_too(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    fault = WorkdayFile(tmp_path).read()[1]
    assert fault is not None
    assert fault.code == "workdays.list"
