"""Lanes: tasks that share one kernel, and so are one task to whoever analyses, reuses or runs them.

The law: the cells of a lane run in one kernel, in notebook order, as if all of them were in one task; what can be said
of such a task is true of the lane. So a lane begins when all is there that any of its tasks takes from others, and
what it leaves for others is stored when its last task has ended; if one fails, all of them begin again. What would
need more than that, as a task outside between two of a lane, is an error and never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from jupyter_dagflow.core.diagnostics import Code, Diagnostic
from jupyter_dagflow.core.model import CellId, Edge, Member, Pipeline, Reason, TaskName
from jupyter_dagflow.core.partition import Partition, TaskCells
from jupyter_dagflow.core.tags import LANE, MAP

_OF_THE_FIRST = ("trigger", "when")  # whether a lane runs at all is decided before it begins


@dataclass(frozen=True, slots=True, kw_only=True)
class Lanes:
    """The tasks of a notebook with each lane as one, ``members`` of these by its name, and what stands against it.

    ``said`` is the task that a cell of a lane has by its tags: what they say of names is about its own cells.
    """

    parts: Partition
    members: Mapping[TaskName, tuple[Member, ...]]
    said: Mapping[CellId, TaskCells]
    diagnostics: tuple[Diagnostic, ...]


def join_lanes(parts: Partition) -> Lanes | None:
    """Take each lane of several tasks for one task, of the last one's name; None if there is no such lane."""
    by_lane: dict[str, list[TaskCells]] = {}
    for task in parts.tasks.values():
        if LANE in task.options:
            by_lane.setdefault(str(task.options[LANE]), []).append(task)
    diagnostics = [d for lane, tasks in by_lane.items() for d in _no_map(lane, tasks)]
    lanes = {lane: tasks for lane, tasks in by_lane.items() if len(tasks) > 1}
    if not lanes:
        none = Lanes(parts=parts, members={}, said={}, diagnostics=tuple(diagnostics))
        return none if diagnostics else None
    joined: dict[TaskName, TaskCells] = {}
    renamed: dict[TaskName, TaskName] = {}
    for lane, tasks in lanes.items():
        whole, found = _join(lane, tasks)
        diagnostics += found
        joined |= {task.name: whole for task in tasks}
        renamed |= {task.name: whole.name for task in tasks}
    tasks_now = {
        joined.get(name, task).name: joined.get(name, task) for name, task in parts.tasks.items()
    }
    for task in tasks_now.values():
        _after_lanes(task, renamed)
    members = {
        tasks[-1].name: tuple(
            Member(name=t.name, cells=tuple(cell.id for cell in t.cells)) for t in tasks
        )
        for tasks in lanes.values()
    }
    return Lanes(
        parts=replace(parts, tasks=tasks_now),
        members=members,
        said={cell.id: task for tasks in lanes.values() for task in tasks for cell in task.cells},
        diagnostics=tuple(diagnostics),
    )


def _join(lane: str, tasks: Sequence[TaskCells]) -> tuple[TaskCells, list[Diagnostic]]:
    whole = TaskCells(name=tasks[-1].name)
    diagnostics = [*_in_order(lane, tasks), *_decided_at_first(lane, tasks), *_against(lane, tasks)]
    for task in tasks:
        whole.cells += task.cells
        for key, value in task.options.items():
            earlier = whole.options.get(key)
            if key == MAP or (key in _OF_THE_FIRST and task is not tasks[0]):
                continue
            if isinstance(value, tuple):
                known = earlier if isinstance(earlier, tuple) else ()
                said = _only_of(task, tasks, value) if key == "pure" else value
                whole.options[key] = tuple(dict.fromkeys((*known, *said)))
            elif key in whole.options and earlier != value:
                other = whole.option_cells[key]
                diagnostics.append(
                    _found(
                        task,
                        key,
                        f"Tasks of lane {lane} run as one, and say {key}:{earlier} on cell {other.index} "
                        f"and {key}:{value} on cell {task.option_cells[key].index}.",
                        "Keep one of the two: it counts for the lane.",
                        code=Code.OPTION_CONFLICT,
                    )
                )
            else:
                whole.options.setdefault(key, value)
            whole.option_cells.setdefault(key, task.option_cells[key])
    return whole, diagnostics


