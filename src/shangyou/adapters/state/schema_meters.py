"""Tables of the data plane: passages, their blocks, what passed by the hour, receipts."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text

from shangyou.adapters.state.schema import metadata

passage: Final = Table(
    "passage",
    metadata,
    Column("id", String, primary_key=True),
    Column("role", String, nullable=False),
    Column("peer", String, nullable=False),
    Column("agreement", String, nullable=False, index=True),
    Column("state", String, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("blocks", Integer, nullable=False),
    Column("opened", BigInteger, nullable=False, index=True),
    Column("changed", BigInteger, nullable=False),
    Column("plan", Text, nullable=False),  # JSON: what is pinned
    Column("body", Text, nullable=False),  # JSON of the rest
)

block: Final = Table(
    "passage_block",
    metadata,
    Column("passage", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("place", Integer, nullable=False),  # 0, 1, 2 ... in the order in which they were counted
    Column("rows", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("digest", String, nullable=False),
    Column("at", BigInteger, nullable=False),
)

meter: Final = Table(
    "meter",
    metadata,
    Column("agreement", String, primary_key=True),
    Column("role", String, primary_key=True),
    Column("hour", BigInteger, primary_key=True),  # its start, ms since 1970 UTC
    Column("rows", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("requests", BigInteger, nullable=False),
)

receipt: Final = Table(
    "receipt",
    metadata,
    Column("id", String, primary_key=True),
    Column("agreement", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("body", Text, nullable=False),  # JSON
    Index("receipt_agreement", "agreement", "at"),
)
