"""What has happened between the nodes of a demo so far: parts that come later go on from there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from shangyou.core.errors import ShangyouError, UnavailableError
from shangyou.faces.demo.seats import CONSUMER, MINISTRY, PROVIDER
from shangyou.faces.demo.stage import Post, Stage
from shangyou.faces.demo.words import Words
from shangyou.simulation.scenario import Scenario


@dataclass(frozen=True, slots=True)
class Up:
    """How the nodes came up."""

    seconds: float  # until all served
    memory: int  # bytes that they held together then; 0 = not known


@dataclass(frozen=True, slots=True)
class Dataset:
    """What a province publishes."""

    id: str
    sections: tuple[str, ...]  # its own


@dataclass(slots=True, eq=False)
class Affair:
    """What has come of the spill so far, as the nodes told it; nothing of the truth but the scenario."""

    scenario: Scenario
    alarm: dict[str, Any] = field(default_factory=dict)  # of the province upstream
    seen: dict[str, Any] = field(default_factory=dict)  # where it was seen first
    warning: str = ""
    room: str = ""
    trouble: ShangyouError | None = None  # that came up while the ministry was away
    apart: dict[str, Any] = field(default_factory=dict)  # what both sides saw while the ministry was away
    foreseen: dict[str, Any] = field(default_factory=dict)  # arrival at the border, before it was known where it began
    height: dict[str, Any] = field(default_factory=dict)  # the same, computed from what was traced
    tracing: dict[str, Any] = field(default_factory=dict)  # of the province upstream: what it was given, how it ended
    traced: list[dict[str, Any]] = field(default_factory=list)  # candidates, best first

    def need(self, value: str, name: str) -> str:
        """An id that an earlier part gave. UnavailableError "demo.before" names that part."""
        if not value:
            raise UnavailableError("demo.before", what=name)
        return value


@dataclass(slots=True, eq=False)
class Course:
    """The nodes, and what they have agreed on."""

    stage: Stage
    up: Up
    words: Words
    period: str  # whole days of which all data have come
    live: bool  # do monitors go on sending?
    one_store: Callable[[], pa.Table] | None = None  # computes the class table of the period over one store of all
    published: dict[str, Dataset] = field(default_factory=dict)  # of each province
    agreed: str = ""  # the agreement of the consumer with the provider
    feed: str = ""  # the consumer's id of a subscription that runs
    affair: Affair | None = None  # the spill; None where nothing is simulated

    def dataset(self, id: str) -> Dataset:
        """What a province has published. UnavailableError "demo.before" if that part did not come to it."""
        if id not in self.published:
            raise UnavailableError("demo.before", what=self.words("name.catalogue"))
        return self.published[id]

    @property
    def agreement(self) -> str:
        """Id of the agreement between the two. UnavailableError "demo.before" if there is none."""
        if not self.agreed:
            raise UnavailableError("demo.before", what=self.words("name.contract"))
        return self.agreed

    @property
    def spill(self) -> Affair:
        """The spill. UnavailableError "demo.before" where there is none."""
        if self.affair is None:
            raise UnavailableError("demo.before", what=self.words("name.spill"))
        return self.affair

    @property
    def provider(self) -> Post:
        """The node whose data are asked for."""
        return self.stage[PROVIDER]

    @property
    def consumer(self) -> Post:
        """The node that asks."""
        return self.stage[CONSUMER]

    @property
    def ministry(self) -> Post:
        """The national node."""
        return self.stage[MINISTRY]
