"""Reports of an incident, filled from the room: initial (初报), follow-up (续报), final (处理结果报告).

What they hold follows articles 12 and 13 of the reporting measures as remembered: time, place, cause, pollutant, data,
people and drinking water, what was done, what is to come; the final one adds losses, lessons and what was known when.
What nobody has said stands there as not known: a report hides no gap.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from shangyou.core.errors import InputError
from shangyou.faces.archive import river_name
from shangyou.faces.documents.arrivals import Told, coming
from shangyou.faces.documents.document import Document, Section, Table
from shangyou.faces.documents.telling import Name, fact_name, fact_value, label, minute, result_text, told
from shangyou.faces.documents.words import Words
from shangyou.faces.wording import mass
from shangyou.flows.incident import Seen
from shangyou.governance.incident.room import REPORTS, Line, Measure, Point

HEAD: Final = 2  # parts of every report before the arrival tables
LATEST: Final = 40  # samples in an initial or follow-up report; the final one has all


def report(seen: Seen, kind: str, language: str, name: Name, tables: Sequence[Told] = ()) -> Document:
    """A report of one of REPORTS, as the room stands. InputError "incident.report_kind".

    name: of a member in that language, by its id.
    tables: arrival tables; they stand behind what happened and how grave it is.
    """
    if kind not in REPORTS:
        raise InputError("incident.report_kind", kind=kind[:40], known=", ".join(REPORTS))
    t, opening = Words(language), seen.room.opening
    number = 1 + sum(each.kind == kind for each in seen.room.reports)
    under = (
        t("head.by", members=", ".join(map(name, opening.in_charge))),
        t("head.at", at=minute(seen.at)),
        t("head.dossier", id=seen.id),
    )
    made = [each(seen, t, name) for each in PARTS[kind]]
    made[HEAD:HEAD] = [coming(each, t, name) for each in tables]
    return Document(
        language=language,
        title=t("head.title", kind=t(f"report.{kind}"), number=number, title=t.of(opening, "title")),
        mark=t("head.simulated") if opening.simulated else "",
        under=under,
        sections=tuple(each for each in made if each is not None),
        foot=t("head.foot", entries=len(seen.entries), plan=seen.rules.plan.id, rules=seen.rules.reporting.id),
    )


def _known(text: str, t: Words) -> str:
    return text or t("head.unknown")


def _basics(seen: Seen, t: Words, name: Name) -> Section:
    opening = seen.room.opening
    rows = (
        ("occurred", minute(opening.occurred)),
        ("noticed", minute(opening.noticed)),
        ("place", t.of(opening, "place")),
        ("river", river_name(opening.river, t.language)),
        ("substance", label(opening.substance, t) if opening.substance else ""),
        ("amount", mass(opening.amount) if opening.amount else ""),
        ("limit", f"{opening.limit:g} mg/L" if opening.limit else ""),
        ("source", t("basics.from_warning", id=opening.warning) if opening.warning else t("basics.by_hand")),
        ("affected", ", ".join(map(name, opening.affected))),
    )
    table = Table((), tuple((t(f"basics.{key}"), _known(text, t)) for key, text in rows))
    return Section(t("part.basics"), (), table)


def _grade(seen: Seen, t: Words, name: Name) -> Section:
    proposal, plan, claim = seen.proposal, seen.rules.plan, seen.room.grade
    lines = [t("grade.proposed", grade=_grade_name(proposal.grade, seen, t), plan=proposal.edition)]
    for each in proposal.decided_by:
        if not each.fact:
            lines.append(t("grade.below"))
            continue
        assert each.value is not None
        said = f"{fact_name(each.fact, plan, t)}: {fact_value(each.fact, each.value, plan, t)}"
        members = ", ".join(map(name, seen.room.derived.get(each.fact, ())))
        source = t("grade.from_network", members=members) if members else ""
        lines.append(t("grade.decided", fact=said + source) + (t("grade.unverified") if each.unverified else ""))
    if claim is None:
        lines.append(t("grade.unconfirmed"))
    else:
        facts = {"grade": _grade_name(claim.value.grade, seen, t), "member": name(claim.by), "at": minute(claim.at)}
        lines.append(t("grade.confirmed", **facts) + (t("grade.why", why=claim.value.why) if claim.value.why else ""))
    if any(each.matter == "grade" for each in seen.room.conflicts):
        lines.append(t("grade.conflict"))
    return Section(t("part.grade"), tuple(lines))


def _grade_name(grade: str, seen: Seen, t: Words) -> str:
    row = next(each for each in seen.rules.plan.body["grades"] if each["grade"] == grade)
    return f"{grade} ({row[t.language]})"


def _people(seen: Seen, t: Words, name: Name) -> Section:
    plan, facts = seen.rules.plan, seen.room.facts
    rows = tuple(
        (
            fact_name(key, plan, t),
            fact_value(key, facts[key].value, plan, t) if key in facts else t("head.unknown"),
            f"{name(facts[key].by)} {minute(facts[key].at)}" if key in facts else "",
        )
        for key in plan.body["facts"]
    )
    return Section(t("part.people"), (), Table((t("people.fact"), t("people.value"), t("people.said")), rows))


def _data(seen: Seen, t: Words, name: Name) -> Section:
    return _samples(seen, t, name, LATEST)


def _all_data(seen: Seen, t: Words, name: Name) -> Section:
    return _samples(seen, t, name, len(seen.room.samples))


def _samples(seen: Seen, t: Words, name: Name, most: int) -> Section:
    room = seen.room
    plan = [
        t(
            "data.point",
            name=t.of(p, "name"),
            what=", ".join(label(k, t) for k in p.parameters),
            every=p.every,
            member=name(p.member),
        )
        for p in sorted((claim.value for claim in room.points.values()), key=_down)
        if not p.removed
    ]
    rows = []
    for each in room.samples[max(0, len(room.samples) - most) :]:
        point = room.points[each.point].value
        for result in each.results:
            verdict = "" if result.limit is None else t("data.above" if result.exceeds else "data.within")
            rows.append((minute(each.taken), t.of(point, "name"), result_text(result, t), verdict, name(each.by)))
    lines = (*(plan or [t("data.no_plan")]), *(() if rows else (t("data.none"),)))
    headings = tuple(t(f"data.{key}") for key in ("taken", "at_point", "result", "verdict", "member"))
    return Section(t("part.data"), lines, Table(headings, tuple(rows)) if rows else None)


def _down(point: Point) -> float:
    return float("inf") if point.distance is None else point.distance


def _measures(seen: Seen, t: Words, name: Name) -> Section:
    rows = []
    for claim in seen.room.measures.values():
        each = claim.value
        size = t("measures.flow", flow=f"{each.flow:g}") if each.kind == "dilute" else f"{100 * (each.share or 0):g} %"
        span = f"{minute(each.start)} – {minute(each.until)}" if each.start else ""
        rows.append(
            (t(f"measure.{each.kind}"), t.of(each, "name"), size, span, name(each.member), t(f"stage.{each.stage}"))
        )
    lines = tuple(
        t("measures.decision", at=minute(d.at), member=name(d.by), text=d.text, why=d.why) for d in seen.room.decisions
    )
    lines += tuple(_computed(claim.value, t) for claim in seen.room.measures.values() if claim.value.effect)
    headings = tuple(t(f"measures.{key}") for key in ("kind", "where", "size", "span", "member", "stage"))
    if not rows and not lines:
        lines = (t("measures.none"),)
    return Section(t("part.measures"), lines, Table(headings, tuple(rows)) if rows else None)


def _computed(measure: Measure, t: Words) -> str:
    """What was computed for a measure, of the first places below it."""
    outlook = measure.effect
    assert outlook is not None
    places = "; ".join(
        f"{t.of(each, 'name')} {each.before.peak:g} → {each.after.peak:g} {outlook.unit}" for each in outlook.places[:5]
    )
    return t("measures.effect", name=t.of(measure, "name"), places=places, method=t.of(outlook, "method"))


def _tasks(seen: Seen, t: Words, name: Name) -> Section:
    rows = tuple(
        (
            t.of(each, "title"),
            name(each.owner) if each.owner else "—",
            minute(each.due),
            t(f"task.{each.state}"),
            each.note,
        )
        for each in (claim.value for claim in seen.room.tasks.values())
    )
    headings = tuple(t(f"tasks.{key}") for key in ("title", "owner", "due", "state", "note"))
    return Section(t("part.tasks"), (t("tasks.source", guidance=seen.rules.guidance.id),), Table(headings, rows))


def _duties(seen: Seen, t: Words, name: Name) -> Section:
    known = {each["id"]: each for each in seen.rules.reporting.body["duties"]}
    rows = []
    for clock in seen.clocks:
        to = known[clock.duty][f"to_{t.language}"] + (f": {name(clock.to)}" if clock.to else "")
        due = minute(clock.due) or ("—" if clock.state == "waiting" else t("clock.promptly"))
        to += t("duties.followup", at=minute(clock.earlier)) if clock.earlier is not None else ""
        rows.append((to, due, minute(clock.done), t(f"clock.{clock.state}") + (" *" if clock.unverified else "")))
    headings = tuple(t(f"duties.{key}") for key in ("to", "due", "done", "state"))
    lines = (t("duties.unverified"),) if any(clock.unverified for clock in seen.clocks) else ()
    return Section(t("part.duties"), lines, Table(headings, tuple(rows)))


def _news(seen: Seen, t: Words, name: Name) -> Section:
    """What was said since the last report."""
    since = max((each.at for each in seen.room.reports), default=0)
    lines = [each for each in seen.room.lines if each.at > since]
    return _timeline(seen, lines, t("part.news", since=minute(since) or "—"), t, name)


def _whole_timeline(seen: Seen, t: Words, name: Name) -> Section:
    return _timeline(seen, seen.room.lines, t("part.timeline"), t, name)


def _timeline(seen: Seen, lines: Sequence[Line], heading: str, t: Words, name: Name) -> Section:
    """When each thing was said, and when the others can be shown to have known it: by reception, or by their words."""
    known: dict[tuple[str, str], int] = {(each.entry, each.member): each.at for each in seen.heard()}
    for reception in seen.receptions:
        if reception.received is not None:
            key = reception.entry, reception.member
            known[key] = min(known.get(key, reception.received), reception.received)
    rows = []
    for line in lines:
        others = sorted((at, member) for (entry, member), at in known.items() if entry == line.entry)
        heard = "; ".join(f"{name(member)} {minute(at)}" for at, member in others)
        rows.append((minute(line.at), name(line.by), told(line, seen.room, seen.rules.plan, name, t), heard))
    headings = tuple(t(f"timeline.{key}") for key in ("at", "by", "what", "known"))
    return Section(heading, (), Table(headings, tuple(rows)))


def _outcome(seen: Seen, t: Words, name: Name) -> Section:
    lines = []
    for each in seen.room.closings.values():
        summary = each.summary_zh if t.language == "zh" else each.summary_en
        lines.append(t("outcome.summary", member=name(each.by), at=minute(each.at), text=summary))
        lines += [
            t(f"outcome.{key}", text=text) for key, text in (("cause", each.cause), ("lessons", each.lessons)) if text
        ]
    if seen.room.closed is None:
        lines.append(t("outcome.open", members=", ".join(map(name, seen.room.waits_for))))
    else:
        lines.append(t("outcome.closed", at=minute(seen.room.closed)))
    return Section(t("part.outcome"), tuple(lines))


def _conflicts(seen: Seen, t: Words, name: Name) -> Section | None:
    """What stood side by side, and what was said without effect; nothing if there was none."""
    said = {line.entry: line for line in seen.room.lines}
    lines = []
    for each in seen.room.conflicts:
        sides = "; ".join(
            f"{name(said[id].by)}: {told(said[id], seen.room, seen.rules.plan, name, t)}"
            for id in each.entries
            if id in said
        )
        lines.append(t("conflicts.beside", sides=sides, held=name(said[each.held].by)))
    lines += [t("conflicts.void", member=name(v.by), at=minute(v.at), kind=v.kind, code=v.code) for v in seen.room.void]
    return Section(t("part.conflicts"), tuple(lines)) if lines else None


def _next(seen: Seen, t: Words, name: Name) -> Section:
    """What is still to be done: tasks that are open, measures under way, what nobody knows yet."""
    open_tasks = [c.value for c in seen.room.tasks.values() if c.value.state in ("open", "doing") and c.value.owner]
    lines = [t("next.task", title=t.of(x, "title"), owner=name(x.owner), due=minute(x.due) or "—") for x in open_tasks]
    missing = ", ".join(fact_name(key, seen.rules.plan, t) for key in seen.proposal.unknown)
    lines += [t("next.unknown", facts=missing)] if missing else []
    return Section(t("part.next"), tuple(lines) or (t("next.none"),))


Part = Callable[[Seen, Words, Name], Section | None]
PARTS: Final[dict[str, tuple[Part, ...]]] = {
    "initial": (_basics, _grade, _people, _data, _measures, _duties, _next),
    "followup": (_basics, _grade, _news, _people, _data, _measures, _tasks, _duties, _conflicts, _next),
    "final": (
        *(_basics, _outcome, _grade, _people, _all_data, _measures, _tasks, _duties, _whole_timeline),
        *(_conflicts, _next),
    ),
}
