"""What the entries of an incident's dossier amount to.

The same entries give the same room, in whatever order they came. An entry that may not be stays, without effect, among
the void ones with a code. Where two members said different things without knowing of each other:

    grade       the graver one holds until somebody who has read both decides
    facts       the graver value holds
    tasks       the least done holds: nobody believes a task done while a partner says it is not
    points, measures, the release   the later in the shared order holds
    closing     counts only if it follows every reopening

and all of them are told in `Room.conflicts`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from shangyou.core.errors import InputError
from shangyou.governance.fields import (
    WORDS,
    Void,
    choice,
    flag,
    maybe_moment,
    maybe_number,
    moment,
    part,
    text,
    texts,
    void,
    whole,
)
from shangyou.governance.incident.grading import GRADES, GRAVE, Value, fact, gravity, propose, weight
from shangyou.governance.incident.read import opened, outlook, release, result
from shangyou.governance.incident.room import (
    MEASURES,
    REPORTS,
    STAGES,
    STATES,
    Closing,
    Conflict,
    Decision,
    Grading,
    Line,
    Measure,
    Point,
    Report,
    Room,
    Sample,
    Task,
)
from shangyou.governance.past import Claim, Past, Standing
from shangyou.governance.said import Said
from shangyou.standards.library import Edition

INVITE: Final = "dossier.invite"
LEAST_DONE: Final = {state: rank for rank, state in enumerate(("done", "cannot", "doing", "open"))}
NETWORK: Final = "network"  # source of a fact that a node works out of the river network and the members
MOST_RESULTS: Final = 100  # in one sample


def room(entries: Sequence[Said], plan: Edition, guidance: Edition) -> Room:
    """The room that entries make, in their shared order, the opening first.

    Args:
        entries: of one dossier; not empty.
        plan: edition of incident_grading: which facts there are.
        guidance: edition of incident_tasks: the tasks that every room begins with.

    Raises InputError if the first entry opens no incident; nothing else is raised.
    """
    made = _Making(entries, plan, guidance)
    for entry in entries[1:]:
        made.take(entry)
    return made.room()


class _Making:
    """A room while it is being made."""

    def __init__(self, entries: Sequence[Said], plan: Edition, guidance: Edition) -> None:
        first = entries[0]
        self.opening = opened(first)
        self.id, self.plan, self.past = first.id, plan, Past(entries)
        self.members = set(texts(first.body, "members")) | {first.author}
        self.eight = {each["id"]: each for each in guidance.body["tasks"]}
        self.parties = set(self.opening.in_charge) | set(self.opening.affected)  # who must agree to close
        self.release: dict[str, Standing[Any]] = {}  # fields of the opening that were learned since
        self.facts: dict[str, Standing[Value]] = {}
        self.derived: dict[str, tuple[str, ...]] = {}  # by entry: the members that it names
        self.grade: Standing[Grading] = Standing()
        self.running = ""  # the grade by which the clocks run; "" while nothing is known that makes one
        self.raised: int | None = None
        self.tasks: dict[str, Standing[Task]] = {id: Standing() for id in self.eight}
        self.points: dict[str, Standing[Point]] = {}
        self.measures: dict[str, Standing[Measure]] = {}
        self.reports: list[Report] = []
        self.samples: list[Sample] = []
        self.decisions: list[Decision] = []
        self.closings: dict[str, Closing] = {}
        self.reopened: list[str] = []
        self.ends: list[frozenset[str]] = []  # each time all had closed: the entries that did it
        self.lines = [Line(first.id, first.kind, first.author, first.at, first.body)]
        self.void: list[Void] = []

    def take(self, entry: Said) -> None:
        """One entry more."""
        try:
            if entry.author not in self.members:
                raise InputError("incident.stranger", member=entry.author)
            handler = HANDLERS.get(entry.kind)
            if handler is None:
                raise InputError("incident.kind", kind=entry.kind[:80])
            if entry.kind not in AFTER_CLOSING and self._knew_the_end(entry):
                raise InputError("incident.closed")
            handler(self, entry)
        except InputError as error:
            self.void.append(void(entry, error))
        else:
            self.lines.append(Line(entry.id, entry.kind, entry.author, entry.at, entry.body))

    def _knew_the_end(self, entry: Said) -> bool:
        """Did its author know that all had closed the room, and of no reopening since?"""
        for end in reversed(self.ends):
            if all(self.past.follows(entry.id, each) for each in end):
                later = (again for again in self.reopened if not any(self.past.follows(each, again) for each in end))
                return not any(self.past.follows(entry.id, again) for again in later)
        return False

    # ---- what may be said ---------------------------------------------------------------------------------------

    def invited(self, entry: Said) -> None:
        """More members."""
        self.members |= set(texts(entry.body, "members", need=True))

    def told(self, entry: Said) -> None:
        """Facts; one that is wrong makes the whole entry void, so that nothing is half believed."""
        given = part(entry.body, "facts")
        if not given:
            raise InputError("entry.field", field="facts")
        read = {key: fact(given, key, self.plan) for key in given}
        if choice(entry.body, "source", ("", NETWORK), ""):
            self.derived[entry.id] = texts(entry.body, "members", need=True)
        for key, value in read.items():
            self.facts.setdefault(key, Standing()).say(entry, value, self.past)
        self._regraded(entry)

    def graded(self, entry: Said) -> None:
        """A person confirmed a grade, or chose another with a reason."""
        grade, proposed = choice(entry.body, "grade", GRADES), choice(entry.body, "proposed", GRADES)
        why = text(entry.body, "why", WORDS, need=grade != proposed)
        self.grade.say(entry, Grading(grade, why, proposed, text(entry.body, "role")), self.past)
        self._regraded(entry)

    def _regraded(self, entry: Said) -> None:
        """The grade by which the clocks run after an entry: the confirmed one, else the one that the facts make."""
        held = self.grade.held(_grade_weight)
        facts = {key: self._held(each, self._fact_weight(key)).value for key, each in self.facts.items()}
        before, self.running = self.running, held.value.grade if held else propose(facts, self.plan).grade
        if before and before not in GRAVE and self.running in GRAVE:
            self.raised = entry.at

    def placed(self, entry: Said) -> None:
        """What was learned of the release since: where on the network, what, how much, when."""
        for name, value in release(entry.body, self.opening.noticed).items():
            self.release.setdefault(name, Standing()).say(entry, value, self.past)

    def reported(self, entry: Said) -> None:
        """A report went out. What was sent before it was noticed, or after it was entered, was not."""
        body, sent = entry.body, moment(entry.body, "sent")
        if entry.author not in self.opening.in_charge:
            raise InputError("incident.not_in_charge", member=entry.author)
        if not self.opening.noticed <= sent <= entry.at:
            raise InputError("incident.sent", sent=sent, at=entry.at)
        kind, duties, to = choice(body, "type", REPORTS), texts(body, "duties"), texts(body, "to")
        document, note = text(body, "document"), text(body, "note", WORDS)
        self.reports.append(Report(kind, duties, to, sent, document, note, entry.author, entry.at, entry.id))

    def tasked(self, entry: Said) -> None:
        """A task is given, taken up, done."""
        body, id = entry.body, text(entry.body, "task", need=True)
        owner, known = text(body, "owner"), self.eight.get(id)
        if owner and owner not in self.members:
            raise InputError("incident.stranger", member=owner)
        first = self.tasks[id].held(_undone).value if id in self.tasks and self.tasks[id].claims else None  # type: ignore[union-attr]
        named_zh = known["zh"] if known else text(body, "title_zh") or (first.title_zh if first else "")
        if not named_zh:
            raise InputError("entry.field", field="title_zh")
        named_en = known["en"] if known else text(body, "title_en") or (first.title_en if first else "") or named_zh
        state, note = choice(body, "state", STATES, "open"), text(body, "note", WORDS)
        task = Task(id, named_zh, named_en, owner, maybe_moment(body, "due"), state, note)
        self.tasks.setdefault(id, Standing()).say(entry, task, self.past)

    def planned(self, entry: Said) -> None:
        """A point of the joint monitoring plan."""
        body, id = entry.body, text(entry.body, "point", need=True)
        member = text(body, "member", need=True)
        if member not in self.members:
            raise InputError("incident.stranger", member=member)
        name_zh = text(body, "name_zh", need=True)
        point = Point(
            id,
            name_zh,
            text(body, "name_en") or name_zh,
            text(body, "section"),
            maybe_number(body, "distance", -1e8, 1e8),
            texts(body, "parameters", need=True),
            whole(body, "every", 1, 100_000),
            member,
            flag(body, "removed"),
        )
        self.points.setdefault(id, Standing()).say(entry, point, self.past)

    def sampled(self, entry: Said) -> None:
        """Results of a sample."""
        body, point, taken = entry.body, text(entry.body, "point", need=True), moment(entry.body, "taken")
        if point not in self.points:
            raise InputError("incident.unknown", what=point)
        if taken > entry.at:
            raise InputError("incident.sent", sent=taken, at=entry.at)
        given = body.get("results")
        if not isinstance(given, list | tuple) or not 0 < len(given) <= MOST_RESULTS:
            raise InputError("entry.field", field="results")
        results = tuple(result(each) for each in given)
        self.samples.append(Sample(point, taken, results, text(body, "laboratory"), entry.author, entry.at, entry.id))

    def measured(self, entry: Said) -> None:
        """Something is proposed, ordered or done at a control point."""
        body, id = entry.body, text(entry.body, "measure", need=True)
        kind, member = choice(body, "kind", MEASURES), text(body, "member", need=True)
        if member not in self.members:
            raise InputError("incident.stranger", member=member)
        share, flow = maybe_number(body, "share", 0.0, 1.0), maybe_number(body, "flow", 0.0, 1e6)
        if (flow if kind == "dilute" else share) is None:
            raise InputError("entry.field", field="flow" if kind == "dilute" else "share")
        start, until = maybe_moment(body, "start"), maybe_moment(body, "until")
        if start is not None and until is not None and until <= start:
            raise InputError("entry.field", field="until")
        name_zh = text(body, "name_zh", need=True)
        measure = Measure(
            id,
            kind,
            text(body, "point"),
            name_zh,
            text(body, "name_en") or name_zh,
            member,
            start,
            until,
            share,
            flow,
            choice(body, "stage", STAGES, "proposed"),
            outlook(body),
            text(body, "note", WORDS),
        )
        self.measures.setdefault(id, Standing()).say(entry, measure, self.past)

    def decided(self, entry: Said) -> None:
        """A decision, with its reason; a note needs none."""
        words = text(entry.body, "text", WORDS, need=True)
        why = text(entry.body, "why", WORDS, need=entry.kind == "incident.decision")
        made = Decision(words, why, text(entry.body, "role"), entry.author, entry.at, entry.id)
        if entry.kind == "incident.decision":
            self.decisions.append(made)

    def closed(self, entry: Said) -> None:
        """One member's end of it."""
        if entry.author not in self.parties:
            raise InputError("incident.not_party", member=entry.author)
        if not all(self.past.follows(entry.id, again) for again in self.reopened):
            raise InputError("incident.reopened")
        body, summary = entry.body, text(entry.body, "summary_zh", WORDS, need=True)
        self.closings[entry.author] = Closing(
            summary,
            text(body, "summary_en", WORDS) or summary,
            text(body, "cause", WORDS),
            text(body, "lessons", WORDS),
            entry.author,
            entry.at,
            entry.id,
        )
        if set(self.closings) == self.parties:
            self.ends.append(frozenset(each.entry for each in self.closings.values()))

    def again(self, entry: Said) -> None:
        """It is not over after all; a closing that this one had not read falls too."""
        if entry.author not in self.parties:
            raise InputError("incident.not_party", member=entry.author)
        text(entry.body, "why", WORDS, need=True)
        self.reopened.append(entry.id)
        self.closings = {}

    # ---- the end ------------------------------------------------------------------------------------------------

    def room(self) -> Room:
        """All of it."""
        whole_end = set(self.closings) == self.parties
        return Room(
            id=self.id,
            members=tuple(sorted(self.members)),
            opening=replace(self.opening, **{name: self._held(each).value for name, each in self.release.items()}),
            facts={key: self._held(each, self._fact_weight(key)) for key, each in sorted(self.facts.items())},
            derived=self._derived(),
            grade=self.grade.held(_grade_weight),
            grades=tuple(self.grade.all),
            raised=self.raised,
            reports=tuple(self.reports),
            tasks={id: self._task(id, each) for id, each in self.tasks.items()},
            points={id: self._held(each) for id, each in self.points.items()},
            samples=tuple(sorted(self.samples, key=lambda each: (each.taken, each.point, each.entry))),
            measures={id: self._held(each) for id, each in self.measures.items()},
            decisions=tuple(self.decisions),
            closings=dict(sorted(self.closings.items())),
            closed=max(each.at for each in self.closings.values()) if whole_end else None,
            waits_for=tuple(sorted(self.parties - set(self.closings))),
            conflicts=tuple(self._conflicts()),
            lines=tuple(self.lines),
            void=tuple(self.void),
        )

    def _derived(self) -> dict[str, tuple[str, ...]]:
        held = {key: self._held(each, self._fact_weight(key)).entry for key, each in sorted(self.facts.items())}
        return {key: self.derived[entry] for key, entry in held.items() if entry in self.derived}

    def _fact_weight(self, key: str) -> Callable[[Value], Any]:
        return lambda value: gravity(value, key, self.plan)

    def _held(self, standing: Standing[Any], by: Callable[[Any], Any] = lambda value: 0) -> Claim[Any]:
        claim = standing.held(by)
        assert claim is not None  # a matter exists only because somebody spoke of it
        return claim

    def _task(self, id: str, standing: Standing[Task]) -> Claim[Task]:
        claim = standing.held(_undone)
        if claim is not None:
            return claim
        known = self.eight[id]
        return Claim(
            Task(id, known["zh"], known["en"], "", None, "open", ""), self.id, self.opening.by, self.opening.at
        )

    def _conflicts(self) -> list[Conflict]:
        matters: list[tuple[str, Standing[Any], Callable[[Any], Any]]] = [("grade", self.grade, _grade_weight)]
        matters += [(f"fact:{key}", each, self._fact_weight(key)) for key, each in sorted(self.facts.items())]
        matters += [(f"release:{name}", each, lambda value: 0) for name, each in sorted(self.release.items())]
        matters += [(f"task:{id}", each, _undone) for id, each in self.tasks.items()]
        matters += [(f"point:{id}", each, lambda value: 0) for id, each in self.points.items()]
        matters += [(f"measure:{id}", each, lambda value: 0) for id, each in self.measures.items()]
        return [
            Conflict(matter, self._held(each, by).entry, tuple(claim.entry for claim in each.claims))
            for matter, each, by in matters
            if len({repr(claim.value) for claim in each.claims}) > 1  # the same said twice is no conflict
        ]


def _grade_weight(value: Grading) -> int:
    return weight(value.grade)


def _undone(value: Task) -> int:
    return LEAST_DONE[value.state]


HANDLERS: Final[Mapping[str, Callable[[_Making, Said], None]]] = {
    INVITE: _Making.invited,
    "incident.facts": _Making.told,
    "incident.place": _Making.placed,
    "incident.grade": _Making.graded,
    "incident.report": _Making.reported,
    "incident.task": _Making.tasked,
    "incident.point": _Making.planned,
    "incident.sample": _Making.sampled,
    "incident.measure": _Making.measured,
    "incident.decision": _Making.decided,
    "incident.note": _Making.decided,
    "incident.close": _Making.closed,
    "incident.reopen": _Making.again,
}
AFTER_CLOSING: Final = frozenset({INVITE, "incident.note", "incident.reopen"})
