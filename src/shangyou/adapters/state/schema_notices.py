"""Table of notices: what people of this node are to be told, and where that stands."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Integer, String, Table, Text

from shangyou.adapters.state.schema import metadata

notice: Final = Table(
    "notice",
    metadata,
    Column("id", String, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("link", Text, nullable=False),
    Column("dossier", String, nullable=False, index=True),
    Column("message", String, nullable=False),
    Column("role", String, nullable=False),
    Column("channel", String, nullable=False),
    Column("address", Text, nullable=False),
    Column("due", BigInteger, index=True),  # NULL: nothing to be done any more
    Column("held", BigInteger, nullable=False),  # lease: somebody is sending it up to then
    Column("attempts", Integer, nullable=False),
    Column("trouble", String, nullable=False),
    Column("detail", Text, nullable=False),
    Column("sent", BigInteger),
    Column("dropped", Integer, nullable=False),  # 1: somebody acknowledged before it could be sent
)
