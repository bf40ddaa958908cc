"""What a schedule's runs are given: the values that it keeps, and those that each of its fires fills in.

The law: what would keep its runs from beginning is told as it is added, and no secret is kept in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from jupyter_dagflow.core.calendar.intervals import DataInterval
from jupyter_dagflow.core.errors import Location, ParameterError
from jupyter_dagflow.core.fire_parameters import fire_parameters
from jupyter_dagflow.core.model import Pipeline, RunId
from jupyter_dagflow.core.parameters import resolve_parameters
from jupyter_dagflow.core.schedule_definition import Schedule
from jupyter_dagflow.core.secrets import variable_of
from jupyter_dagflow.scheduling.zones import zone_of


def kept_parameters(
    pipeline: Pipeline, values: Mapping[str, object], texts: Mapping[str, str]
) -> dict[str, object]:
    """The values that a schedule or a fire is given, typed; raises `ParameterError`, for a secret one, too."""
    secret = {each.name for each in pipeline.parameters if each.secret}
    for name in (*values, *texts):
        if name in secret:
            raise ParameterError(
                f"Parameter {name!r} is secret, and a schedule would keep its value.",
                hint=f"Drop it here, and set {variable_of(name)} where dagflow serve is started.",
                where=Location(notebook=pipeline.notebook),
            )
    return resolve_parameters(pipeline.parameters, values, texts=texts, notebook=pipeline.notebook)


def filled_in(
    pipeline: Pipeline,
    schedule: Schedule,
    interval: DataInterval,
    *,
    run_id: RunId,
    given: Mapping[str, object],
) -> dict[str, object]:
    """What a run of an interval is given, with what it fills in itself; raises `ParameterError`."""
    own = fire_parameters(
        pipeline.parameters,
        interval,
        zone=zone_of(schedule),
        run_id=run_id,
        schedule_name=schedule.name,
        given=given,
        notebook=pipeline.notebook,
    )
    return {**given, **own}


def check_filled_in(pipeline: Pipeline, schedule: Schedule, *, now: datetime) -> None:
    """Raise `ParameterError` if the notebook declares something that a scheduled run cannot fill in."""
    filled_in(
        pipeline, schedule, DataInterval(now, now), run_id=RunId(""), given=schedule.parameters
    )
