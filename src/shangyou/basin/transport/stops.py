"""What happens where reaches end: a reservoir stops, mixes and releases; water is taken out. Kernels.

stops: (n, 3) residence time [s] of the reservoir at each reach's end, 0 = none; share of the flow that goes on; decay
in the reservoir [1/s].
"""

from __future__ import annotations

import numpy as np

from shangyou.basin.transport.compiled import compiled
from shangyou.core.records import Array, Ints

IN, OUT, WITHDRAWN, DECAYED, STORED = range(5)  # entries of a balance


@compiled
def stopping(stops: Array) -> Ints:
    """(s,) reaches at whose ends something happens."""
    found, count = np.zeros(len(stops), np.int64), 0
    for i in range(len(stops)):
        if stops[i, 0] > 0.0 or stops[i, 1] < 1.0:
            found[count] = i
            count += 1
    return found[:count]


@compiled
def ends(which: Ints, bounds: Array, origin: float, step: float) -> Ints:
    """(s,) the cell that begins where each of these reaches ends, to the nearest."""
    out = np.zeros(len(which), np.int64)
    for i in range(len(which)):
        out[i] = int(np.floor((bounds[which[i] + 1] - origin) / step + 0.5))
    return out


@compiled
def stop(
    water: Array, first: int, which: Ints, at: Ints, stops: Array, held: Array, balance: Array, step: float
) -> None:
    """What has just crossed the end of a reach: part is withdrawn, a reservoir takes it in and gives of what it holds.

    Args:
        water: (cells,) amounts in the water [g], of the cells from `first` on; changed in place.
        which, at: (s,) reaches where something happens, and the cells behind their ends.
        held: (n,) in the reservoirs [g]; changed in place, as is the balance.
    """
    for s in range(len(which)):
        i, k = which[s], at[s] - first
        if k < 0 or k >= len(water):
            continue
        if stops[i, 0] > 0.0:
            rate = 1.0 / stops[i, 0] + stops[i, 2]
            fade = -np.expm1(-rate * step)
            total = held[i] + water[k]
            held[i] = held[i] * (1.0 - fade) + water[k] * fade / (rate * step)
            lost = total - held[i]
            balance[DECAYED] += lost * stops[i, 2] / rate
            water[k] = lost / (rate * stops[i, 0])
        balance[WITHDRAWN] += water[k] * (1.0 - stops[i, 1])
        water[k] *= stops[i, 1]


@compiled
def giving(which: Ints, at: Ints, stops: Array, held: Array, first: int, step: float, small: float) -> tuple[int, int]:
    """Between which cells, counted from `first`, do reservoirs still give more than next to nothing?"""
    least, most = 2**60, -1
    for s in range(len(which)):
        i, k = which[s], at[s] - first
        if stops[i, 0] > 0.0 and held[i] * step / stops[i, 0] > small:
            least, most = min(least, k), max(most, k)
    return least, most
