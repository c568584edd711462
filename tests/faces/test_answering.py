"""The clocks of the contract desk follow the settings and the operator's list."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from shangyou.adapters.workdays import FILE, WorkdayFile
from shangyou.core.clock import to_ms
from shangyou.exchange.dataset import Sharing
from shangyou.exchange.workdays import answer_days
from shangyou.faces.answering import Answering
from shangyou.settings import Settings

FRIDAY = to_ms(datetime(2026, 2, 13, 4, tzinfo=UTC))  # noon on the legal clock
DAY = 86_400_000


def clock(home: Path, **given: int) -> Answering:
    return Answering(Settings(home=home, **given), WorkdayFile(home))  # type: ignore[arg-type]


def test_who_sets_nothing_has_the_days_of_the_rule(tmp_path: Path) -> None:
    for sharing in Sharing:
        assert clock(tmp_path).days(sharing) == answer_days(sharing)


def test_settings_shorten_and_lengthen_the_answer(tmp_path: Path) -> None:
    set_by = clock(tmp_path, answer_days_conditional=3, answer_days_unconditional=2, answer_days_counter=7)
    assert [set_by.days(each) for each in (Sharing.CONDITIONAL, Sharing.UNCONDITIONAL, None)] == [3, 2, 7]


def test_a_moved_working_day_is_counted_as_soon_as_it_is_entered(tmp_path: Path) -> None:
    found = clock(tmp_path)
    late = found.due(FRIDAY, Sharing.UNCONDITIONAL)
    assert late.day.isoformat() == "2026-02-20"  # the Spring Festival lies between
    assert found.assumed(FRIDAY, late.at)
    (tmp_path / FILE).write_text('["2026"]\nsource = "example"\nwork = [2026-02-14]\n', encoding="utf-8")
    soon = found.due(FRIDAY, Sharing.UNCONDITIONAL)
    assert soon.day.isoformat() == "2026-02-14"
    assert not found.assumed(FRIDAY, soon.at)
    assert found.fault() is None


def test_working_days_that_are_left_go_down_to_the_last_day(tmp_path: Path) -> None:
    found = clock(tmp_path)
    end = found.due(FRIDAY + 17 * DAY, Sharing.CONDITIONAL)  # from a Monday on
    left = [found.left(FRIDAY + n * DAY, end.at) for n in range(17, 33)]
    assert left[0] == 10
    assert left == sorted(left, reverse=True)
    assert end.day == (datetime(2026, 3, 2, tzinfo=UTC) + timedelta(days=14)).date()
    assert found.left(end.at - 1, end.at) == 0
    assert found.left(end.at + 9 * DAY, end.at) == 0
