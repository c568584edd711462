"""One statement: every line as each party reckons it, how it was computed, where they differ, and who has signed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from shangyou.core.errors import NotFoundError, ShangyouError
from shangyou.faces.api.acts import perform
from shangyou.faces.api.compensation import LINES, lines, stated, statement_id
from shangyou.faces.api.kinds import made
from shangyou.faces.compacts import Wording, money
from shangyou.faces.portal import files
from shangyou.faces.portal.compensation import CHIPS
from shangyou.faces.portal.parties import Parties, desk_of, need_joined
from shangyou.faces.portal.visit import Visit
from shangyou.faces.sentences import Sentence, sentence
from shangyou.flows.settle import look
from shangyou.governance.compensation.compact import Compact
from shangyou.governance.compensation.compare import Cause, Comparison, compare
from shangyou.governance.compensation.figures import Figure, Place
from shangyou.governance.compensation.fold import State
from shangyou.governance.compensation.statement import POT, Finding, Key, Line

COMPUTE: Final = "statements/compute"
DISPUTE: Final = "statements/dispute"
SIGN: Final = "statements/sign"
CLOSE: Final = "statements/close"
ONLY: Final = ("all", "differing", "open")


@dataclass(frozen=True, slots=True)
class Side:
    """A line as one party reckons it."""

    member: str
    line: Line
    money: tuple[tuple[str, str, bool], ...]  # party, amount, does it pay
    findings: tuple[tuple[str, str], ...]  # in words, and a chip
    said: Sentence | None  # why it is open, or was cut
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A line of all parties."""

    key: Key
    sides: tuple[Side | None, ...]  # in order of the parties
    causes: tuple[str, ...]  # why they differ
    disputed: tuple[str, ...]  # reasons

    @property
    def first(self) -> Side | None:
        """The first that there is."""
        return next((side for side in self.sides if side is not None), None)

    @property
    def differs(self) -> bool:
        """Do two parties not agree on it?"""
        return bool(self.causes)

    @property
    def open(self) -> bool:
        """Can somebody not reckon it yet?"""
        return any(side is not None and side.line.outcome == "open" for side in self.sides)


@dataclass(frozen=True, slots=True)
class Corrected:
    """A correction: who, why, which lines it changed, whose signatures fell by it."""

    at: int
    by: str
    why: str
    lines: tuple[Key, ...]
    fallen: str


@dataclass(frozen=True, slots=True)
class View:
    """What the page works with."""

    visit: Visit
    state: State
    compact: Compact
    wording: Wording
    members: tuple[str, ...]
    parties: Parties

    def side(self, member: str, line: Line, figures: Mapping[Place, Figure]) -> Side:
        """A line in words."""
        paid = tuple(
            (self.wording.party(name), money(amount), amount < 0) for name, amount in line.postings if name != POT
        )
        said = sentence(line.code, {}, self.visit.t.language) if line.code else None
        used = tuple(figures[place] for place in line.used if place in figures)
        told = tuple((self.finding(each), _chip(each)) for each in line.findings)
        return Side(member, line, paid, told, said, used)

    def finding(self, found: Finding) -> str:
        """What a test found."""
        t, at = self.visit.t, self.wording.section(found.section)
        if found.gap:
            what = self.wording.fact(found.what) if found.kind == "declared" else at
            return t(f"compensation.gap_{found.gap}", what=what)
        facts = {"at": at, "found": found.found, "wanted": found.wanted, "what": found.what}
        if found.kind == "mean":
            facts["what"] = self.wording.item(found.what)
        elif found.kind == "last_year":
            facts |= {"what": self.wording.say(f"by_{found.what}"), "wanted": t(f"compensation.than_{found.wanted}")}
        elif found.kind == "declared":
            facts |= {"what": self.wording.fact(found.what), "found": t(f"compensation.said_{found.found}")}
        return t(f"compensation.found_{found.kind}", **facts)

    def cause(self, cause: Cause, ours: str, theirs: str) -> str:
        """Why two parties differ."""
        t = self.visit.t
        facts = {"ours": self.parties.name(ours), "theirs": self.parties.name(theirs), "what": cause.what}
        facts |= {"a": cause.ours or t("compensation.nothing"), "b": cause.theirs or t("compensation.nothing")}
        facts["whose"] = self.wording.joined([self.parties.name(name) for name in cause.whose])
        if cause.place is not None:
            facts |= {"at": self.wording.section(cause.place.section), "month": cause.place.month}
            facts["item"] = self.wording.item(cause.place.indicator)
        if cause.kind == "follows":
            facts["what"] = self.wording.rule(cause.what)
        if cause.kind == "declared":
            facts["what"] = self.wording.fact(cause.what)
        return t(f"compensation.cause_{cause.kind}", **facts)

    def rows(self) -> list[Row]:
        """Every line of every party, side by side."""
        stated = {name: self.state.stated[name].statement for name in self.members if name in self.state.stated}
        by_key = {name: {line.key: line for line in each.lines} for name, each in stated.items()}
        figures = {name: {figure.place: figure for figure in each.figures} for name, each in stated.items()}
        why = self.causes()
        return [
            Row(
                key,
                tuple(
                    self.side(name, by_key[name][key], figures[name]) if key in by_key.get(name, {}) else None
                    for name in self.members
                ),
                tuple(why.get(key, ())),
                tuple(each.why for each in self.state.disputes if each.line == key.text),
            )
            for key in sorted({key for lines_of in by_key.values() for key in lines_of})
        ]

    def causes(self) -> dict[Key, dict[str, None]]:
        """Why parties differ, by line: each is held against the first that has stated anything."""
        found: dict[Key, dict[str, None]] = {}
        for ours, theirs, held in self.comparisons():
            for each in held.lines:
                told = found.setdefault(each.key, {})
                told |= {self.cause(cause, ours, theirs): None for cause in each.causes}
        return found

    def comparisons(self) -> list[tuple[str, str, Comparison]]:
        """The first party that has stated anything against each other."""
        names = [name for name in self.members if name in self.state.stated]
        return [
            (names[0], name, compare(self.compact, *(self.state.stated[n].statement for n in (names[0], name))))
            for name in names[1:]
        ]

    def corrected(self) -> list[Corrected]:
        """What was corrected, the newest first, and which signatures fell by it."""
        by_entry: dict[str, list[str]] = {}
        for each in self.state.fallen:
            by_entry.setdefault(each.entry, []).append(self.parties.name(each.signature.author))
        return [
            Corrected(
                each.at,
                self.parties.name(each.author),
                each.why,
                tuple(line.key for line in compare(self.compact, each.before, each.after).lines),
                self.wording.joined(by_entry.get(each.entry, [])),
            )
            for each in reversed(self.state.corrections)
        ]

    def figures(self) -> list[str]:
        """Figures that differ without moving money."""
        return [
            self.cause(cause, ours, theirs)
            for ours, theirs, held in self.comparisons()
            for cause in held.figures
            if all(cause not in each.causes for each in held.lines)
        ]


