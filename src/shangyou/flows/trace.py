"""Trace a pulse that stations saw back to where it may have come from.

asked = Asked(stations=("50.朱沱", "50.江津大桥"))
problem = lay_out(network, observed, asked)
found = trace(problem)
told = further(problem, found, network, now)         # which sample would tell most
dossiers.add(warning, "warning.request", request(found, network, "sichuan", "ammonia_nitrogen"))
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shangyou.basin.network.network import Network
from shangyou.basin.network.values import Kind, Place
from shangyou.basin.network.way import flow_now
from shangyou.basin.tracing.observed import Errors, Observed, pulse_of
from shangyou.basin.tracing.outlook import Sample, Spot, outlook
from shangyou.basin.tracing.problem import SUDDEN, Candidate, Priors, Problem, Way
from shangyou.basin.tracing.result import TraceResult
from shangyou.basin.tracing.trace import trace
from shangyou.basin.tracing.ways import Ways, lay, sources_above, spot_of
from shangyou.core.errors import InputError, NotFoundError
from shangyou.core.ports import ObservationStore, Registry, Selection
from shangyou.core.records import Flag, Ints
from shangyou.flows.look_series import kinds, line

HOUR: Final = 3_600_000
STEP: Final = {"minute": 60.0, "hour": 3600.0, "4h": 14_400.0}  # s that a value of a cadence stands for
SLOWER: Final = 1.3  # times the usual travel, before the first value, that a release may lie back
LONGEST_BACK: Final = 60 * 24 * HOUR
SAMPLED: Final = (Kind.SECTION, Kind.INTAKE, Kind.GAUGE, Kind.BORDER, Kind.CONTROL)
MOST_SPOTS: Final = 12
COARSE: Final = 20e3  # m of a stretch where it only stands for "somewhere else"
FORMULAS: Final = 0.6  # standard deviation of the logarithm of dispersion where formulas alone tell of it
MEASURED: Final = 0.25  # and where a tracer run does, on another day
LEGS: Final = 0.2  # of a variance of 5 % that each leg has for itself; what more is unknown, all legs have in common
AHEAD: Final = tuple(range(2, 50, 2))  # hours from now at which a further sample is thought of


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants traced, and what is known."""

    candidates: tuple[str, ...] = ()  # ids or names of places; () = all outlets and risk sources above
    weights: Mapping[str, float] = field(default_factory=dict)  # of candidates before the fact; 1 where none is given
    free: float = 0.0  # m: instead of places, stretches of this length along the water; 0 = places
    far: float = 150e3  # m above the uppermost station that stretches reach
    elsewhere: float = 0.2  # probability, before the fact, that it came from no candidate but from along the water
    start_from: int | None = None  # ms since 1970 UTC, of the release; None = from the travel times
    start_to: int | None = None  # None = until the last value
    longest: float = 86_400.0  # s that the release lasted at most
    velocity_sd: float = 0.05  # of the logarithm of velocity on that day
    discharge_sd: float = 0.1  # and of discharge
    dispersion_sd: float | None = None  # of its logarithm; None = by how much of the river was ever measured
    decay: float = 0.0  # 1/s
    errors: Errors = field(default_factory=Errors)
    gauged: Mapping[str, float] = field(default_factory=dict)  # m3/s at places; others flow as usual


def place_of(network: Network, text: str) -> Place:
    """The place of an id or a name. NotFoundError "network.place"."""
    if network.has(text):
        return network.places[network.index(text)]
    named = [place for place in network.places if text in (place.name_zh, place.name_en)]
    if len(named) != 1:
        raise NotFoundError("network.place", id=text[:80])
    return named[0]


