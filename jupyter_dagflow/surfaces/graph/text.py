"""The pipeline in words: for a terminal, a screen reader, a front end that shows no pictures."""

from __future__ import annotations

from collections.abc import Sequence

from jupyter_dagflow.core.errors import Location
from jupyter_dagflow.core.model import (
    CellId,
    Edge,
    Nested,
    Pipeline,
    Reason,
    Task,
    TaskName,
    line_of_file,
)
from jupyter_dagflow.core.nested import Inner
from jupyter_dagflow.core.run import RunView
from jupyter_dagflow.surfaces import words
from jupyter_dagflow.surfaces.graph.card import status
from jupyter_dagflow.surfaces.look import TASK_LOOKS, run_look
from jupyter_dagflow.surfaces.table import Column, Table


def needs(pipeline: Pipeline) -> dict[TaskName, list[TaskName]]:
    """For every task those that must end before it, in notebook order."""
    order = {task.name: index for index, task in enumerate(pipeline.tasks)}
    result: dict[TaskName, list[TaskName]] = {task.name: [] for task in pipeline.tasks}
    for edge in pipeline.edges:
        result.setdefault(edge.target, []).append(edge.source)
    return {
        name: sorted(sources, key=lambda s: order.get(s, -1)) for name, sources in result.items()
    }


def text(pipeline: Pipeline, run: RunView | None = None, *, inner: Sequence[Inner] = ()) -> str:
    """A few lines: the pipeline's name, then a task a line with its state and what it follows.

    The ``inner`` tasks of notebooks that are steps stand below theirs, a little to the right.

    Example::

        churn: 3 tasks
          load      cell 2
          features  cells 3–4  ← load
          train     cell 6     ← features
    """  # noqa: RUF002
    head = f"{pipeline.name}: {words.count(len(pipeline.tasks), 'task')}"
    if run is not None:
        look = run_look(run.state)
        head = f"{pipeline.name}: {look.icon} {look.word} (run {run.run_id})"
    upstream = needs(pipeline)
    rows: list[tuple[str, str, str]] = []
    for task in pipeline.tasks:
        task_run = None if run is None else run.tasks.get(task.name)
        middle = words.cells(task)
        if task_run is not None:
            middle = f"{TASK_LOOKS[task_run.state].icon} {status(task_run)}"
        rows.append(
            (
                task.name,
                middle,
                _follows(upstream[task.name]),
            )
        )
        rows += [
            (
                f"{'  ' * each.name.count('.')}{each.task.name}",
                f"{words.cells(each.task)} of {each.notebook}",
                _follows([name.removeprefix(f"{each.group}.") for name in each.after]),
            )
            for each in inner
            if each.name.startswith(f"{task.name}.")
        ]
    names = max((len(row[0]) for row in rows), default=0)
    middles = max((len(row[1]) for row in rows), default=0)
    lines = [
        f"  {name:<{names}}  {middle:<{middles}}  {after}".rstrip() for name, middle, after in rows
    ]
    return "\n".join([head, *lines])


def _follows(names: Sequence[str]) -> str:
    return "← " + ", ".join(names) if names else ""


def description(
    pipeline: Pipeline, run: RunView | None = None, nested: Sequence[Nested] = ()
) -> str:
    """The pipeline in sentences, for who hears it."""
    upstream = needs(pipeline)
    sentences = []
    for task in pipeline.tasks:
        sentence: str = task.name
        task_run = None if run is None else run.tasks.get(task.name)
        if task_run is not None:
            sentence += f": {status(task_run)}"
        if upstream[task.name]:
            sentence += f", after {' and '.join(upstream[task.name])}"
        sentences.append(sentence + ".")
    sentences += [
        f"{each.task} runs {each.shown}: {description(each.compilation.pipeline, nested=each.compilation.nested)}"
        for each in nested
    ]
    return " ".join([f"{words.count(len(pipeline.tasks), 'task')}.", *sentences])


