"""Work on an incident with other members: open a room, grade it, report, share tasks, sample, act, close."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from shangyou.core.clock import LEGAL, from_ms
from shangyou.core.errors import ConflictError, InputError
from shangyou.exchange.dossier.entry import Entry
from shangyou.exchange.dossier.port import Reception
from shangyou.flows import warn
from shangyou.flows.saying import Together, begin, say
from shangyou.governance.fields import Void
from shangyou.governance.incident.clocks import Clock, clocks
from shangyou.governance.incident.fold import NETWORK, room
from shangyou.governance.incident.grading import Proposal, propose
from shangyou.governance.incident.known import Heard, heard, then
from shangyou.governance.incident.room import Opening, Room
from shangyou.governance.warning.read import content as read_content
from shangyou.governance.warning.values import Content
from shangyou.standards.library import Edition, edition, editions

SUBJECT: Final = "incident"
NATIONAL: Final = "10"  # the first two digits of an administrative code that is no province's


@dataclass(frozen=True, slots=True)
class Rules:
    """The editions that an incident is judged by."""

    plan: Edition  # grading
    reporting: Edition
    guidance: Edition  # the eight tasks


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A room at this node at a moment."""

    id: str  # of the dossier
    room: Room
    rules: Rules
    proposal: Proposal
    clocks: tuple[Clock, ...]
    entries: Sequence[Entry]
    receptions: Sequence[Reception]
    at: int  # ms since 1970 UTC

    @property
    def grade(self) -> str:
        """The grade by which the clocks run: the confirmed one, else the one that the facts make."""
        return self.room.grade.value.grade if self.room.grade is not None else self.proposal.grade

    @property
    def late(self) -> tuple[Clock, ...]:
        """Reports that should have gone out."""
        return tuple(clock for clock in self.clocks if clock.state == "late")

    def heard(self) -> tuple[Heard, ...]:
        """When each member showed that it had read what others said."""
        return heard(self.entries)


def rules_of(entries: Sequence[Entry]) -> Rules:
    """The editions in force on the day when the incident was noticed; of a standard that began later, its first."""
    noticed = entries[0].body.get("noticed")
    day = from_ms(noticed if type(noticed) is int and 0 < noticed < 2**41 else entries[0].at).astimezone(LEGAL).date()
    return Rules(*(_edition(f"incident_{name}", day) for name in ("grading", "reporting", "tasks")))


def _edition(family: str, day: date) -> Edition:
    first = editions(family)[0]
    return first if day < first.valid_from else edition(family, day)


def seen(id: str, entries: Sequence[Entry], now: int, receptions: Sequence[Reception] = ()) -> Seen:
    """What entries amount to at a moment. InputError for a dossier that is no incident's."""
    rules = rules_of(entries)
    made = room(entries, rules.plan, rules.guidance)
    proposal = propose({key: claim.value for key, claim in made.facts.items()}, rules.plan)
    grade = made.grade.value.grade if made.grade is not None else proposal.grade
    running = clocks(made, grade, rules.reporting, now)
    return Seen(id, made, rules, proposal, running, entries, receptions, now)


def look(together: Together, id: str) -> Seen:
    """The room as it is now. NotFoundError "dossier.unknown"."""
    dossiers = together.dossiers
    return seen(id, dossiers.entries(id), together.now(), dossiers.receptions(id))


def look_back(together: Together, id: str, at: int, member: str = "") -> Seen:
    """The room as it was known at a moment, to all together or to one member by what it said."""
    told = then(together.dossiers.entries(id), at, member)
    entries = [entry for entry in told if isinstance(entry, Entry)]
    if not entries:
        raise InputError("incident.before", at=at)
    return seen(id, entries, at)


def incidents(together: Together, limit: int = 200) -> list[Seen]:
    """The rooms of this node, the last changed first; an opening that cannot be read is left out."""
    found = []
    for each in together.dossiers.headings(SUBJECT, limit):
        try:
            found.append(seen(each.id, together.dossiers.entries(each.id), together.now()))
        except InputError:
            continue
    return found


def open_room(together: Together, members: Sequence[str], body: Mapping[str, object], by: str) -> str:
    """Open a room with other members; its id. InputError "entry.field" names what is missing or wrong.

    ConflictError "incident.opened" where the warning that it comes from has one that is not closed.
    """
    there = rooms_of(together, str(body.get("warning", "")))
    if there:
        raise ConflictError("incident.opened", id=there[0].id, by=there[0].room.opening.by)
    return begin(together, SUBJECT, members, body, lambda entries: seen("", entries, together.now()), by)


