"""Randomness that is a function of seed and time alone: the same hour has the same noise in whichever window it is
asked for, so a demo can run on for as long as it likes without keeping a state.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shangyou.core.records import Array, Ints

DAY: int = 24
COMPONENTS: int = 32  # so many, and the sum is close to normal


@dataclass(frozen=True, slots=True, eq=False)
class Weather:
    """Independent stationary noises of mean 0 and variance 1 whose correlation falls as exp(-lag/memory).

    Each is a sum of cosines whose frequencies are drawn from the spectrum of that correlation, the Cauchy
    distribution; sampled at equal steps it is the AR(1) of the textbooks. Source: Rahimi and Recht (2007), Random
    features for large-scale kernel machines, theorem 1 and table 1.
    """

    frequency: Array  # (m, COMPONENTS) [1/h]
    phase: Array  # (m, COMPONENTS)

    @classmethod
    def draw(cls, rng: np.random.Generator, count: int, memory: float) -> Weather:
        """`count` noises with a memory of so many hours."""
        return cls(
            rng.standard_cauchy((count, COMPONENTS)) / memory,
            rng.uniform(0.0, 2 * np.pi, (count, COMPONENTS)),
        )

    def at(self, hours: Array) -> Array:
        """(n, m) values at (n,) times [h]."""
        out = np.empty((len(hours), len(self.frequency)))
        for i, (frequency, phase) in enumerate(zip(self.frequency, self.phase, strict=True)):
            out[:, i] = np.cos(hours[:, None] * frequency + phase).sum(axis=1)
        return np.asarray(out * np.sqrt(2 / COMPONENTS), np.float64)


def white(seed: int, stream: int, hours: Ints, shape: tuple[int, ...]) -> Array:
    """(n, *shape) independent standard normal numbers of (n,) whole hours since 1970."""
    days, inverse = np.unique(hours // DAY, return_inverse=True)
    by_day = [np.random.default_rng([seed, stream, int(day)]).standard_normal((DAY, *shape)) for day in days]
    return np.stack(by_day)[inverse, hours % DAY] if len(hours) else np.empty((0, *shape))
