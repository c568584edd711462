"""Feeds: how far a subscriber has read, in a text that only the provider needs to understand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from shangyou.core.errors import ConflictError, InputError
from shangyou.core.records import Flag, Origin
from shangyou.exchange.canonical import digest
from shangyou.exchange.keys import decoded, encoded
from shangyou.exchange.outlet import WIRE, Place
from shangyou.exchange.scope import Scope

MOST: Final = 8_192  # characters of a cursor
ROWS: Final = 20_000  # of a page, about


@dataclass(frozen=True, slots=True)
class Cursor:
    """Places in the provider's store, one for each scope of the agreement, and which scopes these were."""

    scopes: str
    places: tuple[Place, ...]

    def text(self) -> str:
        """As it travels."""
        told = [self.scopes, [[place.row, place.horizon, place.check] for place in self.places]]
        return encoded(json.dumps(told, separators=(",", ":")).encode())


def cursor(text: str) -> Cursor:
    """The cursor in a text. InputError "feed.cursor"."""
    try:
        if len(text) > MOST:
            raise ValueError("long")
        scopes, places = json.loads(decoded(text))
        found = tuple(Place(row, horizon, check) for row, horizon, check in places)
        whole = all(type(p.row) is int and 0 <= p.row < 1 << 62 and isinstance(p.check, str) for p in found)
        timely = all(p.horizon is None or (type(p.horizon) is int and abs(p.horizon) < 1 << 53) for p in found)
        if not (isinstance(scopes, str) and whole and timely):
            raise ValueError("kinds")
    except (ValueError, TypeError, RecursionError) as error:
        raise InputError("feed.cursor") from error
    return Cursor(scopes, found)


def scopes_name(agreement: str, scopes: Sequence[Scope]) -> str:
    """What a cursor is good for: the rows that an agreement lets through, whatever is left of quotas and of time."""
    told = [
        [
            *(sorted(names) if names is not None else None for names in (s.sections, s.parameters)),
            *(sorted(names) if names is not None else None for names in (s.cadences, s.statistics)),
            *(s.stop, s.delay, s.review),
        ]
        for s in scopes
    ]
    return digest([agreement, told])[:16]


def fitting(given: Cursor, name: str, count: int) -> Cursor:
    """The cursor, if it is of these scopes. ConflictError "feed.reset"."""
    if given.scopes != name or len(given.places) != count:
        raise ConflictError("feed.reset", row=0, end=0)
    return given


def veiled(rows: pa.RecordBatch, review: int) -> pa.RecordBatch:
    """Versions as a subscriber may see them who gets nothing below a review level.

    One that is below is left out where it is the first; where it takes the place of another, it says that there is no
    value any more, and no word of what it holds.
    """
    if not review or not rows.num_rows:
        return rows
    below = rows.column("review").to_numpy() < review
    if not below.any():
        return rows
    first = rows.column("revision").to_numpy() == 0
    blank = {"value": np.nan, "censor": 0, "mark": 0, "flag": int(Flag.MISSING), "suspect": 0, "fail": 0, "review": 0}
    blank["origin"] = int(Origin.WITHDRAWN)
    columns = []
    for field in WIRE:
        column = rows.column(field.name)
        if field.name in blank:
            column = pa.array(np.where(below, blank[field.name], column.to_numpy())).cast(field.type)
        elif field.name == "upper":
            column = pa.array(np.where(below, np.nan, column.to_numpy(zero_copy_only=False)), from_pandas=True)
        columns.append(column)
    return pa.RecordBatch.from_arrays(columns, schema=WIRE).filter(pa.array(~(below & first)))
