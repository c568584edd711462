"""Time: what the domain calls time, and the clock as a port."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Protocol

LEGAL = timezone(timedelta(hours=8), "UTC+8")  # the legal day of China; pass it, never assume it


class Clock(Protocol):
    """Says what time it is; the domain never asks the system itself."""

    def now(self) -> datetime:
        """The time now, aware, in UTC."""
        ...


def to_ms(moment: datetime) -> int:
    """Milliseconds since 1970 UTC of an aware moment."""
    return round(moment.timestamp() * 1000)


def from_ms(ms: int) -> datetime:
    """The aware UTC moment of milliseconds since 1970."""
    return datetime.fromtimestamp(ms / 1000, UTC)
