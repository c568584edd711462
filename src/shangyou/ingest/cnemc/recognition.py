"""Which reader understands a file, told from its name and its first bytes."""

from __future__ import annotations

import re
from typing import Final

from shangyou.ingest.cnemc.portal import COLUMNS
from shangyou.ingest.tables.containers import is_workbook
from shangyou.ingest.tables.encoding import detect_encoding, pieces, split_rows

HEAD: Final = 1 << 16  # bytes that decide
_TABLE_ENDS: Final = (".csv", ".tsv", ".txt", ".tab", ".rdb", ".xls", ".xlsx")


def recognise(name: str, head: bytes) -> str:
    """The `Raw.kind` of a file: cnemc-csv, cnemc-json, cnemc-page or table; "" if no reader of files takes it.

    The bytes go before the name: a section file that was renamed is still one.
    """
    if is_workbook(head):
        return "table"
    text = b"".join(pieces([head[:HEAD]], detect_encoding(head[:HEAD]))).decode("utf-8", "replace")
    start = text[:2000].lstrip("\ufeff \t\r\n").lower()
    if start.startswith(("<!doctype html", "<html")) or re.match(r"<[a-z]+[\s>]", start):
        return "cnemc-page" if _of_portal(text) or name.lower().endswith((".html", ".htm")) else ""
    if start.startswith("{"):
        return "cnemc-json" if '"thead"' in text or '"tbody"' in text else ""
    if "\x00" in start or start.startswith("["):
        return ""
    first = next(iter(split_rows(text.splitlines()[:1], ",")), [])
    if {cell.strip() for cell in first} >= set(COLUMNS[:4]):
        return "cnemc-csv"
    known = name.lower().endswith(_TABLE_ENDS)
    printable = sum(c.isprintable() or c in "\r\n\t" for c in text[:2000]) > 0.95 * len(text[:2000])
    return "table" if known and text.strip() and printable else ""


def _of_portal(text: str) -> bool:
    return any(sign in text for sign in ("griddatas", "gridDatas", "gridHd", COLUMNS[2], "实时数据列表"))
