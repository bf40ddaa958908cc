"""For which intervals schedules have succeeded; columns of fires that programs do not know which are still running.

A migration never changes once released, so it spells its tables out instead of importing them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_TIME = sa.DateTime(timezone=True)
_INTERVAL = "schedule_id, interval_start, interval_end"
_FIRES = f"run_id, kind, {_INTERVAL}, backfill_id, recorded_at, waits, parameters, templates"


def upgrade() -> None:
    """Make the table, and the columns with what they are where nothing is said."""
    op.create_table(
        "successes",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column(
            "schedule_id", sa.Integer, sa.ForeignKey("schedules.schedule_id"), nullable=False
        ),
        sa.Column("interval_start", _TIME, nullable=False),
        sa.Column("interval_end", _TIME, nullable=False),
        sa.Column("succeeded_at", _TIME, nullable=False),
    )
    op.execute(
        f"INSERT INTO successes ({_INTERVAL}, succeeded_at) SELECT {_INTERVAL}, max(finished_at) "  # noqa: S608 -- constants
        "FROM fires JOIN runs USING (run_id) WHERE state = 'success' "
        f"GROUP BY {_INTERVAL} ORDER BY max(finished_at)"
    )
    op.create_index("ix_successes_interval", "successes", _INTERVAL.split(", "), unique=True)
    op.create_index("ix_successes_number", "successes", ["schedule_id", "number"])
    op.add_column("schedules", sa.Column("after", sa.String))
    op.add_column(
        "schedules", sa.Column("followed", sa.Integer, nullable=False, server_default="0")
    )
    op.execute("UPDATE schedules SET after = json_extract(body, '$.after')")
    op.create_index("ix_schedules_after", "schedules", ["after"])
    for index in ("interval", "backfill", "waits", "recorded_at"):
        op.drop_index(f"ix_fires_{index}", "fires")
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
        sa.Column("backfill_id", sa.Integer, nullable=False, server_default="0"),
        sa.Column("recorded_at", _TIME, nullable=False),
        sa.Column("waits", sa.Boolean, nullable=False),
        sa.Column("parameters", sa.Text, nullable=False),
        sa.Column("templates", sa.Text, nullable=False, server_default="{}"),
    )
    op.execute(f"INSERT INTO fires ({_FIRES}) SELECT {_FIRES} FROM fires_before")  # noqa: S608 -- constants
    op.drop_table("fires_before")
    op.create_index(
        "ix_fires_interval",
        "fires",
        ["schedule_id", "kind", "interval_start", "interval_end", "backfill_id"],
        unique=True,
    )
    op.create_index("ix_fires_backfill", "fires", ["backfill_id", "waits", "interval_start"])
    op.create_index("ix_fires_waits", "fires", ["waits", "schedule_id"])
    op.create_index("ix_fires_recorded_at", "fires", ["schedule_id", "recorded_at"])
