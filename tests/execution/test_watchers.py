"""Those who watch a run: what reaches them, in which order, and that they hold nobody up."""

from __future__ import annotations

import threading
from datetime import datetime, timezone

from hypothesis import given
from hypothesis import strategies as st

from jupyter_dagflow.core.events import CellProgress, Event, TaskQueued
from jupyter_dagflow.core.model import CellId, RunId, TaskName
from jupyter_dagflow.execution.watchers import Mailbox, Watchers

RUN = RunId("r")
AT = datetime(2026, 3, 1, tzinfo=timezone.utc)
SOON_S = 30.0  # never waited for unless something is broken


def state(seq: int) -> TaskQueued:
    return TaskQueued(run_id=RUN, seq=seq, at=AT, task=TaskName("a"), attempt=1)


def progress(task: str, done: int) -> CellProgress:
    return CellProgress(
        run_id=RUN,
        task=TaskName(task),
        attempt=1,
        cell=CellId("c"),
        cell_index=0,
        done=done,
        total=1000,
    )


@given(st.lists(st.sampled_from("abcs!")))
def test_a_mailbox_keeps_all_states_and_the_newest_progress(steps: str) -> None:
    """``s`` is a state, ``!`` the mail being taken, and a letter the progress of that task."""
    mailbox, told, taken = Mailbox(), list[Event | CellProgress](), list[Event | CellProgress]()
    since: list[Event | CellProgress] = []
    for number, step in enumerate([*steps, "!"], start=1):
        if step != "!":
            news = state(number) if step == "s" else progress(step, number)
            mailbox.put(news)
            told.append(news)
            since.append(news)
            continue
        mail = mailbox.take()
        newest = {n.task: n for n in since if isinstance(n, CellProgress)}
        kept = [n for n in since if not isinstance(n, CellProgress) or newest[n.task] is n]
        assert mail == kept
        taken += mail
        since = []
    assert [n for n in taken if isinstance(n, TaskQueued)] == [
        n for n in told if isinstance(n, TaskQueued)
    ]


def test_a_slow_watcher_holds_nobody_up_and_misses_no_state() -> None:
    go_on, slow, quick = threading.Event(), list[object](), list[object]()
    seen = threading.Event()

    def wait(news: object) -> None:
        go_on.wait(SOON_S)
        slow.append(news)

    def note(news: object) -> None:
        quick.append(news)
        if news == state(1000):
            seen.set()

    watchers = Watchers("a run")
    watchers.add(wait)
    watchers.add(note)
    watchers.tell(state(1))
    for done in range(2, 1000):
        watchers.tell(progress("a", done))
    watchers.tell(state(1000))
    assert seen.wait(SOON_S)  # while the other has not even taken the first
    assert slow == []
    go_on.set()
    watchers.close(SOON_S)
    states = [news for news in slow if isinstance(news, TaskQueued)]
    assert states == [state(1), state(1000)]
    assert len(slow) <= 4  # what it was given at first, then the newest progress and the last state


def test_who_comes_too_late_waits_for_nothing() -> None:
    watchers = Watchers("a run")
    watchers.close(SOON_S)
    watchers.add(lambda _: None)
    watchers.close(SOON_S)
    assert not [t for t in threading.enumerate() if t.name == "watcher of a run" and t.is_alive()]


def test_a_watcher_that_never_comes_back_is_left_behind() -> None:
    for_ever = threading.Event()
    watchers = Watchers("a run")
    watchers.add(lambda _: for_ever.wait(SOON_S) and None)
    watchers.tell(state(1))
    watchers.close(0.05)
    for_ever.set()
