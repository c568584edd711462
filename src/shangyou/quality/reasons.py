"""Reasons: which tests speak against a value, as codes; the sentences are in `faces/messages/quality.toml`."""

from __future__ import annotations

from typing import Final

from shangyou.core.records import Check

NAMES: Final = {bit: (bit.name or "").lower() for bit in Check}


def explain(suspect: int, fail: int) -> list[str]:
    """Codes of the tests that fail a value, then of those that suspect it.

    >>> explain(suspect=Check.SPIKE | Check.RATE, fail=Check.RANGE_PHYSICAL)
    ['quality.range_physical.fail', 'quality.spike.suspect', 'quality.rate.suspect']
    """
    return [
        f"quality.{name}.{verdict}"
        for bits, verdict in ((fail, "fail"), (suspect, "suspect"))
        for bit, name in NAMES.items()
        if bits & bit
    ]
