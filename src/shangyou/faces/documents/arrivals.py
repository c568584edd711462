"""The arrival table of a document: when a substance comes to each place, is at its peak and is over, with bands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from shangyou.faces.documents.document import Section, Table
from shangyou.faces.documents.telling import Name, minute
from shangyou.faces.documents.words import Words
from shangyou.governance.warning.values import Arrival
from shangyou.governance.warning.values import Table as Arrivals

COLUMNS: Final = ("place", "first", "peak", "size")


@dataclass(frozen=True, slots=True)
class Told:
    """A table with what it is held against."""

    table: Arrivals
    limit: float | None  # g/m3; None = `until` is when it falls below a hundredth of its own peak


def coming(told: Told, t: Words, name: Name) -> Section:
    """The section: one row for each place, times in legal time with their 90 % bands."""
    table, limit = told.table, told.limit
    zh, _, en = table.method.partition(" / ")
    facts = {"member": name(table.by) if table.by else t("arrivals.here"), "at": minute(table.at)}
    lines = [t("arrivals.by", **facts, method=zh if t.language == "zh" or not en else en)]
    lines.append(t("arrivals.above_means", limit=f"{limit:g}") if limit else t("arrivals.over_means"))
    headings = tuple(t(f"arrivals.{key}") for key in (*COLUMNS, "above" if limit else "over"))
    rows = tuple(_row(each, limit, t, name) for each in table.arrivals)
    return Section(t("part.arrivals"), tuple(lines), Table(headings, rows) if rows else None)


def _row(a: Arrival, limit: float | None, t: Words, name: Name) -> tuple[str, ...]:
    place = (a.name_zh if t.language == "zh" else a.name_en or a.name_zh) or a.place
    size = "—" if a.concentration is None else f"{a.concentration:.3g}"
    size += "" if a.concentration_high is None else f" (≤ {a.concentration_high:.3g})"
    stays = limit is not None and a.concentration is not None and a.concentration <= limit and a.until is None
    where = (place, "" if a.distance is None else f"{a.distance / 1000:.0f} km", name(a.member) if a.member else "")
    return (
        " · ".join(filter(None, where)),
        _time(a.first_early, a.first, a.first_late),
        _time(a.peak_early, a.peak, a.peak_late),
        size,
        t("arrivals.stays") if stays else _time(a.until_early, a.until, a.until_late),
    )


def _time(early: int | None, at: int | None, late: int | None) -> str:
    """A time, and its band where there is one; the day of the band only where it is another."""
    if at is None:
        return "—"
    middle = minute(at)[5:]
    if early is None or late is None:
        return middle
    low, high = (text.removeprefix(middle[:6]) for text in (minute(early)[5:], minute(late)[5:]))
    return f"{middle} ({low} – {high})"
