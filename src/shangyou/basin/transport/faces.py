"""The faces between cells, and what disperses through them. Kernels.

Dispersion over a step is a tridiagonal system, solved by elimination from the left. As long as a step's length stays,
neither the faces nor the elimination change: both are laid once along the river, ahead of the water, and a step is two
sweeps of products. The elimination is that of a river that goes on to the left of the first cell; what it lets out
there is next to nothing and is put back, so that no mass is lost.
"""

from __future__ import annotations

import numpy as np

from shangyou.basin.transport.compiled import compiled
from shangyou.core.records import Array, Ints

WEIGHT, PIVOT, DOWN, UP, REACH = range(5)  # rows of faces, see lay_faces
AHEAD = 64  # faces laid at a time


@compiled
def empty_faces() -> Array:
    """Room for faces of which none is laid yet."""
    return np.zeros((5, 4 * AHEAD))


@compiled
def lay_faces(
    faces: Array, laid: int, until: int, at: float, step: float, bounds: Array, spread: Array, edges: Ints, head: bool
) -> tuple[Array, int]:
    """Lay what stands behind each cell from the number `laid` on, counted from the first of all, at least to `until`.

    Args:
        faces: (5, room) for each cell: implicit weight of the face behind it (mean of D/u2 between the centres, times
            dt/dtau2 with dtau = dt), what elimination multiplies it by, takes from the cell before, gives back to that,
            and its reach.
        at: travel time at which the first of all cells begins [s].
        edges: cells, counted likewise, behind which a face is closed: dams.
        head: a concentration is kept up at the first face; else it is closed.

    Returns:
        faces, or a larger array, and how many are laid.
    """
    until = (until // AHEAD + 1) * AHEAD
    if until >= faces.shape[1]:
        larger = np.zeros((5, 2 * until))
        for row in range(5):
            for k in range(laid + 1):
                larger[row, k] = faces[row, k]
        faces = larger
    begin = 0 if laid == 0 else laid + 1
    _weigh(faces[WEIGHT, begin : until + 1], faces[REACH, begin : until + 1], at + begin * step, step, bounds, spread)
    for edge in edges:
        if begin <= edge <= until:
            faces[WEIGHT, edge] = 0.0
    if laid == 0 and not head:
        faces[WEIGHT, 0] = 0.0
    for k in range(laid, until):
        weight, ahead = faces[WEIGHT, k], faces[WEIGHT, k + 1]
        if k == 0:
            faces[PIVOT, k] = 1.0 / (1.0 + 2.0 * weight + ahead)  # a head is half a cell away
            continue
        faces[UP, k] = weight * faces[PIVOT, k - 1]
        faces[PIVOT, k] = 1.0 / (1.0 + weight * (1.0 - faces[UP, k]) + ahead)
        faces[DOWN, k] = weight * faces[PIVOT, k]
    return faces, until


@compiled
def _weigh(weight: Array, reach: Array, first: float, step: float, bounds: Array, spread: Array) -> None:
    """Weight of the face behind each cell, the first of which begins at `first`, and the reach of each."""
    n = len(spread)
    i = 0
    scale = 1.0 / (step * step)
    tau = first - 0.5 * step  # centre of the cell before
    while i < n - 1 and bounds[i + 1] < tau:
        i += 1
    for k in range(len(weight)):
        end = tau + step
        here, total = tau, 0.0
        while i < n - 1 and bounds[i + 1] < end:
            total += (bounds[i + 1] - here) * spread[i]
            here = bounds[i + 1]
            i += 1
        weight[k] = (total + (end - here) * spread[i]) * scale
        reach[k] = i
        tau = end


@compiled
def disperse(m: Array, faces: Array, head: float) -> float:
    """One implicit step over all cells of m in place; head >= 0 holds the flux at the first face: gain through it.

    faces: (5, cells), those behind each cell.
    """
    weight, pivot, down, up = faces[WEIGHT], faces[PIVOT], faces[DOWN], faces[UP]
    last = len(m) - 1
    through = 2.0 * weight[0] if head >= 0.0 else weight[0] * (1.0 - up[0])
    if head >= 0.0:
        m[0] += through * head
    if last == 0:
        m[0] /= 1.0 + through
    else:
        before = m[0] * pivot[0]
        m[0] = before
        for k in range(1, last):
            before = m[k] * pivot[k] + down[k] * before
            m[k] = before
        # nothing goes on behind the last cell
        m[last] = (m[last] + weight[last] * before) / (1.0 + weight[last] * (1.0 - up[last]))
        after = m[last]
        for k in range(last - 1, -1, -1):
            after = m[k] + up[k + 1] * after
            m[k] = after
    if head >= 0.0:
        gained: float = through * (head - m[0])
        return gained
    m[0] += through * m[0]
    return 0.0
