"""Settle a compact for a year: reckon, compare, dispute, correct, sign, close; each party on its own node.

entry = begin(at, compact, "2019")            # opens the dossier at all parties
reckon(at, entry.dossier, figures, ...)       # each party from the data that it has or may have
comparison(state, "sichuan", "chongqing")     # which line, which figure, whose data
sign(at, entry.dossier)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import pyarrow as pa

from shangyou.core.clock import LEGAL
from shangyou.core.errors import ConflictError, NotFoundError, RefusedError
from shangyou.core.ports import Selection
from shangyou.exchange.dossier.entry import Entry
from shangyou.exchange.question import Question
from shangyou.exchange.summaries.summary import KEYS, finished, merged
from shangyou.flows import saying
from shangyou.flows.answer import Own
from shangyou.flows.assess import offset_ms
from shangyou.flows.ground import labels, survey
from shangyou.flows.query import Found, Line
from shangyou.flows.saying import Together
from shangyou.governance.compensation.compact import Compact
from shangyou.governance.compensation.compare import Comparison, compare
from shangyou.governance.compensation.compute import Given, compute
from shangyou.governance.compensation.digests import SHORT, digest
from shangyou.governance.compensation.figures import Exemption, Figure, Place, wanted, written
from shangyou.governance.compensation.fold import (
    CLOSE,
    COMPUTE,
    CORRECT,
    DISPUTE,
    SIGN,
    SUBJECT,
    State,
    fold,
)
from shangyou.governance.compensation.statement import Statement
from shangyou.governance.means import PH
from shangyou.governance.periods import parse_period
from shangyou.governance.samples import select_series

PURPOSE: Final = "compensation"


@dataclass(frozen=True, slots=True, eq=False)
class Means:
    """What a party reckons with besides its figures."""

    declared: Mapping[str, bool]
    exempt: Sequence[Exemption] = ()
    version: str = ""  # of the programme


@dataclass(frozen=True, slots=True, eq=False)
class Gathered:
    """The figures that a party has for a statement."""

    figures: tuple[Figure, ...]
    lines: tuple[Line, ...] = ()  # what became of the question at each node; () = only this node was asked
    simulated: bool = False


# ---- figures ------------------------------------------------------------------------------------------------------


def gather(compact: Compact, year: str, ask: Callable[[Question], Found]) -> Gathered:
    """Figures from all nodes, as the agreements in force let them out; a node that is away costs its own data only."""
    found: list[tuple[str, pa.Table]] = []
    worst: dict[str, Line] = {}
    simulated = False
    for question in questions(compact, year):
        reply = ask(question)
        simulated = simulated or reply.simulated
        found += reply.tables.items()
        for line in reply.lines:
            if line.node not in worst or line.code:
                worst[line.node] = line
    return Gathered(figures_of(compact, year, found), tuple(worst.values()), simulated)


def gather_held(compact: Compact, year: str, own: Own) -> Gathered:
    """Figures from what this node holds, with the copies that contracts have brought here."""
    ground = survey(own.store, own.registry)
    found = []
    for question in questions(compact, year):
        chosen = ground.chosen(question, {})
        label = labels(ground, chosen, question)
        # copies may be of sections that the registry here does not know; they stand under the ids that owners gave
        held = {key.site for key in ground.series}
        label |= {id: id for id in question.sections if id not in chosen and id in held}
        if label:
            selection = Selection(
                tuple(label), question.parameters, start=question.start, stop=question.stop, usable=question.usable
            )
            sums = own.store.summaries(selection, label, question.period, question.offset, (PH,))
            found.append((own.me, sums))
    return Gathered(figures_of(compact, year, found), (), own.simulated)


def questions(compact: Compact, year: str) -> list[Question]:
    """Means of months that a statement needs, one question for each run of years."""
    places = wanted(compact, year)
    years = sorted({int(place.month[:4]) for place in places})
    cuts = [0, *(at + 1 for at, (a, b) in enumerate(pairwise(years)) if b > a + 1), len(years)]
    runs = [years[a:b] for a, b in pairwise(cuts) if b > a]
    return [_question(places, run[0], run[-1]) for run in runs]


def figures_needed(compact: Compact, year: str) -> dict[str, tuple[int, int]]:
    """First and last year of the figures that a statement needs, by section."""
    found: dict[str, tuple[int, int]] = {}
    for place in wanted(compact, year):
        at = int(place.month[:4])
        first, last = found.get(place.section, (at, at))
        found[place.section] = (min(first, at), max(last, at))
    return dict(sorted(found.items()))


def _question(places: Iterable[Place], first: int, last: int) -> Question:
    inside = [place for place in places if first <= int(place.month[:4]) <= last]
    return Question(
        sections=tuple(sorted({place.section for place in inside})),
        parameters=tuple(sorted({place.indicator for place in inside})),
        start=parse_period(str(first), LEGAL).start,
        stop=parse_period(str(last), LEGAL).stop,
        purpose=PURPOSE,
        period="month",
        offset=offset_ms(LEGAL),
    )


def figures_of(compact: Compact, year: str, tables: Sequence[tuple[str, pa.Table]]) -> tuple[Figure, ...]:
    """Figures from summaries of several nodes; sums are added up exactly, so every party finds the same.

    Of several cadences of an indicator the one that assessments take counts (governance.samples).
    """
    whole = merged([table for _, table in tables])
    sources: dict[tuple[object, ...], set[str]] = {}
    for node, table in tables:
        for key in zip(*(table[name].to_pylist() for name in KEYS), strict=True):
            sources.setdefault(key, set()).add(node)
    sections, items = sorted({s.id for s in compact.sections}), tuple(sorted(_indicators(compact)))
    place_of = {section: number for number, section in enumerate(sections)}
    rows = select_series(whole.rename_columns({"label": "site"}), place_of, items).row.tolist()
    means = finished(whole, (PH,), ())["mean"].to_pylist()
    columns = {name: whole[name].to_pylist() for name in whole.column_names if name not in ("bucket", "tally")}
    asked, found = wanted(compact, year), []
    for row in rows:
        told = {name: column[row] for name, column in columns.items()}
        month = told["period"].astimezone(LEGAL).strftime("%Y-%m")
        place = Place(told["label"], told["parameter"], month)
        if place not in asked:
            continue
        behind = [
            *place,
            *(str(told[n]) for n in ("cadence", "statistic", "count", "censored", "total", "minimum", "maximum")),
        ]
        nodes = tuple(sorted(sources[tuple(told[name] for name in KEYS)]))
        found.append(Figure(place, written(means[row]), told["count"], digest(behind)[:SHORT], nodes))
    return tuple(sorted(found, key=lambda figure: figure.place))


def _indicators(compact: Compact) -> set[str]:
    return {*compact.indicators, *(item for index in compact.indices for item, _ in index.weights)}


# ---- acts ---------------------------------------------------------------------------------------------------------


def begin(together: Together, compact: Compact, year: str, by: str) -> str:
    """Open the dossier of a statement at all parties; its id.

    Raises RefusedError "statement.author" if this node stands for none of them; InputError "compensation.period";
    ConflictError "statement.opened" if there is one of the same compact and year that is not closed.
    """
    if together.me not in compact.members:
        raise RefusedError("statement.author", member=together.me, members=", ".join(compact.members))
    compute(compact, year, Given((), {}))
    for heading in together.dossiers.headings(SUBJECT):
        state = fold(together.dossiers.entries(heading.id))
        same = state.compact is not None and (state.compact.digest, state.period) == (compact.digest, year)
        if same and state.phase != "closed":
            raise ConflictError("statement.opened", id=heading.id, compact=compact.id, period=year)
    return saying.begin(together, SUBJECT, compact.members, {"compact": compact.document, "period": year}, fold, by)


def reckoned(compact: Compact, year: str, gathered: Gathered, means: Means) -> Statement:
    """What a compact comes to by these figures; raises as governance.compensation.compute."""
    given = Given(gathered.figures, means.declared, means.exempt, means.version, gathered.simulated)
    return compute(compact, year, given)


def reckon(together: Together, dossier: str, gathered: Gathered, means: Means, by: str, why: str = "") -> Entry:
    """State what this party reckons; in place of what it stated before if it gives a reason.

    Raises InputError "entry.field" without a reason, ConflictError with the code of the fold if that may not be now; as
    `reckoned`; NotFoundError "dossier.unknown", "statement.opening".
    """
    state, compact = look(together, dossier)
    made = reckoned(compact, state.period, gathered, means)
    body: dict[str, object] = {"statement": made.document}
    if together.me in state.stated:
        return _say(together, dossier, CORRECT, body | {"why": why}, by)
    return _say(together, dossier, COMPUTE, body, by)


def dispute(together: Together, dossier: str, against: str, line: str, why: str, by: str) -> Entry:
    """Say that a line of another party's reckoning is not accepted, and why. Raises as `reckon`."""
    look(together, dossier)
    return _say(together, dossier, DISPUTE, {"against": against, "line": line, "why": why}, by)


