"""What a task takes is found once, whatever else comes while it is made ready.

A scripted executor forces what comes when; the metastore is real.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from jupyter_dagflow.core.compile import compile_cells
from jupyter_dagflow.core.events import Item, Stored
from jupyter_dagflow.core.fan_out import REPORT
from jupyter_dagflow.core.lease import Lease
from jupyter_dagflow.core.machine import AttemptEnded
from jupyter_dagflow.core.model import RunId, TaskName
from jupyter_dagflow.core.run import RunView, is_instance
from jupyter_dagflow.core.states import RunState, TaskState
from jupyter_dagflow.execution.files import RunFiles
from jupyter_dagflow.execution.ports import Assignment, Report
from jupyter_dagflow.execution.processes import this_process
from jupyter_dagflow.execution.runner import Runner, RunRequest
from jupyter_dagflow.storage.metastore import Metastore
from jupyter_dagflow.storage.notebooks import read_notebook
from tests.execution.projects import Project

RUN = RunId("run-1")
GIVE = [("task:a keep:x keep:xs", "xs = [1, 2]\nx = 1"), ("task:b", "y = 2")]
TAKE = ("task:takes trigger:one_success keep:z", "z = (x, y)")
MAP = "zs = []\nfor i in xs:\n    zs.append(i + y)"
TAKE_MAPPED = ("task:takes map trigger:one_success keep:zs", MAP)


def now() -> datetime:
    return datetime.now(timezone.utc)


def value(name: str, by: str) -> Stored:
    """A value with a digest of its own."""
    digest = f"blake2b:{f'{by}.{name}'.encode().hex():0<64}"
    return Stored(name=name, digest=digest, size_bytes=1, type="int")


class Giver:
    """An executor whose attempts give all that they are asked for; each ends when ``ends`` says which do now.

    It is asked as an attempt starts, and answers with the tasks whose attempts end, in this order.
    """

    def __init__(self, report: Report, ends: Callable[[str], list[str]]) -> None:
        self._report = report
        self._ends = ends
        self.started: list[Assignment] = []
        self._running: dict[str, Assignment] = {}

    async def start(self, assignment: Assignment, *, more: bool = False) -> None:
        self.started.append(assignment)
        self._running[assignment.task] = assignment
        for task in self._ends(assignment.task):
            self._end(self._running.pop(task))

    async def stop(self, task: TaskName, attempt: int) -> None: ...

    async def close(self) -> None: ...

    def _end(self, assignment: Assignment) -> None:
        told: dict[str, Any] = {}
        if assignment.expands:
            told["items"] = tuple(Item(digest=f"item {n}") for n in range(2))
        else:
            names = assignment.spec["outputs"]
            told["stored"] = tuple(value(name, assignment.task) for name in names)  # type: ignore[attr-defined]
        self._report(AttemptEnded(at=now(), task=assignment.task, attempt=1, **told))


class Stage:
    """A run whose tasks end when the test says so."""

    def __init__(self, home: Path) -> None:
        self.files = RunFiles(home, RUN)
        self.files.folder.mkdir(parents=True)
        self.metastore = Metastore.open(f"sqlite:///{home / 'metastore.db'}")
        self.executor: Giver | None = None

    def run(self, cells: list[tuple[str, str]], ends: Callable[[str], list[str]]) -> RunView:
        self.files.source.write_text(json.dumps(_document(cells)))
        notebook = read_notebook(self.files.source)

        def make(report: Report) -> Giver:
            self.executor = Giver(report, ends)
            return self.executor

        request = RunRequest(
            run_id=RUN,
            lease=Lease(run_id=RUN, token=1, owner=this_process()),
            notebook=notebook,
            compilation=compile_cells(notebook),
            parameters={},
            files=self.files,
            artifacts=self.files.home / "artifacts",
            cwd=self.files.home,
            jobs=3,
        )
        runner = Runner(request, metastore=self.metastore, make_executor=make, now=now)
        # Nothing is stored really: that its files are safe on the disk need not be waited for.
        runner._safekeeping.begin = lambda digests: None  # type: ignore[method-assign]
        return asyncio.run(runner.run())

    def given(self) -> dict[str, Mapping[str, str]]:
        """What each part of a task was given, in the order of their starts."""
        assert self.executor is not None
        return {
            f"{each.task}{' expands' if each.expands else ''}": each.spec["inputs"]  # type: ignore[misc]
            for each in self.executor.started
        }

    def kept(self, view: RunView, task: str) -> list[Mapping[str, str]]:
        """Under which inputs the results of a task are kept for others."""
        record = view.tasks[TaskName(task)].record
        assert record is not None
        known = self.metastore.reusable(recipes={record.recipe}, places=set())
        return [each.entry.inputs for each in known]


def _document(cells: list[tuple[str, str]]) -> dict[str, Any]:
    metadata = {"kernelspec": {"name": "python3", "display_name": "p", "language": "python"}}
    cell = {"cell_type": "code", "outputs": [], "execution_count": None}
    return {
        "cells": [
            {**cell, "id": f"c{i}", "metadata": {"tags": tags.split()}, "source": source}
            for i, (tags, source) in enumerate(cells)
        ],
        "metadata": metadata,
        "nbformat": 4,
        "nbformat_minor": 5,
    }


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def test_a_value_that_comes_while_a_task_is_made_ready_is_neither_given_nor_recorded(
    stage: Stage,
) -> None:
    # Both ends are taken together; the task starts with the first of them.
    ends = {"a": [], "b": ["a", "b"], "takes": ["takes"]}
    view = stage.run([*GIVE, TAKE], lambda task: list(ends[task]))
    assert view.state is RunState.SUCCESS
    assert stage.given()["takes"] == {"x": value("x", "a").digest}
    record = view.tasks[TaskName("takes")].record
    assert record is not None
    assert record.inputs == stage.given()["takes"]
    assert stage.kept(view, "takes") == [record.inputs]


@pytest.mark.parametrize("late", ["with the expansion", "before the last instance"])
def test_all_parts_of_a_mapped_task_take_what_was_there_when_it_began(
    stage: Stage, late: str
) -> None:
    def ends(task: str) -> list[str]:
        if task in ("a", "takes[0]"):
            return [task]
        if task == "takes" and stage.executor is not None:
            expands = len([each for each in stage.executor.started if each.task == task]) == 1
            return ["b", task] if expands and late == "with the expansion" else [task]
        if task == "takes[1]":
            return ["b", task] if late == "before the last instance" else [task]
        return []

    view = stage.run([*GIVE, TAKE_MAPPED], ends)
    assert view.state is RunState.SUCCESS
    taken = {"xs": value("xs", "a").digest}
    given = stage.given()
    assert given["takes expands"] == given["takes"] == taken
    assert given["takes[0]"] == given["takes[1]"] == {}
    for task in view.tasks.values():
        if task.name not in ("a", "b"):
            assert task.record is not None
            assert task.record.inputs == given[task.name]
            assert stage.kept(view, task.name)
            assert all(inputs == given[task.name] for inputs in stage.kept(view, task.name))
    assert REPORT in [stored.name for stored in view.tasks[TaskName("takes[0]")].stored]
    assert any(is_instance(name) for name in view.tasks)


LATE = """
import os, time
until = time.monotonic() + 60
while not os.path.exists({taken!r}) and time.monotonic() < until:
    time.sleep(0.02)