def lay_out(
    network: Network, observed: Sequence[Observed], asked: Asked, supports: Sequence[float] | None = None
) -> Problem:
    """The problem of some series in a network.

    supports: s over which the values of each series are means.
    Raises NotFoundError "network.place"; InputError "trace.twice", "trace.none_above", "course.value", and those
    of Problem.
    """
    stations = [place_of(network, each.station).id for each in observed]
    if len(set(stations)) < len(stations):
        raise InputError("trace.twice", station=next(s for s in stations if stations.count(s) > 1))
    flow = flow_now(network, asked.gauged) if asked.gauged else None
    if asked.free > 0:
        parts = _above(network, stations, asked.far)
        ways = lay(network, stations, [reach for reach, _, _ in parts], flow)
        candidates = [c for reach, head, foot in parts for c in ways.stretches(reach, head, foot, asked.free)]
    else:
        places = [place_of(network, each) for each in asked.candidates] or sources_above(network, stations)
        spots = [spot_of(network, each.id)[0] for each in places]
        parts = _above(network, stations, asked.far) if asked.elsewhere > 0 else []
        ways = lay(network, stations, [*spots, *(reach for reach, _, _ in parts)], flow)
        candidates = [ways.outlet(each, asked.weights.get(each.id, 1.0)) for each in places]
        along = [c for reach, head, foot in parts for c in ways.stretches(reach, head, foot, COARSE)]
        candidates += _weighed(along, asked.elsewhere, sum(each.weight for each in candidates))
    if not candidates:
        raise InputError("trace.none_above", stations=", ".join(stations))
    given = supports or [0.0] * len(observed)
    pulses = tuple(pulse_of(each, asked.errors, support) for each, support in zip(observed, given, strict=True))
    return Problem(ways.ways, pulses, tuple(candidates), _priors(ways, candidates, observed, asked))


def _weighed(along: list[Candidate], share: float, others: float) -> list[Candidate]:
    """Stretches with weights by their length, so that together they have their share beside the outlets."""
    whole = sum(each.weight for each in along)
    factor = (share / (1 - share) * others if others else 1.0) / whole if whole else 1.0
    return [replace(each, weight=each.weight * factor) for each in along]


def _above(network: Network, stations: Sequence[str], far: float) -> list[tuple[int, float, float]]:
    """Parts of reaches (reach, from, to [m below its head]) above the lowest stations, not farther than `far` above
    the uppermost.
    """
    spots = [spot_of(network, station) for station in stations]
    highest = max(float(network.to_end[reach]) - at for reach, at in spots) + far
    parts: dict[int, float] = {}
    for reach, at in spots:
        parts[reach] = max(parts.get(reach, 0.0), at)
        for above in range(reach + 1, int(network.leave[reach])):
            parts[above] = float(network.length[above])
    found = []
    for reach, foot in parts.items():
        head = max(0.0, float(network.to_end[reach]) - highest)
        if head < foot:
            found.append((reach, head, foot))
    return found


def _priors(ways: Ways, candidates: Sequence[Candidate], observed: Sequence[Observed], asked: Asked) -> Priors:
    first = min(int(each.time[0]) for each in observed)
    last = max(int(each.time[-1]) for each in observed)
    slowest = max(_seconds(ways.ways[c.way], c.at) for c in candidates)
    back = min(round(SLOWER * slowest * 1000 + asked.longest * 1000), LONGEST_BACK)
    return Priors(
        start_from=first - back if asked.start_from is None else asked.start_from,
        start_to=last if asked.start_to is None else asked.start_to,
        longest=asked.longest,
        shortest=min(SUDDEN, asked.longest),
        velocity_sd=asked.velocity_sd,
        velocity_shared=1 - min(1.0, LEGS * 0.05**2 / asked.velocity_sd**2) if asked.velocity_sd else 1.0,
        discharge_sd=asked.discharge_sd,
        dispersion_sd=_dispersion_sd(ways) if asked.dispersion_sd is None else asked.dispersion_sd,
        decay=asked.decay,
    )


def _dispersion_sd(ways: Ways) -> float:
    """Formulas differ by about two from each other; what a tracer run told holds on other days to about a quarter."""
    measured = ways.calibrated()
    return float(np.sqrt(measured * MEASURED**2 + (1 - measured) * FORMULAS**2))


def _seconds(way: Way, at: float) -> float:
    """Usual travel from a place to the last station on its way [s]."""
    ends = np.cumsum(way.length)
    last = float(np.nanmax(np.where(np.isfinite(way.stations), way.stations, 0.0)))
    inside = np.clip(np.minimum(ends, last) - np.maximum(ends - way.length, at), 0.0, None)
    pooled = np.where((ends > at) & (ends <= last), way.volume / way.discharge, 0.0)
    return float((inside * (1 + way.storage_ratio) / way.velocity).sum() + pooled.sum())


