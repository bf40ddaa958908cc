"""The feed tells each change once, whoever made it, and says when it may have missed some."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

import pytest

from jupyter_dagflow.core.events import (
    Event,
    RunCreated,
    RunResumed,
    RunStarted,
    TaskQueued,
    TaskStarted,
)
from jupyter_dagflow.core.lease import Lease
from jupyter_dagflow.core.model import RunId, TaskName
from jupyter_dagflow.core.states import TaskState
from jupyter_dagflow.storage.metastore import Metastore
from jupyter_dagflow.storage.news import Feed
from jupyter_dagflow.wire import NewsDocument, to_plain

AT = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
A, B = RunId("20260301-120000-aaaaaa"), RunId("20260301-120001-bbbbbb")
TASK = TaskName("load")
NOTHING = NewsDocument(runs=[])


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'dagflow.db'}"


@pytest.fixture
def metastore(url: str) -> Iterator[Metastore]:
    """What records, as another process would: the feed has a connection of its own."""
    metastore = Metastore.open(url)
    yield metastore
    metastore.close()


@pytest.fixture
def feed(metastore: Metastore) -> Iterator[Feed]:
    create(metastore, A)
    feed = metastore.feed()
    assert feed is not None
    yield feed
    feed.close()


def create(metastore: Metastore, run: RunId) -> None:
    created = RunCreated(
        run_id=run,
        seq=1,
        at=AT,
        pipeline="churn",
        notebook="churn.ipynb",
        parameters={"x": float("nan"), "password": "hunter2"},
        tasks=((TASK, ()),),
    )
    metastore.append(run, [created], lease=Lease(run_id=run, token=1, owner=None))


def go_on(metastore: Metastore, run: RunId, *, after: int = 1) -> None:
    events: list[Event] = [
        RunStarted(run_id=run, seq=after + 1, at=AT),
        TaskQueued(run_id=run, seq=after + 2, at=AT, task=TASK, attempt=1),
        TaskStarted(run_id=run, seq=after + 3, at=AT, task=TASK, attempt=1),
    ]
    metastore.append(run, events, lease=Lease(run_id=run, token=1, owner=None))


def test_what_was_before_is_no_news(feed: Feed) -> None:
    assert feed.look() == NOTHING


def test_all_that_happened_to_a_run_is_told_once_as_it_stands(
    feed: Feed, metastore: Metastore
) -> None:
    create(metastore, B)
    go_on(metastore, A)
    news = to_plain(feed.look())
    told = {run["run_id"]: run for run in news["runs"]}
    assert (news["anew"], set(told)) == (False, {A, B})
    assert told[A] == {
        "run_id": A,
        "pipeline": "churn",
        "state": "running",
        "seq": 4,
        "tasks": [{"task": "load", "state": "running", "attempt": 1}],
    }
    assert (told[B]["state"], told[B]["tasks"]) == ("queued", [])
    assert feed.look() == NOTHING


def test_what_begins_anew_is_told_as_it_stands(feed: Feed, metastore: Metastore) -> None:
    go_on(metastore, A)
    feed.look()
    anew = RunResumed(run_id=A, seq=5, at=AT, tasks=((TASK, (), TaskState.NONE),))
    metastore.append(A, [anew], lease=Lease(run_id=A, token=1, owner=None))
    (run,) = feed.look().runs
    assert [(task.task, task.state) for task in run.tasks] == [(TASK, TaskState.NONE)]


def test_a_holder_that_moves_is_no_news(feed: Feed, metastore: Metastore) -> None:
    metastore.move_lease(Lease(run_id=A, token=1, owner=None))
    assert feed.look() == NOTHING


def test_after_the_last_run_was_deleted_all_is_to_be_asked_for_anew(
    feed: Feed, metastore: Metastore
) -> None:
    """The rows of the events are given again, to others."""
    create(metastore, B)
    go_on(metastore, B)
    feed.look()
    metastore.delete_run(Lease(run_id=B, token=1, owner=None))
    go_on(metastore, A)
    create(metastore, B)
    assert feed.look() == NewsDocument(runs=[], anew=True)
    go_on(metastore, B)
    assert [run.run_id for run in feed.look().runs] == [B]


def test_a_database_in_memory_is_nobody_elses() -> None:
    metastore = Metastore.open("sqlite:///:memory:")
    assert metastore.feed() is None
    metastore.close()
