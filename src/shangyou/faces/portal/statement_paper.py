"""A statement as a document to sign, seal and keep: parties, money, every line beside every party's, sources, proof."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import quote

from starlette.responses import Response

from shangyou.core.errors import InputError
from shangyou.exchange.ledger.checkpoint import parse_checkpoint
from shangyou.faces.api.incidents import MEDIA, WRITERS
from shangyou.faces.compacts import clauses, money
from shangyou.faces.documents.document import Document, Section, Table
from shangyou.faces.documents.telling import minute
from shangyou.faces.portal.parties import need_joined
from shangyou.faces.portal.statement import Row, Side, View, view
from shangyou.faces.portal.visit import Visit
from shangyou.faces.together import of
from shangyou.governance.compensation.digests import SHORT, digest
from shangyou.governance.compensation.figures import Figure
from shangyou.governance.compensation.statement import Statement

if TYPE_CHECKING:
    from shangyou.wiring import Node

GAP: Final = "—"
BREAK: Final = "\u200b"  # where a digest may be broken at the end of a line
PIECE: Final = 16  # characters of a digest between two of those


@dataclass(frozen=True, slots=True)
class Proof:
    """What a reader can check the document against."""

    dossier: str
    entries: tuple[tuple[int, str, str, str], ...]  # when [ms], member, kind, id
    leaves: tuple[int, ...]  # of this node's ledger that are about the dossier
    log: str  # origin of the ledger; "" = no checkpoint yet
    size: int
    root: str  # hex


def printed(visit: Visit) -> Response:
    """The document as a file. InputError "incident.form"."""
    at, id = view(visit, visit.request.path_params["id"])
    form = visit.request.path_params["form"]
    if form not in WRITERS:
        raise InputError("incident.form", format=form[:20], known=", ".join(WRITERS))
    body = WRITERS[form](paper(at, proof(visit, id), minute(visit.now)))
    name = quote(f"{at.compact.id}-{at.state.period}.{form}")
    headers = {"content-disposition": f"attachment; filename*=UTF-8''{name}"}
    return Response(body, media_type=MEDIA[form], headers=headers)


def proof(visit: Visit, id: str) -> Proof:
    """Entries of the dossier, and where this node's ledger has them."""
    node = cast("Node", visit.node)
    entries = of(need_joined(visit)).dossiers.entries(id)
    kept = node.ledger.shelf.sealed() or node.ledger.shelf.checkpoint()
    checkpoint = parse_checkpoint(kept.note.text) if kept else None
    return Proof(
        dossier=id,
        entries=tuple((each.at, each.author, each.kind, each.id) for each in entries),
        leaves=tuple(node.ledger.find(id)),
        log=checkpoint.origin if checkpoint else "",
        size=checkpoint.size if checkpoint else 0,
        root=checkpoint.root.hex() if checkpoint else "",
    )


def paper(at: View, seen: Proof, made: str) -> Document:
    """What the document says. made: when, in words."""
    t, state = at.visit.t, at.state
    stated = [state.stated[name].statement for name in at.members if name in state.stated]
    title = at.compact.title_zh if t.language == "zh" else at.compact.title_en
    doubt = t("compensation.unverified_all") if "" in at.compact.unverified else ""
    parts = [t("compensation.unverified_parts", n=len(at.compact.unverified))] if at.compact.unverified else []
    under = (
        f"{t('compensation.phase')}: {t(f'compensation.phase_{state.phase}')}",
        t("compensation.paper_made", at=made, dossier=seen.dossier),
        *([doubt] if doubt else parts),
    )
    sections = (
        _parties(at),
        _money(at, stated),
        *_lines(at),
        _disputes(at),
        _sources(at),
        _terms(at, stated),
        _proof(at, seen),
        _hands(at),
    )
    return Document(
        language=t.language,
        title=t("compensation.paper_title", compact=title, year=state.period),
        mark=t("compensation.paper_simulated") if any(each.simulated for each in stated) else "",
        under=under,
        sections=tuple(each for each in sections if each is not None),
        foot=t("compensation.paper_foot", digest=at.compact.digest[:SHORT], entries=len(seen.entries)),
    )


