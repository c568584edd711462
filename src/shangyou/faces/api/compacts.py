"""Questions about compacts: those that ship, in words, and all faults of one that somebody wrote."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Annotated, Final

import pyarrow as pa

from shangyou.core.errors import InputError
from shangyou.faces.api.desk import Desk
from shangyou.faces.api.kinds import TEXT, WHOLE, made, texts
from shangyou.faces.api.tables import Question
from shangyou.faces.compacts import clauses, formulas
from shangyou.faces.rows import Rows
from shangyou.faces.sentences import sentence
from shangyou.governance.compensation.compact import Compact
from shangyou.governance.compensation.figures import Exemption
from shangyou.governance.compensation.paper import Fault
from shangyou.governance.compensation.read import parse
from shangyou.standards.compacts import compact_text, compact_texts

COMPACTS: Final = texts("id", "title_zh", "title_en", "parties", "valid_from", "valid_to", "unverified")
CLAUSES: Final = texts("rule", "name", "how", "text", "unverified")
FAULTS: Final = pa.schema([("line", WHOLE), *((name, TEXT) for name in ("path", "code", "said", "remedy"))])

CompactId = Annotated[str, "id of a compact that ships; empty where its text is given"]


# ---- what is given ------------------------------------------------------------------------------------------------


def compact_of(compact: str, text: str) -> Compact:
    """The compact that ships under an id, or that a text holds.

    NotFoundError "compensation.compact"; InputError "compensation.faults".
    """
    return parse(text.encode()) if text else parse(compact_text(compact))


def facts_of(given: Sequence[str]) -> dict[str, bool]:
    """InputError "statement.fact"."""
    found: dict[str, bool] = {}
    for each in given:
        name, _, value = each.partition("=")
        if value not in ("yes", "no") or not name:
            raise InputError("statement.fact", given=each[:80])
        found[name] = value == "yes"
    return found


def exemptions_of(given: Sequence[str]) -> list[Exemption]:
    """InputError "statement.exempt"."""
    found = []
    for each in given:
        place, _, why = each.partition("=")
        section, _, month = place.rpartition("/")
        if not (section and month and why.strip()):
            raise InputError("statement.exempt", given=each[:80])
        found.append(Exemption(section, month, why.strip()))
    return found


# ---- questions: compacts ------------------------------------------------------------------------------------------


def compacts(desk: Desk) -> Rows:
    """Compacts that ship: between whom, for which years, what in them is not verified."""
    return made(COMPACTS, [_listed(parse(text)) for text in compact_texts().values()])


def _listed(compact: Compact) -> dict[str, object]:
    return {
        "id": compact.id,
        "title_zh": compact.title_zh,
        "title_en": compact.title_en,
        "parties": ", ".join(party.id for party in compact.parties),
        "valid_from": compact.valid_from.isoformat(),
        "valid_to": compact.valid_to.isoformat(),
        "unverified": "*" if "" in compact.unverified else ", ".join(compact.unverified),
    }


def compact(desk: Desk, id: CompactId) -> Rows:
    """The rules of a compact in words, in the order in which they are tried."""
    return in_words(compact_of(id, ""), desk.language)


def in_words(found: Compact, language: str) -> Rows:
    """Rules, formulas, and what the sources leave open."""
    rows: list[dict[str, object]] = [
        {**asdict(each), "unverified": _mark(each.unverified or "" in found.unverified, language)}
        for each in clauses(found, language)
    ]
    rows += [{"rule": "", "name": "", "how": "", "text": each, "unverified": ""} for each in formulas(found, language)]
    mark = _mark(True, language)
    for zh, en in found.unknown:
        rows.append({"rule": "", "name": "", "how": "", "text": zh if language == "zh" else en, "unverified": mark})
    return made(CLAUSES, rows)


def _mark(unverified: bool, language: str) -> str:
    return ("未核实" if language == "zh" else "unverified") if unverified else ""


def faults(found: Iterable[Fault], language: str) -> Rows:
    """All that is wrong with a compact, each with its line; no rows: it adds up."""
    rows: list[dict[str, object]] = []
    for each in found:
        told = sentence(each.code, each.facts, language)
        rows.append(
            {"line": each.line, "path": each.path or "/", "code": each.code, "said": told.text, "remedy": told.remedy}
        )
    return made(FAULTS, rows)


QUESTIONS: Final[Sequence[Question]] = (
    Question("compacts", compacts, "compensation"),
    Question("compact", compact, "compensation"),
)
