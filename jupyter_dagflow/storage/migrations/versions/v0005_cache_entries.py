"""Results that may be reused, and what went into them.

A migration never changes once released, so it spells its tables out instead of importing them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "cache_entries",
        sa.Column("entry_id", sa.String, primary_key=True),
        sa.Column("recipe", sa.String, nullable=False),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_index("ix_cache_entries_recipe", "cache_entries", ["recipe", "used_at"])
    op.create_index("ix_cache_entries_place", "cache_entries", ["place", "used_at"])
