"""Questions and deeds about the statements that the parties of a compact settle."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Final

import pyarrow as pa

from shangyou import __version__
from shangyou.core.clock import from_ms
from shangyou.core.errors import InputError
from shangyou.exchange.question import Question as Asked
from shangyou.faces.api import compacts
from shangyou.faces.api.compacts import CompactId, compact_of, exemptions_of, facts_of
from shangyou.faces.api.desk import Desk
from shangyou.faces.api.kinds import TEXT, TIME, WHOLE, Texts, made, texts
from shangyou.faces.api.query import asked, own_of
from shangyou.faces.api.tables import Deed, Done, Question
from shangyou.faces.compacts import money
from shangyou.faces.rows import Rows
from shangyou.faces.sentences import sentence
from shangyou.faces.together import dossier_id, person, together
from shangyou.flows import settle as flow
from shangyou.flows.query import Found
from shangyou.flows.saying import Together
from shangyou.governance.compensation.compact import Compact
from shangyou.governance.compensation.compare import Cause, compare
from shangyou.governance.compensation.fold import SUBJECT, Correction, State, fold
from shangyou.governance.compensation.statement import Finding, Line, Statement

DESK: Final = frozenset({"operator", "manager"})  # who may bind the agency
SPEAKERS: Final = DESK | {"engineer", "analyst", "duty"}
SOURCES: Final = ("basin", "held")
MOST: Final = 200
STATEMENTS: Final = pa.schema(
    [
        *((name, TEXT) for name in ("id", "compact", "title_zh", "title_en", "period", "phase", "parties", "stated")),
        *(("signed", TEXT), ("open", WHOLE), ("changed", TIME), ("nets", TEXT), ("payments", TEXT)),
    ]
)
LINES: Final = pa.schema(
    [
        *((name, TEXT) for name in ("line", "rule", "section", "period", "part", "outcome", "said", "found", "money")),
        *(("figures", WHOLE), ("values", WHOLE), ("sources", TEXT), ("digests", TEXT)),
    ]
)
FIGURES: Final = pa.schema(
    [
        *((name, TEXT) for name in ("section", "indicator", "month", "mean", "digest", "sources")),
        ("count", WHOLE),
    ]
)
DIFFERENCES: Final = texts(
    "line", "ours", "theirs", "cause", "section", "indicator", "month", "what", "ours_has", "theirs_has", "whose"
)
HISTORY: Final = pa.schema(
    [("at", TIME), *((name, TEXT) for name in ("member", "kind", "entry", "note", "changed", "fallen", "code", "said"))]
)

Text = Annotated[str, "a compact as YAML"]
Year = Annotated[str, "the year that is settled"]
Id = Annotated[str, "id of the statement's dossier; its beginning is enough"]
Facts = Annotated[Texts, "facts that this party states, each name=yes or name=no"]
Exempt = Annotated[Texts, "months that do not count, each section/2019-07=reason"]
Source = Annotated[str, "basin: ask the nodes that have the data, under agreements; held: what this node holds"]


# ---- figures ------------------------------------------------------------------------------------------------------


def gathered(desk: Desk, compact: Compact, year: str, source: str, me: str) -> flow.Gathered:
    """The figures that this node has, or may have. InputError "statement.source"."""
    if source not in SOURCES:
        raise InputError("statement.source", given=source[:40], known=", ".join(SOURCES))
    if source == "held":
        return flow.gather_held(compact, year, own_of(desk, me))

    def ask(question: Asked) -> Found:
        return asked(desk, question)

    return flow.gather(compact, year, ask)


def means_of(declare: Sequence[str], exempt: Sequence[str]) -> flow.Means:
    """What a party reckons with besides its figures."""
    return flow.Means(facts_of(declare), exemptions_of(exempt), __version__)


def statement_id(desk: Desk, id: str) -> tuple[Together, str]:
    """The node's means, and the whole id. NotFoundError "federation.none", "dossier.unknown"."""
    found = together(desk.node)
    return found, dossier_id(found, SUBJECT, id)


# ---- questions: statements ----------------------------------------------------------------------------------------


def trial(
    desk: Desk,
    year: Year = "",
    compact: CompactId = "",
    text: Text = "",
    declare: Facts = (),
    exempt: Exempt = (),
    source: Source = "basin",
) -> Rows:
    """What a compact comes to in a year by what is known here now; nothing is opened, said or signed."""
    found = compact_of(compact, text)
    reckoned = flow.reckoned(found, year, gathered(desk, found, year, source, "local"), means_of(declare, exempt))
    return made(LINES, lines(reckoned, desk.language)).labelled(reckoned.simulated)