def task_table(pipeline: Pipeline, nested: Sequence[Inner] = ()) -> Table:
    """The tasks as ``dagflow compile`` shows them, those of notebooks that are steps below the task that runs them."""
    upstream = needs(pipeline)
    return Table(
        columns=(
            Column("task", style="bold"),
            Column("cells"),
            Column("after"),
            Column("reads"),
            Column("passes on"),
            Column("options"),
        ),
        rows=tuple(
            row
            for task in pipeline.tasks
            for row in (
                _task_row(task.name, task, upstream[task.name]),
                *(
                    _task_row(inner.name, inner.task, inner.after, notebook=f"{inner.notebook}: ")
                    for inner in nested
                    if inner.name.startswith(f"{task.name}.")
                ),
            )
        ),
    )


def _task_row(
    name: str, task: Task, upstream: Sequence[str], *, notebook: str = ""
) -> tuple[str, ...]:
    return (
        name,
        notebook + words.ranges(task.cell_indexes),
        words.listed(upstream),
        words.listed([item.name for item in task.inputs]),
        words.listed(task.outputs),
        " ".join(_options(task)),
    )


def edge_table(pipeline: Pipeline) -> Table:
    """The edges and why they are there, a reason a row."""
    places = _Places(pipeline)
    rows = []
    for edge in pipeline.edges:
        title = f"{edge.source} → {edge.target}"
        for why in edge.reasons:
            ends = ("", "") if words.is_order(why) else places.ends(edge, why)
            rows.append((title, words.subject(why), *ends))
            title = ""
    return Table(
        columns=(
            Column("edge", style="bold"),
            Column("because of"),
            Column("written at"),
            Column("read at"),
        ),
        rows=tuple(rows),
    )


class _Places:
    """Where the reasons of a pipeline's edges begin and end, as people read its notebook."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._tasks = {task.name: task for task in pipeline.tasks}
        self._first_lines = pipeline.first_lines
        self._indexes: dict[str, int] = {}
        for task in pipeline.tasks:
            self._indexes.update(zip(task.cells, task.cell_indexes, strict=True))
        order = {name: place for place, name in enumerate(self._tasks)}
        self._taken: dict[tuple[TaskName, str], tuple[Edge, Reason]] = {}
        for edge in sorted(pipeline.edges, key=lambda edge: order.get(edge.source, -1)):
            for why in edge.reasons:
                if why.kind == "data":  # of several tasks that have it, the last counts
                    self._taken[edge.target, why.name] = edge, why

    def ends(self, edge: Edge, why: Reason) -> tuple[str, str]:
        """Where it was last written, and where the target reads it."""
        return self._written(edge, why), self._place(why.target_cell, why.target_line)

    def _written(self, edge: Edge, why: Reason) -> str:
        """Where the source wrote it or, if it only passes it on, where that was last written."""
        on_the_way = set()
        while why.kind == "data" and why.source_cell is None and edge.source not in on_the_way:
            on_the_way.add(edge.source)
            if (edge.source, why.name) not in self._taken:
                return self._by_setup(edge.source, why.name)
            edge, why = self._taken[edge.source, why.name]
        return self._place(why.source_cell, why.source_line)

    def _by_setup(self, task: TaskName, name: str) -> str:
        return "setup" * any(name == mention.name for mention in self._tasks[task].from_prelude)

    def _place(self, cell: CellId | None, line: int | None) -> str:
        if cell is None or cell not in self._indexes:
            return ""
        if cell in self._first_lines:
            return str(Location(file_line=line_of_file(self._first_lines[cell], line)))
        return str(Location(cell_index=self._indexes[cell], line=line))


def _options(task: Task) -> list[str]:
    """What the task's tags ask for, as tags say it."""
    tags = []
    for key, value in task.declared.items():
        values = value if isinstance(value, (list, tuple)) else [value]
        tags += [key if value is True else f"{key}:{value}" for value in values]
    return tags


def parameters_table(pipeline: Pipeline) -> Table:
    """The parameters that the notebook declares."""
    return Table(
        columns=(Column("parameter", style="bold"), Column("type"), Column("default")),
        rows=tuple(
            (parameter.name, parameter.type, repr(parameter.default))
            for parameter in pipeline.parameters
        ),
    )
