"""Prints, as JSON lines, an event and the run document that Python's own fold has after it."""

import json
import sys
from datetime import datetime, timedelta, timezone

from jupyter_dagflow.core import events as e
from jupyter_dagflow.core.run import RunView
from jupyter_dagflow.core.states import RunState, TaskState
from jupyter_dagflow.wire import event_to_dict, run_document, to_json

START = datetime(2026, 1, 1, 12, tzinfo=timezone.utc)
TASKS = (
    ("load", ()),
    ("fit", ("load",)),
    ("plot", ("load",)),
    ("report", ("fit", "plot")),
    ("open", ()),
    ("read", ("open",)),
)
FAILURE = e.TaskFailure(kind="error", message="ValueError: bad", cell="c2", cell_index=3, line=2)
VALUE = e.Stored(name="X", digest="d", size_bytes=10, type="pandas.DataFrame", shape=(3, 2))


def story():
    """A run in which every kind of event happens, a retry and a failure among them; it is resumed, and taken over."""
    moments = (
        (e.RunStarted, {}),
        (e.TaskQueued, {"task": "load", "attempt": 1}),
        (e.TaskStarted, {"task": "load", "attempt": 1}),
        (
            e.TaskFinished,
            {
                "task": "load",
                "attempt": 1,
                "state": TaskState.UP_FOR_RETRY,
                "duration_s": 1.0,
                "failure": FAILURE,
                "retry_at": START + timedelta(seconds=60),
            },
        ),
        (e.TaskQueued, {"task": "load", "attempt": 2}),
        (e.TaskStarted, {"task": "load", "attempt": 2}),
        (
            e.TaskFinished,
            {
                "task": "load",
                "attempt": 2,
                "state": TaskState.SUCCESS,
                "duration_s": 2.0,
                "cells_s": 1.5,
                "stored": (VALUE,),
                "metrics": {"rows": 3},
            },
        ),
        (e.TaskQueued, {"task": "fit", "attempt": 1}),
        (e.TaskQueued, {"task": "plot", "attempt": 1}),
        (e.TaskStarted, {"task": "fit", "attempt": 1}),
        (
            e.TaskExpanded,
            {"task": "fit", "attempt": 1, "items": (e.Item(digest="a"), e.Item(digest="b"))},
        ),
        (e.TaskQueued, {"task": "fit[0]", "attempt": 1}),
        (e.TaskQueued, {"task": "fit[1]", "attempt": 1}),
        (e.TaskStarted, {"task": "fit[0]", "attempt": 1}),
        (
            e.TaskFinished,
            {"task": "fit[0]", "attempt": 1, "state": TaskState.UP_FOR_RETRY, "failure": FAILURE},
        ),
        (e.TaskQueued, {"task": "fit[0]", "attempt": 2}),
        (e.TaskStarted, {"task": "fit[0]", "attempt": 2}),
        (e.TaskFinished, {"task": "fit[0]", "attempt": 2, "state": TaskState.SUCCESS}),
        (e.TaskFinished, {"task": "fit[1]", "attempt": 0, "state": TaskState.CANCELLED}),
        (e.TaskQueued, {"task": "open", "attempt": 1}),
        (e.TaskStarted, {"task": "open", "attempt": 1, "why": ("never run before",)}),
        (
            e.TaskFinished,
            {"task": "open", "attempt": 1, "state": TaskState.SUCCESS, "duration_s": 1.0},
        ),
        (e.TaskQueued, {"task": "read", "attempt": 1}),
        (e.TaskStarted, {"task": "read", "attempt": 1}),
        (
            e.TaskFinished,
            {"task": "read", "attempt": 1, "state": TaskState.UP_FOR_RETRY, "failure": FAILURE},
        ),
        (e.LaneRestarted, {"tasks": ("open", "read")}),
        (e.TaskQueued, {"task": "open", "attempt": 2}),
        (e.CancelRequested, {"reason": "enough"}),
        (e.TaskFinished, {"task": "open", "attempt": 1, "state": TaskState.CANCELLED}),
        (e.TaskFinished, {"task": "read", "attempt": 1, "state": TaskState.CANCELLED}),
        (
            e.TaskFinished,
            {
                "task": "fit",
                "attempt": 1,
                "state": TaskState.FAILED,
                "duration_s": 0.5,
                "cells_s": 0.5,
                "failure": FAILURE,
            },
        ),
        (e.TaskFinished, {"task": "plot", "attempt": 1, "state": TaskState.CANCELLED}),
        (e.TaskFinished, {"task": "report", "attempt": 0, "state": TaskState.UPSTREAM_FAILED}),
        (e.RunFinished, {"state": RunState.FAILED, "failure": FAILURE}),
        (e.RunResumed, {"tasks": resumed()}),
        (e.TaskQueued, {"task": "plot", "attempt": 2}),
        (e.RunResumed, {"tasks": resumed(plot=TaskState.QUEUED), "recovered": True}),
    )
    yield e.RunCreated(
        run_id="run-1",
        seq=1,
        at=START,
        pipeline="churn",
        notebook="churn.ipynb",
        parameters={"n": 3},
        tasks=TASKS,
        lanes=(("open", "read"),),
    )
    for number, (kind, fields) in enumerate(moments, start=2):
        yield kind(run_id="run-1", seq=number, at=START + timedelta(seconds=number), **fields)


def resumed(**states):
    """The tasks as they go on: the first as it is, and the others anew or in these states."""
    stands = {"load": TaskState.SUCCESS, **states}
    return tuple((name, upstream, stands.get(name, TaskState.NONE)) for name, upstream in TASKS)


view = None
for event in story():
    if view is None:
        view = RunView.of(event)
    else:
        view.apply(event)
    document = json.loads(to_json(run_document(view)))
    sys.stdout.write(json.dumps({"event": event_to_dict(event), "run": document}) + "\n")