def _parties(at: View) -> Section:
    t, state = at.visit.t, at.state
    rows = []
    for name in at.members:
        stated, signature = state.stated.get(name), state.signatures.get(name)
        reckoned = f"{minute(stated.at)} {stated.why}".strip() if stated else GAP
        broken = t("compensation.broken") if stated and not stated.follows else ""
        signed = t("compensation.not_signed")
        if signature:
            key = "signed_differing" if state.differing(name) else "signed"
            signed = " ".join((t(f"compensation.{key}"), minute(signature.at), signature.why)).strip()
        result = stated.statement.result[:SHORT] if stated else GAP
        rows.append((at.parties.name(name), f"{reckoned} {broken}".strip(), result, signed))
    keys = ("parties", "stated", "paper_result", "signed")
    return Section(t("compensation.parties"), (), Table(tuple(t(f"compensation.{key}") for key in keys), tuple(rows)))


def _money(at: View, stated: list[Statement]) -> Section:
    """Nets as each party reckons them, and the payments where all agree."""
    t, state = at.visit.t, at.state
    members = [name for name in at.members if name in state.stated]
    parties = sorted({name for each in stated for name in each.nets})
    nets = {name: state.stated[name].statement.nets for name in members}
    rows = tuple(
        (at.wording.party(party), *(money(nets[name].get(party, Decimal(0))) for name in members)) for party in parties
    )
    agreed = len({each.result for each in stated}) == 1
    pays = []
    for payer, payee, amount in stated[0].payments if agreed else ():
        who = t("compensation.pays", a=at.wording.party(payer), b=at.wording.party(payee))
        pays.append(f"{who} {money(amount)} {t('compensation.yuan')}")
    lines = pays or [t("compensation.no_payments" if agreed else "compensation.not_yet")]
    if state.closed is not None:
        lines.append(f"{t('compensation.phase_closed')} {minute(state.closed[1])} {state.closed[2]}".strip())
    head = (t("compensation.paper_net"), *(at.parties.name(name) for name in members))
    return Section(t("compensation.money"), tuple(lines), Table(head, rows) if rows else None)


def _lines(at: View) -> Iterator[Section]:
    """Every line beside every party's; below it, why they differ."""
    t, rows = at.visit.t, at.rows()
    head = (t("compensation.line"), *(at.parties.name(name) for name in at.members), t("compensation.finding"))
    body = tuple((_key(at, row), *(_cell(at, side) for side in row.sides), _found(at, row)) for row in rows)
    yield Section(t("compensation.lines"), (), Table(head, body) if body else None)
    differing = tuple((_key(at, row), "\n".join(row.causes)) for row in rows if row.causes)
    if differing:
        head = (t("compensation.line"), t("compensation.paper_why"))
        yield Section(t("compensation.paper_differences", n=len(differing)), (), Table(head, differing))
    notes = tuple(at.figures())
    if notes:
        yield Section(t("compensation.notes"), notes)


def _key(at: View, row: Row) -> str:
    part = at.visit.t(f"compensation.part_{row.key.part}") if row.key.part else ""
    where = at.wording.section(row.key.section) if row.key.section else ""
    return "\n".join((at.wording.rule(row.key.rule), " · ".join(filter(None, (where, row.key.period, part)))))


def _cell(at: View, side: Side | None) -> str:
    if side is None:
        return GAP
    told = [f"{party} {amount}" for party, amount, _ in side.money]
    return "\n".join(
        filter(
            None,
            (
                *(told or [at.visit.t(f"compensation.outcome_{side.line.outcome}")]),
                side.said.text if side.said else "",
            ),
        )
    )


def _found(at: View, row: Row) -> str:
    """What tests found; as each party has it where they differ."""
    sides = [side for side in row.sides if side is not None]
    told = {side.member: "\n".join(text for text, _ in side.findings) for side in sides}
    if len(set(told.values())) > 1:
        return "\n".join(f"{at.parties.name(member)}: {text}" for member, text in told.items())
    return next(iter(told.values()), "")


def _disputes(at: View) -> Section | None:
    t = at.visit.t
    if not at.state.disputes:
        return None
    rows = tuple(
        (at.parties.name(e.author), at.parties.name(e.against), e.line or t("compensation.whole"), e.why)
        for e in at.state.disputes
    )
    keys = ("paper_by", "against", "line", "why")
    return Section(t("compensation.disputes"), (), Table(tuple(t(f"compensation.{key}") for key in keys), rows))


