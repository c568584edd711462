"""On how many cases a law is tried that is dear to try."""

from __future__ import annotations

import os

TIMES = int(os.environ.get("TEST_EXAMPLES", "1"))


def tries(count: int) -> int:
    """So many in every run; TEST_EXAMPLES=10 makes it ten times as many, for a thorough one."""
    return count * TIMES
