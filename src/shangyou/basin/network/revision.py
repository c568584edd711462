"""A network that people edit: every change is a revision with who, when and why, and none is ever lost.

The network in force is what ships, with all revisions laid over it in their order. A revision holds the rows before and
after, so it can be read by itself and undone; to undo is a revision too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from shangyou.basin.network.network import Network, build
from shangyou.basin.network.rows import REACH, Cell, Collected, Row, collect, row_of
from shangyou.basin.network.values import Draft, Line, NetworkError, Place, Reach, same
from shangyou.core.errors import ConflictError, InputError, NotFoundError

PLACE: Final = "place"
PLAN: Final = "plan"
WHATS: Final = (REACH, PLACE, PLAN)
WHY_MOST: Final = 500  # characters
PLAN_MOST: Final = 20_000  # characters of one text
Key = tuple[str, str]  # what, id


@dataclass(frozen=True, slots=True)
class Plan:
    """What both sides of a river do if something comes down it (一河一策一图)."""

    river: str
    text_zh: str = ""
    text_en: str = ""
    contacts: Mapping[str, str] = field(default_factory=dict)  # by member: whom to call, and how


Item = Reach | Place | Plan


@dataclass(frozen=True, slots=True)
class Change:
    """One reach, place or plan that became another."""

    what: str  # one of WHATS
    id: str
    before: Item | None  # None = it was not there
    after: Item | None  # None = it is no longer there


@dataclass(frozen=True, slots=True)
class Revision:
    """An act of editing."""

    number: int  # 1, 2, 3 ...
    at: int  # ms since 1970 UTC
    by: str
    why: str
    changes: tuple[Change, ...]
    undoes: int = 0  # the revision that it takes back; 0 = none


@dataclass(slots=True)
class Book:
    """What ships with all revisions laid over it."""

    items: dict[Key, Item]
    revisions: list[Revision] = field(default_factory=list)
    touched: dict[Key, int] = field(default_factory=dict)  # by which revision last

    @property
    def number(self) -> int:
        """Of the newest revision; 0 = none yet."""
        return len(self.revisions)

    def draft(self) -> Draft:
        """Reaches and places in force."""
        found = list(self.items.values())
        return Draft(
            tuple(each for each in found if isinstance(each, Reach)),
            tuple(each for each in found if isinstance(each, Place)),
        )

    def network(self) -> Network:
        """The network in force. NetworkError if what ships and the revisions no longer fit together."""
        return build(self.draft())

    def plan(self, river: str) -> Plan:
        """The plan of a river; an empty one where there is none."""
        found = self.items.get((PLAN, river))
        return found if isinstance(found, Plan) else Plan(river)


def open_book(base: Draft, revisions: Iterable[Revision] = ()) -> Book:
    """Lay revisions over what ships. A change sets its row whatever was there, so a new edition of what ships cannot
    break a home: what people have said stays in force.
    """
    book = Book({key_of(each): each for each in base.items})
    for revision in revisions:
        lay(book, revision)
    return book


def lay(book: Book, revision: Revision) -> None:
    """Bring a revision into force."""
    for change in revision.changes:
        key = (change.what, change.id)
        if change.after is None:
            book.items.pop(key, None)
        else:
            book.items[key] = change.after
        book.touched[key] = revision.number
    book.revisions.append(revision)


def key_of(item: Item) -> Key:
    """What it is, and its id."""
    if isinstance(item, Plan):
        return PLAN, item.river
    return (REACH if isinstance(item, Reach) else PLACE), item.id


def revise(
    book: Book, wanted: Mapping[Key, Item | None], by: str, why: str, at: int, *, seen: int | None = None
) -> Revision | None:
    """The revision that brings items to what is wanted; None if they are so already. The book stays as it is.

    Args:
        wanted: by key; None takes one away.
        seen: number of the revision that the editor has seen: what was touched after it is a conflict.

    Raises:
        InputError "network.why"; ConflictError "network.conflict"; NotFoundError "network.place", "network.reach" where
        something is to be taken away that is not there; NetworkError if it would be no network.
    """
    if not why.strip() or len(why) > WHY_MOST or not why.isprintable():
        raise InputError("network.why")
    changes = []
    for key, after in wanted.items():
        touched = book.touched.get(key, 0)
        if seen is not None and touched > seen:
            raise ConflictError("network.conflict", id=key[1], revision=touched, by=book.revisions[touched - 1].by)
        before = book.items.get(key)
        if before is None and after is None:
            raise NotFoundError(f"network.{key[0]}", id=key[1][:80])
        if not _same(before, after):
            changes.append(Change(*key, before, after))
    revision = Revision(book.number + 1, at, by, why.strip(), tuple(changes))
    _try(book, revision)
    return revision if changes else None


def undo(book: Book, number: int, by: str, why: str, at: int) -> Revision:
    """The revision that takes another back.

    Raises:
        NotFoundError "network.revision"; ConflictError "network.undone", or "network.conflict" where one of its items
        was changed again since; NetworkError if it would be no network.
    """
    if not 1 <= number <= book.number:
        raise NotFoundError("network.revision", revision=number)
    taken = next((each for each in book.revisions if each.undoes == number), None)
    if taken is not None and not any(each.undoes == taken.number for each in book.revisions):
        raise ConflictError("network.undone", revision=number, other=taken.number)
    old = book.revisions[number - 1]
    for change in old.changes:
        touched = book.touched.get((change.what, change.id), 0)
        if not _same(book.items.get((change.what, change.id)), change.after):
            raise ConflictError("network.conflict", id=change.id, revision=touched, by=book.revisions[touched - 1].by)
    changes = tuple(Change(c.what, c.id, c.after, c.before) for c in old.changes)
    revision = Revision(book.number + 1, at, by, why.strip(), changes, number)
    _try(book, revision)
    return revision


def _try(book: Book, revision: Revision) -> None:
    """Would it still be a network?"""
    if any(change.what != PLAN for change in revision.changes):
        tried = Book(dict(book.items), list(book.revisions), dict(book.touched))
        lay(tried, revision)
        tried.network()


def _same(one: Item | None, other: Item | None) -> bool:
    if isinstance(one, Reach | Place) and isinstance(other, Reach | Place):
        return same(one, other)
    return one == other


def replacing(book: Book, draft: Draft, whole: bool) -> dict[Key, Item | None]:
    """What is wanted when a file is brought in: each of its rows; `whole`: and nothing else besides."""
    wanted: dict[Key, Item | None] = {key_of(each): each for each in draft.items}
    if whole:
        wanted = {key: None for key in book.items if key[0] != PLAN and key not in wanted} | wanted
    return wanted


# ---- as rows of a file ------------------------------------------------------------------------------------------


def written(item: Item | None) -> dict[str, object] | None:
    """An item as a JSON object."""
    if item is None:
        return None
    if isinstance(item, Plan):
        return {
            "river": item.river,
            "text_zh": item.text_zh,
            "text_en": item.text_en,
            "contacts": dict(item.contacts),
        }
    found: dict[str, object] = dict(row_of(item))
    if isinstance(item, Reach) and item.line:
        found["line"] = [list(point) for point in item.line]
    return found


def as_item(what: str, cells: Mapping[str, object] | None) -> Item | None:
    """The reverse of `written`. NetworkError for a row that cannot be read, InputError "network.damaged" for no row."""
    if cells is None:
        return None
    if what == PLAN:
        return _plan(cells)
    drawn: Line = ()
    line = cells.get("line")
    if isinstance(line, list) and all(isinstance(point, list) and len(point) == 2 for point in line):
        drawn = tuple((float(x), float(y)) for x, y in line)
    plain: dict[str, Cell] = {k: v for k, v in cells.items() if isinstance(v, str | int | float)}
    found = only(collect([Row(0, plain, drawn)]))
    if (what == REACH) is not isinstance(found, Reach):
        raise InputError("network.damaged", line=0)
    return found


def only(found: Collected) -> Reach | Place:
    """The one item of rows. NetworkError with what cannot be read of it."""
    if found.faults:
        raise NetworkError(tuple(found.faults))
    items: Sequence[Reach | Place] = found.draft.items
    if len(items) != 1:
        raise InputError("network.damaged", line=0)
    return items[0]


def _plan(cells: Mapping[str, object]) -> Plan:
    contacts = cells.get("contacts")
    zh, en = (str(cells.get(name) or "") for name in ("text_zh", "text_en"))
    if not isinstance(contacts, Mapping) or any(
        len(text) > PLAN_MOST for text in (zh, en, *map(str, contacts.values()))
    ):
        raise InputError("network.text", column="plan")
    told = {str(member): str(text) for member, text in contacts.items() if str(text).strip()}
    return Plan(str(cells.get("river") or ""), zh, en, told)
