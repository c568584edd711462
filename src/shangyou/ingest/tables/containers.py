"""What a workbook asks of memory, told from its outside before a reader opens it.

The reader allocates the whole rectangle of a sheet, and a machine that has not that much ends the process: a file
of 5 kB with one cell in the last corner asks for 0.6 TB. Unpacked sizes are counted, not believed.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from typing import Final

import numpy as np

from shangyou.core.errors import InputError
from shangyou.ingest.tables.limits import Limits

OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # xls
ZIP: Final = b"PK\x03\x04"  # xlsx
_STEP: Final = 1 << 20
_REFERENCE: Final = re.compile(rb"""\br\s*=\s*["']([A-Za-z]{1,7})([0-9]{1,10})["']""")  # of a cell: r="AB12"
_ROW: Final = re.compile(rb"""\br\s*=\s*["']([0-9]{1,10})["']""")
_UNUSUAL: Final = re.compile(rb"""\br(?:\s+=|=\s|=')""")
_TAIL: Final = 64  # bytes kept between pieces, longer than any reference
_WIDTH: Final = 17  # signs of the longest reference that a reader could take: seven letters, ten digits
_HUGE: Final = 1 << 31


def is_workbook(body: bytes) -> bool:
    """Does it begin as an xls or xlsx file does?"""
    return body.startswith((OLE, ZIP))


def check_workbook(body: bytes, limits: Limits) -> None:
    """Refuse a workbook that would ask for more than `limits`.

    Raises InputError "tables.workbook" (damaged), "tables.workbook_size", "tables.workbook_cells".
    """
    if body.startswith(ZIP):
        _check_zip(body, limits)
    else:
        _check_ole(body, limits)


def _check_zip(body: bytes, limits: Limits) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            _check_kind({entry.filename.lower() for entry in archive.infolist()})
            left = limits.unpacked
            for entry in archive.infolist():
                left -= _check_entry(body, entry, left, limits)
    except (zipfile.BadZipFile, zlib.error, struct.error, ValueError, NotImplementedError, EOFError, OSError) as error:
        raise InputError("tables.workbook", reason=type(error).__name__) from None


def _check_kind(names: set[str]) -> None:
    """Only xlsx: what xlsb and ods ask for cannot be told from their outside (ods repeats a row by a number)."""
    if "xl/workbook.xml" not in names or names & {"xl/workbook.bin", "content.xml"}:
        raise InputError("tables.workbook", reason="xl/workbook.xml")


def _check_entry(body: bytes, entry: zipfile.ZipInfo, left: int, limits: Limits) -> int:
    """Unpacked size of one entry, counted; its cells are looked at on the way."""
    if entry.flag_bits & 1 or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise InputError("tables.workbook", reason=f"entry {entry.filename!r}")
    name, extra = struct.unpack_from("<HH", body, entry.header_offset + 26)
    start = entry.header_offset + 30 + name + extra
    packed = body[start : start + entry.compress_size]
    sheet = _Corner(limits) if entry.filename.lower().endswith((".xml", ".bin")) else None
    if entry.compress_type == zipfile.ZIP_STORED:
        if sheet is not None:
            sheet.see(packed)
        return len(packed)
    size, inflate = 0, zlib.decompressobj(-15)
    while packed and not inflate.eof:
        piece = inflate.decompress(packed, _STEP)
        packed, size = inflate.unconsumed_tail, size + len(piece)
        if size > left:
            raise InputError("tables.workbook_size", limit=limits.unpacked)
        if sheet is not None:
            sheet.see(piece)
    return size


class _Corner:
    """The farthest row and column that any cell of a sheet names."""

    def __init__(self, limits: Limits) -> None:
        self._limits, self._tail, self._row, self._column = limits, b"", 1, 1

    def see(self, piece: bytes) -> None:
        """Look at the next piece of the sheet; InputError "tables.workbook_cells" once it is beyond the limits."""
        data = self._tail + piece
        row, column = _by_words(data) if _UNUSUAL.search(data) else _by_bytes(data)
        self._row, self._column = max(self._row, row), max(self._column, column)
        self._tail = data[-_TAIL:]
        if self._row * self._column > self._limits.cells or self._column > self._limits.columns:
            raise InputError("tables.workbook_cells", rows=self._row, columns=self._column, limit=self._limits.cells)


def _by_words(data: bytes) -> tuple[int, int]:
    """(row, column) of the farthest reference, however it is written."""
    found = _REFERENCE.findall(data)
    columns = {letters.upper() for letters, _ in found}
    rows = [int(row) for _, row in found] + [int(row) for row in _ROW.findall(data)]
    return max(rows, default=1), max((_column_number(letters) for letters in columns), default=1)


def _by_bytes(data: bytes) -> tuple[int, int]:
    """The same for references that are written as everyone does, r="AB12", ten times as fast."""
    signs = np.frombuffer(data + bytes(_WIDTH + 3), np.uint8)
    starts = np.flatnonzero((signs[:-2] == ord("r")) & (signs[1:-1] == ord("=")) & (signs[2:] == ord('"'))) + 3
    starts = starts[starts < len(data)]
    row, column = np.zeros(len(starts), np.int64), np.zeros(len(starts), np.int64)
    in_letters, in_digits = np.ones(len(starts), np.bool_), np.ones(len(starts), np.bool_)
    for i in range(_WIDTH):
        sign = signs[starts + i].astype(np.int64)
        letter = (sign | 0x20) - ord("a") + 1
        in_letters &= (letter >= 1) & (letter <= 26)
        column = np.where(in_letters, np.minimum(column * 26 + letter, _HUGE), column)
        digit = sign - ord("0")
        reading = ~in_letters & in_digits & (digit >= 0) & (digit <= 9)
        in_digits &= in_letters | reading
        row = np.where(reading, np.minimum(row * 10 + digit, _HUGE), row)
    told = row > 0
    return int(row[told].max(initial=1)), int(column[told].max(initial=1))


def _column_number(letters: bytes) -> int:
    """
    >>> _column_number(b"AB")
    28
    """
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


_CELL_RECORDS: Final = frozenset(  # BIFF records that begin with row and column
    (
        0x01,
        0x02,
        0x03,
        0x04,
        0x05,
        0x06,
        0x07,
        0xBD,
        0xBE,
        0xD6,
        0xFD,
        0x201,
        0x202,
        0x203,
        0x204,
        0x205,
        0x206,
        0x406,
        0x27E,
    )
)
_MANY: Final = (0x00BD, 0x00BE)  # several cells of a row: their last column stands at the end
_FREE: Final = 0xFFFFFFFA  # sector numbers from here on are no sectors


def _check_ole(body: bytes, limits: Limits) -> None:
    try:
        stream = _workbook_stream(body)
    except (struct.error, IndexError):
        raise InputError("tables.workbook", reason="OLE") from None
    rows = columns = 1
    at, size = 0, len(stream)
    while at + 4 <= size:
        kind, length = struct.unpack_from("<HH", stream, at)
        at += 4
        if kind in _CELL_RECORDS and length >= 4 and at + length <= size:
            row, column = struct.unpack_from("<HH", stream, at)
            if kind in _MANY:
                column = max(column, struct.unpack_from("<H", stream, at + length - 2)[0])
            rows, columns = max(rows, row + 1), max(columns, column + 1)
        at += length
    if rows * columns > limits.cells or columns > limits.columns:
        raise InputError("tables.workbook_cells", rows=rows, columns=columns, limit=limits.cells)


def _workbook_stream(body: bytes) -> bytes:
    """The stream "Workbook" or "Book" of a compound file ([MS-CFB]); IndexError or struct.error if it is damaged."""
    shift, mini_shift = struct.unpack_from("<HH", body, 30)
    if shift not in (9, 12) or mini_shift != 6:
        raise IndexError
    sector = 1 << shift
    table_sectors, directory = struct.unpack_from("<I", body, 44)[0], struct.unpack_from("<I", body, 48)[0]
    if table_sectors > len(body) // sector + 1:
        raise IndexError
    numbers = list(struct.unpack_from("<109I", body, 76))
    next_difat, count = struct.unpack_from("<II", body, 68)
    for _ in range(min(count, len(body) // sector + 1)):
        if next_difat >= _FREE:
            break
        part = struct.unpack_from(f"<{sector // 4}I", body, (next_difat + 1) << shift)
        numbers += part[:-1]
        next_difat = part[-1]
    table = list[int]()
    for number in numbers[:table_sectors]:
        if number < _FREE:
            table += struct.unpack_from(f"<{sector // 4}I", body, (number + 1) << shift)
    entries = _chain_bytes(body, table, directory, shift)
    for at in range(0, len(entries) - 127, 128):
        length, kind = struct.unpack_from("<HB", entries, at + 64)
        name = entries[at : at + max(min(length, 64) - 2, 0)].decode("utf-16-le", "replace")
        if kind == 2 and name.lower() in ("workbook", "book"):
            start, size = struct.unpack_from("<II", entries, at + 116)
            if size < 4096:  # lies in the small sectors: too short to name a far cell and hold a table
                raise IndexError
            return _chain_bytes(body, table, start, shift)[:size]
    raise IndexError


def _chain_bytes(body: bytes, table: list[int], start: int, shift: int) -> bytes:
    parts, seen, number = list[bytes](), set[int](), start
    while number < _FREE:
        if number in seen:  # a circle
            raise IndexError
        seen.add(number)
        parts.append(body[(number + 1) << shift : (number + 2) << shift])
        number = table[number]
    return b"".join(parts)
