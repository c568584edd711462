"""The sheet of one river: what stands where, who is in charge, how long water takes, what is done if a spill comes.

The portal shows it and the printed document holds the same, so both are made from this.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Final

from shangyou.basin.network.network import Network
from shangyou.basin.network.revision import Plan
from shangyou.basin.network.values import HOLDING, Kind, Place, Reach
from shangyou.basin.network.way import Travel, travel, velocity
from shangyou.core.registry import Agency, River
from shangyou.flows.archive import RiverFacts, river
from shangyou.flows.network import Rivers
from shangyou.standards import facts as shipped

OTHERS: Final = {  # members of neighbouring basins that the registry of agencies does not hold
    "hubei": ("湖北省生态环境厅", "Hubei Department of Ecology and Environment"),
    "hunan": ("湖南省生态环境厅", "Hunan Department of Ecology and Environment"),
    "gansu": ("甘肃省生态环境厅", "Gansu Department of Ecology and Environment"),
    "shaanxi": ("陕西省生态环境厅", "Shaanxi Department of Ecology and Environment"),
}
WATERS: Final = {  # rivers of the network that the registry does not hold
    "xihanshui": ("西汉水", "Xihan River"),
    "brook_demo": ("模拟溪(虚构)", "Invented Brook (fictional)"),
}
HOTLINE: Final = "12369"  # of the ecology and environment bureaus, in the whole country


Clock = list[tuple[float, float, float]]  # of each reach: m of the river before it, its length, seconds a metre


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the map: a place, or a river that joins."""

    kind: str  # of Kind, or "joins"
    id: str
    name: str
    km: float  # above the mouth
    hours: float | None  # from the head of the river, as far as velocities are known
    charge: str  # who is in charge, in words
    beyond: str = ""  # of a border: who is below it
    note: str = ""
    confidence: str = ""


@dataclass(frozen=True, slots=True)
class Threat:
    """An intake, and the nearest border above it from which something may come."""

    intake: Line
    border: Line
    km: float
    hours: float | None
    hold: Line | None  # the last point between them where it can be held


