"""The card that a task is drawn as: what stands on it and how large it is.

The law: every card of a picture has the same size, and the size does not depend on the run, so that
a picture does not move while tasks run. Lengths are in CSS pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jupyter_dagflow.core.model import Pipeline, Task, TaskName
from jupyter_dagflow.core.run import RunView, TaskRun
from jupyter_dagflow.surfaces import words
from jupyter_dagflow.surfaces.look import TASK_LOOKS, Look

HEIGHT = 52.0
NAME_SIZE = 14.0
STATUS_SIZE = 11.5
ICON_SPACE = 38.0
PADDING = 14.0
LEAST_WIDTH = 156.0
LONGEST_NAME = 26

# Widths in em of the sans-serif faces that a browser may choose, taken a little wide: text must not
# leave its card.
_NARROW = frozenset("ijlI.,:;'|![]() -")
_WIDE = frozenset("mwMWGOQ@%—…")


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A task as drawn: ``look`` is None where no run is shown."""

    task: TaskName
    name: str
    status: str
    hover: str
    look: Look | None


def text_width(text: str, size: float) -> float:
    """How wide a line of text is at most, about."""
    ems = sum(
        0.42 if c in _NARROW else 1.0 if c in _WIDE else 0.78 if c.isupper() else 0.69 for c in text
    )
    return ems * size


def card_width(tasks: Sequence[Task]) -> float:
    """The width that fits the longest (shortened) name."""
    names = (text_width(words.shortened(task.name, LONGEST_NAME), NAME_SIZE) for task in tasks)
    return round(max(LEAST_WIDTH, ICON_SPACE + PADDING + max(names, default=0.0)))


def cards(pipeline: Pipeline, run: RunView | None = None) -> dict[TaskName, Card]:
    """The card of every task, in notebook order."""
    return {
        task.name: _card(task, None if run is None else run.tasks.get(task.name))
        for task in pipeline.tasks
    }


def _card(task: Task, task_run: TaskRun | None) -> Card:
    look = None if task_run is None else TASK_LOOKS[task_run.state]
    return Card(
        task=task.name,
        name=words.shortened(task.name, LONGEST_NAME),
        status=words.cells(task) if task_run is None else status(task_run),
        hover="\n".join(_hover(task, task_run)),
        look=look,
    )


def status(task_run: TaskRun) -> str:
    """The state of a task in words, with its instances, its duration or its attempt where that says more."""
    word = TASK_LOOKS[task_run.state].word
    if task_run.instances is not None and not task_run.state.is_final:
        return f"{word} · {task_run.instances_done}/{task_run.instances} done"
    if task_run.cached:
        return f"{word} · reused"
    if task_run.duration_s is not None:
        return f"{word} · {words.duration(task_run.duration_s)}"
    if task_run.attempt > 1:
        return f"{word} · attempt {task_run.attempt}"
    return word


def _hover(task: Task, task_run: TaskRun | None) -> list[str]:
    lines = [f"{task.name} ({words.cells(task)})"]
    if task_run is not None:
        lines.append(status(task_run))
        if task_run.why:
            lines.append("why: " + words.listed(task_run.why))
        if task_run.failure is not None:
            lines.append(task_run.failure.message)
    if task.options.lane is not None:
        lines.append(f"runs in the kernel of lane {task.options.lane}")
    if task.inputs:
        lines.append("reads " + ", ".join(item.name for item in task.inputs))
    if task.outputs:
        lines.append("passes on " + ", ".join(task.outputs))
    return lines
