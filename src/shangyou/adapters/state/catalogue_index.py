"""How entries of the catalogue are found: words, facets. SQLite's FTS5, elsewhere the same rule by LIKE."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, delete, func, insert, select, text, true

from shangyou.adapters.state.schema_catalogue import entry, facet
from shangyou.exchange.catalogue.entry import Entry
from shangyou.exchange.catalogue.port import FACETS, Wanted
from shangyou.exchange.catalogue.words import indexed, terms

SHOWN: Final = 200  # values of a facet
MANY: Final = 500  # SQLite bounds the parameters of a statement


def prepare(connection: Connection) -> None:
    """Make the index of words where it is missing, from what the entries hold; only SQLite needs one."""
    if connection.dialect.name != "sqlite":
        return
    known = "select 1 from sqlite_master where name = 'catalogue_words'"
    if connection.execute(text(known)).first() is None:
        connection.execute(
            text(
                "create virtual table catalogue_words using fts5(words, content = 'catalogue_entry', "
                "content_rowid = 'number', tokenize = \"unicode61 remove_diacritics 0\", prefix = '2 3')"
            )
        )
        connection.execute(text("insert into catalogue_words(catalogue_words) values ('rebuild')"))


def words_of(found: Entry) -> str:
    """What an entry is found by."""
    dataset, places = found.dataset, found.dataset.extra.get("places")
    named = [dataset.title_zh, dataset.title_en, dataset.about_zh, dataset.about_en, dataset.id, *dataset.keywords]
    if isinstance(places, dict):
        for kind in ("sections", "rivers", "parameters"):
            named += [str(each[key]) for each in _list(places.get(kind)) for key in ("zh", "en", "id") if key in each]
    return indexed([*named, *dataset.query.parameters])


def facets_of(found: Entry) -> set[tuple[str, str]]:
    """Kind and value of each facet of an entry, values cut to 100 characters."""
    dataset, places = found.dataset, found.dataset.extra.get("places")
    values = [("owner", dataset.owner), ("level", str(dataset.level)), ("sharing", str(dataset.sharing))]
    values += [("parameter", key) for key in dataset.query.parameters] or [("parameter", "*")]
    values += [("cadence", key) for key in dataset.query.cadences]
    rivers = _list(places.get("rivers")) if isinstance(places, dict) else []
    values += [("river", str(each["id"])) for each in rivers if each.get("id")]
    return {(kind, value[:100]) for kind, value in values}


def _list(value: object) -> list[dict[str, Any]]:
    return [each for each in value[:1000] if isinstance(each, dict)] if isinstance(value, list | tuple) else []


_DROP: Final = text(
    "insert into catalogue_words(catalogue_words, rowid, words) "
    "select 'delete', number, words from catalogue_entry where number in :numbers"
).bindparams(bindparam("numbers", expanding=True))
_ADD: Final = text(
    "insert into catalogue_words(rowid, words) select number, words from catalogue_entry where number in :numbers"
).bindparams(bindparam("numbers", expanding=True))


def drop(connection: Connection, numbers: Sequence[int]) -> None:
    """Take entries out of the indices, before they are changed or removed."""
    for part in _parts(numbers):
        if connection.dialect.name == "sqlite":
            connection.execute(_DROP, {"numbers": part})
        connection.execute(delete(facet).where(facet.c.number.in_(part)))


def add(connection: Connection, entries: Sequence[tuple[int, Entry]]) -> None:
    """Put entries into the indices, after they were changed."""
    rows = [
        {"number": number, "kind": kind, "value": value}
        for number, found in entries
        for kind, value in sorted(facets_of(found))
    ]
    if rows:
        connection.execute(insert(facet), rows)
    if connection.dialect.name == "sqlite":
        for part in _parts([number for number, _ in entries]):
            connection.execute(_ADD, {"numbers": part})


def _parts(numbers: Sequence[int]) -> Iterable[list[int]]:
    return (list(numbers[start : start + MANY]) for start in range(0, len(numbers), MANY))


def fitting(connection: Connection, wanted: Wanted, but: str = "") -> Select[tuple[int]]:
    """Numbers of the entries that a search wants; `but` leaves out one facet, whose alternatives are counted."""
    conditions: list[ColumnElement[bool]] = []
    asked = terms(wanted.text)
    if asked and connection.dialect.name == "sqlite":
        match = " AND ".join(f'"{" ".join(term.words)}"{" *" if term.begun else ""}' for term in asked)
        found = text("select rowid from catalogue_words where catalogue_words match :match").bindparams(match=match)
        conditions.append(entry.c.number.in_(found))
    elif asked:
        conditions += [
            entry.c.words.like(f"% {' '.join(term.words)}{'' if term.begun else ' '}%") for term in asked
        ]  # words are letters and digits alone: no wildcard among them
    for kind, values in wanted.facets.items():
        if values and kind != but and kind in FACETS:
            chosen = select(facet.c.number).where(facet.c.kind == kind, facet.c.value.in_(list(values)))
            conditions.append(entry.c.number.in_(chosen))
    return select(entry.c.number).where(and_(true(), *conditions))


def counts(connection: Connection, wanted: Wanted, kind: str) -> list[tuple[str, int]]:
    """Values of a facet among what is found by everything else, the most frequent first."""
    rows = connection.execute(
        select(facet.c.value, func.count().label("n"))
        .where(facet.c.kind == kind, facet.c.number.in_(fitting(connection, wanted, kind)))
        .group_by(facet.c.value)
        .order_by(func.count().desc(), facet.c.value)
        .limit(SHOWN)
    )
    return [(str(value), int(n)) for value, n in rows]
