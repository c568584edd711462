"""Table of alarms: what detection raised, and what people made of it."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, String, Table, Text

from shangyou.adapters.state.schema import metadata

alarm: Final = Table(
    "alarm",
    metadata,
    Column("id", String, primary_key=True),
    Column("raised", BigInteger, nullable=False, index=True),
    Column("last", BigInteger, nullable=False),  # newest odd reading
    Column("ended", BigInteger),
    Column("changed", BigInteger, nullable=False),
    Column("closed", BigInteger),
    Column("closed_by", String, nullable=False),
    Column("outcome", String, nullable=False),
    Column("note", Text, nullable=False),
    Column("body", Text, nullable=False),  # JSON of the alarm
)
