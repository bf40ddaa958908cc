"""What people are told of the difference between two runs, and of the record of one."""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from jupyter_dagflow.core.code_diff import CodeChange
from jupyter_dagflow.core.events import TaskFailure
from jupyter_dagflow.core.model import Pipeline, RunId, TaskName
from jupyter_dagflow.core.records import Origin, Revision, RunRecord, Surroundings, TaskRecord
from jupyter_dagflow.core.run import Attempt, RunView
from jupyter_dagflow.core.run_diff import (
    Change,
    Compared,
    DurationChange,
    InputChange,
    MetricChange,
    ResultChange,
    RunDiff,
)
from jupyter_dagflow.core.states import RunState, TaskState
from jupyter_dagflow.surfaces import report, run_comparison, run_record
from jupyter_dagflow.surfaces.cli.output import put_parts
from jupyter_dagflow.wire import run_diff_document, run_document, run_record_document, to_plain

TRAIN, LOAD, EVALUATE = TaskName("train"), TaskName("load"), TaskName("evaluate")
BEFORE = Compared(
    run_id=RunId("20260307-120000-aaaaaa"),
    pipeline="churn",
    state=RunState.SUCCESS,
    started_at=None,
    finished_at=None,
)
NOTHING = RunDiff(before=BEFORE, after=replace(BEFORE, run_id=RunId("20260308-120000-bbbbbb")))
FIT = """\
@@ -1,4 +1,4 @@
 model = GradientBoostingClassifier(
-    n_estimators=100,
+    n_estimators=300,
     random_state=seed,
 )
@@ -9,2 +9,3 @@
 model.fit(X, y)
+print(model.score(X, y))
 auc = roc_auc_score(y_test, model.predict_proba(X_test)[:, 1])"""
EVERYTHING = replace(
    NOTHING,
    metrics=(
        MetricChange(name="auc", before=0.91234, after=0.89712),
        MetricChange(name="best", before="forest", after="boosting"),
        MetricChange(name="rows", before=1000, after=None),
    ),
    states=(Change(name="evaluate", before="failed", after="success"),),
    added=(TaskName("report"),),
    removed=(TaskName("plot"), TaskName("mail")),
    code=(
        CodeChange(kind="cells", tasks=(TRAIN,), cells_before=(4,), cells_after=(5,), diff=FIT),
        CodeChange(
            kind="setup",
            tasks=(LOAD, TRAIN, EVALUATE, TaskName("report"), TaskName("plot")),
            cells_before=(),
            cells_after=(1, 2),
            diff="@@ -0,0 +1 @@\n+SCALE = 2",
        ),
    ),
    parameters=(Change(name="seed", before="1", after="2"),),
    files=(
        Change(
            name="data/raw.csv", before="xxh3:0123456789", after="xxh3:abcdef0123", tasks=(LOAD,)
        ),
        Change(name="new.csv", before=None, after="missing", tasks=(LOAD,)),
    ),
    versions=(
        Change(name="Python", before="3.12.1", after="3.13.0", tasks=(LOAD, TRAIN)),
        Change(name="scikit-learn", before="1.4.0", after="1.5.1", tasks=(TRAIN,)),
        Change(name="joblib", before=None, after="1.4.2", tasks=(TRAIN,)),
    ),
    git=(Change(name="commit", before="9d592f6644915e1081", after="1b685501234567890a"),),
    asked=(Change(name="host", before="laptop", after="server"),),
    unexplained=(ResultChange(task=LOAD, names=("rows", "labels")),),
    inputs=tuple(
        InputChange(task=TRAIN, name=f"x{number}", made_by=(LOAD,)) for number in range(23)
    ),
    durations=(DurationChange(task=TRAIN, before_s=10.0, after_s=31.5),),
    unknown=("of run 20260307-120000-aaaaaa nothing",),
)


