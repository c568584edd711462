"""A clock that stands until it is moved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class FakeClock:
    """core.clock.Clock, moved by hand."""

    def __init__(self, now: datetime = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def move(self, **by: float) -> None:
        """By hours=1, minutes=-10 ..."""
        self._now += timedelta(**by)
