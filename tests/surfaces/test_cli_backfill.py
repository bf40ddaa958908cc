"""``dagflow backfill`` with real runs: once each, whoever dies, and however often it is typed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from jupyter_dagflow.app import Dagflow
from jupyter_dagflow.core.errors import KernelNotInstalled

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
BOUNDS = ("--start", "2026-01-01", "--end", "2026-01-30")
COMMAND = [sys.executable, "-m", "jupyter_dagflow.surfaces.cli.main"]
CELLS = [
    ("parameters", "n = 3\nfails = False\ndata_interval_start = ''"),
    ("task:load keep:told", "told = [n, data_interval_start]\nassert not fails"),
]


@pytest.fixture
def add(dagflow: Callable[..., Any]) -> Callable[..., None]:
    """Write the notebook, and add a daily schedule for it with these options."""

    def added(*options: str, cells: list[tuple[str, str]] = CELLS) -> None:
        content = {
            "cells": [
                {
                    "cell_type": "code",
                    "id": f"cell-{i}",
                    "metadata": {"tags": tags.split()},
                    "source": source,
                    "outputs": [],
                    "execution_count": None,
                }
                for i, (tags, source) in enumerate(cells)
            ],
            "metadata": {
                "kernelspec": {"name": "python3", "display_name": "3", "language": "python"}
            },
            "nbformat": 4,
            "nbformat_minor": 5,
        }
        Path("etl.ipynb").write_text(json.dumps(content))
        assert dagflow("schedule", "add", "etl.ipynb", "--cron", "@daily", *options).code == 0

    return added


def runs_by_day() -> dict[datetime, list[str]]:
    found: dict[datetime, list[str]] = {}
    for run in Dagflow().history(limit=1000):
        assert run.logical_date is not None
        found.setdefault(run.logical_date, []).append(run.state.value)
    return dict(sorted(found.items()))


def days(count: int, *states: str) -> dict[datetime, list[str]]:
    return {START + timedelta(days=n): list(states) for n in range(count)}


def most_at_once() -> int:
    """How many runs there were at once."""
    app = Dagflow()
    moments = []
    for run in app.history(limit=1000):
        assert run.started_at is not None
        assert run.finished_at is not None
        moments += [(run.started_at, 1), (run.finished_at, -1)]
    most = now = 0
    for _, change in sorted(moments):
        now += change
        most = max(most, now)
    return most


def test_thirty_days_are_run_several_at_once_and_once_each(
    add: Callable[..., None], dagflow: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGFLOW_JOBS", "3")
    add()
    would = dagflow("backfill", "etl", *BOUNDS, "--dry-run")
    assert (would.code, would.out.count("would run")) == (0, 31)
    assert runs_by_day() == {}
    days_of_month = "n={{ data_interval_start.day * 2 }}"
    answer = dagflow("backfill", "etl", *BOUNDS, "-p", days_of_month, "--json")
    assert answer.code == 0
    intervals = json.loads(answer.out)["intervals"]
    assert [each["state"] for each in intervals] == ["success"] * 30
    assert "backfill of etl: 30 of 30 have ended" in answer.err
    assert runs_by_day() == days(30, "success")
    assert 1 < most_at_once() <= 3
    app = Dagflow()
    assert app.open_run(intervals[4]["run_id"]).value("told") == [10, "2026-01-05T00:00:00+00:00"]
    again = dagflow("backfill", "etl", *BOUNDS)
    assert again.code == 0
    assert "Nothing was left to run" in again.out
    assert runs_by_day() == days(30, "success")


def test_what_failed_is_run_again_if_so_asked(
    add: Callable[..., None], dagflow: Callable[..., Any]
) -> None:
    add("-p", "fails=true")
    three = ("--start", "2026-01-01", "--end", "2026-01-03")
    first = dagflow("backfill", "etl", *three)
    assert first.code == 1
    assert "3 of 3 have ended, 3 failed" in first.err
    assert dagflow("backfill", "etl", *three).code == 0, "nothing was left to run"
    mended = dagflow("backfill", "etl", *three, "--reprocess", "failed", "-p", "fails=false")
    assert mended.code == 0
    assert runs_by_day() == days(3, "success", "failed")
    assert dagflow("backfill", "etl", *three, "--reprocess", "failed").code == 0
    assert runs_by_day() == days(3, "success", "failed")
    newest_first = dagflow("backfill", "etl", *three, "--reprocess", "all", "--reverse", "--json")
    assert newest_first.code == 1, "it has the schedule's own parameters"
    listed = [each["logical_date"] for each in json.loads(newest_first.out)["intervals"]]
    assert listed == sorted(listed, reverse=True)
    assert runs_by_day() == days(3, "failed", "success", "failed")


def test_two_that_are_typed_at_once_run_each_interval_once(
    add: Callable[..., None], dagflow: Callable[..., Any]
) -> None:
    add()
    commands = [
        subprocess.Popen([*COMMAND, "backfill", "etl", *BOUNDS[:3], "2026-01-08"]) for _ in range(2)
    ]
    assert [command.wait() for command in commands] == [0, 0]
    assert runs_by_day() == days(8, "success")


@pytest.mark.parametrize(
    "next_command", [["backfill", "etl", *BOUNDS[:3], "2026-01-08"], ["serve"]]
)
def test_one_that_is_killed_goes_on_in_whatever_comes_next(
    next_command: list[str], add: Callable[..., None], dagflow: Callable[..., Any]
) -> None:
    add()
    first = subprocess.Popen([*COMMAND, "backfill", "etl", *BOUNDS[:3], "2026-01-08"])
    while Counter(state for states in runs_by_day().values() for state in states)["success"] < 2:
        assert first.poll() is None
        time.sleep(0.05)
    first.kill()
    first.wait()
    after = subprocess.Popen([*COMMAND, *next_command])
    while runs_by_day() != days(8, "success"):
        if after.poll() is not None:
            break
        time.sleep(0.1)
    if next_command == ["serve"]:
        os.kill(after.pid, signal.SIGTERM)
    assert after.wait() == 0
    assert runs_by_day() == days(8, "success")


@pytest.mark.parametrize(("way", "code"), [("interrupt", 130), ("command", 1)])
def test_interrupted_or_told_so_it_is_cancelled(
    way: str, code: int, add: Callable[..., None], dagflow: Callable[..., Any]
) -> None:
    add(cells=[CELLS[0], ("task:wait", "import time\ntime.sleep(600)")])
    command = subprocess.Popen([*COMMAND, "backfill", "etl", *BOUNDS, "--jobs", "2"])
    while ["running"] not in runs_by_day().values():
        assert command.poll() is None
        time.sleep(0.05)
    if way == "interrupt":
        os.kill(command.pid, signal.SIGINT)
    else:
        told = dagflow("backfill", "etl", "--cancel", "--json")
        assert (told.code, json.loads(told.out)["schedule"]) == (0, "etl")
        assert json.loads(told.out)["cancelled"] >= 28
    assert command.wait() == code
    assert set(map(tuple, runs_by_day().values())) == {("cancelled",)}
    assert len(runs_by_day()) <= 2
    assert Dagflow().metastore.backfills.unfinished("etl") == []


WAITS = [
    ("parameters", "n = 3"),
    (
        "task:wait",
        "import time\nfrom pathlib import Path\nwhile not Path('go').exists():\n    time.sleep(0.05)",
    ),
]


def begun(command: subprocess.Popen[bytes], count: int) -> None:
    """Wait until so many runs are running."""
    while sum(states == ["running"] for states in runs_by_day().values()) < count:
        assert command.poll() is None
        time.sleep(0.05)


def test_one_that_is_interrupted_leaves_others_of_the_schedule_alone(
    add: Callable[..., None], dagflow: Callable[..., Any]
) -> None:
    add(cells=WAITS)
    first = subprocess.Popen([*COMMAND, "backfill", "etl", *BOUNDS[:3], "2026-01-02"])
    begun(first, 2)
    second = subprocess.Popen(
        [*COMMAND, "backfill", "etl", "--start", "2026-01-05", "--end", "2026-01-06"]
    )
    begun(second, 4)
    second.send_signal(signal.SIGINT)
    assert second.wait() == 130
    Path("go").touch()
    assert first.wait() == 0
    assert list(runs_by_day().values()) == [["success"]] * 2 + [["cancelled"]] * 2


def test_one_that_goes_on_with_what_another_left_may_cancel_it(
    add: Callable[..., None], dagflow: Callable[..., Any]
) -> None:
    add(cells=WAITS)
    first = subprocess.Popen([*COMMAND, "backfill", "etl", *BOUNDS, "--jobs", "1"])
    begun(first, 1)
    first.kill()
    first.wait()
    second = subprocess.Popen([*COMMAND, "backfill", "etl", *BOUNDS], stderr=subprocess.PIPE)
    assert second.stderr is not None
    while b"goes on here" not in second.stderr.readline():
        assert second.poll() is None
    second.send_signal(signal.SIGINT)
    second.stderr.read()
    assert second.wait() == 130
    assert list(runs_by_day().values()) == [["cancelled"]]
    assert Dagflow().metastore.backfills.unfinished("etl") == []


def test_it_takes_over_no_run_of_somebody_else(
    add: Callable[..., None], dagflow: Callable[..., Any]
) -> None:
    add()
    other = Path("other.ipynb")
    other.write_text(
        Path("etl.ipynb").read_text().replace("told = ", "import time; time.sleep(600); told = ")
    )
    lost = subprocess.Popen([*COMMAND, "run", "other.ipynb"])
    app = Dagflow()
    while [run.state.value for run in app.history()] != ["running"]:
        assert lost.poll() is None
        time.sleep(0.05)
    lost.kill()
    lost.wait()
    answer = dagflow("backfill", "etl", *BOUNDS[:3], "2026-01-04")
    assert (answer.code, "goes on here" in answer.err) == (0, False)
    (left,) = app.history(pipeline="other")
    assert app.has_lost_its_runner(left.run_id)
    app.request_cancel(left.run_id)


def test_without_the_kernel_it_says_so_and_ends(
    add: Callable[..., None], dagflow: Callable[..., Any]
) -> None:
    add()
    path = Path("etl.ipynb")
    path.write_text(path.read_text().replace('"name": "python3"', '"name": "gone"'))
    answer = dagflow("backfill", "etl", *BOUNDS)
    assert (answer.code, answer.out) == (3, "")
    assert "asks for the kernel 'gone', which is not installed." in answer.err
    assert Dagflow().metastore.backfills.unfinished("etl") == []


def test_what_the_machine_lacks_later_ends_the_command_not_the_backfill(
    add: Callable[..., None], dagflow: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    add()
    three = (*BOUNDS[:3], "2026-01-03")

    def gone(*_: object, **__: object) -> None:
        raise KernelNotInstalled("The notebook asks for the kernel 'gone', which is not installed.")

    with monkeypatch.context() as patched:
        patched.setattr("jupyter_dagflow.app.require_kernels", gone)
        answer = dagflow("backfill", "etl", *three)
    assert answer.code == 3
    assert "backfill of etl: what has not begun waits; dagflow serve or this command" in answer.err
    assert dagflow("backfill", "etl", *three).code == 0
    assert runs_by_day() == days(3, "success")


def test_the_pools_of_tasks_hold_for_all_its_runs(
    add: Callable[..., None], dagflow: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGFLOW_JOBS", "4")
    add(cells=[CELLS[0], ("task:load pool:database", "m = n")])
    assert dagflow("backfill", "etl", *BOUNDS[:3], "2026-01-04", "--jobs", "4").code == 0
    assert runs_by_day() == days(4, "success")
    assert most_at_once() == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--start", "2026-01-01"], "The backfill is given no --end."),
        (["--end", "2026-01-01"], "The backfill is given no --start."),
        (["--start", "then", "--end", "2026-01-01"], "--start is 'then', which is no time."),
        (["--start", "2026-01-02", "--end", "2026-01-01"], "The backfill ends before it starts"),
        ([*BOUNDS, "--reprocess", "some"], "--reprocess is 'some'."),
        ([*BOUNDS, "--jobs", "x"], "--jobs is 'x'"),
        ([*BOUNDS, "--jobs", "0"], "--jobs is 0."),
        ([*BOUNDS, "-p", "m=1"], "There is no parameter 'm'."),
    ],
)
def test_what_no_backfill_can_be(
    options: list[str], message: str, add: Callable[..., None], dagflow: Callable[..., Any]
) -> None:
    add()
    answer = dagflow("backfill", "etl", *options)
    assert (answer.code, answer.out) == (2, "")
    assert message in answer.err
    assert "next:" in answer.err
    assert dagflow("backfill", "nightly", *BOUNDS).code == 2
