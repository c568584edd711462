"""The process beside a node that reckons for it: one for all who compute there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from shangyou.adapters.computing import ComputingBeside
from shangyou.flows.spill import Computing

if TYPE_CHECKING:
    from shangyou.wiring import Node

KEY: Final = "computing"  # in Node.made


def computing(node: Node) -> Computing:
    """The process of a node; there is none before somebody computes."""
    found = node.made.get(KEY)
    if found is None:
        beside = ComputingBeside()
        found = node.made.setdefault(KEY, beside)  # of two at once the first's is kept
        if found is beside:
            node.ends.callback(beside.close)
    return cast("Computing", found)
