"""A document as a Word file (.docx), with real headings and tables, so that an office can go on working in it."""

from __future__ import annotations

import io
from typing import Any

from shangyou.faces.documents.document import Document, Table

FONT = {"zh": "宋体", "en": "Times New Roman"}


def word(document: Document) -> bytes:
    """The file. python-docx is loaded here, where it is wanted: it costs 15 MB."""
    import docx
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.oxml.ns import qn
    from docx.shared import Pt

    file: Any = docx.Document()
    normal = file.styles["Normal"]
    normal.font.size, normal.font.name = Pt(10.5), "Times New Roman"
    normal.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), FONT[document.language])
    file.core_properties.title = document.title
    file.core_properties.author = ""
    if document.mark:
        marked = file.add_paragraph().add_run(_clean(document.mark))
        marked.bold = True
    file.add_heading(_clean(document.title), 0).alignment = WD_ALIGN_PARAGRAPH.CENTER
    for line in document.under:
        file.add_paragraph(_clean(line))
    for section in document.sections:
        file.add_heading(_clean(section.heading), 1)
        for line in section.lines:
            file.add_paragraph(_clean(line))
        if section.table is not None:
            _table(file, section.table)
    file.add_paragraph().add_run(_clean(document.foot)).italic = True
    out = io.BytesIO()
    file.save(out)
    return out.getvalue()


def _table(file: Any, table: Table) -> None:
    width = len(table.headings) or max((len(row) for row in table.rows), default=1)
    made = file.add_table(rows=0, cols=width)
    made.style = "Table Grid"
    for place, row in enumerate(((table.headings,) if table.headings else ()) + table.rows):
        cells = made.add_row().cells
        for cell, text in zip(cells, row, strict=False):
            run = cell.paragraphs[0].add_run(_clean(text))
            run.bold = bool(table.headings) and place == 0


def _clean(text: str) -> str:
    """Without characters that XML cannot hold: somebody else's words end up here."""
    return "".join(c for c in text if c in "\t\n" or " " <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c > "\uffff")
