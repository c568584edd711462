"""The upper Yangtze from the Tuotuo River to Yichang with its chief tributaries, as facts that ship with the product.

Lengths are carried over from published texts where there are any, else from memory, and every row says which. Lines on
the map are schematic: cut from a base map that was drawn by hand. Nothing here is a survey, and any row may be replaced
by the member whose river it is.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Final

from shangyou.basin.network.network import Network, build
from shangyou.basin.network.rows import Row, collect
from shangyou.basin.network.table import read_table
from shangyou.basin.network.values import Draft, NetworkError

FILES: Final = ("reaches.csv", "places.csv")
DEMO: Final = "demo.csv"  # a brook and an outlet that are invented, only where everything is simulated
SCHEMATIC: Final = "schematic"  # the word for these lines, wherever they are drawn


@cache
def upper_yangtze_draft(simulated: bool = False) -> Draft:
    """Its reaches and places as they are typed; with `simulated` the invented ones of the demo too."""
    rows: list[Row] = []
    for name in (*FILES, DEMO) if simulated else FILES:
        found, faults = read_table((files("shangyou.basin") / "data" / name).read_bytes())
        rows += found
        if faults:
            raise NetworkError(tuple(faults))
    collected = collect(rows)
    if collected.faults:
        raise NetworkError(tuple(collected.faults))
    return collected.draft


@cache
def upper_yangtze(simulated: bool = False) -> Network:
    """The network of these facts."""
    return build(upper_yangtze_draft(simulated))
