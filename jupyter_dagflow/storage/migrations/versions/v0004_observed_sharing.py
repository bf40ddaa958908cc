"""What runs have seen code do: changes in place, and now sharing between the values of two names.

A migration never changes once released, so it spells its tables out instead of importing them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the wider table, and move what is known into it."""
    op.create_table(
        "observed",
        sa.Column("code", sa.String, primary_key=True),
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("other", sa.String, primary_key=True),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.execute("INSERT INTO observed SELECT code, name, '', observed_at FROM observed_changes")
    op.drop_table("observed_changes")
