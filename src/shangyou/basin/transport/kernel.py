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

import numpy as np

from shangyou.basin.transport.cells import TRIM, drop, longer, merge, room, shift, trim, whole
from shangyou.basin.transport.compiled import compiled
from shangyou.basin.transport.exchange import STATES, propagator
from shangyou.core.records import Array

STEPS = 4000.0  # of the horizon: exchange that is quicker than such a step is as good as at equilibrium
SLACK = 16  # cells of next to nothing that may gather before they are given away: so it is not done at every step
PER_AGE = 0.25  # with 8 cells to a standard deviation a step is at most 1/32 of the time since the release
IN, OUT, WITHDRAWN, DECAYED, STORED = range(5)  # entries of a balance


@compiled
def _fill(theta: Array, reach: Array, bounds: Array, spread: Array, first: float, step: float, count: int) -> None:
    """Implicit weight of the face behind each of `count` cells, the first at `first`, and the reach of each."""
    n = len(spread)
    i = 0
    weight = 1.0 / (step * step)
    tau = first - 0.5 * step  # centre of the cell before
    while i < n - 1 and bounds[i + 1] < tau:
        i += 1
    for k in range(count):
        end = tau + step
        here, total = tau, 0.0
        while i < n - 1 and bounds[i + 1] < end:
            total += (bounds[i + 1] - here) * spread[i]
            here = bounds[i + 1]
            i += 1
        total += (end - here) * spread[i]
        theta[k] = total * weight  # dt/dtau2 times the mean of D/u2 between the centres, with dt = dtau
        reach[k] = i
        tau = end


@compiled
def _disperse(m: Array, theta: Array, work: Array, count: int, head: float) -> float:
    """One implicit step over cells 0..count-1 in place; head >= 0 holds the flux at the first face: gain through it."""
    first = 2.0 * theta[0] if head >= 0.0 else 0.0
    theta[count] = 0.0
    part = 1.0 / (1.0 + first + theta[1])
    m[0] = (m[0] + (first * head if head >= 0.0 else 0.0)) * part
    for k in range(1, count):
        work[k] = theta[k] * part
        part = 1.0 / (1.0 + theta[k] * (1.0 - work[k]) + theta[k + 1])
        m[k] = (m[k] + theta[k] * m[k - 1]) * part
    for k in range(count - 2, -1, -1):
        m[k] += work[k + 1] * m[k + 1]
    return first * (head - m[0]) if head >= 0.0 else 0.0


@compiled
def _exchange(cells: Array, reach: Array, shares: Array, count: int) -> float:
    """Half a step of exchange in each cell; returns what decayed."""
    lost = 0.0
    for k in range(count):
        e = shares[int(reach[k])]
        a, b, c = cells[0, k], cells[1, k], cells[2, k]
        cells[0, k] = e[0, 0] * a + e[0, 1] * b + e[0, 2] * c
        cells[1, k] = e[1, 0] * a + e[1, 1] * b + e[1, 2] * c
        cells[2, k] = e[2, 0] * a + e[2, 1] * b + e[2, 2] * c
        lost += e[3, 0] * a + e[3, 1] * b + e[3, 2] * c
    return lost


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
def _stops(
    cells: Array, first: int, count: int, edges: Array, stops: Array, held: Array, balance: Array, step: float
) -> None:
    """What has just crossed the end of a reach: part is withdrawn, a reservoir takes it in and gives of what it holds.

    stops: (n, 3) residence time [s] of the reservoir at each reach's end, 0 = none; share of the flow that goes on;
    decay in the reservoir [1/s].
    """
    for i in range(len(stops)):
        if stops[i, 0] <= 0.0 and stops[i, 1] >= 1.0:
            continue
        k = int(edges[i]) - first
        if k < 0 or k >= count:
            continue
        if stops[i, 0] > 0.0:
            rate = 1.0 / stops[i, 0] + stops[i, 2]
            fade = -np.expm1(-rate * step)
            total = held[i] + cells[0, k]
            held[i] = held[i] * (1.0 - fade) + cells[0, k] * fade / (rate * step)
            lost = total - held[i]
            balance[DECAYED] += lost * stops[i, 2] / rate
            cells[0, k] = lost / (rate * stops[i, 0])
        balance[WITHDRAWN] += cells[0, k] * (1.0 - stops[i, 1])
        cells[0, k] *= stops[i, 1]


