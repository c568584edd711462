"""Courses for tests."""

from __future__ import annotations

import numpy as np

from shangyou.basin.course import Course, Place


def channel(
    n: int = 1,
    length: float = 1000.0,
    area: float = 25.0,
    flow: float = 20.0,
    dispersion: float = 30.0,
    places: tuple[Place, ...] = (),
) -> Course:
    """n equal reaches of a straight channel."""
    full = np.ones(n)
    return Course(
        reaches=tuple(f"reach-{i}" for i in range(n)),
        length=full * length,
        width=full * 20.0,
        slope=full * 1e-3,
        roughness=full * 0.03,
        flow=full * flow,
        area=full * area,
        dispersion=full * dispersion,
        storage_ratio=full * 0.0,
        storage_rate=full * 0.0,
        impounded=full * 0.0,
        gain=full * 0.0,
        places=places,
    )
