"""What a run that goes on repeats.

The law: a task that succeeded in a run is not repeated in it unless somebody clears it by name, or it shares a kernel
with one that is repeated; whatever follows from what is repeated is decided anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from jupyter_dagflow.core.errors import NotFound, NotResumable
from jupyter_dagflow.core.model import Compilation, Notebook, Pipeline, TaskName
from jupyter_dagflow.core.reach import reached
from jupyter_dagflow.core.run import RunView, having_step, is_instance, whole_of
from jupyter_dagflow.core.slices import Slicer
from jupyter_dagflow.core.states import TaskState

MOST_LOST = 3
"""So often a task may lose its runner; after that it may be what kills it, and is not tried again by itself."""

_BAD = (TaskState.FAILED, TaskState.UPSTREAM_FAILED, TaskState.CANCELLED, TaskState.LOST)


def lost_within_budget(view: RunView) -> set[TaskName]:
    """The tasks that were lost with their runner, but not too often; all of them, if the run is to be cancelled."""
    return {
        name
        for name, task in view.tasks.items()
        if task.state is TaskState.LOST and (task.lost < MOST_LOST or view.cancel_requested)
    }


def anew(view: RunView, named: Collection[TaskName]) -> set[TaskName]:
    """What begins anew in a run that is resumed: what did not succeed, and the tasks that were ``named``.

    Of instances, so does the task that gathers them; of tasks of a step, the one that has it. What was skipped below
    any of them is decided anew.
    """
    named = {*named, *map(having_step, named)}
    states = {name: task.state for name, task in view.tasks.items()}
    again = {n for n, state in states.items() if state.is_final and (n in named or state in _BAD)}
    again |= {*map(whole_of, again)}
    return again | {n for n in below(view, again) if states[n] is TaskState.SKIPPED}


def whole_lanes(
    lanes: Iterable[tuple[TaskName, ...]], names: Collection[TaskName]
) -> set[TaskName]:
    """These tasks, and of each lane that one of them is in all: what was in its kernel is gone."""
    return {*names, *(name for lane in lanes if not set(names).isdisjoint(lane) for name in lane)}


def tasks_named(view: RunView, names: Iterable[str]) -> tuple[TaskName, ...]:
    """Tasks of a run, or instances of them, by their names; raises `NotFound`."""
    for name in names:
        if name not in view.tasks:
            raise NotFound(
                f"Run {view.run_id} has no task {name!r}.",
                hint=f"It has: {', '.join(view.tasks)}.",
            )
    return tuple(dict.fromkeys(map(TaskName, names)))


def cleared_by(view: RunView, asked: Collection[TaskName], *, downstream: bool) -> set[TaskName]:
    """What is cleared if somebody asks for these: they, and all that is ``downstream`` of them, if so asked.

    Of a task of which an instance was asked for, the other instances stay; of one with a step, of which a task was,
    the other tasks of that.
    """
    wholes = {*map(whole_of, map(having_step, asked))}
    next_ones = [name for name, task in view.tasks.items() if wholes & {*task.upstream}]
    return {*asked, *(below(view, next_ones) if downstream else ())}


def require_same_tasks(view: RunView, names: Collection[TaskName]) -> None:
    """Raise `NotResumable` unless the notebook still has the tasks of the run."""
    before = [name for name in view.tasks if not is_instance(name)]
    differ = {
        "new": [name for name in names if name not in before],
        "gone": [name for name in before if name not in names],
    }
    told = [f"{how} is {', '.join(tasks)}" for how, tasks in differ.items() if tasks]
    if told:
        raise NotResumable(
            f"The notebook has other tasks than run {view.run_id}: {'; '.join(told)}.",
            hint=f"Start a new run, which reuses what is the same: dagflow run {view.notebook}",
        )


def require_unchanged(view: RunView, changed: Sequence[TaskName]) -> None:
    """Raise `NotResumable` if tasks have changed that are not to be repeated."""
    if changed:
        clear = f"dagflow runs clear {view.run_id} {changed[0]} --downstream"
        raise NotResumable(
            f"{', '.join(changed)} succeeded in run {view.run_id}, and the source has changed since.",
            hint=f"Have it run again: {clear}; or start a new run, which reuses what is the same: "
            f"dagflow run {view.notebook}",
        )


def require_kept(
    view: RunView, before: Pipeline, now: Pipeline, again: Collection[TaskName]
) -> None:
    """Raise `NotResumable` if a task that is not to be repeated was not to keep what others read now."""
    kept = {task.name: task.outputs for task in before.tasks}
    for task in now.tasks:
        for read in task.inputs if task.name in again else ():
            for source in read.sources:
                run = view.tasks[source]
                if source in again or run.state is not TaskState.SUCCESS:
                    continue
                if read.name not in kept.get(source, ()):
                    raise NotResumable(
                        f"{source} succeeded in run {view.run_id} and did not keep {read.name}, "
                        f"which {task.name} reads now: nobody read it then.",
                        hint=f"Have it run again: dagflow runs clear {view.run_id} {source}",
                    )


def require_same_inputs(
    view: RunView, taken: Mapping[TaskName, Mapping[str, str]], again: Collection[TaskName]
) -> None:
    """Raise `NotResumable` if tasks would take other values (names and digests) than they took.

    That is so if a run has found out since what depends on what. What is made ``again`` is not known yet.
    """
    for name, inputs in taken.items():
        task = view.tasks[name]
        if task.record is None or set(task.upstream) & set(again):
            continue
        if dict(task.record.inputs) != dict(inputs):
            differs = sorted(dict(set(task.record.inputs.items()) ^ set(inputs.items())))
            raise NotResumable(
                f"{name} succeeded in run {view.run_id} with another {', '.join(differs)} than it "
                "would take now: meanwhile it was found out which task changes that.",
                hint=f"Have it run again: dagflow runs clear {view.run_id} {name} --downstream",
            )


def changed_since(
    before: tuple[Notebook, Compilation],
    now: tuple[Notebook, Compilation],
    names: Collection[TaskName],
    *,
    parameters: Mapping[str, object],
    secrets: Mapping[str, object],
    environ: Mapping[str, str],
) -> list[TaskName]:
    """Which of these tasks would be made of another source than before, as far as it means anything."""

    def slices(notebook: Notebook, compilation: Compilation) -> dict[TaskName, object]:
        pipeline = compilation.running
        slicer = Slicer(
            notebook, pipeline, parameters=parameters, environ=environ, secrets=secrets, key=b""
        )
        return {task.name: slicer.slice(task) for task in pipeline.tasks if task.name in names}

    old, new = slices(*before), slices(*now)
    return [task.name for task in now[1].pipeline.tasks if old.get(task.name) != new.get(task.name)]


def below(view: RunView, names: Collection[TaskName]) -> set[TaskName]:
    """These tasks and all that are downstream of them."""
    downstream: dict[TaskName, list[TaskName]] = {name: [] for name in view.tasks}
    for name, task in view.tasks.items():
        for parent in task.upstream:
            downstream[parent].append(name)
    return reached(names, downstream)