@compiled
def _sample(row: Array, cells: Array, start: float, step: float, count: int, places: Array, flows: Array) -> None:
    """Concentration at each place, between the centres of the cells beside it."""
    for i in range(len(places)):
        x = (places[i] - start) / step - 0.5
        k = int(np.floor(x))
        part = x - k
        f = 0.0
        if 0 <= k < count:
            f += (1.0 - part) * cells[0, k]
        if -1 <= k < count - 1:
            f += part * cells[0, k + 1]
        row[i] = f / (step * flows[i])


@compiled
def _leave(cells: Array, first: int, count: int, last: int, balance: Array) -> int:
    """Let go of cells beyond `last`."""
    while count > 1 and first + count - 1 > last:
        balance[OUT] += cells[0, count - 1] + cells[1, count - 1] + cells[2, count - 1]
        cells[0, count - 1], cells[1, count - 1], cells[2, count - 1] = 0.0, 0.0, 0.0
        count -= 1
    return count


@compiled
def _dams(
    theta: Array, edges: Array, stops: Array, held: Array, first: int, count: int, step: float, small: float
) -> tuple[int, int]:
    """Close faces at dams and where water is taken out to dispersion; between which cells do reservoirs still give?"""
    least, most = 2**60, -1
    for i in range(len(stops)):
        k = int(edges[i]) - first
        if 0 < k < count and (stops[i, 0] > 0.0 or stops[i, 1] < 1.0):
            theta[k] = 0.0
        if stops[i, 0] > 0.0 and held[i] * step / stops[i, 0] > small:
            least, most = min(least, k), max(most, k)
    return least, most


@compiled
def _edges(bounds: Array, origin: float, step: float) -> Array:
    """(n,) the cell that begins where each reach ends, to the nearest."""
    out = np.empty(len(bounds) - 1)
    for i in range(len(out)):
        out[i] = np.floor((bounds[i + 1] - origin) / step + 0.5)
    return out


@compiled
def _largest(values: Array) -> float:
    found = 0.0
    for i in range(len(values)):
        found = max(found, values[i])
    return found


@compiled
def _may_grow(step: float, variance: float, age: float, quickest: float, resolution: float, horizon: float) -> bool:
    """Would cells of twice the width, and steps of twice the length, still be fine enough?"""
    longest = min(np.sqrt(variance) / resolution, PER_AGE * age / resolution)
    return 2.0 * step <= longest and (2.0 * step * quickest <= 0.5 or 2.0 * step * STEPS <= horizon)


@compiled
def _quickest(rates: Array) -> float:
    """Largest rate at which water exchanges with what stands still [1/s]; 0 where nothing does."""
    fastest = 0.0
    for i in range(len(rates)):
        if rates[i, 0] * rates[i, 1] > 0.0:
            fastest = max(fastest, rates[i, 0] * (1.0 + 1.0 / rates[i, 1]))
        fastest = max(fastest, rates[i, 4] * (1.0 + rates[i, 5]) if rates[i, 5] > 0.0 else 0.0)
    return fastest


