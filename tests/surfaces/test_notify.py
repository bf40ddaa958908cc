"""Who is to be told of runs is told, by apprise to a real server; and what becomes of that is nothing to the run."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from jupyter_dagflow import Dagflow
from jupyter_dagflow.core.events import (
    RunCreated,
    RunFinished,
    RunResumed,
    RunStarted,
    TaskFailure,
)
from jupyter_dagflow.core.model import CellId, RunId, TaskName
from jupyter_dagflow.core.run import RunView
from jupyter_dagflow.core.run_config import RunConfig
from jupyter_dagflow.core.states import RunState
from jupyter_dagflow.run_handle import LiveRun
from jupyter_dagflow.scheduled_runs import ScheduledRuns
from jupyter_dagflow.settings import Notifications, Occasion
from jupyter_dagflow.surfaces.notify.message import message_of
from jupyter_dagflow.surfaces.notify.notifier import INSTALL, Notifier

AT = datetime(2024, 5, 17, 12, 0, tzinfo=timezone.utc)
_PATIENCE_S = 60  # the answer comes at once, or never
PASSWORD = "pa55-of-the-address"


class Listener:
    """A server that takes notifications; ``on_message`` is called before it answers."""

    def __init__(self) -> None:
        self.messages: queue.Queue[dict[str, Any]] = queue.Queue()
        self.on_message: Callable[[], object] = lambda: None
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                listener.messages.put(json.loads(body))
                listener.on_message()
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nobody reads it."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"json://me:{PASSWORD}@127.0.0.1:{self._server.server_address[1]}/hook"

    def next(self) -> dict[str, Any]:
        """The next message."""
        return self.messages.get(timeout=_PATIENCE_S)

    def close(self) -> None:
        """Take no more."""
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Iterator[Listener]:
    """A server whose address stands in the environment."""
    found = Listener()
    monkeypatch.setenv("DAGFLOW_NOTIFY", found.url)
    for name in ("DAGFLOW_NOTIFY_ON", "DAGFLOW_NOTIFY_LONG"):
        monkeypatch.delenv(name, raising=False)
    yield found
    found.close()


FAILING = [
    ("parameters", "api_key = 'geheim-4711'\nright = False"),
    ("task:load", "x = 1"),
    ("task:check", "if not right:\n    raise ValueError('no entry with ' + api_key)\ny = x"),
]


def test_a_failure_and_the_recovery_from_it_are_told(
    listener: Listener,
    dagflow: Callable[..., Any],
    write_notebook: Callable[..., Path],
    settled: Callable[[str], str],
    snapshot: SnapshotAssertion,
    tmp_path: Path,
) -> None:
    write_notebook("nb.ipynb", FAILING)
    answer = dagflow("run", "nb.ipynb")
    assert answer.code == 1
    assert "notification" not in answer.err
    failed = listener.next()
    assert (failed["title"], failed["type"]) == ("nb failed", "failure")
    assert settled(failed["message"]) == snapshot(name="failure")
    assert dagflow("run", "nb.ipynb", "-p", "right=true").code == 0
    recovered = listener.next()
    assert (recovered["title"], recovered["type"]) == ("nb has recovered", "success")
    assert settled(recovered["message"]) == snapshot(name="recovery")
    assert dagflow("run", "nb.ipynb", "-p", "right=true").code == 0
    assert dagflow("run", "nb.ipynb").code == 1
    assert listener.next()["title"] == "nb failed"  # a success after a success is not told
    assert listener.messages.empty()
    for file in (tmp_path / "home").rglob("*"):
        assert not file.is_file() or PASSWORD.encode() not in file.read_bytes(), file


def test_a_run_of_a_schedule_that_cannot_begin_is_told_as_any_other_failure(
    listener: Listener,
    dagflow: Callable[..., Any],
    write_notebook: Callable[..., Path],
    settled: Callable[[str], str],
    snapshot: SnapshotAssertion,
) -> None:
    path = write_notebook("nb.ipynb", [("task:load", "x = 1")])
    assert dagflow("schedule", "add", "nb.ipynb", "--every", "1h").code == 0
    assert dagflow("schedule", "trigger", "nb").code == 0
    content = path.read_text()
    path.unlink()
    app = Dagflow()
    own: list[LiveRun] = []
    scheduler = ScheduledRuns(app).scheduler(own=own.append, tell=lambda _: None)
    scheduler.tick()
    message = listener.next()
    assert (message["title"], message["type"]) == ("nb failed", "failure")
    assert settled(message["message"].replace(str(path), "nb.ipynb")) == snapshot
    path.write_text(content)
    assert dagflow("schedule", "trigger", "nb").code == 0
    scheduler.tick()
    own[0].wait()
    assert listener.next()["title"] == "nb has recovered"
    app.close()
    assert listener.messages.empty()


def test_who_is_told_of_what_says_the_environment(
    listener: Listener,
    dagflow: Callable[..., Any],
    write_notebook: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DAGFLOW_NOTIFY_ON", "success")
    told = "import os\nprint([name for name in os.environ if 'NOTIFY' in name])"
    write_notebook("nb.ipynb", [*FAILING[:2], ("task:look", told), FAILING[2]])
    assert dagflow("run", "nb.ipynb").code == 1
    assert dagflow("runs", "logs", "latest", "look").out == "['DAGFLOW_NOTIFY_ON']\n"
    app = Dagflow()
    assert app.run("nb.ipynb", parameters={"right": True}).state is RunState.SUCCESS
    assert listener.next()["title"] == "nb succeeded"
    app.close()
    assert listener.messages.empty()


def test_a_run_that_takes_long_is_told_while_it_runs(
    listener: Listener,
    dagflow: Callable[..., Any],
    write_notebook: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("DAGFLOW_NOTIFY_ON", "long")
    monkeypatch.setenv("DAGFLOW_NOTIFY_LONG", "0.1s")
    listener.on_message = (tmp_path / "work" / "told").touch
    wait = "import os, time\nwhile not os.path.exists('told'):\n    time.sleep(0.05)"
    write_notebook("nb.ipynb", [("task:wait timeout:60s", wait)])
    assert dagflow("run", "nb.ipynb").code == 0
    message = listener.next()
    assert (message["title"], message["type"]) == ("nb is still running", "warning")
    assert "running for" in message["message"]
    assert "dagflow runs cancel" in message["message"]
    assert listener.messages.empty()


def test_a_scheduled_run_that_takes_longer_than_expected_is_told(
    listener: Listener, write_notebook: Callable[..., Path], dagflow: Callable[..., Any]
) -> None:
    """And that it has not ended by its deadline, each when it is so."""
    times = iter([lambda: None, Path("told").absolute().touch])
    listener.on_message = lambda: next(times)()
    wait = "import os, time\nwhile not os.path.exists('told'):\n    time.sleep(0.05)"
    write_notebook("nb.ipynb", [("task:wait timeout:60s", wait)])
    start = ("--start", "2020-01-01", "--every", "1h")
    limits = ("--expected", "1s", "--deadline", "1s")
    assert dagflow("schedule", "add", "nb.ipynb", *start, *limits).code == 0
    app, runs = Dagflow(), list[LiveRun]()
    ScheduledRuns(app).scheduler(own=runs.append, tell=lambda line: None).tick()
    told = [listener.next() for _ in range(2)]
    for message in told:
        assert (message["title"], message["type"]) == ("nb is still running", "warning")
        assert "It was to end by 20" in message["message"]
    assert any("It was expected to take 1.0 s at most." in each["message"] for each in told)
    (run,) = runs
    run.wait()
    assert run.state is RunState.SUCCESS
    app.close()


AT = datetime(2026, 3, 1, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("on", "expected_s", "deadline_s", "limits_s"),
    [
        ({Occasion.FAILURE}, None, None, ()),
        ({Occasion.LONG}, None, None, (3600.0,)),
        ({Occasion.FAILURE}, 60.0, None, (60.0,)),
        ({Occasion.FAILURE}, 60.0, 30.0, (30.0, 60.0)),
        ({Occasion.FAILURE}, 60.0, -30.0, (0.0, 60.0)),
        ({Occasion.FAILURE}, 60.0, 60.0, (60.0,)),
        ({Occasion.LONG}, 7200.0, None, (3600.0, 7200.0)),
    ],
)
def test_what_a_schedule_expects_is_told_whatever_the_occasions(
    on: set[Occasion],
    expected_s: float | None,
    deadline_s: float | None,
    limits_s: tuple[float, ...],
) -> None:
    deadline_at = "" if deadline_s is None else (AT + timedelta(seconds=deadline_s)).isoformat()
    config = RunConfig(folder="/", expected_s=expected_s or 0.0, deadline_at=deadline_at)
    found = Notifications(on=frozenset(on)).for_run(config, now=AT)
    assert found.limits_s == limits_s
    assert (Occasion.LONG in found.on) is bool(limits_s)
    assert found.on >= on


@pytest.mark.parametrize(
    ("urls", "why"),
    [
        (f"json://me:{PASSWORD}@127.0.0.1:9/", "a service did not take it"),
        (f"nonsense://me:{PASSWORD}@host", "is none that apprise knows"),
        (f"{PASSWORD}", "is none that apprise knows"),
    ],
)
def test_what_is_not_delivered_is_said_once_and_harms_nothing(
    urls: str,
    why: str,
    dagflow: Callable[..., Any],
    write_notebook: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("DAGFLOW_NOTIFY", urls)
    write_notebook("nb.ipynb", FAILING)
    answer = dagflow("run", "nb.ipynb", "--json")
    assert (answer.code, json.loads(answer.out)["state"]) == (1, "failed")
    said = [record.getMessage() for record in caplog.records if "notification" in record.msg]
    assert len(said) == 1
    assert why in said[0]
    assert PASSWORD not in caplog.text + answer.out + answer.err


def test_without_apprise_the_command_that_installs_it_is_told(
    listener: Listener,
    dagflow: Callable[..., Any],
    write_notebook: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    (tmp_path / "without").mkdir()
    (tmp_path / "without" / "apprise.py").write_text("raise ImportError('apprise')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "without"))  # of the process that sends
    write_notebook("nb.ipynb", FAILING)
    assert dagflow("run", "nb.ipynb").code == 1
    assert INSTALL in caplog.text
    assert listener.messages.empty()


def test_a_server_that_never_answers_holds_up_no_run(
    listener: Listener, dagflow: Callable[..., Any], write_notebook: Callable[..., Path]
) -> None:
    answered = threading.Event()
    listener.on_message = answered.wait
    write_notebook("nb.ipynb", FAILING)
    assert dagflow("run", "nb.ipynb").code == 1
    assert listener.next()["title"] == "nb failed"
    assert not answered.is_set()  # it ended all the same
    answered.set()


@pytest.fixture
def view() -> RunView:
    """A run that goes on, though a task of it has failed."""
    run_id, train = RunId("20240517-120000-abc123"), TaskName("train")
    failure = TaskFailure(
        kind="kernel_died",
        message="The kernel died in cell 4: it was killed by SIGKILL.",
        cell=CellId("c4"),
        cell_index=4,
        last_lines="loading\nout of memory",
    )
    created = RunCreated(
        run_id=run_id,
        seq=1,
        at=AT,
        pipeline="churn",
        notebook="churn.ipynb",
        parameters={},
        tasks=((train, ()), (TaskName("tell"), ())),
    )
    found = RunView.of(created)
    found.state, found.started_at = RunState.RUNNING, AT
    found.tasks[train].failure = failure
    return found


def test_a_run_that_was_taken_over_is_told_at_once(listener: Listener, view: RunView) -> None:
    wanted = Notifications(urls=(listener.url,))
    notifier = Notifier(wanted, look=lambda _: view, had_failed=False, now=lambda: AT)
    asked_for = RunResumed(run_id=view.run_id, seq=5, at=AT, tasks=())
    notifier(asked_for)
    notifier(replace(asked_for, recovered=True))
    message = listener.next()
    assert message["title"] == "churn goes on"
    assert "taken over from a process that had died" in message["message"]
    assert listener.messages.empty()


@pytest.mark.parametrize("state", [RunState.CANCELLED, RunState.SUCCESS])
def test_of_a_run_that_was_cancelled_nothing_is_told(
    state: RunState, listener: Listener, view: RunView
) -> None:
    wanted = Notifications(urls=(listener.url,), on=frozenset(Occasion), limits_s=(1000, 2000))
    notifier = Notifier(wanted, look=lambda _: view, had_failed=False, now=lambda: AT)
    notifier(RunStarted(run_id=view.run_id, seq=2, at=AT))
    notifier(RunFinished(run_id=view.run_id, seq=3, at=AT, state=state))
    if state is RunState.SUCCESS:
        assert listener.next()["title"] == "churn succeeded"
    assert listener.messages.empty()


def test_a_run_that_cannot_be_looked_at_is_no_trouble(
    listener: Listener, view: RunView, caplog: pytest.LogCaptureFixture
) -> None:
    def look(_: object) -> RunView:
        raise OSError("gone")

    notifier = Notifier(
        Notifications(urls=(listener.url,)), look=look, had_failed=False, now=lambda: AT
    )
    failed = RunFinished(run_id=view.run_id, seq=3, at=AT, state=RunState.FAILED)
    notifier(failed)
    notifier(failed)
    assert [r.getMessage() for r in caplog.records] == [
        f"A notification of run {view.run_id} was not delivered: OSError."
    ]


@pytest.mark.parametrize("occasion", Occasion)
def test_every_occasion_has_its_words(
    occasion: Occasion, view: RunView, snapshot: SnapshotAssertion
) -> None:
    at = AT + timedelta(minutes=90)
    message = message_of(occasion, view, now=at)
    assert f"{message.title} ({message.kind})\n{message.body}" == snapshot
