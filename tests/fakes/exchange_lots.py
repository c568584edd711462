"""Two members with data, a dataset, an agreement and a transfer between them, without the talks that lead there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from shangyou.adapters.state.contracts import SqlContracts
from shangyou.core.ports import Batch
from shangyou.core.records import Flag, Flagged, Observations, SeriesKey
from shangyou.core.registry import Section
from shangyou.exchange.agreement import Agreement, Transfer
from shangyou.exchange.dataset import Dataset, DatasetQuery, Offer
from shangyou.exchange.metering import Passage
from shangyou.faces.moving import Moving, moving
from shangyou.flows.push import address
from shangyou.wiring_exchange import Exchange
from tests.fakes.exchange_basin import Basin

DATASET = "sichuan/tuojiang"
FROM = 1_617_206_400_000  # 2021-04-01 00:00 in China
STEP = 4 * 3_600_000
SITES = ("51.甲", "51.乙")
PARAMETERS = ("ph", "ammonia_nitrogen")
USE: Mapping[str, Any] = {"permission": [{"action": "use"}]}


def constrained(*constraints: tuple[str, str, str]) -> dict[str, Any]:
    listed = [{"leftOperand": a, "operator": b, "rightOperand": c} for a, b, c in constraints]
    return {"permission": [{"action": "use", "constraint": listed}]}


def observed(times: int, start: int = 0, value: float = 7.0, sites: tuple[str, ...] = SITES) -> Flagged:
    """So many moments of all series of the sites."""
    keys = tuple(SeriesKey(site, parameter, "4h") for site in sites for parameter in PARAMETERS)
    count = len(keys) * times
    time = np.tile(FROM + (np.arange(times, dtype=np.int64) + start) * STEP, len(keys))
    o = Observations(
        keys=keys,
        series=np.repeat(np.arange(len(keys), dtype=np.int32), times),
        time=time,
        value=np.full(count, value) + np.arange(count) / 1000,
        censor=np.zeros(count, np.uint8),
        mark=np.ones(count, np.uint8),
    )
    nothing = np.zeros(count, np.uint32)
    return Flagged(o, np.full(count, Flag.GOOD, np.uint8), nothing, nothing)


@dataclass
class Two:
    """A provider and a consumer."""

    basin: Basin
    provider: Exchange
    consumer: Exchange
    count: int = field(default=0)

    @property
    def giving(self) -> Moving:
        return moving(self.provider)

    @property
    def taking(self) -> Moving:
        return moving(self.consumer)

    def fill(self, times: int = 5, start: int = 0, value: float = 7.0) -> None:
        self.count += 1
        node = self.provider.node
        node.store.append(
            Batch(self.count, "table", f"f{self.count}", self.basin.clock.ms()), observed(times, start, value)
        )

    def cut_into(self, rows: int) -> None:
        """Blocks of about so many rows."""
        self.giving.providing = replace(self.giving.providing, rows=rows)

    def agree(self, policy: Mapping[str, Any] = USE, query: DatasetQuery | None = None) -> str:
        """Publish and agree; the agreement's id."""
        self.count += 1
        id = f"urn:uuid:00000000-0000-4000-8000-{self.count:012}"
        dataset = Dataset(DATASET, "sichuan", "沱江", "Tuo", query or DatasetQuery(), (Offer("sichuan/o", policy),))
        self.provider.catalogue.put(dataset)
        found = {"@type": "Agreement", "@id": id, "target": DATASET, "assigner": "sichuan", "assignee": "chongqing"}
        for each in (self.provider, self.consumer):
            agreement = Agreement(id, "sichuan", "chongqing", DATASET, {**found, **policy}, self.basin.clock.ms())
            SqlContracts(each.node.database).put(agreement)
        return id

    def start(
        self, agreement: str, format: str = "Arrow-PULL", selection: Mapping[str, object] | None = None
    ) -> Passage:
        """A transfer that has started at both ends; its passage at the consumer."""
        self.count += 1
        here, there = (f"urn:uuid:00000000-0000-4000-9{side}00-{self.count:012}" for side in (0, 1))
        pushed = address(self.taking.taking, self.consumer.new_id) if format.endswith("PUSH") else None
        given = Transfer(there, here, "provider", "chongqing", agreement, format, "STARTED", pushed, selection)
        address_given = self.giving.offer(given) or pushed
        self.giving.begin(given)
        self.taking.begin(
            Transfer(here, there, "consumer", "sichuan", agreement, format, "STARTED", address_given, selection)
        )
        return self.consumer_end(here)

    def consumer_end(self, id: str) -> Passage:
        return self.taking.taking.meters.passage(id)

    def provider_end(self, passage: Passage) -> Passage:
        return self.giving.providing.meters.passage(passage.other)


def two(basin: Basin) -> Two:
    """The members sichuan and chongqing of a basin; nothing moves by itself."""
    found = Two(basin, basin["sichuan"], basin["chongqing"])
    for each in (found.giving, found.taking):
        each.by_itself = False
    for site in SITES:
        found.provider.node.registry.meet([Section(id=site, name_zh=site, river="沱江")], basin.clock.ms())
    return found
