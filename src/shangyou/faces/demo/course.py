"""What has happened between the nodes of a demo so far: parts that come later go on from there."""

from __future__ import annotations

from dataclasses import dataclass, field

from shangyou.faces.demo.seats import CONSUMER, MINISTRY, PROVIDER
from shangyou.faces.demo.stage import Post, Stage
from shangyou.faces.demo.words import Words


@dataclass(frozen=True, slots=True)
class Up:
    """How the nodes came up."""

    seconds: float  # until all served
    memory: int  # bytes that they held together then; 0 = not known


@dataclass(slots=True, eq=False)
class Course:
    """The nodes, and what they have agreed on."""

    stage: Stage
    up: Up
    words: Words
    period: str  # whole days of which all data have come
    live: bool  # do monitors go on sending?
    sections: dict[str, tuple[str, ...]] = field(default_factory=dict)  # of each province, its own
    datasets: dict[str, str] = field(default_factory=dict)  # of each province
    agreement: str = ""  # of the consumer with the provider
    feed: str = ""  # the consumer's id of a subscription that runs

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
