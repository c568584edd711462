"""Have every kernel compiled before somebody waits for it."""

from __future__ import annotations

import numpy as np

from shangyou.basin.course import Course, Place
from shangyou.basin.transport.ensemble import ensemble
from shangyou.basin.transport.values import Release


def warm() -> None:
    """Call every kernel once, on one reach; some 20 s where nothing is compiled yet, next to nothing after that."""
    one = np.ones(1)
    course = Course(
        reaches=("a",),
        length=one * 1000.0,
        width=one * 20.0,
        slope=one * 1e-3,
        roughness=one * 0.03,
        flow=one * 20.0,
        area=one * 25.0,
        dispersion=one * 30.0,
        storage_ratio=one * 0.0,
        storage_rate=one * 0.0,
        impounded=one * 0.0,
        gain=one * 0.0,
        places=(Place("a", "", "", "section", 900.0),),
    )
    ensemble(course, Release(0.0, 1.0), members=1)
