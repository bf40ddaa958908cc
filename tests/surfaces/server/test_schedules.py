"""What the routes of schedules answer, asked of a real server as a front end would ask it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.execution.processes import is_gone

if TYPE_CHECKING:
    from tests.surfaces.server.conftest import Server

NEVER = {"cron": ["30 2 * * *"], "tz": "Europe/Berlin", "start": "2999-03-29"}
WAITS = "import pathlib, time\nwhile not pathlib.Path('go').exists(): time.sleep(0.02)"


@pytest.fixture
def etl(server: Server) -> Iterator[str]:
    """The path of a notebook; its schedules are removed."""
    yield server.write(
        "etl.ipynb",
        parameters="n = 3\nday = ''\napi_key = ''",
        load="told = [n, day]",
    )
    for each in server.get("schedules")["schedules"]:
        assert server.ask("DELETE", f"schedules/{each['name']}").ok


@contextmanager
def serving(server: Server) -> Iterator[None]:
    """What begins the runs of schedules, on the same metastore."""
    command = [sys.executable, "-m", "jupyter_dagflow.surfaces.cli.main", "serve"]
    with subprocess.Popen(
        command,
        cwd=server.root,
        env=server.environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as service:
        try:
            yield
            assert not is_gone(service.pid)
        finally:
            service.terminate()


def fires(server: Server, name: str) -> list[Any]:
    """The fires of a schedule, newest first."""
    found: list[Any] = server.get(f"schedules/{name}", limit=100)["fires"]
    return found


def succeeded(server: Server, name: str) -> list[Any]:
    """The same once the runs of all have."""
    while True:
        found = fires(server, name)
        states = {each["state"] for each in found}
        if states == {"success"}:
            return found
        assert "failed" not in states
        time.sleep(0.05)


def test_a_schedule_from_its_beginning_to_its_end(server: Server, etl: str) -> None:
    asked = {"path": etl, **NEVER, "parameters": {"n": 5}, "misfire": "2h"}
    told = server.post("schedules", **asked, dry_run=True)
    assert (told["name"], told["times"]) == ("etl", "30 2 * * *")
    assert told["explained"] == "At 02:30 (Europe/Berlin)"
    assert len(told["next_runs"]) == 5
    assert told["next_runs"][0] == {
        "fire_at": "2999-03-30T01:30:00Z",
        "logical_date": "2999-03-29T01:30:00Z",
        "data_interval_start": "2999-03-29T01:30:00Z",
        "data_interval_end": "2999-03-30T01:30:00Z",
    }
    assert server.get("schedules") == {"schedules": [], "next": None}
    assert server.post("schedules", **asked) == told
    (row,) = server.get("schedules")["schedules"]
    assert row == {
        "name": "etl",
        "notebook": str(server.root / etl),
        "times": "30 2 * * *",
        "zone": "Europe/Berlin",
        "paused": False,
        "next_at": "2999-03-30T01:30:00Z",
        "active": [],
        "last_state": None,
    }
    shown = server.get("schedules/etl")
    assert (shown["parameters"], shown["misfire_s"]) == ({"n": 5}, 7200)
    assert (shown["crons"], shown["every_s"], shown["pin"]) == (["30 2 * * *"], None, None)
    assert (shown["fires"], shown["missed"]) == ([], [])
    assert shown["next_runs"] == told["next_runs"]
    assert server.get("schedules/etl/next") == told
    assert server.get("schedules/etl/next", limit=1)["next_runs"] == told["next_runs"][:1]

    paused = server.post("schedules/etl/pause")
    assert (paused["paused"], paused["next_at"]) == (True, None)
    assert server.get("schedules/etl/next") == told
    assert server.post("schedules/etl/resume") == row

    fire = server.post("schedules/etl/trigger", parameter_texts={"n": "7"})
    assert (fire["kind"], fire["waits"], fire["state"]) == ("manual", True, None)
    assert server.get("schedules/etl")["fires"] == [fire]
    assert server.post("schedules/etl/prune") == {"schedule": "etl", "runs": []}
    answer = server.ask("DELETE", "schedules/etl")
    assert (answer.status_code, answer.json()) == (200, {"schedule": "etl"})
    assert server.ask("GET", "schedules/etl").status_code == 404


def test_options_are_changed_and_taken_back(server: Server, etl: str) -> None:
    server.post("schedules", path=etl, **NEVER, parameters={"n": 5})
    changes = {
        "cron": ["0 6 * * mon-fri"],
        "end": "2999-12-31",
        "overlap": "queue",
        "max_active_runs": 2,
        "misfire": "2h",
        "jitter": "30s",
        "depends_on_past": True,
        "pause_after": 3,
        "expected": "1h",
        "deadline": "1d",
        "keep_runs": 30,
        "keep_for": "90d",
        "pin": True,
        "parameter_texts": {"day": "{{ data_interval_start | ds }}"},
    }
    answer = server.ask("PATCH", "schedules/etl", json=changes)
    assert answer.json()["explained"] == "At 06:00, Monday through Friday (Europe/Berlin)"
    shown = server.get("schedules/etl")
    numbers = {
        "max_active_runs": 2,
        "misfire_s": 7200,
        "jitter_s": 30,
        "pause_after": 3,
        "expected_s": 3600,
        "deadline_s": 86400,
        "keep_runs": 30,
        "keep_for_s": 90 * 86400,
    }
    assert {name: shown[name] for name in numbers} == numbers
    assert (shown["overlap"], shown["depends_on_past"]) == ("queue", True)
    assert shown["end"] == "2999-12-30T23:00:00Z"
    assert shown["pin"]
    assert shown["parameters"] == {"n": 5, "day": "{{ data_interval_start | ds }}"}

    assert server.ask("PATCH", "schedules/etl").ok  # nothing sent, nothing changed
    assert server.get("schedules/etl") == shown

    gone = ("end", "misfire", "jitter", "pause_after", "expected", "deadline")
    nothing = dict.fromkeys((*gone, "keep_runs", "keep_for"))
    assert server.ask("PATCH", "schedules/etl", json={**nothing, "pin": False}).ok
    after = server.get("schedules/etl")
    without = dict.fromkeys(
        ("end", "misfire_s", "pause_after", "expected_s", "deadline_s", "keep_runs", "keep_for_s")
    )
    moved = {name: after[name] for name in ("next_at", "next_runs")}  # by the jitter
    assert after == {**shown, **without, **moved, "jitter_s": 0, "pin": None}


def test_the_notebook_of_a_schedule_is_found_until_it_is_gone(server: Server, etl: str) -> None:
    server.post("schedules", path=etl, every="1h", start="2999-01-01")
    assert server.get("schedules/etl/path") == {"schedule": "etl", "path": etl}
    (server.root / etl).unlink()
    refused = server.ask("GET", "schedules/etl/path")
    assert refused.status_code == 404
    assert refused.json()["message"].startswith("etl.ipynb is not among the notebooks")
    refused = server.ask("POST", "schedules/etl/trigger")
    assert (refused.status_code, refused.json()["code"]) == (400, "notebook")


def test_schedules_come_in_pages(server: Server, etl: str) -> None:
    for name in ("c", "a", "b"):
        server.post("schedules", path=etl, name=name, every="1h", start="2999-01-01")
    first = server.get("schedules", limit=2)
    assert ([each["name"] for each in first["schedules"]], first["next"]) == (["a", "b"], "b")
    rest = server.get("schedules", limit=2, after="b")
    assert ([each["name"] for each in rest["schedules"]], rest["next"]) == (["c"], None)


def test_a_run_that_is_asked_for_has_the_parameters_that_it_is_given(
    server: Server, etl: str
) -> None:
    server.post("schedules", path=etl, **NEVER, parameters={"n": 5, "day": "{{ run_id }}"})
    server.post("schedules/etl/trigger")
    server.post("schedules/etl/trigger", parameters={"n": 7})
    with serving(server):
        second, first = succeeded(server, "etl")
    for fire, n in ((first, 5), (second, 7)):
        run = server.get(f"runs/{fire['run_id']}")
        assert run["parameters"] == {"n": n, "day": fire["run_id"]}
    assert server.ask("PATCH", "schedules/etl", json={"keep_runs": 1}).ok
    pruned = server.post("schedules/etl/prune")
    assert pruned == {"schedule": "etl", "runs": [first["run_id"]]}
    assert server.ask("GET", f"runs/{first['run_id']}").status_code == 404


def test_intervals_that_have_passed_are_run(server: Server, etl: str) -> None:
    server.post("schedules", path=etl, cron=["@daily"])
    bounds = {"start": "2026-01-01", "end": "2026-01-03"}
    would = server.post("schedules/etl/backfills", **bounds, dry_run=True)
    days = [f"2026-01-0{day}T00:00:00Z" for day in (1, 2, 3)]
    assert [each["logical_date"] for each in would["intervals"]] == days
    assert [(each["runs"], each["run_id"]) for each in would["intervals"]] == [(True, None)] * 3
    day = {"day": "{{ data_interval_start | ds }}"}
    asked = server.post("schedules/etl/backfills", **bounds, reverse=True, parameter_texts=day)
    assert [each["logical_date"] for each in asked["intervals"]] == days[::-1]
    assert [(each["runs"], each["state"]) for each in asked["intervals"]] == [(True, "queued")] * 3
    with serving(server):
        assert len(succeeded(server, "etl")) == 3
    newest = asked["intervals"][0]
    run = server.get(f"runs/{newest['run_id']}")
    assert (run["parameters"]["day"], run["state"]) == ("2026-01-03", "success")
    again = server.post("schedules/etl/backfills", **bounds)
    assert [(each["runs"], each["state"]) for each in again["intervals"]] == [
        (False, "success")
    ] * 3
    every = server.post("schedules/etl/backfills", **bounds, reprocess="all", jobs=1, dry_run=True)
    assert [each["runs"] for each in every["intervals"]] == [True] * 3


def test_backfills_are_cancelled_with_their_runs(own_server: Server) -> None:
    server = own_server
    server.post("schedules", path=server.write("waits.ipynb", wait=WAITS), cron=["@daily"])
    asked = {"start": "2026-01-01", "end": "2026-01-30", "jobs": 1}
    server.post("schedules/waits/backfills", **asked)
    with serving(server):
        while not (runs := [each for each in fires(server, "waits") if each["state"] == "running"]):
            time.sleep(0.05)
        told = server.post("schedules/waits/backfills/cancel")
        assert told == {"schedule": "waits", "cancelled": 30}
        assert server.ended(runs[0]["run_id"])["state"] == "cancelled"
    assert not any(each["waits"] for each in fires(server, "waits"))
    again = server.post("schedules/waits/backfills/cancel")
    assert again == {"schedule": "waits", "cancelled": 0}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "The schedule etl is given no time at all."),
        ({"cron": ["99 * * * *"]}, "'99' is no minute in the cron expression '99 * * * *'."),
        ({"every": "1m", "at": "2999-01-01"}, "The schedule etl is given --every and --at."),
        ({"every": "often"}, "--every is 'often'."),
        ({"at": "soon"}, "--at is 'soon', which is no time."),
        ({"every": "1m", "tz": "Mars"}, "--tz is 'Mars', which is no time zone"),
        ({"every": "1m", "tz": "../etc"}, "--tz is '../etc', which is no time zone"),
        ({"every": "1m", "tz": "nul\0"}, "--tz is 'nul\\x00', which is no time zone"),
        ({"every": "1m", "misfire": "x"}, "--misfire is 'x'."),
        ({"every": "1m", "name": "a b"}, "'a b' cannot be the name of a schedule."),
        ({"every": "1m", "catchup": True, "overlap": "skip"}, "--catchup runs every interval, and"),
        ({"on_success": ""}, "The schedule etl is given no time at all."),
        ({"every": "1m", "parameters": {"m": 1}}, "There is no parameter 'm'."),
        ({"every": "1m", "parameters": {"n": "x"}}, "Parameter 'n'"),
        ({"every": "1m", "parameter_texts": {"n": "{{ when }}"}}, "'when' is undefined."),
        ({"every": "1m", "parameters": {"api_key": "abc"}}, "Parameter 'api_key' is secret, and"),
        ({"every": "1m", "overlap": "both"}, "The request does not read"),
        ({"every": "1m", "catch_up": True}, "The request does not read"),
        ({"every": "1m", "tz": None}, "The request does not read"),
        ({"every": "1m", "keep_runs": 10**400}, "The request does not read"),
        ({"every": "1m", "path": "missing.ipynb"}, "There is no such notebook."),
        ({"every": "1m", "path": ""}, "No notebook is named."),
    ],
)
def test_what_no_schedule_can_be(
    body: dict[str, Any], message: str, server: Server, etl: str
) -> None:
    for dry_run in (True, False):
        answer = server.ask("POST", "schedules", json={"path": etl, **body, "dry_run": dry_run})
        assert answer.status_code == 400, answer.text
        assert message in answer.json()["message"]
        assert all(answer.json()[key] for key in ("hint", "code"))
        assert "abc" not in answer.text
    assert server.get("schedules")["schedules"] == []


@pytest.mark.parametrize("path", ["../outside.ipynb", ".hidden.ipynb"])
def test_notebooks_that_the_server_does_not_show_have_no_schedules(
    path: str, server: Server, etl: str
) -> None:
    server.write(".hidden.ipynb", a="x = 1")
    answer = server.ask("POST", "schedules", json={"path": path, "every": "1h"})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("method", "address", "body", "code"),
    [
        ("POST", "", {"path": "etl.ipynb", "every": "1h"}, 400),
        ("POST", "", {"path": "etl.ipynb", "name": "b", "on_success": "nosuch"}, 404),
        ("PATCH", "/etl", {"every": "1h", "cron": ["@daily"]}, 400),
        ("PATCH", "/etl", {"misfire": "x"}, 400),
        ("PATCH", "/etl", {"every": None}, 400),
        ("PATCH", "/etl", {"path": "etl.ipynb"}, 400),
        ("PATCH", "/etl", {"on_success": "etl"}, 400),
        ("PATCH", "/etl", {"parameters": {"m": 1}}, 400),
        ("POST", "/etl/trigger", {"parameters": {"n": "x"}}, 400),
        ("POST", "/etl/trigger", {"parameters": {"api_key": "abc"}}, 400),
        ("POST", "/etl/trigger", {"parameter": {}}, 400),
        ("POST", "/etl/backfills", {}, 400),
        ("POST", "/etl/backfills", {"start": "2026-01-02"}, 400),
        ("POST", "/etl/backfills", {"start": "2026-01-02", "end": "2026-01-01"}, 400),
        ("POST", "/etl/backfills", {"start": "soon", "end": "2026-01-01"}, 400),
        ("POST", "/etl/backfills", {"start": "1900-01-01", "end": "2026-01-01"}, 400),
        ("POST", "/etl/backfills", {"start": "2026-01-01", "end": "2026-01-02", "jobs": 0}, 400),
        (
            "POST",
            "/etl/backfills",
            {"start": "2026-01-01", "end": "2026-01-02", "reprocess": "some"},
            400,
        ),
        ("GET", "/etl/next?limit=0", None, 400),
        ("GET", "/etl?fires=5", None, 400),
        ("GET", "?limit=0", None, 400),
        ("GET", "/nosuch", None, 404),
        ("POST", "/nosuch/trigger", None, 404),
        ("POST", "/nosuch/backfills", {"start": "2026-01-01", "end": "2026-01-02"}, 404),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(
    method: str, address: str, body: Any, code: int, server: Server, etl: str
) -> None:
    server.post("schedules", path=etl, every="10m", start="1900-01-01", jitter="5m")
    server.post("schedules/etl/pause")
    before = server.get("schedules/etl")
    answer = server.ask(method, f"schedules{address}", json=body)
    assert answer.status_code == code, answer.text
    assert set(answer.json()) == {"message", "hint", "code"}
    assert all(answer.json().values())
    after = server.get("schedules/etl")
    assert {**after, "next_runs": []} == {**before, "next_runs": []}
