"""Is it a network? Every fault of reaches and places at once, each with its code and the line that it stands in.

Water flows one way: from every node at most one reach leaves, none flows in a circle, and every river system ends
where somebody says that the network ends. A system that ends anywhere else is a gap.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from shangyou.basin.network.values import Draft, Kind, Place, Reach
from shangyou.core.records import Refusal

LONGEST: Final = 5e6  # m of one reach: more than any river of the country
FLOW_MOST: Final = 1e6  # m3/s: three times the greatest flow ever gauged on Earth
VOLUME_MOST: Final = 1e12  # m3: five times the largest reservoir
POSITIVE: Final = ("width", "roughness", "flow", "area", "dispersion")  # where they are known
SLOPE_MOST: Final = 1.0  # m/m: 45 degrees
SEARCHED: Final = 100  # gaps for which the nearest node is looked for: each looks at every reach
Lines = Mapping[tuple[str, int], int]  # ("reach" or "place", its place in the draft): line of its source


def check(draft: Draft, lines: Lines | None = None) -> list[Refusal]:
    """All faults, values first, then how they hang together; [] = it is a network."""
    lines = lines or {}
    found: list[Refusal] = []

    def at(what: str, i: int, code: str, column: str | None = None, **facts: object) -> None:
        found.append(Refusal(f"network.{code}", facts, lines.get((what, i)), column))

    if not draft.reaches:
        found.append(Refusal("network.empty", {}))
    for what, items in (("reach", draft.reaches), ("place", draft.places)):
        for i in _doubles([each.id for each in items]):
            at(what, i, "double", "id", id=items[i].id)
    for i, reach in enumerate(draft.reaches):
        for code, column, facts in _of_reach(reach):
            at("reach", i, code, column, id=reach.id, **facts)
    for i, code, facts in _forks(draft.reaches) + _circles(draft.reaches) + _gaps(draft):
        at("reach", i, code, None, id=draft.reaches[i].id, **facts)
    known = {reach.id: reach for reach in draft.reaches}
    rivers, mouths = _lengths(draft.reaches), _mouths(draft.reaches)
    for i, place in enumerate(draft.places):
        if not place.reach and mouths.get(place.river, 1) != 1:
            at("place", i, "parted", "river", id=place.id, river=place.river, mouths=mouths[place.river])
            continue
        for code, column, facts in _of_place(place, known, rivers):
            at("place", i, code, column, id=place.id, **facts)
    return found


Found = tuple[str, str, dict[str, object]]


def _doubles(ids: Sequence[str]) -> list[int]:
    """Where an id stands for the second time, or there is none."""
    counts: Counter[str] = Counter()
    found = []
    for i, id in enumerate(ids):
        counts[id] += 1
        if counts[id] > 1 or not id:
            found.append(i)
    return found


def _of_reach(reach: Reach) -> list[Found]:
    found: list[Found] = []
    if not 0 < reach.length <= LONGEST:  # this way round refuses NaN too
        found.append(("length", "length", {"length": reach.length}))
    if reach.start == reach.end or not (reach.start and reach.end):
        found.append(("nodes", "end", {"start": reach.start, "end": reach.end}))
    for name in POSITIVE:
        value = getattr(reach, name)
        if not math.isnan(value) and not 0 < value < (FLOW_MOST if name == "flow" else math.inf):
            found.append(("value", name, {"field": name, "value": value}))
    if not math.isnan(reach.slope) and not 0 <= reach.slope <= SLOPE_MOST:
        found.append(("value", "slope", {"field": "slope", "value": reach.slope}))
    for name in ("storage_ratio", "storage_rate"):
        value = getattr(reach, name)
        if not 0 <= value < math.inf:
            found.append(("value", name, {"field": name, "value": value}))
    if not all(abs(x) <= 180 and abs(y) <= 90 for x, y in reach.line):  # NaN is refused too
        found.append(("coordinates", "line", {}))
    return found


def _of_place(place: Place, known: Mapping[str, Reach], rivers: Mapping[str, float]) -> list[Found]:
    found: list[Found] = []
    if place.reach:
        reach = known.get(place.reach)
        if reach is None:
            found.append(("unknown_reach", "reach", {"reach": place.reach}))
        elif not (0 <= place.at <= reach.length or math.isnan(reach.length)):
            found.append(("outside", "at", {"at": place.at, "length": reach.length}))
    elif math.isnan(place.above) and not place.river:
        found.append(("nowhere", "reach", {}))
    elif place.river not in rivers:
        found.append(("unknown_river", "river", {"river": place.river}))
    elif math.isnan(place.above):
        found.append(("nowhere", "above", {}))
    elif not 0 <= place.above <= rivers[place.river] * (1 + 1e-9):
        found.append(("outside", "above", {"at": place.above, "length": rivers[place.river]}))
    for name, value in (("volume", place.volume), ("mixed", place.mixed)):
        if not 0 <= value < VOLUME_MOST:
            found += [("value", name, {"field": name, "value": value})]
    if any(not math.isnan(v) and not abs(v) <= most for v, most in ((place.longitude, 180), (place.latitude, 90))):
        found.append(("coordinates", "longitude", {}))
    return found


def _lengths(reaches: Sequence[Reach]) -> dict[str, float]:
    total: dict[str, float] = defaultdict(float)
    for reach in reaches:
        total[reach.river] += math.inf if math.isnan(reach.length) else max(reach.length, 0.0)
    return dict(total)


def _mouths(reaches: Sequence[Reach]) -> Counter[str]:
    """How often each river ends: a mileage is from the mouth, and there must be one."""
    down = below(reaches)
    return Counter(r.river for i, r in enumerate(reaches) if down[i] < 0 or reaches[down[i]].river != r.river)


Joined = list[tuple[int, str, dict[str, object]]]


def _forks(reaches: Sequence[Reach]) -> Joined:
    """Reaches that leave a node after another has."""
    first: dict[str, str] = {}
    found: Joined = []
    for i, reach in enumerate(reaches):
        other = first.setdefault(reach.start, reach.id)
        if other != reach.id:
            found.append((i, "fork", {"node": reach.start, "other": other}))
    return found


def below(reaches: Sequence[Reach]) -> list[int]:
    """(n,) index of the reach that each flows into; -1 = none. The first that leaves a node counts."""
    leaving: dict[str, int] = {}
    for i, reach in enumerate(reaches):
        leaving.setdefault(reach.start, i)
    return [leaving.get(reach.end, -1) for reach in reaches]


def _circles(reaches: Sequence[Reach]) -> Joined:
    """One fault a circle, at its first reach."""
    down, state, found = below(reaches), [0] * len(reaches), Joined()
    for begin in range(len(reaches)):
        path: list[int] = []
        i = begin
        while i >= 0 and not state[i]:
            state[i] = begin + 1  # seen on this walk
            path.append(i)
            i = down[i]
        if i >= 0 and state[i] == begin + 1 and path:
            circle = path[path.index(i) :]
            first = min(circle)
            if reaches[first].start != reaches[first].end:  # a reach that ends where it starts is told of already
                found.append((first, "circle", {"reaches": ", ".join(reaches[j].id for j in sorted(circle)[:8])}))
    return found


def _gaps(draft: Draft) -> Joined:
    """Ends that nobody has named, where there are several; the longest system's end needs no name."""
    reaches = draft.reaches
    down = below(reaches)
    ends = [i for i, j in enumerate(down) if j < 0]
    if len(ends) < 2:
        return []
    size = Counter(_end_of(down))
    main = max(ends, key=lambda i: size[i])
    named = _named_ends(draft)
    heads = {reach.start for reach in reaches}
    others = [i for i in ends if i != main and i not in named]
    return [
        (i, "gap", {"node": reaches[i].end, "near": _near(reaches, i, heads) if k < SEARCHED else ""})
        for k, i in enumerate(others)
    ]


