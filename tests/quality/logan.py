"""Logan River Observatory files, 15 min: raw series, and what the experts made of them."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import numpy as np

from shangyou.core.clock import to_ms
from shangyou.core.records import Array, Ints
from shangyou.quality.lines import Mask

FILES = (
    "FB2017",
    "FranklinBasin2014",
    "FranklinBasin2017_2019",
    "FranklinBasin2020",
    "MS2017",
    "MS2018",
    "MainStreet2019",
    "MainStreet2020",
    "Mendon2019",
    "Mendon2020",
)
PARAMETERS = {
    "temp": "water_temperature",
    "cond": "conductivity",
    "ph": "ph",
    "do": "dissolved_oxygen",
    "turb": "turbidity",
}
MISSING = ("NULL", "", "-9999")


@dataclass(frozen=True)
class Column:
    """One parameter of one file."""

    file: str
    name: str  # as the file calls it
    time: Ints  # (n,) ms; the files give no zone, and UTC will do
    value: Array  # (n,) NaN where the logger has none
    judged: Mask | None  # (n,) the experts gave a quality code; None = the file is raw only

    @property
    def parameter(self) -> str:
        return PARAMETERS[self.name]


@cache
def columns(folder: Path) -> tuple[Column, ...]:
    found = []
    for file in FILES:
        with (folder / f"{file}.csv").open(encoding="utf-8-sig", newline="") as stream:
            header, *rows = [row for row in csv.reader(stream) if row and row[0]]
        time = np.array([to_ms(datetime.fromisoformat(row[0]).replace(tzinfo=UTC)) for row in rows], np.int64)
        for name in PARAMETERS:
            if name not in header:
                continue
            at = header.index(name)
            value = np.array([np.nan if row[at] in MISSING else float(row[at]) for row in rows])
            code = header.index(f"{name}_qual") if f"{name}_qual" in header else None
            judged = None if code is None else np.array([row[code] != "NULL" for row in rows])
            found.append(Column(file, name, time, value, judged))
    return tuple(found)
