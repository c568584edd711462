"""Networks in files of people: a CSV table, GeoJSON, or a zip with shapefiles. The form is told by the file's name.

network = load(Path("river.geojson"))     # NetworkError with every fault and its line
draft, lines = read(Path("rivers.zip"))   # not yet checked as a whole
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from shangyou.basin.network.check import Lines
from shangyou.basin.network.geojson import line_of, read_geojson, write_geojson
from shangyou.basin.network.network import Network, build
from shangyou.basin.network.rows import Cell, Collected, Row, collect, every_fault, row_of
from shangyou.basin.network.table import MOST, read_table, write_table
from shangyou.basin.network.values import Draft, Line, NetworkError, Reach
from shangyou.core.errors import InputError, NotFoundError, UnavailableError
from shangyou.core.records import Refusal

TABLES: Final = (".csv", ".txt")
MAPS: Final = (".geojson", ".json")
SHAPES: Final = (".zip",)
LAYERS: Final = 50  # shapefiles in one zip
WGS84: Final = (
    'GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],'
    'PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]'
)
SHORT: Final = {  # columns of a .dbf have ten characters
    "disper_m2s": "dispersion_m2s",
    "stor_ratio": "storage_ratio",
    "stor_rate": "storage_rate",
}
LONG: Final = {column: short for short, column in SHORT.items()}


def load(path: Path) -> Network:
    """The network of a file. NetworkError; NotFoundError "network.file"; InputError "network.form"."""
    draft, lines = read(path)
    return build(draft, lines)


def load_as(path: Path) -> tuple[Network, dict[str, str]]:
    """The same, and what columns with other names were read as."""
    found = collected(path)
    return build(found.draft, found.lines), found.read_as


def collected(path: Path) -> Collected:
    """What a file holds, where all of it can be read; raises as `load`."""
    found = parse(path.name, _bytes(path))
    if found.faults:
        raise NetworkError(tuple(every_fault(found)))
    return found


def read(path: Path) -> tuple[Draft, Lines]:
    """Reaches and places of a file with their lines; raises as `load`, where something cannot be read."""
    found = collected(path)
    return found.draft, found.lines


def parse(name: str, data: bytes) -> Collected:
    """Reaches and places of a file's bytes, and every fault in reading them. InputError "network.form"."""
    ending = Path(name).suffix.lower()
    if ending in TABLES:
        rows, faults = read_table(data)
    elif ending in MAPS:
        rows, faults = read_geojson(data)
    elif ending in SHAPES:
        rows, faults = read_shapes(data)
    else:
        raise InputError("network.form", name=name[:80])
    found = collect(rows)
    found.faults[:0] = faults
    return found


def save(draft: Draft, name: str) -> bytes:
    """The network as a file of the form that its name tells. InputError "network.form"."""
    ending = Path(name).suffix.lower()
    if ending in TABLES:
        return write_table(draft)
    if ending in MAPS:
        return write_geojson(draft)
    if ending in SHAPES:
        return write_shapes(draft)
    raise InputError("network.form", name=name[:80])


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > MOST:
            raise NetworkError((Refusal("network.large", {"most": MOST}),))
        return path.read_bytes()
    except (FileNotFoundError, IsADirectoryError) as error:
        raise NotFoundError("network.file", path=str(path)) from error
    except OSError as error:
        raise UnavailableError("cli.system", path=str(path), detail=error.strerror or str(error)) from error


# ---- shapefiles -------------------------------------------------------------------------------------------------


