"""What differs between two runs, by their records: why the result is another than yesterday's.

The law: two runs in, a value out. Nothing is told of what is the same, and nothing is guessed: what was not recorded is
said to be unknown. Causes (code, parameters, files, versions) come before what follows from them (inputs, results).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from jupyter_dagflow.core.code_diff import Code, CodeChange, code_changes
from jupyter_dagflow.core.model import Notebook, Pipeline, RunId, TaskName
from jupyter_dagflow.core.records import RunRecord, Surroundings, TaskRecord
from jupyter_dagflow.core.run import RunView, TaskRun, is_instance, whole_of
from jupyter_dagflow.core.slices import shown
from jupyter_dagflow.core.states import RunState, TaskState

MISSING = "missing"  # a file that was looked for and not there
_NOTHING = "none"
_NOTABLE_S = 0.5
_NOTABLE_PART = 0.25
_NAMED = 3
_OPTIONS = ("folder", "by", "jobs", "keep_all", "reuse")  # of `run_config`
_MAY_MATTER = ("pipeline", "host")  # of how a run was asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of two runs: as it stands, and its notebook and pipeline, if its source is still there."""

    view: RunView
    notebook: Notebook | None = None
    pipeline: Pipeline | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One of two runs that were compared, in short."""

    run_id: RunId
    pipeline: str
    state: RunState
    started_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Something that has a name, as it is in both runs, in words: None where it is not there."""

    name: str
    before: str | None
    after: str | None
    tasks: tuple[TaskName, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class InputChange:
    """A value that a task took from another is a different one; ``made_by`` are the tasks it may come from."""

    task: TaskName
    name: str
    made_by: tuple[TaskName, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricChange:
    """A metric in both runs; None where it is not there."""

    name: str
    before: object
    after: object

    @property
    def texts(self) -> tuple[str, str]:
        """Both to be read: with so many digits that they are told apart.

        >>> MetricChange(name="auc", before=0.9123456789, after=0.912345671).texts
        ('0.9123456789', '0.912345671')
        """
        short = _number(self.before), _number(self.after)
        return short if short[0] != short[1] else (repr(self.before), repr(self.after))


@dataclass(frozen=True, slots=True, kw_only=True)
class DurationChange:
    """A task took notably longer, or less long."""

    task: TaskName
    before_s: float
    after_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultChange:
    """A task left other values though all that is recorded of what it was made of is the same."""

    task: TaskName
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDiff:
    """What differs between two runs; whatever is empty does not, or is ``unknown``, in words.

    ``versions`` are those of kernels, Python and packages, ``git`` and ``asked`` how the runs were asked for.
    ``unexplained`` are tasks that gave other values of the same.
    """

    before: Compared
    after: Compared
    metrics: tuple[MetricChange, ...] = ()
    states: tuple[Change, ...] = ()
    added: tuple[TaskName, ...] = ()
    removed: tuple[TaskName, ...] = ()
    code: tuple[CodeChange, ...] = ()
    parameters: tuple[Change, ...] = ()
    files: tuple[Change, ...] = ()
    versions: tuple[Change, ...] = ()
    git: tuple[Change, ...] = ()
    asked: tuple[Change, ...] = ()
    unexplained: tuple[ResultChange, ...] = ()
    inputs: tuple[InputChange, ...] = ()
    durations: tuple[DurationChange, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """One line: what came out otherwise, and what could be the reason."""
        effects, causes = _effects(self), list(_causes(self))
        if causes:
            said = f"What differs: {'; '.join(causes)}."
        elif self.unexplained:
            tasks = _listed([result.task for result in self.unexplained])
            said = f"Nothing recorded explains it: {tasks} made other values of the same."
        elif self.unknown:
            said = "What differs is not recorded."
        elif effects or self.inputs:
            said = "No cause of it is recorded."
        else:
            return "Nothing that could matter differs between these runs."
        return f"{effects}. {said}" if effects else said


def diff_runs(before: Side, after: Side) -> RunDiff:
    """What differs between two runs, of one notebook or of two."""
    old, new = before.view, after.view
    common = [name for name in new.tasks if name in old.tasks]
    pairs = [(name, old.tasks[name], new.tasks[name]) for name in common]
    recorded = [
        _Recorded(name, one, other) for name, one, other in pairs if one.record and other.record
    ]
    versions, modules = _surroundings_changes(old, new, recorded)
    return RunDiff(
        before=_compared(old),
        after=_compared(new),
        metrics=_metric_changes(old.metrics, new.metrics),
        states=tuple(
            Change(name=name, before=one.state.value, after=other.state.value)
            for name, one, other in pairs
            if one.state is not other.state
        ),
        added=_only_in(new, old),
        removed=_only_in(old, new),
        code=_code_changes(before, after, pairs),
        parameters=_parameter_changes(before, after),
        files=(*_file_changes(recorded), *modules),
        versions=(*_runner_changes(old.record, new.record), *versions),
        git=_changes(_git(old.record), _git(new.record)) if old.record and new.record else (),
        asked=_asked_changes(old, new),
        unexplained=tuple(_unexplained(recorded)),
        inputs=tuple(_input_changes(recorded, after.pipeline)),
        durations=_duration_changes(pairs),
        unknown=tuple(_unknown(before, after)),
    )


def _only_in(one: RunView, other: RunView) -> tuple[TaskName, ...]:
    """The tasks that one run has and the other has not; a mapped task's instances are told by it."""
    return tuple(
        name
        for name in one.tasks
        if name not in other.tasks and not (is_instance(name) and whole_of(name) in other.tasks)
    )


@dataclass(frozen=True, slots=True)
class _Recorded:
    """A task of both runs, with a record of what it was made of in both."""

    name: TaskName
    before: TaskRun
    after: TaskRun

    @property
    def records(self) -> tuple[TaskRecord, TaskRecord]:
        assert self.before.record is not None
        assert self.after.record is not None
        return self.before.record, self.after.record


def _compared(view: RunView) -> Compared:
    return Compared(
        run_id=view.run_id,
        pipeline=view.pipeline,
        state=view.state,
        started_at=view.started_at,
        finished_at=view.finished_at,
    )


_Pairs = Sequence[tuple[TaskName, TaskRun, TaskRun]]


def _code_changes(before: Side, after: Side, pairs: _Pairs) -> tuple[CodeChange, ...]:
    if not (before.notebook and before.pipeline and after.notebook and after.pipeline):
        return ()
    same = (
        before.notebook.digest == after.notebook.digest and before.pipeline.by is after.pipeline.by
    )
    names = [] if same else [n for n, one, other in pairs if not _same_code(one, other)]
    if not names:
        return ()
    old, new = (Code(s.notebook, s.pipeline) for s in (before, after) if s.notebook and s.pipeline)
    return code_changes(old, new, names)


def _same_code(one: TaskRun, other: TaskRun) -> bool:
    """Whether it is known that two tasks ran the same code."""
    if one.record is None or other.record is None:
        return False
    return bool(one.record.code) and one.record.code == other.record.code


def _parameter_changes(before: Side, after: Side) -> tuple[Change, ...]:
    """Of all values that the runs had, given or not; of those given to both if not all are known."""
    old, new = _parameters(before), _parameters(after)
    known = before.pipeline is not None and after.pipeline is not None
    return tuple(c for c in _changes(old, new) if known or None not in (c.before, c.after))


def _parameters(side: Side) -> dict[str, str]:
    declared = side.pipeline.parameters if side.pipeline is not None else ()
    values = {parameter.name: parameter.default for parameter in declared}
    return {name: shown(value) for name, value in {**values, **side.view.parameters}.items()}


def _changes(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[Change, ...]:
    return tuple(
        Change(name=name, before=before.get(name), after=after.get(name))
        for name in dict.fromkeys((*before, *after))
        if before.get(name) != after.get(name)
    )


def _metric_changes(
    before: Mapping[str, object], after: Mapping[str, object]
) -> tuple[MetricChange, ...]:
    return tuple(
        MetricChange(name=name, before=before.get(name), after=after.get(name))
        for name in dict.fromkeys((*before, *after))
        if repr(before.get(name)) != repr(after.get(name))  # NaN is itself
    )


def _file_changes(recorded: Sequence[_Recorded]) -> tuple[Change, ...]:
    """Files that tasks read, where they held something else."""
    return _gathered(
        (_changes(*(_digests(record.files) for record in task.records)), [task.name])
        for task in recorded
        if task.records[0].files != task.records[1].files and _has_ended_well(task)
    )


def _surroundings_changes(
    old: RunView, new: RunView, recorded: Sequence[_Recorded]
) -> tuple[tuple[Change, ...], tuple[Change, ...]]:
    """Versions that differ, then modules of the project that do."""
    alike: dict[tuple[str, str], list[_Recorded]] = defaultdict(list)
    for task in recorded:
        one, other = task.records
        if one.surroundings != other.surroundings:
            alike[one.surroundings, other.surroundings].append(task)
    versions, modules = [], []
    for tasks in alike.values():
        names = [task.name for task in tasks]
        differing = _differing(
            old.surroundings_of(tasks[0].before), new.surroundings_of(tasks[0].after)
        )
        versions.append((differing[0], names))
        modules.append((differing[1], names))
    return _gathered(versions), _gathered(modules)


def _differing(
    one: Surroundings | None, other: Surroundings | None
) -> tuple[tuple[Change, ...], tuple[Change, ...]]:
    if one is None or other is None:
        return (), ()
    kernels = _changes({"kernel": one.kernel}, {"kernel": other.kernel})
    if not (one.python and other.python):  # one of them did not come to its end
        return kernels, ()
    pythons = _changes({"Python": one.python}, {"Python": other.python})
    packages = _changes(_versions(one.packages), _versions(other.packages))
    return (*kernels, *pythons, *packages), _changes(_digests(one.modules), _digests(other.modules))


def _gathered(
    found: Iterable[tuple[Sequence[Change], Sequence[TaskName]]],
) -> tuple[Change, ...]:
    """Each change once, with all the tasks that it is of."""
    tasks: dict[Change, list[TaskName]] = defaultdict(list)
    for changes, names in found:
        for change in changes:
            tasks[change] += names
    return tuple(replace(change, tasks=tuple(names)) for change, names in tasks.items())


def _digests(files: Mapping[str, str | None]) -> dict[str, str]:
    return {name: MISSING if digest is None else digest for name, digest in files.items()}


def _versions(packages: Mapping[str, str | None]) -> dict[str, str]:
    return {name: version for name, version in sorted(packages.items()) if version is not None}


def _runner_changes(old: RunRecord | None, new: RunRecord | None) -> tuple[Change, ...]:
    if old is None or new is None:
        return ()
    return _changes({"jupyter-dagflow": old.version}, {"jupyter-dagflow": new.version})


def _git(record: RunRecord) -> dict[str, str]:
    revision = record.revision
    if revision is None:
        return {}
    dirty = {True: "yes", False: "no", None: "unknown"}[revision.dirty]
    return {
        "commit": revision.commit,
        **({"branch": revision.branch} if revision.branch else {}),
        "uncommitted changes": dirty,
    }


def _asked_changes(old: RunView, new: RunView) -> tuple[Change, ...]:
    return (
        *_changes(*({"pipeline": v.pipeline, "trigger": v.trigger} for v in (old, new))),
        *(_changes(_who(old.record), _who(new.record)) if old.record and new.record else ()),
        *(_changes(_options(old), _options(new)) if old.options and new.options else ()),
    )


def _who(record: RunRecord) -> dict[str, str]:
    return {"host": record.host, "user": record.user, "from": record.origin.value}


def _options(view: RunView) -> dict[str, str]:
    return {name: str(view.options[name]) for name in _OPTIONS if name in view.options}


def _has_ended_well(task: _Recorded) -> bool:
    """Whether it is known of both what they used: of one that failed it is not."""
    return task.before.state is task.after.state is TaskState.SUCCESS


def _unexplained(recorded: Sequence[_Recorded]) -> Iterator[ResultChange]:
    for task in recorded:
        one, other = task.records
        if one == other and one.recipe and _has_ended_well(task):
            left = {stored.name: stored.digest for stored in task.before.stored}
            names = [s.name for s in task.after.stored if left.get(s.name, s.digest) != s.digest]
            if names:
                yield ResultChange(task=task.name, names=tuple(names))


def _input_changes(
    recorded: Sequence[_Recorded], pipeline: Pipeline | None
) -> Iterator[InputChange]:
    tasks = {task.name: task for task in pipeline.tasks} if pipeline is not None else {}
    for task in recorded:
        one, other = task.records
        if one.inputs == other.inputs:
            continue
        made_by = {i.name: i.sources for i in tasks[task.name].inputs} if task.name in tasks else {}
        for change in _changes(one.inputs, other.inputs):
            yield InputChange(
                task=task.name, name=change.name, made_by=made_by.get(change.name, ())
            )


def _duration_changes(pairs: _Pairs) -> tuple[DurationChange, ...]:
    """Those that took notably longer or less long, the greatest difference first; of tasks that ran in both."""
    found = []
    for name, one, other in pairs:
        ran = one.state is other.state is TaskState.SUCCESS and not (one.cached or other.cached)
        if ran and one.duration_s is not None and other.duration_s is not None:
            longest = max(one.duration_s, other.duration_s)
            if abs(one.duration_s - other.duration_s) >= max(_NOTABLE_S, _NOTABLE_PART * longest):
                found.append(
                    DurationChange(task=name, before_s=one.duration_s, after_s=other.duration_s)
                )
    return tuple(sorted(found, key=lambda each: -abs(each.after_s - each.before_s)))


def _unknown(before: Side, after: Side) -> Iterator[str]:
    for side in (before, after):
        run = f"run {side.view.run_id}"
        if side.view.record is None:
            yield f"of {run}, which an earlier version made, no versions, files and inputs are recorded"
        if side.pipeline is None:
            yield f"the notebook that {run} was made of cannot be read any more, so its code is not compared"


def _effects(diff: RunDiff) -> str:
    if diff.metrics:
        return _listed([f"{metric.name} {' → '.join(metric.texts)}" for metric in diff.metrics])
    states = [f"{change.name} {change.before} → {change.after}" for change in diff.states]
    return f"task {_listed(states)}" if states else ""


def _causes(diff: RunDiff) -> Iterator[str]:
    code = dict.fromkeys(name for change in diff.code for name in change.tasks)
    asked = [change for change in diff.asked if change.name in _MAY_MATTER]
    yield from _some("the code of task", [*code])
    yield from _some("parameter", [_from_to(change) for change in diff.parameters])
    yield from _some("file", [change.name for change in diff.files])
    if diff.versions:
        yield _listed([_from_to(change) for change in diff.versions])
    yield from _some("new task", diff.added)
    yield from _some("removed task", diff.removed)
    yield from (_from_to(change) for change in asked)


def _from_to(change: Change) -> str:
    return f"{change.name} {change.before or _NOTHING} → {change.after or _NOTHING}"


def _some(noun: str, names: Sequence[str]) -> Iterator[str]:
    if names:
        yield f"{noun}{'s' if len(names) > 1 else ''} {_listed(names)}"


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names) if more <= 0 else f"{', '.join(names[:_NAMED])} and {more} more"


def _number(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else _NOTHING if value is None else str(value)
