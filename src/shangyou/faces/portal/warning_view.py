"""What the pages of warnings show of one, in the words of the reader."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from shangyou.faces.portal.figures import duration
from shangyou.faces.portal.hall import Hall
from shangyou.faces.warning import Watch
from shangyou.faces.wording import amount, substance
from shangyou.flows.warn import Seen
from shangyou.governance.warning.clocks import Clock
from shangyou.governance.warning.compare import Difference, differences
from shangyou.governance.warning.values import Arrival, Contact, Message, Table

CHIPS: Final = {"open": ("bad", "!"), "asked": ("warn", "?"), "cleared": ("good", "✓")}
SHOWN: Final = 8  # places of an arrival table that stand open


def short(seen: Seen) -> str:
    """Its id in an address."""
    return seen.id.removeprefix("urn:uuid:")


def title(at: Hall, seen: Seen) -> str:
    """Its name in the reader's language."""
    content = seen.situation.content
    return content.title_zh if at.visit.t.language == "zh" else content.title_en


def state_chip(seen: Seen) -> tuple[str, str, str]:
    """Colour, shape, and the key of the word."""
    return (*CHIPS[seen.situation.state], seen.situation.state)


def finding(at: Hall, seen: Seen) -> str:
    """The title of the page: what has to be done first."""
    t, name, state = at.visit.t, title(at, seen), seen.situation.state
    waiting = seen.open()
    mine = [each for each in waiting if each.member == at.found.me]
    if mine:
        clock, key = mine[0], "request" if mine[0].kind == "request" else "word"
        left = abs(clock.left or 0)
        tense = "late" if clock.state == "late" else "left"
        return t(f"warnings.title_{key}_{tense}", name=name, left=duration(left, t))
    if waiting and state != "cleared":
        return t.count("warnings.title_silent", len(waiting), name=name)
    return t(f"warnings.title_{state}", name=name)


@dataclass(frozen=True, slots=True)
class Party:
    """A member of a warning."""

    id: str
    name: str
    charge: bool
    here: bool
    waiting: int  # entries of ours that its node has not signed for
    received: int | None
    trouble: str
    clock: Clock | None  # what it owes
    step: str  # who is called there now, in words
    acknowledged: int | None
    role: str
    cleared: bool
    line: Contact | None


def parties(at: Hall, seen: Seen, watch: Watch) -> list[Party]:
    """Everybody who takes part, those who owe a word first."""
    situation, waiting = seen.situation, {each.member: each for each in seen.open()}
    steps = {each["id"]: each[at.visit.t.language] for each in seen.rules.body["steps"]}
    made = []
    for id in situation.members:
        late, received = seen.received(id)
        taken = [each for (_, who), each in situation.taken.items() if who == id]
        last = max(taken, key=lambda each: each.at, default=None)
        trouble = next((r.trouble for r in seen.receptions if r.member == id and r.trouble), "")
        clock = waiting.get(id)
        made.append(
            Party(
                id=id,
                name=at.name(id),
                charge=id in situation.in_charge,
                here=id == at.found.me,
                waiting=late,
                received=received,
                trouble=trouble,
                clock=clock,
                step=steps.get(clock.step, "") if clock else "",
                acknowledged=last.at if last else None,
                role=last.role if last else "",
                cleared=id in situation.cleared,
                line=watch.line(seen, id),
            )
        )
    return sorted(made, key=lambda each: (each.clock is None, each.clock.due if each.clock else 0, not each.charge))


@dataclass(frozen=True, slots=True)
class Cell:
    """One member's word on one place, beside ours."""

    arrival: Arrival | None
    later: int | None  # ms after ours
    apart: bool


@dataclass(frozen=True, slots=True)
class Stop:
    """A place of the arrival tables."""

    name: str
    member: str
    km: float | None
    cells: tuple[Cell, ...]  # one for each table


@dataclass(frozen=True, slots=True)
class Board:
    """The arrival tables beside each other, this node's first."""

    tables: tuple[tuple[str, Table, str], ...]  # name of the member, table, its method in words
    stops: tuple[Stop, ...]
    apart: int  # places where somebody differs
    shown: int  # so many stand open, the others are a press away


