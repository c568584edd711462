"""Tables of the state store, as of the newest migration."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

HEAD: Final = "0008"  # the newest migration; a test holds it against migrations/versions

metadata = MetaData()

agency = Table(
    "agency",
    metadata,
    Column("id", String, primary_key=True),
    Column("name_zh", String, nullable=False),
    Column("name_en", String, nullable=False),
    Column("level", String, nullable=False),
    Column("adm_code", String, nullable=False),
)

river = Table(
    "river",
    metadata,
    Column("id", String, primary_key=True),
    Column("name_zh", String, nullable=False),
    Column("name_en", String, nullable=False),
    Column("into", String, nullable=False, server_default=""),
    Column("basin", String, nullable=False, server_default=""),
)

section = Table(
    "section",
    metadata,
    Column("id", String, primary_key=True),
    Column("name_zh", String, nullable=False),
    Column("name_en", String, nullable=False, server_default=""),
    Column("province", String, nullable=False, server_default=""),
    Column("city", String, nullable=False, server_default=""),
    Column("basin", String, nullable=False, server_default=""),
    Column("river", String, nullable=False, server_default=""),
    Column("kind", String, nullable=False),
    Column("longitude", Float),
    Column("latitude", Float),
    Column("status", String, nullable=False),
    Column("merged_into", String, nullable=False, server_default=""),
    Column("source", String, nullable=False, server_default=""),
    Column("confidence", String, nullable=False, server_default=""),
)

section_change = Table(
    "section_change",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("section", String, ForeignKey("section.id"), nullable=False, index=True),
    Column("at", BigInteger, nullable=False),
    Column("by", String, nullable=False),
    Column("what", String, nullable=False),
    Column("before", Text, nullable=False),  # JSON
    Column("after", Text, nullable=False),  # JSON
)

device = Table(
    "device",
    metadata,
    Column("mn", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("section", String, nullable=False, server_default="", index=True),
    Column("system", String, nullable=False),
    Column("profile", String, nullable=False),
    Column("unit_profile", String, nullable=False),
    Column("status", String, nullable=False),
    Column("encoding", String, nullable=False),
    Column("outlet", Boolean, nullable=False),
    Column("password", String, nullable=False, server_default=""),
    Column("changed", BigInteger, nullable=False),
    Column("changed_by", String, nullable=False),
)

refusal = Table(
    "refusal",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("entry", BigInteger, nullable=False),
    Column("number", Integer, nullable=False),  # 0, 1 ... within the entry, so that a replay changes nothing
    Column("source", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("received", BigInteger, nullable=False),
    Column("code", String, nullable=False),
    Column("facts", Text, nullable=False),  # JSON
    Column("line", Integer),
    Column("column", String),
    Column("text", Text, nullable=False),
    UniqueConstraint("entry", "number"),
    Index("refusal_received", "received"),
)

session = Table(
    "session",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("peer", String, nullable=False),
    Column("mn", String, nullable=False),
    Column("opened", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
    Column("packets", Integer, nullable=False),
    Column("refused", Integer, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("closed", BigInteger),
    Column("reason", String, nullable=False),
    Index("session_closed", "closed", "last"),
)

command = Table(
    "command",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("mn", String, nullable=False),
    Column("code", String, nullable=False),
    Column("arguments", Text, nullable=False),  # JSON
    Column("state", String, nullable=False),
    Column("outcome", String, nullable=False),
    Column("qn", String, nullable=False),
    Column("asked", BigInteger, nullable=False),
    Column("changed", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("by", String, nullable=False),
    Index("command_state", "state", "mn"),
)

column_map = Table(
    "column_map",
    metadata,
    Column("name", String, primary_key=True),
    Column("body", Text, nullable=False),
    Column("changed", BigInteger, nullable=False),
)

person = Table(
    "person",
    metadata,
    Column("name", String, primary_key=True),
    Column("role", String, nullable=False),
    Column("display", String, nullable=False),
    Column("language", String, nullable=False),
    Column("password", String, nullable=False),  # argon2id
)

login = Table(
    "login",
    metadata,
    Column("digest", String, primary_key=True),  # SHA-256 of the token; the token itself is nowhere
    Column("name", String, ForeignKey("person.name"), nullable=False),
    Column("opened", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
)
