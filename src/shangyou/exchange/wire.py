"""JSON that came from another node, read with bounds: size, depth, and numbers that JSON can hold."""

from __future__ import annotations

from typing import Final

import msgspec

from shangyou.core.errors import InputError

MOST_BYTES: Final = 1 << 20
MOST_DEPTH: Final = 32


def parsed(body: bytes, most: int = MOST_BYTES, depth: int = MOST_DEPTH) -> object:
    """The value. InputError "wire.size", "wire.json", "wire.depth"."""
    if len(body) > most:
        raise InputError("wire.size", bytes=len(body), most=most)
    try:
        value: object = msgspec.json.decode(body)
    except RecursionError:
        raise InputError("wire.depth", most=depth) from None
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError):
        raise InputError("wire.json") from None
    _check_depth(value, depth)
    return value


def parsed_object(body: bytes, most: int = MOST_BYTES, depth: int = MOST_DEPTH) -> dict[str, object]:
    """The same, which must be an object. InputError "wire.object" too."""
    value = parsed(body, most, depth)
    if not isinstance(value, dict):
        raise InputError("wire.object")
    return value


def _check_depth(value: object, depth: int) -> None:
    level = [value]
    for _ in range(depth):
        level = [
            inner
            for each in level
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return
    raise InputError("wire.depth", most=depth)
