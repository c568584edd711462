"""What a measure would change is reckoned on the flow of the day, as far as anybody gauged it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import pytest

from shangyou.basin.measures import Act
from shangyou.core.clock import LEGAL, to_ms
from shangyou.core.ports import ObservationStore
from shangyou.flows.measure import Known, Spill, effect, known_flow
from tests.flows.test_gauged import HOUR, NETWORK, section, store

T = TypeVar("T")
JANUARY = to_ms(datetime(2026, 1, 9, tzinfo=LEGAL))  # the flows of `store` are of January 1970
JUNE = to_ms(datetime(2026, 6, 9, tzinfo=LEGAL))


class Here:
    """Reckons in this process."""

    def run(
        self, function: Callable[..., T], *arguments: Any, tell: Callable[[float], None] | None = None, **named: Any
    ) -> T:
        """What the function gives."""
        return function(*arguments, **named)


def known(held: ObservationStore, began: int, now: int) -> Known:
    return known_flow(held, NETWORK, began, now)


def test_the_flow_of_its_days_counts() -> None:
    held = section([4000.0, 5000.0, 9000.0])
    found = known(held, HOUR, 2 * HOUR)
    assert found.by == "gauged"
    assert found.flow["50.朱沱"] == pytest.approx(6000.0)
    assert known(held, 0, HOUR).flow["50.朱沱"] == pytest.approx(4500.0)  # what came later is not known


def test_where_nothing_was_gauged_then_the_same_month_of_other_years_does() -> None:
    held = store({"50.朱沱": [4000.0, 5000.0, 9000.0], "nowhere": [7.0]})
    found = known(held, JANUARY, JANUARY + HOUR)
    assert (found.by, list(found.flow)) == ("month", ["50.朱沱"])
    assert found.flow["50.朱沱"] == pytest.approx(6000.0)
    assert known(held, JUNE, JUNE + HOUR) == Known("usual", {})


def test_the_entry_tells_by_what_flow_it_was_reckoned() -> None:
    spill, act = Spill("50.朱沱", JANUARY, 1e6), Act("divert", "50.江津大桥", share=0.5)
    told = [
        effect(NETWORK, spill, act, Here(), flow)
        for flow in (Known("gauged", {"50.朱沱": 20_000.0}), Known("month", {"50.朱沱": 3000.0}), None)
    ]
    assert ["1 处实测流量" in str(told[0]["method"]), "同月平均" in str(told[1]["method"])] == [True, True]
    assert "typical flow" in str(told[2]["method"])
    high, low = (each["places"][0]["without"]["arrival"] for each in told[:2])  # type: ignore[index]
    assert high < low
