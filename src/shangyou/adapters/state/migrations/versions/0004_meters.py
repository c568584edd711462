"""Passages of data, their blocks, what passed by the hour, receipts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the tables."""
    big, text = sa.BigInteger(), sa.String()
    op.create_table(
        "passage",
        sa.Column("id", text, primary_key=True),
        *(sa.Column(name, text, nullable=False) for name in ("role", "peer", "agreement", "state")),
        *(sa.Column(name, big, nullable=False) for name in ("rows", "bytes")),
        sa.Column("blocks", sa.Integer(), nullable=False),
        *(sa.Column(name, big, nullable=False) for name in ("opened", "changed")),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("plan", "body")),
    )
    op.create_index("ix_passage_agreement", "passage", ["agreement"])
    op.create_index("ix_passage_opened", "passage", ["opened"])
    op.create_table(
        "passage_block",
        *(sa.Column(name, text, primary_key=True) for name in ("passage", "name")),
        sa.Column("place", sa.Integer(), nullable=False),
        *(sa.Column(name, big, nullable=False) for name in ("rows", "bytes")),
        sa.Column("digest", text, nullable=False),
        sa.Column("at", big, nullable=False),
    )
    op.create_table(
        "meter",
        *(sa.Column(name, text, primary_key=True) for name in ("agreement", "role")),
        sa.Column("hour", big, primary_key=True, autoincrement=False),
        *(sa.Column(name, big, nullable=False) for name in ("rows", "bytes", "requests")),
    )
    op.create_table(
        "receipt",
        sa.Column("id", text, primary_key=True),
        sa.Column("agreement", text, nullable=False),
        sa.Column("at", big, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
    )
    op.create_index("receipt_agreement", "receipt", ["agreement", "at"])
