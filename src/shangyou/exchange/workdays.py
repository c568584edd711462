"""Working days of China: holidays by law, weekdays that are moved by the yearly list, and clocks for answers.

The law fixes some days and names others by the lunar calendar; which weekends are worked for longer breaks (调休) is
announced year by year. A node knows the law; its operator enters the list of the year. Where that is missing the
answer is still reckoned, and `assumed` says so.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from shangyou.core.clock import from_ms, to_ms
from shangyou.core.errors import InputError
from shangyou.exchange.dataset import Sharing
from shangyou.standards.library import editions

LONGEST: Final = 1000  # working days that may be asked for


@dataclass(frozen=True, slots=True)
class Calendar:
    """What is worked and what is not, where it differs from Monday to Friday."""

    off: frozenset[date] = frozenset()
    work: frozenset[date] = frozenset()
    listed: frozenset[int] = field(default_factory=frozenset)  # years whose list somebody entered

    def is_working(self, day: date) -> bool:
        """Is this a working day?"""
        if day in self.work:
            return True
        return day.weekday() < 5 and day not in self.off


def by_law(first: int = 2025, last: int = 2035) -> Calendar:
    """Holidays that the law fixes, for years, and those of the lunar calendar for the years that are entered."""
    off: set[date] = set()
    for edition in editions("workdays"):
        for year in range(first, last + 1):
            days = [date(year, *map(int, each["day"].split("-"))) for each in edition.body["fixed"]]
            days += [each["day"] for each in edition.body["lunar"]["days"].get(year, ())]
            off |= {day for day in days if edition.in_force(day)}
    return Calendar(frozenset(off))


def with_list(calendar: Calendar, text: str) -> Calendar:
    """The calendar with the operator's yearly lists laid over it.

    text: TOML, a table a year: `["2026"]`, `source = "..."`, `off = [2026-02-20]`, `work = [2026-02-14]`. A day in
    `work` is worked whatever the law says of it. Raises InputError "workdays.list" with all faults.
    """
    try:
        given = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InputError("workdays.list", faults=[str(error)[:200]]) from error
    faults: list[str] = []
    off, work, listed = set(calendar.off), set(calendar.work), set(calendar.listed)
    for year, table in given.items():
        if not (year.isascii() and year.isdigit() and len(year) == 4 and isinstance(table, dict)):
            faults.append(f"{year[:40]}: not a year")
            continue
        found = _year(int(year), table, faults)
        off |= found[0]
        work |= found[1]
        listed.add(int(year))
    if faults:
        raise InputError("workdays.list", faults=faults[:50])
    return Calendar(frozenset(off - work), frozenset(work), frozenset(listed))


def _year(year: int, table: dict[str, Any], faults: list[str]) -> tuple[set[date], set[date]]:
    faults += [f"{year}.{key[:40]}: not known" for key in table if key not in ("source", "off", "work")]
    if not isinstance(table.get("source"), str) or not table["source"].strip():
        faults.append(f"{year}.source: who announced the list is missing")
    found: dict[str, set[date]] = {"off": set(), "work": set()}
    for key, days in found.items():
        given = table.get(key, [])
        for each in given if isinstance(given, list) else [given]:
            if type(each) is date and each.year == year:
                days.add(each)
            else:
                faults.append(f"{year}.{key}: {str(each)[:40]} is not a day of {year}")
    faults += [f"{year}: {day} is both off and work" for day in sorted(found["off"] & found["work"])]
    return found["off"], found["work"]


@dataclass(frozen=True, slots=True)
class Due:
    """When something is due, and whether a list of a year was missing for it."""

    at: int  # [ms since 1970 UTC], the end of the last legal day: that instant is too late
    day: date
    assumed: bool


def due(start: int, working_days: int, calendar: Calendar, offset: int = 8 * 3_600_000) -> Due:
    """When so many working days are over. The day of the start itself does not count.

    start: [ms since 1970 UTC]; offset: of the legal day from UTC [ms]. Raises InputError "workdays.days".
    """
    if not 0 <= working_days <= LONGEST:
        raise InputError("workdays.days", days=working_days, most=LONGEST)
    day = from_ms(start + offset).date()
    years = {day.year}
    left = working_days
    while left:
        day += timedelta(days=1)
        years.add(day.year)
        left -= calendar.is_working(day)
    over = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
    return Due(to_ms(over) - offset, day, not years <= calendar.listed)


def days_left(at: int, until: int, calendar: Calendar, offset: int = 8 * 3_600_000) -> int:
    """Working days after that of `at` in which there is still time; 0 on the last day, and when it is over.

    at, until: [ms since 1970 UTC]; that instant is too late, as in `Due`.
    """
    day, last = from_ms(at + offset).date(), from_ms(until - 1 + offset).date()
    ahead = min((last - day).days, 3 * LONGEST)
    return sum(calendar.is_working(day + timedelta(days=n)) for n in range(1, ahead + 1))


def assumed(at: int, until: int, calendar: Calendar, offset: int = 8 * 3_600_000) -> bool:
    """Is the list of a year between two times [ms since 1970 UTC] missing?"""
    first, last = (from_ms(each + offset).year for each in (at, max(at, until - 1)))
    return not set(range(first, last + 1)) <= calendar.listed


def answer_days(sharing: Sharing) -> int:
    """Working days in which a request is answered, unless the operator sets others; 0 for what is not shared."""
    if sharing is Sharing.NONE:
        return 0
    days: int = editions("workdays")[-1].body["answers"][sharing.value]
    return days
