"""The backward run: what a station would see of a release at any place above it, for all places at once.

Transport is linear, so the response of one station to unit releases from all places is one solution of the adjoint
equation, begun at the station and carried upstream; no run per place is needed. In steady flow the solution is exact
in the Laplace domain: each metre upstream multiplies the transform, so a running sum of exponents is the whole run.
Sources: the backward probability of Neupauer and Wilson (1999), Water Resources Research 35(11); transfer function of
the advection-dispersion equation with transient storage as in Runkel (1998), USGS WRIR 98-4018, equations 1 and 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shangyou.basin.tracing.problem import Way
from shangyou.core.records import Array

Waves = NDArray[np.complex128]

BEFORE: Final = 6.0  # standard deviations of the table before the mean of the passage; a pulse's front is steep
AFTER: Final = 14.0  # and after it: the tail of storage is long
POINTS: Final = 512
DAMPING: Final = 6.0  # of the contour over the table's span: keeps the copy of the tail off the front by e^-6
FEWEST: Final = 64  # frequencies, a power of two as POINTS is; a Gaussian needs 26
MOST: Final = 1024
SMALL: Final = 1e-7  # of the transform, at the last frequency that is used

GRID: Final[Array] = np.linspace(-BEFORE, AFTER, POINTS, endpoint=False)  # of the tables, in standard deviations


@dataclass(frozen=True, slots=True, eq=False)
class Backward:
    """Passage at one station of unit releases at p places, for k factors of dispersion."""

    discharge: float  # at the station [m3/s]
    mean: Array  # (p, 2) mean time of passage [s] = mean[:, 0] + factor * mean[:, 1]; conservative
    variance: Array  # (p, 3) variance [s2] = sum of variance[:, i] * factor**i
    share: Array  # (p, k) of the mass that arrives; the rest has decayed
    passed: Array  # (p, k, POINTS) share of the arriving mass that has passed by GRID * deviation + mean
    sees: NDArray[np.bool_]  # (p,) is the place above the station? Nothing flows upstream.


def backward(way: Way, station: float, places: Array, factors: Array, decay: float, support: float) -> Backward:
    """Solve the adjoint equation from a station to all places above it.

    Args:
        way: reaches with their hydraulics.
        station: where it stands [m from the start of the way].
        places: (p,) where a release may have been [m].
        factors: (k,) of dispersion, > 0.
        decay: first-order rate [1/s], >= 0.
        support: seconds over which one value of the station is a mean, centred on its time; 0 = an instant.

    Source: as the module's; the concentration is that in the water (resident), hence the root beside the exponent.
    """
    ends = np.cumsum(way.length)
    begins = ends - way.length
    own = int(np.searchsorted(ends, station, side="left").clip(0, len(ends) - 1))
    sees = places < station
    inside = np.clip(np.minimum(ends, station) - np.maximum(begins, places[:, None]), 0.0, None)  # (p, n) m passed
    pooled = np.where((places[:, None] < ends) & (ends <= station), way.volume / way.discharge, 0.0)  # (p, n) s
    first = np.searchsorted(ends, places, side="right").clip(0, len(ends) - 1)
    mean, variance = _moments(way, inside, pooled, first, own, support)
    share = np.zeros((len(places), len(factors)))
    passed = np.zeros((len(places), len(factors), POINTS))
    for p in np.flatnonzero(sees):
        used = np.flatnonzero((inside[p] > 0) | (pooled[p] > 0))
        part = _Part(way, used, inside[p, used], pooled[p, used], (int(first[p]), own), decay, support)
        for k, factor in enumerate(factors):
            middle = mean[p, 0] + factor * mean[p, 1]
            deviation = float(np.sqrt(variance[p] @ factor ** np.arange(3)))
            share[p, k], passed[p, k] = _passage(part, float(factor), float(middle), deviation)
    return Backward(float(way.discharge[own]), mean, variance, share, passed, sees)


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """The part of a way between a place and a station."""

    way: Way
    used: NDArray[np.intp]
    metres: Array
    pools: Array  # s of mixing at the ends of the reaches
    ends: tuple[int, int]  # reach of the place and of the station
    decay: float
    support: float


def _moments(
    way: Way, inside: Array, pooled: Array, first: NDArray[np.intp], own: int, support: float
) -> tuple[Array, Array]:
    """Mean and variance of the passage as polynomials of the dispersion's factor, from the transform's expansion."""
    slower = 1.0 + way.storage_ratio
    with np.errstate(divide="ignore", invalid="ignore"):
        held = np.where(way.storage_rate > 0, 2 * way.storage_ratio**2 / way.storage_rate / way.velocity, 0.0)
    spread = way.dispersion / way.velocity**2  # s
    both = spread[first] * slower[first] + spread[own] * slower[own]
    mean = np.stack([inside @ (slower / way.velocity) + pooled.sum(axis=1), both], axis=1)
    still = inside @ held + (pooled**2).sum(axis=1) + support**2 / 12
    carried = inside @ (2 * way.dispersion * slower**2 / way.velocity**3)
    ends = 4 * ((spread[first] * slower[first]) ** 2 + (spread[own] * slower[own]) ** 2)
    return mean, np.stack([still, carried, ends], axis=1)


def _transform(part: _Part, s: Waves, factor: float) -> Waves:
    """Laplace transform of the concentration at the station, times its discharge, of a unit release."""
    way, used = part.way, part.used
    s = s + part.decay
    exponent = np.zeros_like(s)
    for i, metres, pool in zip(used, part.metres, part.pools, strict=True):
        rate, root = _rate(way, int(i), s, factor)
        exponent -= 2 * metres * rate / way.velocity[i] / (1 + root)
        exponent -= np.log1p(s * pool)
    for end in part.ends:
        exponent -= 0.5 * np.log(_rate(way, end, s, factor)[1])
    return np.asarray(np.exp(exponent))


def _rate(way: Way, reach: int, s: Waves, factor: float) -> tuple[Waves, Waves]:
    """What stands for s where there is storage, and the root of the reach's characteristic equation."""
    ratio, exchange = way.storage_ratio[reach], way.storage_rate[reach]
    rate = s + exchange * s / (s + exchange / ratio) if ratio > 0 and exchange > 0 else s
    return rate, np.sqrt(1 + 4 * factor * way.dispersion[reach] * rate / way.velocity[reach] ** 2)


