"""Standing subscriptions: whose data this node is to have."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "standing_wish",
        sa.Column("source", sa.String(), primary_key=True),
        sa.Column("body", sa.Text(), nullable=False),
    )
