"""The samples with published class that lie beside the project, read as a node reads them."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from shangyou.core.clock import LEGAL, to_ms
from shangyou.core.journal import Raw
from shangyou.core.records import Parsed, join
from shangyou.core.registry import PROVINCES, Section, Status, WaterKind, section_id
from shangyou.governance.agreement import Compared, PublishedSamples, compare
from shangyou.governance.samples import pivot, select_series
from shangyou.ingest.cnemc.reading import read
from shangyou.standards.facts import sections as known_sections
from shangyou.standards.surface_water import publication
from shangyou.standards.waters import water_of

ITEMS: Final = publication(date(2021, 4, 1)).items
CELLS: Final = (*ITEMS, "class_published")
RECEIVED: Final = to_ms(datetime(2026, 11, 1, tzinfo=LEGAL))
COLUMNS: Final = {
    "ph": "pH",
    "dissolved_oxygen": "DO",
    "permanganate_index": "CODMn",
    "ammonia_nitrogen": "NH3N",
    "total_phosphorus": "TP",
}
CLASSES: Final = {"Ⅰ": 1, "Ⅱ": 2, "Ⅲ": 3, "Ⅳ": 4, "Ⅴ": 5, "劣Ⅴ": 6}


@dataclass(frozen=True, slots=True)
class Source:
    """One body of published samples."""

    name: str
    samples: PublishedSamples
    sections: tuple[str, ...]  # id of each place
    on: date
    rounded: bool  # by the portal's way of the time
    shown: str | None  # decimals to which the values that we have were cut

    def compared(self) -> Compared:
        """Their comparison with our classes."""
        return compare(self.samples, self.on, rounded=self.rounded, shown=self.shown)


def _home(met: Iterable[Section]) -> dict[str, Section]:
    """Sections by every id, as a registry that ships with its facts knows them after meeting others."""
    facts = {section.id: section for section in known_sections()}
    found = {section.id: section for section in met} | facts
    return {id: facts[s.merged_into] if s.status is Status.MERGED else s for id, s in found.items()}


def _arranged(parts: list[Parsed]) -> tuple[PublishedSamples, tuple[str, ...]]:
    """All versions that differ in a sample stay apart: each reading of a file is a version of its own."""
    observations = join([part.observations for part in parts])
    home = _home(section for part in parts for section in part.sections)
    key = observations.keys
    table = pa.table(
        {
            name: pa.array([getattr(k, name) for k in key], pa.string()).take(pa.array(observations.series))
            for name in ("site", "parameter", "cadence", "statistic")
        }
    )
    ids = tuple(dict.fromkeys(k.site for k in key))
    long = select_series(table, {id: number for number, id in enumerate(ids)}, CELLS)
    time, value = observations.time[long.row], observations.value[long.row]
    samples, _ = pivot(long, time, value, len(CELLS))
    kept = ~np.isnan(samples.values[:, -1])
    lake = np.array([water_of(home[id]).kind is WaterKind.LAKE for id in ids])[samples.place]
    published = samples.values[kept, -1].astype(np.int8)
    whole = PublishedSamples(
        ITEMS, samples.place[kept], samples.time[kept], samples.values[kept, :-1], lake[kept], published
    )
    return whole, ids


def _raws(folder: Path, kind: str, pattern: str) -> Iterator[Raw]:
    for path in sorted(folder.glob(pattern)):
        name = str(path.relative_to(folder))
        note = f"{path.stem[:4]}-{path.stem[4:6]}-{path.stem[6:8]}" if kind == "cnemc-page" else name[:7]
        yield Raw(kind, name, RECEIVED, path.read_bytes(), note)


def section_files(shared: Path) -> Source:
    """The files of April 2021, one a section: rounded values as shown."""
    folder = shared / "data/cnemc"
    samples, ids = _arranged([read(raw) for raw in _raws(folder, "cnemc-csv", "2021-04/**/*.csv")])
    return Source("section files of 2021-04, six provinces", samples, ids, date(2021, 4, 5), False, "hourly")


def answers(shared: Path) -> list[Source]:
    """The portal's answers of 2020-05-08 to 2021-04-05, raw values: of the six provinces, and of the rest."""
    folder = shared / "data/cnemc/daily"
    samples, ids = _arranged([read(raw) for raw in _raws(folder, "cnemc-json", "*/*.json")])
    six = np.array([id.split(".")[0] in PROVINCES.values() for id in ids])[samples.place]
    return [
        Source(f"answers of 2020-05 to 2021-04, {where}", _only(samples, rows), ids, date(2021, 4, 5), False, None)
        for where, rows in (("six provinces", six), ("rest of the country", ~six))
    ]


def pages(shared: Path) -> Source:
    """The saved pages of November 2025: raw values, rounded by the portal for its class."""
    folder = shared / "data/cnemc/pages"
    samples, ids = _arranged([read(raw) for raw in _raws(folder, "cnemc-page", "*.html")])
    return Source("saved pages of 2025-11, whole country", samples, ids, date(2025, 11, 8), True, None)


def vectors(shared: Path) -> Source:
    """The collected test vectors of 2020 and 2021: rounded values as shown."""
    with (shared / "reference/facts/class_vectors_cnemc.csv").open(encoding="utf-8-sig") as lines:
        rows = [row for row in csv.DictReader(lines) if row["published_class"] in CLASSES]
    ids = tuple(dict.fromkeys(section_id(row["province"], row["section"]) for row in rows))
    home = _home(Section(section_id(r["province"], r["section"]), r["section"], province=r["province"]) for r in rows)
    place = np.array([ids.index(section_id(row["province"], row["section"])) for row in rows])
    lake = np.array([water_of(home[id]).kind is WaterKind.LAKE for id in ids])[place]
    values = np.array([[_number(row[COLUMNS[item]]) for item in ITEMS] for row in rows])
    time = np.array([to_ms(datetime.fromisoformat(f"{row['date']}T{row['time'][6:]}+08:00")) for row in rows])
    published = np.array([CLASSES[row["published_class"]] for row in rows], np.int8)
    samples = PublishedSamples(ITEMS, place, time, values, lake, published)
    return Source("collected vectors, six provinces", samples, ids, date(2021, 4, 5), False, "hourly")


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _only(samples: PublishedSamples, rows: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> PublishedSamples:
    return PublishedSamples(
        samples.items,
        samples.place[rows],
        samples.time[rows],
        samples.values[rows],
        samples.lake[rows],
        samples.published[rows],
    )


def all_sources(shared: Path) -> list[Source]:
    """Everything there is."""
    return [vectors(shared), section_files(shared), *answers(shared), pages(shared)]
