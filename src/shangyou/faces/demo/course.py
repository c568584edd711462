"""What has happened between the nodes of a demo so far: parts that come later go on from there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pyarrow as pa

from shangyou.core.errors import UnavailableError
from shangyou.faces.demo.seats import CONSUMER, MINISTRY, PROVIDER
from shangyou.faces.demo.stage import Post, Stage
from shangyou.faces.demo.words import Words


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
