"""How a figure was computed: what it says, from which inputs, by which edition of which rule, as of when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final

from markupsafe import Markup
from starlette.responses import Response

from shangyou.core.errors import NotFoundError
from shangyou.faces.portal import figures, present
from shangyou.faces.portal.visit import Visit
from shangyou.flows.look import DAY
from shangyou.flows.overview import EXPECTED, Overview
from shangyou.standards.library import Edition, edition

Fact = tuple[str, str | Markup]


@dataclass(frozen=True, slots=True)
class Rule:
    """An edition that a figure rests on, with what of it is not confirmed."""

    edition: Edition
    unverified: tuple[str, ...]


def why(visit: Visit) -> Response:
    """The page, or the part beside the page."""
    name = visit.request.path_params["figure"]
    if name not in FACTS:
        raise NotFoundError("portal.page", path=visit.request.url.path)
    whole = present.whole(visit)
    return visit.page(
        "why_part.html" if visit.partial else "why.html",
        figure=name,
        facts=FACTS[name](visit, whole),
        rules=rules(whole) if name in OF_CLASSES else [],
        at=whole.horizon.at,
    )


def rules(whole: Overview) -> list[Rule]:
    """The editions in force on the day of the figures."""
    on = figures.legal(whole.horizon.at).date()
    return [
        Rule(e, e.unverified()) for family in ("gb3838", "assessment", "publication") if (e := in_force(family, on))
    ]


def in_force(family: str, on: date) -> Edition | None:
    """The edition of a family on a day; None where there was none."""
    try:
        return edition(family, on)
    except NotFoundError:
        return None


def _span(visit: Visit, whole: Overview) -> Fact:
    at, now = whole.horizon.at, visit.now
    return (visit.t("why.span"), Markup("{} – {}").format(figures.moment(at - DAY, now), figures.moment(at, now)))


def _sections(visit: Visit, whole: Overview) -> Fact:
    return (visit.t("why.sections"), f"{whole.all.known:,} / {len(whole.states):,}")


def _classes(visit: Visit, whole: Overview) -> list[Fact]:
    return [_span(visit, whole), _sections(visit, whole)]


def _good(visit: Visit, whole: Overview) -> list[Fact]:
    all_ = whole.all
    sum_ = f"({' + '.join(str(n) for n in all_.counts[1:4])}) / {all_.known} = {figures.share(all_.good, all_.known)}"
    return [*_classes(visit, whole), (visit.t("why.calculation"), sum_)]


def _exceeding(visit: Visit, whole: Overview) -> list[Fact]:
    sum_ = f"{' + '.join(str(n) for n in whole.all.counts[4:])} = {len(whole.exceeding)}"
    return [*_classes(visit, whole), (visit.t("why.calculation"), sum_)]


def _arrival(visit: Visit, whole: Overview) -> list[Fact]:
    a, t = whole.arrival, visit.t
    cadence = "; ".join(f"{t(f'cadence.{c}')} {n}" for c, n in EXPECTED.items())
    return [
        _span(visit, whole),
        (t("why.series"), f"{a.series:,}"),
        (t("why.expected"), f"{a.expected:,} ({cadence})"),
        (t("why.arrived"), f"{a.arrived:,} = {figures.share(a.arrived, a.expected)}"),
        (t("why.usable"), f"{a.usable:,} = {figures.share(a.usable, a.expected)}"),
    ]


def _online(visit: Visit, whole: Overview) -> list[Fact]:
    online, n = sum(h.online for h in whole.hearings), len(whole.hearings)
    return [
        (visit.t("why.devices"), f"{n:,}"),
        (visit.t("why.calculation"), f"{online} / {n} = {figures.share(online, n)}"),
    ]


OF_CLASSES: Final = ("classes", "good", "exceeding")
FACTS: Final[dict[str, Callable[[Visit, Overview], list[Fact]]]] = {
    "classes": _classes,
    "good": _good,
    "exceeding": _exceeding,
    "arrival": _arrival,
    "online": _online,
}
