"""A document as one HTML file that needs nothing else: it prints, and opens anywhere."""

from __future__ import annotations

from html import escape

from shangyou.faces.documents.document import Document, Table

STYLE = (
    "body{font:14px/1.6 system-ui,'Noto Sans CJK SC','Microsoft YaHei',sans-serif;max-width:52rem;margin:2rem auto;"
    "padding:0 1rem;color:#16202a}h1{font-size:20px}h2{font-size:16px;margin-top:1.6em}"
    "table{border-collapse:collapse;width:100%}th,td{border:1px solid #8796a3;padding:4px 8px;text-align:left;"
    "vertical-align:top;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}th{background:#edf1f4}"
    ".mark{border:2px solid #8a5a00;padding:4px 8px;font-weight:600}.under,.foot{color:#465463}"
    "@page{size:A4;margin:20mm}"
)


def html(document: Document) -> bytes:
    """The file, UTF-8."""
    out = [
        f'<!doctype html><html lang="{"zh-CN" if document.language == "zh" else "en"}"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(document.title)}</title><style>{STYLE}</style></head><body>",
    ]
    if document.mark:
        out.append(f'<p class="mark">{escape(document.mark)}</p>')
    out.append(f"<h1>{escape(document.title)}</h1>")
    out += [f'<p class="under">{escape(line)}</p>' for line in document.under]
    for section in document.sections:
        out.append(f"<h2>{escape(section.heading)}</h2>")
        out += [f"<p>{escape(line)}</p>" for line in section.lines]
        if section.table is not None:
            out.append(_table(section.table))
    out.append(f'<p class="foot">{escape(document.foot)}</p></body></html>')
    return "\n".join(out).encode()


def _table(table: Table) -> str:
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in table.headings)
    lines = [f"<thead><tr>{head}</tr></thead>"] if head else []
    lines.append("<tbody>")
    for row in table.rows:
        cells = [f"<td>{escape(text)}</td>" for text in row]
        if not head:
            cells[0] = f'<th scope="row">{escape(row[0])}</th>'
        lines.append(f"<tr>{''.join(cells)}</tr>")
    return f"<table>{''.join(lines)}</tbody></table>"
