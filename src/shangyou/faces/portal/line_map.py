"""The way of the water as a line: stations, candidates by probability, and where along it the source may lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from shangyou.basin.tracing.model import PLACE
from shangyou.basin.tracing.result import TraceResult
from shangyou.faces.portal.words import Words

WIDTH: Final = 1000  # units of the drawing
TALLEST: Final = 60
BINS: Final = 80
MARGIN: Final = 0.06  # of what is shown, on either side


@dataclass(frozen=True, slots=True)
class Mark:
    """A place on the line."""

    x: float
    name: str
    km: float  # from the first station; negative below it
    share: float  # probability; of a station 0
    radius: float


@dataclass(frozen=True, slots=True)
class Line:
    """What a template draws: x from 0 to WIDTH, upstream on the left."""

    stations: tuple[Mark, ...]
    candidates: tuple[Mark, ...]
    bars: tuple[tuple[float, float, float], ...]  # x, width, height of the probability along the way
    off: int  # candidates that lie on other waters


def line_map(found: TraceResult, names: Sequence[str], t: Words) -> Line:
    """Draw the way of the most probable candidate. names: of the stations, as the problem has them."""
    problem = found.problem
    way = found.ranked[0].candidate.way
    stations = problem.ways[way].stations
    draws = found.draws
    width = np.array([each.width for each in problem.candidates])
    at = np.array([each.at for each in problem.candidates])
    on = np.array([each.way == way for each in problem.candidates])[draws.which]
    place = (at[draws.which] + width[draws.which] * draws.rows[:, PLACE])[on]
    shown = [each for each in found.ranked if each.candidate.way == way and each.probability > 0.001]
    seen = [float(each) for each in stations[np.isfinite(stations)]]
    ends = [*seen, *(each.candidate.at for each in shown), *np.quantile(place, (0.02, 0.98)).tolist()]
    low, high = min(ends), max(ends)
    low, high = low - MARGIN * (high - low) - 1, high + MARGIN * (high - low) + 1

    def x(metres: float) -> float:
        return float(round((metres - low) / (high - low) * WIDTH, 1))

    first = min(seen)
    counts, edges = np.histogram(place, BINS, (low, high))
    tallest = max(float(counts.max()), 1.0)
    bars = tuple(
        (x(a), round(WIDTH / BINS, 2), round(TALLEST * float(n) / tallest, 1))
        for n, a in zip(counts, edges, strict=False)
        if n
    )
    zh = t.language == "zh"
    return Line(
        stations=tuple(
            Mark(x(float(s)), names[i], (first - float(s)) / 1000, 0.0, 0.0)
            for i, s in enumerate(stations)
            if np.isfinite(s)
        ),
        candidates=tuple(
            Mark(
                x(each.candidate.at),
                (each.candidate.name_zh if zh else each.candidate.name_en) or each.candidate.id,
                (first - each.candidate.at) / 1000,
                each.probability,
                round(4 + 12 * float(np.sqrt(each.probability)), 1),
            )
            for each in shown
            if not each.candidate.width
        ),
        bars=bars,
        off=sum(each.candidate.way != way and each.probability > 0.001 for each in found.ranked),
    )
