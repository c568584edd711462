"""One resolution: text with its versions, discussion, votes, signatures, tasks; and what this member does about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from markupsafe import Markup
from starlette.responses import Response

from shangyou.core.errors import InputError, ShangyouError
from shangyou.faces.api.acts import perform
from shangyou.faces.portal.differences import marked
from shangyou.faces.portal.hall import Hall, hall, receipts
from shangyou.faces.portal.parties import desk_of
from shangyou.faces.portal.resolutions import waits_for, works_of
from shangyou.faces.portal.visit import Visit
from shangyou.faces.sentences import Sentence, sentence
from shangyou.flows import resolve as flow
from shangyou.flows.resolve import Standing
from shangyou.governance.resolution.fold import NOT_RECEIVED
from shangyou.governance.resolution.matter import CHOICES, TASK_STATES, Ballot, Version

Form = Mapping[str, str]


def page(visit: Visit, error: ShangyouError | None = None) -> Response:
    """The page; after a fault in one of its forms what is wrong."""
    at = hall(visit)
    standing = flow.look(at.together, visit.form.get("id") or visit.request.path_params["id"])
    matter, me = standing.matter, at.found.me
    return visit.page(
        "resolution.html",
        status=error.status if error else 200,
        title=_title(at, standing),
        standing=standing,
        matter=matter,
        phase=standing.phase,
        steps=_steps(standing),
        words=at.words,
        name=at.name,
        names=at.names,
        versions=[(each, _text(at, each), _changed(at, matter.versions, each)) for each in reversed(matter.versions)],
        ballots=[(each, at.name(each.by), _not_counted(visit, standing, each)) for each in matter.ballots],
        silent=[at.name(id) for id in matter.rule.voters if not any(each.by == id for each in matter.ballots)],
        outcome=visit.t("resolution_phase." + (matter.settled or matter.tally).outcome),
        differing=[s.entry for s in matter.signatures if matter.settled and s.result != matter.settled.result],
        works=works_of(at, standing),
        clashes=[_clash(at, each.kind) for each in matter.clashes],
        receipts=receipts(at, standing.receptions, matter.members),
        void=[(v, at.name(v.by), sentence(v.code, v.facts, visit.t.language)) for v in matter.void],
        mine=waits_for(at, standing),
        voter=me in matter.rule.voters,
        proposer=me == matter.proposer,
        may=visit.may("resolution.bind"),
        may_speak=visit.may("resolution.speak"),
        members=[(id, at.name(id)) for id in matter.members],
        choices=CHOICES,
        states=TASK_STATES,
        given=visit.form,
        wrong=sentence(error.code, error.facts, visit.t.language) if error else None,
        done=visit.query("done"),
    )


def _title(at: Hall, standing: Standing) -> str:
    t, matter = at.visit.t, standing.matter
    name, tally = at.words.of(matter.current, "title"), matter.tally
    voters = len(matter.rule.voters)
    outcome = t(f"resolution_phase.{tally.outcome}")
    match standing.phase:
        case "open":
            return t("resolutions.title_open", name=name, cast=voters - len(tally.missing), voters=voters)
        case "reception":
            return t("resolutions.title_reception", name=name)
        case "signing":
            facts = {"outcome": outcome, "signed": len(matter.signatures), "voters": voters}
            return t("resolutions.title_signing", name=name, **facts)
    return t("resolutions.title_over", name=name, outcome=t(f"resolution_phase.{standing.phase}"))


def _steps(standing: Standing) -> list[tuple[str, str]]:
    """Where it is on its way: step, and whether it is past, now or to come."""
    names = ["open", "reception", "signing", "result", "published"]
    phase = standing.phase
    now = names.index(phase) if phase in names else 3
    if standing.matter.published is not None:
        now = 4
    return [(name, "past" if n < now else "now" if n == now else "") for n, name in enumerate(names)]


def _text(at: Hall, version: Version) -> str:
    return at.words.of(version, "text") + (f"\n\n{version.edition}" if version.edition else "")


def _changed(at: Hall, versions: tuple[Version, ...], version: Version) -> Markup | None:
    """What differs from the version before; None for the first."""
    before = next((each for each in versions if each.number == version.number - 1), None)
    return None if before is None else marked(_text(at, before), _text(at, version))


def _not_counted(visit: Visit, standing: Standing, ballot: Ballot) -> Sentence | None:
    if not ballot.not_counted:
        return None
    if ballot.not_counted == NOT_RECEIVED and standing.at <= standing.matter.rule.closes:
        return Sentence(visit.t("resolutions.not_yet"), "")
    return sentence(ballot.not_counted, {}, visit.t.language)


def _clash(at: Hall, kind: str) -> str:
    what, _, member = kind.partition(":")
    return at.visit.t(f"resolutions.clash_{what}", **({"member": at.name(member)} if what in ("vote", "sign") else {}))


# ---- deeds ------------------------------------------------------------------------------------------------------


def act(visit: Visit) -> Response:
    """Whatever one of the page's forms says."""
    form = visit.form
    chosen = ACTS.get(form.get("act", ""))
    if chosen is None:
        raise InputError("entry.field", field="act")
    may, deed, names = chosen
    by = visit.need(may)
    given = {name: form.get(name, "").replace("\r\n", "\n").strip() for name in names}
    try:
        perform(desk_of(visit, by), deed, id=form.get("id", ""), **given)
    except ShangyouError as error:
        return page(visit, error)
    return visit.go(f"/resolutions/{form['id']}?done={form['act']}")


BIND, SPEAK = "resolution.bind", "resolution.speak"
ACTS: Final[Mapping[str, tuple[str, str, tuple[str, ...]]]] = {  # of a form: who may, deed, its fields
    "vote": (BIND, "resolutions/vote", ("choice", "reason")),
    "sign": (BIND, "resolutions/sign", ()),
    "amend": (BIND, "resolutions/amend", ("why", "title_zh", "text_zh", "text_en", "edition")),
    "comment": (SPEAK, "resolutions/comment", ("text",)),
    "publish": (BIND, "resolutions/publish", ()),
    "withdraw": (BIND, "resolutions/withdraw", ("why",)),
    "task": (SPEAK, "resolutions/task", ("task", "title_zh", "owner", "due", "state", "note")),
}
