"""The cells of a pulse: (3, room) amounts in the water, in storage and on the bed [g]; the first `count` are in use.

Kernels; those that change how many cells there are return the new number. `rows`: 3, or 1 where nothing stands still
and only the first row holds anything.
"""

from __future__ import annotations

import numpy as np

from shangyou.basin.transport.compiled import compiled
from shangyou.core.records import Array

TRIM = 1e-9  # of the largest cell: less, at an edge, is given to the neighbour


@compiled
def room(cells: Array, rows: int, count: int, before: int, behind: int) -> Array:
    """The same cells with empty ones before and behind; a larger array if they do not fit."""
    needed = count + before + behind
    if needed + 2 > cells.shape[1]:
        larger = np.zeros((3, 2 * needed + 64))
        for row in range(rows):
            for k in range(count):
                larger[row, before + k] = cells[row, k]
        return larger
    for row in range(rows):
        if before > 0:
            for k in range(count - 1, -1, -1):
                cells[row, k + before] = cells[row, k]
        for k in range(before):
            cells[row, k] = 0.0
        for k in range(before + count, needed + 2):
            cells[row, k] = 0.0
    return cells


@compiled
def merge(cells: Array, rows: int, first: int, count: int) -> tuple[Array, int, int]:
    """Cells in pairs."""
    odd = first % 2
    cells = room(cells, rows, count, odd, 1)
    first, count = first - odd, count + odd
    count += count % 2
    for row in range(rows):
        for k in range(count // 2):
            cells[row, k] = cells[row, 2 * k] + cells[row, 2 * k + 1]
        for k in range(count // 2, count):
            cells[row, k] = 0.0
    return cells, first // 2, count // 2


@compiled
def trim(cells: Array, count: int, least: int, most: int, standing: bool) -> tuple[int, int, int, float]:
    """Where cells are next to nothing at either edge, give those on the right to their neighbour.

    least, most: cells between which all stay, since something enters there.

    Returns:
        Number of cells left, number of such cells at the left, where the peak is, and what the peak's cell holds.
    """
    peak, where = 0.0, 0
    for k in range(count):
        if cells[0, k] > peak:
            peak, where = cells[0, k], k
    small = TRIM * peak
    if standing:
        for k in range(count):
            small = max(small, TRIM * (cells[1, k] + cells[2, k]))
    while count > 1 and count - 1 > most and cells[0, count - 1] + cells[1, count - 1] + cells[2, count - 1] < small:
        for row in range(3):
            cells[row, count - 2] += cells[row, count - 1]
            cells[row, count - 1] = 0.0
        count -= 1
    spare = 0
    while spare < min(count - 1, least) and cells[0, spare] + cells[1, spare] + cells[2, spare] < small:
        spare += 1
    return count, spare, where, peak


@compiled
def drop(cells: Array, rows: int, count: int, number: int) -> int:
    """Give the first cells to the next one."""
    for row in range(rows):
        for k in range(number):
            cells[row, number] += cells[row, k]
        for k in range(number, count):
            cells[row, k - number] = cells[row, k]
        for k in range(count - number, count):
            cells[row, k] = 0.0
    return count - number


@compiled
def shift(cells: Array, count: int) -> None:
    """The water goes on by a cell; what stands still stays."""
    for k in range(count - 1, 0, -1):
        cells[0, k] = cells[0, k - 1]
    cells[0, 0] = 0.0


@compiled
def whole(cells: Array, rows: int, count: int, held: Array) -> float:
    """All that is in cells and reservoirs."""
    total = 0.0
    for row in range(rows):
        for k in range(count):
            total += cells[row, k]
    for i in range(len(held)):
        total += held[i]
    return total


@compiled
def longer(times: Array, curves: Array) -> tuple[Array, Array]:
    """The same with as much room again."""
    n, p = curves.shape
    more, wider = np.zeros(2 * n), np.zeros((2 * n, p))
    for i in range(n):
        more[i] = times[i]
        for k in range(p):
            wider[i, k] = curves[i, k]
    return more, wider
