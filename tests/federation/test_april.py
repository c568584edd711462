"""The real files of April 2021, held by six nodes, give the ministry the class table of one store."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from shangyou.adapters.observations import DuckStore
from shangyou.adapters.state.database import StateDatabase
from shangyou.adapters.state.registry import SqlRegistry
from shangyou.core.journal import Raw
from shangyou.core.ports import Batch, ObservationStore, Registry
from shangyou.core.records import Flag, Flagged, Parsed, join
from shangyou.faces.between.question import own_of
from shangyou.faces.contracting import contracting
from shangyou.flows.assess import assess
from shangyou.flows.basin import Basin
from shangyou.flows.query import ask
from shangyou.ingest.cnemc.reading import read
from shangyou.standards.facts import sections as known_sections
from tests.fakes.exchange_basin import basin
from tests.fakes.exchange_question import agreed, everything

HOLDERS = {
    "重庆市": "chongqing",
    "四川省": "sichuan",
    "贵州省": "guizhou",
    "云南省": "yunnan",
    "西藏自治区": "xizang",
    "青海省": "qinghai",
}
RECEIVED = 1_617_638_400_000  # 2021-04-06 00:00 legal time
PERIODS = (("2021-04", "section"), ("2021-04", "river"), ("2021-04", "province"), ("2021-04", "sample"))


def take(store: ObservationStore, registry: Registry, parsed: list[Parsed]) -> None:
    """Into a store as a node does it, without its checks."""
    registry.meet(known_sections(), 0)
    registry.meet([section for part in parsed for section in part.sections], 0)
    observations = join([part.observations for part in parsed])
    flags = np.where(np.isnan(observations.value), Flag.MISSING, Flag.NOT_EVALUATED).astype(np.uint8)
    nothing = np.zeros(len(observations), np.uint32)
    store.append(Batch(1, "cnemc-csv", "2021-04", RECEIVED), Flagged(observations, flags, nothing, nothing))


@pytest.mark.shared
def test_the_ministry_gets_the_class_table_of_one_store(shared: Path, tmp_path: Path) -> None:
    folder = shared / "data" / "cnemc" / "2021-04"
    parsed: dict[str, list[Parsed]] = {}
    for province, id in HOLDERS.items():
        files = sorted((folder / province).rglob("*.csv"))
        raws = [Raw("cnemc-csv", f"2021-04/{province}/{f.name}", RECEIVED, f.read_bytes(), "2021-04") for f in files]
        parsed[id] = [read(raw) for raw in raws]
    one, registry = DuckStore(":memory:"), SqlRegistry(StateDatabase(""))
    take(one, registry, [part for parts in parsed.values() for part in parts])
    with basin(tmp_path) as seven:
        for id, parts in parsed.items():
            take(seven[id].node.store, seven[id].node.registry, parts)
            seven[id].catalogue.put(everything(id))
            contracting(seven[id]).control.contracts.put(agreed(id, "ministry"))
        ministry = seven["ministry"]

        source = Basin(
            ministry.node.registry,
            lambda question: ask(question, own_of(ministry), ministry.members, ministry.peers, ministry.now),
        )
        for period, by in PERIODS:
            there: pa.Table = assess(source, source, period, by).replace_schema_metadata(None)
            here: pa.Table = assess(one, registry, period, by).replace_schema_metadata(None)
            assert there.equals(here), by
            assert there.num_rows > {"section": 100, "river": 30, "province": 5, "sample": 6000}[by]
        for found in source.found:
            assert {line.state for line in found.lines} == {"answered"}
