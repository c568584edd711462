"""Trophic level index of lakes and reservoirs, TLI(Σ). The coefficients stand in `standards/trophic-*.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from shangyou.core.errors import InputError
from shangyou.core.records import Array, Bytes
from shangyou.standards.levels import level_of
from shangyou.standards.library import Edition


@dataclass(frozen=True, slots=True, eq=False)
class Trophic:
    """Trophic state of n samples."""

    parts: Mapping[str, Array]  # (n,) TLI of each item
    index: Array  # (n,) TLI(Σ); NaN where any item is missing
    level: Bytes  # (n,) 1 to 5, from oligotrophic to heavily eutrophic; 0 = no index
    edition: str  # id of the rule


def weights(edition: Edition) -> dict[str, float]:
    """Weight of each item, r² / Σ r²; they sum to 1.

    Args:
        edition: of family "trophic".

    Source: 总站生字〔2001〕090号.
    >>> from shangyou.standards.library import editions
    >>> round(weights(editions("trophic")[-1])["chlorophyll_a"], 4)
    0.2663
    """
    squares = {name: float(item["r"]) ** 2 for name, item in edition.body["items"].items()}
    return {name: square / sum(squares.values()) for name, square in squares.items()}


def trophic_state(values: Mapping[str, Array], edition: Edition) -> Trophic:
    """Trophic level index of each sample: TLI_j = 10 (a_j + b_j ln x_j), TLI(Σ) = Σ w_j TLI_j.

    Args:
        values: (n,) each, by key of the vocabulary in its canonical unit: chlorophyll_a [ug/L], total_phosphorus,
            total_nitrogen, permanganate_index [mg/L], transparency [m]. A value that is not positive has no
            logarithm and counts as missing; results below a detection limit come in as half of it.
        edition: of family "trophic".

    Returns:
        Parts, index and level of the n samples. No index is made of fewer than all items: the weights would not
        sum to 1, and the rule has no other.

    Raises:
        InputError: "trophic.items": an item is not given at all.

    Source: 总站生字〔2001〕090号.
    >>> from shangyou.standards.library import editions
    >>> lake = {"chlorophyll_a": 20, "total_phosphorus": 0.05, "total_nitrogen": 1.5, "transparency": 0.8}
    >>> lake |= {"permanganate_index": 4.5}
    >>> state = trophic_state({name: np.array([float(x)]) for name, x in lake.items()}, editions("trophic")[-1])
    >>> round(float(state.index[0]), 2), int(state.level[0])
    (52.62, 3)
    """
    items = edition.body["items"]
    missing = [name for name in items if name not in values]
    if missing:
        raise InputError("trophic.items", missing=", ".join(missing))
    parts = {
        name: 10 * (item["a"] + item["b"] * np.log(np.where(values[name] > 0, values[name], np.nan)))
        for name, item in items.items()
    }
    index = sum((weight * parts[name] for name, weight in weights(edition).items()), np.zeros(1))
    return Trophic(parts, index, level_of(index, edition.body["levels"]), edition.id)
