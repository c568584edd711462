"""Times of HJ 212: digits of local legal time, without a zone. Source: HJ 212-2017, table 4."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

LEGAL_MS: Final = 8 * 3_600_000  # the legal time of China is UTC+8, all year
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_PERIODS: Final = {"minute": 60_000, "hour": 3_600_000, "day": 86_400_000}
_REMEMBERED: Final = 4096  # days; a sender may invent them, so the memory is bounded


class LegalTime:
    """Reads and writes YYYYMMDDhhmmss, with or without milliseconds, of one offset from UTC."""

    def __init__(self, offset_ms: int = LEGAL_MS) -> None:
        self._offset = offset_ms
        self._days: dict[bytes, int | None] = {}  # ms since 1970 UTC at which the local day begins

    def read(self, text: bytes) -> int | None:
        """Milliseconds since 1970 UTC of 14 or 17 digits; None if they are no time.

        Times before 1970 are none: a clock that has lost its battery says 2000 or 1970, not earlier.
        """
        if len(text) not in (14, 17) or not text.isdigit():
            return None
        try:
            day = self._days[text[:8]]
        except KeyError:
            day = self._day(text[:8])
        if day is None:
            return None
        hour, minute, second = int(text[8:10]), int(text[10:12]), int(text[12:14])
        if hour > 23 or minute > 59 or second > 59:
            return None
        return day + hour * 3_600_000 + minute * 60_000 + second * 1000 + int(text[14:] or 0)

    def _day(self, text: bytes) -> int | None:
        if len(self._days) >= _REMEMBERED:
            self._days.clear()
        try:
            midnight = datetime(int(text[:4]), int(text[4:6]), int(text[6:8]), tzinfo=UTC)
        except ValueError:
            self._days[text] = None
            return None
        ms = (midnight - _EPOCH) // timedelta(milliseconds=1)
        self._days[text] = ms - self._offset if ms >= 0 else None
        return self._days[text]

    def start(self, ms: int, cadence: str) -> int:
        """Start of the minute, hour or day in which a time lies; of an instant the instant itself."""
        period = _PERIODS.get(cadence)
        return ms if period is None else (ms + self._offset) // period * period - self._offset

    def write(self, ms: int, milliseconds: bool = False) -> str:
        """14 digits, or 17 with milliseconds as QN has them."""
        local = _EPOCH + timedelta(milliseconds=ms + self._offset)
        text = local.strftime("%Y%m%d%H%M%S") if local.year > 999 else f"{local.year:04d}{local:%m%d%H%M%S}"
        return f"{text}{local.microsecond // 1000:03d}" if milliseconds else text
