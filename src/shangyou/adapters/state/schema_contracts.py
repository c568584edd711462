"""Tables of contracts: negotiations and transfers, what is to be sent, what is to be recorded, agreements."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text, UniqueConstraint

from shangyou.adapters.state.schema import metadata

talk: Final = Table(
    "talk",
    metadata,
    Column("id", String, primary_key=True),
    Column("kind", String, nullable=False),  # negotiation, transfer
    Column("role", String, nullable=False),
    Column("peer", String, nullable=False),
    Column("other", String),  # NULL while the other end's pid is not known
    Column("state", String, nullable=False),
    Column("agreement", String, nullable=False),
    Column("opened", BigInteger, nullable=False),
    Column("due", BigInteger, index=True),  # to be decided again then
    Column("version", Integer, nullable=False),
    Column("body", Text, nullable=False),  # JSON of the whole
    UniqueConstraint("kind", "role", "peer", "other"),  # a request that comes twice opens one talk
    Index("talk_kind", "kind", "opened"),
    Index("talk_agreement", "agreement"),
)

letter: Final = Table(
    "letter",
    metadata,
    Column("id", String, primary_key=True),  # identity of the message
    Column("talk", String, nullable=False, unique=True),  # or agreement; one at a time
    Column("peer", String, nullable=False),
    Column("base", String, nullable=False),
    Column("path", String, nullable=False),
    Column("body", Text, nullable=False),
    Column("due", BigInteger, nullable=False, index=True),
    Column("held", BigInteger, nullable=False),  # lease: somebody is sending it up to then
    Column("attempts", Integer, nullable=False),
    Column("error", Text, nullable=False),
)

act: Final = Table(
    "act",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String, nullable=False),
    Column("facts", Text, nullable=False),  # JSON
    Column("at", BigInteger, nullable=False),
)

agreement: Final = Table(
    "agreement",
    metadata,
    Column("id", String, primary_key=True),
    Column("provider", String, nullable=False, index=True),
    Column("consumer", String, nullable=False, index=True),
    Column("dataset", String, nullable=False, index=True),
    Column("agreed", BigInteger, nullable=False),
    Column("state", String, nullable=False),
    Column("changed", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("replaces", String, nullable=False),
    Column("policy", Text, nullable=False),  # JSON, as both sides agreed on it
)
