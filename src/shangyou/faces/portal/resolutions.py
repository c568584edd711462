"""Resolutions: the list with what waits for this member, tasks that follow, adopted standards, the form to propose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from shangyou.core.clock import LEGAL, from_ms
from shangyou.core.errors import ShangyouError
from shangyou.faces.api.acts import perform
from shangyou.faces.portal.hall import Hall, hall
from shangyou.faces.portal.parties import desk_of, joined
from shangyou.faces.portal.visit import Visit
from shangyou.faces.sentences import sentence
from shangyou.faces.together import rulebook
from shangyou.flows.resolve import Standing, resolutions
from shangyou.governance.resolution.matter import FORMS, Duty

PROPOSE: Final = "resolutions/propose"  # deed
UNDER_WAY: Final = ("open", "reception", "signing")


@dataclass(frozen=True, slots=True)
class Row:
    """A resolution in the list."""

    standing: Standing
    title: str
    mine: bool  # it waits for this member
    by: str


@dataclass(frozen=True, slots=True)
class Work:
    """A task that follows from a resolution."""

    duty: Duty
    title: str
    owner: str
    late: bool
    standing: Standing
    of: str  # title of the resolution


def page(visit: Visit, error: ShangyouError | None = None) -> Response:
    """The list; and after a fault in the form what is wrong."""
    if joined(visit) is None:
        return visit.page("resolutions_none.html")
    at = hall(visit)
    rows = [_row(at, each) for each in resolutions(at.together)]
    works = [work for row in rows for work in works_of(at, row.standing)]
    book = rulebook(at.found.node)
    return visit.page(
        "resolutions.html",
        status=error.status if error else 200,
        title=_finding(visit, rows, works),
        running=sorted((r for r in rows if r.standing.phase in UNDER_WAY), key=lambda r: not r.mine),
        over=[row for row in rows if row.standing.phase not in UNDER_WAY],
        works=sorted(works, key=lambda w: (w.duty.state in ("done", "cannot"), w.duty.due or 2**60)),
        editions=book.editions(),
        spoilt=book.spoilt(),
        today=from_ms(visit.now).astimezone(LEGAL).date(),
        may=visit.may("resolution.bind"),
        forms=FORMS,
        members=at.active(),
        name=at.name,
        given=visit.form,
        wrong=sentence(error.code, error.facts, visit.t.language) if error else None,
    )


def waits_for(at: Hall, standing: Standing) -> bool:
    """Has this member to vote or to sign?"""
    matter, me = standing.matter, at.found.me
    if me not in matter.rule.voters:
        return False
    if standing.phase == "open":
        return not any(each.by == me and each.version == matter.current.entry for each in matter.ballots)
    return standing.phase == "signing" and not any(each.by == me for each in matter.signatures)


def works_of(at: Hall, standing: Standing) -> list[Work]:
    """The tasks of one resolution."""
    t, title = at.words, at.words.of(standing.matter.current, "title")
    made = []
    for claim in standing.matter.tasks.values():
        duty = claim.value
        late = duty.due is not None and duty.due < standing.at and duty.state in ("open", "doing")
        made.append(Work(duty, t.of(duty, "title"), at.name(duty.owner), late, standing, title))
    return made


def _row(at: Hall, standing: Standing) -> Row:
    matter = standing.matter
    return Row(standing, at.words.of(matter.current, "title"), waits_for(at, standing), at.name(matter.proposer))


def _finding(visit: Visit, rows: list[Row], works: list[Work]) -> str:
    mine, late = sum(row.mine for row in rows), sum(work.late for work in works)
    if mine:
        return visit.t.count("resolutions.to_do", mine)
    if late:
        return visit.t.count("resolutions.tasks_late", late)
    return visit.t("resolutions.calm")


def propose(visit: Visit) -> Response:
    """Propose something."""
    by, form = visit.need("resolution.bind"), visit.form
    texts = {k: form.get(k, "").replace("\r\n", "\n").strip() for k in ("title_zh", "title_en", "text_zh", "text_en")}
    rule = {key: form.get(key, "").strip() for key in ("form", "quorum", "majority", "deadline")}
    edition = form.get("edition", "").replace("\r\n", "\n")
    veto = tuple(key.partition(":")[2] for key in form if key.startswith("veto:"))
    try:
        done = perform(desk_of(visit, by), PROPOSE, **texts, **rule, edition=edition, veto=veto)
    except ShangyouError as error:
        return page(visit, error)
    return visit.go(f"/resolutions/{done['id']}?done=propose")