@dataclass(frozen=True, slots=True)
class Stretch:
    """A reach as a line of a table."""

    reach: Reach
    speed: float | None  # m/s
    charge: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything on one page."""

    id: str
    name: str
    into: str  # name of the river that it joins; "" = the network ends there
    km: float
    hours: float | None  # from its head to its mouth
    members: tuple[tuple[str, str], ...]  # id and name of each, in order of flow
    lines: tuple[Line, ...]
    threats: tuple[Threat, ...]
    stretches: tuple[Stretch, ...]
    plan: Plan
    revision: int  # newest of the network
    schematic: bool  # has it a line on the map?

    def of(self, *kinds: str) -> tuple[Line, ...]:
        """Lines of some kinds."""
        return tuple(line for line in self.lines if line.kind in kinds)

    @property
    def holding(self) -> tuple[Line, ...]:
        """Where a spill can be held."""
        return self.of(*(kind.value for kind in HOLDING))

    def text(self, language: str) -> str:
        """The plan in a language; in the other where nobody has written it in this one."""
        zh, en = self.plan.text_zh, self.plan.text_en
        return (zh or en) if language == "zh" else (en or zh)


@dataclass(frozen=True, slots=True)
class Names:
    """Names in the language of the reader."""

    language: str
    rivers: dict[str, River]
    agencies: dict[str, Agency]

    def river(self, id: str) -> str:
        """Of a river; its id where nobody knows another name."""
        if id in WATERS and id not in self.rivers:
            return WATERS[id][self.language != "zh"]
        found = self.rivers.get(id)
        return id if found is None else found.name_zh if self.language == "zh" else found.name_en or found.name_zh

    def member(self, id: str) -> str:
        """Of a member."""
        if id in OTHERS:
            return OTHERS[id][self.language != "zh"]
        found = self.agencies.get(id)
        return id if found is None else found.name_zh if self.language == "zh" else found.name_en or found.name_zh

    def members(self, ids: str) -> str:
        """Of one or several, with a sign between them."""
        return ("、" if self.language == "zh" else ", ").join(map(self.member, ids.split()))

    def place(self, place: Place) -> str:
        """Of a place."""
        return place.name_zh if self.language == "zh" else place.name_en or place.name_zh


def river_name(name: str, language: str, own: Iterable[River] = ()) -> str:
    """Of a river that is told by its Chinese name, as sections and warnings have it; so where no other is known.

    own: of the node's registry, which count for more than those that ship.
    """
    if language == "zh" or not name:
        return name
    known = next((each.name_en for each in own if name in (each.name_zh, each.id)), "")
    return known or _english().get(name, name)


@cache
def _english() -> dict[str, str]:
    return {river.name_zh: river.name_en for river in shipped.rivers() if river.name_en} | dict(WATERS.values())


def names(language: str, rivers: list[River], agencies: list[Agency]) -> Names:
    """From what the registry holds, else from what ships."""
    return Names(
        language,
        {each.id: each for each in (*shipped.rivers(), *rivers)},
        {each.id: each for each in (*shipped.agencies(), *agencies)},
    )


def sheet(rivers: Rivers, id: str, name: Names) -> Sheet:
    """The sheet of a river. NotFoundError "network.river"."""
    book, network = rivers.book(), rivers.network()
    facts = river(network, id)
    pace = travel(network)
    speeds = dict(zip((reach.id for reach in network.reaches), velocity(network).tolist(), strict=True))
    clock = _clock(facts, speeds)
    lines = _lines(facts, clock, name)
    return Sheet(
        id=id,
        name=name.river(id),
        into=name.river(facts.into) if facts.into else "",
        km=facts.length / 1000,
        hours=_hours(facts.length, clock),
        members=tuple((member, name.member(member)) for member in facts.members),
        lines=lines,
        threats=tuple(_threats(network, facts, pace, {line.id: line for line in lines})),
        stretches=tuple(Stretch(r, _known(speeds[r.id]), name.members(r.owner)) for r in facts.reaches),
        plan=book.plan(id),
        revision=book.number,
        schematic=any(reach.line for reach in facts.reaches),
    )


def _lines(facts: RiverFacts, clock: Clock, name: Names) -> tuple[Line, ...]:
    made = []
    for stop in facts.stops:
        hours, km = _hours(facts.length - stop.above, clock), stop.above / 1000
        if stop.place is None:
            made.append(Line("joins", stop.joins, name.river(stop.joins), km, hours, ""))
            continue
        place = stop.place
        note = place.note_zh if name.language == "zh" else place.note_en
        made.append(
            Line(
                *(place.kind.value, place.id, name.place(place), km, hours, name.members(place.owner)),
                beyond=name.members(place.beyond),
                note=note,
                confidence=place.confidence,
            )
        )
    return tuple(made)


def _clock(facts: RiverFacts, speeds: dict[str, float]) -> Clock:
    gone, found = 0.0, []
    for reach in facts.reaches:
        speed = speeds[reach.id]
        found.append((gone, reach.length, 1 / speed if speed > 0 else math.nan))
        gone += reach.length
    return found


def _hours(metres: float, clock: Clock) -> float | None:
    """From the head of the river; None as soon as a velocity on the way is not known."""
    seconds = sum(min(metres - before, length) * pace for before, length, pace in clock if metres > before)
    return None if math.isnan(seconds) else seconds / 3600


def _threats(network: Network, facts: RiverFacts, pace: Travel, lines: dict[str, Line]) -> list[Threat]:
    found = []
    borders, intakes = facts.of(Kind.BORDER), facts.of(Kind.INTAKE)
    for intake in intakes:
        above = [border for border in borders if network.is_upstream(border.id, intake.id)]
        if not above:
            continue
        border = above[-1]
        hold = [
            place
            for place in facts.of(*HOLDING)
            if network.is_upstream(border.id, place.id) and network.is_upstream(place.id, intake.id)
        ]
        metres = network.distance(border.id, intake.id) or 0.0
        hours = pace.hours(border.id, intake.id)
        last = lines[hold[-1].id] if hold else None
        found.append(Threat(lines[intake.id], lines[border.id], metres / 1000, _known(hours), last))
    return found


def _known(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else value
