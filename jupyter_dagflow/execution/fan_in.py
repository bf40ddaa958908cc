"""What the parts of tasks with mapped loops were seen to do, put together to what the tasks did.

The law: iterations run side by side, so what one of them leaves where another could find it makes the results
uncertain. All else that parts tell is told of the task when its reports are gathered, as if it had run in one kernel.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from jupyter_dagflow.core.analysis.ambient import AMBIENT_STATES
from jupyter_dagflow.core.diagnostics import Code
from jupyter_dagflow.core.errors import NOWHERE, Location
from jupyter_dagflow.core.events import TaskFailure
from jupyter_dagflow.core.fan_out import loop_of
from jupyter_dagflow.core.lookup import Lookup
from jupyter_dagflow.core.machine import AttemptEnded
from jupyter_dagflow.core.model import Notebook, TaskName
from jupyter_dagflow.core.races import folders_of
from jupyter_dagflow.core.reuse import Used
from jupyter_dagflow.core.run import whole_of
from jupyter_dagflow.core.side_effects import Left

_K = TypeVar("_K")
_T = TypeVar("_T")


class FanIn:
    """Keeps what the parts of tasks told: `part` for each that has ended, `gathered` for the end of a task."""

    def __init__(self, notebook: Notebook, lookup: Lookup) -> None:
        self._notebook = notebook
        self._lookup = lookup
        self._parts: dict[TaskName, dict[TaskName, AttemptEnded]] = {}

    def part(self, ended: AttemptEnded) -> AttemptEnded:
        """The end of an expansion or of an instance as it counts."""
        if ended.failure is not None or ended.stopped or ended.skipped:
            return ended
        why = self._drew(ended) or self._changed_module(ended)
        if why is not None:
            return replace(ended, failure=why, metrics={}, reused_from=None, items=None)
        self._parts.setdefault(whole_of(ended.task), {})[ended.task] = ended
        return ended

    def gathered(self, ended: AttemptEnded) -> AttemptEnded:
        """The end of a task whose reports were gathered, with all that its parts told."""
        parts = list(self._parts.pop(ended.task, {}).values())
        if ended.failure is not None or ended.stopped:
            return ended
        if race := self._race(ended, [part for part in parts if part.items is None]):
            return replace(ended, failure=race, metrics={})
        return _together([*parts, ended], ended)

    def _drew(self, ended: AttemptEnded) -> TaskFailure | None:
        if not ended.drawn:
            return None
        return self._unsound(
            ended,
            f"{Code.UNSEEN_DRAW.code}: {ended.task} drew from {AMBIENT_STATES[min(ended.drawn)].what}, from which the "
            "iterations after it would draw other numbers then.",
            "Give each iteration a generator of its own, say random_state=0 or np.random.default_rng(seed).",
        )

    def _changed_module(self, ended: AttemptEnded) -> TaskFailure | None:
        pure = {*self._lookup.task(whole_of(ended.task)).options.pure}
        for module, changed in sorted(ended.left.modules.items()):
            if pure.isdisjoint([module, *changed.names]):
                return self._unsound(
                    ended,
                    f"{Code.UNDECLARED_CHANGE.code}: {ended.task} changed {module}.{changed.names[0]}, which module "
                    f"{module} keeps, and the iterations after it would have it as it was before.",
                    "Report the value through an accumulator. If the change does not matter, tag the cell "
                    f"pure:{module}.",
                )
        return None

    def _race(self, ended: AttemptEnded, instances: Iterable[AttemptEnded]) -> TaskFailure | None:
        """A file that an instance wrote and another one touched."""
        instances = list(instances)
        writers: dict[str, AttemptEnded] = {}
        for each in instances:
            for file in dict.fromkeys(each.files_written):
                first = writers.setdefault(file, each)
                if first is not each:
                    return self._met(ended, file, first, each, "writes")
        filled: dict[str, list[AttemptEnded]] = {}
        for each in instances:
            for folder in folders_of(each.files_written):
                filled.setdefault(folder, []).append(each)
        for each in instances:
            for file in each.files_read:
                wrote = [*([writers[file]] if file in writers else []), *filled.get(file, ())]
                other = next((writer for writer in wrote if writer is not each), None)
                if other is not None:
                    return self._met(ended, file, other, each, "reads")
        return None

    def _met(
        self, ended: AttemptEnded, file: str, writer: AttemptEnded, other: AttemptEnded, did: str
    ) -> TaskFailure:
        return self._unsound(
            ended,
            f"{Code.FILE_RACE.code}: {writer.task} writes {file} and {other.task} {did} it, but iterations run side "
            "by side.",
            "Give each iteration a file of its own, or report through an accumulator and write in a task below.",
            writer.files_at.get((file, True), NOWHERE),
        )

    def _unsound(
        self, ended: AttemptEnded, message: str, hint: str, place: Location = NOWHERE
    ) -> TaskFailure:
        cell = self._notebook.by_id[loop_of(self._lookup.task(whole_of(ended.task))).cell]
        return TaskFailure(
            kind="unsound",
            message=message,
            hint=hint,
            cell=cell.id,
            cell_index=cell.index,
            line=place.line,
        )


def _together(parts: list[AttemptEnded], ended: AttemptEnded) -> AttemptEnded:
    """What a task did whose parts, in order, did all this."""
    spans = [part.span_ns for part in parts if part.span_ns is not None]
    return replace(
        ended,
        cells_s=None,
        took_s=None,  # its parts took more than the last of them
        files_read=_all(part.files_read for part in parts),
        files_written=_all(part.files_written for part in parts),
        files_appended=_all(part.files_appended for part in parts),
        files_by_setup=_all(part.files_by_setup for part in parts),
        files_at=_first(part.files_at for part in parts),
        observed=_all(part.observed for part in parts),
        left=_left(parts),
        changed_last=_first(part.changed_last for part in parts),
        span_ns=(min(s for s, _ in spans), max(e for _, e in spans)) if spans else None,
        used=_used(parts),
        barred=next((part.barred for part in parts if part.barred), ""),
    )


def _all(many: Iterable[Iterable[_T]]) -> tuple[_T, ...]:
    return tuple(dict.fromkeys(each for some in many for each in some))


def _first(many: Iterable[Mapping[_K, _T]]) -> dict[_K, _T]:
    """Of each key what the first says that has it."""
    found: dict[_K, _T] = {}
    for each in many:
        for key, value in each.items():
            found.setdefault(key, value)
    return found


def _left(parts: Iterable[AttemptEnded]) -> Left:
    lefts = [part.left for part in parts]
    return Left(
        modules=_first(left.modules for left in lefts),
        figures=any(left.figures for left in lefts),
        bringers=lefts[-1].bringers,
        classes=lefts[-1].classes,
        settings=_first(
            {n: s for n, s in left.settings.items() if s.changed or left is lefts[-1]}
            for left in lefts
        ),
    )


def _used(parts: Iterable[AttemptEnded]) -> Used:
    used = [part.used for part in parts]
    packages: dict[str, dict[str, str | None]] = {}
    for each in used:
        for place, versions in each.packages.items():
            packages.setdefault(place, {}).update(versions)
    return Used(
        modules=_first(each.modules for each in used),
        read=_first(each.read for each in used),
        written=_first(each.written for each in used),
        folders=_first(each.folders for each in used),
        patterns=_first(each.patterns for each in used),
        packages=packages,
        python=next((each.python for each in used if each.python), used[-1].python),
    )
