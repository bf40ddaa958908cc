"""Schedules, their fires, what they missed, and who begins their runs.

A migration never changes once released, so it spells its tables out instead of importing them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "roles",
        sa.Column("role", sa.String, primary_key=True),
        sa.Column("token", sa.Integer, nullable=False),
        sa.Column("owner", sa.Text),
        sa.Column("beat", sa.Integer, nullable=False),
    )
    op.create_table(
        "schedules",
        sa.Column("schedule_id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String, unique=True),
        sa.Column("edition", sa.Integer, nullable=False),
        sa.Column("paused", sa.Boolean, nullable=False),
        sa.Column("resumed_at", _TIME),
        sa.Column("added_at", _TIME, nullable=False),
        sa.Column("wake_at", _TIME),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_index("ix_schedules_wake_at", "schedules", ["wake_at"])
    op.create_table(
        "fires",
        sa.Column(
            "schedule_id", sa.Integer, sa.ForeignKey("schedules.schedule_id"), primary_key=True
        ),
        sa.Column("kind", sa.String, primary_key=True),
        sa.Column("interval_start", _TIME, primary_key=True),
        sa.Column("interval_end", _TIME, primary_key=True),
        sa.Column("run_id", sa.String, nullable=False, unique=True),
        sa.Column("recorded_at", _TIME, nullable=False),
        sa.Column("waits", sa.Boolean, nullable=False),
        sa.Column("parameters", sa.Text, nullable=False),
    )
    op.create_index("ix_fires_waits", "fires", ["waits", "schedule_id"])
    op.create_index("ix_fires_recorded_at", "fires", ["schedule_id", "recorded_at"])
    op.create_table(
        "missed",
        sa.Column(
            "schedule_id", sa.Integer, sa.ForeignKey("schedules.schedule_id"), primary_key=True
        ),
        sa.Column("first_start", _TIME, primary_key=True),
        sa.Column("first_end", _TIME, primary_key=True),
        sa.Column("last_start", _TIME, nullable=False),
        sa.Column("last_end", _TIME, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("recorded_at", _TIME, nullable=False),
    )
