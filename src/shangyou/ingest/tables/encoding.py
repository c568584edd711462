"""Which encoding and separator a text has, and the text of it, whole or piece by piece."""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

SEPARATORS: Final = (",", "\t", ";", "|")
ENCODINGS: Final = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030", "cp1252")
_WESTERN_SIGNS: Final = frozenset(b"\xb0\xb1\xb2\xb3\xb5\xb7\xd7")  # degree, plus-minus, squares, micro, dot, times


def detect_encoding(sample: bytes) -> str:
    """The encoding of a text of which `sample` is the beginning.

    A mark at the beginning decides; then the NULs of UTF-16; then what the bytes allow. GB 18030 takes nearly
    every sequence, so that single western signs (µ, °) between plain letters are looked at before it.
    """
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if sample.startswith(mark):
            return name
    head = sample[:4000]
    if head.count(0) > len(head) // 4:
        return "utf-16-le" if head[1::2].count(0) >= head[0::2].count(0) else "utf-16-be"
    if _decodes(sample, "utf-8"):
        return "utf-8"
    high = re.findall(rb"[\x80-\xff]+", sample)
    if all(len(run) == 1 and run[0] in _WESTERN_SIGNS for run in high):
        return "cp1252"
    return "gb18030" if _decodes(sample, "gb18030") or b"\xef\xbf" not in sample else "utf-8"


def _decodes(sample: bytes, encoding: str) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)().decode(sample)  # a character cut off at the end is no fault
    except UnicodeDecodeError:
        return False
    return True


def pieces(chunks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """The same text as UTF-8, piece by piece; bytes that are no text become U+FFFD, so that their cell is refused."""
    decoder = codecs.getincrementaldecoder("utf-8-sig" if encoding == "utf-8" else encoding)("replace")
    plain = encoding in ("utf-8", "utf-8-sig")
    first = True
    for chunk in chunks:
        if plain and not first and not decoder.getstate()[0] and chunk.isascii():
            yield chunk
            continue
        first = False
        yield decoder.decode(chunk).encode("utf-8", "replace")
    yield decoder.decode(b"", True).encode("utf-8", "replace")


def detect_separator(lines: list[str]) -> str:
    """The sign that cuts most rows into the same number, more than one, of cells; "," if none does."""
    best, winner = 0.0, ","
    for separator in SEPARATORS:
        widths = Counter(len(row) for row in split_rows(lines, separator) if any(cell.strip() for cell in row))
        if not widths:
            continue
        width, rows = max(widths.items(), key=lambda item: (item[1] * (item[0] > 1), item[0]))
        score = rows / widths.total() * (width > 1) * (1 + min(width, 50) / 1000)  # ties go to more columns
        if score > best:
            best, winner = score, separator
    return winner


def split_rows(lines: list[str], separator: str) -> list[list[str]]:
    """Cells of lines; what the csv module cannot cut is one cell."""
    out = list[list[str]]()
    reader = csv.reader(lines, delimiter=separator)
    while True:
        try:
            out.append(next(reader))
        except StopIteration:
            return out
        except csv.Error:
            out.append([""])
