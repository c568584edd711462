"""A document as values: headings, lines, tables. It is made once and written in several forms."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with what stands below it, in this order: lines, then a table."""

    heading: str
    lines: tuple[str, ...] = ()
    table: Table | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A whole document."""

    language: str  # zh or en
    title: str
    mark: str  # what stands above everything: that data are simulated; "" = nothing
    under: tuple[str, ...]  # lines below the title: who, when
    sections: tuple[Section, ...]
    foot: str  # on what it rests
