"""Which of a name's values is the one that the notebook ends with.

A migration never changes once released, so it spells its tables out instead of importing them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the column."""
    op.add_column("artifacts", sa.Column("version", sa.Integer, nullable=False, server_default="0"))
