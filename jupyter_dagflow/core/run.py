"""A run as its events have made it: the fold that everything else reads.

The law: ``RunView`` changes by ``apply(event)`` alone, and ``apply`` refuses what the state tables refuse; so two
readers of one log always agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from jupyter_dagflow.core.events import (
    LOST,
    CancelRequested,
    Event,
    Item,
    LaneRestarted,
    RunCreated,
    RunFinished,
    RunResumed,
    RunStarted,
    Stored,
    TaskExpanded,
    TaskFailure,
    TaskFinished,
    TaskQueued,
    TaskStarted,
)
from jupyter_dagflow.core.model import RunId, TaskName
from jupyter_dagflow.core.records import RunRecord, Surroundings, TaskRecord
from jupyter_dagflow.core.states import RunState, TaskState, check_expanded, check_run, check_task


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try at a task that has ended: in which state it left the task, and ``why`` it was made."""

    number: int
    state: TaskState
    started_at: datetime | None
    finished_at: datetime
    duration_s: float | None = None
    failure: TaskFailure | None = None
    why: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class TaskRun:
    """A task of a run as it stands. ``attempt`` counts from 1; 0 until it first starts.

    Since somebody last cleared it, ``tried`` counts the attempts that used up a retry, ``lost`` those that were lost
    with their runner. One that was ``cleared`` by name is to run though there may be a result of it; so is one of which
    only tasks of its step were, ``cleared_within`` it. ``last`` tells how its last attempt ended, ``why`` it ran or did
    not; ``reused_from`` is the run whose result it has, if it did not. ``attempts`` are those that have ended,
    ``record`` is what the last of them was made of.
    A task whose loop is mapped has ``instances`` once it is expanded, of which ``instances_done`` have ended; an
    instance is ``instance_of`` that task and has an ``item``.
    """

    name: TaskName
    upstream: tuple[TaskName, ...]
    state: TaskState = TaskState.NONE
    attempt: int = 0
    tried: int = 0
    lost: int = 0
    cleared: bool = False
    cleared_within: tuple[TaskName, ...] = ()
    last: TaskState = TaskState.NONE
    queued_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    duration_s: float | None = None
    cells_s: float | None = None
    cached: bool = False
    failure: TaskFailure | None = None
    retry_at: datetime | None = None
    stored: tuple[Stored, ...] = ()
    metrics: Mapping[str, object] = field(default_factory=dict)
    reused_from: RunId | None = None
    why: tuple[str, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    record: TaskRecord | None = None
    instances: int | None = None
    instances_done: int = 0
    instance_of: TaskName | None = None
    item: Item | None = None

    @property
    def overhead_s(self) -> float | None:
        """Wall time less the time its own cells ran."""
        if self.duration_s is None or self.cells_s is None:
            return None
        return max(0.0, self.duration_s - self.cells_s)


@dataclass(slots=True, kw_only=True)
class RunView:
    """A run as it stands after event number ``seq``; ``surroundings`` are those of its tasks, by their digests.

    It is ``started_at`` when it last began: when it was resumed, if it had ended before. ``earlier_instances`` are the
    instances as they stood when it was resumed: what of each has to be known if it is to run anew.
    ``lanes`` are the tasks that share a kernel: an attempt is one at all of them, and has one number.
    ``failure`` is why none of its tasks could begin, if so.
    """

    run_id: RunId
    seq: int
    pipeline: str
    notebook: str
    parameters: Mapping[str, object]
    trigger: str
    created_at: datetime
    state: RunState
    tasks: dict[TaskName, TaskRun]
    options: Mapping[str, object] = field(default_factory=dict)
    started_at: datetime | None = None
    finished_at: datetime | None = None
    cancel_requested: bool = False
    record: RunRecord | None = None
    surroundings: dict[str, Surroundings] = field(default_factory=dict)
    earlier_instances: dict[TaskName, TaskRun] = field(default_factory=dict)
    lanes: tuple[tuple[TaskName, ...], ...] = ()
    failure: TaskFailure | None = None

    def lane(self, task: TaskName) -> tuple[TaskName, ...]:
        """The tasks that share a kernel with one, itself among them."""
        return next((lane for lane in self.lanes if task in lane), (task,))

    def lead(self, task: TaskName) -> TaskName:
        """The task whose attempts' folders have the files of this one: the first of its lane."""
        return self.lane(task)[0]

    @property
    def metrics(self) -> dict[str, object]:
        """What the tasks that ended well have measured, in notebook order."""
        return {name: value for task in self.tasks.values() for name, value in task.metrics.items()}

    @classmethod
    def of(cls, created: RunCreated) -> RunView:
        """The run as it stands when it has just been created."""
        return cls(
            run_id=created.run_id,
            seq=created.seq,
            pipeline=created.pipeline,
            notebook=created.notebook,
            parameters=created.parameters,
            trigger=created.trigger,
            options=created.options,
            created_at=created.at,
            state=created.state,
            tasks={name: TaskRun(name=name, upstream=upstream) for name, upstream in created.tasks},
            record=created.record,
            lanes=created.lanes,
        )

    def copy(self) -> RunView:
        """The run as it stands now, which later events do not change."""
        tasks = {name: replace(task) for name, task in self.tasks.items()}
        return replace(
            self,
            tasks=tasks,
            surroundings=dict(self.surroundings),
            earlier_instances=dict(self.earlier_instances),
        )

    def surroundings_of(self, task: TaskRun) -> Surroundings | None:
        """What a task ran in, if that is recorded."""
        return self.surroundings.get(task.record.surroundings) if task.record is not None else None

    def apply(self, event: Event) -> None:
        """Take one more event; raises `IllegalTransition`, changing nothing, if it cannot follow."""
        match event:
            case RunStarted() | RunFinished():
                check_run(self.state, event.state)
                self.state = event.state
                if isinstance(event, RunStarted):
                    self.started_at = event.at
                else:
                    self.finished_at, self.failure = event.at, event.failure
            case RunResumed():
                self._resume(event)
            case LaneRestarted():
                self._restart(event)
            case CancelRequested():
                self.cancel_requested = True
            case TaskQueued() | TaskStarted() | TaskFinished():
                self._apply_to_task(self.tasks[event.task], event)
            case TaskExpanded():
                self._expand(event)
            case RunCreated():
                raise ValueError("A run is created once: start from RunView.of().")
        self.seq = event.seq

    def _restart(self, event: LaneRestarted) -> None:
        for name in event.tasks:
            if self.tasks[name].state is not event.state:
                check_task(self.tasks[name].state, event.state)
        for name in event.tasks:
            self.tasks[name] = _begun_anew(self.tasks[name], goes_on=True)

    def _resume(self, event: RunResumed) -> None:
        check_run(self.state, event.state)
        for name, _, state in event.tasks:
            if state is not self.tasks[name].state:
                check_task(self.tasks[name].state, state)
        if self.state.is_final:
            self.started_at = event.at
        self.state = event.state
        self.finished_at = self.failure = None
        self.cancel_requested = self.cancel_requested and event.recovered
        self.lanes = event.lanes
        self._drop_instances(event)
        of_cleared = {*event.cleared, *map(whole_of, event.cleared)}
        for name, upstream, state in event.tasks:
            task = self.tasks[name]
            task.upstream = upstream
            if state is TaskState.NONE:
                again = _begun_anew(task, goes_on=event.recovered)
                again.cleared = again.cleared or name in of_cleared
                of_step = within(event.cleared, name) or again.cleared_within
                again.cleared_within = () if again.cleared else of_step
                self.tasks[name] = again

    def _drop_instances(self, event: RunResumed) -> None:
        """Leave of the instances those that a task, expanded again, need not repeat: none if it was cleared.

        Those that were dropped before and have not come again begin anew with them.
        """
        there = {task.name: task for task in self.tasks.values() if task.instance_of is not None}
        for name, task in {**self.earlier_instances, **there}.items():
            cleared = name in event.cleared or whole_of(name) in event.cleared
            again = _begun_anew(task, goes_on=event.recovered)
            again.cleared = again.cleared or cleared
            self.earlier_instances[name] = again
            if name in there and (cleared or task.state is not TaskState.SUCCESS):
                del self.tasks[name]

    def _apply_to_task(self, task: TaskRun, event: TaskQueued | TaskStarted | TaskFinished) -> None:
        check_task(task.state, event.state)
        if task.state is TaskState.RUNNING:
            task.last = event.state
        task.state = event.state
        match event:
            case TaskQueued():
                task.queued_at = event.at
            case TaskStarted():
                task.attempt = event.attempt
                task.tried += 1
                task.started_at = event.at
                task.finished_at = task.duration_s = task.cells_s = None
                task.failure = task.retry_at = None
                task.why = event.why
            case TaskFinished():
                if event.failure is not None and event.failure.kind == LOST:
                    task.tried -= 1
                    task.lost += 1
                if event.state is TaskState.SUCCESS:
                    task.cleared, task.cleared_within = False, ()
                task.finished_at = event.at
                task.duration_s = event.duration_s
                task.cells_s = event.cells_s
                task.cached = event.cached
                task.failure = event.failure
                task.retry_at = event.retry_at
                task.stored = event.stored
                task.reused_from = event.reused_from
                task.why = event.why or task.why
                task.metrics = event.metrics
                task.record = event.record
                task.attempts = _attempts(task, event)
                if event.record is not None and event.surroundings is not None:
                    self.surroundings[event.record.surroundings] = event.surroundings
                if task.instance_of is not None and task.state.is_final:
                    self.tasks[task.instance_of].instances_done += 1

    def _expand(self, event: TaskExpanded) -> None:
        task = self.tasks[event.task]
        check_expanded(task.state)
        instances = {}
        for number, item in enumerate(event.items):
            name = instance_name(event.task, number)
            before = self.tasks.get(name)
            if before is None or not is_done(before, item):
                new = TaskRun(name=name, upstream=(), cleared=task.cleared)
                earlier = self.earlier_instances.get(name, new)
                before = replace(earlier, instance_of=event.task, item=item)
            instances[name] = before
        task.instances, task.instances_done = len(instances), event.done
        tasks: dict[TaskName, TaskRun] = {}
        for name, each in self.tasks.items():
            if each.instance_of != event.task:
                tasks[name] = each
                tasks.update(instances if name == event.task else {})
        self.tasks = tasks


def _begun_anew(task: TaskRun, *, goes_on: bool) -> TaskRun:
    """A task that begins anew; if the run ``goes_on`` by itself, what it has tried counts, but for what went well."""
    again = TaskRun(
        name=task.name,
        upstream=task.upstream,
        attempt=task.attempt,
        last=task.last,
        attempts=task.attempts,
        cleared=task.cleared,
        cleared_within=task.cleared_within,
    )
    if goes_on:
        went_well = task.state is TaskState.SUCCESS
        again.tried, again.lost = task.tried - went_well, task.lost
    return again


def _attempts(task: TaskRun, event: TaskFinished) -> tuple[Attempt, ...]:
    """The attempts that have ended by now: a task may also end while it waits for the next one."""
    if event.attempt <= (task.attempts[-1].number if task.attempts else 0):
        return task.attempts
    ended = Attempt(
        number=event.attempt,
        state=event.state,
        started_at=task.started_at,
        finished_at=event.at,
        duration_s=event.duration_s,
        failure=event.failure,
        why=task.why,
    )
    return (*task.attempts, ended)


def instance_name(task: TaskName, number: int) -> TaskName:
    """What an instance of a mapped task is called.

    >>> instance_name(TaskName("train"), 3)
    'train[3]'
    """
    return TaskName(f"{task}[{number}]")


def is_done(task: TaskRun | None, item: Item) -> bool:
    """Whether an instance has ended well, made of the very same, and need not be repeated."""
    if task is None or not item.made_of:
        return False
    return task.state is TaskState.SUCCESS and task.item == item


def is_instance(task: TaskName) -> bool:
    """Whether a name is that of an instance, which no task of a notebook can have."""
    return task.endswith("]")


def whole_of(task: TaskName) -> TaskName:
    """The task of which one of this name is an instance; itself if it is none.

    >>> whole_of(TaskName("train[3]")), whole_of(TaskName("load"))
    ('train', 'load')
    """
    return TaskName(task.rpartition("[")[0]) if is_instance(task) else task


def having_step(task: TaskName) -> TaskName:
    """The task whose step, another notebook, has the task that is called so; itself if it is none of a step's.

    >>> having_step(TaskName("prepare.load")), having_step(TaskName("load"))
    ('prepare', 'load')
    """
    return TaskName(task.partition(".")[0])


def within(names: Iterable[TaskName], task: TaskName) -> tuple[TaskName, ...]:
    """Those of these names that are of the step of a task, as they are called there.

    >>> within([TaskName("prepare.load"), TaskName("prepare"), TaskName("use")], TaskName("prepare"))
    ('load',)
    """
    head = f"{task}."
    return tuple(TaskName(name.removeprefix(head)) for name in names if name.startswith(head))


def replay(events: Iterable[Event]) -> RunView:
    """Fold a run's whole log, which begins with its `RunCreated`.

    >>> replay([])
    Traceback (most recent call last):
    ValueError: A log begins with RunCreated.
    """
    view: RunView | None = None
    for event in events:
        if view is None:
            if not isinstance(event, RunCreated):
                raise ValueError("A log begins with RunCreated.")
            view = RunView.of(event)
        else:
            view.apply(event)
    if view is None:
        raise ValueError("A log begins with RunCreated.")
    return view