def _passage(part: _Part, factor: float, mean: float, deviation: float) -> tuple[float, Array]:
    """Share that arrives, and its cumulative passage on the table's grid: a damped Fourier series of the transform."""
    span = (BEFORE + AFTER) * deviation
    contour = DAMPING / span
    start = mean - BEFORE * deviation
    count = FEWEST
    while True:
        s: Waves = np.asarray(contour + 2j * np.pi / span * np.arange(count + 1), np.complex128)
        wave = _transform(part, s, factor)
        if abs(wave[-1]) < SMALL * abs(wave[0]) or count >= MOST:
            break
        count *= 2
    if part.support > 0:
        wave = wave * np.sinh(s * part.support / 2) / (s * part.support / 2)
    share = float(_transform(part, np.zeros(1, np.complex128), factor)[0].real)
    points = max(POINTS, 2 * count)  # the series must not be cut by a grid that is coarser than it is
    wave = wave * np.exp(s * start)
    fine = np.fft.irfft(wave, points) * points / span * np.exp(contour * span / points * np.arange(points))
    steps = (fine[1:] + fine[:-1]) * (span / points / 2)
    passed = np.concatenate([[0.0], np.cumsum(steps)])[:: points // POINTS][:POINTS] / max(share, np.finfo(float).tiny)
    return share, np.maximum.accumulate(np.clip(passed, 0.0, 1.0))
