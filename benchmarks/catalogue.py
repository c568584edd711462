"""Reading a member's catalogue: signed pages between two nodes' stores, and searching what was read."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from benchmarks.measure import Figure, best
from shangyou.adapters.state import SqlCatalogue, StateDatabase
from shangyou.exchange.catalogue.port import Wanted
from shangyou.exchange.dataset import DatasetQuery
from shangyou.flows.crawl import crawl
from tests.fakes.exchange_catalogue import Wire, a_dataset

COUNT = 4_000
CHANGED = 500


def run() -> list[Figure]:
    """Crawl of a whole catalogue, of its changes, and a search in it."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        owner, mine = (SqlCatalogue(StateDatabase(Path(name) / f"{part}.sqlite")) for part in ("owner", "mine"))
        fill(owner)
        wire = Wire("cq", {"sc": owner})
        whole = timed(lambda: crawl("sc", wire, mine, lambda: 1))
        for n in range(CHANGED):
            owner.put(replace(a_dataset(f"sc/d{n}", "改名"), changed=2))
        some = timed(lambda: crawl("sc", wire, mine, lambda: 2))
        none = best(lambda: crawl("sc", wire, mine, lambda: 3))
        search = best(lambda: mine.search(Wanted("总磷 tuo", {"parameter": ["total_phosphorus"]})))
        assert next(iter(mine.sources())).entries == COUNT
    return [
        Figure(f"a catalogue of {COUNT:,} datasets read", f"{COUNT / whole:,.0f} datasets/s", "≥ 500 datasets/s"),
        Figure(f"{CHANGED} changes of {COUNT:,} read", f"{some:.2f} s", ""),
        Figure("nothing changed", f"{none * 1000:.0f} ms", ""),
        Figure(f"search with facets in {COUNT:,}", f"{search * 1000:.0f} ms", ""),
    ]


def fill(owner: SqlCatalogue) -> None:
    """Datasets as provinces describe them: names of forty sections, quality, lineage."""
    sections = [{"id": f"51.断面{n}", "zh": f"断面{n}", "en": f"Section {n}"} for n in range(40)]
    rivers = [{"id": "tuo", "zh": "沱江", "en": "Tuo"}]
    facts = {"places": {"count": 40, "sections": sections, "rivers": rivers}, "quality": {"acquired": 0.97}}
    query = DatasetQuery(parameters=("total_phosphorus", "ammonia_nitrogen"), cadences=("hour",))
    for n in range(COUNT):
        owner.put(a_dataset(f"sc/d{n}", f"沱江总磷 {n}", query=query, extra=facts))


def timed(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start
