"""The example applications of OTIS (Runkel 1998, USGS WRIR 98-4018) as courses."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from shangyou.basin.course import Course
from shangyou.basin.transport.values import Inflow
from shangyou.core.records import Array, Ints

START: Final = 8.25  # hours
AT: Final = (38, 105, 281, 433, 619)  # m
PRINTED: Final = (37.5, 104.5, 280.5, 432.5, 618.5)  # m, where OTIS prints for these: the centres of its segments
# OTIS takes the mean of the head's concentration before and after a step (Crank-Nicolson), so that a change is a ramp
# over one step; for a solution without steps that is a change in its middle.
HALF_A_STEP: Final = 90.0  # s


def uvas(pieces: int = 20) -> tuple[Course, Ints]:
    """Uvas Creek and the reach of each piece of it, since its flow rises along the way.

    Parameters of Bencala and Walters (1983), Water Resources Research 19(3), 718-724.
    """
    length = np.array([38.0, 67.0, 176.0, 152.0, 236.0])
    area = np.array([0.30, 0.42, 0.36, 0.41, 0.52])
    dispersion = np.array([0.12, 0.15, 0.24, 0.31, 0.40])
    storage = np.array([0.05, 0.05, 0.36, 0.41, 1.56])
    exchange = np.array([0.0, 0.0, 3.0e-5, 1.0e-5, 4.5e-5])
    lateral = np.array([0.0, 0.0, 4.545e-6, 1.974e-6, 2.151e-6])
    groups = np.repeat(np.arange(5), pieces)
    each = length[groups] / pieces
    gained = lateral[groups] * each
    flow = 0.0125 + np.cumsum(gained) - gained / 2
    n = len(groups)
    course = Course(
        tuple(f"{g + 1}" for g in groups),
        length=each,
        width=np.ones(n),
        slope=np.full(n, 0.01),
        roughness=np.full(n, 0.05),
        flow=flow,
        area=area[groups],
        dispersion=dispersion[groups],
        storage_ratio=(storage / area)[groups],
        storage_rate=exchange[groups],
        impounded=np.zeros(n),
        gain=np.diff(flow, prepend=flow[0]),
    )
    return course, groups.astype(np.int64)


def inflow(rise: float) -> Inflow:
    """Three hours of injection at the head of Uvas Creek, from 8.4 h on; g/m3 above the background."""
    return Inflow(np.array([0.0, 0.15 * 3600 + HALF_A_STEP, 3.15 * 3600 + HALF_A_STEP]), np.array([0.0, rise, 0.0]))


def reservoirless() -> Course:
    """The hypothetical problem of Runkel (1996), J. Environ. Eng. 122(9), 830-832."""
    one = np.ones(1)
    return Course(
        ("a",), one * 2200, one, one * 0.01, one * 0.05, one * 0.1, one, one * 5.0, one * 0, one * 0, one * 0, one * 0
    )


def curve(path: Path) -> Array:
    """(k, 2) hours and concentrations of an xmgr file."""
    rows = []
    for line in path.read_text().splitlines():
        parts = line.split()
        try:
            rows.append([float(part) for part in parts])
        except ValueError:
            continue
    return np.array([row for row in rows if len(row) == 2])
