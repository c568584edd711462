"""A pulse on its way down, in steady flow: the kernel.

The grid is even in travel time and its step is the step of time, so the water moves exactly one cell a step: advection
has no error at any speed and spreads nothing. What has stopped (storage, bed, reservoirs) stays where it is. Dispersion
is implicit (backward Euler), on the flux f = Q c per travel time: its kernel has the exact variance 2 D dt, so mass,
mean and variance of a pulse are exact in a uniform reach, nothing is ever negative and any step is stable; the error is
in the fourth moment, 3/N of the normal one after N steps. Exchange is exact (exchange.py), half before and half after
(Strang). As the pulse widens, cells merge in pairs and steps double, so a cell stays a fixed part of its width: cost
grows with the root of the distance. Only cells that hold something are kept; what is trimmed goes to the neighbour.

Where a tributary joins, f goes on and c falls by dilution; dispersion does not carry its clean water up the main stem.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from shangyou.basin.transport.cells import TRIM, drop, longer, merge, room, shift, trim, whole
from shangyou.basin.transport.compiled import compiled
from shangyou.basin.transport.exchange import STATES, propagator
from shangyou.basin.transport.faces import REACH, disperse, empty_faces, lay_faces
from shangyou.basin.transport.prepare import PER_AGE
from shangyou.basin.transport.stops import DECAYED, IN, OUT, STORED, ends, giving, stop, stopping
from shangyou.core.records import Array, Ints

STEPS = 4000.0  # of the horizon: exchange that is quicker than such a step is as good as at equilibrium
SLACK = 16  # cells of next to nothing that may gather before they are given away: so it is not done at every step
BEFORE = 64  # cells in front of the first for which faces are laid too, since the first may move up


class River(NamedTuple):
    """The reaches, see pulse, and where something stops."""

    bounds: Array
    spread: Array
    rates: Array
    stops: Array
    stopping: Ints


class Mode(NamedTuple):
    """What need not be reckoned."""

    rows: int  # 1: nothing stands still, so there is only water
    living: bool  # does anything exchange or decay?
    head: bool  # is a concentration kept up at the first face?


class Grid(NamedTuple):
    """What stays as long as steps are of one length."""

    step: float  # s
    origin: float  # travel time at which cell 0 begins [s]
    base: int  # cell of the first face that is laid
    ends: Ints  # cells behind the ends of the reaches where something stops
    shares: Array  # (n, 4, 4) exchange in half a step


@compiled
def _grid(river: River, mode: Mode, origin: float, step: float, first: int) -> Grid:
    """For steps of another length, or a first cell that has moved up beyond the faces that are laid."""
    shares = _shares(river.rates, 0.5 * step) if mode.living else np.zeros((0, STATES, STATES))
    base = 0 if mode.head else first - BEFORE
    return Grid(step, origin, base, ends(river.stopping, river.bounds, origin, step), shares)


@compiled
def _shares(rates: Array, step: float) -> Array:
    """(n, 4, 4) propagators of `step` seconds in each reach; equal neighbours are computed once."""
    out = np.empty((len(rates), STATES, STATES))
    for i in range(len(rates)):
        r = rates[i]
        same = i > 0
        for c in range(6):
            same = same and r[c] == rates[i - 1, c]
        share = propagator(r[0], r[1], r[2], r[3], r[4], r[5], step) if not same else out[i - 1]
        for j in range(STATES):
            for k in range(STATES):
                out[i, j, k] = share[j, k]
    return out


@compiled
def _exchange(cells: Array, reach: Array, shares: Array) -> float:
    """Half a step of exchange in each cell; returns what decayed."""
    lost = 0.0
    for k in range(len(reach)):
        e = shares[int(reach[k])]
        a, b, c = cells[0, k], cells[1, k], cells[2, k]
        cells[0, k] = e[0, 0] * a + e[0, 1] * b + e[0, 2] * c
        cells[1, k] = e[1, 0] * a + e[1, 1] * b + e[1, 2] * c
        cells[2, k] = e[2, 0] * a + e[2, 1] * b + e[2, 2] * c
        lost += e[3, 0] * a + e[3, 1] * b + e[3, 2] * c
    return lost


@compiled
def _sample(row: Array, water: Array, start: float, step: float, places: Array, flows: Array) -> None:
    """Concentration at each place, between the centres of the cells beside it; the row must be empty."""
    count, per_step = len(water), 1.0 / step
    for i in range(len(places)):
        x = (places[i] - start) * per_step - 0.5
        if x < -1.0 or x >= count:
            continue
        k = int(np.floor(x))
        part = x - k
        f = 0.0
        if k >= 0:
            f += (1.0 - part) * water[k]
        if k < count - 1:
            f += part * water[k + 1]
        row[i] = f * per_step / flows[i]


@compiled
def _leave(cells: Array, first: int, count: int, last: int, balance: Array) -> int:
    """Let go of cells beyond `last`."""
    while count > 1 and first + count - 1 > last:
        balance[OUT] += cells[0, count - 1] + cells[1, count - 1] + cells[2, count - 1]
        cells[0, count - 1], cells[1, count - 1], cells[2, count - 1] = 0.0, 0.0, 0.0
        count -= 1
    return count


@compiled
def _may_grow(step: float, variance: float, age: float, quickest: float, resolution: float, horizon: float) -> bool:
    """Would cells of twice the width, and steps of twice the length, still be fine enough?"""
    if resolution <= 0.0:
        return False
    longest = min(np.sqrt(variance) / resolution, PER_AGE * age / resolution)
    return 2.0 * step <= longest and (2.0 * step * quickest <= 0.5 or 2.0 * step * STEPS <= horizon)


@compiled
def _quickest(rates: Array) -> tuple[float, bool]:
    """Largest rate at which water exchanges with what stands still [1/s], 0 where nothing does; does anything change?

    Loops instead of numpy's own words take a fraction of their time to compile, here as elsewhere in the kernel.
    """
    fastest, decays = 0.0, False
    for i in range(len(rates)):
        if rates[i, 0] * rates[i, 1] > 0.0:
            fastest = max(fastest, rates[i, 0] * (1.0 + 1.0 / rates[i, 1]))
        fastest = max(fastest, rates[i, 4] * (1.0 + rates[i, 5]) if rates[i, 5] > 0.0 else 0.0)
        decays = decays or rates[i, 2] > 0.0
    return fastest, fastest > 0.0 or decays


@compiled
def _largest(values: Array) -> float:
    found = 0.0
    for i in range(len(values)):
        found = max(found, values[i])
    return found


@compiled
def _widen(cells: Array, mode: Mode, first: int, count: int, spare: int, reach: float) -> tuple[Array, int, int, int]:
    """Empty cells on either side, for what disperses in a step; the last number says how many are needed.

    spare: that are next to empty at the left. reach: cells over which one step's kernel falls to next to nothing.
    """
    margin = int(reach) + 3
    before = 0 if mode.head or spare >= margin else margin + SLACK // 2 - spare
    return room(cells, mode.rows, count, before, margin), first - before, count + before + margin, margin


@compiled
def _advance(cells: Array, mode: Mode, first: int, count: int, entering: float) -> tuple[Array, int, int]:
    """The water goes on by a cell; what is kept up, or stands still, keeps the first cell where it is."""
    if mode.rows > 1 or mode.head:
        shift(cells, count)
    else:
        first += 1
    if entering >= 0.0 and first > 0:  # the water that was here has gone on
        cells = room(cells, mode.rows, count, first, 0)
        count, first = count + first, 0
    return cells, first, count


@compiled
def _go_on(
    cells: Array,
    first: int,
    count: int,
    river: River,
    mode: Mode,
    grid: Grid,
    faces: Array,
    held: Array,
    entering: float,
    balance: Array,
    small: float,
) -> tuple[Array, int, int, int, int]:
    """One step: exchange, advection, stops, what enters, dispersion, exchange.

    Args:
        entering: mass that enters at travel time 0 in this step [g]; negative: none does, there is no feed.
        small: what is next to nothing [g].

    Returns:
        cells, first, count, and between which cells something still enters.
    """
    if mode.living:
        balance[DECAYED] += _exchange(cells, faces[REACH, first - grid.base :][:count], grid.shares)
    cells, first, count = _advance(cells, mode, first, count, entering)
    stop(cells[0, :count], first, river.stopping, grid.ends, river.stops, held, balance, grid.step)
    least, most = giving(river.stopping, grid.ends, river.stops, held, first, grid.step, small)
    if entering >= 0.0:
        cells[0, -first] += entering
        balance[IN] += entering
        least, most = min(least, -first), max(most, -first)
    here = faces[:, first - grid.base :][:, :count]
    balance[IN] += disperse(cells[0, :count], here, entering if mode.head else -1.0)
    if mode.living:
        balance[DECAYED] += _exchange(cells, here[REACH], grid.shares)
    return cells, first, count, least, most


@compiled
def pulse(
    reaches: tuple[Array, Array, Array, Array],
    places: Array,
    flows: Array,
    start: Array,
    first: int,
    held: Array,
    feed: Array,
    head: bool,
    horizon: float,
    step: float,
    resolution: float,
) -> tuple[Array, Array, Array, Array, int, float]:
    """Let what is in the river, and what enters it, go down n reaches, and watch P places.

    Args:
        reaches: bounds (n + 1,), travel time from the place of release to each reach's ends [s], increasing;
            spread (n,), D/u2 [s]; rates (n, 6), exchange, storage ratio, decay, decay in storage, sorption rate,
            sorption capacity, see exchange; stops (n, 3), see stops.
        places, flows: (P,) travel time [s] and flow [m3/s] at each place.
        start: (3, c) amounts in water, storage and on the bed [g] of the cells first ... first + c - 1.
        first: cell k covers the travel times k to k + 1 steps; half a step less if there is no feed.
        held: (n,) in the reservoir at each reach's end [g]; changed in place.
        feed: (k,) enters at travel time 0 during each of the first k steps [g]; only then may steps grow.
        head: the feed keeps up a concentration at its place, rather than being a source there.
        horizon: time to go on to [s].
        step: first step, and width of the first cells [s].
        resolution: cells to a standard deviation of the pulse; 8 keeps errors below half a percent of the peak, and 0
            lets steps never grow.

    Returns:
        (N,) times [s], (N, P) concentrations [g/m3], (5,) balance [g] (in, out, withdrawn, decayed, stored); then
        cells, first and step as they are at the end, to go on from.
    """
    bounds, spread, rates, stops = reaches
    river = River(bounds, spread, rates, stops, stopping(stops))
    quickest, living = _quickest(rates)
    count, spare, small = start.shape[1], 0, 0.0
    mode = Mode(3 if quickest > 0.0 or whole(start[1:], 2, count, held[:0]) > 0.0 else 1, living, head)
    cells = room(start, len(start), count, 0, count + 256)
    balance = np.zeros(5)
    balance[IN] = whole(cells, len(cells), count, held)
    at_first: float = balance[IN]
    grid = _grid(river, mode, -0.5 * step if len(feed) == 0 and resolution > 0.0 else 0.0, step, first)
    faces, laid, widest = empty_faces(), 0, _largest(spread)
    times, curves = np.zeros(256), np.zeros((256, len(places)))
    t, variance, done, fed = 0.0, 0.0, 1, 0
    _sample(curves[0], cells[0, :count], grid.origin + first * step, step, places, flows)
    while t < horizon * (1.0 - 1e-12):
        if fed == len(feed) and _may_grow(step, variance, t - fed * step, quickest, resolution, horizon):
            cells, first, count = merge(cells, mode.rows, first, count)
            step, spare, laid = 2.0 * step, spare // 2, 0
            grid = _grid(river, mode, grid.origin, step, first)
        # the kernel of one step falls by 1/e within sqrt(D/u2/dt) cells; the first steps of all start from a point
        reach = (21.0 if done < 4 else 6.0) * np.sqrt(widest / step)
        cells, first, count, margin = _widen(cells, mode, first, count, spare, reach)
        entering = feed[fed] if fed < len(feed) else -1.0
        lowest = min(first, 0) if entering >= 0.0 else first  # what enters, enters at cell 0
        if lowest < grid.base:
            grid, laid = _grid(river, mode, grid.origin, step, lowest), 0
        if max(first, 0) + count + 2 - grid.base > laid:
            faces, laid = lay_faces(
                faces,
                laid,
                max(first, 0) + count + 2 - grid.base,
                grid.origin + grid.base * step,
                step,
                bounds,
                spread,
                grid.ends - grid.base,
                head,
            )
        cells, first, count, least, most = _go_on(
            cells, first, count, river, mode, grid, faces, held, entering, balance, small
        )
        fed = min(fed + 1, len(feed))
        t += step
        last = int((bounds[-1] + 10.0 * spread[-1] - grid.origin) / step) + 2
        count = _leave(cells, first, count, last, balance)
        count, spare, where, peak = trim(cells, count, least, most, mode.rows > 1)
        small = TRIM * peak
        variance += 2.0 * spread[int(faces[REACH, first - grid.base + where])] * step if fed == len(feed) else 0.0
        if spare > margin + SLACK and not head:
            count, first, spare = drop(cells, mode.rows, count, spare - margin), first + spare - margin, margin
        if done == len(times):
            times, curves = longer(times, curves)
        times[done] = t
        _sample(curves[done], cells[0, :count], grid.origin + first * step, step, places, flows)
        done += 1
        # nothing is left: curves have ended
        if done % 16 == 0 and fed == len(feed) and whole(cells, mode.rows, count, held) < 1e-12 * at_first:
            break
    balance[STORED] = whole(cells, len(cells), count, held)
    return times[:done], curves[:done], balance, cells[:, :count], first, step