def sign(together: Together, dossier: str, by: str, why: str = "") -> Entry:
    """Stand to what this party stated. Raises as `reckon`.

    While others state other results, ConflictError "statement.differs" without a reason; with one the signature names
    each of these results.
    """
    state, _ = look(together, dossier)
    own = state.stated.get(together.me)
    body: dict[str, object] = {"result": own.statement.result if own else ""}
    differs = state.differing(together.me)
    if differs and why:
        body |= {"differs": differs, "why": why}
    return _say(together, dossier, SIGN, body, by)


def close(together: Together, dossier: str, note: str, by: str) -> Entry:
    """Say that the money of a settled statement has been paid. Raises as `reckon`."""
    look(together, dossier)
    return _say(together, dossier, CLOSE, {"note": note}, by)


def look(together: Together, dossier: str) -> tuple[State, Compact]:
    """What a dossier says now. NotFoundError "dossier.unknown", "statement.opening" if it is about something else."""
    state = fold(together.dossiers.entries(dossier))
    if state.compact is None:
        raise NotFoundError("statement.opening", id=dossier)
    return state, state.compact


def comparison(state: State, ours: str, theirs: str) -> Comparison:
    """Two parties' reckonings side by side. NotFoundError "statement.first" if one has not stated any."""
    for member in (ours, theirs):
        if member not in state.stated or state.compact is None:
            raise NotFoundError("statement.first", member=member)
    assert state.compact is not None
    return compare(state.compact, state.stated[ours].statement, state.stated[theirs].statement)


def _say(together: Together, dossier: str, kind: str, body: Mapping[str, object], by: str) -> Entry:
    return saying.say(together, dossier, kind, body, lambda entries: fold(entries).void, by)
