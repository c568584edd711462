"""Tables of dossiers: what each is about, its signed entries, and where each stands with the other members."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text

from shangyou.adapters.state.schema import metadata

dossier: Final = Table(
    "dossier",
    metadata,
    Column("id", String, primary_key=True),
    Column("subject", String, nullable=False),
    Column("ours", Integer, nullable=False),  # 1: this node takes part; 0: it only knows that it will be asked to
    Column("opened", BigInteger, nullable=False),
    Column("changed", BigInteger, nullable=False),  # by the clock here
    Column("entries", Integer, nullable=False),
    Column("number", BigInteger, nullable=False),  # the greatest of its entries
    Column("at", BigInteger, nullable=False),  # the latest of its entries, by their authors' clocks
    Column("members", Text, nullable=False),  # JSON, sorted
    Column("heads", Text, nullable=False),  # JSON: {id: number} of the entries that nothing follows
    Index("dossier_changed", "subject", "changed"),
)

entry: Final = Table(
    "dossier_entry",
    metadata,
    Column("id", String, primary_key=True),
    Column("dossier", String, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("author", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("came", BigInteger, nullable=False),  # by the clock here
    Column("sealed", Text, nullable=False),  # the signed document, JSON
    Index("dossier_entry_order", "dossier", "number", "author", "id"),
)

reception: Final = Table(
    "dossier_reception",
    metadata,
    Column("entry", String, primary_key=True),
    Column("member", String, primary_key=True),
    Column("dossier", String, nullable=False, index=True),
    Column("due", BigInteger, index=True),  # NULL: nothing to be done any more
    Column("held", BigInteger, nullable=False),  # lease: somebody is sending it up to then
    Column("attempts", Integer, nullable=False),
    Column("trouble", Text, nullable=False),
    Column("received", BigInteger),
    Column("receipt", Text, nullable=False),  # the member's signed reception, JSON; "" before
)