def read_shapes(data: bytes) -> tuple[list[Row], list[Refusal]]:
    """Rows of all shapefiles in a zip, and what of it cannot be read; a row's line counts on over the layers."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = {each.filename: each for each in archive.infolist() if not each.is_dir()}
            if sum(each.file_size for each in parts.values()) > MOST:
                return [], [Refusal("network.large", {"most": MOST})]
            layers = sorted(name for name in parts if name.lower().endswith(".shp"))
            if not layers or len(layers) > LAYERS:
                return [], [Refusal("network.shapefile", {"detail": f"{len(layers)} .shp"})]
            rows: list[Row] = []
            faults: list[Refusal] = []
            for name in layers:
                rows += _layer(archive, name, len(rows) + len(faults), faults)
    except Exception as error:  # noqa: BLE001  a damaged archive or table fails anywhere within two libraries
        return [], [Refusal("network.shapefile", {"detail": f"{type(error).__name__}: {error}"[:120]})]
    return rows, faults


def _layer(archive: zipfile.ZipFile, name: str, before: int, faults: list[Refusal]) -> Iterator[Row]:
    import shapefile

    stem = name[:-4]
    own = {n[len(stem) :].lower(): n for n in archive.namelist() if n[: len(stem)] == stem}
    parts: dict[str, Any] = {
        ending[1:]: io.BytesIO(archive.read(own[ending])) for ending in (".shp", ".shx", ".dbf") if ending in own
    }
    told = archive.read(own[".cpg"]).decode("ascii", "replace").strip() if ".cpg" in own else ""
    encoding = _codec(told) if told else _guessed(archive.read(own[".dbf"]) if ".dbf" in own else b"")
    with shapefile.Reader(**parts, encoding=encoding, encodingErrors="replace") as layer:
        for i, each in enumerate(layer.iterShapeRecords(), before + 1):
            record = each.record.as_dict() if each.record is not None else {}
            cells: dict[str, Cell] = {SHORT.get(k.lower(), k.lower()): _cell(v) for k, v in record.items()}
            drawn = _drawn(each.shape, i, faults)
            if drawn is not None:
                yield Row(i, cells, drawn)


def _codec(name: str) -> str:
    known = {
        "936": "gb18030",
        "gbk": "gb18030",
        "gb2312": "gb18030",
        "utf-8": "utf-8",
        "utf8": "utf-8",
        "65001": "utf-8",
    }
    return known.get(name.lower().removeprefix("cp"), "utf-8")


def _guessed(table: bytes) -> str:
    """Of a .dbf without a .cpg: GBK where its head says so (code page 936 is 0x4D), or where it is no UTF-8."""
    if table[29:30] == b"\x4d":
        return "gb18030"
    try:
        table[32:].decode("utf-8")
    except UnicodeDecodeError:
        return "gb18030"
    return "utf-8"


def _cell(value: object) -> Cell:
    return value if isinstance(value, str | int | float) else None if value is None else str(value)


def _drawn(shape: Any, i: int, faults: list[Refusal]) -> Line | None:
    """Points of a shape; () = it has none; None = it is no line or point, and a fault says so."""
    kind = str(shape.shapeTypeName)
    if kind == "NULL":
        return ()
    points = [tuple(point[:2]) for point in shape.points]
    of_line = kind.startswith("POLYLINE") and len(shape.parts) == 1
    found = line_of(points) if of_line or kind.startswith("POINT") else None
    if found is None:
        faults.append(Refusal("network.geometry", {"feature": i, "geometry": kind}, i))
    return found


def write_shapes(draft: Draft) -> bytes:
    """A zip with the layers reaches and places; those without geometry have the null shape, never one at 0, 0."""
    import shapefile

    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, items in (("reaches", draft.reaches), ("places", draft.places)):
            parts = {ending: io.BytesIO() for ending in ("shp", "shx", "dbf")}
            kind = shapefile.POLYLINE if name == "reaches" else shapefile.POINT
            rows = [row_of(item) for item in items]
            columns = list(dict.fromkeys(column for row in rows for column in row))
            numbers = {c for c in columns if any(isinstance(row.get(c), float) for row in rows)}
            with shapefile.Writer(**parts, shapeType=kind, encoding="utf-8") as layer:
                for column in columns or ["id"]:
                    short = LONG.get(column, column)[:10]
                    layer.field(short, "F", 24, 12) if column in numbers else layer.field(short, "C", 254)
                for item, row in zip(items, rows, strict=True):
                    _draw(layer, item)
                    layer.record(*(_fitting(row.get(column)) for column in columns or ["id"]))
            for ending, part in parts.items():
                archive.writestr(f"{name}.{ending}", part.getvalue())
            archive.writestr(f"{name}.cpg", "UTF-8")
            archive.writestr(f"{name}.prj", WGS84)
    return whole.getvalue()


def _draw(layer: Any, item: object) -> None:
    if isinstance(item, Reach):
        layer.line([[list(point) for point in item.line]]) if item.line else layer.null()
        return
    x, y = getattr(item, "longitude", None), getattr(item, "latitude", None)
    if isinstance(x, float) and isinstance(y, float) and x == x and y == y:
        layer.point(x, y)
    else:
        layer.null()


def _fitting(cell: Cell) -> Cell:
    """A text of a .dbf has 254 bytes; it is cut between characters, not within one."""
    return cell.encode()[:254].decode("utf-8", "ignore") if isinstance(cell, str) else cell