def seen_at(
    store: ObservationStore, registry: Registry, section: str, parameter: str, start: int, stop: int
) -> tuple[Observed, float]:
    """The usable values of a section in a span of time, and the seconds over which each is a mean.

    Raises NotFoundError "registry.section"; InputError "trace.no_values" where there are none.
    """
    sites = registry.sites_of(section)
    for kind in kinds(store.series(), sites, parameter):
        found = line(store, sites, parameter, kind, start, stop)
        usable = np.isfinite(found.value) & (found.flag < Flag.FAIL)
        if usable.any():
            at = np.flatnonzero(usable)[np.unique(found.time[usable], return_index=True)[1]]
            support = STEP.get(kind[0], 0.0) if kind[1] == "mean" else 0.0
            censor = found.table["censor"].to_numpy()[at].astype(np.uint8)
            times = found.time[at] + round(support * 500)  # a mean stands at the middle of its period
            return Observed(section, times, found.value[at], np.where(censor > 2, 0, censor).astype(np.uint8)), support
    raise InputError("trace.no_values", section=section, parameter=parameter)


def measured(store: ObservationStore, parameter: str, start: int, stop: int) -> list[str]:
    """Sites that have values of a parameter in a span of time."""
    table: pa.Table = store.select(Selection((), (parameter,), start=start, stop=stop))
    return sorted(pc.unique(table["site"]).to_pylist())


@dataclass(frozen=True, slots=True, eq=False)
class Work:
    """A tracing with the samples that are thought of: all that a process beside needs, and nothing of the node."""

    problem: Problem
    spots: tuple[Spot, ...]
    times: Ints  # (t,) ms since 1970 UTC
    errors: Errors
    seed: int = 0


def work_of(problem: Problem, network: Network, now: int, errors: Errors | None = None, seed: int = 0) -> Work:
    """A problem with the samples of the next two days: at sections, intakes and gauges on the water's way."""
    levels = [pulse.background for pulse in problem.pulses]
    spots = tuple(
        Spot(p.id, at, float(np.median(levels)), float(np.std(levels)), p.name_zh, p.name_en)
        for p, at in _spots(problem, network)
    )
    return Work(problem, spots, now + np.array(AHEAD, np.int64) * HOUR, errors or Errors(), seed)


def work(asked: Work, tell: Callable[[float], None] | None = None) -> tuple[TraceResult, list[Sample]]:
    """The tracing, and which sample would tell most. Raises as `trace`; `tell` hears what share is done."""
    found = trace(asked.problem, asked.seed, None if tell is None else lambda share: tell(0.8 * share))
    return found, samples(asked, found)


def samples(asked: Work, found: TraceResult) -> list[Sample]:
    """The samples that were thought of, best first."""
    floor = asked.errors.floor or min(float(pulse.noise.min()) for pulse in asked.problem.pulses)
    return outlook(asked.problem, found.draws, asked.spots, asked.times, floor, asked.errors.relative, asked.seed)


def further(
    problem: Problem, found: TraceResult, network: Network, now: int, errors: Errors | None = None, seed: int = 0
) -> list[Sample]:
    """Which sample in the next two days would tell most of what a tracing found."""
    return samples(work_of(problem, network, now, errors, seed), found)


def _spots(problem: Problem, network: Network) -> list[tuple[Place, tuple[float, ...]]]:
    """Places on the ways, of those that lie below a candidate the nearest to the last station, up- and downstream."""
    last = max((place_of(network, p.station) for p in problem.pulses), key=lambda p: -_to_end(network, p))
    near: list[tuple[float, Place, tuple[float, ...]]] = []
    for place in network.places:
        if place.kind not in SAMPLED:
            continue
        away = network.distance(place.id, last.id)
        gone = network.distance(last.id, place.id) if away is None and place.id != last.id else None
        if away is None and gone is None and place.id != last.id:
            continue
        offset = (gone or 0.0) - (away or 0.0)
        at = tuple(_on(problem, network, last, way, offset, place) for way in range(len(problem.ways)))
        if np.isfinite(at).any():
            near.append((abs(offset), place, at))
    near.sort(key=lambda each: each[0])
    return [(place, at) for _, place, at in near[:MOST_SPOTS]]


def _to_end(network: Network, place: Place) -> float:
    reach, at = spot_of(network, place.id)
    return float(network.to_end[reach]) - at


def _on(problem: Problem, network: Network, last: Place, way: int, offset: float, place: Place) -> float:
    """m from the start of a way; NaN where the place is not on it, or above all its candidates."""
    stations = problem.ways[way].stations
    known = [i for i, pulse in enumerate(problem.pulses) if place_of(network, pulse.station).id == last.id]
    at = float(stations[known[0]]) + offset
    top = min((c.at for c in problem.candidates if c.way == way), default=np.inf)
    main = network.reaches[spot_of(network, last.id)[0]].river == network.reaches[spot_of(network, place.id)[0]].river
    return at if main and np.isfinite(at) and top <= at <= problem.ways[way].end else float("nan")
