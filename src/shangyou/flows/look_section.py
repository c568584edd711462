"""Look at one section: the newest value of each parameter with its class, and how it went in the days before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timezone
from typing import Any, Final

import numpy as np

from shangyou.core import vocabulary
from shangyou.core.clock import to_ms
from shangyou.core.errors import NotFoundError
from shangyou.core.ports import ObservationStore, Selection
from shangyou.core.records import Array, Censor, Flag
from shangyou.core.registry import Section, WaterKind
from shangyou.flows.look import DAY
from shangyou.flows.look_series import Line, kinds, part
from shangyou.governance.assessment import assess_values
from shangyou.standards.surface_water import AT_LEAST, RANGE, Limits, assessment_rules, limits, publication
from shangyou.standards.waters import water_of

RECENT: Final = 7 * DAY  # what the small line beside a value shows
FIRST: Final = ("ph", "dissolved_oxygen", "permanganate_index", "ammonia_nitrogen", "total_phosphorus")
HIDDEN: Final = "class_published"  # it is no measurement but what the source says of all of them


@dataclass(frozen=True, slots=True)
class Latest:
    """The newest observation of a parameter."""

    parameter: str
    cadence: str
    statistic: str
    row: dict[str, Any]  # with core.ports.OBSERVATION_COLUMNS; times as aware datetimes
    class_no: int  # of this value alone; 0 where the parameter has no class limits or the value cannot be used
    limit: float | None  # of class III [canonical unit]
    recent: Line  # of the seven days before the newest value of the section

    @property
    def time(self) -> int:
        """ms since 1970 UTC."""
        return to_ms(self.row["time"])


def latest_values(store: ObservationStore, section: Section, sites: Sequence[str], legal: timezone) -> list[Latest]:
    """The newest value of each parameter, the items of the national portal first, then as in the vocabulary.

    Of several series of a parameter the one counts that samples are made of.
    """
    series = store.series()
    table = store.latest(sites=sites)
    rows = {(r["parameter"], r["cadence"], r["statistic"]): r for r in table.sort_by("time").to_pylist()}
    order = {key: n for n, key in enumerate((*FIRST, *vocabulary.parameters()))}
    parameters = sorted({key[0] for key in rows} - {HIDDEN}, key=lambda key: order.get(key, len(order)))
    newest = max((r["time"] for r in rows.values()), default=None)
    if newest is None:
        return []
    stop = to_ms(newest) + 1
    week = store.select(Selection(tuple(sites), start=stop - RECENT, stop=stop))
    of_class = item_limits(section, newest.astimezone(legal).date())
    found = []
    for parameter in parameters:
        kind = kinds(series, sites, parameter)[0]
        row = rows[(parameter, *kind)]
        recent = part(week, parameter, kind)
        class_no = _class_of(row, parameter, section, legal)
        found.append(Latest(parameter, *kind, row, class_no, target_limit(of_class, parameter), recent))
    return found


def item_limits(section: Section, on: date) -> Limits | None:
    """Class limits of the 21 items at a section on a day; None where no edition was in force."""
    try:
        return limits(on, assessment_rules(on).items, water_of(section).kind)
    except NotFoundError:
        return None


def target_limit(of_class: Limits | None, parameter: str, class_no: int = 3) -> float | None:
    """The limit of a class, where a parameter has one such number (pH has a range instead)."""
    if of_class is None or parameter not in of_class.items:
        return None
    row = of_class.items.index(parameter)
    return None if of_class.sense[row] == RANGE else float(of_class.bounds[row, class_no - 1])


def limit_lines(of_class: Limits | None, parameter: str) -> list[tuple[int, float]]:
    """(class, limit) of a parameter for the lines of a chart; of equal limits the worse class; of pH its range."""
    if of_class is None or parameter not in of_class.items:
        return []
    row = of_class.items.index(parameter)
    if of_class.sense[row] == RANGE:
        return [(1, float(bound)) for bound in of_class.bounds[row, :2]]
    return list({float(bound): (n, float(bound)) for n, bound in enumerate(of_class.bounds[row], 1)}.values())


def is_floor(of_class: Limits | None, parameter: str) -> bool:
    """Is less worse, as with dissolved oxygen?"""
    if of_class is None or parameter not in of_class.items:
        return False
    return bool(of_class.sense[of_class.items.index(parameter)] == AT_LEAST)


def _class_of(row: dict[str, Any], parameter: str, section: Section, legal: timezone) -> int:
    """Class of a single value, rounded as the national portal does at its time."""
    on = row["time"].astimezone(legal).date()
    usable = row["flag"] in (Flag.GOOD, Flag.NOT_EVALUATED, Flag.SUSPECT) and np.isfinite(row["value"])
    try:
        if not usable or parameter not in assessment_rules(on).items or row["censor"] == Censor.ABOVE:
            return 0
        rounded = publication(on).rounding != "none"
    except NotFoundError:
        return 0
    lake = np.array([water_of(section).kind is WaterKind.LAKE])
    value: Array = np.array([[row["value"]]])
    return int(assess_values(value, lake, (parameter,), on, rounded=rounded).classified.overall[0])


def versions(
    store: ObservationStore, site: str, parameter: str, kind: tuple[str, str], time: int
) -> list[dict[str, Any]]:
    """All versions of one observation, oldest first, with core.ports.OBSERVATION_COLUMNS."""
    wanted = Selection((site,), (parameter,), (kind[0],), (kind[1],), start=time, stop=time + 1, versions=True)
    rows: list[dict[str, Any]] = store.select(wanted).to_pylist()
    return rows