def lines(statement: Statement, language: str) -> list[dict[str, object]]:
    """The lines of a statement."""
    figures = {figure.place: figure for figure in statement.figures}
    rows: list[dict[str, object]] = []
    for each in statement.lines:
        used = [figures[place] for place in each.used if place in figures]
        rows.append(
            {
                "line": each.key.text,
                **each.key._asdict(),
                "outcome": each.outcome,
                "said": sentence(each.code, {}, language).text if each.code else "",
                "found": "; ".join(map(found_text, each.findings)),
                "money": money_text(each),
                "figures": len(used),
                "values": sum(figure.count for figure in used),
                "sources": ", ".join(sorted({name for figure in used for name in figure.sources})),
                "digests": " ".join(figure.digest for figure in used),
            }
        )
    return rows


def found_text(finding: Finding) -> str:
    """What a test found, for machines and tables."""
    name = " ".join(filter(None, (finding.kind, finding.section, finding.what)))
    return f"{name}: {finding.found or finding.gap or '-'} / {finding.wanted}"


def money_text(line: Line | None) -> str:
    """What a line moves: party and amount."""
    return "" if line is None else ", ".join(f"{name} {money(amount)}" for name, amount in line.postings)


def statements(desk: Desk) -> Rows:
    """Statements that this node takes part in, the last changed first."""
    found = together(desk.node)
    rows = []
    for heading in found.dossiers.headings(SUBJECT, MOST):
        state = fold(found.dossiers.entries(heading.id))
        rows.append(headline(heading.id, state) | {"changed": from_ms(heading.changed)})
    return made(STATEMENTS, rows)


def headline(id: str, state: State) -> dict[str, object]:
    """A statement in a list."""
    results = {each.statement.result: each.statement for each in state.stated.values()}
    one = next(iter(results.values())) if len(results) == 1 else None
    compact = state.compact
    return {
        "id": id,
        "compact": compact.id if compact else "",
        "title_zh": compact.title_zh if compact else "",
        "title_en": compact.title_en if compact else "",
        "period": state.period,
        "phase": state.phase,
        "parties": ", ".join(state.members),
        "stated": ", ".join(sorted(state.stated)),
        "signed": ", ".join(sorted(state.signatures)),
        "open": max((each.statement.open for each in state.stated.values()), default=0),
        "nets": ", ".join(f"{name} {money(amount)}" for name, amount in one.nets.items()) if one else "",
        "payments": ", ".join(f"{a} → {b} {money(amount)}" for a, b, amount in one.payments) if one else "",
    }


def statement(desk: Desk, id: Id) -> Rows:
    """One statement: where it stands, what it comes to, who has signed."""
    found, whole = statement_id(desk, id)
    state, _ = flow.look(found, whole)
    return made(STATEMENTS, [headline(whole, state)])


def statement_lines(desk: Desk, id: Id, member: Annotated[str, "whose reckoning; empty: our own"] = "") -> Rows:
    """A party's reckoning line by line."""
    found, whole = statement_id(desk, id)
    reckoned = stated(flow.look(found, whole)[0], member or found.me)
    return made(LINES, lines(reckoned, desk.language)).labelled(reckoned.simulated)


def statement_figures(desk: Desk, id: Id, member: Annotated[str, "whose reckoning; empty: our own"] = "") -> Rows:
    """The figures behind a party's reckoning: means of months with the number of values and their digest."""
    found, whole = statement_id(desk, id)
    reckoned = stated(flow.look(found, whole)[0], member or found.me)
    rows = [
        {**each.place._asdict(), "mean": each.mean, "count": each.count, "digest": each.digest}
        | {"sources": ", ".join(each.sources)}
        for each in reckoned.figures
    ]
    return made(FIGURES, rows).labelled(reckoned.simulated)


def stated(state: State, member: str) -> Statement:
    """What a party reckoned. NotFoundError "statement.first"."""
    flow.comparison(state, member, member)
    return state.stated[member].statement


def compared(
    desk: Desk,
    id: Id,
    theirs: Annotated[str, "the other party"] = "",
    ours: Annotated[str, "one party; empty: our own"] = "",
) -> Rows:
    """Where two parties' reckonings differ, with the cause: which line, which figure, whose data. No rows: equal."""
    found, whole = statement_id(desk, id)
    state, _ = flow.look(found, whole)
    held = flow.comparison(state, ours or found.me, theirs)
    rows = [
        {"line": each.key.text, "ours": money_text(each.ours), "theirs": money_text(each.theirs)} | _cause(cause)
        for each in held.lines
        for cause in each.causes
    ]
    named = {cause for each in held.lines for cause in each.causes}
    rows += [{"line": "", "ours": "", "theirs": ""} | _cause(cause) for cause in held.figures if cause not in named]
    return made(DIFFERENCES, rows)


def _cause(cause: Cause) -> dict[str, object]:
    place: Mapping[str, str] = cause.place._asdict() if cause.place else {}
    return {
        "cause": cause.kind,
        **{name: place.get(name, "") for name in ("section", "indicator", "month")},
        "what": cause.what,
        "ours_has": cause.ours,
        "theirs_has": cause.theirs,
        "whose": ", ".join(cause.whose),
    }


