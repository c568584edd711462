"""Two statements side by side: which line differs, and by what: which figure, of which month, from whose data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from shangyou.governance.compensation.compact import Compact, Deduct
from shangyou.governance.compensation.figures import Figure, Place
from shangyou.governance.compensation.statement import Key, Line, Statement

CAUSES: Final = (
    *("terms", "missing", "count", "mean", "digest"),  # what it was reckoned from
    *("declared", "exemption", "follows", "editions", "version", "reckoning"),
)


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing in which two statements differ."""

    kind: str  # of CAUSES
    place: Place | None  # of a figure
    what: str  # fact, section and month of an exemption, rule that a line follows
    ours: str  # "" = it is not there
    theirs: str
    whose: tuple[str, ...] = ()  # members whose data the figure is made of, on either side


@dataclass(frozen=True, slots=True)
class Difference:
    """A line on which two parties do not agree."""

    key: Key
    ours: Line | None
    theirs: Line | None
    causes: tuple[Cause, ...]  # never empty


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two statements come to, held against each other."""

    equal: bool  # to the cent, in every line
    lines: tuple[Difference, ...]
    figures: tuple[Cause, ...]  # figures that differ, whether they move money or not


def compare(compact: Compact, ours: Statement, theirs: Statement) -> Comparison:
    """Every line that differs has its causes named; if `equal`, figures may differ all the same."""
    mine, yours = ({line.key: line for line in each.lines} for each in (ours, theirs))
    keys = [key for key in sorted(mine.keys() | yours.keys()) if not _same(mine.get(key), yours.get(key))]
    figures = tuple(_figures(ours, theirs))
    by_place: dict[Place, list[Cause]] = {}
    for cause in figures:
        if cause.place is not None:
            by_place.setdefault(cause.place, []).append(cause)
    found = tuple(
        Difference(key, mine.get(key), yours.get(key), tuple(_causes(compact, ours, theirs, key, by_place, keys)))
        for key in keys
    )
    return Comparison(ours.result == theirs.result, found, figures)


def _same(one: Line | None, other: Line | None) -> bool:
    return one is not None and other is not None and (one.outcome, one.postings) == (other.outcome, other.postings)


def _figures(ours: Statement, theirs: Statement) -> Iterator[Cause]:
    mine, yours = ({figure.place: figure for figure in each.figures} for each in (ours, theirs))
    for place in sorted(mine.keys() | yours.keys()):
        one, other = mine.get(place), yours.get(place)
        whose = tuple(sorted({*(one.sources if one else ()), *(other.sources if other else ())}))
        for kind, a, b in _aspects(one, other):
            if a != b:
                yield Cause(kind, place, "", a, b, whose)
                break  # the first is the reason of those behind it


def _aspects(one: Figure | None, other: Figure | None) -> list[tuple[str, str, str]]:
    if one is None or other is None:
        return [("missing", one.mean if one else "", other.mean if other else "")]
    return [
        ("count", str(one.count), str(other.count)),
        ("mean", one.mean, other.mean),
        ("digest", one.digest, other.digest),
    ]


def _causes(
    compact: Compact,
    ours: Statement,
    theirs: Statement,
    key: Key,
    figures: Mapping[Place, list[Cause]],
    differing: list[Key],
) -> Iterator[Cause]:
    """Why a line differs: by what it is made of, and only where nothing of that does by how it was reckoned."""
    if ours.terms != theirs.terms or ours.period != theirs.period:
        yield Cause(
            "terms", None, compact.id, f"{ours.period} {ours.terms[:16]}", f"{theirs.period} {theirs.terms[:16]}"
        )
        return
    lines = [line for each in (ours, theirs) for line in each.lines if line.key == key]
    found = [cause for place in sorted({p for line in lines for p in line.used}) for cause in figures.get(place, ())]
    found += _declared(ours, theirs, lines)
    found += _exemptions(ours, theirs, key, lines)
    found += _follows(compact, key, differing)
    if not found:
        for kind in ("editions", "version"):
            a, b = getattr(ours, kind), getattr(theirs, kind)
            if a != b:
                found.append(Cause(kind, None, "", _text(a), _text(b)))
    yield from found or [Cause("reckoning", None, "", ours.version, theirs.version)]


def _text(value: str | tuple[str, ...]) -> str:
    return value if isinstance(value, str) else ", ".join(value)


def _declared(ours: Statement, theirs: Statement, lines: list[Line]) -> Iterator[Cause]:
    facts = {finding.what for line in lines for finding in line.findings if finding.kind == "declared"}
    mine, yours = dict(ours.declared), dict(theirs.declared)
    for fact in sorted(facts):
        a, b = (str(each[fact]).lower() if fact in each else "" for each in (mine, yours))
        if a != b:
            yield Cause("declared", None, fact, a, b)


def _exemptions(ours: Statement, theirs: Statement, key: Key, lines: list[Line]) -> Iterator[Cause]:
    """Months that only one side exempts, of the sections that a line is about."""
    sections = {key.section, *(finding.section for line in lines for finding in line.findings)}
    mine, yours = ({(each.section, each.month): each.why for each in one.exemptions} for one in (ours, theirs))
    for section, month in sorted(mine.keys() ^ yours.keys()):
        if section in sections and month.startswith(key.period):
            at = (section, month)
            yield Cause("exemption", None, f"{section} {month}", mine.get(at, ""), yours.get(at, ""))


def _follows(compact: Compact, key: Key, differing: list[Key]) -> Iterator[Cause]:
    """Rules whose money a line takes a part of, where they differ themselves."""
    rule = next((rule for rule in compact.rules if rule.id == key.rule), None)
    behind = {case.move.rule for case in rule.cases if isinstance(case.move, Deduct)} if rule else set()
    for other in sorted(behind & {each.rule for each in differing if each.period == key.period}):
        yield Cause("follows", None, other, "", "")
