"""One section: what its water is like now, how it went, and where each value came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from starlette.responses import RedirectResponse, Response

from shangyou.core.clock import LEGAL, to_ms
from shangyou.core.registry import Section
from shangyou.faces.portal import names, verdicts
from shangyou.faces.portal.spans import SPANS, Span, span_of
from shangyou.faces.portal.visit import Visit
from shangyou.flows.look import DAY, Samples, look
from shangyou.flows.look_section import Latest, latest_values
from shangyou.flows.look_series import Line, kinds, line, superseded

ROWS: Final = 50  # values of a page of the table
CLASSES_SHOWN: Final = 168  # a week by the hour, or four weeks every four hours


@dataclass(frozen=True, slots=True)
class Cell:
    """One sample of the class timeline."""

    class_no: int
    time: int
    exceeding: str


def section(visit: Visit) -> Response:
    """The page."""
    node = visit.node
    asked = visit.request.path_params["id"]
    found = node.registry.section(asked)
    if found.id != asked:
        return RedirectResponse(f"/sections/{found.id}", 303)
    sites = node.registry.sites_of(found.id)
    latest = latest_values(node.store, found, sites, LEGAL)
    newest = max((x.time for x in latest), default=visit.now)
    span = span_of(visit, newest)
    samples = look(node.store, node.registry, span.start, span.stop, LEGAL, (found.id,))
    chosen = next((x for x in latest if x.parameter == visit.query("parameter")), latest[0] if latest else None)
    return visit.page(
        "section.html",
        section=found,
        sites=sites,
        latest=latest,
        chosen=chosen,
        span=span,
        spans=SPANS,
        title=finding(visit, found, samples, newest),
        days=timeline(visit, samples),
        newest=newest,
        history=node.registry.history(found.id),
        editions=samples.editions,
        values=_values(visit, sites, chosen, span) if chosen else None,
    )


@dataclass(frozen=True, slots=True)
class Values:
    """A page of the values of one parameter, newest first."""

    kinds: list[tuple[str, str]]  # (cadence, statistic) that there are
    kind: tuple[str, str]  # the one shown
    count: int
    rows: list[dict[str, Any]]
    page: int
    pages: int
    revised: set[int]  # times of values that have older versions


def _values(visit: Visit, sites: tuple[str, ...], chosen: Latest, span: Span) -> Values:
    """The page that the address asks for."""
    store = visit.node.store
    every = kinds(store.series(), sites, chosen.parameter)
    kind = next((k for k in every if f"{k[0]}.{k[1]}" == visit.query("kind")), (chosen.cadence, chosen.statistic))
    shown = line(store, sites, chosen.parameter, kind, span.start, span.stop)
    pages = max(1, -(-len(shown) // ROWS))
    page = visit.number("page", 1, 1, pages)
    old = superseded(store, sites, chosen.parameter, kind, span.start, span.stop)
    revised = {to_ms(time) for time in old["time"].to_pylist()}
    return Values(every, kind, len(shown), page_of(shown, page, visit), page, pages, revised)


def page_of(shown: Line, page: int, visit: Visit) -> list[dict[str, Any]]:
    """Rows of a page of the table, newest first, with what is wrong with each in words."""
    stop = len(shown) - (page - 1) * ROWS
    rows: list[dict[str, Any]] = shown.table.slice(max(0, stop - ROWS), stop - max(0, stop - ROWS)).to_pylist()
    for row in rows:
        row["ms"] = to_ms(row["time"])
        row["reason"] = verdicts.reason(row["flag"], row["suspect"] | row["fail"], row["mark"], visit.t)
    return rows[::-1]


def finding(visit: Visit, found: Section, samples: Samples, newest: int) -> str:
    """The title: the class now and how it changed in a day."""
    t, name = visit.t, names.section_name(found, visit.t)
    now = int(samples.newest(newest, newest - DAY)[0]) if samples.sections else -1
    if now < 0:
        return t("section.no_class", name=name)
    class_no = int(samples.classes[now])
    before = int(samples.newest(newest - DAY, newest - 2 * DAY)[0])
    old = int(samples.classes[before]) if before >= 0 else 0
    change = "unknown" if not old else "same" if old == class_no else "worse" if class_no > old else "better"
    return t(f"section.{change}", name=name, now=t(f"class.{class_no}"), before=t(f"class.{old}"))


def timeline(visit: Visit, samples: Samples) -> list[tuple[str, list[Cell]]]:
    """The newest samples, oldest first, day by legal day."""
    column = f"exceeding_{visit.t.language}"
    days: dict[str, list[Cell]] = {}
    for row in range(max(0, len(samples.time) - CLASSES_SHOWN), len(samples.time)):
        time = int(samples.time[row])
        cell = Cell(int(samples.classes[row]), time, samples.text(row, column))
        days.setdefault(visit.moment_text(time)[:-6], []).append(cell)
    return list(days.items())
