"""Warn other members along the river: send, update, ask, inform, acknowledge, clear; and what a node does by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from shangyou.core.clock import LEGAL, from_ms
from shangyou.core.errors import ConflictError, InputError, NotFoundError
from shangyou.exchange.dossier.entry import Entry
from shangyou.exchange.dossier.port import Reception
from shangyou.flows.saying import Together, begin, say
from shangyou.governance.fields import Void
from shangyou.governance.warning.clocks import Clock, clocks, open_clocks
from shangyou.governance.warning.compare import Difference, differences
from shangyou.governance.warning.event import earlier, opened
from shangyou.governance.warning.fold import situation
from shangyou.governance.warning.read import table
from shangyou.governance.warning.values import Content, Situation, Table, Traced
from shangyou.standards.library import Edition, edition, editions

SUBJECT: Final = "warning"
FAMILY: Final = "warning_clocks"
REFERRED: Final = 200  # characters of a title in a reference
CHANGING: Final = ("first", "update")  # messages after which arrivals are computed anew
Compute = Callable[[Content, int], Mapping[str, object]]  # the body of an arrival table; {} where none can be computed


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A warning at this node at a moment."""

    id: str  # of the dossier
    situation: Situation
    clocks: tuple[Clock, ...]
    rules: Edition
    entries: Sequence[Entry]
    receptions: Sequence[Reception]
    at: int  # ms since 1970 UTC

    @property
    def began(self) -> int:
        """When it began, or else was noticed."""
        content = self.situation.content
        return content.began if content.began is not None else content.noticed

    def open(self) -> list[Clock]:
        """Of each member the clock that runs out first."""
        return open_clocks(self.clocks)

    def owed(self, member: str) -> list[Clock]:
        """Messages to which a member still owes a word."""
        return [each for each in self.clocks if each.member == member and each.state in ("running", "late")]

    def received(self, member: str) -> tuple[int, int | None]:
        """How many of our entries a member has not signed for, and when it last signed for one."""
        of_member = [each for each in self.receptions if each.member == member]
        there = [each.received for each in of_member if each.received is not None]
        return len(of_member) - len(there), max(there, default=None)

    def beside(self, mine: str, theirs: str) -> tuple[Difference, ...]:
        """Arrival tables of two members beside each other; () where one has given none."""
        tables = self.situation.tables
        if mine not in tables or theirs not in tables:
            return ()
        return differences(tables[mine], tables[theirs], self.began, self.rules)


def rules_of(entries: Sequence[Entry]) -> Edition:
    """The clocks in force on the day of the opening; of a standard that began later, its first edition."""
    day = from_ms(min(entries[0].at, 2**41)).astimezone(LEGAL).date()
    first = editions(FAMILY)[0]
    return first if day < first.valid_from else edition(FAMILY, day)


def seen(id: str, entries: Sequence[Entry], now: int, receptions: Sequence[Reception] = ()) -> Seen:
    """What entries amount to at a moment. InputError "warning.opening" for a dossier that is no warning's."""
    rules, made = rules_of(entries), situation(entries)
    return Seen(id, made, clocks(made, rules, now), rules, entries, receptions, now)


def look(together: Together, id: str) -> Seen:
    """The warning as it is now. NotFoundError "dossier.unknown"."""
    return seen(id, together.dossiers.entries(id), together.now(), together.dossiers.receptions(id))


def warnings(together: Together, limit: int = 200) -> list[Seen]:
    """The warnings of this node, the last changed first; an opening that cannot be read is left out."""
    found = []
    for each in together.dossiers.headings(SUBJECT, limit):
        try:
            found.append(look(together, each.id))
        except InputError:
            continue
    return found


def best_first(situation: Situation, me: str) -> list[Table]:
    """The members' arrival tables, the one to be shown first in front: with bands, our own, of those in charge."""
    tables = situation.tables.items()
    order = sorted(
        tables, key=lambda each: (not each[1].banded, each[0] != me, each[0] not in situation.in_charge, each[0])
    )
    return [table for _, table in order]


# ---- saying -----------------------------------------------------------------------------------------------------


def send(together: Together, members: Iterable[str], body: Mapping[str, object], by: str) -> str:
    """Open a warning with a first message to these members; its id.

    InputError "warning.nobody" without anybody else; "warning.required", "entry.field" for what it must say.
    """
    whom = sorted(set(members) - {together.me})
    if not whom:
        raise InputError("warning.nobody")

    def check(entries: Sequence[Entry]) -> object:
        return situation(entries)

    return begin(together, SUBJECT, whom, body, check, by)


def tell(together: Together, id: str, verb: str, body: Mapping[str, object], by: str) -> Entry:
    """Say something in a warning: first, update, request, information, clear, acknowledge, comment.

    Raises what the fold has against it: InputError "entry.field", ConflictError "warning.not_in_charge" ...
    """
    return say(together, id, f"{SUBJECT}.{verb}", body, _void, by)


def acknowledge(
    together: Together, id: str, role: str, by: str, text: str = "", contact: object = None
) -> Entry | None:
    """Say that somebody here has read all there is; None if nothing is owed a word, so that pressing twice is once."""
    owed = [each for each in look(together, id).owed(together.me) if each.kind != "request"]
    if not owed:
        return None
    body: dict[str, object] = {"role": role, "text": text} | ({"contact": contact} if contact else {})
    return tell(together, id, "acknowledge", body, by)


