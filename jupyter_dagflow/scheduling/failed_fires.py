"""The run of a fire that cannot begin: it has failed before any of its tasks was known, and says why.

The law: it is a run as any other to whoever lists runs, counts failures or asks what became of an interval.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from jupyter_dagflow.core.errors import DagflowError
from jupyter_dagflow.core.events import (
    NOT_BEGUN,
    Event,
    RunCreated,
    RunFinished,
    RunStarted,
    TaskFailure,
)
from jupyter_dagflow.core.fires import Fire
from jupyter_dagflow.core.model import CellId
from jupyter_dagflow.core.run_config import RunConfig
from jupyter_dagflow.core.schedule_definition import Schedule
from jupyter_dagflow.core.states import RunState


def failure_of(error: Exception) -> TaskFailure:
    """Why a run cannot begin; what is no error of ours is a fault of ours."""
    if not isinstance(error, DagflowError):
        return TaskFailure(kind="internal", message=f"{type(error).__name__}: {error}")
    where = error.where
    return TaskFailure(
        kind=NOT_BEGUN,
        message=error.message,
        hint=error.hint,
        cell=None if where.cell is None else CellId(where.cell),
        cell_index=where.cell_index,
        line=where.line,
        file_line=where.file_line,
    )


def failed_run(
    schedule: Schedule, fire: Fire, failure: TaskFailure, *, at: datetime
) -> list[Event]:
    """All that happens in the run of a fire that cannot begin."""
    run_id, notebook = fire.run_id, Path(schedule.notebook)
    config = RunConfig(
        folder=str(notebook.parent),
        by=schedule.by.value,
        keep_all=schedule.keep_all,
        schedule=schedule.name,
    )
    return [
        RunCreated(
            run_id=run_id,
            seq=1,
            at=at,
            pipeline=notebook.stem,
            notebook=schedule.notebook,
            parameters={
                **schedule.parameters,
                **schedule.templates,
                **fire.parameters,
                **fire.templates,
            },
            tasks=(),
            trigger=fire.kind.value,
            options=config.options(),
            data_interval=fire.interval,
        ),
        RunStarted(run_id=run_id, seq=2, at=at),
        RunFinished(run_id=run_id, seq=3, at=at, state=RunState.FAILED, failure=failure),
    ]
