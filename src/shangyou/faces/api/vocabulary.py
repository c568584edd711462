"""The vocabulary as rows; it needs no node."""

from __future__ import annotations

import pyarrow as pa

from shangyou.core import vocabulary
from shangyou.faces.rows import Rows


def parameters(text: str = "", group: str = "") -> Rows:
    """Parameters of a group whose key, names or codes hold a text."""
    names = ("key", "name_zh", "name_en", "unit", "hj212", "gb3838", "wqx", "usgs", "group", "status")
    schema = pa.schema(
        [(name, pa.string()) for name in names] + [("detection_limit", pa.float64()), ("decimals", pa.int64())]
    )
    folded = text.lower()
    found = [
        {name: getattr(p, name) for name in schema.names}
        for p in vocabulary.parameters().values()
        if (not group or p.group == group)
        and (not text or any(folded in name.lower() for name in (p.key, p.name_zh, p.name_en, p.hj212, p.gb3838)))
    ]
    return Rows.of(pa.Table.from_pylist(found, schema))
