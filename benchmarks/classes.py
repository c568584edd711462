"""Classes of a million samples of 21 items, beside the same rule written as a loop over samples."""

from __future__ import annotations

from datetime import date

import numpy as np

from benchmarks.measure import Figure, best
from shangyou.core.registry import WaterKind
from shangyou.governance.classify import classify
from shangyou.standards.surface_water import AT_MOST, RANGE, Limits, assessment_rules, decimals, limits

DAY = date(2021, 4, 1)


def samples(n: int, of: Limits) -> np.ndarray:
    """(n, 21) values around the limits, one in ten missing."""
    random = np.random.default_rng(3)
    centre = np.where(of.sense == RANGE, 7.5, of.bounds[:, 2])
    values = centre * np.exp(random.normal(0, 0.5, (n, len(of.items))))
    values[random.random(values.shape) < 0.1] = np.nan
    return np.round(values, 4)


def loop(values: np.ndarray, of: Limits, digits: tuple[int | None, ...]) -> list[int]:
    """One sample after another, as a script would."""
    found = []
    for sample in values.tolist():
        worst = 0
        for j, value in enumerate(sample):
            if value != value:
                continue
            value = round(value, digits[j]) if digits[j] is not None else value
            bounds = of.bounds[j]
            if of.sense[j] == RANGE:
                class_no = 1 if bounds[0] <= value <= bounds[1] else 6
            elif of.sense[j] == AT_MOST:
                class_no = next((c for c in range(5) if value <= bounds[c]), 5) + 1
            else:
                class_no = next((c for c in range(5) if value >= bounds[c]), 5) + 1
            worst = max(worst, class_no)
        found.append(worst)
    return found


def run(n: int = 1_000_000) -> list[Figure]:
    """The figure of classes."""
    items = assessment_rules(DAY).items
    of, digits = limits(DAY, items, WaterKind.RIVER), decimals(DAY, items)
    values = samples(n, of)
    ours = best(lambda: classify(values, of, digits))
    few = values[: n // 100]
    plain = best(lambda: loop(few, of, digits), 1) * 100
    assert loop(few, of, (None,) * len(items)) == classify(few, of).overall.tolist()
    peer = f"loop over samples: {plain:.0f} s, from {len(few):,} of them ({plain / ours:.0f} x ours)"
    return [Figure(f"classes of {n:,} samples of {len(items)} items", f"{ours:.2f} s", "≤ 1 s", peer)]
