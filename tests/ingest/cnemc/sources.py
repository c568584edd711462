"""The same rows as the portal's three kinds of source write them."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence

from shangyou.core.journal import Raw
from shangyou.core.records import Parsed
from shangyou.ingest.cnemc.portal import COLUMNS, FILTERED

Row = Sequence[str]  # 17 texts: 极值过滤 as such, numbers as the original values
_TEXTS = "四川省,长江流域,清溪,04-01 08:00,Ⅱ,12.5,8.01,9.2,310.5,4.4,1.52,0.0254,0.0271,1.1,*,*,正常"
NORMAL: Row = tuple(_TEXTS.split(","))


def row(**changes: str) -> Row:
    """NORMAL with some columns changed: name=…, time=…, grade=…, ammonia=…, chlorophyll=…, state=…"""
    places = {"province": 0, "basin": 1, "name": 2, "time": 3, "grade": 4, "temperature": 5, "ammonia": 11,
              "chlorophyll": 14, "algae": 15, "state": 16}  # fmt: skip
    out = list(NORMAL)
    for key, text in changes.items():
        out[places[key]] = text
    return tuple(out)


def section_file(
    rows: Sequence[Row], source: str = "2021-04/四川省/长江流域/清溪/2021-04/清溪.csv", note: str = ""
) -> Raw:
    text = "\r\n".join(",".join(cells) for cells in (COLUMNS, *rows)) + "\r\n"
    return Raw("cnemc-csv", source, 0, text.encode(), note)


def answer(rows: Sequence[Row], source: str = "daily/2021-04/2021-04-01.json", note: str = "", told: str = "") -> Raw:
    head = [text.replace("(", "<br/><span class='unit'>(").replace(")", ")</span>") for text in COLUMNS]
    body = [[_cell(i, text, "title", told) if text else None for i, text in enumerate(cells)] for cells in rows]
    told_all = {"result": 1, "total": 1, "records": len(rows), "thead": head, "tbody": body}
    return Raw("cnemc-json", source, 0, json.dumps(told_all, ensure_ascii=False).encode(), note)


def page(rows: Sequence[Row], source: str = "pages/20210401T121517.html", note: str = "", told: str = "") -> Raw:
    head = "".join(f'<td class="parm">{text.replace("(", "<br><span>(")}</span></td>' for text in COLUMNS)
    items = "".join(
        '<li class="news-item"><table><tbody><tr>'
        + "".join(
            f'<td class="parm">{_cell(i, text, "data-original-title", told) or "&nbsp;"}</td>'
            for i, text in enumerate(cells)
        )
        + "</tr></tbody></table></li>\n"
        for cells in rows
    )
    body = f'<table id="gridHd"><tr>{head}</tr></table>\n<ul id="gridDatas">{items}</ul>'
    return Raw("cnemc-page", source, 0, f"<!DOCTYPE html><html><body>{body}</body></html>".encode(), note)


def _cell(place: int, text: str, attribute: str, told: str) -> str:
    if place == 2 and told:
        return f"<span data-toggle='tooltip' {attribute}='{html.escape(told)}'>{text}</span>"
    if text == FILTERED:
        return f"<span {attribute}='{FILTERED}'>--</span>"
    if 5 <= place <= 15 and text[:1].isdigit():
        return f"<span {attribute}='原始值：{text}'>{float(text):.1f}</span>"
    return text


def table(parsed: Parsed) -> list[tuple[str, str, int, float, int]]:
    """(site, parameter, time, value, mark), NaN as -1, in a fixed order that keeps that of equal keys."""
    o = parsed.observations
    rows = [
        (o.keys[s].site, o.keys[s].parameter, int(t), -1.0 if v != v else float(v), int(m))
        for s, t, v, m in zip(o.series, o.time, o.value, o.mark, strict=True)
    ]
    return sorted(rows, key=lambda r: r[:3])
