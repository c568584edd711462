"""Kinds of columns in answers, and rows made of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import pyarrow as pa

from shangyou.faces.rows import Rows

TIME: Final = pa.timestamp("ms", "UTC")
TEXT: Final = pa.string()
WHOLE: Final = pa.int64()
Texts = tuple[str, ...]


def made(schema: pa.Schema, rows: Iterable[dict[str, object]]) -> Rows:
    """Rows of a schema from dictionaries; what is not in the schema is left out."""
    return Rows.of(pa.Table.from_pylist(list(rows), schema))


def texts(*names: str) -> pa.Schema:
    """A schema of texts alone."""
    return pa.schema([(name, TEXT) for name in names])
