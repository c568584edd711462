"""From the store's live values to alarms that are kept: what the node does after each digest."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Final

import numpy as np

from shangyou.core.errors import ShangyouError
from shangyou.core.records import Flagged
from shangyou.core.registry import WaterKind
from shangyou.governance.detection.plan import WATCHED, Plan
from shangyou.governance.detection.readings import Readings, doubts
from shangyou.standards.surface_water import AT_LEAST, AT_MOST, Limits, limits

TARGET: Final = 3  # class that a section should keep where nothing else is said
LIMITED: Final = (  # whose limits are looked up; one without a limit in a kind of water is watched without
    *WATCHED,
    *("copper", "zinc", "fluoride", "selenium", "arsenic", "mercury", "cadmium", "chromium_vi", "lead", "cyanide"),
    *("volatile_phenol", "petroleum", "sulfide"),
)


def plan_for(sections: Iterable[tuple[str, WaterKind]], on: date, target: int = TARGET) -> Plan:
    """The plan with the limits of each section's kind of water."""
    known = {kind: _limits(kind, on) for kind in WaterKind}
    of_section: dict[tuple[str, str], float] = {}
    worst: dict[str, float] = {}
    for section, kind in sections:
        for parameter, (good, bad) in ((p, (float(row[target - 1]), float(row[4]))) for p, row in known[kind].items()):
            of_section[section, parameter] = good
            worst[parameter] = bad
    return Plan(limits=of_section, worst=worst)


def _limits(kind: WaterKind, on: date) -> dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]]:
    found = {}
    for parameter in LIMITED:
        try:
            table: Limits = limits(on, (parameter,), kind)
        except ShangyouError:  # no limit in this kind of water
            continue
        if table.sense[0] in (AT_MOST, AT_LEAST):
            found[parameter] = table.bounds[0]
    return found


def readings_of(flagged: Flagged) -> Readings:
    """Readings with what is known against each."""
    o = flagged.observations
    keys = tuple(dict.fromkeys((key.site, key.parameter) for key in o.keys))
    index = {key: i for i, key in enumerate(keys)}
    of_key = np.array([index[key.site, key.parameter] for key in o.keys], np.int64)
    doubt = doubts(o.value, o.mark, flagged.flag, flagged.suspect, flagged.fail)
    return Readings(keys, of_key[o.series], o.time, o.value, doubt)
