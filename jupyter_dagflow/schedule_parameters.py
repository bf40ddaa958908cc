"""What a schedule's runs are given: the values that it keeps, and those that each of its fires fills in.

The law: what would keep its runs from beginning is told as it is added, and no secret is kept in it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from jupyter_dagflow.core.calendar.intervals import DataInterval
from jupyter_dagflow.core.errors import Location, ParameterError
from jupyter_dagflow.core.fire_parameters import fire_parameters
from jupyter_dagflow.core.fires import Fire
from jupyter_dagflow.core.model import Pipeline, RunId
from jupyter_dagflow.core.parameters import resolve_parameters
from jupyter_dagflow.core.schedule_definition import Schedule
from jupyter_dagflow.core.secrets import variable_of
from jupyter_dagflow.schedule_templates import is_template, rendered
from jupyter_dagflow.scheduling.zones import zone_of

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Kept:
    """Values for parameters, typed, and templates that each run makes its own values of."""

    values: Mapping[str, object]
    templates: Mapping[str, str]

    def over(self, schedule: Schedule) -> Kept:
        """These, and those of a schedule that are not among them."""
        own = self.values.keys() | self.templates.keys()
        return Kept(
            {**_without(schedule.parameters, own), **self.values},
            {**_without(schedule.templates, own), **self.templates},
        )


def kept_parameters(
    pipeline: Pipeline, values: Mapping[str, object], texts: Mapping[str, str]
) -> Kept:
    """What a schedule or a fire is given; raises `ParameterError`, for a secret one, too."""
    secret = {each.name for each in pipeline.parameters if each.secret}
    for name in (*values, *texts):
        if name in secret:
            raise ParameterError(
                f"Parameter {name!r} is secret, and a schedule would keep its value.",
                hint=f"Drop it here, and set {variable_of(name)} where dagflow serve is started.",
                where=Location(notebook=pipeline.notebook),
            )
    templates = {
        name: str(value) for name, value in (*values.items(), *texts.items()) if is_template(value)
    }
    resolved = resolve_parameters(
        pipeline.parameters,
        {name: value for name, value in values.items() if name not in templates},
        texts={name: text for name, text in texts.items() if name not in templates},
        notebook=pipeline.notebook,
    )
    return Kept(resolved, templates)


def given_to(schedule: Schedule, fire: Fire) -> Kept:
    """What a fire is given: its own comes before that of its schedule."""
    return Kept(fire.parameters, fire.templates).over(schedule)


def _without(given: Mapping[str, T], names: Collection[str]) -> dict[str, T]:
    return {name: value for name, value in given.items() if name not in names}


def filled_in(
    pipeline: Pipeline, schedule: Schedule, interval: DataInterval, *, run_id: RunId, given: Kept
) -> dict[str, object]:
    """What a run of an interval is given, with what it fills in itself; raises `ParameterError`."""
    zone = zone_of(schedule)
    texts = rendered(
        given.templates,
        interval,
        zone=zone,
        run_id=run_id,
        schedule_name=schedule.name,
        notebook=pipeline.notebook,
    )
    own = fire_parameters(
        pipeline.parameters,
        interval,
        zone=zone,
        run_id=run_id,
        schedule_name=schedule.name,
        given={*given.values, *given.templates},
        notebook=pipeline.notebook,
    )
    made = resolve_parameters(pipeline.parameters, {}, texts=texts, notebook=pipeline.notebook)
    return {**given.values, **made, **own}


def check_filled_in(pipeline: Pipeline, schedule: Schedule, given: Kept, *, now: datetime) -> None:
    """Raise `ParameterError` for what a run of the schedule could not be given, or not fill in."""
    filled_in(pipeline, schedule, DataInterval(now, now), run_id=RunId(""), given=given)
