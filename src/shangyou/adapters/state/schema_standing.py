"""Table of standing subscriptions: whose data this node is to have."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, String, Table, Text

from shangyou.adapters.state.schema import metadata

wish: Final = Table(
    "standing_wish",
    metadata,
    Column("source", String, primary_key=True),  # a member id or a level
    Column("body", Text, nullable=False),  # JSON
)
