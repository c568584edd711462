"""What the page of an incident shows, made from the room: clocks, the way down the river, curves, the timeline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from shangyou.faces.documents.telling import fact_name, fact_value, label, result_text, told
from shangyou.faces.portal.hall import Hall
from shangyou.flows.incident import Seen
from shangyou.governance.incident.clocks import Clock
from shangyou.governance.incident.grading import Criterion
from shangyou.governance.incident.room import Measure, Point, Sample

NEWEST: Final = 60  # lines of the timeline on the page; the report has all
WIDTH, HEIGHT = 600.0, 120.0  # of a drawn curve
STATES: Final = {  # of a clock: shape, how it is coloured
    "running": ("◔", "warn"),
    "late": ("✕", "bad"),
    "done": ("✓", "good"),
    "done_late": ("✓", "warn"),
    "waiting": ("·", ""),
}


@dataclass(frozen=True, slots=True)
class Face:
    """A statutory clock as a line of a table."""

    clock: Clock
    to: str
    mark: str
    chip: str
    state: str
    runs: bool  # does it count?


@dataclass(frozen=True, slots=True)
class Place:
    """Something on the way down the river."""

    kind: str  # spill, point, measure
    name: str
    km: str
    member: str
    latest: str
    at: int | None
    chip: str


@dataclass(frozen=True, slots=True)
class Curve:
    """Results of one parameter at one point as a line to draw."""

    name: str
    path: str
    dots: tuple[tuple[float, float, bool], ...]  # x, y, below the detection limit
    number: int  # of its colour


@dataclass(frozen=True, slots=True)
class Chart:
    """All points' results of one parameter."""

    name: str
    unit: str
    top: str
    first: int
    last: int
    curves: tuple[Curve, ...]
    limit: float | None  # y of the limit
    limit_text: str


@dataclass(frozen=True, slots=True)
class Told:
    """A line of the timeline."""

    at: int
    by: str
    text: str
    known: str


def title(at: Hall, seen: Seen) -> str:
    """What has to be done first."""
    t, name = at.visit.t, at.words.of(seen.room.opening, "title")
    if seen.room.closed is not None:
        return t("incidents.title_closed", name=name)
    if seen.late:
        return t.count("incidents.title_late", len(seen.late), name=name, grade=seen.grade)
    running = [c for c in seen.clocks if c.state == "running" and c.due is not None]
    if running:
        return t.count("incidents.title_running", len(running), name=name, grade=seen.grade)
    undone = sum(claim.value.state in ("open", "doing") for claim in seen.room.tasks.values())
    return t.count("incidents.title_tasks", undone, name=name, grade=seen.grade)


def faces(at: Hall, seen: Seen) -> list[Face]:
    """The clocks, those that press first."""
    known = {each["id"]: each for each in seen.rules.reporting.body["duties"]}
    made, closed = [], seen.room.closed
    for clock in seen.clocks:
        to = known[clock.duty][f"to_{at.visit.t.language}"] + (f" · {at.name(clock.to)}" if clock.to else "")
        mark, chip = STATES[clock.state]
        state = at.words(f"clock.{clock.state}")
        if closed is not None and clock.done is None:  # nothing runs on in a room that is closed
            was_late = clock.due is not None and clock.due < closed
            mark, chip = STATES["late" if was_late else "waiting"]
            state = at.words("clock.late") if was_late else at.visit.t("incidents.not_owed")
        made.append(Face(clock, to, mark, chip, state, runs=closed is None and clock.done is None))
    order = {"late": 0, "running": 1, "waiting": 2, "done_late": 3, "done": 4}
    return sorted(made, key=lambda face: (order[face.clock.state], face.clock.due or 2**60))


def grade_name(at: Hall, seen: Seen, grade: str) -> str:
    """A grade with its word."""
    row = next(each for each in seen.rules.plan.body["grades"] if each["grade"] == grade)
    return f"{grade} · {row[at.visit.t.language]}"


def reasons(at: Hall, seen: Seen) -> list[tuple[str, Criterion, str]]:
    """By what the facts decide, as sentences; and of which members a node worked it out, where no person said it."""
    plan = seen.rules.plan
    return [
        (
            f"{fact_name(c.fact, plan, at.words)}: {fact_value(c.fact, c.value, plan, at.words)}",
            c,
            at.names(seen.room.derived.get(c.fact, ())),
        )
        for c in seen.proposal.decided_by
        if c.fact and c.value is not None
    ]


def facts(at: Hall, seen: Seen) -> list[dict[str, Any]]:
    """Each fact of the plan: its name, what is known, and what a form needs to change it."""
    plan, held = seen.rules.plan, seen.room.facts
    made = []
    for key, known in plan.body["facts"].items():
        claim = held.get(key)
        words = known.get("words", {})
        made.append(
            {
                "key": key,
                "name": fact_name(key, plan, at.words),
                "value": claim.value if claim else "",
                "text": fact_value(key, claim.value, plan, at.words) if claim else "",
                "by": at.name(claim.by) if claim else "",
                "at": claim.at if claim else None,
                "choices": [(word, text[at.visit.t.language]) for word, text in words.items()],
                "members": at.names(seen.room.derived.get(key, ())),  # of whom the network and the roll make it
                "conflict": any(each.matter == f"fact:{key}" for each in seen.room.conflicts),
            }
        )
    return made


