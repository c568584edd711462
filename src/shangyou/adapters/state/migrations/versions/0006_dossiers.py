"""Dossiers, their signed entries, and where each stands with the other members."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the tables."""
    big, text = sa.BigInteger(), sa.String()
    op.create_table(
        "dossier",
        sa.Column("id", text, primary_key=True),
        sa.Column("subject", text, nullable=False),
        sa.Column("ours", sa.Integer(), nullable=False),
        *(sa.Column(name, big, nullable=False) for name in ("opened", "changed")),
        sa.Column("entries", sa.Integer(), nullable=False),
        *(sa.Column(name, big, nullable=False) for name in ("number", "at")),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("members", "heads")),
    )
    op.create_index("dossier_changed", "dossier", ["subject", "changed"])
    op.create_table(
        "dossier_entry",
        sa.Column("id", text, primary_key=True),
        sa.Column("dossier", text, nullable=False),
        sa.Column("number", big, nullable=False),
        *(sa.Column(name, text, nullable=False) for name in ("author", "kind")),
        *(sa.Column(name, big, nullable=False) for name in ("at", "came")),
        sa.Column("sealed", sa.Text(), nullable=False),
    )
    op.create_index("dossier_entry_order", "dossier_entry", ["dossier", "number", "author", "id"])
    op.create_table(
        "dossier_reception",
        *(sa.Column(name, text, primary_key=True) for name in ("entry", "member")),
        sa.Column("dossier", text, nullable=False),
        sa.Column("due", big),
        sa.Column("held", big, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("trouble", sa.Text(), nullable=False),
        sa.Column("received", big),
        sa.Column("receipt", sa.Text(), nullable=False),
    )
    for column in ("dossier", "due"):
        op.create_index(f"ix_dossier_reception_{column}", "dossier_reception", [column])
