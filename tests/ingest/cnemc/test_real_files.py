"""All real files of the national stations, counted. The counts were had by reading the files with the csv module."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from shangyou.core.journal import Raw
from shangyou.core.records import Mark, Observations, Parsed, join
from shangyou.core.registry import Section
from shangyou.ingest.cnemc.reading import read
from shangyou.ingest.cnemc.recognition import HEAD, recognise
from shangyou.ingest.tables.sites import water_kind

pytestmark = pytest.mark.shared


def read_all(folder: Path, ending: str) -> tuple[list[Parsed], Counter[str]]:
    """Every file of a folder by the reader that its content asks for, with the kinds counted."""
    kinds, out = Counter[str](), list[Parsed]()
    for path in sorted(folder.rglob(f"*.{ending}")):
        body = path.read_bytes()
        kind = recognise(path.name, body[:HEAD])
        kinds[kind] += 1
        out.append(read(Raw(kind, path.relative_to(folder.parent).as_posix(), 0, body)))
    return out, kinds


def rows_with_time(o: Observations) -> int:
    """Every row with a time leaves a published class, or its absence."""
    classes = [i for i, key in enumerate(o.keys) if key.parameter == "class_published"]
    return int(np.isin(o.series, classes).sum())


def test_the_section_files_of_april_2021(shared: Path) -> None:
    parts, kinds = read_all(shared / "data/cnemc/2021-04", "csv")
    assert kinds == {"cnemc-csv": 283}
    o = join([part.observations for part in parts])
    refusals = [refusal for part in parts for refusal in part.refusals]
    assert {refusal.code for refusal in refusals} == {"cnemc.idle"}
    assert sum(int(str(refusal.facts["rows"])) for refusal in refusals) == 242
    assert rows_with_time(o) == 7676 - 242
    assert len({section.id for part in parts for section in part.sections}) == 283
    times = np.array([o.time.min(), o.time.max()]).astype("datetime64[ms]") + np.timedelta64(8, "h")
    assert times.astype(str).tolist() == ["2021-03-31T20:00:00.000", "2021-04-05T16:00:00.000"]
    assert int((o.mark == Mark.UNKNOWN).sum()) == 0


def test_repeated_rows_and_conflicts_of_april_2021_are_all_there(shared: Path) -> None:
    parts, _ = read_all(shared / "data/cnemc/2021-04", "csv")
    o = join([part.observations for part in parts])
    classes = [i for i, key in enumerate(o.keys) if key.parameter == "class_published"]
    mine = np.isin(o.series, classes)
    keys = np.stack([o.series[mine].astype(np.int64), o.time[mine]])
    assert keys.shape[1] - np.unique(keys, axis=1).shape[1] == 899


def test_the_daily_answers(shared: Path) -> None:
    parts, kinds = read_all(shared / "data/cnemc/daily", "json")
    assert kinds == {"cnemc-json": 330}
    o = join([part.observations for part in parts])
    assert rows_with_time(o) == 35_946 - 9_189
    assert int((o.mark == Mark.EXTREME_FILTERED).sum()) == 2_861
    assert {refusal.code for part in parts for refusal in part.refusals} == {"cnemc.idle"}
    days = np.array([o.time.min(), o.time.max()]).astype("datetime64[ms]").astype("datetime64[D]")
    assert days.astype(str).tolist() == ["2019-09-04", "2021-04-05"]


def test_the_saved_pages(shared: Path) -> None:
    parts, kinds = read_all(shared / "data/cnemc/pages", "html")
    assert kinds == {"cnemc-page": 3}
    assert [rows_with_time(part.observations) for part in parts] == [1762 - 127, 1763 - 135, 1767 - 146]
    assert {refusal.code for part in parts for refusal in part.refusals} == {"cnemc.idle"}
    sections = {section.id: section for part in parts for section in part.sections}
    assert len(sections) == 1767
    lake = sections["53.灰湾中"]
    assert (lake.city, lake.river, lake.kind.value, lake.confidence) == ("昆明市", "滇池", "lake", "high")


LIMITS: dict[str, tuple[float, ...]] = {  # GB 3838-2002, table 1
    "dissolved_oxygen": (7.5, 6, 5, 3, 2),
    "permanganate_index": (2, 4, 6, 10, 15),
    "ammonia_nitrogen": (0.15, 0.5, 1, 1.5, 2),
}
PHOSPHORUS = {"river": (0.02, 0.1, 0.2, 0.3, 0.4), "lake": (0.01, 0.025, 0.05, 0.1, 0.2)}


def grade(parameter: str, value: float, limits: tuple[float, ...]) -> int:
    ok = value >= np.array(limits) if parameter == "dissolved_oxygen" else value <= np.array(limits)
    return int(np.argmax(ok)) + 1 if ok.any() else 6


def judged(parts: list[Parsed]) -> dict[str, str]:
    """Sections whose published class fits the limits of one water only, river or lake, by that one.

    Phosphorus counts with three decimals: the portal classes rounded values.
    """
    fits: dict[str, Counter[str]] = {}
    for part in parts:
        o = part.observations
        rows: dict[tuple[str, int], dict[str, float]] = {}
        for s, t, v in zip(o.series.tolist(), o.time.tolist(), o.value.tolist(), strict=True):
            rows.setdefault((o.keys[s].site, t), {})[o.keys[s].parameter] = v
        for (site, _), row in rows.items():
            wanted = [row.get(p, np.nan) for p in (*LIMITS, "total_phosphorus", "class_published")]
            if np.any(np.isnan(wanted)):
                continue
            others = max(grade(p, row[p], limits) for p, limits in LIMITS.items())
            got = {k: max(others, grade("tp", round(row["total_phosphorus"], 3), PHOSPHORUS[k])) for k in PHOSPHORUS}
            if got["river"] != got["lake"]:
                fits.setdefault(site, Counter()).update(k for k in got if got[k] == row["class_published"])
    return {site: max(count, key=lambda k: count[k]) for site, count in fits.items() if count["river"] != count["lake"]}


def test_the_name_of_the_water_tells_river_or_lake_on_the_pages(shared: Path) -> None:
    parts, _ = read_all(shared / "data/cnemc/pages", "html")
    kinds = {s.id: s.kind.value for part in parts for s in part.sections if s.confidence == "high"}
    told = {site: kind for site, kind in judged(parts).items() if site in kinds}
    assert len(told) > 1300
    assert [site for site, kind in told.items() if kinds[site] != kind] == []


def test_measured_algae_tell_river_or_lake_in_the_section_files(shared: Path) -> None:
    parts, _ = read_all(shared / "data/cnemc/2021-04", "csv")
    sections: dict[str, Section] = {s.id: s for part in parts for s in part.sections}
    told = judged(parts)
    wrong = [site for site, kind in told.items() if sections[site].kind.value != kind]
    assert {s.confidence for s in sections.values()} == {"medium"}
    assert len(told) > 200
    assert wrong == ["52.三江口"]
    assert water_kind("万峰湖", "三江口")[1] == "high"  # where the water is named, that is not needed
