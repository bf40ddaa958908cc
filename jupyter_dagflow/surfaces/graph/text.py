"""The pipeline in words: for a terminal, a screen reader, a front end that shows no pictures."""

from __future__ import annotations

from jupyter_dagflow.core.model import Pipeline, Task, TaskName
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


def text(pipeline: Pipeline, run: RunView | None = None) -> str:
    """A few lines: the pipeline's name, then a task a line with its state and what it follows.

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
    rows = []
    for task in pipeline.tasks:
        if run is None:
            middle = words.cells(task)
        else:
            task_run = run.tasks[task.name]
            middle = f"{TASK_LOOKS[task_run.state].icon} {status(task_run)}"
        rows.append(
            (
                task.name,
                middle,
                "← " + ", ".join(upstream[task.name]) if upstream[task.name] else "",
            )
        )
    names = max((len(row[0]) for row in rows), default=0)
    middles = max((len(row[1]) for row in rows), default=0)
    lines = [
        f"  {name:<{names}}  {middle:<{middles}}  {after}".rstrip() for name, middle, after in rows
    ]
    return "\n".join([head, *lines])


def description(pipeline: Pipeline, run: RunView | None = None) -> str:
    """The pipeline in sentences, for who hears it."""
    upstream = needs(pipeline)
    sentences = []
    for task in pipeline.tasks:
        sentence: str = task.name
        if run is not None:
            sentence += f": {status(run.tasks[task.name])}"
        if upstream[task.name]:
            sentence += f", after {' and '.join(upstream[task.name])}"
        sentences.append(sentence + ".")
    return " ".join([f"{words.count(len(pipeline.tasks), 'task')}.", *sentences])


def task_table(pipeline: Pipeline) -> Table:
    """The tasks as ``dagflow compile`` shows them."""
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
            (
                task.name,
                words.ranges(task.cell_indexes),
                words.listed(upstream[task.name]),
                words.listed([item.name for item in task.inputs]),
                words.listed(task.outputs),
                " ".join(_options(task)),
            )
            for task in pipeline.tasks
        ),
    )


def edge_table(pipeline: Pipeline) -> Table:
    """The edges and why they are there, a reason a row."""
    tasks = {task.name: task for task in pipeline.tasks}
    rows = []
    for edge in pipeline.edges:
        title = f"{edge.source} → {edge.target}"
        for why in edge.reasons:
            written, read = words.ends(
                why, source=tasks.get(edge.source), target=tasks.get(edge.target)
            )
            rows.append((title, words.subject(why), written, read))
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
