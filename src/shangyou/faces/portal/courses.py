"""How an answer of the basin went over time: a few lines of steps, for a chart. A mean holds for its whole period."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from shangyou.core.clock import LEGAL
from shangyou.core.registry import Section, WaterKind
from shangyou.faces.portal import figures
from shangyou.faces.portal.visit import Visit
from shangyou.flows.look_section import is_floor, item_limits, limit_lines

LINES: Final = 8  # that a reader can tell apart; the table and the files have all
STEPS: Final = 4_000  # of all lines together: what a page carries
MONTHS: Final = {"month": 1, "quarter": 3, "year": 12}
LENGTHS: Final = {"hour": timedelta(hours=1), "day": timedelta(days=1)}
WATERS: Final = (WaterKind.RIVER, WaterKind.LAKE)


@dataclass(frozen=True, slots=True)
class Course:
    """What the chart shows, and between what it can choose."""

    parameter: str
    parameters: tuple[str, ...]
    percentile: bool  # of it, not of the mean
    lines: int  # that there are; at most LINES are drawn
    crowded: bool  # there are too many steps to draw
    data: dict[str, Any]  # for the script


def course(visit: Visit, table: pa.Table, period: str, name: Callable[[str], str]) -> Course | None:
    """The answer's course over time; None where it is not parted by time. `name`: of a label."""
    if not len(table) or period == "all":
        return None
    parameters = tuple(dict.fromkeys(table["parameter"].to_pylist()))
    parameter = visit.query("shown") if visit.query("shown") in parameters else parameters[0]
    share = next((each for each in table.column_names if each[:1] == "p" and each[1:2].isdigit()), "")
    percentile = bool(share) and visit.query("drawn") == "percentile"
    column = share if percentile else "mean"
    rows = table.filter(pc.equal(table["parameter"], parameter))
    rows = rows.select(["label", "cadence", "period", "count", column]).to_pylist()
    counts: Counter[tuple[str, str]] = Counter()
    for row in rows:
        counts[row["label"], row["cadence"]] += row["count"]
    shown = [key for key, _ in counts.most_common(LINES)]
    rows = [row for row in rows if (row["label"], row["cadence"]) in shown]
    several = len({label for label, _ in counts}) < len(counts)
    lines = []
    for label, cadence in shown if len(rows) <= STEPS else ():
        of_one = [(row["period"], row[column]) for row in rows if (row["label"], row["cadence"]) == (label, cadence)]
        said = f"{name(label)} · {visit.t.known(f'cadence.{cadence}', cadence)}" if several else name(label)
        lines.append({"name": said, "points": steps(of_one, period, visit.ms)})
    data = {
        "name": figures.name_of(parameter, visit.t),
        "unit": figures.unit_of(parameter),
        "lines": lines,
        **_limits(visit, parameter, max(row["period"] for row in rows)),
    }
    return Course(parameter, parameters, percentile, len(counts), len(rows) > STEPS, data)


def steps(
    means: Sequence[tuple[datetime, float | None]], period: str, ms: Callable[[datetime], int]
) -> list[tuple[int, float | None, bool]]:
    """(ms since 1970 UTC, value from then on, is it the end of a period?) of means of periods.

    None where no period follows, so that the line stays open there.

    >>> from datetime import UTC
    >>> noon = datetime(2021, 4, 1, 12, tzinfo=UTC)
    >>> hours = lambda moment: round((moment - noon) / timedelta(hours=1))
    >>> steps([(noon, 0.5), (noon + timedelta(hours=1), 0.7), (noon + timedelta(hours=3), 0.2)], "hour", hours)
    [(0, 0.5, False), (1, 0.7, False), (2, 0.7, True), (2, None, True), (3, 0.2, False), (4, 0.2, True)]
    """
    found: list[tuple[int, float | None, bool]] = []
    for start, value in sorted(means):
        if found and found[-1][0] == ms(start):
            found.pop()
        elif found:
            found.append((found[-1][0], None, True))
        found += [(ms(start), value, False), (ms(end_of(start, period)), value, True)]
    return found


def end_of(start: datetime, period: str) -> datetime:
    """When a period ends, in legal time."""
    if period in LENGTHS:
        return start + LENGTHS[period]
    months = start.astimezone(LEGAL)
    number = months.year * 12 + months.month - 1 + MONTHS[period]
    return months.replace(year=number // 12, month=number % 12 + 1)


def _limits(visit: Visit, parameter: str, at: datetime) -> dict[str, Any]:
    """The limits that hold for all waters alike; a place may be a lake, whose phosphorus has others."""
    on = at.astimezone(LEGAL).date()
    by_water = [item_limits(Section("", "", kind=kind), on) for kind in WATERS]
    river, lake = (limit_lines(each, parameter) for each in by_water)
    said = [
        {
            "class": number,
            "value": value,
            "name": visit.t("section.limit", name=visit.t(f"class.{number}"), value=figures.digits(value)),
        }
        for number, value in river
        if river == lake and parameter != "ph"
    ]
    return {"limits": said, "floor": is_floor(by_water[0], parameter)}
