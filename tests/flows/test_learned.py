"""What a tracing learned of the river, as what is foreseen further down uses it."""

from __future__ import annotations

import numpy as np
import pytest

from shangyou.basin.tracing.trace import trace
from shangyou.basin.transport.hydraulics import hydraulics
from shangyou.flows.learned import Learned, learned
from shangyou.flows.spill import way_down
from shangyou.flows.trace import Asked, lay_out
from tests.flows.test_trace import BEGAN, HOUR, NETWORK, observed

OUTLET = "outlet.demo_spill"


@pytest.fixture(scope="module")
def told() -> Learned:
    found = trace(lay_out(NETWORK, observed(), Asked(candidates=(OUTLET, "risk.panzhihua"), elsewhere=0.0)))
    made = learned(found, OUTLET, BEGAN * HOUR)
    assert made is not None
    assert learned(found, "risk.panzhihua", BEGAN * HOUR) is None  # it speaks of another place
    assert learned(found, OUTLET, (BEGAN + 30) * HOUR) is None  # and of another time
    return made


def test_the_velocity_and_the_dispersion_of_the_pulse_are_found(told: Learned) -> None:
    river, flow = way_down(NETWORK, OUTLET)
    assert flow is None
    course = told.on(river, flow)
    speed = hydraulics(course, course.flow).velocity[0]
    assert speed == pytest.approx(1.75, rel=0.04)  # as the pulse was made, 900 m2/s too
    assert course.dispersion[0] == pytest.approx(900, rel=0.3)
    assert told.dispersion_sd < 0.2  # the formulas differ by a factor of two and more


def test_where_no_area_is_known_the_roughness_carries_the_velocity() -> None:
    river, _ = way_down(NETWORK, OUTLET)
    rough = river.replace(area=np.full(len(river.area), np.nan))
    before = hydraulics(rough, rough.flow).velocity
    after = hydraulics(Learned(1.2, 0.03, 1.0, 0.1).on(rough, None), rough.flow).velocity
    assert after == pytest.approx(1.2 * before)


def test_a_tracing_that_is_not_sure_teaches_nothing() -> None:
    found = trace(lay_out(NETWORK, observed(), Asked(elsewhere=0.0)))  # two places lie two kilometres apart
    assert learned(found, found.ranked[0].candidate.id, BEGAN * HOUR) is None
