"""What a scheduled run tells its notebook of itself, if the parameters cell asks for it.

The law: only what is declared is given, in the type it is declared with: times as aware datetimes in UTC, as the day
that it is by the schedule's clocks, or, of any other type that can hold it, as ISO text.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, tzinfo

from jupyter_dagflow.core.calendar.intervals import DataInterval
from jupyter_dagflow.core.calendar.local_time import UTC
from jupyter_dagflow.core.errors import Location, ParameterError
from jupyter_dagflow.core.model import Parameter, RunId

_TEXT = ("str", "any")  # a default of None tells no type


def fire_parameters(
    parameters: Iterable[Parameter],
    interval: DataInterval,
    *,
    zone: tzinfo,
    run_id: RunId,
    schedule_name: str,
    given: Collection[str],
    notebook: str,
) -> dict[str, object]:
    """The values of those declared that a run of this interval fills in, but for those ``given`` by the schedule.

    Raises `ParameterError` for one whose type cannot hold its value.

    >>> from datetime import timedelta, timezone
    >>> declared = [Parameter(name="data_interval_end", type="str", default="", cell="a", cell_index=0, line=1)]
    >>> start = datetime(2024, 1, 1, tzinfo=timezone.utc)
    >>> fire_parameters(declared, DataInterval(start, start + timedelta(days=1)), zone=timezone.utc,
    ...     run_id=RunId("r"), schedule_name="etl", given=(), notebook="etl.ipynb")
    {'data_interval_end': '2024-01-02T00:00:00+00:00'}
    """
    values: dict[str, datetime | str] = {
        "logical_date": interval.logical_date,
        "data_interval_start": interval.start,
        "data_interval_end": interval.end,
        "run_id": run_id,
        "schedule_name": schedule_name,
    }
    return {
        each.name: _typed(each, values[each.name], zone, notebook)
        for each in parameters
        if each.name in values and each.name not in given
    }


def _typed(parameter: Parameter, value: datetime | str, zone: tzinfo, notebook: str) -> object:
    is_time = isinstance(value, datetime)
    if isinstance(value, datetime):
        match parameter.type:
            case "datetime":
                return value.astimezone(UTC)
            case "date":
                return value.astimezone(zone).date()
        value = value.astimezone(UTC).isoformat()
    if parameter.type in _TEXT:
        return value
    fitting = "datetime, date or str" if is_time else "str"
    raise ParameterError(
        f"Parameter {parameter.name!r} is of type {parameter.type}, and a scheduled run gives it "
        f"{'a time' if is_time else 'a text'}.",
        hint=f"Declare it as {fitting}, or give the schedule a value for it: -p {parameter.name}=VALUE.",
        where=Location(
            notebook=notebook,
            cell=parameter.cell,
            cell_index=parameter.cell_index,
            line=parameter.line,
            file_line=parameter.file_line,
        ),
    )
