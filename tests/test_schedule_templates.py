"""Templates of schedules: what they may say, and what they may not."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from jupyter_dagflow.core.calendar.intervals import DataInterval
from jupyter_dagflow.core.errors import ParameterError
from jupyter_dagflow.core.model import RunId
from jupyter_dagflow.schedule_templates import KNOWN, is_template, rendered

START = datetime(2026, 3, 1, 23, tzinfo=timezone.utc)  # midnight in Berlin
DAY = DataInterval(START, START + timedelta(days=1))


def text_of(template: str) -> str:
    found = rendered(
        {"p": template},
        DAY,
        zone=ZoneInfo("Europe/Berlin"),
        run_id=RunId("r1"),
        schedule_name="etl",
        notebook="etl.ipynb",
    )
    return found["p"]


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ data_interval_start | ds }}", "2026-03-02"),
        ("{{ logical_date | ds_nodash }}", "20260302"),
        ("{{ data_interval_end | ts }}", "2026-03-03T00:00:00+01:00"),
        ("{{ data_interval_end | ts_nodash }}", "20260303T000000"),
        ("{{ data_interval_end | ts_nodash_with_tz }}", "20260303T000000+0100"),
        ("out/{{ schedule_name }}-{{ run_id }}.csv", "out/etl-r1.csv"),
        ("{{ (data_interval_end - data_interval_start).days }}", "1"),
        ("{% if logical_date.day == 2 %}second{% else %}other{% endif %}", "second"),
        ("{{ '{{' }}", "{{"),
        ("<{{ schedule_name }} & co>", "<etl & co>"),
    ],
)
def test_what_a_template_says(template: str, expected: str) -> None:
    assert is_template(template)
    assert text_of(template) == expected


def test_what_is_no_template() -> None:
    assert not any(map(is_template, ("2026-03-01", "{'a': {'b': 1}}", 3, None, ["{{ x }}"])))


@pytest.mark.parametrize(
    "template",
    [
        "{{ data_interval_stat }}",
        "{{ data_interval_start | date }}",
        "{{ run_id | ds }}",
        "{{ data_interval_start",
        "{{ 1 / 0 }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ self.__init__.__globals__ }}",
        "{% include 'etc' %}",
        "{% for i in range(10 ** 9) %}x{% endfor %}",
    ],
)
def test_what_it_cannot_say_is_an_error_that_tells_what_it_can(template: str) -> None:
    with pytest.raises(ParameterError) as caught:
        text_of(template)
    assert caught.value.message.startswith("The template for parameter 'p' cannot be filled in: ")
    assert all(name in str(caught.value.hint) for name in (*KNOWN, "ds_nodash"))
