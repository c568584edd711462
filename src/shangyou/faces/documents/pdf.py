"""A document as PDF, set by Typst in a process of its own with the packaged font."""

from __future__ import annotations

import unicodedata
from importlib.resources import files
from typing import Final

from shangyou.adapters.typesetting import typeset
from shangyou.faces.documents.document import Document, Section

NARROWEST: Final = 6  # of a column, in characters of half width
WIDEST: Final = 40


def pdf(document: Document) -> bytes:
    """The file. UnavailableError "document.pdf"."""
    template = (files("shangyou.faces.documents") / "report.typ").read_text(encoding="utf-8")
    return typeset(
        template,
        {
            "lang": document.language,
            "region": "CN" if document.language == "zh" else "GB",
            "title": document.title,
            "mark": document.mark,
            "under": list(document.under),
            "foot": document.foot,
            "sections": [_section(each) for each in document.sections],
        },
    )


def _section(section: Section) -> dict[str, object]:
    table = section.table
    head = list(table.headings) if table else []
    rows = [list(row) for row in table.rows] if table else []
    columns = len(head) or max(map(len, rows), default=0)
    widths = [max((_width(row[n]) for row in [*rows, *([head] if head else [])]), default=1) for n in range(columns)]
    return {
        "heading": section.heading,
        "lines": list(section.lines),
        "columns": columns,
        "widths": [min(WIDEST, max(NARROWEST, width)) for width in widths],
        "head": head,
        "rows": rows,
    }


def _width(text: str) -> int:
    """In half-width characters: a Chinese one is as wide as two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
