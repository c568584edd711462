"""Stretches of time that pages show, as the address names them: span=week, or from and to as legal days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from shangyou.core.clock import LEGAL, to_ms
from shangyou.core.errors import InputError
from shangyou.faces.portal import figures
from shangyou.faces.portal.visit import Visit

DAY: Final = 86_400_000
SPANS: Final[dict[str, int | None]] = {"day": DAY, "week": 7 * DAY, "month": 31 * DAY, "year": 366 * DAY, "all": None}


@dataclass(frozen=True, slots=True)
class Span:
    """From `start`, up to and not including `stop` [ms since 1970 UTC]."""

    name: str  # of SPANS, or "own"
    start: int
    stop: int

    @property
    def first_day(self) -> str:
        """The first legal day, for a form."""
        return figures.legal(self.start).date().isoformat()

    @property
    def last_day(self) -> str:
        """The last legal day, for a form."""
        return figures.legal(self.stop - 1).date().isoformat()


def span_of(visit: Visit, newest: int, default: str = "week") -> Span:
    """What the address asks for; a named span ends with the newest value. InputError "portal.days"."""
    first, last = visit.query("from"), visit.query("to")
    if first or last:
        return _own(visit, first, last, newest)
    name = visit.query("span") if visit.query("span") in SPANS else default
    length = SPANS[name]
    start = (visit.node.store.size().first or newest) if length is None else newest - length + 1
    return Span(name, start, newest + 1)


def _own(visit: Visit, first: str, last: str, newest: int) -> Span:
    try:
        start = to_ms(datetime.fromisoformat(first).replace(tzinfo=LEGAL)) if first else newest - 7 * DAY
        stop = to_ms(datetime.fromisoformat(last).replace(tzinfo=LEGAL) + timedelta(days=1)) if last else newest + 1
    except (ValueError, OverflowError):
        raise InputError("portal.days", first=first, last=last) from None
    if start >= stop:
        raise InputError("portal.days", first=first, last=last)
    return Span("own", start, stop)