def _only_of(
    task: TaskCells, tasks: Sequence[TaskCells], names: tuple[object, ...]
) -> tuple[object, ...]:
    """The names that a task calls pure, but for those of which others of its lane speak: it says so for itself."""
    others = "\n".join(c.code for each in tasks if each is not task for c in each.cells)
    return tuple(name for name in names if not re.search(rf"\b{re.escape(str(name))}\b", others))


def _after_lanes(task: TaskCells, renamed: Mapping[TaskName, TaskName]) -> None:
    """Who waits for a task of a lane waits for the lane; tasks of one lane stand in order anyhow."""
    after = task.options.get("after")
    if isinstance(after, tuple):
        lanes = dict.fromkeys(renamed.get(name, name) for name in after)
        task.options["after"] = tuple(name for name in lanes if name != task.name)


def _no_map(lane: str, tasks: Iterable[TaskCells]) -> Iterator[Diagnostic]:
    for task in tasks:
        if MAP in task.options:
            yield _found(
                task,
                MAP,
                f"Task {task.name} is tagged map and lane:{lane}: its instances run in kernels of their own, "
                "and the tasks of a lane in one.",
                "Remove one of the two tags.",
            )


def _in_order(lane: str, tasks: Sequence[TaskCells]) -> Iterator[Diagnostic]:
    for one, other in pairwise(tasks):
        if one.cells[-1].index > other.cells[0].index:
            yield _found(
                other,
                LANE,
                f"Tasks of lane {lane} run one after the other, and cell {other.cells[0].index} of task "
                f"{other.name} stands above cell {one.cells[-1].index} of task {one.name}.",
                "Give the cells below a task name of their own, or move them up.",
            )


def _decided_at_first(lane: str, tasks: Sequence[TaskCells]) -> Iterator[Diagnostic]:
    for task in tasks[1:]:
        for key in _OF_THE_FIRST:
            if key in task.options:
                yield _found(
                    task,
                    key,
                    f"Tag {key}:{task.options[key]} stands on task {task.name}, which goes on in lane {lane}: "
                    f"whether a lane runs is decided before its first task, {tasks[0].name}.",
                    f"Put the tag on task {tasks[0].name}, where it counts for the lane, or use an if.",
                )


def _against(lane: str, tasks: Sequence[TaskCells]) -> Iterator[Diagnostic]:
    place = {task.name: number for number, task in enumerate(tasks)}
    for task in tasks:
        after = task.options.get("after", ())
        for name in after if isinstance(after, tuple) else ():
            if place.get(name, -1) >= place[task.name]:
                yield _found(
                    task,
                    "after",
                    f"Task {task.name} is to run after:{name}, which stands below it in lane {lane}: "
                    "the tasks of a lane run in notebook order.",
                    "Remove the after: tag, or move the cells.",
                )


def _found(
    task: TaskCells, key: str, message: str, hint: str, *, code: Code = Code.LANE
) -> Diagnostic:
    cell = task.option_cells[key]
    return Diagnostic.of(code, message, cell=cell.id, cell_index=cell.index, hint=hint)


def stored_later(by_tasks: Pipeline, parts: Partition, lanes: Lanes) -> Iterator[Diagnostic]:
    """Values that a task of a lane is to keep and a later one gives another: what is kept is stored at the end."""
    tasks = {task.name: task for task in by_tasks.tasks}
    for members in lanes.members.values():
        for place, member in enumerate(members):
            options = tasks[member.name].options
            for key, names in (("keep", options.keep), ("metric", options.metrics)):
                for name in names:
                    later = [m.name for m in members[place + 1 :] if name in tasks[m.name].writes]
                    if later:
                        yield _found(
                            parts.tasks[member.name],
                            key,
                            f"{key}:{name} on task {member.name}, but task {later[0]} of the same lane changes {name}, "
                            "and what a lane keeps is stored when its last task has ended.",
                            f"Put the tag on task {later[-1]}, or keep it under a name of its own.",
                        )


def lane_edges(parts: Partition, lanes: Lanes) -> list[Edge]:
    """From each task of a lane to the next one, as people see them."""
    return [
        Edge(
            source=one.name,
            target=other.name,
            reasons=(
                Reason(
                    kind="lane",
                    name=str(parts.tasks[one.name].options[LANE]),
                    source_cell=one.cells[-1],
                    target_cell=other.cells[0],
                ),
            ),
        )
        for members in lanes.members.values()
        for one, other in pairwise(members)
    ]
