"""The process beside a node that reckons for it: one for all who compute there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from shangyou.adapters.computing import ComputingBeside
from shangyou.flows.spill import Computing

if TYPE_CHECKING:
    from shangyou.wiring import Node

KEY: Final = "computing"  # in Node.made


def computing(node: Node) -> Computing:
    """The process of a node; there is none before somebody computes."""
    return node.made.once(KEY, ComputingBeside, ComputingBeside.close)