def invite(together: Together, id: str, members: Iterable[str], by: str) -> Entry:
    """Let more members in. ConflictError "warning.nobody" if all are in already."""
    new = sorted(set(members) - set(look(together, id).situation.members))
    if not new:
        raise ConflictError("warning.nobody")
    entry = together.dossiers.invite(id, new)
    together.record("notice", {"dossier": id, "entry": entry.id, "said": entry.kind, "by": by})
    return entry


def _void(entries: Sequence[Entry]) -> Sequence[Void]:
    return situation(entries).void


# ---- what a node does by itself ---------------------------------------------------------------------------------


def attend(together: Together, found: Seen, compute: Compute, ministry: str, done: set[str]) -> int:
    """Compute arrivals anew where something has changed, and ask the ministry in where nobody acknowledges.

    Args:
        ministry: member id of the basin centre; "" where the federation has none.
        done: ids of the messages for which arrivals were computed here, kept by the caller; a node that starts anew
            finds in the warning what it had said.

    Returns how much was said.
    """
    if found.situation.state != "open":
        return 0
    return _recomputed(together, found, compute, done) + _escalated(together, found, ministry)


def _recomputed(together: Together, found: Seen, compute: Compute, done: set[str]) -> int:
    """Our own arrival table for what is known now, if we are on the way or in charge."""
    changed = latest_change(found)
    if changed in done:
        return 0
    done.add(changed)
    mine = found.situation.tables.get(together.me)
    order = [each.entry for each in found.situation.messages]
    if mine is not None and order.index(mine.entry) >= order.index(changed):
        return 0
    body = compute(found.situation.content, together.now())
    if not concerns(body, together.me) and together.me not in found.situation.in_charge:
        return 0
    if not body.get("rows") or (mine is not None and mine.arrivals == _arrivals(body, together.me)):
        return 0
    tell(together, found.id, "information", {"arrivals": body}, "")
    return 1


def latest_change(found: Seen) -> str:
    """The message that says what is known now."""
    return [each.entry for each in found.situation.messages if each.kind in CHANGING][-1]


def coarse(found: Seen, me: str) -> bool:
    """Does our own table of an open warning tell times without bands?"""
    mine = found.situation.tables.get(me)
    if found.situation.state != "open" or mine is None:
        return False
    return all(each.first_early is None and each.peak_early is None for each in mine.arrivals)


def refine(together: Together, id: str, compute: Compute) -> bool:
    """Say a better table in place of our coarse one, if what is known is still the same once it is computed.

    Raises as `compute` does.
    """
    found = look(together, id)
    if not coarse(found, together.me):
        return False
    body = compute(found.situation.content, together.now())
    again = look(together, id)
    if not body.get("rows") or not coarse(again, together.me) or latest_change(again) != latest_change(found):
        return False
    tell(together, id, "information", {"arrivals": body}, "")
    return True


def traced_by(found: Seen, me: str) -> tuple[str, Traced] | None:
    """Whose tracing has learned something of the river, of those in charge besides us, and what; None = nobody's."""
    tables = found.situation.tables
    told = ((by, tables[by].traced) for by in found.situation.in_charge if by in tables and by != me)
    return next(((by, traced) for by, traced in told if traced is not None), None)


def refer(together: Together, found: Sequence[Seen]) -> int:
    """In each open warning that we are in charge of, name the earlier one of the same event; how often that was said.

    Two members that warn at once, or while they cannot hear each other, both find the same one to be the earlier.
    """
    by_id = {each.id: each for each in found}
    said = 0
    for later, first in earlier({id: each.situation for id, each in by_id.items()}).items():
        situation = by_id[later].situation
        if together.me not in situation.in_charge or situation.state != "open" or first in situation.refers:
            continue
        content, (by, _) = by_id[first].situation.content, opened(by_id[first].situation)
        zh = f"与 {by} 先发的预警“{content.title_zh[:REFERRED]}”是同一事件。"
        en = f"The same event as “{content.title_en[:REFERRED]}”, of which {by} warned before."
        tell(together, later, "information", {"refers": first, "text": f"{zh} / {en}"}, "")
        said += 1
    return said


def concerns(body: Mapping[str, object], member: str) -> bool:
    """Is one of the places of a table in a member's charge?"""
    rows = body.get("rows")
    return isinstance(rows, list) and any(isinstance(row, Mapping) and row.get("member") == member for row in rows)


def _arrivals(body: Mapping[str, object], by: str) -> tuple[object, ...]:
    found = table({"arrivals": body}, by, "")
    return found.arrivals if found is not None else ()


def _escalated(together: Together, found: Seen, ministry: str) -> int:
    """Ask the ministry in, where somebody has been silent too long; only those in charge do."""
    if not ministry or ministry in found.situation.members or together.me not in found.situation.in_charge:
        return 0
    if not any(each.step == "ministry" for each in found.open()):
        return 0
    try:
        invite(together, found.id, [ministry], "")
    except NotFoundError:  # it is no member any more
        return 0
    return 1
