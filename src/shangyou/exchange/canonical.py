"""One text for one value: canonical JSON (RFC 8785) and its digest, for everything that is signed or logged."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import cast

import rfc8785

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]


def canonical(value: object) -> bytes:
    """The RFC 8785 form of a JSON value. ValueError for what JSON cannot hold (NaN, whole numbers above 2^53)."""
    return rfc8785.dumps(cast("dict[str, str]", value))


def digest(value: object) -> str:
    """SHA-256 of the canonical form, hex."""
    return hashlib.sha256(canonical(value)).hexdigest()
