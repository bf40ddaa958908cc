"""Values of parameters that a schedule makes anew for each run, as Jinja templates.

The law: a template sees what its fire is about and nothing else, by the clocks of the schedule, and cannot reach out of
itself; what it does not know is an error, told as the schedule is added.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo
from functools import cache
from typing import TYPE_CHECKING

from jupyter_dagflow.core.calendar.intervals import DataInterval
from jupyter_dagflow.core.errors import Location, ParameterError
from jupyter_dagflow.core.model import RunId

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment

KNOWN = ("logical_date", "data_interval_start", "data_interval_end", "run_id", "schedule_name")
_FORMATS = {
    "ds": "%Y-%m-%d",
    "ds_nodash": "%Y%m%d",
    "ts_nodash": "%Y%m%dT%H%M%S",
    "ts_nodash_with_tz": "%Y%m%dT%H%M%S%z",
}


def is_template(value: object) -> bool:
    """Whether what was given for a parameter is a template."""
    return isinstance(value, str) and ("{{" in value or "{%" in value)


def rendered(
    templates: Mapping[str, str],
    interval: DataInterval,
    *,
    zone: tzinfo,
    run_id: RunId,
    schedule_name: str,
    notebook: str,
) -> dict[str, str]:
    """The texts of the parameters that are given as templates; raises `ParameterError`.

    >>> from datetime import timedelta, timezone
    >>> start = datetime(2024, 1, 1, tzinfo=timezone.utc)
    >>> rendered({"day": "{{ data_interval_start | ds }}"}, DataInterval(start, start + timedelta(days=1)),
    ...     zone=timezone.utc, run_id=RunId("r"), schedule_name="etl", notebook="etl.ipynb")
    {'day': '2024-01-01'}
    """
    known = dict(
        zip(
            KNOWN,
            (
                *(at.astimezone(zone) for at in (interval.start, interval.start, interval.end)),
                run_id,
                schedule_name,
            ),
            strict=True,
        )
    )
    found = {}
    for name, text in templates.items():
        try:
            found[name] = _environment().from_string(text).render(known)
        except Exception as error:  # noqa: BLE001 -- a template is code of the user's, and may raise anything
            raise ParameterError(
                f"The template for parameter {name!r} cannot be filled in: {str(error) or type(error).__name__}.",
                hint=f"It may use {', '.join(KNOWN)}, and the filters ts, {', '.join(_FORMATS)}: "
                f"-p {name}='{{{{ data_interval_start | ds }}}}'.",
                where=Location(notebook=notebook),
            ) from None
    return found


@cache
def _environment() -> SandboxedEnvironment:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    environment = SandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
    environment.filters["ts"] = datetime.isoformat
    for name, form in _FORMATS.items():
        environment.filters[name] = _formatter(form)
    return environment


def _formatter(form: str) -> Callable[[datetime], str]:
    return lambda at: at.strftime(form)
