"""What people of a node are to be told of warnings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Make the table."""
    big, text = sa.BigInteger(), sa.String()
    op.create_table(
        "notice",
        sa.Column("id", text, primary_key=True),
        sa.Column("at", big, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("title", "body", "link")),
        *(sa.Column(name, text, nullable=False) for name in ("dossier", "message", "role", "channel")),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("due", big),
        sa.Column("held", big, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("trouble", text, nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("sent", big),
        sa.Column("dropped", sa.Integer(), nullable=False),
    )
    for column in ("dossier", "due"):
        op.create_index(f"ix_notice_{column}", "notice", [column])
