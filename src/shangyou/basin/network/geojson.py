"""Networks as GeoJSON (RFC 7946): a LineString for each reach, a Point for each place, properties as `rows` names them.

A place or reach whose geometry nobody knows is a feature without geometry, never one at 0, 0. The nodes of reaches that
name none are the ends of their lines, so a plain layer of rivers that meet in common points is a network too.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any, Final

from shangyou.basin.network.rows import Row, number, row_of
from shangyou.basin.network.values import Draft, Line, Reach
from shangyou.core.records import Refusal

MOST: Final = 256 << 20  # bytes of a file
POINTS: Final = 100_000  # of one line
SCHEMATIC: Final = "schematic: drawn from general geography, not for measurement"


def read_geojson(data: bytes) -> tuple[list[Row], list[Refusal]]:
    """Rows of a FeatureCollection, and what of it cannot be read; a row's line is the number of its feature."""
    if len(data) > MOST:
        return [], [Refusal("network.large", {"most": MOST})]
    try:
        given = json.loads(data)
    except (ValueError, RecursionError) as error:
        return [], [Refusal("network.json", {"detail": str(error)[:100]}, getattr(error, "lineno", None))]
    features = given.get("features") if isinstance(given, dict) else None
    if not isinstance(features, list) or given.get("type") != "FeatureCollection":
        return [], [Refusal("network.geojson", {})]
    faults: list[Refusal] = []
    return list(_rows(features, faults)), faults


def _rows(features: list[Any], faults: list[Refusal]) -> Iterator[Row]:
    for i, feature in enumerate(features, 1):
        properties = feature.get("properties") if isinstance(feature, dict) else None
        geometry = feature.get("geometry") if isinstance(feature, dict) else None
        if not isinstance(feature, dict) or not isinstance(properties, dict | None):
            faults.append(Refusal("network.feature", {"feature": i}, i))
            continue
        cells = {str(k).lower(): v for k, v in (properties or {}).items() if isinstance(v, str | int | float | None)}
        if "id" not in cells and isinstance(feature.get("id"), str | int):
            cells["id"] = feature["id"]
        drawn = _drawn(geometry, i, faults)
        if drawn is not None:
            yield Row(i, cells, drawn)


def _drawn(geometry: object, i: int, faults: list[Refusal]) -> Line | None:
    """Points of a geometry; () = it has none; None = it cannot be read, and a fault says so."""
    if geometry is None:
        return ()
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    points = geometry.get("coordinates") if isinstance(geometry, dict) else None
    if kind == "Point":
        points = [points]
    elif kind == "MultiLineString" and isinstance(points, list) and len(points) == 1:
        points = points[0]
    elif kind != "LineString":
        faults.append(Refusal("network.geometry", {"feature": i, "geometry": str(kind)[:40]}, i))
        return None
    found = line_of(points)
    if found is None or (kind != "Point" and len(found) < 2):
        faults.append(Refusal("network.line", {"points": len(points) if isinstance(points, list) else 0}, i))
        return None
    return found


def line_of(points: object) -> Line | None:
    """Points as pairs of finite numbers; None if they are none."""
    if not isinstance(points, list | tuple) or not 1 <= len(points) <= POINTS:
        return None
    found: list[tuple[float, float]] = []
    for point in points:
        if not isinstance(point, list | tuple) or len(point) < 2:
            return None
        x, y = (number(v) if isinstance(v, int | float) else None for v in point[:2])
        if x is None or y is None:
            return None
        found.append((x, y))
    return tuple(found)


def write_geojson(draft: Draft, note: str = SCHEMATIC) -> bytes:
    """The network as a FeatureCollection; reading it again gives the same."""
    features = []
    for item in draft.items:
        geometry: dict[str, object] | None = None
        row = row_of(item)
        if isinstance(item, Reach):
            if item.line:
                geometry = {"type": "LineString", "coordinates": [list(point) for point in item.line]}
        elif not math.isnan(item.longitude) and not math.isnan(item.latitude):
            geometry = {"type": "Point", "coordinates": [item.longitude, item.latitude]}
            row.pop("longitude"), row.pop("latitude")
        features.append({"type": "Feature", "id": item.id, "properties": row, "geometry": geometry})
    whole = {"type": "FeatureCollection", "note": note, "features": features}
    return json.dumps(whole, ensure_ascii=False, allow_nan=False).encode()
