"""Backfills, of which an interval may have a fire each; templates of fires; which schedules prune their runs.

A migration never changes once released, so it spells its tables out instead of importing them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_TIME = sa.DateTime(timezone=True)
_KEPT = "run_id, schedule_id, kind, interval_start, interval_end, recorded_at, waits, parameters"


def upgrade() -> None:
    """Make the table, and the wider one of fires, into which those go that are there."""
    op.create_table(
        "backfills",
        sa.Column("backfill_id", sa.Integer, primary_key=True),
        sa.Column(
            "schedule_id", sa.Integer, sa.ForeignKey("schedules.schedule_id"), nullable=False
        ),
        sa.Column("asked_at", _TIME, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.add_column(
        "schedules", sa.Column("prunes", sa.Boolean, nullable=False, server_default=sa.false())
    )
    op.drop_index("ix_fires_waits", "fires")
    op.drop_index("ix_fires_recorded_at", "fires")
    op.rename_table("fires", "fires_before")
    op.create_table(
        "fires",
        sa.Column("run_id", sa.String, primary_key=True),
        sa.Column(
            "schedule_id", sa.Integer, sa.ForeignKey("schedules.schedule_id"), nullable=False
        ),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("interval_start", _TIME, nullable=False),
        sa.Column("interval_end", _TIME, nullable=False),
        sa.Column("backfill_id", sa.Integer, nullable=False),
        sa.Column("recorded_at", _TIME, nullable=False),
        sa.Column("waits", sa.Boolean, nullable=False),
        sa.Column("parameters", sa.Text, nullable=False),
        sa.Column("templates", sa.Text, nullable=False),
    )
    op.execute(
        f"INSERT INTO fires ({_KEPT}, backfill_id, templates) SELECT {_KEPT}, 0, '{{}}' FROM fires_before"  # noqa: S608 -- constants
    )
    op.drop_table("fires_before")
    op.create_index(
        "ix_fires_interval",
        "fires",
        ["schedule_id", "kind", "interval_start", "interval_end", "backfill_id"],
        unique=True,
    )
    op.create_index("ix_fires_backfill", "fires", ["backfill_id"])
    op.create_index("ix_fires_waits", "fires", ["waits", "schedule_id"])
    op.create_index("ix_fires_recorded_at", "fires", ["schedule_id", "recorded_at"])
