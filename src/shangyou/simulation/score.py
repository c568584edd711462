"""How well was the known truth seen? Compares what a node made of the data with what was done to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from shangyou.core.records import Array, Ints
from shangyou.simulation.events import ON_VALUES, SEEN, Event, Kind
from shangyou.simulation.stretch import PARAMETERS

Flags = Mapping[tuple[str, str], Ints]  # (Station.key, parameter): whole hours since 1970 that were flagged, increasing
SHARE: Final = 0.1  # of an event's hours that must be flagged before it counts as found; one chance hit is none
LONG: Final = (Kind.FALSIFIED, Kind.DRIFT, Kind.STUCK)  # other events happen meanwhile: their flags do not find these
CLEAR: Final = 5.0  # times the usual deviation that a passing wave must rise above


class Found(NamedTuple):
    """Of the events of one kind, how many had enough of their hours flagged: SHARE, and at least one."""

    kind: Kind
    known: int
    found: int


class Score(NamedTuple):
    """Flags against truth."""

    kinds: tuple[Found, ...]  # of ON_VALUES, in that order
    flagged: int  # values
    explained: int  # of these, values of an event of ON_VALUES
    spill: int  # of these, values of the spill: true water, wrongly doubted


class Wave(NamedTuple):
    """A passing wave in one series."""

    peak: int  # hour since 1970
    rise: float  # above the usual level, unit of the series


def score(events: Sequence[Event], flags: Flags) -> Score:
    """Flags against the events that change values."""
    relevant = [e for e in events if e.kind in ON_VALUES]
    hit = {e: any(_found(e, flags.get((e.station, name)), relevant) for name in _names(e)) for e in relevant}
    kinds = tuple(
        Found(kind, sum(e.kind is kind for e in relevant), sum(hit[e] for e in relevant if e.kind is kind))
        for kind in ON_VALUES
    )
    spill = explained = 0
    for (station, name), hours in flags.items():
        explained += int(_covered([e for e in relevant if e.station == station and name in _names(e)], hours).sum())
        spilled = [e for e in events if e.kind is Kind.SPILL and e.station == station and e.parameter == name]
        spill += int(_covered(spilled, hours).sum())
    return Score(kinds, sum(len(hours) for hours in flags.values()), explained, spill)


def _names(event: Event) -> tuple[str, ...]:
    return (event.parameter,) if event.parameter else PARAMETERS


def _found(event: Event, hours: Ints | None, events: Sequence[Event]) -> bool:
    """Are enough of the event's hours flagged, leaving out those that another event explains?"""
    if hours is None:
        return False
    mine = hours[(hours >= event.start) & (hours < event.stop)]
    if event.kind in LONG:
        others = [
            e
            for e in events
            if e.kind is not event.kind and e.station == event.station and e.parameter in ("", event.parameter)
        ]
        mine = mine[~_covered(others, mine)]
    return len(mine) >= max(1.0, SHARE * event.hours)


def _covered(events: Sequence[Event], hours: Ints) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """(n,) does any event cover the hour?"""
    starts = np.array([e.start for e in events], np.int64)
    stops = np.array([e.stop for e in events], np.int64)
    return np.asarray(((hours[:, None] >= starts) & (hours[:, None] < stops)).any(axis=1), np.bool_)


def wave(hours: Ints, value: Array) -> Wave | None:
    """The highest wave in a series, if one passed: at least two values in succession SEEN or more above the median,
    and well above the usual deviation. Looks at the data only.

    Args:
        hours: (n,) hours since 1970, increasing.
        value: (n,) ammonia nitrogen [mg/L]; NaN = no value.
    """
    known = np.isfinite(value)
    hours, value = hours[known], value[known]
    if len(value) < 3:
        return None
    rise = value - np.median(value)
    high = rise >= max(SEEN * 0.7, CLEAR * 1.4826 * float(np.median(np.abs(rise))))
    steady = high & (np.append(high[1:], False) | np.append(False, high[:-1]))  # a single one is a spike
    if not steady.any():
        return None
    at = int(np.argmax(np.where(steady, rise, -np.inf)))
    return Wave(int(hours[at]), float(rise[at]))
