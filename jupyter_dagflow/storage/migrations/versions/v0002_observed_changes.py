"""What runs have seen code change in place.

A migration never changes once released, so it spells its tables out instead of importing them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "observed_changes",
        sa.Column("code", sa.String, primary_key=True),
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False),
    )
