"""What people are told, as text and tables: errors, findings, how a run ended.

The law: a report is a sequence of parts, each a text, a `Table` or `Lines`; the terminal prints these two with
rich, the notebook and everything else as text. What was said here once is said the same by
every surface.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from jupyter_dagflow.core.diagnostics import Diagnostic, Severity
from jupyter_dagflow.core.errors import DagflowError, block
from jupyter_dagflow.core.events import TaskFailure
from jupyter_dagflow.core.model import Compilation, TaskName
from jupyter_dagflow.core.run import RunView, TaskRun
from jupyter_dagflow.core.states import RunState, TaskState
from jupyter_dagflow.surfaces import words
from jupyter_dagflow.surfaces.lines import Lines, unstyled
from jupyter_dagflow.surfaces.look import TASK_LOOKS, run_look
from jupyter_dagflow.surfaces.table import Column, Table, plain

Part = str | Table | Lines

_ADVICE = {
    "error": "Open the taskbook and run it again: it loads the very values the task was given.",
    "kernel_died": "Mind memory: a kernel that dies without a word was mostly out of it.",
    "out_of_memory": "Run fewer tasks at once, or work on less data at a time.",
    "not_begun": "dagflow check NOTEBOOK tells what is wrong with it.",
    "kernel_start": "dagflow doctor tests the kernels of this machine.",
}
Steps = Mapping[TaskName, Sequence[TaskRun]]
_NO_STEPS: Steps = {}
_MOST_REASONS = 3
_MOST_INSTANCES = 20
_REPORT_IT = "Please report this, with the output of the same command and --debug."


def as_text(parts: Sequence[Part]) -> str:
    """The parts below one another with a blank line between, tables as aligned text."""
    return "\n\n".join(_text(part) for part in parts)


def _text(part: Part) -> str:
    if isinstance(part, Table):
        return plain(part)
    return unstyled(part) if isinstance(part, Lines) else part


def error_block(error: DagflowError) -> str:
    """What happened, where, and what to do next."""
    return block(f"error: {error.message}", where=error.where, hint=error.hint)


def findings(diagnostics: Sequence[Diagnostic], *, notebook: str | None = None) -> str:
    """Every finding as a short block, errors first; one line that says so if there are none."""
    if not diagnostics:
        return "✓ nothing to say about this notebook"
    order = list(Severity)
    blocks = [
        block(
            f"{found.severity.value}: {found.code}: {found.message}",
            where=replace(found.where, notebook=notebook),
            hint=found.hint,
        )
        for found in sorted(diagnostics, key=lambda d: order.index(d.severity))
    ]
    counts = {
        severity.value: sum(d.severity is severity for d in diagnostics) for severity in Severity
    }
    total = ", ".join(
        f"{number} info" if noun == Severity.INFO.value else words.count(number, noun)
        for noun, number in counts.items()
        if number
    )
    return "\n\n".join([*blocks, total])


def warnings(compilation: Compilation) -> str:
    """The warnings as blocks, for whoever goes on in spite of them; nothing if there are none."""
    found = [d for d in compilation.diagnostics if d.severity is Severity.WARNING]
    return findings(found, notebook=compilation.pipeline.notebook) if found else ""


def run_ended(view: RunView, *, notebook: Path | None, steps: Steps = _NO_STEPS) -> list[Part]:
    """How a run ended or stands: state, tasks, what failed, metrics, where its notebook lies."""
    parts: list[Part] = [headline(view)]
    if view.failure is not None:
        parts.append(_not_begun(view.failure, notebook=view.notebook))
    else:
        parts.append(tasks_table(view, steps))
    parts += [
        failure_block(task, failure=task.failure, notebook=view.notebook)
        for task in _failed(view)
        if task.failure is not None
    ]
    if view.metrics:
        parts.append(metrics_table(view.metrics))
    if notebook is not None:
        parts.append(f"executed notebook: {notebook}")
    return parts


def _failed(view: RunView) -> list[TaskRun]:
    """The tasks whose failure is told in full: of a mapped one, its first instance that failed, if one did."""
    told: dict[TaskName, TaskRun] = {}
    for task in view.tasks.values():
        if task.failure is None:
            continue
        if task.instance_of is None:
            told[task.name] = task
        elif told.get(task.instance_of, task).instance_of is None:
            told[task.instance_of] = task
    return list(told.values())


def headline(view: RunView) -> str:
    """One line: state, pipeline, run, and how long it took."""
    look = run_look(view.state)
    taken = ""
    if view.started_at is not None and view.finished_at is not None:
        taken = f" in {words.spent(view.started_at, view.finished_at)}"
    pending = " (cancelling)" if view.cancel_requested and view.state is RunState.RUNNING else ""
    return f"{look.icon} {look.word}{pending}: {view.pipeline}, run {view.run_id}{taken}"


def tasks_table(view: RunView, steps: Steps = _NO_STEPS) -> Table:
    """The tasks of a run with state and times; of very many instances only those that did not end well.

    ``steps`` are tasks of other notebooks, to be shown below the tasks that ran these.
    """
    own = [task for task in view.tasks.values() if _is_shown(task, view)]
    tasks = [each for task in own for each in (task, *steps.get(task.name, ()))]
    return Table(
        columns=(
            Column("task", style="bold"),
            Column("state"),
            Column("attempt", number=True),
            Column("duration", number=True),
            Column("overhead", number=True),
            Column("why"),
        ),
        rows=tuple(_task_row(task) for task in tasks),
        styles=tuple(TASK_LOOKS[task.state].terminal for task in tasks),
    )


def _is_shown(task: TaskRun, view: RunView) -> bool:
    if task.instance_of is None or task.state is TaskState.FAILED:
        return True
    return (view.tasks[task.instance_of].instances or 0) <= _MOST_INSTANCES


def _task_row(task: TaskRun) -> tuple[str, ...]:
    look = TASK_LOOKS[task.state]
    more = " (reused)" if task.cached else ""
    if task.instances is not None:
        more = f" ({task.instances_done}/{task.instances} done)"
    return (
        task.name,
        f"{look.icon} {look.word}{more}",
        str(task.attempt) if task.attempt > 1 else "",
        words.duration(task.duration_s) if task.duration_s is not None else "",
        words.duration(task.overhead_s) if task.overhead_s is not None else "",
        why(task.why),
    )


def why(reasons: Sequence[str]) -> str:
    """Why a task ran or did not, in one line."""
    return words.listed(reasons, most=_MOST_REASONS)


def metrics_table(metrics: Mapping[str, object]) -> Table:
    """The metrics of a run by name."""
    return Table(
        columns=(Column("metric"), Column("value", number=True)),
        rows=tuple((str(name), _number(value)) for name, value in metrics.items()),
    )


def _not_begun(failure: TaskFailure, *, notebook: str) -> str:
    """Why no task of a run could begin: notebook, cell and line, what to do next."""
    return block(
        f"no task could begin: {failure.message}",
        where=failure.where(notebook),
        hint=failure.hint or _ADVICE.get(failure.kind, _REPORT_IT),
    )


def failure_block(task: TaskRun, *, failure: TaskFailure, notebook: str) -> str:
    """Why a task failed: notebook, cell and line, the end of its traceback, its taskbook, what to do next."""
    return block(
        f"task {task.name} failed: {failure.message}",
        where=failure.where(notebook),
        quoted=failure.last_lines,
        taskbook=failure.taskbook or "",
        hint=failure.hint or _ADVICE.get(failure.kind, _REPORT_IT),
    )


def outcome(task: TaskRun) -> str:
    """One line on one task: its name, state and duration."""
    look = TASK_LOOKS[task.state]
    taken = f" ({words.duration(task.duration_s)})" if task.duration_s is not None else ""
    return f"{task.name}: {look.icon} {look.word}{taken}"


def _number(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
