"""How long the tasks of each pipeline took when they last ran, by the history that there is.

A migration never changes once released, so it spells its tables out instead of importing them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_FROM_HISTORY = """
INSERT INTO durations (pipeline, task, duration_s)
SELECT pipeline, task, duration_s FROM (
    SELECT runs.pipeline, task_runs.task, task_runs.duration_s, row_number() OVER (
        PARTITION BY runs.pipeline, task_runs.task
        ORDER BY task_runs.finished_at DESC, runs.run_id DESC
    ) AS number
    FROM task_runs JOIN runs ON runs.run_id = task_runs.run_id
    WHERE task_runs.state = 'success' AND NOT task_runs.cached AND task_runs.duration_s IS NOT NULL
) AS ended WHERE number = 1
"""


def upgrade() -> None:
    """Make the table and fill it."""
    op.create_table(
        "durations",
        sa.Column("pipeline", sa.Text, primary_key=True),
        sa.Column("task", sa.String, primary_key=True),
        sa.Column("duration_s", sa.Float, nullable=False),
    )
    op.execute(_FROM_HISTORY)