def rooms_of(together: Together, warning: str) -> list[Seen]:
    """The open rooms of a warning. More than one where two members opened theirs while they could not hear each other.

    The earliest first, by its opening and then its id, so that all go on in the same one.
    """
    found = [each for each in incidents(together) if warning and each.room.opening.warning == warning]
    return sorted(
        (each for each in found if each.room.closed is None), key=lambda each: (each.room.opening.at, each.id)
    )


def from_warning(together: Together, id: str) -> dict[str, object]:
    """What the opening of a room takes over from a warning: place, river, substance, amount, times, members.

    NotFoundError "dossier.unknown"; InputError "warning.opening" for a dossier of another subject.
    """
    found = warn.look(together, id).situation
    content = found.content
    names = ("title_zh", "title_en", "place", "place_zh", "place_en", "river", "substance", "amount", "limit")
    taken: dict[str, object] = {name: getattr(content, name) for name in names if getattr(content, name)}
    if content.began is not None:
        taken["occurred"] = min(content.began, content.noticed)
    charge = list(found.in_charge) or [together.me]
    return taken | {
        "warning": id,
        "noticed": content.noticed,
        "in_charge": charge,
        "affected": [each for each in found.members if each not in charge],
        "simulated": found.simulated,
    }


def release(opening: Opening) -> Content | None:
    """What entered the water, as a room knows it; None where nobody has named its place on the network."""
    if not opening.place:
        return None
    names = (
        "title_zh",
        "title_en",
        "place",
        "place_zh",
        "place_en",
        "river",
        "substance",
        "noticed",
        "amount",
        "limit",
    )
    said = {name: getattr(opening, name) for name in names} | {"began": opening.occurred, "text": opening.title_zh}
    return read_content(said | {"place_zh": opening.place_zh or opening.place})


def tell(together: Together, id: str, verb: str, body: Mapping[str, object], by: str) -> Entry:
    """Say something in a room: facts, place, grade, report, task, point, sample, measure, decision, close ...

    Raises what the fold has against it: InputError "entry.field", ConflictError "incident.closed" ...
    """
    return say(together, id, f"{SUBJECT}.{verb}", body, _void, by)


def derive(together: Together, id: str, codes: Mapping[str, str], banks: Iterable[str] = ()) -> Entry | None:
    """Say that it concerns several provinces, where its members and its place on the network make it so.

    Args:
        codes: administrative codes of members and agencies, by id.
        banks: those in charge of the water where it entered.

    None where they lie in one province, where that has been said, and where a person has said anything of it: nobody's
    word is overruled, and whoever knows better says so after it.
    """
    found = look(together, id).room
    concerned = dict.fromkeys((*found.opening.in_charge, *found.opening.affected, *banks))
    members = [each for each in concerned if codes.get(each, NATIONAL)[:2] != NATIONAL]
    said = found.facts.get("crossing")
    if len({codes[each][:2] for each in members}) < 2 or said is not None:
        return None
    return tell(together, id, "facts", {"facts": {"crossing": "province"}, "source": NETWORK, "members": members}, "")


def confirm(together: Together, id: str, grade: str, why: str, role: str, by: str) -> Entry:
    """Confirm the proposed grade, or choose another for a reason. InputError "entry.field" if there is none."""
    proposed = look(together, id).proposal.grade
    return tell(together, id, "grade", {"grade": grade or proposed, "proposed": proposed, "why": why, "role": role}, by)


def claim_task(together: Together, id: str, task: str, change: Mapping[str, object], by: str) -> Entry:
    """Change what is given of a task; the rest stays as it stands."""
    held = look(together, id).room.tasks.get(task)
    body: dict[str, object] = {"task": task}
    if held is not None:
        value = held.value
        body |= {"title_zh": value.title_zh, "title_en": value.title_en, "owner": value.owner, "state": value.state}
        body |= {"due": value.due, "note": value.note}
    return tell(together, id, "task", body | {key: value for key, value in change.items() if value is not None}, by)


def end(together: Together, id: str, body: Mapping[str, object], by: str) -> Entry:
    """Close the room for this member. ConflictError "incident.late_reports" while a statutory report is owed by it."""
    found = look(together, id)
    if found.late and together.me in found.room.opening.in_charge:
        raise ConflictError("incident.late_reports", count=len(found.late))
    return tell(together, id, "close", body, by)


def _void(entries: Sequence[Entry]) -> Sequence[Void]:
    rules = rules_of(entries)
    return room(entries, rules.plan, rules.guidance).void
