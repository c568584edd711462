"""Scenarios that several tests look at."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from shangyou.core.clock import to_ms
from shangyou.core.records import Ints
from shangyou.simulation.scenario import Scenario

NOVEMBER = to_ms(datetime(2026, 11, 22, 4, tzinfo=UTC))
JULY = to_ms(datetime(2026, 7, 22, 4, tzinfo=UTC))


def scenario(seed: int = 1, present: int = NOVEMBER, days: int = 30) -> Scenario:
    return Scenario(seed, present, days)


def history(of: Scenario) -> Ints:
    return np.arange(of.first_hour, of.present_hour, dtype=np.int64)
