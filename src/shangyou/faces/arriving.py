"""Arrival tables and calibrations as rows for people and machines."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import pyarrow as pa

from shangyou.basin.transport.calibrate import Calibration
from shangyou.basin.transport.riverfile import River
from shangyou.basin.transport.second import Second
from shangyou.basin.transport.values import QUANTILES
from shangyou.core.records import Array
from shangyou.faces.api.kinds import TEXT, made
from shangyou.faces.rows import Rows
from shangyou.flows.spill import Arrivals

REAL: Final = pa.float64()
FIGURES: Final = ("first_h", "peak_mg_l", "peak_h", "above_h", "end_h")
SECOND: Final = ("first_h", "fastest_h", "peak_mg_l", "peak_h")  # by regression, beside the ensemble
BANDS: Final = tuple(f"p{round(q * 100):02d}" for q in QUANTILES)
ARRIVALS: Final = pa.schema(
    [("place", TEXT), ("name_zh", TEXT), ("name_en", TEXT), ("kind", TEXT), ("charge", TEXT), ("distance_km", REAL)]
    + [("reached", REAL)]
    + [(f"{figure}_{band}", REAL) for figure in FIGURES for band in BANDS]
    + [(f"jobson_{figure}", REAL) for figure in SECOND]
)
SHOWN: Final = (  # of it, in a table for people
    "place",
    "name_zh",
    "distance_km",
    "reached",
    "first_h_p05",
    "first_h_p50",
    "first_h_p95",
    "peak_mg_l_p50",
    "peak_mg_l_p95",
    "peak_h_p50",
    "above_h_p50",
    "end_h_p50",
    "end_h_p95",
    "jobson_first_h",
    "jobson_peak_h",
)
REACHES: Final = pa.schema(
    [("reach", TEXT)]
    + [(name, REAL) for name in ("area_m2", "dispersion_m2s", "storage_ratio", "storage_rate_s", "rmse", "uncertain")]
)


def arrived(found: Arrivals) -> Rows:
    """One row for each place below: hours after the release began, concentrations, and how likely it is reached."""
    table = found.table
    values = (table.first, table.peak, table.peak_time, table.above, table.end)
    columns = dict(zip(FIGURES, values, strict=True))
    rows: list[dict[str, object]] = []
    for i, place in enumerate(found.places):
        row: dict[str, object] = {
            "place": place.id,
            "name_zh": place.name_zh,
            "name_en": place.name_en,
            "kind": place.kind,
            "charge": place.member,
            "distance_km": place.at / 1000,
            "reached": float(table.reached[i]),
        }
        for figure, column in columns.items():
            scale = 1.0 if figure == "peak_mg_l" else 3600.0
            row |= {f"{figure}_{band}": _known(column[i] / scale, k) for k, band in enumerate(BANDS)}
        rows.append(row | _second(found.second, i))
    return made(ARRIVALS, rows)


def _second(second: Second | None, i: int) -> dict[str, object]:
    if second is None:
        return {}
    times = np.array([second.first[i], second.fastest[i], second.peak_time[i]]) / 3600.0
    figures = (times[0], times[1], second.peak[i], times[2])
    return {f"jobson_{name}": _known(np.array([each]), 0) for name, each in zip(SECOND, figures, strict=True)}


def _known(values: Array, k: int) -> float | None:
    """To four digits: more would claim what no ensemble tells."""
    return float(f"{values[k]:.4g}") if math.isfinite(values[k]) else None


def calibrated(found: Calibration, river: River) -> Rows:
    """One row for each reach of the file: what was found, and the largest standard error of a logarithm."""
    first = np.unique(river.groups, return_index=True)[1]
    errors = np.max(np.array(list(found.error.values())), axis=0)
    rows: list[dict[str, object]] = [
        {
            "reach": name,
            "area_m2": float(found.course.area[k]),
            "dispersion_m2s": float(found.course.dispersion[k]),
            "storage_ratio": float(found.course.storage_ratio[k]),
            "storage_rate_s": float(found.course.storage_rate[k]),
            "rmse": found.rmse,
            "uncertain": float(errors[i]) if math.isfinite(errors[i]) else None,
        }
        for i, (name, k) in enumerate(zip(river.names, first, strict=True))
    ]
    return made(REACHES, rows)
