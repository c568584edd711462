"""The parts of the simulated demo, each held against the truth of the simulation.

What a part asks of the river it asks of all nodes: each holds the stations of its own province.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shangyou.core.clock import LEGAL, from_ms
from shangyou.core.records import Flag, Ints
from shangyou.faces.demo import evidence as shared
from shangyou.faces.demo.evidence import Evidence, Look, Part
from shangyou.ingest.hj212.commands import OPEN, outcome_words
from shangyou.simulation.events import LONGEST, Event, Kind, truth
from shangyou.simulation.scenario import HOUR_MS, Scenario
from shangyou.simulation.score import Score, score, wave
from shangyou.simulation.stretch import MAIN, PARAMETERS, stations

USABLE: Final = (Flag.GOOD, Flag.NOT_EVALUATED, Flag.SUSPECT)
DOUBTED: Final = (Flag.SUSPECT, Flag.FAIL)
SPIKES_FOUND: Final = 0.8  # of the wild values, so many must be flagged
ORDER_SECONDS: Final = 40.0  # 10 s and three repetitions. HJ 212-2017 table 1
LOOK_EVERY: Final = 0.2
SHOWN: Final = "50.寸滩"  # the section that the summary leads to


@dataclass(frozen=True, slots=True)
class Report:
    """What the monitors say that they did."""

    lines: int  # connections
    sent: int  # packets of the history, each counted once
    acknowledged: int
    repeated: int  # packets sent a second time
    values: int  # in the packets of registered monitors that were acknowledged
    unknown: str  # MN that nobody registered
    broken: int  # packets with a wrong check sum
    seconds: float


def looks(scenario: Scenario, report: Report) -> list[tuple[str, Look]]:
    """All parts in the order of the summary, each under the key of its name."""
    events = truth(scenario)
    day = from_ms(scenario.present - 24 * HOUR_MS).astimezone(LEGAL).date().isoformat()
    return [
        ("name.sign_in", shared.signs_in),
        ("name.intake", lambda e: took_all(e, report)),
        ("name.refused", lambda e: refused(e, report)),
        ("name.gaps", lambda e: fills_gaps(e, scenario)),
        ("name.order", lambda e: obeys(e, scenario)),
        ("name.pages", lambda e: shared.shows_pages(e, SHOWN, simulated=True)),
        ("name.map", maps),
        ("name.assess", lambda e: assesses(e, scenario)),
        ("name.spill", lambda e: sees_spill(e, events, scenario)),
        ("name.quality", lambda e: finds_faults(e, events, scenario)),
        ("name.export", lambda e: shared.exports(e, day, simulated=True)),
        ("name.cli", shared.commands),
        ("name.live", stays_live),
    ]


def took_all(evidence: Evidence, report: Report) -> Part:
    """What the monitors sent was acknowledged, and what was acknowledged is in the store, once."""
    table = evidence.everywhere("observations", cadence=("hour",))
    batches = evidence.everywhere("batches", limit=100_000, kind="hj212")
    received = pc.sum(batches["received"]).as_py() or 0
    ok = report.sent == report.acknowledged and table.num_rows == report.values <= received
    rate = report.acknowledged / max(report.seconds, 0.001)
    return Part(
        ok,
        evidence.words(
            "part.intake",
            lines=report.lines,
            packets=report.acknowledged,
            sent=report.sent,
            values=table.num_rows,
            expected=report.values,
            repeated=report.repeated,
            rate=rate,
        ),
    )


def refused(evidence: Evidence, report: Report) -> Part:
    """An unknown monitor and a broken packet are kept aside, with a reason each."""
    table = evidence.everywhere("refused", limit=10_000)
    codes = table["code"].to_pylist()
    unknown, broken = codes.count("hj212.device_unknown"), codes.count("hj212.checksum")
    ok = unknown > 0 and broken == report.broken and all(table["reason"].to_pylist())
    return Part(ok, evidence.words("part.refused", unknown=unknown, broken=broken, mn=report.unknown))


def fills_gaps(evidence: Evidence, scenario: Scenario) -> Part:
    """Hours of an outage that were sent later are there; those that were lost are not made up."""
    table = evidence.everywhere("observations", cadence=("hour",), parameter=("water_temperature",))
    hours = _by_station(table)["water_temperature"]
    now = scenario.present_hour
    events = truth(scenario, now + LONGEST)  # so far ahead, an outage that goes on is seen to
    late = [e for e in events if e.kind is Kind.OUTAGE and e.stop <= now]
    gone = {(e.station, h) for e in events if e.kind is Kind.LOST for h in range(e.start, min(e.stop, now))}
    wanted = {(e.station, hour) for e in late for hour in range(e.start, e.stop)} - gone
    there = {(station, int(hour)) for station, known in hours.items() for hour in known}
    ok = wanted <= there and not gone & there
    return Part(ok, evidence.words("part.gaps", outages=len(late), late=len(wanted & there), lost=len(gone - there)))


def obeys(evidence: Evidence, scenario: Scenario) -> Part:
    """A monitor that is asked for the hours of a day sends them, and says that it is done."""
    station = next(s for s in stations() if s.section.id == SHOWN)
    start, stop = (from_ms(scenario.present - hours * HOUR_MS).isoformat() for hours in (24, 1))
    order = evidence.client.do("devices/ask", mn=station.mn, what="hour", start=start, stop=stop)
    limit = time.monotonic() + ORDER_SECONDS
    while True:
        asked = evidence.table("commands", mn=station.mn).to_pylist()
        now = next(row for row in asked if row["id"] == order["id"])
        if now["state"] not in OPEN or time.monotonic() > limit:
            break
        time.sleep(LOOK_EVERY)
    outcome = outcome_words(now["outcome"], evidence.words.language) or now["state"]
    name = evidence.words.choose(station.name_zh, station.name_en)
    return Part(now["state"] == "done", evidence.words("part.order", name=name, outcome=outcome))


def maps(evidence: Evidence) -> Part:
    """The map has a place and a class for every station."""
    rows = _exported_sections(evidence)
    placed = [row for row in rows if row["longitude"] and int(row["class_no"] or 0)]
    numbers = [int(row["class_no"]) for row in placed]
    pages = [node.visitor.page("/map") for node in evidence.nodes]
    ok = len(placed) == len(stations()) and all("<main" in page for page in pages)
    return Part(ok, evidence.words("part.map", placed=len(placed), classes=shared.classes(numbers, evidence.words)))


def _exported_sections(evidence: Evidence) -> list[dict[str, str]]:
    import csv
    import io

    texts = [node.visitor.page("/sections.csv") for node in evidence.nodes]
    return [row for text in texts for row in csv.DictReader(io.StringIO(text))]


def _days(scenario: Scenario) -> tuple[date, date]:
    """The first and the last legal day of the history."""
    first, last = (from_ms(ms).astimezone(LEGAL).date() for ms in (scenario.first_hour * HOUR_MS, scenario.present))
    return first, last


def whole_days(scenario: Scenario) -> str:
    """The days of the history that are over, as a period."""
    first, last = _days(scenario)
    return f"{first.isoformat()}/{(last - timedelta(days=1)).isoformat()}"


def assesses(evidence: Evidence, scenario: Scenario) -> Part:
    """Every section gets a class for the days of the history, by the rules."""
    first, last = _days(scenario)
    table = evidence.everywhere("assess", period=f"{first.isoformat()}/{last.isoformat()}", by="section")
    numbers = [int(n) for n in table["class_no"].to_pylist() if n]
    worst = max(table.to_pylist(), key=lambda row: row["class_no"] or 0)
    return Part(
        len(numbers) == len(stations()),
        evidence.words(
            "part.assess",
            sections=len(numbers),
            days=scenario.days,
            classes=shared.classes(numbers, evidence.words),
            worst=_name(worst["site"], evidence),
        ),
    )


def _name(section: str, evidence: Evidence) -> str:
    """What a section is called in the language of the summary."""
    known = next((s for s in stations() if s.section.id == section), None)
    return evidence.words.choose(known.name_zh, known.name_en) if known else section


def sees_spill(evidence: Evidence, events: tuple[Event, ...], scenario: Scenario) -> Part:
    """The wave is found in the node's data at every station that it reached, and nowhere else."""
    table = evidence.everywhere("observations", cadence=("hour",), parameter=("ammonia_nitrogen",), usable=True)
    known = {e.station: e for e in events if e.kind is Kind.SPILL}
    found, right, highest = [], 0, 0.0
    for station in stations():
        rows = table.filter(pc.equal(table["section"], station.section.id))
        passed = wave(_hours(rows), rows["value"].to_numpy()) if station.branch == MAIN else None
        if passed is not None:
            found.append(station.key)
            event = known.get(station.key)
            right += event is not None and event.start <= passed.peak < event.stop
            highest = max(highest, passed.rise)
    ok = right == len(found) == len(known)
    return Part(ok, evidence.words("part.spill", found=len(found), known=len(known), right=right, rise=highest))


