"""A writer of xls files (BIFF8 in a compound file), as small as a reader accepts. No package writes them any more."""

from __future__ import annotations

import struct
from collections.abc import Sequence

_SECTOR = 512
_END, _FREE, _TABLE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD


def xls(rows: Sequence[Sequence[str | float | None]], sheet: str = "Sheet1") -> bytes:
    """One sheet of texts and numbers; None leaves a cell out."""
    return compound(workbook([(i, j, cell) for i, row in enumerate(rows) for j, cell in enumerate(row)], sheet))


def workbook(cells: Sequence[tuple[int, int, str | float | None]], sheet: str = "Sheet1") -> bytes:
    """The stream "Workbook" with cells (row, column, value)."""
    begin, end = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 0)), _record(0x000A, b"")
    name = sheet.encode("utf-16-le")
    told = struct.pack("<BB", len(sheet), 1) + name
    length = len(begin) + 4 + 6 + len(told) + len(end)
    globals_ = begin + _record(0x0085, struct.pack("<IBB", length, 0, 0) + told) + end
    body = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 0))
    return globals_ + body + b"".join(_cell(*cell) for cell in cells) + end


def _cell(row: int, column: int, value: str | float | None) -> bytes:
    head = struct.pack("<HHH", row, column, 0)
    if value is None:
        return b""
    if isinstance(value, str):
        return _record(0x0204, head + struct.pack("<HB", len(value), 1) + value.encode("utf-16-le"))
    return _record(0x0203, head + struct.pack("<d", value))


def _record(kind: int, body: bytes) -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def compound(stream: bytes) -> bytes:
    """A compound file with the one stream "Workbook", long enough to lie in full sectors."""
    stream = stream.ljust(4096, b"\0")
    count = -(-len(stream) // _SECTOR)
    tables = -(-(count + 2) // 127)  # sectors of the table itself, which it lists too
    entries = [*range(1, count), _END]  # the stream lies in the first sectors
    entries += [_END]  # the directory
    entries += [_TABLE] * tables
    entries += [_FREE] * (tables * 128 - len(entries))
    difat = [*range(count + 1, count + 1 + tables), *[_FREE] * (109 - tables)]
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIII", 0, tables, count, 0, 4096, _END, 0, _END, 0) + struct.pack("<109I", *difat)
    directory = _entry("Root Entry", 5, child=1) + _entry("Workbook", 2, start=0, size=len(stream)) + _entry("", 0) * 2
    return header + stream.ljust(count * _SECTOR, b"\0") + directory + struct.pack(f"<{len(entries)}I", *entries)


def _entry(name: str, kind: int, child: int = _FREE, start: int = _END, size: int = 0) -> bytes:
    text = (name.encode("utf-16-le") + b"\0\0").ljust(64, b"\0") if name else bytes(64)
    head = struct.pack("<HBBIII", (len(name) + 1) * 2 if name else 0, kind, 1, _FREE, _FREE, child)
    return text + head + bytes(16 + 4 + 16) + struct.pack("<IQ", start, size)
