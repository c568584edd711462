"""The credible region: the smallest set of places, times and amounts that holds a given share of the probability.

Draws are ranked by a smooth density fitted to them, and the region is where that density is at least that of the
share's last draw. Whatever the fit is worth, the region then holds just that share of the draws; a good fit only makes
it small. Source: highest posterior density regions, Hyndman (1996), The American Statistician 50(2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shangyou.basin.tracing.problem import Flags, Index
from shangyou.core.records import Array


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """Where, when and how much, jointly. Groups: each outlet is one, all stretches of a way are one."""

    share: float  # of the probability that it holds
    least: float  # log density at its edge
    chance: Array  # (g,) log probability of each group
    centre: Array  # (g, 3) place [m], begin [s from the origin], log of the amount [log g]
    root: Array  # (g, 3, 3) lower root of the covariance
    free: Flags  # (g,) is the place free, on stretches?

    def density(self, group: Index, place: Array, begin: Array, amount: Array) -> Array:
        """(n,) log density of explanations of known groups."""
        at = np.stack([place, begin, np.log(amount)], axis=1)[:, :, None]
        away = np.linalg.solve(self.root[group], at - self.centre[group][:, :, None])[:, :, 0]
        away[:, 0] = np.where(self.free[group], away[:, 0], 0.0)
        size = np.log(np.einsum("gii->gi", self.root))
        flat = size[:, 1:].sum(axis=1) + np.where(self.free, size[:, 0], 0.0)
        return np.asarray(self.chance[group] - flat[group] - 0.5 * np.einsum("ij,ij->i", away, away))

    def holds(self, group: int, place: float, begin: float, amount: float) -> bool:
        """Is this explanation within?"""
        if group < 0 or not np.isfinite(self.chance[group]):
            return False
        one = np.array([group], np.intp)
        found = self.density(one, np.array([place]), np.array([begin]), np.array([amount]))
        return bool(found[0] >= self.least)


def region(group: Index, free: Flags, place: Array, begin: Array, amount: Array, share: float) -> Region:
    """The region of equally likely draws.

    Args:
        group: (n,) of each draw.
        free: (g,) is the group's place free?
        place, begin, amount: (n,) m, s from the origin, g.
        share: of the probability, in (0, 1).
    """
    groups = len(free)
    chance, centre = np.full(groups, -np.inf), np.zeros((groups, 3))
    root = np.tile(np.eye(3), (groups, 1, 1))
    points = np.stack([place, begin, np.log(amount)], axis=1)
    for g in np.unique(group):
        own = points[group == g]
        chance[g] = np.log(len(own) / len(points))
        centre[g] = own.mean(axis=0)
        spread = np.maximum(own.std(axis=0), [1.0, 1.0, 1e-4])
        scaled = (own - centre[g]) / spread
        covariance = scaled.T @ scaled / len(own) + 0.01 * np.eye(3)
        if not free[g]:  # an outlet's place is no unknown
            covariance[0, 1:] = covariance[1:, 0] = 0.0
        root[g] = spread[:, None] * np.linalg.cholesky(covariance)
    found = Region(share, -np.inf, chance, centre, root, free)
    least = float(np.quantile(found.density(group, place, begin, amount), 1 - share))
    return Region(share, least, chance, centre, root, free)


def shortest(values: Array, share: float) -> tuple[float, float]:
    """The shortest span that holds a share of equally likely values."""
    held = np.sort(values)
    count = max(1, int(np.ceil(share * len(held))))
    widths = held[count - 1 :] - held[: len(held) - count + 1]
    at = int(np.argmin(widths))
    return float(held[at]), float(held[at + count - 1])
