"""What the monitors report: the true water seen through instruments that scatter, round, cannot see small amounts,
are serviced, break, stand still, lose their line, and in one place are made to lie.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from shangyou.core.records import Array, Ints
from shangyou.core.vocabulary import parameter
from shangyou.simulation.events import DRIFTS, LONGEST, SPIKES, Event, Kind, truth
from shangyou.simulation.noise import white
from shangyou.simulation.scenario import Scenario
from shangyou.simulation.stretch import PARAMETERS, stations
from shangyou.simulation.water import water

STREAM: Final = 4
TICK_S: Final = 30  # real-time values come so often: the shortest interval of HJ 212-2017, table 4
LOST: Final = -1  # as time of sending: never
ABSOLUTE: Final = np.array([0.05, 0.015, 0.06, 1.0, 0.3, 0.05, 0.004, 0.002, 0.02])  # of PARAMETERS, one sigma
RELATIVE: Final = np.array([0.0, 0.0, 0.005, 0.004, 0.04, 0.04, 0.04, 0.04, 0.03])
CHEMISTRY: Final = PARAMETERS[5:]  # these have a detection limit
FALSE_LEVEL, FALSE_SPREAD, FALSE_CAP = 0.90, 0.012, 0.95  # [mg/L] ammonia that always just keeps class III, 1.0
Text = NDArray[np.str_]


class Readings(NamedTuple):
    """What the monitors report, rounded as they send it."""

    hours: Ints  # (n,) whole hours since 1970: the start of the hour that the value stands for
    value: Array  # (n, stations, PARAMETERS) canonical units
    mark: Text  # (n, stations, PARAMETERS) mark of HJ 212: N, M, D, or L (below the limit, which stands as value)
    sent: Ints  # (n, stations) hour in which it is sent, LOST = never


def readings(scenario: Scenario, hours: Ints) -> Readings:
    """What is reported of (n,) consecutive whole hours since 1970. The same hour is the same in any window."""
    if not len(hours):
        empty = np.empty((0, len(stations()), len(PARAMETERS)))
        return Readings(hours, empty, empty.astype("<U1"), np.empty((0, len(stations())), np.int64))
    window = _window(int(hours[0]), int(hours[-1]))
    noise = white(scenario.seed, STREAM, window, (len(stations()), len(PARAMETERS)))
    return _observed(scenario, window, noise)


def moment(scenario: Scenario, tick: int) -> Readings:
    """What the instruments show at one tick since 1970, as n = 1; `sent` says only if there is a line."""
    hour = tick * TICK_S // 3600
    window = _window(hour, hour)
    shape = (len(stations()), len(PARAMETERS))
    noise = white(scenario.seed, STREAM, window, shape)
    noise[-1] = white(scenario.seed, STREAM + 1, np.array([tick], np.int64), shape)[0]
    return _observed(scenario, window, noise)


def _window(first: int, last: int) -> Ints:
    """The hours, and those before them in which a stuck value may have begun."""
    return np.arange(first - LONGEST, last + 1, dtype=np.int64)


def _observed(scenario: Scenario, window: Ints, noise: Array) -> Readings:
    """What is reported of the window's hours but the first LONGEST; noise: (n, stations, PARAMETERS)."""
    true = water(scenario, window).value
    value = np.maximum(true * (1 + RELATIVE * noise) + ABSOLUTE * noise, 0.0)
    mark = np.full(value.shape, "N")
    sent = np.repeat(window[:, None] + 1, len(stations()), axis=1)
    index = {station.key: i for i, station in enumerate(stations())}
    until = int(window[-1]) + 1 + LONGEST  # of an outage that goes on, it must be known when the line is back
    for event in sorted(truth(scenario, until), key=lambda e: ORDER.index(e.kind)):
        start, stop = event.start - int(window[0]), event.stop - int(window[0])
        if stop <= 0 or start >= len(window):
            continue
        rows = slice(max(start, 0), stop)
        place = (rows, index[event.station])
        if event.kind is Kind.LOST:
            sent[place] = LOST
        elif event.kind is Kind.OUTAGE:
            sent[place] = np.where(sent[place] == LOST, LOST, event.stop)
        elif event.kind is Kind.MAINTENANCE:
            value[place] *= np.exp(0.3 * noise[place])  # probes out of the water, standards in the cell
            mark[place] = "M"
        else:
            column = (*place, PARAMETERS.index(event.parameter))
            _disturb(event, value, mark, noise, column, rows.start - start)
    return _as_sent(window[LONGEST:], value[LONGEST:], mark[LONGEST:], sent[LONGEST:])


ORDER: Final = (  # in which events are laid over each other: the last one shows
    Kind.SPILL,
    Kind.DRIFT,
    Kind.FALSIFIED,
    Kind.STUCK,
    Kind.SPIKE,
    Kind.FAULT,
    Kind.MAINTENANCE,
    Kind.LOST,
    Kind.OUTAGE,
)


def _disturb(event: Event, value: Array, mark: Text, noise: Array, column: tuple[slice, int, int], begun: int) -> None:
    """Lay one event over a column; `begun`: hours of it that lie before the window."""
    count = len(value[column])
    if event.kind is Kind.FALSIFIED:
        value[column] = np.minimum(FALSE_LEVEL + FALSE_SPREAD * noise[column], FALSE_CAP)
    elif event.kind is Kind.STUCK:
        value[column] = value[column][0]
    elif event.kind is Kind.SPIKE:
        share = SPIKES[event.parameter][2]
        value[column] += event.size * value[column] if share else event.size
    elif event.kind is Kind.DRIFT:
        value[column] += DRIFTS[event.parameter] * (begun + np.arange(count)) / 100.0
    elif event.kind is Kind.FAULT:
        value[column] = 0.0
        mark[column] = "D"


def _as_sent(hours: Ints, value: Array, mark: Text, sent: Ints) -> Readings:
    """Rounded to the decimals of each parameter; chemistry below its detection limit stands as the limit, mark L."""
    value = np.maximum(value, 0.0)
    for k, name in enumerate(PARAMETERS):
        known = parameter(name)
        if name in CHEMISTRY and known.detection_limit is not None:
            below = (value[..., k] < known.detection_limit) & (mark[..., k] == "N")
            value[..., k][below], mark[..., k][below] = known.detection_limit, "L"
        value[..., k] = np.round(value[..., k], known.decimals if known.decimals is not None else 3)
    return Readings(hours, value, mark, sent)
