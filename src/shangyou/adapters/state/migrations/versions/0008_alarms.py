"""Alarms, and what people made of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Make the table."""
    big, text = sa.BigInteger(), sa.String()
    op.create_table(
        "alarm",
        sa.Column("id", text, primary_key=True),
        *(sa.Column(name, big, nullable=False) for name in ("raised", "last")),
        sa.Column("ended", big),
        sa.Column("changed", big, nullable=False),
        sa.Column("closed", big),
        *(sa.Column(name, text, nullable=False) for name in ("closed_by", "outcome")),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("note", "body")),
    )
    op.create_index("ix_alarm_raised", "alarm", ["raised"])
