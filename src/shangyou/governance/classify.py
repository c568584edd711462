"""Water quality classes of many samples at once, by single factor (GB 3838 with the measures of 2011)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shangyou.core.errors import InputError
from shangyou.core.records import Array
from shangyou.governance.oxygen import oxygen_saturation
from shangyou.governance.rounding import round_half_even
from shangyou.standards.surface_water import AT_MOST, RANGE, WORST, Limits

Classes = NDArray[np.int8]  # 1 (I) ... 5 (V), 6 worse than V, 0 no data
BLOCK: Final = 8192  # samples looked at together: with 21 items they fill the cache and no more
OXYGEN: Final = "dissolved_oxygen"


@dataclass(frozen=True, slots=True, eq=False)
class Classified:
    """Classes of n samples of m items."""

    items: tuple[str, ...]  # (m,)
    item: Classes  # (n, m)
    overall: Classes  # (n,) the worst of a sample's items
    limiting: NDArray[np.uint32]  # (n,) bit j: item j has the overall class, and that is not I
    exceeding: NDArray[np.uint32]  # (n,) bit j: item j is worse than the target class
    present: NDArray[np.int8]  # (n,) how many items have a value

    def __len__(self) -> int:
        return len(self.overall)


@dataclass(frozen=True, slots=True, eq=False)
class Saturation:
    """What is needed to let oxygen reach class I by saturation; NaN where it is not known."""

    temperature: Array  # (n,) water temperature [degC]
    altitude: Array  # (n,) [m]


def classify(
    values: Array,
    limits: Limits,
    decimals: Sequence[int | None] | None = None,
    saturation: Saturation | None = None,
    target: int = 3,
) -> Classified:
    """Class of each item and of each sample.

    Args:
        values: (n, m) in canonical units, in the order of limits.items; NaN = no value.
        limits: of the m items, at most 32.
        decimals: (m,) digits after the point to which values are rounded first (GB/T 8170); None, whole or
            of an item = values are compared as they are.
        saturation: lets oxygen reach class I by its percentage of saturation too, where temperature and
            altitude are known; None = by concentration only.
        target: class beyond which an item counts as exceeding.

    A value on a limit is in the better class. A range (pH) is class I inside, worse than V outside.
    Raises InputError "classify.shape" if values do not fit the items.
    """
    n, m = values.shape[0], len(limits.items)
    if values.ndim != 2 or values.shape[1] != m or m > 32:
        raise InputError("classify.shape", shape=values.shape, items=m)
    result = Classified(
        limits.items,
        np.zeros((n, m), np.int8),
        np.zeros(n, np.int8),
        np.zeros(n, np.uint32),
        np.zeros(n, np.uint32),
        np.zeros(n, np.int8),
    )
    for start in range(0, n, BLOCK):
        rows = slice(start, min(start + BLOCK, n))
        columns = np.ascontiguousarray(values[rows].T)  # (m, rows): one item's values side by side
        classes = _item_classes(columns, limits, decimals)
        if saturation is not None and OXYGEN in limits.items and not np.isnan(limits.saturation):
            _lift_oxygen(classes, columns, limits, saturation, rows)
        _summarise(result, classes, rows, target)
    return result


def _item_classes(columns: Array, limits: Limits, decimals: Sequence[int | None] | None) -> Classes:
    """(m, rows) class of each value."""
    classes = np.empty(columns.shape, np.int8)
    for row, values in enumerate(columns):
        digits = decimals[row] if decimals is not None else None
        rounded = round_half_even(values, digits) if digits is not None else values
        classes[row] = _class_of(rounded, int(limits.sense[row]), limits.bounds[row])
        classes[row] *= values == values  # NaN, which is not itself, has class 0
    return classes


def _class_of(values: Array, sense: int, bounds: Array) -> Classes:
    if sense == RANGE:
        outside = (values < bounds[0]) | (values > bounds[1])
        return np.where(outside, np.int8(WORST), np.int8(1))
    classes = np.ones(len(values), np.int8)
    for bound in bounds:
        classes += (values > bound) if sense == AT_MOST else (values < bound)
    return classes


def _lift_oxygen(classes: Classes, columns: Array, limits: Limits, saturation: Saturation, rows: slice) -> None:
    """Class I for oxygen whose saturation reaches the percentage; the percentage is compared without decimals."""
    row = limits.items.index(OXYGEN)
    percent = oxygen_saturation(columns[row], saturation.temperature[rows], saturation.altitude[rows])
    reached = round_half_even(percent, 0) >= limits.saturation  # False where NaN
    classes[row][reached & (classes[row] > 1)] = 1


def _summarise(result: Classified, classes: Classes, rows: slice, target: int) -> None:
    overall = classes.max(axis=0, initial=0)
    limiting = np.zeros(overall.shape, np.uint32)
    exceeding = np.zeros(overall.shape, np.uint32)
    floor = np.maximum(overall, np.int8(2))  # class I limits nothing
    for row, column in enumerate(classes):
        limiting |= (column == floor).astype(np.uint32) << np.uint32(row)
        exceeding |= (column > target).astype(np.uint32) << np.uint32(row)
    result.item[rows] = classes.T
    result.overall[rows] = overall
    result.limiting[rows] = limiting
    result.exceeding[rows] = exceeding
    result.present[rows] = np.count_nonzero(classes, axis=0)


def multiples(values: Array, limits: Limits, target: int = 3, without: Sequence[str] = ()) -> Array:
    """How many times over the limit of the target class each value is: (C - C_III) / C_III.

    Args:
        values: (n, m) as in `classify`, rounded as they are reported.
        without: items that carry no multiple (pH, oxygen), beside those whose limit is not an upper one.

    Returns:
        (n, m), NaN where the item carries none, has no value or does not exceed.
    """
    result = np.full(values.shape, np.nan)
    for column, item in enumerate(limits.items):
        if limits.sense[column] != AT_MOST or item in without:
            continue
        bound = limits.bounds[column, target - 1]
        over = values[:, column] > bound
        result[over, column] = (values[over, column] - bound) / bound
    return result


def class_range(
    low: Array, high: Array, limits: Limits, decimals: Sequence[int | None] | None = None
) -> tuple[Classes, Classes]:
    """Best and worst class of values that are only known to lie between two bounds, both included.

    Args:
        low, high: (n, m), low <= high; infinite where a side is open; NaN = no value.
        decimals: as in `classify`.

    Returns:
        ((n, m) best, (n, m) worst); equal where it does not matter which value between the bounds is the true one.
    """
    ends = [_item_classes(np.ascontiguousarray(side.T), limits, decimals).T for side in (low, high)]
    best, worst = np.minimum(*ends), np.maximum(*ends)
    for column in np.flatnonzero(limits.sense == RANGE):
        least, most = limits.bounds[column, :2]
        best[(low[:, column] <= most) & (high[:, column] >= least), column] = 1
    return best, worst
