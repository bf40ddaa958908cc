"""Work that grows with the notebook and no faster: lines of ours that run, for one size and four times it.

Counted and not timed, so that it is the same on any machine.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timezone
from types import FrameType

import pytest

from jupyter_dagflow.core.compile import compile_cells
from jupyter_dagflow.core.events import Item
from jupyter_dagflow.core.machine import (
    AttemptEnded,
    Plan,
    PlannedTask,
    RunMachine,
    StartTask,
    Submit,
)
from jupyter_dagflow.core.model import Notebook, RunId, TaskName
from jupyter_dagflow.core.records import Surroundings, TaskRecord
from jupyter_dagflow.core.run_diff import RunDiff, Side, diff_runs
from jupyter_dagflow.core.states import RunState
from tests.benchmarks.synthetic import (
    TaggedCell,
    chain,
    fan_in,
    fan_out,
    fans,
    file_chain,
)
from tests.core.notebooks import tagged

NOON = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
SMALL, LARGE = 400, 1600
MOST = 5.0  # times the lines for four times the tasks: some things are sorted


def lines(work: Callable[[], object]) -> int:
    """How many lines of ours run."""
    count = 0

    def trace(frame: FrameType, event: str, _: object) -> object:
        nonlocal count
        count += event == "line"
        return trace if "jupyter_dagflow" in frame.f_code.co_filename else None

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


SHAPES = (chain, fans, fan_out, fan_in, file_chain)


@pytest.mark.parametrize("shape", SHAPES)
def test_compiling_is_linear(shape: Callable[[int], list[TaggedCell]]) -> None:
    def compiling(size: int) -> int:
        read = _notebook(shape(size))
        return lines(lambda: compile_cells(read))

    compiling(SMALL)  # what is found out once
    assert compiling(LARGE) / compiling(SMALL + 1) < MOST


@pytest.mark.parametrize("shape", SHAPES)
def test_a_run_is_linear(shape: Callable[[int], list[TaggedCell]]) -> None:
    def running(size: int) -> int:
        plan = _plan(shape(size))
        return lines(lambda: _run(RunMachine(plan)))

    assert running(LARGE) / running(SMALL) < MOST


def test_a_mapped_loop_is_linear() -> None:
    """From the items that an expansion tells of to the end of the task that brings all reports together."""

    def running(size: int) -> int:
        task = PlannedTask(name=TaskName("m"), upstream=())
        machine = RunMachine(replace(_plan([]), tasks=(task,)))
        items = tuple(Item(digest=str(number)) for number in range(size))
        counted = lines(lambda: _run(machine, items))
        assert len(machine.view.tasks) == size + 1
        return counted

    assert running(LARGE) / running(SMALL) < MOST


@pytest.mark.parametrize("shape", SHAPES)
def test_comparing_two_runs_is_linear(shape: Callable[[int], list[TaggedCell]]) -> None:
    """All code is another, and so are all inputs and all packages."""

    def comparing(size: int) -> int:
        before, after = (_side(shape(size), version) for version in "12")
        found: list[RunDiff] = []
        counted = lines(lambda: found.append(diff_runs(before, after)))
        (diff,) = found
        changed = {task for change in diff.code for task in change.tasks}
        assert changed == before.view.tasks.keys() == {*diff.versions[0].tasks}
        return counted

    comparing(SMALL)
    assert comparing(LARGE) / comparing(SMALL + 1) < MOST


def _side(cells: list[TaggedCell], version: str) -> Side:
    """A run of these cells, and one statement more in each, of which everything is recorded."""
    cells = [cell._replace(source=f"{cell.source}\nversion = {version}") for cell in cells]
    notebook = replace(_notebook(cells), digest=version)
    machine = RunMachine(_plan(cells))
    _run(machine)
    view = machine.view
    here = Surroundings(kernel="k", python="3", packages={f"p{n}": version for n in range(30)})
    for name, task in view.tasks.items():
        task.record = TaskRecord(code=f"{name}{version}", recipe=version, surroundings=version)
    view.surroundings[version] = here
    return Side(view=view, notebook=notebook, pipeline=compile_cells(notebook).pipeline)


def _notebook(cells: list[TaggedCell]) -> Notebook:
    return tagged(*((" ".join(cell.tags), cell.source) for cell in cells))


def _plan(cells: list[TaggedCell]) -> Plan:
    pipeline = compile_cells(_notebook(cells)).pipeline
    above: dict[TaskName, list[TaskName]] = {task.name: [] for task in pipeline.tasks}
    for edge in pipeline.edges:
        above[edge.target].append(edge.source)
    return Plan(
        run_id=RunId("r"),
        pipeline="p",
        notebook="p.ipynb",
        parameters={},
        tasks=tuple(PlannedTask(name=name, upstream=tuple(up)) for name, up in above.items()),
        slots=8,
    )


def _run(machine: RunMachine, items: tuple[Item, ...] | None = None) -> None:
    """Have every attempt end well; of a task that is expanded the first tells of these items."""
    pending = [*machine.handle(Submit(at=NOON)).instructions]
    while pending:
        start = pending.pop()
        assert isinstance(start, StartTask)
        ended = AttemptEnded(at=NOON, task=start.task, attempt=start.attempt, items=items)
        items = None
        pending += machine.handle(ended).instructions
    assert machine.view.state is RunState.SUCCESS
