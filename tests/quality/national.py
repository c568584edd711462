"""National stations of six provinces, 2021-03-31 to 04-05, every four hours."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import numpy as np

from shangyou.core.clock import to_ms
from shangyou.core.records import Censor, Mark, Observations, SeriesKey

PARAMETERS = {  # column: parameter, factor to the canonical unit
    "水温(℃)": ("water_temperature", 1),
    "pH(无量纲)": ("ph", 1),
    "溶解氧(mg/L)": ("dissolved_oxygen", 1),
    "电导率(μS/cm)": ("conductivity", 1),
    "浊度(NTU)": ("turbidity", 1),
    "高锰酸盐指数(mg/L)": ("permanganate_index", 1),
    "氨氮(mg/L)": ("ammonia_nitrogen", 1),
    "总磷(mg/L)": ("total_phosphorus", 1),
    "总氮(mg/L)": ("total_nitrogen", 1),
    "叶绿素α(mg/L)": ("chlorophyll_a", 1000),
    "藻密度(cells/L)": ("algal_density", 1),
}


@cache
def april(shared: Path) -> Observations:
    """All values, one a series and time: of repeated rows the first, as the published figure was counted."""
    rows: dict[tuple[SeriesKey, int], float] = {}
    for path in sorted((shared / "data" / "cnemc" / "2021-04").rglob("*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as stream:
            for row in csv.DictReader(stream):
                if row["监测时间"] == "*":  # a whole row that says: under maintenance
                    continue
                local = datetime.strptime(f"2021-{row['监测时间']}", "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
                time = to_ms(local - timedelta(hours=8))
                for column, (parameter, factor) in PARAMETERS.items():
                    text = row[column]
                    key = SeriesKey(f"{row['省份']}.{row['断面名称']}", parameter, "4h")
                    value = float(text) * factor if text not in ("--", "*") else np.nan
                    rows.setdefault((key, time), value)
    return Observations.build([(key, time, value, Censor.NONE, Mark.NONE) for (key, time), value in rows.items()])