@compiled
def _go_on(
    cells: Array,
    first: int,
    count: int,
    grid: tuple[float, float],
    reaches: tuple[Array, Array, Array, Array],
    shares: Array,
    edges: Array,
    held: Array,
    entering: float,
    head: bool,
    mode: tuple[bool, bool],
    balance: Array,
    lanes: Array,
    small: float,
) -> tuple[Array, int, int, int, int]:
    """One step: exchange, advection, stops, what enters, dispersion, exchange.

    entering: mass that enters at travel time 0 in this step [g]; negative: none does, there is no feed.

    Returns:
        cells, first, count, and between which cells something still enters.
    """
    bounds, spread, _, stops = reaches
    origin, step = grid
    standing, living = mode
    theta, reach, work = lanes[0], lanes[1], lanes[2]
    if living:
        _fill(theta, reach, bounds, spread, origin + first * step, step, count)
        balance[DECAYED] += _exchange(cells, reach, shares, count)
    if standing or head:
        shift(cells, count)
    else:
        first += 1
    _stops(cells, first, count, edges, stops, held, balance, step)
    if entering >= 0.0:
        if first > 0:  # the water that was here has gone on
            cells = room(cells, count, first, 0)
            count, first = count + first, 0
        cells[0, -first] += entering
        balance[IN] += entering
    _fill(theta, reach, bounds, spread, origin + first * step, step, count)
    least, most = _dams(theta, edges, stops, held, first, count, step, small)
    if entering >= 0.0:
        least, most = min(least, -first), max(most, -first)
    balance[IN] += _disperse(cells[0], theta, work, count, entering if head else -1.0)
    if living:
        balance[DECAYED] += _exchange(cells, reach, shares, count)
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
            sorption capacity, see exchange; stops (n, 3), see _stops.
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
    bounds, spread, rates, _ = reaches
    origin = -0.5 * step if len(feed) == 0 and resolution > 0.0 else 0.0
    count, spare, small = start.shape[1], 0, 0.0
    cells = np.zeros((3, count + 256))
    for row in range(3):
        for k in range(count):
            cells[row, k] = start[row, k]
    balance = np.zeros(5)
    balance[IN] = whole(cells, count, held)
    at_first: float = balance[IN]
    quickest, widest = _quickest(rates), _largest(spread)
    mode = (quickest > 0.0, quickest > 0.0 or _largest(rates[:, 2]) > 0.0)
    shares, edges = _shares(rates, 0.5 * step), _edges(bounds, origin, step)
    times, curves, lanes = np.zeros(256), np.zeros((256, len(places))), np.zeros((3, 512))
    t, variance, done, fed = 0.0, 0.0, 1, 0
    _sample(curves[0], cells, origin + first * step, step, count, places, flows)
    while t < horizon * (1.0 - 1e-12):
        if (
            resolution > 0.0
            and fed == len(feed)
            and _may_grow(step, variance, t - fed * step, quickest, resolution, horizon)
        ):
            cells, first, count = merge(cells, first, count)
            step, spare = 2.0 * step, spare // 2
            shares, edges = _shares(rates, 0.5 * step), _edges(bounds, origin, step)
        # the kernel of one step falls by 1/e within sqrt(D/u2/dt) cells; the first steps of all start from a point
        margin = int((21.0 if done < 4 else 6.0) * np.sqrt(widest / step)) + 3
        before = 0 if head or spare >= margin else margin + SLACK // 2 - spare
        cells = room(cells, count, before, margin)
        first, count = first - before, count + before + margin
        if count + max(first, 0) + 2 > lanes.shape[1]:
            lanes = np.zeros((3, 2 * (count + max(first, 0))))
        entering = feed[fed] if fed < len(feed) else -1.0
        cells, first, count, least, most = _go_on(
            cells,
            first,
            count,
            (origin, step),
            reaches,
            shares,
            edges,
            held,
            entering,
            head,
            mode,
            balance,
            lanes,
            small,
        )
        fed = min(fed + 1, len(feed))
        t += step
        last = int((bounds[-1] + 10.0 * spread[-1] - origin) / step) + 2
        count = _leave(cells, first, count, last, balance)
        count, spare, where, peak = trim(cells, count, least, most, mode[0])
        small = TRIM * peak
        variance += 2.0 * spread[int(lanes[1, where])] * step if fed == len(feed) else 0.0
        if spare > margin + SLACK and not head:
            count, first, spare = drop(cells, count, spare - margin), first + spare - margin, margin
        if done == len(times):
            times, curves = longer(times, curves)
        times[done] = t
        _sample(curves[done], cells, origin + first * step, step, count, places, flows)
        done += 1
        # nothing is left: curves have ended
        if done % 16 == 0 and fed == len(feed) and whole(cells, count, held) < 1e-12 * at_first:
            break
    balance[STORED] = whole(cells, count, held)
    return times[:done], curves[:done], balance, cells[:, :count], first, step
