"""Pipelines to draw, and the command line as a function."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

import pytest

from jupyter_dagflow.core.model import (
    CellId,
    Edge,
    Input,
    PartitionBy,
    Pipeline,
    Reason,
    RunId,
    Task,
    TaskName,
)
from jupyter_dagflow.core.run import RunView, TaskRun
from jupyter_dagflow.core.states import RunState, TaskState
from jupyter_dagflow.surfaces.cli.main import perform

AT = datetime(2024, 5, 17, 12, 0, tzinfo=timezone.utc)

CHURN = {
    "load": (),
    "features": ("load",),
    "logistic": ("features",),
    "forest": ("features",),
    "boosting": ("features",),
    "evaluate": ("logistic", "forest", "boosting"),
    "report": ("evaluate", "load"),
}


def pipeline_of(shape: Mapping[str, Sequence[str]], *, name: str = "churn") -> Pipeline:
    """A pipeline from task -> upstream tasks; a task before itself is only ordered (``after:``)."""
    order = list(shape)
    tasks = [
        Task(
            name=TaskName(task),
            cells=(CellId(f"c{at}"),) + ((CellId(f"d{at}"),) if task == "features" else ()),
            cell_indexes=(2 * at + 1,) + ((2 * at + 2,) if task == "features" else ()),
            inputs=tuple(Input(name=f"{u}_out", sources=(TaskName(u),)) for u in upstream),
            outputs=(f"{task}_out",),
        )
        for at, (task, upstream) in enumerate(shape.items())
    ]
    edges = [
        Edge(
            source=TaskName(source),
            target=TaskName(task),
            reasons=(
                Reason(kind="after", name=source)
                if (source, task) == ("load", "report")
                else Reason(
                    kind="data",
                    name=f"{source}_out",
                    source_cell=CellId(f"c{order.index(source)}"),
                    source_line=3,
                    target_cell=CellId(f"c{order.index(task)}"),
                    target_line=1,
                ),
            ),
        )
        for task, upstream in shape.items()
        for source in upstream
    ]
    return Pipeline(
        name=name,
        notebook=f"{name}.ipynb",
        by=PartitionBy.TAGS,
        parameters=(),
        parameters_cell=None,
        prelude=(),
        tasks=tuple(tasks),
        edges=tuple(edges),
    )


def run_of(
    pipeline: Pipeline, states: Mapping[str, TaskState], *, state: RunState = RunState.RUNNING
) -> RunView:
    """A run of the pipeline with tasks in these states (``none`` if not named)."""
    tasks = {}
    for task in pipeline.tasks:
        run = TaskRun(name=task.name, upstream=(), state=states.get(task.name, TaskState.NONE))
        if run.state in (TaskState.SUCCESS, TaskState.FAILED):
            run.attempt, run.duration_s, run.cells_s = 1, 1.25, 1.0
        tasks[task.name] = run
    return RunView(
        run_id=RunId("20240517-120000-abc123"),
        seq=1,
        pipeline=pipeline.name,
        notebook=pipeline.notebook,
        parameters={},
        trigger="manual",
        options={},
        created_at=AT,
        state=state,
        tasks=tasks,
        started_at=AT,
    )


@pytest.fixture
def make_pipeline() -> Callable[..., Pipeline]:
    """Makes a pipeline from task -> upstream tasks."""
    return pipeline_of


@pytest.fixture
def make_run() -> Callable[..., RunView]:
    """Makes a run of a pipeline from task -> state."""
    return run_of


@pytest.fixture
def churn() -> Pipeline:
    """Seven tasks, three of them side by side, an edge that only orders."""
    return pipeline_of(CHURN)


@pytest.fixture
def churn_run(churn: Pipeline) -> RunView:
    """A run of it in which something of everything has happened."""
    return run_of(
        churn,
        {
            "load": TaskState.SUCCESS,
            "features": TaskState.SUCCESS,
            "logistic": TaskState.RUNNING,
            "forest": TaskState.FAILED,
            "boosting": TaskState.QUEUED,
            "evaluate": TaskState.UPSTREAM_FAILED,
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str


@pytest.fixture
def dagflow(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[..., Answer]:
    """Runs a command line in this process, with a home and a working directory of its own."""
    home = tmp_path / "home"
    for variable in ("DAGFLOW_DATABASE_URL", "DAGFLOW_ARTIFACTS_URL", "DAGFLOW_JOBS"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("DAGFLOW_HOME", str(home))
    work = tmp_path / "work"
    work.mkdir(exist_ok=True)
    monkeypatch.chdir(work)

    def run(*argv: str) -> Answer:
        code = perform(argv)
        captured = capsys.readouterr()
        return Answer(
            code=code,
            out=captured.out.replace(str(tmp_path), "/TMP"),
            err=captured.err.replace(str(tmp_path), "/TMP"),
        )

    return run


@pytest.fixture
def settled() -> Callable[[str], str]:
    """Takes what differs from run to run, machine to machine, and one IPython to the next, out of a text."""

    def settle(text: str) -> str:
        text = re.sub(r"\d{8}-\d{6}-[0-9a-f]{6}", "<run>", text)
        text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "<time>", text)
        text = re.sub(r"\d+\.\d+ s\b|\d+ min \d\d s", "<s>", text)
        text = re.sub(r"\b\d+ B\b", "<size>", text)
        text = re.sub(r"(?m)^(asked for +)by .* on .*, from", r"\1by <user> on <host>, from", text)
        text = re.sub(r"(?m)^(kernel|run by)( +).*", r"\1\2<versions>", text)
        text = re.sub(r"(?m)^(packages|git) .*\n", "", text)
        text = re.sub(r"(  \|.*\n)+(  \| .*\n)", r"  | <traceback>\n\2", text)
        return re.sub(r" {3,}", "  ", text)

    return settle


@pytest.fixture
def write_notebook(tmp_path: Path) -> Callable[..., Path]:
    """Writes a notebook of tagged code cells into the working directory of `dagflow`."""

    def write(name: str, cells: Sequence[tuple[str, str]], *, kernel: str = "python3") -> Path:
        notebook = {
            "nbformat": 4,
            "nbformat_minor": 5,
            "metadata": {
                "kernelspec": {"name": kernel, "display_name": kernel, "language": "python"}
            },
            "cells": [
                {
                    "cell_type": "code",
                    "id": f"cell-{at}",
                    "metadata": {"tags": tags.split()},
                    "source": source,
                    "outputs": [],
                    "execution_count": None,
                }
                for at, (tags, source) in enumerate(cells)
            ],
        }
        path = tmp_path / "work" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(notebook), encoding="utf-8")
        return path

    return write
