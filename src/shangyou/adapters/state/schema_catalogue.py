"""Tables of the catalogue: own datasets with their change feed, entries of all members, sources."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from shangyou.adapters.state.schema import metadata

feed: Final = Table(
    "catalogue_feed",
    metadata,
    Column("id", Integer, primary_key=True),  # there is one row
    Column("epoch", String, nullable=False),
    Column("sequence", BigInteger, nullable=False),
)

own: Final = Table(
    "own_dataset",
    metadata,
    Column("id", String, primary_key=True),
    Column("sequence", BigInteger, nullable=False, unique=True),
    Column("at", BigInteger, nullable=False),
    Column("gone", Boolean, nullable=False),  # a tombstone, kept for good
    Column("body", Text, nullable=False),  # JSON
    Column("audience", Text, nullable=False),  # " a b ": members to whom it is listed now; " * " = all
    Column("shown", Text, nullable=False),  # the same, of those to whom it ever was
)

entry: Final = Table(
    "catalogue_entry",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("id", String, nullable=False, unique=True),
    Column("owner", String, nullable=False, index=True),
    Column("sequence", BigInteger, nullable=False),
    Column("generation", Integer, nullable=False),  # of the reading from 0 in which it was last met
    Column("title", String, nullable=False),
    Column("changed", BigInteger, nullable=False),
    Column("body", Text, nullable=False),  # JSON, as its owner sent it
    Column("words", Text, nullable=False),  # see exchange.catalogue.words
    Column("first_seen", BigInteger, nullable=False),
    Column("last_seen", BigInteger, nullable=False),
)

facet: Final = Table(
    "catalogue_facet",
    metadata,
    Column("number", Integer, ForeignKey("catalogue_entry.number"), primary_key=True),
    Column("kind", String, primary_key=True),
    Column("value", String, primary_key=True),
    Index("catalogue_facet_value", "kind", "value"),
)

refusal: Final = Table(
    "catalogue_refusal",
    metadata,
    Column("owner", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    Column("code", String, nullable=False),
    Column("facts", Text, nullable=False),  # JSON
    Column("at", BigInteger, nullable=False),
)

source: Final = Table(
    "catalogue_source",
    metadata,
    Column("owner", String, primary_key=True),
    Column("epoch", String, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("anew", Boolean, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("tried", BigInteger),
    Column("succeeded", BigInteger),
    Column("failing", BigInteger),
    Column("failures", Integer, nullable=False),
    Column("code", String, nullable=False),
    Column("facts", Text, nullable=False),  # JSON
    Column("due", BigInteger, nullable=False),
    Column("crawled", Text, nullable=False),  # JSON: counts of the last attempt
)
