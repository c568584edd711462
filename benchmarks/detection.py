"""Detection on simulated rivers: of the alarms how many are the spill, how soon, and what a month of readings costs."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from benchmarks.measure import Figure
from shangyou.core.clock import to_ms
from shangyou.flows.rehearse import Rehearsal, rehearse
from shangyou.simulation.scenario import Scenario

SEEDS = range(101, 111)  # thresholds were set on seeds 1 to 8
SEASONS = (datetime(2026, 11, 22, 4, tzinfo=UTC), datetime(2026, 7, 22, 4, tzinfo=UTC))


def run() -> list[Figure]:
    """All figures of detection."""
    start = time.process_time()
    found: list[Rehearsal] = [rehearse(Scenario(seed, to_ms(at))) for at in SEASONS for seed in SEEDS]
    took = (time.process_time() - start) / len(found)
    alarms, true = sum(len(each.alarms) for each in found), sum(each.true for each in found)
    seen, known = sum(each.stations_seen for each in found), sum(each.stations_known for each in found)
    delays = sorted(each.delay for each in found if each.found)
    days = sum(each.station_days for each in found)
    what = f"{len(found)} rivers of 28 stations and 30 days, one spill each"
    return [
        Figure(f"alarms that are the spill ({what})", f"{true} of {alarms}", "precision first"),
        Figure("false alarms", f"{alarms - true} in {days:,.0f} station-days", ""),
        Figure("spills found", f"{sum(each.found for each in found)} of {len(found)}", ""),
        Figure("stations that the spill passed, and that its one alarm names", f"{seen} of {known}", ""),
        Figure(
            "hours from the first that shows the spill to the alarm",
            f"{delays[len(delays) // 2]:.0f} (median), {delays[-1]:.0f} (worst)",
            "",
        ),
        Figure("a month of 252 series by the hour: simulated, tested and watched", f"{took:.1f} s of processor", ""),
    ]