def _sources(at: View) -> Section:
    """The figures by series: how many months and values, whose data, and a digest of all as each party has them."""
    t, state = at.visit.t, at.state
    members = [name for name in at.members if name in state.stated]
    series: dict[tuple[str, str], dict[str, list[Figure]]] = {}
    for name in members:
        for place, group in groupby(state.stated[name].statement.figures, key=lambda figure: figure.place[:2]):
            series.setdefault((place[0], place[1]), {})[name] = list(group)
    rows = []
    for (section, item), held in sorted(series.items()):
        months = sorted({figure.place.month for figures in held.values() for figure in figures})
        sources = sorted({who for figures in held.values() for figure in figures for who in figure.sources})
        counts = sorted({sum(figure.count for figure in figures) for figures in held.values()})
        rows.append(
            (
                f"{at.wording.section(section)} {at.wording.item(item)}",
                f"{months[0]} – {months[-1]} ({len(months)})",
                " / ".join(map(str, counts)),
                at.wording.joined([at.parties.name(who) for who in sources]),
                _marked(at, {name: held.get(name) for name in members}),
            )
        )
    keys = ("paper_series", "month", "paper_values", "whose", "paper_digest")
    head = tuple(t(f"compensation.{key}") for key in keys)
    lines = (t("compensation.paper_digests"),) if rows else (t("compensation.nobody"),)
    return Section(t("compensation.paper_sources"), lines, Table(head, tuple(rows)) if rows else None)


def _marked(at: View, held: dict[str, list[Figure] | None]) -> str:
    """The digest that all parties have, or that of each."""
    found = {
        name: digest([[*f.place, f.mean, f.count, f.digest] for f in figures])[:12] if figures else GAP
        for name, figures in held.items()
    }
    if len(set(found.values())) == 1:
        return next(iter(found.values()))
    return "\n".join(f"{at.parties.name(name)}: {each}" for name, each in found.items())


def _terms(at: View, stated: list[Statement]) -> Section:
    t, compact = at.visit.t, at.compact
    editions = at.wording.joined(stated[0].editions) if stated else ""
    version = at.wording.joined(sorted({each.version for each in stated})) if stated else GAP
    lines = (
        t("compensation.paper_source", source=compact.source),
        f"{compact.id} · {compact.valid_from} – {compact.valid_to} · {_breakable(compact.digest)}",
        t("compensation.how_more", editions=editions or t("compensation.no_editions"), version=version),
        *(
            f"{each.section} {each.month}: {each.why}"
            for each in sorted({e for one in stated for e in one.exemptions}, key=lambda e: (e.section, e.month))
        ),
        *(zh if t.language == "zh" else en for zh, en in compact.unknown),
    )
    mark = f" ({t('compensation.unverified')})"
    rows = tuple(
        (each.name + (mark if each.unverified else ""), each.how, each.text) for each in clauses(compact, t.language)
    )
    keys = ("rule", "when", "says")
    return Section(t("compensation.rules"), lines, Table(tuple(t(f"compensation.{key}") for key in keys), rows))


def _proof(at: View, seen: Proof) -> Section:
    t = at.visit.t
    lines = [t("compensation.paper_entries")]
    if seen.log and seen.leaves:
        leaves = at.wording.joined([str(leaf) for leaf in seen.leaves[:50]])
        lines.append(
            t("compensation.paper_ledger", leaves=leaves, log=seen.log, size=seen.size, root=_breakable(seen.root))
        )
    rows = tuple(
        (minute(when), at.parties.name(who), t.known(f"compensation.entry_{kind}", kind), _breakable(id))
        for when, who, kind, id in ((when, who, kind.replace(".", "_"), id) for when, who, kind, id in seen.entries)
    )
    keys = ("paper_when", "paper_by", "paper_what", "paper_entry")
    return Section(
        t("compensation.paper_proof"), tuple(lines), Table(tuple(t(f"compensation.{key}") for key in keys), rows)
    )


def _hands(at: View) -> Section:
    """Room for hands and seals."""
    t = at.visit.t
    rows = tuple((at.parties.name(name), "\n\n\n", "") for name in at.members)
    keys = ("parties", "paper_hand", "paper_day")
    return Section(
        t("compensation.paper_hands"),
        (t("compensation.paper_hands_more"),),
        Table(tuple(t(f"compensation.{key}") for key in keys), rows),
    )


def _breakable(text: str) -> str:
    return BREAK.join(text[at : at + PIECE] for at in range(0, len(text), PIECE))
