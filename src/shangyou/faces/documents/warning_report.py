"""Reports of a warning, filled from what its members said: initial (初报), follow-up (续报), final (处理结果报告).

The initial one tells what is known, when it comes, and who has it; the follow-up also all that was said since; the
final one how it ended. What nobody has said stands there as not known.
"""

from __future__ import annotations

from collections.abc import Sequence

from shangyou.core.errors import InputError
from shangyou.faces.documents.arrivals import Told, coming
from shangyou.faces.documents.document import Document, Section, Table
from shangyou.faces.documents.telling import Name, minute
from shangyou.faces.documents.words import Words
from shangyou.faces.wording import amount, substance
from shangyou.flows.warn import Seen
from shangyou.governance.incident.room import REPORTS


def warning_report(seen: Seen, kind: str, language: str, name: Name, tables: Sequence[Told], me: str) -> Document:
    """A report of one of REPORTS, as the warning stands. InputError "incident.report_kind".

    tables: arrival tables, the one to be read first in front.
    me: the member whose node writes it.
    """
    if kind not in REPORTS:
        raise InputError("incident.report_kind", kind=kind[:40], known=", ".join(REPORTS))
    t, situation = Words(language), seen.situation
    sections = [_known(seen, t, name)]
    sections += [_outcome(seen, t, name)] if kind == "final" else []
    sections += [coming(each, t, name) for each in tables] or [Section(t("part.arrivals"), (t("arrivals.none"),))]
    sections += [_members(seen, t, name, me)]
    sections += [_messages(seen, t, name)] if kind != "initial" else []
    marks = [t("head.simulated")] if situation.simulated else []
    marks += [t("warning.exercise")] if situation.exercise else []
    charge = ", ".join(map(name, situation.in_charge)) or t("head.unknown")
    return Document(
        language=language,
        title=t("warning.title", kind=t(f"report.{kind}"), title=t.of(situation.content, "title")),
        mark=" ".join(marks),
        under=(t("head.by", members=charge), t("head.at", at=minute(seen.at)), t("head.dossier", id=seen.id)),
        sections=tuple(sections),
        foot=t("warning.foot", messages=len(situation.messages), rules=seen.rules.id),
    )


def _known(seen: Seen, t: Words, name: Name) -> Section:
    content, language = seen.situation.content, t.language
    rows = (
        ("occurred", minute(content.began)),
        ("noticed", minute(content.noticed)),
        ("place", t.of(content, "place")),
        ("river", content.river),
        ("substance", substance(content, language)),
        ("amount", amount(content, language)),
        ("limit", f"{content.limit:g} mg/L" if content.limit else ""),
        ("text", content.text),
        ("evidence", "; ".join(content.evidence)),
        ("affected", ", ".join(name(each) for each in seen.situation.members if each not in seen.situation.in_charge)),
    )
    table = Table((), tuple((t(f"basics.{key}"), text or t("head.unknown")) for key, text in rows))
    return Section(t("part.basics"), (), table)


def _members(seen: Seen, t: Words, name: Name, me: str) -> Section:
    """Who has received it, and who has read it."""
    situation = seen.situation
    rows = []
    for member in situation.members:
        taken = [each.at for (_, who), each in situation.taken.items() if who == member]
        waiting, received = seen.received(member)
        got = "—" if member == me else t("warning.waits") if waiting else minute(received) or "—"
        charge = t("warning.charge") if member in situation.in_charge else ""
        rows.append((name(member) + charge, got, minute(max(taken, default=None)) or "—"))
    headings = tuple(t(f"warning.{key}") for key in ("member", "received", "read"))
    return Section(t("part.members"), (), Table(headings, tuple(rows)))


def _messages(seen: Seen, t: Words, name: Name) -> Section:
    rows = tuple(
        (minute(each.at), name(each.by), t(f"warning.kind_{each.kind}"), each.text) for each in seen.situation.messages
    )
    headings = tuple(t(f"timeline.{key}") for key in ("at", "by", "kind", "what"))
    return Section(t("part.messages"), (), Table(headings, rows))


def _outcome(seen: Seen, t: Words, name: Name) -> Section:
    situation = seen.situation
    if situation.ended is None:
        return Section(t("part.outcome"), (t("warning.not_cleared"),))
    lines = [t("warning.cleared", at=minute(situation.ended), members=", ".join(map(name, situation.in_charge)))]
    lines += [each.text for each in situation.messages if each.kind == "clear" and each.text]
    return Section(t("part.outcome"), tuple(lines))