class Tty(io.StringIO):
    """A terminal of that encoding."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def on_terminal(
    monkeypatch: pytest.MonkeyPatch, parts: list[report.Part], *, columns: int, colour: bool
) -> str:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", str(columns))
    if colour:
        monkeypatch.delenv("NO_COLOR", raising=False)
    else:
        monkeypatch.setenv("NO_COLOR", "1")
    tty = Tty()
    monkeypatch.setattr(sys, "stdout", tty)
    put_parts(parts)
    return tty.getvalue()


def test_all_that_may_differ(snapshot: SnapshotAssertion) -> None:
    assert report.as_text(run_comparison.parts(EVERYTHING)) == snapshot


@pytest.mark.parametrize("columns", [80, 120])
def test_in_a_terminal(
    monkeypatch: pytest.MonkeyPatch, snapshot: SnapshotAssertion, columns: int
) -> None:
    parts = run_comparison.parts(EVERYTHING)
    text = on_terminal(monkeypatch, parts, columns=columns, colour=False)
    assert "\x1b[3" not in text, "no colour where none is wanted"
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    assert max(map(len, plain.splitlines())) <= columns
    assert plain == snapshot


def test_what_came_and_what_went_has_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = run_comparison.parts(EVERYTHING)
    text = on_terminal(monkeypatch, parts, columns=100, colour=True)
    assert "\x1b[31m-    n_estimators=100," in text
    assert "\x1b[32m+    n_estimators=300," in text


def test_nothing_is_told_of_what_is_the_same(snapshot: SnapshotAssertion) -> None:
    assert report.as_text(run_comparison.parts(NOTHING)) == snapshot


def test_of_a_long_diff_the_beginning_is_shown() -> None:
    lines = "\n".join(["@@ -0,0 +1,100 @@", *(f"+x{number} = 1" for number in range(100))])
    change = CodeChange(kind="cells", tasks=(TRAIN,), cells_before=(), cells_after=(1,), diff=lines)
    many = replace(NOTHING, code=(change,) * 25)
    text = report.as_text(run_comparison.parts(many))
    assert "… 40 more lines" in text
    assert "+5 more changes of code" in text


def test_the_document_has_all_of_it() -> None:
    plain = to_plain(run_diff_document(EVERYTHING))
    assert plain["summary"] == EVERYTHING.summary
    assert plain["before"]["run_id"] == BEFORE.run_id
    assert len(plain["inputs"]) == 23
    assert plain["code"][0]["diff"] == FIT
    assert plain["metrics"][2] == {"name": "rows", "before": 1000, "after": None}
    assert plain["files"][1]["before"] is None


@pytest.fixture
def recorded(churn: Pipeline, make_run: Callable[..., RunView]) -> RunView:
    """A run with a record, in which one task was tried twice."""
    view = make_run(churn, dict.fromkeys(["load", "features"], TaskState.SUCCESS))
    task = view.tasks[LOAD]
    task.attempt = 2
    task.attempts = (
        Attempt(
            number=1,
            state=TaskState.UP_FOR_RETRY,
            started_at=view.created_at,
            finished_at=view.created_at + timedelta(seconds=1),
            duration_s=1.0,
            failure=TaskFailure(kind="error", message="ConnectionError: no route to host"),
        ),
        Attempt(
            number=2,
            state=TaskState.SUCCESS,
            started_at=view.created_at,
            finished_at=view.created_at + timedelta(seconds=1),
        ),
    )
    task.record = TaskRecord(code="c", recipe="r", surroundings="here")
    view.parameters = {"n": 5, "name": "Ada"}
    view.options = {"folder": "/data/ada/churn"}
    view.surroundings["here"] = Surroundings(
        kernel="python3", python="3.12.1", packages={"pandas": "2.2.3", "numpy": "2.1.0"}
    )
    view.record = RunRecord(
        origin=Origin.MAGIC,
        user="ada",
        host="laptop",
        python="3.12.1",
        version="0.1.0",
        source_digest="abc",
        revision=Revision(commit="9d592f6644915e1081442fa5", branch="main", dirty=True),
    )
    return view


def test_a_run_is_shown_with_what_it_was_made_of(
    recorded: RunView, settled: Callable[[str], str], snapshot: SnapshotAssertion, tmp_path: Path
) -> None:
    source = tmp_path / "source.ipynb"
    source.touch()
    text = report.as_text(run_record.parts(recorded, source=source))
    assert (
        re.sub(r"\d{4}-\d\d-\d\d .{8}", "<time>", text).replace(str(tmp_path), "/TMP") == snapshot
    )


def test_a_run_without_a_record_is_shown_without(churn_run: RunView, tmp_path: Path) -> None:
    parts = run_record.parts(churn_run, source=tmp_path / "gone.ipynb")
    assert report.as_text(parts) == ""


def test_the_record_comes_under_new_keys_only(recorded: RunView) -> None:
    as_ever = run_document(recorded, notebook="nb.ipynb")
    plain = to_plain(run_record_document(as_ever, recorded, source="source.ipynb"))
    before = to_plain(as_ever)
    assert {name: plain[name] for name in before} == before
    assert plain.keys() - before.keys() == {
        "parameters",
        "source",
        "record",
        "records",
        "surroundings",
        "attempts",
    }
    assert plain["record"]["revision"]["dirty"] is True
    assert plain["records"]["load"]["surroundings"] == "here"
    assert plain["attempts"]["load"][0]["error"]["message"].startswith("ConnectionError")
    assert json.dumps(plain)