def _chip(found: Finding) -> str:
    return "warn" if found.holds is None else ""


def view(visit: Visit, id: str) -> tuple[View, str]:
    """The view of a statement, and its whole id. NotFoundError "federation.none", "dossier.unknown"."""
    found, whole = statement_id(desk_of(visit), id)
    state, compact = look(found, whole)
    members = (found.me, *(name for name in state.members if name != found.me))
    mine = members if found.me in state.members else state.members
    wording = Wording(compact, visit.t.language)
    return View(visit, state, compact, wording, mine, Parties(need_joined(visit), visit.t)), whole


def page(visit: Visit, error: ShangyouError | None = None) -> Response:
    """The page, and after a fault in one of its forms what is wrong."""
    at, id = view(visit, visit.form.get("id") or visit.request.path_params["id"])
    state, me = at.state, need_joined(visit).me
    rows = at.rows()
    only = visit.query("only") if visit.query("only") in ONLY else "all"
    shown = {"all": rows, "differing": [r for r in rows if r.differs], "open": [r for r in rows if r.open]}
    own = state.stated.get(me)
    results = {each.statement.result: each.statement for each in state.stated.values()}
    agreed = next(iter(results.values())) if len(results) == 1 else None
    return visit.page(
        "statement.html",
        status=error.status if error else 200,
        id=id,
        at=at,
        state=state,
        compact=at.compact,
        wording=at.wording,
        title=_title(at, rows),
        name=at.compact.title_zh if visit.t.language == "zh" else at.compact.title_en,
        chip=CHIPS[state.phase],
        rows=shown[only],
        only=only,
        counts={name: len(found) for name, found in shown.items()},
        notes=at.figures(),
        corrected=at.corrected(),
        agreed=agreed is not None,
        nets=[(at.wording.party(n), money(a), a < 0) for n, a in agreed.nets.items()] if agreed else [],
        payments=[(at.wording.party(a), at.wording.party(b), money(c)) for a, b, c in agreed.payments]
        if agreed
        else [],
        names={name: at.parties.name(name) for name in (*at.members, me)},
        me=me,
        own=own,
        party=me in state.members,
        bound=me in state.signatures,
        differing=at.wording.joined([at.parties.name(name) for name in state.differing(me)]),
        may_state=visit.may("statement.state"),
        may_sign=visit.may("statement.sign"),
        declared=dict(own.statement.declared) if own else {},
        exempt="\n".join(f"{e.section}/{e.month}={e.why}" for e in own.statement.exemptions) if own else "",
        given=visit.form,
        void=[
            (each, at.parties.name(each.by), sentence(each.code, each.facts, visit.t.language)) for each in state.void
        ],
        wrong=sentence(error.code, error.facts, visit.t.language) if error else None,
        done=visit.query("done"),
    )


