"""What a notification says: enough to know from afar what happened, and what to type next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from jupyter_dagflow.core.events import TaskFailure
from jupyter_dagflow.core.run import RunView, TaskRun
from jupyter_dagflow.core.run_config import RunConfig
from jupyter_dagflow.core.states import RunState
from jupyter_dagflow.settings import Occasion
from jupyter_dagflow.surfaces import words

_TITLES = {
    Occasion.FAILURE: "{} failed",
    Occasion.RECOVERY: "{} has recovered",
    Occasion.SUCCESS: "{} succeeded",
    Occasion.LONG: "{} is still running",
}
_KINDS = {
    Occasion.FAILURE: "failure",
    Occasion.RECOVERY: "success",
    Occasion.SUCCESS: "success",
    Occasion.LONG: "warning",
}
_TAKEN_OVER = "It was taken over from a process that had died."
_RECOVERED = "It had failed before."


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A notification; ``kind`` is one of apprise's types."""

    title: str
    body: str
    kind: str


def message_of(occasion: Occasion, view: RunView, *, now: datetime) -> Message:
    """What is told of a run on an occasion.

    A run that goes on has recovered if it was taken over from a process that died.
    """
    goes_on = not view.state.is_final
    lines = [_state(view, now=now)]
    if occasion is Occasion.RECOVERY:
        lines.append(_TAKEN_OVER if goes_on else _RECOVERED)
    lines += [line for task in view.tasks.values() for line in _failed(task, view)]
    if occasion is Occasion.LONG:
        lines += _limits(view, now=now)
    if view.failure is not None:
        lines += _not_begun(view.failure, view)
    elif view.state is RunState.FAILED:
        lines.append(f"resume:   dagflow runs resume {view.run_id}")
    elif goes_on:
        lines.append(f"stop it:  dagflow runs cancel {view.run_id}")
    title = _TITLES[occasion] if occasion is not Occasion.RECOVERY or not goes_on else "{} goes on"
    return Message(title=title.format(view.pipeline), body="\n".join(lines), kind=_KINDS[occasion])


def _state(view: RunView, *, now: datetime) -> str:
    taken = ""
    if view.started_at is not None:
        spent = words.spent(view.started_at, view.finished_at or now)
        taken = f" {'after' if view.state.is_final else 'for'} {spent}"
    return f"Run {view.run_id} of {view.notebook}: {view.state.value}{taken}."


def _not_begun(failure: TaskFailure, view: RunView) -> list[str]:
    """Why none of its tasks could begin: there is nothing to resume."""
    where = f"where:    {failure.where(view.notebook)}"
    hint = [f"hint:     {failure.hint}"] if failure.hint else []
    schedule = RunConfig.of(view.options, folder="").schedule
    again = [f"again:    dagflow schedule trigger {schedule}"] if schedule else []
    return [f"no task could begin: {failure.message}", where, *hint, *again]


def _limits(view: RunView, *, now: datetime) -> list[str]:
    """What its schedule expected of it, as far as that has passed."""
    config, told = RunConfig.of(view.options, folder=""), []
    spent_s = (now - (view.started_at or now)).total_seconds()
    if 0 < config.expected_s <= spent_s:
        told.append(f"It was expected to take {words.duration(config.expected_s)} at most.")
    if config.deadline_at and datetime.fromisoformat(config.deadline_at) <= now:
        told.append(f"It was to end by {config.deadline_at}.")
    return told


def _failed(task: TaskRun, view: RunView) -> list[str]:
    """The task, the place and the last line of its error."""
    if task.failure is None:
        return []
    where = task.failure.where(view.notebook)
    last = next(iter(reversed(task.failure.last_lines.strip().splitlines())), "").strip()
    lines = [f"task {task.name} failed: {task.failure.message}", f"where:    {where}"]
    return [*lines, *([f"error:    {last}"] if last and last not in task.failure.message else [])]