def _end_of(down: Sequence[int]) -> list[int]:
    """(n,) the last reach below each; -1 in a circle."""
    end = [-2] * len(down)  # -2 = not walked yet
    for begin in range(len(down)):
        path, i = [], begin
        while end[i] == -2:
            end[i] = -1
            path.append(i)
            if down[i] < 0:
                end[i] = i
                break
            i = down[i]
        for j in path:
            end[j] = end[i]
    return end


def _named_ends(draft: Draft) -> set[int]:
    """Reaches at whose foot somebody says that the network may end."""
    index = {reach.id: i for i, reach in enumerate(draft.reaches)}
    last: dict[str, int] = {}
    rivers = {reach.river for reach in draft.reaches}
    down = below(draft.reaches)
    for i, j in enumerate(down):
        if j < 0:
            last[draft.reaches[i].river] = i
    found = set()
    for place in draft.places:
        if place.kind is not Kind.END:
            continue
        if place.reach in index:
            found.add(index[place.reach])
        elif not place.reach and place.river in rivers and place.river in last:
            found.add(last[place.river])
    return found


def _near(reaches: Sequence[Reach], i: int, heads: set[str]) -> str:
    """The node at which it probably should end: the head whose place on the map is nearest, within some kilometres."""
    if not reaches[i].line:
        return ""
    x, y = reaches[i].line[-1]
    shrink = math.cos(math.radians(y)) if math.isfinite(y) else 1.0
    best, node = 0.05, ""  # degrees, about 5 km
    for reach in reaches:
        if reach.line and reach.start in heads and reach.start != reaches[i].start:
            away = math.hypot((reach.line[0][0] - x) * shrink, reach.line[0][1] - y)
            if away < best:
                best, node = away, reach.start
    return node