def _title(at: View, rows: list[Row]) -> str:
    t, state = at.visit.t, at.state
    differing = sum(row.differs for row in rows)
    if state.phase == "differing" and differing:
        return t.count("compensation.title_differing", differing)
    if state.phase == "equal" and any(row.open for row in rows):
        return t.count("compensation.title_open", sum(row.open for row in rows))
    missing = [name for name in state.members if name not in state.stated]
    key = "differing_plain" if state.phase == "differing" else state.phase
    return t(f"compensation.title_{key}", missing=at.wording.joined([at.parties.name(n) for n in missing]))


@dataclass(frozen=True, slots=True)
class Behind:
    """A figure behind a line, as each party has it."""

    place: Place
    sides: tuple[Figure | None, ...]  # in order of the parties that reckoned the line

    @property
    def differs(self) -> bool:
        """Are the data behind it not the same?"""
        return len({figure.digest if figure else "" for figure in self.sides}) > 1

    @property
    def sources(self) -> list[str]:
        """Members whose data it is made of."""
        return sorted({name for figure in self.sides if figure for name in figure.sources})


def line(visit: Visit) -> Response:
    """How a line was computed by each party: the page, or the part beside the page. NotFoundError "portal.page"."""
    at, id = view(visit, visit.request.path_params["id"])
    row = next((each for each in at.rows() if each.key.text == visit.query("key")), None)
    sides = [side for side in row.sides if side is not None] if row else []
    if row is None or not sides:
        raise NotFoundError("portal.page", path=visit.request.url.path)
    by_place = [{figure.place: figure for figure in side.figures} for side in sides]
    places = sorted({place for figures in by_place for place in figures})
    behind = [Behind(place, tuple(figures.get(place) for figures in by_place)) for place in places]
    return visit.page(
        "statement_line_part.html" if visit.partial else "statement_line.html",
        id=id,
        at=at,
        row=row,
        sides=sides,
        behind=sorted(behind, key=lambda each: (not each.differs, each.place)),
        wording=at.wording,
        names={name: at.parties.name(name) for name in at.members},
        statements={side.member: at.state.stated[side.member].statement for side in sides},
    )


def export(visit: Visit) -> Response:
    """A party's lines as a file."""
    at, _ = view(visit, visit.request.path_params["id"])
    member = visit.query("member") or next(iter(at.state.stated), "")
    reckoned = stated(at.state, member)
    rows = made(LINES, lines(reckoned, visit.t.language))
    name = f"{reckoned.compact}-{reckoned.period}-{member}"
    return files.send(visit, name, rows.schema, rows.batches, visit.request.path_params["form"])


# ---- deeds --------------------------------------------------------------------------------------------------------


def compute(visit: Visit) -> Response:
    """Reckon on this node, or correct what was reckoned."""
    declared = [
        f"{name.removeprefix('fact.')}={value}"
        for name, value in visit.form.items()
        if name.startswith("fact.") and value in ("yes", "no")
    ]
    exempt = [line.strip() for line in visit.form.get("exempt", "").splitlines() if line.strip()]
    given: dict[str, object] = {"declare": declared, "exempt": exempt, "why": visit.form.get("why", "").strip()}
    return _done(visit, "statement.state", COMPUTE, given | {"source": visit.form.get("source", "basin")}, "computed")


def dispute(visit: Visit) -> Response:
    """Dispute a line of another party."""
    given = {name: visit.form.get(name, "").strip() for name in ("against", "line", "why")}
    return _done(visit, "statement.sign", DISPUTE, given, "disputed")


def sign(visit: Visit) -> Response:
    """Sign what this node reckoned; with a reason where another party reckons otherwise."""
    return _done(visit, "statement.sign", SIGN, {"why": visit.form.get("why", "").strip()}, "signed")


def close(visit: Visit) -> Response:
    """Say that the money was paid."""
    return _done(visit, "statement.sign", CLOSE, {"note": visit.form.get("note", "").strip()}, "closed")


def _done(visit: Visit, action: str, deed: str, given: Mapping[str, object], done: str) -> Response:
    by, id = visit.need(action), visit.form.get("id", "")
    try:
        perform(desk_of(visit, by), deed, id=id, **given)
    except ShangyouError as error:
        return page(visit, error)
    return visit.go(f"/compensation/statements/{id}?done={done}")
