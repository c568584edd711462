"""Networks as one table: CSV with a row for each reach and place, its columns as `rows` names them.

A reach's geometry stands in `line` as "longitude latitude, longitude latitude" downstream, a place's in `longitude` and
`latitude`.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator
from typing import Final

from shangyou.basin.network.names import read_as
from shangyou.basin.network.rows import OURS, Cell, Row, number, row_of
from shangyou.basin.network.values import Draft, Line, Reach
from shangyou.core.records import Refusal

MOST: Final = 256 << 20  # bytes of a file
COLUMNS: Final = (
    *("kind", "id", "name_zh", "name_en", "river", "start", "end", "length_km", "slope", "width_m", "roughness"),
    *("flow_m3s", "area_m2", "dispersion_m2s", "storage_ratio", "storage_rate", "reach", "at_km", "above_km"),
    *("longitude", "latitude", "volume_m3", "mixed_m3", "owner", "beyond", "source", "confidence"),
    *("note_zh", "note_en", "line"),
)


def read_table(data: bytes) -> tuple[list[Row], list[Refusal]]:
    """Rows of a CSV file (UTF-8 or GB 18030), and what of it cannot be read."""
    faults: list[Refusal] = []
    if len(data) > MOST:
        return [], [Refusal("network.large", {"most": MOST})]
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = data.decode("gb18030")
        except UnicodeDecodeError as error:
            return [], [Refusal("network.encoding", {"at": error.start})]
    rows = list(_rows(text, faults))
    return rows, faults


def _rows(text: str, faults: list[Refusal]) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        head: list[str] = []
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if not head:
                head = [cell.strip().lower() for cell in cells]
                known = {*head, *(column for column, _ in read_as(tuple(head), OURS).values())}
                if not ({"kind", "id"} <= known or {"start", "end"} <= known):
                    missing = ", ".join(name for name in ("kind", "id") if name not in known)
                    faults.append(Refusal("network.columns", {"missing": missing}, reader.line_num))
                    return
                continue
            named: dict[str, Cell] = dict(zip(head, cells, strict=False))
            yield Row(reader.line_num, named, _line(named, reader.line_num, faults))
    except csv.Error as error:
        faults.append(Refusal("network.csv", {"detail": str(error)[:100]}, reader.line_num))


def _line(cells: dict[str, Cell], line: int, faults: list[Refusal]) -> Line:
    text = str(cells.get("line") or "").strip()
    if not text:
        return ()
    points = [pair.split() for pair in text.split(",")]
    found = [(number(x), number(y)) for x, y in points] if all(len(pair) == 2 for pair in points) else [(None, None)]
    clean = tuple((x, y) for x, y in found if x is not None and y is not None)
    if len(clean) < len(found) or len(clean) < 2:
        faults.append(Refusal("network.line", {"points": len(points)}, line, "line", text[:200]))
        return ()
    return clean


def write_table(draft: Draft) -> bytes:
    """The network as such a table; reading it again gives the same."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for item in draft.items:
        row = row_of(item)
        if isinstance(item, Reach) and item.line:
            row["line"] = ", ".join(f"{x:.10g} {y:.10g}" for x, y in item.line)
        writer.writerow({name: _written(cell) for name, cell in row.items()})
    return out.getvalue().encode()


def _written(cell: Cell) -> str:
    if isinstance(cell, float):
        return f"{cell:.12g}" if math.isfinite(cell) else ""
    return "" if cell is None else str(cell)