y = 2
"""
TAKE_EARLY = """
import os
z = [x]
os.mkdir({taken!r})
if x > 1:
    z.append(y)
"""
FAIL_ONCE = "import os\nassert os.path.exists({flag!r})\nw = y + len(z)"


def test_a_task_that_began_before_a_value_came_is_kept_when_its_run_is_resumed(
    tmp_path: Path, kernels: Path
) -> None:
    project = Project(tmp_path)
    paths = {"taken": str(tmp_path / "taken"), "flag": str(tmp_path / "flag")}
    cells = [("a", "x = 1"), ("b", LATE), ("takes trigger:one_success", TAKE_EARLY)]
    cells += [("fails keep:w", FAIL_ONCE)]
    try:
        run = project.run(*((f"task:{tags}", code.format(**paths)) for tags, code in cells))
        assert run.state is RunState.FAILED
        assert run.tasks["fails"].state is TaskState.FAILED, run.error
        record = run.tasks["takes"].record
        assert record is not None
        assert [*record.inputs] == ["x"]
        (tmp_path / "flag").touch()
        again = project.app.resume(run.run_id)
        again.wait()
        assert again.state is RunState.SUCCESS, again.error
        assert (again.value("w"), again.tasks["takes"].attempt) == (3, 1)
    finally:
        project.close()