def history(desk: Desk, id: Id) -> Rows:
    """Everything that was said about a statement, and what of it had no effect."""
    found, whole = statement_id(desk, id)
    entries = found.dossiers.entries(whole)
    state = fold(entries)
    void = {each.entry: each for each in state.void}
    corrected = {each.entry: each for each in state.corrections}
    rows = []
    for entry in entries:
        refused = void.get(entry.id)
        note = entry.body.get("why") or entry.body.get("note") or ""
        told = sentence(refused.code, refused.facts, desk.language).text if refused else ""
        rows.append(
            {
                "at": from_ms(entry.at),
                "member": entry.author,
                "kind": entry.kind,
                "entry": entry.id,
                "note": str(note),
                "changed": _changed(state, corrected.get(entry.id)),
                "fallen": ", ".join(each.signature.author for each in state.fallen if each.entry == entry.id),
                "code": refused.code if refused else "",
                "said": told,
            }
        )
    return made(HISTORY, rows)


def _changed(state: State, correction: Correction | None) -> str:
    """The lines that a correction changed: their keys."""
    if correction is None or state.compact is None:
        return ""
    return ", ".join(each.key.text for each in compare(state.compact, correction.before, correction.after).lines)


# ---- deeds --------------------------------------------------------------------------------------------------------


def begin(desk: Desk, year: Year, compact: CompactId = "", text: Text = "") -> Done:
    """Open the statement of a compact on a year at all its parties."""
    found = compact_of(compact, text)
    return {"id": flow.begin(together(desk.node), found, year, person(desk.node, desk.by))}


def compute(
    desk: Desk,
    id: Id,
    declare: Facts = (),
    exempt: Exempt = (),
    source: Source = "basin",
    why: Annotated[str, "of a correction: the reason"] = "",
) -> Done:
    """State what this party reckons; a second time it is a correction and needs a reason."""
    found, whole = statement_id(desk, id)
    state, agreed = flow.look(found, whole)
    figures = gathered(desk, agreed, state.period, source, found.me)
    flow.reckon(found, whole, figures, means_of(declare, exempt), person(desk.node, desk.by), why)
    away = [line.node for line in figures.lines if line.state not in ("answered", "stale")]
    after, _ = flow.look(found, whole)
    own = after.stated[found.me].statement
    return {
        "id": whole,
        "phase": after.phase,
        "lines": len(own.lines),
        "open": own.open,
        "figures": len(own.figures),
        "nets": json.dumps({name: str(amount) for name, amount in own.nets.items()}, ensure_ascii=False),
        "partly": ", ".join(away),
    }


def dispute(
    desk: Desk,
    id: Id,
    against: Annotated[str, "member whose reckoning it is"],
    why: Annotated[str, "the reason"],
    line: Annotated[str, "the line; empty: the whole"] = "",
) -> Done:
    """Say that another party's reckoning is not accepted."""
    found, whole = statement_id(desk, id)
    flow.dispute(found, whole, against, line, why, person(desk.node, desk.by))
    return _after(found, whole)


def sign(
    desk: Desk,
    id: Id,
    why: Annotated[str, "why it is signed although another party reckons otherwise; the difference is named"] = "",
) -> Done:
    """Sign what this party reckoned; equal and signed by all is settled."""
    found, whole = statement_id(desk, id)
    flow.sign(found, whole, person(desk.node, desk.by), why)
    return _after(found, whole)


def close(desk: Desk, id: Id, note: Annotated[str, "when and how it was paid"] = "") -> Done:
    """Close a settled statement when its money has been paid."""
    found, whole = statement_id(desk, id)
    flow.close(found, whole, note, person(desk.node, desk.by))
    return _after(found, whole)


def _after(found: Together, id: str) -> Done:
    state, _ = flow.look(found, id)
    return {"id": id, "phase": state.phase, "signed": ", ".join(sorted(state.signatures))}


QUESTIONS: Final[Sequence[Question]] = (
    *compacts.QUESTIONS,
    Question("compensation/trial", trial, "compensation", long=("text",)),
    Question("statements", statements, "compensation"),
    Question("statement", statement, "compensation"),
    Question("statement/lines", statement_lines, "compensation"),
    Question("statement/figures", statement_figures, "compensation"),
    Question("statement/compare", compared, "compensation"),
    Question("statement/history", history, "compensation"),
)
DEEDS: Final[Sequence[Deed]] = (
    Deed("statements/begin", begin, "compensation", DESK),
    Deed("statements/compute", compute, "compensation", SPEAKERS),
    Deed("statements/dispute", dispute, "compensation", DESK),
    Deed("statements/sign", sign, "compensation", DESK),
    Deed("statements/close", close, "compensation", DESK),
)
