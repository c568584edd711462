"""Means as the statistics rules want them: pH by hydrogen ions, everything else arithmetic."""

from __future__ import annotations

import numpy as np

from shangyou.core.records import Array, Ints

PH = "ph"


def group_means(values: Array, group: Ints, groups: int) -> tuple[Array, Ints]:
    """Arithmetic mean of the values of each group.

    Args:
        values: (n,), NaN = no value, left out.
        group: (n,) 0 ... groups - 1.

    Returns:
        ((groups,) mean, NaN where a group has no value; (groups,) how many values).
    """
    known = ~np.isnan(values)
    count = np.bincount(group[known], minlength=groups)
    total = np.bincount(group[known], weights=values[known], minlength=groups)
    mean = np.full(groups, np.nan)
    np.divide(total, count, out=mean, where=count > 0)
    return mean, count


def ph_means(values: Array, group: Ints, groups: int) -> tuple[Array, Ints]:
    """As `group_means`, of pH: the concentration of hydrogen ions is averaged.

    Source: statistics rules of 2020 (环办监测函〔2020〕82号).
    >>> ph_means(np.array([6.0, 8.0]), np.array([0, 0]), 1)[0].round(2).tolist()
    [6.3]
    """
    mean, count = group_means(np.power(10.0, -values), group, groups)
    result: Array = -np.log10(mean, out=np.full(groups, np.nan), where=count > 0)
    return result, count


def item_means(values: Array, items: tuple[str, ...], group: Ints, groups: int) -> Array:
    """(groups, m) mean of each item over the rows of each group; values is (n, m), NaN = no value."""
    result = np.empty((groups, len(items)))
    for column, item in enumerate(items):
        average = ph_means if item == PH else group_means
        result[:, column] = average(values[:, column], group, groups)[0]
    return result
