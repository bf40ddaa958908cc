"""Which tasks of a pipeline a run is asked for: ``--only``, ``--from``, ``--until``.

The law: what stands above the tasks asked for is needed, and does not run: each of those gives the values that it
left in an earlier run. What stands elsewhere is no part of the run. Who asks for a task of a lane asks for the lane.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from jupyter_dagflow.core.errors import OptionError
from jupyter_dagflow.core.model import Pipeline, TaskName
from jupyter_dagflow.core.reach import reached


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What is asked for: ``only`` these tasks, those from some on (``since``), those ``until`` some; nothing means all.

    Said together, those from some on until others, and these besides.
    """

    only: tuple[str, ...] = ()
    since: tuple[str, ...] = ()
    until: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.only or self.since or self.until)


EVERYTHING = Selection()


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """The tasks of a run: those that run, and those above them that are ``given`` by earlier runs."""

    run: frozenset[TaskName]
    given: frozenset[TaskName] = frozenset()

    def __contains__(self, name: TaskName) -> bool:
        return name in self.run or name in self.given


def select(pipeline: Pipeline, selection: Selection) -> Selected:
    """The tasks of a pipeline that are asked for; raises `OptionError` if it has none of such a name.

    Example: of load → clean → train → report, ``Selection(only=("train",))`` has train run, given load and clean.
    """
    names = [task.name for task in pipeline.tasks]
    known = {step: task.name for task in pipeline.tasks for step in task.steps}
    if not selection:
        return Selected(run=frozenset(names))
    above: dict[TaskName, list[TaskName]] = {name: [] for name in names}
    below: dict[TaskName, list[TaskName]] = {name: [] for name in names}
    for edge in pipeline.edges:
        above[edge.target].append(edge.source)
        below[edge.source].append(edge.target)
    wanted = set(_known("--only", selection.only, known))
    if selection.since or selection.until:
        since = reached(_known("--from", selection.since, known) or names, below)
        until = reached(_known("--until", selection.until, known) or names, above)
        if not since & until:
            raise OptionError(
                f"No task is both below --from {', '.join(selection.since)} and above --until "
                f"{', '.join(selection.until)}.",
                hint="dagflow compile shows which task depends on which.",
            )
        wanted |= since & until
    return Selected(run=frozenset(wanted), given=frozenset(reached(wanted, above) - wanted))


def _known(option: str, asked: Iterable[str], known: Mapping[TaskName, TaskName]) -> list[TaskName]:
    names = list(known)
    for name in asked:
        if name not in names:
            close = difflib.get_close_matches(name, names, n=1)
            meant = f"Did you mean {close[0]}? " if close else ""
            having, dot, rest = name.partition(".")
            if dot and having in names:
                raise OptionError(
                    f"{option} {name}: of a notebook that task {having} runs, no single task can be asked for.",
                    hint=f"Ask for {having}: what has not changed in it is reused. Or run that notebook itself: "
                    f"dagflow run OTHER.ipynb {option} {rest}",
                )
            raise OptionError(
                f"{option} {name}: the notebook has no task of that name.",
                hint=f"{meant}It has {', '.join(names[:10])}{' …' if len(names) > 10 else ''}.",
            )
    return [known[TaskName(name)] for name in asked]
