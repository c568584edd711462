"""Ecological indices: EI of HJ 192 and the classes of EQI. The rules stand in `standards/ecology*.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from shangyou.core.errors import InputError
from shangyou.core.records import Array, Bytes
from shangyou.standards.levels import level_of
from shangyou.standards.library import Edition


@dataclass(frozen=True, slots=True, eq=False)
class Ecology:
    """Ecological state of n areas."""

    index: Array  # (n,) EI, 0 to 100; NaN where a term is missing
    level: Bytes  # (n,) 1 (worst) to 5; 0 = no index
    edition: str  # id of the rule


def ecological_index(values: Mapping[str, Array], edition: Edition) -> Ecology:
    """Ecological environment index EI: a weighted sum of five indices.

    Land stress and pollution load count what is bad, and enter as 100 minus themselves. The limiting conditions
    of the standard, which may lower a level, are not applied: see the source of the edition.

    Args:
        values: (n,) each, 0 to 100: biology, vegetation, water, land_stress, pollution.
        edition: of family "ecology".

    Raises:
        InputError: "ecology.terms": a term is not given at all; "ecology.range": one is below 0 or above 100.

    Source: HJ 192-2015. The figures are those of Nantong for 2017.
    >>> from shangyou.standards.library import editions
    >>> area = {"biology": 30.59, "vegetation": 76.93, "water": 93.94, "land_stress": 6.08, "pollution": 1.48}
    >>> state = ecological_index({name: np.array([x]) for name, x in area.items()}, editions("ecology")[-1])
    >>> round(float(state.index[0]), 2), int(state.level[0])
    (67.97, 4)
    """
    terms = edition.body["terms"]
    missing = [name for name in terms if name not in values]
    if missing:
        raise InputError("ecology.terms", missing=", ".join(missing))
    outside = [name for name in terms if np.any((values[name] < 0) | (values[name] > 100))]
    if outside:
        raise InputError("ecology.range", terms=", ".join(outside))
    index = np.zeros(1)
    for name, term in terms.items():
        index = index + term["weight"] * (100 - values[name] if term.get("inverse") else values[name])
    return Ecology(index, level_of(index, edition.body["levels"]), edition.id)


def ecological_quality(index: Array, edition: Edition) -> Ecology:
    """Class of published EQI values; the index itself cannot be made here, for its weights were not found.

    Args:
        index: (n,) EQI, 0 to 100.
        edition: of family "ecology_quality", which is unverified.

    Source: 区域生态质量评价办法（试行）, 2021; limits of the classes from memory.
    >>> from shangyou.standards.library import editions
    >>> ecological_quality(np.array([54.76]), editions("ecology_quality")[-1]).level.tolist()
    [3]
    """
    return Ecology(index, level_of(index, edition.body["levels"]), edition.id)