def finds_faults(evidence: Evidence, events: tuple[Event, ...], scenario: Scenario) -> Part:
    """The tests flag what went wrong; told by kind, with what they did not find."""
    table = evidence.everywhere("observations", cadence=("hour",))
    doubted = table.filter(pc.is_in(table["flag"], pa.array(DOUBTED, pa.uint8())))
    flags = {(station, name): hours for name, each in _by_station(doubted).items() for station, hours in each.items()}
    got = score(_arrived(events, table), flags)
    counts = {kind: (known, found) for kind, known, found in got.kinds}
    whole = all(counts[kind][0] == counts[kind][1] for kind in (Kind.FAULT, Kind.MAINTENANCE))
    spikes = counts[Kind.SPIKE]
    ok = whole and counts[Kind.STUCK][1] > 0 and spikes[1] >= SPIKES_FOUND * spikes[0]
    return Part(ok, _told(got, evidence))


def _arrived(events: tuple[Event, ...], table: pa.Table) -> list[Event]:
    """Events of which at least one value arrived: what was lost on the line cannot be flagged."""
    there = _by_station(table)["water_temperature"]
    return [e for e in events if bool(np.any((there[e.station] >= e.start) & (there[e.station] < e.stop)))]


def _told(got: Score, evidence: Evidence) -> str:
    words = evidence.words
    kinds = words.list([f"{words(f'kind.{kind}')} {found}/{known}" for kind, known, found in got.kinds])
    false = got.flagged - got.explained - got.spill
    return words("part.quality", kinds=kinds, flagged=got.flagged, false=false, spill=got.spill)


