"""What a scheduled run tells its notebook: each declaration as a table, and what no type can hold."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from syrupy.assertion import SnapshotAssertion

from jupyter_dagflow.core.calendar.intervals import DataInterval
from jupyter_dagflow.core.errors import ParameterError
from jupyter_dagflow.core.fire_parameters import fire_parameters
from jupyter_dagflow.core.model import RunId
from jupyter_dagflow.core.parameters import resolve_parameters
from tests.core.test_parameters import declare

START = datetime(2024, 6, 30, 22, tzinfo=timezone.utc)  # midnight in Berlin
END = START + timedelta(days=1)
BERLIN = ZoneInfo("Europe/Berlin")


def told(code: str, *given: str) -> dict[str, object]:
    return fire_parameters(
        declare(code),
        DataInterval(START.astimezone(BERLIN), END.astimezone(BERLIN)),
        zone=BERLIN,
        run_id=RunId("r1"),
        schedule_name="etl",
        given=given,
        notebook="etl.ipynb",
    )


# what the parameters cell says -> what the run fills in
TOLD = [
    ("n = 3", {}),
    ("run_id = ''\nschedule_name: str = ''", {"run_id": "r1", "schedule_name": "etl"}),
    ("logical_date = datetime(2024, 1, 1)", {"logical_date": START}),
    ("logical_date: datetime | None = None", {"logical_date": START}),
    ("logical_date: date = None", {"logical_date": date(2024, 7, 1)}),
    ("data_interval_start = ''", {"data_interval_start": "2024-06-30T22:00:00+00:00"}),
    ("data_interval_end = None", {"data_interval_end": "2024-07-01T22:00:00+00:00"}),
]


@pytest.mark.parametrize(("code", "values"), TOLD)
def test_what_is_declared_is_told_in_its_type(code: str, values: dict[str, object]) -> None:
    found = told(code)
    assert found == values
    assert [type(each) for each in found.values()] == [type(each) for each in values.values()]
    assert all(each.tzinfo is timezone.utc for each in found.values() if type(each) is datetime)
    assert resolve_parameters(declare(code), found, notebook="etl.ipynb") == values


def test_what_the_schedule_gives_itself_is_left_alone() -> None:
    assert told("run_id = 7\nschedule_name = ''", "run_id") == {"schedule_name": "etl"}


def test_what_a_type_cannot_hold_is_said_with_those_that_can(snapshot: SnapshotAssertion) -> None:
    said = []
    for code in ("n = 1\nlogical_date = 20240101", "run_id = 7"):
        with pytest.raises(ParameterError) as caught:
            told(code)
        said.append(str(caught.value))
    assert "\n".join(said) == snapshot
