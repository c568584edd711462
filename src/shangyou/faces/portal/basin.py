"""The basin cockpit: what is wrong now, what came in, what was refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from shangyou.core.ports import Refused
from shangyou.core.registry import Section
from shangyou.faces.portal import present
from shangyou.faces.portal.names import place_name
from shangyou.faces.portal.visit import Visit
from shangyou.faces.sentences import sentence
from shangyou.flows.overview import Overview, group

BY: Final[dict[str, Callable[[Section], str]]] = {
    "province": lambda s: s.province,
    "river": lambda s: s.river,
    "city": lambda s: s.city,
}
GROUPS_SHOWN = 12
EXCEEDING_SHOWN = 20
REFUSED_SHOWN = 6
REFUSED_SEEN = 200


def basin(visit: Visit) -> Response:
    """The page."""
    node, whole = visit.node, present.whole(visit)
    by = visit.query("by") if visit.query("by") in BY else "province"
    groups = group(whole.states, BY[by])
    return visit.page(
        "basin.html",
        whole=whole,
        title=finding(whole, visit),
        by=by,
        groups=groups[: None if visit.query("all") else GROUPS_SHOWN],
        more_groups=max(0, len(groups) - GROUPS_SHOWN) if not visit.query("all") else 0,
        exceeding=whole.exceeding[:EXCEEDING_SHOWN],
        refused=newest_refusals(visit),
        online=sum(h.online for h in whole.hearings),
        silent=[place_name(id, node.registry, visit.t) for id in whole.arrival.silent],
    )


@dataclass(frozen=True, slots=True)
class Refusals:
    """Refusals for the same reason, told once, by the newest."""

    text: str
    count: int
    newest: int  # ms since 1970 UTC
    source: str  # of the newest


def newest_refusals(visit: Visit) -> list[Refusals]:
    """The newest refusals, those for the same reason together."""
    told: dict[str, list[Refused]] = {}
    for refused in visit.node.intake.refused(REFUSED_SEEN):
        told.setdefault(refused.refusal.code, []).append(refused)
    return [
        Refusals(
            sentence(code, same[0].refusal.facts, visit.t.language).text, len(same), same[0].received, same[0].source
        )
        for code, same in list(told.items())[:REFUSED_SHOWN]
    ]


def finding(whole: Overview, visit: Visit) -> str:
    """The title: what is wrong now, or that nothing is."""
    t, known = visit.t, whole.all.known
    if not whole.states:
        return t("basin.no_sections")
    if not known:
        return t("basin.no_data")
    if not whole.exceeding:
        return t.count("basin.all_good", known)
    text = t.count("basin.exceeding", len(whole.exceeding), known=f"{known:,}")
    if whole.worsened:
        text += t.count("basin.worsened", len(whole.worsened))
    return text
