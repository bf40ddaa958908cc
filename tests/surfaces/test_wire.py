"""The shapes that leave the process: the same on every machine, and complete."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from jupyter_dagflow.core.diagnostics import Code, Diagnostic
from jupyter_dagflow.core.model import Compilation, Pipeline
from jupyter_dagflow.core.run import RunView
from jupyter_dagflow.wire import event_from_dict, graph_document, json_schema, to_plain


def test_the_schema_does_not_depend_on_hashing() -> None:
    outputs = {
        subprocess.run(
            [sys.executable, "-m", "jupyter_dagflow.wire"],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(outputs) == 1
    assert json.loads(outputs.pop())["$defs"].keys() == json_schema()["$defs"].keys()


def test_every_field_of_an_event_is_required() -> None:
    schema = json_schema()["$defs"]["TaskFinished"]
    assert schema["properties"]["type"] == {"const": "task_finished"}
    assert schema["required"] == list(schema["properties"])


def test_events_of_before_there_were_records_are_read() -> None:
    created = {
        "type": "run_created",
        "run_id": "20260308-120000-aa",
        "seq": 1,
        "at": "2026-03-08T12:00:00Z",
        "pipeline": "churn",
        "notebook": "churn.ipynb",
        "parameters": {"n": 3},
        "tasks": [["load", []]],
        "trigger": "manual",
        "state": "queued",
    }
    finished = {
        "type": "task_finished",
        "run_id": "20260308-120000-aa",
        "seq": 4,
        "at": "2026-03-08T12:00:01Z",
        "task": "load",
        "attempt": 1,
        "state": "success",
        "duration_s": 1.0,
    }
    assert event_from_dict(created).record is None
    assert event_from_dict(finished).record is None
    assert event_from_dict(finished).surroundings is None


def test_a_graph_is_a_pipeline_its_dot_and_perhaps_a_run(
    churn: Pipeline, churn_run: RunView
) -> None:
    finding = Diagnostic.of(Code.NO_TASKS, "nothing")
    compilation = Compilation(pipeline=churn, diagnostics=(finding,))
    plain = to_plain(graph_document(compilation, dot="digraph {}", run=churn_run))
    assert plain["compilation"]["name"] == "churn"
    assert plain["compilation"]["edges"][0]["reasons"][0]["kind"] == "data"
    assert plain["compilation"]["diagnostics"][0]["severity"] == "warning"
    assert plain["run"]["tasks"][0]["state"] == "success"
    assert "error" in plain["run"]["tasks"][0]
    assert to_plain(graph_document(compilation, dot=""))["run"] is None
