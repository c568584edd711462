"""Digests by which two parties see whether they hold the same."""

from __future__ import annotations

import hashlib
import json
from typing import Final

SHORT: Final = 16  # hex digits of a digest that only tells two figures apart


def digest(value: object) -> str:
    """SHA-256 [hex] of a JSON value; the order of keys changes nothing. Numbers that are not whole go in as texts."""
    told = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(told.encode()).hexdigest()