def stays_live(evidence: Evidence) -> Part:
    """Values of the last minute keep arriving."""
    now = evidence.everywhere("latest")
    instants = now.filter(pc.equal(now["cadence"], "instant"))
    lines = sum(row["sessions"] for row in evidence.everywhere("status").to_pylist())
    sites = len(set(instants["site"].to_pylist()))
    return Part(sites > 0 and lines > 0, evidence.words("part.live", sites=sites, lines=lines))


def _by_station(table: pa.Table) -> dict[str, dict[str, Ints]]:
    """By parameter and Station.key: whole hours since 1970 of the rows, increasing."""
    found: dict[str, dict[str, Ints]] = {name: {} for name in PARAMETERS}
    sections: Mapping[str, str] = {station.section.id: station.key for station in stations()}
    section, parameter, hours = table["section"].to_pylist(), table["parameter"].to_pylist(), _hours(table)
    keys = np.array([f"{sections.get(s, '')}\0{p}" for s, p in zip(section, parameter, strict=True)])
    for key in np.unique(keys).tolist():
        station, _, name = key.partition("\0")
        if station and name in found:
            found[name][station] = np.unique(hours[keys == key])
    for each in found.values():
        for station in sections.values():
            each.setdefault(station, np.empty(0, np.int64))
    return found


def _hours(table: pa.Table) -> Ints:
    return np.asarray(table["time"].cast(pa.int64()).to_numpy() // HOUR_MS, np.int64)
