"""Arrival tables from a network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import pytest

from shangyou.basin.network.facts import upper_yangtze
from shangyou.basin.transport.values import Release
from shangyou.core.errors import InputError, NotFoundError
from shangyou.flows.spill import Outlook, arrivals, way_down

T = TypeVar("T")
AT = 1_700_000_000_000
FEW = Outlook(limit=0.01, members=28)


class Here:
    """Computing in this process."""

    def run(
        self, function: Callable[..., T], *arguments: Any, tell: Callable[[float], None] | None = None, **named: Any
    ) -> T:
        return function(*arguments, **named, **({} if tell is None else {"tell": tell}))


def test_every_place_below_gets_a_row_and_a_moment() -> None:
    network = upper_yangtze()
    found = arrivals(network, "risk.naxi", Release(0.0, 2e7), AT, Here(), FEW)
    assert [place.id for place in found.places][:1] != ["risk.naxi"]
    assert found.places[-1].id == network.downstream("risk.naxi")[-1].id
    hours = found.table.first[:, 2] / 3600
    zhutuo = next(i for i, place in enumerate(found.places) if place.id == "zhutuo_gauge")
    assert 5 < hours[zhutuo] < 40
    when = found.moment(found.table.first[zhutuo, 2])
    assert when is not None
    assert when > AT
    assert found.moment(np.inf) is None
    assert np.all(np.diff(found.table.peak_time[:, 2]) >= 0)


def test_more_water_comes_sooner() -> None:
    network = upper_yangtze()
    usual, day = way_down(network, "risk.naxi")
    assert day is None
    high = 3 * usual.flow[usual.starts.searchsorted(usual.place("zhutuo_gauge").at) - 1]
    flood = arrivals(network, "risk.naxi", Release(0.0, 2e7), AT, Here(), FEW, {"zhutuo_gauge": float(high)})
    calm = arrivals(network, "risk.naxi", Release(0.0, 2e7), AT, Here(), FEW)
    assert np.all(flood.table.peak_time[:5, 2] < calm.table.peak_time[:5, 2])
    assert np.all(flood.table.peak[:5, 2] < calm.table.peak[:5, 2])


def test_the_last_place_has_nothing_below_and_an_unknown_one_is_not_there() -> None:
    network = upper_yangtze()
    last = network.downstream("risk.naxi")[-1].id
    with pytest.raises(InputError, match=r"spill\.nowhere"):
        arrivals(network, last, Release(0.0, 1.0), AT, Here(), FEW)
    with pytest.raises(NotFoundError):
        arrivals(network, "nowhere", Release(0.0, 1.0), AT, Here(), FEW)
