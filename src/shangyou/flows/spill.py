"""When a spill arrives downstream: from the network, or from a river in a file, through the transport."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

import numpy as np

from shangyou.basin.course import Course, Place
from shangyou.basin.network.network import Network
from shangyou.basin.network.way import course, flow_now
from shangyou.basin.transport.ensemble import ensemble
from shangyou.basin.transport.second import Second, second
from shangyou.basin.transport.unsteady import Flows
from shangyou.basin.transport.values import LONGEST, ArrivalTable, Fate, Release, Uncertainty
from shangyou.core.errors import InputError
from shangyou.core.records import Array

T = TypeVar("T")


class Computing(Protocol):
    """Calls a function where its kernels may be loaded; see adapters.computing."""

    def run(
        self, function: Callable[..., T], *arguments: Any, tell: Callable[[float], None] | None = None, **named: Any
    ) -> T:
        """What the function returns, or the ShangyouError it raises."""
        ...


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is asked of an ensemble, besides the release."""

    limit: float | None = None  # g/m3; None = a hundredth of each member's own peak
    members: int = 1000
    seed: int = 1
    fate: Fate | None = None
    known: Uncertainty | None = None
    horizon: float | None = None  # s; None = until it has passed the last place
    runoff: float | None = None  # m/s, for Jobson's regressions; None = no second answer


@dataclass(frozen=True, slots=True, eq=False)
class Arrivals:
    """An arrival table, and the places that its rows are."""

    at: int  # ms, when the release began
    places: tuple[Place, ...]  # `at` of each is counted from the release
    table: ArrivalTable
    second: Second | None = None  # Jobson's answer, for the same places

    def moment(self, seconds: float) -> int | None:
        """ms of a time in the table; None where it does not come within the horizon."""
        return self.at + round(seconds * 1000) if np.isfinite(seconds) else None


def way_down(network: Network, place: str, gauged: Mapping[str, float] | None = None) -> tuple[Course, Array | None]:
    """The course from a place to the last one below it, and the flow of the day on it where something is gauged.

    Raises:
        NotFoundError: "network.place". InputError: "spill.nowhere" there is no place below, and as `course` raises.
    """
    below = network.downstream(place)
    if not below:
        raise InputError("spill.nowhere", place=place)
    last = below[-1].id
    usual = course(network, place, last)
    if not gauged:
        return usual, None
    return usual, course(network, place, last, flow_now(network, gauged)).flow


def changing_on(
    network: Network, place: str, times: Array, gauged: Sequence[Mapping[str, float]], factor: Array
) -> tuple[Course, Flows]:
    """The course from a place to the last below it, and flows on it that change.

    Args:
        times: (k,) s after the release. gauged: k times flow [m3/s] by place. factor: (k,) on the flow that makes.

    Raises:
        As `way_down`; InputError "course.flow".
    """
    river, _ = way_down(network, place)
    last = network.downstream(place)[-1].id
    rows = [
        course(network, place, last, flow_now(network, known)).flow * f for known, f in zip(gauged, factor, strict=True)
    ]
    return river, Flows(times, np.array(rows))


def arrivals(
    network: Network,
    place: str,
    release: Release,
    at: int,
    computing: Computing,
    outlook: Outlook | None = None,
    gauged: Mapping[str, float] | None = None,
    tell: Callable[[float], None] | None = None,
) -> Arrivals:
    """The arrival table of a release at a place of the network, for every place below it.

    Args:
        network, place: where; the release's own `at` is counted from there (0 = at the place).
        release: what enters; its `start` is counted from `at`.
        at: ms, the time from which the table counts.
        computing: where the ensemble is reckoned.
        gauged: flow now [m3/s] by place.

    Raises:
        As `way_down` and `ensemble`.
    """
    river, flow = way_down(network, place, gauged)
    return arrivals_on(river, release, at, computing, outlook, flow, tell)


def arrivals_on(
    river: Course,
    release: Release,
    at: int,
    computing: Computing,
    outlook: Outlook | None = None,
    flow: float | Array | Flows | None = None,
    tell: Callable[[float], None] | None = None,
) -> Arrivals:
    """The same on a course; its places below the release make the rows.

    flow: as `ensemble` takes it; where it changes, the second answer is for the flow at the release.
    """
    asked = outlook or Outlook()
    if asked.horizon is not None and not 0 < asked.horizon <= LONGEST:
        raise InputError("release.value", name="horizon", value=asked.horizon)
    below = tuple(place for place in river.places if place.at > release.at)
    if not below:
        raise InputError("spill.nowhere", place=f"{release.at:g} m")
    shown = replace(river, places=below)
    table = computing.run(
        ensemble,
        shown,
        release,
        limit=asked.limit,
        members=asked.members,
        seed=asked.seed,
        flow=flow,
        fate=asked.fate,
        known=asked.known,
        horizon=asked.horizon,
        **({} if tell is None else {"tell": tell}),
    )
    if asked.runoff is None:
        return Arrivals(at, below, table)
    day = flow.flow[0] if isinstance(flow, Flows) else flow
    other = computing.run(second, shown, release, asked.limit, day, asked.fate, asked.runoff)
    return Arrivals(at, below, table, other)
