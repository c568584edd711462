"""Periods of assessment in legal time, as people write them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

from shangyou.core.clock import to_ms
from shangyou.core.errors import InputError

QUARTER = re.compile(r"(\d{4})-Q([1-4])")


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of time."""

    text: str  # as it was written
    kind: str  # day, month, quarter, year or range
    start: int  # ms since 1970 UTC, included
    stop: int  # not included
    last: date  # its last legal day: editions in force then apply


def parse_period(text: str, legal: timezone) -> Period:
    """The period that a text names: 2021, 2021-Q2, 2021-04, 2021-04-01, or two of day or time joined by "/".

    In a range a day stands for the whole of it, so 2021-04-01/2021-04-05 has five days; a time (2021-04-01T08:00, legal
    time unless it carries a zone) is itself: the first included, the second not.
    Raises InputError "period.form" or "period.order".
    """
    given = text.strip()
    try:
        if "/" in given:
            first, second = (part.strip() for part in given.split("/", 1))
            start, stop = _moments(first, legal)[0], _moments(second, legal)[1]
            kind = "range"
        else:
            kind, start, stop = _named(given, legal)
        last = (stop - timedelta(milliseconds=1)).astimezone(legal).date()
        period = Period(given, kind, to_ms(start), to_ms(stop), last)
    except (ValueError, OverflowError, OSError):
        raise InputError("period.form", text=text) from None
    if start >= stop:
        raise InputError("period.order", text=text)
    return period


def _named(text: str, legal: timezone) -> tuple[str, datetime, datetime]:
    if match := QUARTER.fullmatch(text):
        year, first = int(match[1]), 3 * int(match[2]) - 2
        return "quarter", _month(year, first, legal), _month(year, first + 3, legal)
    if re.fullmatch(r"\d{4}", text):
        return "year", _month(int(text), 1, legal), _month(int(text) + 1, 1, legal)
    if match := re.fullmatch(r"(\d{4})-(\d{2})", text):
        year, month = int(match[1]), int(match[2])
        return "month", datetime(year, month, 1, tzinfo=legal), _month(year, month + 1, legal)
    start, stop = _moments(text, legal)
    if start == stop:  # a moment is no period
        raise ValueError(text)
    return "day", start, stop


def _month(year: int, month: int, legal: timezone) -> datetime:
    """First moment of a month; month 13 is January of the next year."""
    return datetime(year + (month - 1) // 12, (month - 1) % 12 + 1, 1, tzinfo=legal)


def _moments(text: str, legal: timezone) -> tuple[datetime, datetime]:
    """First moment, and the moment after it; of a time both are that time."""
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        day = datetime.combine(date.fromisoformat(text), datetime.min.time(), legal)
        return day, day + timedelta(days=1)
    moment = datetime.fromisoformat(text)
    aware = moment if moment.tzinfo else moment.replace(tzinfo=legal)
    return aware, aware
