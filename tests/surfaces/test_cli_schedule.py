"""``dagflow schedule``, and ``dagflow serve`` with a notebook that runs when it should."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from jupyter_dagflow.app import Dagflow
from jupyter_dagflow.core.states import RunState
from jupyter_dagflow.run_handle import LiveRun
from jupyter_dagflow.scheduled_runs import ScheduledRuns

CELLS = [
    ("parameters", "n = 3\ndata_interval_end = ''\nschedule_name = None\napi_key = ''"),
    ("task:load keep:told", "told = [n, data_interval_end, schedule_name]"),
]


@pytest.fixture
def notebook(dagflow: Callable[..., Any]) -> Path:
    """A notebook in the working directory that the commands have."""
    cells = [
        {
            "cell_type": "code",
            "id": f"cell-{i}",
            "metadata": {"tags": tags.split()},
            "source": source,
            "outputs": [],
            "execution_count": None,
        }
        for i, (tags, source) in enumerate(CELLS)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    content = {
        "cells": cells,
        "metadata": {"kernelspec": kernel},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path = Path("etl.ipynb").absolute()
    path.write_text(json.dumps(content))
    return path


def test_a_schedule_from_its_beginning_to_its_end(
    notebook: Path, dagflow: Callable[..., Any]
) -> None:
    assert dagflow("schedule", "list").out.startswith("No schedules yet.")
    times = ("--cron", "30 2 * * *", "--tz", "Europe/Berlin", "--start", "2999-03-29")
    added = dagflow("schedule", "add", "etl.ipynb", *times, "-p", "n=5", "--misfire", "2h")
    assert (added.code, added.err) == (
        0,
        "\nschedule etl is added; it runs as long as dagflow serve does\n",
    )
    explained, _, *lines = added.out.splitlines()
    assert explained == "At 02:30 (Europe/Berlin)"
    assert lines[0].split("  ")[0] == "fires (Europe/Berlin)"
    assert len(lines) == 1 + 5
    assert lines[1].startswith("2999-03-30 02:30:00")
    row = json.loads(dagflow("schedule", "list", "--json").out)
    assert row == [
        {
            "name": "etl",
            "notebook": f"/TMP/{notebook.parent.name}/{notebook.name}",
            "times": "30 2 * * *",
            "zone": "Europe/Berlin",
            "paused": False,
            "next_at": "2999-03-30T01:30:00Z",
            "active": [],
            "last_state": None,
        }
    ]
    shown = json.loads(dagflow("schedule", "show", "etl", "--json").out)
    assert (shown["parameters"], shown["fires"], shown["missed"]) == ({"n": 5}, [], [])
    (following,) = json.loads(dagflow("schedule", "next", "etl", "-n", "1", "--json").out)
    assert following == {
        "fire_at": "2999-03-30T01:30:00Z",
        "logical_date": "2999-03-29T01:30:00Z",
        "data_interval_start": "2999-03-29T01:30:00Z",
        "data_interval_end": "2999-03-30T01:30:00Z",
    }
    assert dagflow("schedule", "pause", "etl").code == 0
    assert "paused" in dagflow("schedule", "list").out
    assert dagflow("schedule", "resume", "etl").code == 0
    assert "paused" not in dagflow("schedule", "list").out
    asked = dagflow("schedule", "trigger", "etl", "-p", "n=7")
    run_id = re.findall(r"\d{8}-\d{6}-[0-9a-f]{6}", asked.out)[0]
    (fire,) = json.loads(dagflow("schedule", "show", "etl", "--json").out)["fires"]
    assert (fire["run_id"], fire["kind"], fire["waits"]) == (run_id, "manual", True)
    assert dagflow("schedule", "remove", "etl").code == 0
    assert dagflow("schedule", "show", "etl").code == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "The schedule etl is given no time at all."),
        (["--cron", "99 * * * *"], "'99' is no minute in the cron expression '99 * * * *'."),
        (["--every", "1m", "--at", "2999-01-01"], "The schedule etl is given --every and --at."),
        (["--every", "often"], "--every is 'often'."),
        (["--at", "soon"], "--at is 'soon', which is no time."),
        (["--every", "1m", "--start", "0001-01-01"], "--start is '0001-01-01'."),
        (["--every", "1m", "--tz", "Mars"], "--tz is 'Mars', which is no time zone"),
        (["--every", "1m", "--tz", "../etc"], "--tz is '../etc', which is no time zone"),
        (["--every", "1m", "--overlap", "both"], "--overlap is 'both'."),
        (["--every", "1m", "--misfire", "x"], "--misfire is 'x'."),
        (["--every", "1m", "--keep-runs", "1" + "0" * 400], "--keep-runs is 1000"),
        (["--every", "1m", "--keep-for", "1" + "0" * 400 + "d"], "--keep-for is inf, which makes"),
        (["--every", "1m", "--name", "a b"], "'a b' cannot be the name of a schedule."),
        (["--every", "1m", "--catchup", "--overlap", "skip"], "--catchup runs every interval, and"),
        (["--every", "1m", "-p", "m=1"], "There is no parameter 'm'."),
        (["--every", "1m", "-p", "n=x"], "Parameter 'n'"),
        (["--every", "1m", "-p", "n={{ logical_date | ds }}"], "Parameter 'n'"),
        (["--every", "1m", "-p", "n={{ when }}"], "'when' is undefined."),
        (["--every", "1m", "-p", "m={{ run_id }}"], "There is no parameter 'm'."),
        (["--every", "1m", "-p", "api_key={{ run_id }}"], "Parameter 'api_key' is secret, and"),
        (["--every", "1m", "-p", "api_key=abc"], "Parameter 'api_key' is secret, and a schedule"),
    ],
)
def test_what_no_schedule_can_be(
    options: list[str], message: str, notebook: Path, dagflow: Callable[..., Any]
) -> None:
    answer = dagflow("schedule", "add", "etl.ipynb", *options)
    assert (answer.code, answer.out) == (2, "")
    assert message in answer.err
    assert "next:" in answer.err
    assert "abc" not in answer.err
    assert dagflow("schedule", "list").out.startswith("No schedules yet.")


def test_the_next_runs_are_shown_in_words_before_it_is_added(
    notebook: Path, dagflow: Callable[..., Any]
) -> None:
    times = ("--cron", "0 6 * * mon-fri", "--tz", "Europe/Berlin")
    shown = dagflow("schedule", "add", "etl.ipynb", *times, "--dry-run")
    assert (shown.code, shown.err) == (0, "")
    said, _, _, *runs = shown.out.splitlines()
    assert said == "At 06:00, Monday through Friday (Europe/Berlin)"
    assert len(runs) == 5
    assert dagflow("schedule", "list").out.startswith("No schedules yet.")
    assert dagflow("schedule", "add", "etl.ipynb", *times).out == shown.out


def tick_and_wait() -> dict[str, Any]:
    """Begin what is due, wait for it, and give the newest run with what it told."""
    app, runs = Dagflow(), list[LiveRun]()
    scheduler = ScheduledRuns(app).scheduler(own=runs.append, tell=lambda line: None)
    with scheduler.beginning():
        scheduler.tick()
        while app.metastore.schedules.find("etl").waiting:
            time.sleep(0.01)
    for run in runs:
        run.wait()
    newest = app.open_run("latest")
    found: dict[str, Any] = {"state": newest.state, "view": newest.view}
    if newest.state is RunState.SUCCESS:
        found["told"] = newest.value("told")
    app.close()
    return found


def test_one_that_is_pinned_runs_the_notebook_as_it_was(
    notebook: Path, dagflow: Callable[..., Any]
) -> None:
    notebook.write_text(notebook.read_text().replace("\\napi_key = ''", ""))
    assert dagflow("schedule", "add", "etl.ipynb", "--every", "1h", "--pin").code == 0
    pin = json.loads(dagflow("schedule", "show", "etl", "--json").out)["pin"]
    assert f"pinned to        {pin[:12]}\n" in dagflow("schedule", "show", "etl").out
    before = notebook.read_text()
    notebook.write_text(before.replace("told = [n", "told = ['new', n"))
    assert "(the file has changed since)" in dagflow("schedule", "show", "etl").out
    assert dagflow("schedule", "trigger", "etl", "-p", "n=7").code == 0
    assert tick_and_wait()["told"][0] == 7
    assert dagflow("schedule", "update", "etl", "--misfire", "1h").code == 0
    notebook.unlink()
    assert dagflow("schedule", "trigger", "etl", "-p", "n=8").code == 0
    assert tick_and_wait()["told"][0] == 8
    assert "(the file cannot be read any more)" in dagflow("schedule", "show", "etl").out
    notebook.write_text(before.replace("told = [n", "told = ['new', n"))
    assert dagflow("schedule", "update", "etl", "--pin").code == 0
    assert dagflow("schedule", "trigger", "etl").code == 0
    assert tick_and_wait()["told"][0] == "new"
    assert dagflow("schedule", "update", "etl", "--no-pin").code == 0
    assert json.loads(dagflow("schedule", "show", "etl", "--json").out)["pin"] is None


def with_step(folder: Path, notebook: Path, word: str) -> Path:
    """The notebook in a folder of its own, with a step that gives the word."""
    folder.mkdir()
    step, outer = (json.loads(notebook.read_text()) for _ in range(2))
    for cell, tags, source in (
        (step["cells"][0], ["parameters"], "n = 1"),
        (step["cells"][1], ["task:give"], f"word = {word!r}"),
        (outer["cells"][0], ["parameters"], "n = 1"),
        (
            outer["cells"][1],
            ["task:load", "keep:told"],
            "%dagflow notebook give.ipynb -o word\ntold = word",
        ),
    ):
        cell["metadata"]["tags"], cell["source"] = tags, source
    (folder / "give.ipynb").write_text(json.dumps(step))
    path = folder / "etl.ipynb"
    path.write_text(json.dumps(outer))
    return path


def test_one_that_is_pinned_is_found_behind_a_link_that_leads_elsewhere_by_now(
    notebook: Path, dagflow: Callable[..., Any]
) -> None:
    for word in ("first", "second"):
        with_step(Path(word).absolute(), notebook, word)
    link = Path("current")
    link.symlink_to("first")
    added = dagflow("schedule", "add", "current/etl.ipynb", "--every", "1h", "--pin")
    assert added.code == 0
    link.unlink()
    link.symlink_to("second")
    assert "(the file has changed since)" in dagflow("schedule", "show", "etl").out
    assert dagflow("schedule", "trigger", "etl").code == 0
    assert tick_and_wait()["told"] == "first"
    assert dagflow("schedule", "update", "etl", "--pin").code == 0
    assert dagflow("schedule", "trigger", "etl").code == 0
    assert tick_and_wait()["told"] == "second"


def test_what_steps_are_is_part_of_what_one_is_pinned_to(
    notebook: Path, dagflow: Callable[..., Any]
) -> None:
    path = with_step(Path("first").absolute(), notebook, "first")
    pins = []
    assert dagflow("schedule", "add", str(path), "--every", "1h", "--pin").code == 0
    pins.append(json.loads(dagflow("schedule", "show", "etl", "--json").out)["pin"])
    step = path.with_name("give.ipynb")
    step.write_text(step.read_text().replace("first", "second"))
    assert "(the file has changed since)" in dagflow("schedule", "show", "etl").out
    assert dagflow("schedule", "update", "etl", "--pin").code == 0
    pins.append(json.loads(dagflow("schedule", "show", "etl", "--json").out)["pin"])
    assert pins[0] != pins[1]
    app = Dagflow()
    (folder,) = (app.settings.home / "pinned").glob(f"etl-{pins[1][:12]}")
    index = folder / "steps.json"
    index.write_text(index.read_text().replace("1", "2"))
    assert dagflow("schedule", "trigger", "etl").code == 2, "it is not what was pinned"


def test_what_none_is_pinned_to_any_more_is_removed_after_an_hour(
    notebook: Path, dagflow: Callable[..., Any]
) -> None:
    add = ("schedule", "add", "etl.ipynb", "--every", "1h", "--pin")
    for name in ("etl", "other"):
        assert dagflow(*add, "--name", name).code == 0
    assert dagflow("schedule", "remove", "other").code == 0
    app = Dagflow()
    pinned = app.settings.home / "pinned"
    for age_s in (0, 3500, 3700):
        ScheduledRuns(app).prune_all()
        assert len(list(pinned.iterdir())) == 2
        (mark,) = pinned.glob("*/unneeded")
        assert mark.parent.name.startswith("other-")
        then = time.time() - age_s
        os.utime(mark, (then, then))
    ScheduledRuns(app).prune_all()
    (left,) = pinned.iterdir()
    assert left.name.startswith("etl-")
    app.close()


def test_the_text_of_one_that_may_tell_a_secret_is_not_kept(
    notebook: Path, dagflow: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGFLOW_SECRET_API_KEY", "geheim-4711")
    before = notebook.read_text()
    notebook.write_text(before.replace("api_key = ''", "api_key = 'geheim-4712'"))
    assert dagflow("schedule", "add", "etl.ipynb", "--every", "1h", "--pin").code == 0
    kept = [path for path in Dagflow().settings.home.rglob("*") if path.is_file()]
    assert not any(b"geheim" in path.read_bytes() for path in kept)
    notebook.write_text(before)
    assert dagflow("schedule", "trigger", "etl").code == 2
    again = dagflow("schedule", "update", "etl", "--misfire", "1h")
    assert "The notebook was changed since etl was pinned to it" in again.err
    assert dagflow("schedule", "update", "etl", "--pin").code == 0
    assert dagflow("schedule", "trigger", "etl").code == 0


def test_one_follows_the_success_of_another_with_its_interval(
    notebook: Path, dagflow: Callable[..., Any]
) -> None:
    every = ("--every", "1h", "--start", "2026-01-01")
    follow = ("schedule", "add", "etl.ipynb", "--name", "report", "--on-success", "etl")
    assert "There is no schedule 'etl'" in dagflow(*follow).err
    assert dagflow("schedule", "add", "etl.ipynb", *every).code == 0
    added = dagflow(*follow)
    assert (added.code, added.out) == (0, "Schedule report fires when etl has succeeded.\n")
    assert "when etl has succeeded" in dagflow("schedule", "list").out
    circle = dagflow("schedule", "update", "etl", "--on-success", "report")
    assert (circle.code, "would follow itself" in circle.err) == (2, True)
    for options in (["--catchup"], ["--misfire", "1h"], ["--overlap", "skip"], ["--every", "1h"]):
        assert dagflow(*follow, "--name", "other", *options).code == 2
    bounds = ("--start", "2026-01-01", "--end", "2026-01-01T01:00")
    refused = dagflow("backfill", "report", *bounds)
    assert (refused.code, "has no data intervals of its own" in refused.err) == (2, True)
    assert dagflow("backfill", "etl", *bounds).code == 0
    tick_and_wait()
    tick_and_wait()
    shown = json.loads(dagflow("schedule", "show", "report", "--json").out)["fires"]
    ends = sorted(fire["data_interval_end"] for fire in shown if fire["state"] == "success")
    assert ends[:2] == ["2026-01-01T01:00:00Z", "2026-01-01T02:00:00Z"]


def test_steps_and_values_of_pruned_runs_go_with_them(
    notebook: Path, dagflow: Callable[..., Any]
) -> None:
    path = with_step(Path("first").absolute(), notebook, "first")
    step = path.with_name("give.ipynb")
    step.write_text(step.read_text().replace("word = 'first'", "word = f'n is {n}' * 99"))
    path.write_text(path.read_text().replace("give.ipynb", "give.ipynb -p n=n"))
    every = ("--every", "1h", "--start", "2026-01-01", "--keep-runs", "1")
    assert dagflow("schedule", "add", str(path), *every).code == 0
    for day, n in (("01", 1), ("02", 2), ("03", 2)):
        bounds = ("--start", f"2026-01-{day}", "--end", f"2026-01-{day}")
        assert dagflow("backfill", "etl", *bounds, "-p", f"n={n}").code == 0
    app = Dagflow()
    assert len(app.history()) == 6
    told = [set[str](app.values_of(run.run_id)) for run in app.history() if run.pipeline == "etl"]
    assert told[0] == told[1] != told[2]
    assert dagflow("schedule", "prune", "etl").out.startswith("2 runs of schedule etl deleted;")
    assert len(app.history()) == 2, "the newest and its step"
    store = app.artifacts.root
    left = {file.parent.name + file.name for file in store.rglob("*") if file.is_file()}
    assert left == {digest.partition(":")[2] for digest in told[0]}
    assert app.open_run("latest").value("told") == "n is 2" * 99
    app.close()


def test_the_runs_of_a_schedule_are_pruned_but_for_the_last_success(
    notebook: Path, dagflow: Callable[..., Any]
) -> None:
    notebook.write_text(notebook.read_text().replace("told = [", "assert n < 5\\ntold = ["))
    every = ("--every", "1h", "--start", "2026-01-01")
    assert dagflow("schedule", "add", "etl.ipynb", *every, "--keep-runs", "2").code == 0
    for day, n in (("01", 1), ("02", 2), ("03", 7), ("04", 8), ("05", 9)):
        bounds = ("--start", f"2026-01-{day}", "--end", f"2026-01-{day}")
        assert dagflow("backfill", "etl", *bounds, "-p", f"n={n}").code == int(n > 5)
    before = json.loads(dagflow("runs", "list", "--json").out)
    assert dagflow("schedule", "prune", "etl").out.startswith("2 runs of schedule etl deleted;")
    after = json.loads(dagflow("runs", "list", "--json").out)
    assert after == [before[0], before[1], before[3]]
    assert [run["state"] for run in after] == ["failed", "failed", "success"]
    folders = Dagflow().settings.home / "runs"
    assert {path.name for path in folders.iterdir()} == {run["run_id"] for run in after}
    assert dagflow("schedule", "prune", "etl").out.startswith("0 runs")
    assert len(json.loads(dagflow("schedule", "show", "etl", "--json").out)["fires"]) == 5


POLICIES: dict[tuple[str, ...], dict[str, Any]] = {
    ("--overlap", "queue"): {"overlap": "queue"},
    ("--max-active-runs", "3"): {"max_active_runs": 3},
    ("--misfire", "10m"): {"misfire_s": 600.0},
    ("--jitter", "30s"): {"jitter_s": 30.0},
    ("--depends-on-past",): {"depends_on_past": True},
    ("--pause-after", "2"): {"pause_after": 2},
    ("--expected", "5m"): {"expected_s": 300.0},
    ("--deadline", "1h"): {"deadline_s": 3600.0},
    ("--keep-runs", "9"): {"keep_runs": 9},
    ("--keep-for", "30d"): {"keep_for_s": 2592000.0},
    ("--end", "2999-01-01"): {"end": "2999-01-01T00:00:00Z"},
    ("-p", "n=7"): {"parameters": {"n": 7}},
}
BACK = ["--overlap", "skip", "--max-active-runs", "1", "--no-depends-on-past", "-p", "n=3"]
BACK += [
    word
    for option in (
        *("misfire", "jitter", "pause-after", "expected", "deadline", "end"),
        *("keep-runs", "keep-for"),
    )
    for word in (f"--{option}", "none")
]


def test_each_policy_is_set_shown_and_taken_back(
    notebook: Path, dagflow: Callable[..., Any]
) -> None:
    def shown(name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(dagflow("schedule", "show", name, "--json").out)
        return {key: value for key, value in found.items() if key not in ("next_at", "next_runs")}

    every = ("--every", "1h", "--start", "2026-01-01")
    assert dagflow("schedule", "add", "etl.ipynb", "--name", "plain", *every, "-p", "n=3").code == 0
    plain = shown("plain")
    for number, (options, expected) in enumerate(POLICIES.items()):
        assert {key: plain[key] for key in expected} != expected
        name = f"s{number}"
        added = dagflow("schedule", "add", "etl.ipynb", "--name", name, *every, *options)
        assert added.code == 0
        assert {key: shown(name)[key] for key in expected} == expected
        assert dagflow("schedule", "update", "plain", *options).code == 0
    assert shown("plain") == plain | {k: v for each in POLICIES.values() for k, v in each.items()}
    told = dagflow("schedule", "show", "plain").out
    for line in ("max active runs  3", "misfire          10 min", "pause after      2 failures"):
        assert line in told
    assert dagflow("schedule", "update", "plain", *BACK).code == 0
    assert shown("plain") == plain
    catching_up = dagflow("schedule", "update", "plain", "--catchup", "--cron", "@daily")
    assert catching_up.code == 0
    assert (shown("plain")["overlap"], shown("plain")["times"]) == ("queue", "@daily")
    assert dagflow("schedule", "update", "plain", "--no-catchup").code == 0
    assert (shown("plain")["overlap"], shown("plain")["catchup"]) == ("skip", False)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--max-active-runs", "0"], "--max-active-runs is 0, which makes no sense."),
        (["--pause-after", "many"], "--pause-after is 'many'."),
        (["--expected", "0s"], "--expected is 0, which makes no sense."),
        (["--cron", "x"], "cron expression"),
        (["--every", "1h", "--cron", "@daily"], "is given --cron and --every."),
        (["-p", "n={{ when }}"], "'when' is undefined."),
    ],
)
def test_an_update_that_makes_no_sense_changes_nothing(
    options: list[str], message: str, notebook: Path, dagflow: Callable[..., Any]
) -> None:
    assert dagflow("schedule", "add", "etl.ipynb", "--every", "1h").code == 0
    before = dagflow("schedule", "show", "etl", "--json").out
    answer = dagflow("schedule", "update", "etl", *options)
    assert (answer.code, answer.out) == (2, "")
    assert message in answer.err
    assert dagflow("schedule", "show", "etl", "--json").out == before


def test_a_notebook_that_a_schedule_cannot_fill_in_is_refused(
    notebook: Path, dagflow: Callable[..., Any]
) -> None:
    notebook.write_text(notebook.read_text().replace("data_interval_end = ''", "run_id = 7"))
    answer = dagflow("schedule", "add", "etl.ipynb", "--every", "1m")
    assert answer.code == 2
    assert "Parameter 'run_id' is of type int, and a scheduled run gives it a text." in answer.err


def test_serve_runs_a_schedule_and_what_a_person_asks_for(
    notebook: Path, dagflow: Callable[..., Any]
) -> None:
    start = datetime.now(timezone.utc) - timedelta(hours=2, minutes=30)
    hourly = ("--every", "1h", "--start", start.isoformat())
    assert dagflow("schedule", "add", "etl.ipynb", *hourly, "-p", "n=5").code == 0
    assert dagflow("schedule", "trigger", "etl", "-p", "n=7").code == 0
    served = subprocess.Popen([sys.executable, "-m", "jupyter_dagflow.surfaces.cli.main", "serve"])
    try:
        while True:
            runs = Dagflow().history()
            if [run.state for run in runs] == [RunState.SUCCESS] * 2:
                break
            assert served.poll() is None
            assert RunState.FAILED not in [run.state for run in runs]
            time.sleep(0.1)
    finally:
        os.kill(served.pid, signal.SIGTERM)
        assert served.wait() == 0
    told = {run.trigger: Dagflow().open_run(run.run_id).value("told") for run in runs}
    end = start + timedelta(hours=2)
    assert told["scheduled"] == [5, end.isoformat(), "etl"]
    assert told["manual"][0] == 7
    scheduled = next(run for run in runs if run.trigger == "scheduled")
    assert scheduled.logical_date == start + timedelta(hours=1)
    shown = json.loads(dagflow("schedule", "show", "etl", "--json").out)
    assert [fire["state"] for fire in shown["fires"]] == ["success", "success"]
    (missed,) = shown["missed"]
    assert (missed["count"], missed["reason"]) == (1, "down")


def test_a_notebook_that_was_moved_is_a_failure_of_the_schedule(
    notebook: Path, dagflow: Callable[..., Any]
) -> None:
    assert dagflow("schedule", "add", "etl.ipynb", "--every", "1h").code == 0
    assert dagflow("schedule", "trigger", "etl").code == 0
    notebook.rename("moved.ipynb")
    app = Dagflow()
    ScheduledRuns(app).scheduler(own=lambda run: None, tell=lambda line: None).tick()
    app.close()
    (fire,) = json.loads(dagflow("schedule", "show", "etl", "--json").out)["fires"]
    (run,) = json.loads(dagflow("runs", "list", "--json").out)
    assert (fire["state"], run["state"], run["trigger"]) == ("failed", "failed", "manual")
    assert (run["run_id"], run["pipeline"]) == (fire["run_id"], "etl")
    error = json.loads(dagflow("runs", "show", "latest", "--json").out)["error"]
    assert (error["kind"], error["message"]) == ("not_begun", "There is no such notebook.")
    shown = dagflow("runs", "show", "latest")
    assert "no task could begin: There is no such notebook." in shown.out
    assert "etl.ipynb" in shown.out
    for again in (("resume", "latest"), ("clear", "latest", "load")):
        refused = dagflow("runs", *again)
        assert refused.code == 2
        assert "has begun: There is no such notebook." in refused.err
        assert "dagflow schedule trigger" in refused.err
