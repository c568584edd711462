"""Windows of the meters: the legal hour, day or month in which a quota counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from shangyou.core.clock import to_ms

_HOUR, _DAY = 3_600_000, 86_400_000


def window(meter: str, at: int, offset: int) -> tuple[int | None, int | None]:
    """Start and stop of the window of a meter that holds a moment [ms since 1970 UTC]; (None, None) of a total.

    meter: one of terms.METERS; offset: of the legal day from UTC [ms]. `rate` counts the legal hour.
    >>> window("rowsPerDay", 0, 8 * 3_600_000)
    (-28800000, 57600000)
    """
    if meter.endswith("PerHour") or meter == "rate":
        start = (at + offset) // _HOUR * _HOUR - offset
        return start, start + _HOUR
    if meter.endswith("PerDay"):
        start = (at + offset) // _DAY * _DAY - offset
        return start, start + _DAY
    if meter.endswith("PerMonth"):
        legal = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at + offset)
        first = legal.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        following = (first + timedelta(days=32)).replace(day=1)
        return to_ms(first) - offset, to_ms(following) - offset
    return None, None
