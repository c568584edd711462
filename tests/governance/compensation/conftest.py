"""Figures for compacts, as cases write them: one mean for all months of a section's indicator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shangyou.governance.compensation.compact import Compact
from shangyou.governance.compensation.figures import Figure, Place, wanted, written

Data = Mapping[str, Mapping[str, Any]]


def figures(compact: Compact, year: str, data: Data, before: Data | None = None) -> list[Figure]:
    """`data` for the months of the year, `before` for all earlier months that the compact asks for."""
    found = []
    for place in sorted(wanted(compact, year)):
        told = data if place.month.startswith(year) else before or {}
        mean = told.get(place.section, {}).get(place.indicator)
        if mean is not None:
            found.append(Figure(place, written(float(mean)), 180, "00", ("cnemc",)))
    return found


def figure(section: str, indicator: str, month: str, mean: float, count: int = 180) -> Figure:
    """One."""
    return Figure(Place(section, indicator, month), written(mean), count, f"{mean}", ("cnemc",))
