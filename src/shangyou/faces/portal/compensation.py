"""Compensation: compacts in words, statements of this node, and what opens a new one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from starlette.responses import Response

from shangyou.core.errors import ShangyouError
from shangyou.faces.api.acts import perform
from shangyou.faces.api.compensation import headline
from shangyou.faces.compacts import Wording, clauses, formulas
from shangyou.faces.portal.parties import desk_of, joined
from shangyou.faces.portal.visit import Visit
from shangyou.faces.sentences import sentence
from shangyou.faces.together import of
from shangyou.flows.settle import figures_needed
from shangyou.governance.compensation.compact import Compact
from shangyou.governance.compensation.fold import SUBJECT, State, fold
from shangyou.governance.compensation.read import parse
from shangyou.standards.compacts import compact_text, compact_texts
from shangyou.standards.surface_water import CLASS_TEXT

MOST: Final = 200
BEGIN: Final = "statements/begin"
CHIPS: Final = {
    "waiting": "",
    "differing": "bad",
    "disputed": "bad",
    "equal": "warn",
    "settled": "good",
    "closed": "good",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A statement in the list."""

    id: str
    state: State
    told: dict[str, Any]
    changed: int


def page(visit: Visit) -> Response:
    """Statements of this node, and compacts that ship."""
    found, rows = joined(visit), []
    if found is not None:
        dossiers = of(found).dossiers
        for heading in dossiers.headings(SUBJECT, MOST):
            state = fold(dossiers.entries(heading.id))
            if state.compact is not None:
                rows.append(Row(heading.id, state, headline(heading.id, state), heading.changed))
    compacts = [parse(text) for text in compact_texts().values()]
    return visit.page(
        "compensation.html",
        title=finding(visit, rows),
        rows=rows,
        chips=CHIPS,
        compacts=compacts,
        years=years,
        alone=found is None,
        wording={compact.id: Wording(compact, visit.t.language) for compact in compacts},
        named={row.id: Wording(row.state.compact, visit.t.language) for row in rows if row.state.compact},
    )


def finding(visit: Visit, rows: list[Row]) -> str:
    """What a reader has to know first."""
    differing = sum(row.state.phase in ("differing", "disputed") for row in rows)
    if differing:
        return visit.t.count("compensation.differ", differing)
    to_sign = sum(row.state.phase == "equal" for row in rows)
    if to_sign:
        return visit.t.count("compensation.to_sign", to_sign)
    return visit.t.count("compensation.calm", len(rows)) if rows else visit.t("compensation.none")


def years(compact: Compact) -> list[str]:
    """Years that may be settled, the last first."""
    return [str(year) for year in range(compact.valid_to.year, compact.valid_from.year - 1, -1)]


def compact(visit: Visit, error: ShangyouError | None = None) -> Response:
    """One compact in words. NotFoundError "compensation.compact"."""
    id = visit.form.get("compact") or visit.request.path_params["id"]
    text = compact_text(id)
    found = parse(text)
    language = visit.t.language
    member = joined(visit)
    return visit.page(
        "compact.html",
        status=error.status if error else 200,
        compact=found,
        title=found.title_zh if language == "zh" else found.title_en,
        wording=Wording(found, language),
        clauses=clauses(found, language),
        formulas=formulas(found, language),
        whole="" in found.unverified,
        doubtful=[path for path in found.unverified if path],
        years=years(found),
        classes=CLASS_TEXT,
        needed=figures_needed(found, years(found)[0]),
        text=text.decode(),
        party=member is not None and member.me in found.members,
        may=visit.may("statement.sign"),
        wrong=sentence(error.code, error.facts, language) if error else None,
    )


def begin(visit: Visit) -> Response:
    """Open the statement of a compact on a year at all its parties."""
    by = visit.need("statement.sign")
    given = {"compact": visit.form.get("compact", ""), "year": visit.form.get("year", "")}
    try:
        done = perform(desk_of(visit, by), BEGIN, **given)
    except ShangyouError as error:
        if error.code == "statement.opened":
            return visit.go(f"/compensation/statements/{error.facts['id']}")
        return compact(visit, error)
    return visit.go(f"/compensation/statements/{done['id']}?done=begun")
