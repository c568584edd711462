"""Have every kernel compiled before somebody waits for it."""

from __future__ import annotations

import numpy as np

from shangyou.basin.course import Course, Place
from shangyou.basin.transport.ensemble import ensemble
from shangyou.basin.transport.respond import respond
from shangyou.basin.transport.second import second
from shangyou.basin.transport.unsteady import Flows
from shangyou.basin.transport.values import Inflow, Release


def warm() -> None:
    """Call every kernel once, on one reach; some 20 s where nothing is compiled yet, next to nothing after that."""
    one = np.ones(1)
    course = Course(
        reaches=("a",),
        length=one * 1000.0,
        width=one * 20.0,
        slope=one * 1e-3,
        roughness=one * 0.03,
        flow=one * 20.0,
        area=one * 25.0,
        dispersion=one * 30.0,
        storage_ratio=one * 0.0,
        storage_rate=one * 0.0,
        impounded=one * 0.0,
        gain=one * 0.0,
        places=(Place("a", "", "", "section", 800.0), Place("b", "", "", "section", 900.0)),
    )
    # kernels are compiled for each kind of arguments, so every way to ask is taken once
    release, changing = Release(0.0, 1.0, duration=60.0), Flows(np.array([0.0, 60.0]), np.array([[20.0], [24.0]]))
    for given in (Release(0.0, 1.0), release):
        for flow in (None, changing):
            ensemble(course, given, members=2, flow=flow)
        second(course, given)
        second(course, given, 0.001)
    for tracer in (release, Inflow(np.zeros(1), one)):
        respond(course, tracer, 1000.0)
