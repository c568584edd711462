"""From the store's live values to alarms that are kept: what the node does after each digest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timezone
from types import MappingProxyType
from typing import Final, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shangyou.core.clock import LEGAL, Clock, from_ms, to_ms
from shangyou.core.errors import ConflictError, ShangyouError
from shangyou.core.ports import Registry, Selection
from shangyou.core.records import Array, Flagged, Origin
from shangyou.core.registry import WaterKind
from shangyou.exchange.outlet import Changes, Place
from shangyou.flows.columns import from_table
from shangyou.governance.detection.detect import State, detect
from shangyou.governance.detection.kept import Alarms
from shangyou.governance.detection.plan import HOUR, WATCHED, Plan
from shangyou.governance.detection.readings import NOWHERE, Expected, Hours, Readings, Waters, doubts
from shangyou.standards.surface_water import AT_LEAST, AT_MOST, Limits, limits, source_limits
from shangyou.standards.waters import water_of

CADENCES: Final = ("hour", "4h")  # of live series; what comes every minute is in the hour's mean as well
BACK: Final = 25 * 24 * HOUR  # so much of the past is read after a start
ROWS: Final = 50_000  # versions at a time

TARGET: Final = 3  # class that a section should keep where nothing else is said
LIMITED: Final = (  # whose limits are looked up; one without a limit in a kind of water is watched without
    *WATCHED,
    *("copper", "zinc", "fluoride", "selenium", "arsenic", "mercury", "cadmium", "chromium_vi", "lead", "cyanide"),
    *("volatile_phenol", "petroleum", "sulfide"),
)


def plan_for(sections: Iterable[tuple[str, WaterKind]], on: date, target: int = TARGET) -> Plan:
    """The plan with the limits of each section's kind of water; what has none keeps that of drinking-water sources."""
    known = {kind: _limits(kind, on) for kind in WaterKind}
    of_section: dict[tuple[str, str], float] = {}
    worst: dict[str, float] = {}
    specific = source_limits(on)
    for section, kind in sections:
        of_section |= {(section, parameter): limit for parameter, limit in specific.items()}
        for parameter, (good, bad) in ((p, (float(row[target - 1]), float(row[4]))) for p, row in known[kind].items()):
            of_section[section, parameter] = good
            worst[parameter] = bad
    return Plan(limits=of_section, worst=worst)


def _limits(kind: WaterKind, on: date) -> dict[str, Array]:
    found = {}
    for parameter in LIMITED:
        try:
            table: Limits = limits(on, (parameter,), kind)
        except ShangyouError:  # no limit in this kind of water
            continue
        if table.sense[0] in (AT_MOST, AT_LEAST):
            found[parameter] = table.bounds[0]
    return found


def readings_of(flagged: Flagged, section_of: Mapping[str, str] = MappingProxyType({})) -> Readings:
    """Readings with what is known against each; section_of: by MN, where a device stands."""
    o = flagged.observations
    of_site = [(section_of.get(key.site, key.site), key.parameter) for key in o.keys]
    keys = tuple(dict.fromkeys(of_site))
    index = {key: i for i, key in enumerate(keys)}
    of_key = np.array([index[key] for key in of_site], np.int64)
    doubt = doubts(o.value, o.mark, flagged.flag, flagged.suspect, flagged.fail)
    return Readings(keys, of_key[o.series], o.time, o.value, doubt)


class Live(Protocol):
    """An observation store as detection follows it."""

    def changes(
        self, selection: Selection, after: Place, horizon: int | None, limit: int, until: int | None = None
    ) -> Changes:
        """See exchange.outlet.Outlet."""
        ...


class Watching:
    """Follows a node's store and keeps its alarms. The state is in memory, and built again after a start."""

    def __init__(
        self,
        store: Live,
        registry: Registry,
        alarms: Alarms,
        hours: Callable[[], Hours | None],
        clock: Clock,
        legal: timezone = LEGAL,
        expected: Callable[[], Sequence[Expected]] = tuple,
    ) -> None:
        """Follow a store.

        Args:
            hours: gives the travel times of the river network in force; None = there is no network.
            expected: gives what members upstream have warned of.
        """
        self._store, self._registry, self._alarms = store, registry, alarms
        self._hours, self._clock, self._legal, self._expected = hours, clock, legal, expected
        self._state, self._place = State(), Place()
        self._tuned: tuple[frozenset[str], date] | None = None
        self._plan, self._waters = Plan(), NOWHERE

    def turn(self, stop: Callable[[], bool] = lambda: False) -> int:
        """Take in what has come since the last turn; returns how many alarms are new or have changed.

        Raises as the stores do; what was not taken in is read again by the next turn.
        """
        changed = 0
        while not stop():
            now = to_ms(self._clock.now())
            wanted = Selection(cadences=CADENCES, start=now - BACK)
            try:
                found = self._store.changes(wanted, self._place, None, ROWS)
            except ConflictError:  # the store was made anew: so is what we know of it
                self._state, self._place = State(), Place()
                continue
            flagged = _flagged(found.rows)
            if flagged is not None:
                changed += self._judge(flagged, now)
            self._place = found.place
            if not found.more:
                break
        return changed

    def _judge(self, flagged: Flagged, now: int) -> int:
        readings = readings_of(flagged, self._section_of())
        self._tune(readings, now)
        found = detect(self._state, readings, self._plan, self._waters, self._expected())
        count = self._alarms.put(found.alarms, now) if found.alarms else 0
        self._state = found.state  # only now: an alarm that could not be kept is raised again
        return count

    def _section_of(self) -> dict[str, str]:
        """Where each device stands."""
        return {device.mn: device.section for device in self._registry.devices() if device.section}

    def _tune(self, readings: Readings, now: int) -> None:
        """Limits and travel times of the sections there are: anew with a new section, and every day."""
        sections = frozenset(section for section, _ in (*readings.keys, *self._state.memory.keys))
        day = from_ms(now).astimezone(self._legal).date()
        if self._tuned == (sections, day):
            return
        known = {section.id: section for section in self._registry.sections()}
        kinds = [(id, water_of(known[id]).kind if id in known else WaterKind.RIVER) for id in sections]
        self._plan = plan_for(kinds, day)
        hours = self._hours()
        self._waters = NOWHERE if hours is None else Waters.of(sorted(sections), hours)
        self._tuned = (sections, day)


def _flagged(rows: pa.RecordBatch) -> Flagged | None:
    """The values among changed versions: not what was withdrawn, and no means or extremes of what comes besides."""
    table = pa.Table.from_batches([rows])
    wanted = pc.and_(
        pc.is_in(table["statistic"].cast(pa.string()), pa.array(["value", "mean"])),
        pc.not_equal(table["origin"], int(Origin.WITHDRAWN)),
    )
    table = table.filter(wanted)
    if not table.num_rows:
        return None
    names = {name: table[name].cast(pa.string()) for name in ("site", "parameter", "cadence", "statistic")}
    for name, column in names.items():
        table = table.set_column(table.column_names.index(name), name, column)
    return from_table(table.append_column("entry", pa.array(np.full(table.num_rows, -1, np.int64))))