def board(at: Hall, seen: Seen) -> Board | None:
    """The tables; None while nobody has given one."""
    tables, me = seen.situation.tables, at.found.me
    if not tables:
        return None
    order = sorted(tables, key=lambda by: (by != me, by not in seen.situation.in_charge, by))
    base = tables[order[0]]
    columns: list[tuple[str, Table]] = []
    for by in order:
        columns.append((at.name(by), tables[by]))
        other = tables[by].as_told
        if other is not None:
            columns.append((at.visit.t("warnings.as_told", by=at.name(by), told=at.name(other.by)), other))
    beside = [{each.place: each for each in differences(base, other, seen.began, seen.rules)} for _, other in columns]
    places: dict[str, Arrival] = {}
    for _, table in columns:
        for each in table.arrivals:
            places.setdefault(each.place, each)
    stops = []
    for id, shown in sorted(places.items(), key=lambda item: item[1].distance or 0.0):
        cells = [Cell(next((a for a in base.arrivals if a.place == id), None), None, apart=False)]
        cells += [_cell(each.get(id)) for each in beside[1:]]
        name = shown.name_zh if at.visit.t.language == "zh" else shown.name_en or shown.name_zh
        km = None if shown.distance is None else shown.distance / 1000
        stops.append(Stop(name or id, at.name(shown.member) if shown.member else "", km, tuple(cells)))
    apart = sum(any(cell.apart for cell in stop.cells) for stop in stops)
    shown_tables = tuple((name, table, method(at, table)) for name, table in columns)
    return Board(shown_tables, tuple(stops), apart, SHOWN)


def _cell(told: Difference | None) -> Cell:
    """Where neither our table nor the other has a place, a third one has."""
    return Cell(None, None, apart=False) if told is None else Cell(told.theirs, told.first, told.apart)


def method(at: Hall, table: Table) -> str:
    """How a table was computed, in the reader's language where it says so in both."""
    return method_in(at.visit.t.language, table)


def method_in(language: str, table: Table) -> str:
    """The same in a language."""
    zh, _, en = table.method.partition(" / ")
    return zh if language == "zh" or not en else en


@dataclass(frozen=True, slots=True)
class Line:
    """Something that was said, as the timeline shows it."""

    message: Message
    by: str
    text: str
    more: str  # whom it asks, what it changed, which places it computed
    read: str  # who has acknowledged it


def timeline(at: Hall, seen: Seen) -> list[Line]:
    """All messages, the newest first."""
    t, situation = at.visit.t, seen.situation
    lines = []
    for each in reversed(situation.messages):
        more = []
        if each.to:
            more.append(t("warnings.to_whom", members=at.names(each.to)))
        if each.changed:
            more.append(t("warnings.changed", fields=_listed(at, [t(f"warnings.field_{n}") for n in each.changed])))
        if each.table is not None:
            more.append(t.count("warnings.computed", len(each.table.arrivals)))
        if each.role:
            more.append(t(f"warnings.role_{each.role}"))
        read = sorted(member for message, member in situation.taken if message == each.entry)
        lines.append(Line(each, at.name(each.by), each.text, " · ".join(more), at.names(read)))
    return lines


def _listed(at: Hall, words: list[str]) -> str:
    return ("、" if at.visit.t.language == "zh" else ", ").join(words)


def facts(at: Hall, seen: Seen) -> list[tuple[str, str]]:
    """What is known, by the key of its name; what is not known says so."""
    content, language, t = seen.situation.content, at.visit.t.language, at.visit.t
    place = content.place_zh if language == "zh" else content.place_en
    bank = t(f"warnings.bank_{content.bank}") if content.bank else ""
    told = [
        ("where", " · ".join(filter(None, (place, at.river(content.river), bank)))),
        ("substance", substance(content, language) or t("warnings.unknown")),
        ("amount", amount(content, language)),
        ("duration", duration(round(content.duration * 1000), t) if content.duration else t("warnings.unknown")),
        ("limit", f"{content.limit:g} mg/L" if content.limit else ""),
        ("in_charge", at.names(seen.situation.in_charge) or t("warnings.unknown")),
        ("text", content.text),
        ("evidence", "\n".join(content.evidence)),
    ]
    return [(key, text) for key, text in told if text]
