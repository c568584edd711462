"""The gauges of the demo's river: tables of flow that hydrological offices hand over to the nodes of two provinces."""

from __future__ import annotations

import csv
import tempfile
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from shangyou.core.records import Array, Ints
from shangyou.faces.demo.course import Course
from shangyou.faces.demo.stage import Post
from shangyou.faces.demo.talks import Row, ask, until
from shangyou.simulation.gauge import gauged
from shangyou.simulation.spill import release
from shangyou.simulation.stretch import MAIN, stations

FLOW: Final = "flow"
SECONDS: Final = 30.0  # until a table is in the store
GAUGE_MAP: Final = """
name = "gauge"
[time]
columns = ["time"]
formats = ["iso"]
[site]
id_column = "section"
[[measured]]
name = "flow"
parameter = "flow"
unit = "m3/s"
cadence = "hour"
statistic = "mean"
"""  # of the tables in which the hydrological offices hand over their gauges


def hand_over(course: Course, seen: tuple[str, str]) -> None:
    """Both provinces are given what the gauges of the main stem in their waters reported since the day before.

    seen: a section of each that has a gauge, upstream first; done when both nodes have its flows.
    """
    scenario = course.spill.scenario
    began = int(release(scenario).hour)
    hours = np.arange(began - 24, scenario.present_hour, dtype=np.int64)
    reported = gauged(scenario, hours)
    with tempfile.TemporaryDirectory(prefix="shangyou-gauges-") as folder:
        by = Path(folder) / "gauge.toml"
        by.write_text(GAUGE_MAP, encoding="utf-8")
        for post in (course.provider, course.consumer):
            path = Path(folder) / f"{post.id}.csv"
            _write(path, set(course.dataset(post.id).sections), hours, reported)
            post.evidence.command("ingest", "--map", str(by), str(path))
    for post, section in zip((course.provider, course.consumer), seen, strict=True):
        until("gauge", partial(flows, post, section), SECONDS)


def _write(path: Path, own: set[str], hours: Ints, reported: Array) -> None:
    """The table of one office; reported: (hours, stations) m3/s."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(("section", "time", "flow"))
        for i, station in enumerate(stations()):
            if station.branch == MAIN and station.section.id in own:
                for hour, value in zip(hours.tolist(), reported[:, i].tolist(), strict=True):
                    at = datetime.fromtimestamp(hour * 3600, UTC).isoformat()
                    table.writerow((station.section.id, at, f"{value:g}"))


def flows(post: Post, section: str) -> list[Row] | None:
    """What a node has of a gauge; None while it has nothing."""
    return ask(post, "observations", site=[section], parameter=[FLOW]) or None
