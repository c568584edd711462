"""After `make setup` nobody waits for a compiler."""

from __future__ import annotations

import numpy as np

from shangyou.basin.course import Place
from shangyou.basin.transport.ensemble import ensemble
from shangyou.basin.transport.respond import respond
from shangyou.basin.transport.second import second
from shangyou.basin.transport.unsteady import Flows
from shangyou.basin.transport.values import Inflow, Release
from shangyou.basin.transport.warm import warm
from tests.basin.courses import channel


def compiled() -> int:
    """For how many kinds of arguments kernels are compiled here."""
    from shangyou.basin.transport import kernel, passages

    every = [*vars(kernel).values(), *vars(passages).values()]
    return sum(
        len(each.signatures) for each in {id(each): each for each in every}.values() if hasattr(each, "signatures")
    )


def test_what_is_warm_serves_every_way_to_ask() -> None:
    warm()
    before = compiled()
    assert before > 0
    places = tuple(Place(f"{x}", "", "", "intake", 1000.0 * x) for x in (1, 5, 9, 12))
    river = channel(6, length=2000.0, places=places).replace(
        storage_ratio=np.full(6, 0.2), storage_rate=np.full(6, 1e-4), impounded=np.array([0, 1e5, 0, 0, 0, 0.0])
    )
    series = Release.of_series(3000.0, ((0.0, 5.0), (600.0, 1.0), (900.0, 0.0)))
    changing = Flows(np.array([0.0, 600.0]), np.array([[20.0] * 6, [25.0] * 6]))
    for release in (Release(3000.0, 5e3), Release(0.0, 5e3, duration=600.0), series):
        for flow in (None, 1.2, changing):
            ensemble(river, release, 0.01, members=3, flow=flow)
        second(river, release, 0.01)
        respond(river, release)
    respond(river, Inflow(np.array([0.0, 600.0]), np.array([1.0, 0.0])), 40_000.0)
    assert compiled() == before