def course(at: Hall, seen: Seen) -> list[Place]:
    """The place of the incident, then points and measures down the river; those without a distance at the end."""
    opening, t = seen.room.opening, at.words
    latest: dict[str, Sample] = {each.point: each for each in seen.room.samples}
    found: list[tuple[float, Place]] = []
    where = t.of(opening, "place") or at.river(opening.river) or "—"
    found.append((0.0, Place("spill", where, "", at.names(opening.in_charge), "", opening.occurred, "bad")))
    for claim in seen.room.points.values():
        point: Point = claim.value
        if point.removed:
            continue
        sample = latest.get(point.id)
        text = "; ".join(result_text(r, t) for r in sample.results) if sample else ""
        above = sample is not None and any(r.exceeds for r in sample.results)
        chip = "" if sample is None else "bad" if above else "good"
        km = "" if point.distance is None else f"{point.distance / 1000:g} km"
        place = Place(
            "point", t.of(point, "name"), km, at.name(point.member), text, sample.taken if sample else None, chip
        )
        found.append((point.distance if point.distance is not None else float("inf"), place))
    for held in seen.room.measures.values():
        measure: Measure = held.value
        text = f"{t('measure.' + measure.kind)} · {t('stage.' + measure.stage)}"
        place = Place("measure", t.of(measure, "name"), "", at.name(measure.member), text, measure.start, "")
        found.append((float("inf"), place))
    return [place for _, place in sorted(found, key=lambda each: each[0])]


def charts(at: Hall, seen: Seen) -> list[Chart]:
    """Curves of each parameter that was measured at least twice."""
    by: dict[tuple[str, str], dict[str, list[tuple[int, float, bool]]]] = {}
    limits: dict[tuple[str, str], float] = {}
    for sample in seen.room.samples:
        for r in sample.results:
            key = r.parameter, r.unit
            by.setdefault(key, {}).setdefault(sample.point, []).append((sample.taken, r.value, r.below))
            if r.limit is not None:
                limits[key] = r.limit
    made = []
    for key, points in by.items():
        times = [time for values in points.values() for time, _, _ in values]
        if len(set(times)) < 2:
            continue
        made.append(_chart(at, seen, key, points, limits.get(key), min(times), max(times)))
    return made


def _chart(
    at: Hall,
    seen: Seen,
    key: tuple[str, str],
    points: Mapping[str, list[tuple[int, float, bool]]],
    limit: float | None,
    first: int,
    last: int,
) -> Chart:
    top = 1.1 * max([value for values in points.values() for _, value, _ in values] + [limit or 0.0]) or 1.0

    def place(time: int, value: float) -> tuple[float, float]:
        return round(WIDTH * (time - first) / (last - first), 1), round(HEIGHT * (1 - value / top), 1)

    curves = []
    for number, (point, values) in enumerate(points.items()):
        dots = [(*place(time, value), below) for time, value, below in values]
        path = " ".join(f"{'M' if n == 0 else 'L'}{x:g} {y:g}" for n, (x, y, _) in enumerate(dots))
        name = at.words.of(seen.room.points[point].value, "name")
        curves.append(Curve(name, path, tuple(dots), number % 4 + 1))
    y = None if limit is None else place(first, limit)[1]
    text = "" if limit is None else f"{limit:g}"
    return Chart(label(key[0], at.words), key[1], f"{top:.3g}", first, last, tuple(curves), y, text)


def timeline(at: Hall, seen: Seen) -> list[Told]:
    """What was said, the newest first, and which other members hold it for certain."""
    known: dict[str, set[str]] = {}
    for each in seen.heard():
        known.setdefault(each.entry, set()).add(each.member)
    for reception in seen.receptions:
        if reception.received is not None:
            known.setdefault(reception.entry, set()).add(reception.member)
    made = []
    for line in reversed(seen.room.lines[-NEWEST:]):
        text = told(line, seen.room, seen.rules.plan, at.name, at.words)
        made.append(Told(line.at, at.name(line.by), text, at.names(sorted(known.get(line.entry, ())))))
    return made


def conflicts(at: Hall, seen: Seen) -> list[tuple[str, list[tuple[str, str, bool]]]]:
    """What stands side by side: of each matter who says what, and whether it holds."""
    said = {line.entry: line for line in seen.room.lines}
    made = []
    for each in seen.room.conflicts:
        sides = [
            (at.name(said[id].by), told(said[id], seen.room, seen.rules.plan, at.name, at.words), id == each.held)
            for id in each.entries
        ]
        made.append((each.matter.partition(":")[0], sides))
    return made
