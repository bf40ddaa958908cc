"""Runs, their events, tasks, artifacts and metrics.

A migration never changes once released, so it spells its tables out instead of importing them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the first tables."""
    time = sa.DateTime(timezone=True)
    op.create_table(
        "runs",
        sa.Column("run_id", sa.String, primary_key=True),
        sa.Column("pipeline", sa.Text, nullable=False),
        sa.Column("notebook", sa.Text, nullable=False),
        sa.Column("source_digest", sa.String),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("trigger", sa.String, nullable=False),
        sa.Column("logical_date", time),
        sa.Column("parameters", sa.Text, nullable=False),
        sa.Column("created_at", time, nullable=False),
        sa.Column("started_at", time),
        sa.Column("finished_at", time),
        sa.Column("cancel_requested_at", time),
    )
    op.create_index("ix_runs_created_at", "runs", ["created_at", "run_id"])
    op.create_index("ix_runs_pipeline", "runs", ["pipeline", "created_at", "run_id"])
    op.create_index("ix_runs_state", "runs", ["state", "created_at", "run_id"])
    op.create_table(
        "events",
        sa.Column("run_id", sa.String, sa.ForeignKey("runs.run_id"), primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", time, nullable=False),
        sa.Column("type", sa.String, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_table(
        "task_runs",
        sa.Column("run_id", sa.String, sa.ForeignKey("runs.run_id"), primary_key=True),
        sa.Column("task", sa.String, primary_key=True),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("queued_at", time),
        sa.Column("started_at", time),
        sa.Column("finished_at", time),
        sa.Column("duration_s", sa.Float),
        sa.Column("cells_s", sa.Float),
        sa.Column("cached", sa.Boolean, nullable=False),
        sa.Column("failure", sa.Text),
    )
    op.create_table(
        "artifacts",
        sa.Column("run_id", sa.String, sa.ForeignKey("runs.run_id"), primary_key=True),
        sa.Column("task", sa.String, primary_key=True),
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("size_bytes", sa.Integer, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("shape", sa.Text),
        sa.Column("preview", sa.Text, nullable=False),
        sa.Column("value", sa.Text),
    )
    op.create_index("ix_artifacts_digest", "artifacts", ["digest"])
    op.create_table(
        "metrics",
        sa.Column("run_id", sa.String, sa.ForeignKey("runs.run_id"), primary_key=True),
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("task", sa.String, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
    )
