"""What several tests of flows begin with."""

from __future__ import annotations

import pytest

from tests.fakes.exchange_question import Respondents, give
from tests.flows.asking import NAMES, basin


@pytest.fixture
def nodes() -> Respondents:
    found = basin()
    for name, section in zip(NAMES, ("51.清风峡", "50.朱沱", "52.清池"), strict=True):
        give(found.store(name), [(section, "ammonia_nitrogen", h, 0.1 * (h + 1)) for h in range(4)])
    return found
