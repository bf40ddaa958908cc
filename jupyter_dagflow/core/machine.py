"""The run machine: a stimulus in, events and instructions out.

The law: `RunMachine.handle` is the only place where it is decided what a run does next. It reads no clock (a
stimulus says when it happened), keeps no state but what its own events made (`RunView`) and counters derived from
it, and its work per stimulus is proportional to what the stimulus sets free, not to the size of the run.
Of the tasks that are ready, the one of the highest priority starts first; among equals, the one with the longest
remaining path; then, the one that stands first in the notebook; those whose pool is full let others pass. A task that
waits to be tried again holds no slot, nor does one whose instances run: a task with a mapped loop starts twice, to
find out its instances and, when they have ended, to gather what they reported. A run ends when nothing is unfinished;
it failed if a leaf of the DAG failed or could not run. One that is resumed goes on from its view as if it had never
stopped. The tasks of a lane are one attempt after another in one kernel: the next one starts as the one before it
succeeds, in its slot, and if one is tried again, all of them are.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from jupyter_dagflow.core.calendar.intervals import DataInterval
from jupyter_dagflow.core.errors import Location
from jupyter_dagflow.core.events import (
    LOST,
    NO_RESULT,
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
from jupyter_dagflow.core.observed import Observed
from jupyter_dagflow.core.records import RunRecord, Surroundings, TaskRecord
from jupyter_dagflow.core.remaining_paths import remaining_paths
from jupyter_dagflow.core.resume import (
    MOST_LOST,
    anew,
    cleared_by,
    lost_within_budget,
    whole_lanes,
)
from jupyter_dagflow.core.retry import NO_RETRIES, RetryPolicy, retry_after_s
from jupyter_dagflow.core.reuse import Used
from jupyter_dagflow.core.run import RunView, TaskRun, instance_name, is_done
from jupyter_dagflow.core.side_effects import Left
from jupyter_dagflow.core.states import RunState, TaskState
from jupyter_dagflow.core.triggers import TriggerRule, Upstream, Verdict, verdict, why_not


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedTask:
    """What the machine needs to know of a task; ``duration_s`` is what it is expected to take, if anybody knows.

    ``alternatives`` are those upstream tasks that it takes nothing from but what others might give as well, each with
    the tasks that give one name: if it is skipped and one of these is not, it does not count.
    """

    name: TaskName
    upstream: tuple[TaskName, ...] = ()
    rule: TriggerRule = TriggerRule.ALL_SUCCESS
    priority: int = 0
    pool: str | None = None
    retry: RetryPolicy = NO_RETRIES
    duration_s: float | None = None
    alternatives: Mapping[TaskName, tuple[frozenset[TaskName], ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A run to be: its tasks in notebook order, and how many of them may run at once (``slots``).

    ``pools`` tells of pools how many of their tasks may; of others, one. Of ``lanes``, the tasks that share a kernel,
    each follows the one before it.
    """

    run_id: RunId
    pipeline: str
    notebook: str
    parameters: Mapping[str, object]
    tasks: tuple[PlannedTask, ...]
    slots: int
    pools: Mapping[str, int] = field(default_factory=dict)
    trigger: str = "manual"
    options: Mapping[str, object] = field(default_factory=dict)
    record: RunRecord | None = None
    lanes: tuple[tuple[TaskName, ...], ...] = ()
    data_interval: DataInterval | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Submit:
    """Begin the run."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume:
    """Go on with a run that has ended, or whose runner is gone: what did not succeed begins anew.

    So do the tasks, or instances, that are to be ``clear``ed and, if so asked, all ``downstream`` of them. If it is
    ``recovered``, nobody asked for it: then only what was under way goes on, or ends, if meanwhile somebody asked to
    ``cancel``.
    """

    at: datetime
    clear: tuple[TaskName, ...] = ()
    downstream: bool = False
    recovered: bool = False
    cancel: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptEnded:
    """An attempt that the machine started has ended: with ``failure`` None, well.

    ``drawn`` are the global generators it drew from, each with the fingerprint of its state before, ``seeded`` those of
    them that it left as a seed makes them, and ``left`` is what it left outside variables. ``files_at`` tells where
    it first touched a file (its name, and whether it wrote it), if that is known, ``changed_last`` of
    files that it read when they had changed last by then, ``span_ns`` when its own cells ran, in nanoseconds since
    1970. ``took_s`` is its wall time by a clock that nobody sets, if somebody looked at one. ``used`` is all that it
    was seen to use, and ``barred`` why its result may never stand for another, if so.
    With ``reused_from`` it did not run: all this is what came of it in that run.
    ``why`` it ran or did not. It is ``skipped`` if its condition was false. ``record`` and ``surroundings`` are
    what it was made of and ran in. With ``items`` it has found out what the task's loop goes through, and the task
    goes on. In a lane, ``goes_on`` is the task that has begun in the same kernel.
    """

    at: datetime
    task: TaskName
    attempt: int
    cells_s: float | None = None
    failure: TaskFailure | None = None
    stopped: bool = False
    skipped: bool = False
    stored: tuple[Stored, ...] = ()
    metrics: Mapping[str, object] = field(default_factory=dict)
    files_read: tuple[str, ...] = ()
    files_written: tuple[str, ...] = ()
    files_appended: tuple[str, ...] = ()
    files_by_setup: tuple[str, ...] = ()
    files_at: Mapping[tuple[str, bool], Location] = field(default_factory=dict)
    observed: tuple[Observed, ...] = ()
    drawn: Mapping[str, str] = field(default_factory=dict)
    seeded: tuple[str, ...] = ()
    left: Left = field(default_factory=Left)
    changed_last: Mapping[str, int | None] = field(default_factory=dict)
    span_ns: tuple[int, int] | None = None
    used: Used = field(default_factory=Used)
    barred: str = ""
    took_s: float | None = None
    reused_from: RunId | None = None
    why: tuple[str, ...] = ()
    record: TaskRecord | None = None
    surroundings: Surroundings | None = None
    items: tuple[Item, ...] | None = None
    goes_on: TaskName | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryDue:
    """The time has come to try a task again whose attempt number ``attempt`` has failed."""

    at: datetime
    task: TaskName
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """Stop what runs and start nothing more."""

    at: datetime
    reason: str


_Place = tuple[int, int]  # in notebook order, then of an instance among those of its task
_Rank = tuple[int, float, _Place, TaskName]
Stimulus = Submit | Resume | AttemptEnded | RetryDue | Cancel


@dataclass(frozen=True, slots=True, kw_only=True)
class StartTask:
    """Begin this attempt and report how it ended."""

    task: TaskName
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StopTask:
    """End this attempt now, and report it as stopped."""

    task: TaskName
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryLater:
    """Tell, after so many seconds, that it is time to try the task again whose attempt has failed."""

    task: TaskName
    attempt: int
    after_s: float


Instruction = StartTask | StopTask | RetryLater


@dataclass(frozen=True, slots=True)
class Step:
    """What a stimulus led to: events to record, then instructions to obey, in this order."""

    events: tuple[Event, ...]
    instructions: tuple[Instruction, ...]


class RunMachine:
    """Decides one run from `Submit` to `RunFinished`; or, given the ``view`` of one, from `Resume` on.

    Responsible for order, trigger rules, slots, priorities and retries. Not for time, storage, kernels, or for what
    a task does.
    """

    def __init__(self, plan: Plan, view: RunView | None = None) -> None:
        self._plan = plan
        self._planned = {task.name: task for task in plan.tasks}
        self._position: dict[TaskName, _Place] = {
            task.name: (i, 0) for i, task in enumerate(plan.tasks)
        }
        self._upstream = {task.name: Upstream(total=len(task.upstream)) for task in plan.tasks}
        self._downstream: dict[TaskName, list[TaskName]] = {task.name: [] for task in plan.tasks}
        for task in plan.tasks:
            for parent in task.upstream:
                self._downstream[parent].append(task.name)
        durations = {t.name: t.duration_s for t in plan.tasks if t.duration_s is not None}
        self._remaining = remaining_paths(self._downstream, durations)
        self._lanes = {name: lane for lane in plan.lanes for name in lane}
        self._next_of = {one: other for lane in plan.lanes for one, other in pairwise(lane)}
        self._goes_on = frozenset(self._next_of.values())  # tasks that start by themselves
        self._ready: dict[str | None, list[_Rank]] = {}
        self._in_pool: Counter[str | None] = Counter()
        self._running: set[TaskName] = set()
        self._unended: Counter[TaskName] = Counter()  # instances of each task that is expanded
        self._unfinished = len(plan.tasks)
        self._seq = view.seq if view is not None else 0
        self._view = view
        self._events: list[Event] = []
        self._instructions: list[Instruction] = []

    @property
    def view(self) -> RunView:
        """The run as it stands; there is none before `Submit`."""
        if self._view is None:
            raise ValueError("Nothing was submitted yet.")
        return self._view

    @property
    def has_one_left(self) -> bool:
        """Whether the run ends when one more task does."""
        return self._unfinished == 1

    def handle(self, stimulus: Stimulus) -> Step:
        """Take one stimulus and return what follows from it.

        An outcome of an attempt that is not running (a late or doubled report) changes nothing.
        """
        self._events, self._instructions = [], []
        match stimulus:
            case Submit():
                self._submit(stimulus.at)
            case Resume():
                self._resume(stimulus)
            case AttemptEnded():
                self._attempt_ended(stimulus)
            case RetryDue():
                self._retry(stimulus)
            case Cancel():
                self._cancel(stimulus)
        return Step(tuple(self._events), tuple(self._instructions))

    def _submit(self, at: datetime) -> None:
        if self._view is not None:
            raise ValueError("A run is submitted once.")
        plan = self._plan
        created = RunCreated(
            run_id=plan.run_id,
            seq=self._next_seq(),
            at=at,
            pipeline=plan.pipeline,
            notebook=plan.notebook,
            parameters=plan.parameters,
            tasks=tuple((task.name, task.upstream) for task in plan.tasks),
            trigger=plan.trigger,
            options=plan.options,
            record=plan.record,
            lanes=plan.lanes,
            data_interval=plan.data_interval,
        )
        self._view = RunView.of(created)
        self._events.append(created)
        self._record(RunStarted(run_id=plan.run_id, seq=self._next_seq(), at=at))
        self._settle([task.name for task in plan.tasks], at)
        self._fill_slots(at)
        self._finish_if_done(at)

    def _resume(self, resume: Resume) -> None:
        view = self.view
        for task in view.tasks.values():
            if task.state is TaskState.RUNNING:
                self._lose(task.name, resume.at)
        if resume.cancel and not view.cancel_requested:
            self._request_cancel(resume.at, "asked for while nobody ran it")
        named = cleared_by(view, resume.clear, downstream=resume.downstream)
        named = whole_lanes(self._plan.lanes, named)
        again = lost_within_budget(view) if resume.recovered else anew(view, named)
        again = whole_lanes(self._plan.lanes, again)
        self._record(
            RunResumed(
                run_id=self._plan.run_id,
                seq=self._next_seq(),
                at=resume.at,
                tasks=tuple(
                    (
                        task.name,
                        task.upstream,
                        TaskState.NONE if task.name in again else view.tasks[task.name].state,
                    )
                    for task in self._plan.tasks
                ),
                cleared=tuple(n for n in dict.fromkeys([*view.tasks, *resume.clear]) if n in named),
                recovered=resume.recovered,
                lanes=self._plan.lanes,
            )
        )
        for planned in self._plan.tasks:
            self._upstream[planned.name] = self._upstream_without_excused(planned)
        self._unfinished = sum(not task.state.is_final for task in view.tasks.values())
        if view.cancel_requested:
            self._stop_all(resume.at)
        else:
            self._go_on(resume.at)
        self._finish_if_done(resume.at)

    def _lose(self, name: TaskName, at: datetime) -> None:
        task = self.view.tasks[name]
        message = "The process that ran this run is gone."
        if task.lost + 1 == MOST_LOST:
            message += f" This task lost its runner {MOST_LOST} times: it may be what ends it."
        self._record_end(name, TaskState.LOST, at, failure=TaskFailure(kind=LOST, message=message))

    def _go_on(self, at: datetime) -> None:
        """Take up what waits: for a slot, for its time to be tried again, or for what is upstream."""
        for name, task in self.view.tasks.items():
            if task.state is TaskState.QUEUED:
                self._make_ready(self._planned[name])
            elif task.state is TaskState.UP_FOR_RETRY:
                self._retry_in_what_is_left(name, at)
        self._settle(list(self.view.tasks), at)
        self._fill_slots(at)

    def _retry_in_what_is_left(self, name: TaskName, at: datetime) -> None:
        task = self.view.tasks[name]
        assert task.retry_at is not None
        assert task.finished_at is not None  # it has failed, and waits
        whole_s = (task.retry_at - task.finished_at).total_seconds()
        left_s = (task.retry_at - at).total_seconds()  # a clock may have jumped meanwhile
        later = RetryLater(
            task=name, attempt=task.attempt, after_s=min(max(0.0, left_s), max(0.0, whole_s))
        )
        self._instructions.append(later)

    def _attempt_ended(self, ended: AttemptEnded) -> None:
        task = self.view.tasks.get(ended.task)
        if task is None or ended.task not in self._running or task.attempt != ended.attempt:
            return
        self._running.discard(ended.task)
        self._in_pool[self._planned[ended.task].pool] -= 1
        if ended.items is not None and not (ended.stopped or ended.failure or ended.skipped):
            self._expand(ended, ended.items)
            return
        retry_after_s = None
        if ended.stopped:
            state = TaskState.CANCELLED
        elif ended.skipped:
            state = TaskState.SKIPPED
        elif ended.failure is not None:
            retry_after_s = self._retry_after_s(ended.failure, ended)
            state = TaskState.FAILED if retry_after_s is None else TaskState.UP_FOR_RETRY
        else:
            state = TaskState.SUCCESS
        assert task.started_at is not None  # it is running, so it has started
        self._record(
            TaskFinished(
                run_id=self._plan.run_id,
                seq=self._next_seq(),
                at=ended.at,
                task=ended.task,
                attempt=ended.attempt,
                state=state,
                duration_s=ended.took_s
                if ended.took_s is not None
                else max(0.0, (ended.at - task.started_at).total_seconds()),
                cells_s=ended.cells_s,
                cached=ended.reused_from is not None,
                failure=ended.failure,
                retry_at=None
                if retry_after_s is None
                else ended.at + timedelta(seconds=retry_after_s),
                stored=ended.stored,
                metrics=ended.metrics,
                files_read=ended.files_read,
                files_written=ended.files_written,
                observed=ended.observed,
                reused_from=ended.reused_from,
                why=ended.why,
                record=ended.record,
                surroundings=self._not_recorded_yet(ended),
            )
        )
        if retry_after_s is not None:
            later = RetryLater(task=ended.task, attempt=ended.attempt, after_s=retry_after_s)
            self._instructions.append(later)
        else:
            self._after_end(ended.task, state, ended.at)
            self._go_on_in_lane(ended.task, state, ended.at)
        self._fill_slots(ended.at)
        self._finish_if_done(ended.at)

    def _go_on_in_lane(self, name: TaskName, state: TaskState, at: datetime) -> None:
        """Take note that the next task of a lane runs already: its kernel waits for nobody."""
        after = self._next_of.get(name)
        if state is not TaskState.SUCCESS or after is None or self.view.cancel_requested:
            return
        attempt = self.view.tasks[name].attempt
        self._record(self._queued(after, attempt, at))
        self._take_slot(after)
        self._record(self._started(after, attempt, at))

    def _not_recorded_yet(self, ended: AttemptEnded) -> Surroundings | None:
        """What the attempt ran in, unless the run has that recorded of another."""
        if ended.record is None or ended.record.surroundings in self.view.surroundings:
            return None
        return ended.surroundings

    def _expand(self, ended: AttemptEnded, items: tuple[Item, ...]) -> None:
        """Take the instances of a task for tasks, and start what there is room for."""
        task, tasks = ended.task, self.view.tasks
        names = [instance_name(task, number) for number in range(len(items))]
        done = sum(is_done(tasks.get(n), item) for n, item in zip(names, items, strict=True))
        self._record(
            TaskExpanded(
                run_id=self._plan.run_id,
                seq=self._next_seq(),
                at=ended.at,
                task=task,
                attempt=ended.attempt,
                items=items,
                done=done,
            )
        )
        whole, (place, _) = self._planned[task], self._position[task]
        new = [name for name in names if not self.view.tasks[name].state.is_final]
        for number, name in enumerate(names):
            self._planned[name] = replace(whole, name=name, upstream=(), alternatives={})
            self._position[name] = (place, number)
            self._remaining[name] = self._remaining[task]
        self._unfinished += len(new)
        self._unended[task] = len(new)
        for name in new:
            if self.view.cancel_requested:
                self._end_unstarted(name, TaskState.CANCELLED, ended.at)
            else:
                self._queue(self._planned[name], ended.at)
        if not new:
            self._instances_ended(task, ended.at)
        self._fill_slots(ended.at)
        self._finish_if_done(ended.at)

    def _instances_ended(self, name: TaskName, at: datetime) -> None:
        """Have what they reported gathered; if one of them did not end well, nor did the task."""
        tasks = self.view.tasks
        count = tasks[name].instances or 0
        instances = [tasks[instance_name(name, number)] for number in range(count)]
        bad = [each for each in instances if each.state is not TaskState.SUCCESS]
        if self.view.cancel_requested:
            self._end_expanded(name, TaskState.CANCELLED, at)
        elif bad:
            self._end_expanded(name, TaskState.FAILED, at, _failure_of_some(bad, count))
        else:
            self._make_ready(self._planned[name])

    def _end_expanded(
        self, name: TaskName, state: TaskState, at: datetime, failure: TaskFailure | None = None
    ) -> None:
        task = self.view.tasks[name]
        assert task.started_at is not None  # it was expanded
        duration_s = max(0.0, (at - task.started_at).total_seconds())
        self._record_end(name, state, at, failure=failure, duration_s=duration_s)
        self._after_end(name, state, at)

    def _retry_after_s(self, failure: TaskFailure, ended: AttemptEnded) -> float | None:
        if self.view.cancel_requested:
            return None
        policy = self._planned[ended.task].retry
        salt = f"{self._plan.run_id} {ended.task}"
        tried = self.view.tasks[ended.task].tried
        return retry_after_s(policy, failure.kind, attempt=tried, salt=salt)

    def _retry(self, due: RetryDue) -> None:
        task = self.view.tasks.get(due.task)
        if task is None or task.state is not TaskState.UP_FOR_RETRY:
            return
        if task.attempt == due.attempt:
            if due.task in self._lanes:
                self._restart(self._lanes[due.task], due.at)
            else:
                self._queue(self._planned[due.task], due.at)
            self._fill_slots(due.at)

    def _restart(self, lane: Sequence[TaskName], at: datetime) -> None:
        """Have a lane begin again with its first task: nobody else has started that waits for it."""
        begun = [name for name in lane if self.view.tasks[name].state is not TaskState.NONE]
        self._unfinished += sum(self.view.tasks[name].state.is_final for name in begun)
        self._record(
            LaneRestarted(run_id=self._plan.run_id, seq=self._next_seq(), at=at, tasks=tuple(begun))
        )
        for name in lane[1:]:
            self._upstream[name] = self._upstream_without_excused(self._planned[name])
        self._queue(self._planned[lane[0]], at)

    def _cancel(self, cancel: Cancel) -> None:
        if self.view.state.is_final or self.view.cancel_requested:
            return
        self._request_cancel(cancel.at, cancel.reason)
        self._stop_all(cancel.at)
        self._finish_if_done(cancel.at)

    def _request_cancel(self, at: datetime, reason: str) -> None:
        run_id = self._plan.run_id
        self._record(CancelRequested(run_id=run_id, seq=self._next_seq(), at=at, reason=reason))

    def _stop_all(self, at: datetime) -> None:
        self._ready.clear()
        for name, task in self.view.tasks.items():
            if name in self._running:
                self._instructions.append(StopTask(task=name, attempt=task.attempt))
            elif not task.state.is_final and not self._unended[name]:
                self._end_unstarted(name, TaskState.CANCELLED, at)

    def _settle(self, names: Sequence[TaskName], at: datetime) -> None:
        """Queue or end, transitively, those of these waiting tasks whose trigger rule has decided."""
        pending = list(reversed(names))
        while pending:
            name = pending.pop()
            if self.view.tasks[name].state is not TaskState.NONE:
                continue
            planned = self._planned[name]
            match verdict(planned.rule, self._upstream[name]):
                case Verdict.RUN:
                    if name not in self._goes_on:
                        self._queue(planned, at)
                case Verdict.SKIP:
                    why = self._why_not(planned)
                    pending.extend(self._end_unstarted(name, TaskState.SKIPPED, at, why))
                case Verdict.UPSTREAM_FAILED:
                    why = self._why_not(planned)
                    pending.extend(self._end_unstarted(name, TaskState.UPSTREAM_FAILED, at, why))
                case Verdict.WAIT:
                    pass

    def _why_not(self, planned: PlannedTask) -> tuple[str, ...]:
        return why_not(
            planned.rule, [(name, self.view.tasks[name].state) for name in planned.upstream]
        )

    def _queue(self, planned: PlannedTask, at: datetime) -> None:
        self._record(self._queued(planned.name, self._next_attempt(planned.name), at))
        self._make_ready(planned)

    def _next_attempt(self, name: TaskName) -> int:
        """The number of the attempt to come: of a lane one that none of its tasks has had."""
        return 1 + max(self.view.tasks[each].attempt for each in self._lanes.get(name, (name,)))

    def _queued(self, name: TaskName, attempt: int, at: datetime) -> TaskQueued:
        run_id, seq = self._plan.run_id, self._next_seq()
        return TaskQueued(run_id=run_id, seq=seq, at=at, task=name, attempt=attempt)

    def _started(self, name: TaskName, attempt: int, at: datetime) -> TaskStarted:
        run_id, seq = self._plan.run_id, self._next_seq()
        return TaskStarted(run_id=run_id, seq=seq, at=at, task=name, attempt=attempt)

    def _take_slot(self, name: TaskName) -> None:
        self._in_pool[self._planned[name].pool] += 1
        self._running.add(name)

    def _make_ready(self, planned: PlannedTask) -> None:
        name = planned.name
        rank = (-planned.priority, -self._remaining[name], self._position[name], name)
        heapq.heappush(self._ready.setdefault(planned.pool, []), rank)

    def _next(self) -> TaskName | None:
        """Take the task that is to start first out of those that are ready and may start."""
        free = [ready for pool, ready in self._ready.items() if ready and self._has_room(pool)]
        if not free:
            return None
        *_, name = heapq.heappop(min(free, key=lambda ready: ready[0]))
        return name

    def _has_room(self, pool: str | None) -> bool:
        return pool is None or self._in_pool[pool] < self._plan.pools.get(pool, 1)

    def _fill_slots(self, at: datetime) -> None:
        while len(self._running) < self._plan.slots and (name := self._next()) is not None:
            self._take_slot(name)
            if self.view.tasks[name].state is TaskState.RUNNING:  # its instances have ended well
                gathers = StartTask(task=name, attempt=self.view.tasks[name].attempt)
                self._instructions.append(gathers)
                continue
            attempt = self._next_attempt(name)
            self._record(self._started(name, attempt, at))
            self._instructions.append(StartTask(task=name, attempt=attempt))

    def _end_unstarted(
        self, name: TaskName, state: TaskState, at: datetime, why: tuple[str, ...] = ()
    ) -> list[TaskName]:
        """End a task that never started; returns the tasks that may be decided by that."""
        self._record_end(name, state, at, why=why)
        return self._count_end(name, state, at)

    def _record_end(self, name: TaskName, state: TaskState, at: datetime, **told: Any) -> None:
        """Record the end of a task of which no attempt tells; ``told`` are more fields of the event."""
        self._record(
            TaskFinished(
                run_id=self._plan.run_id,
                seq=self._next_seq(),
                at=at,
                task=name,
                attempt=self.view.tasks[name].attempt,
                state=state,
                **told,
            )
        )

    def _after_end(self, name: TaskName, state: TaskState, at: datetime) -> None:
        freed = self._count_end(name, state, at)
        if not self.view.cancel_requested:
            self._settle(freed, at)

    def _count_end(self, name: TaskName, state: TaskState, at: datetime) -> list[TaskName]:
        self._unfinished -= 1
        whole = self.view.tasks[name].instance_of
        if whole is not None:
            self._unended[whole] -= 1
            if not self._unended[whole]:
                self._instances_ended(whole, at)
            return []
        downstream = self._downstream[name]
        for child in downstream:
            if state is TaskState.SKIPPED and self._planned[child].alternatives:
                self._upstream[child] = self._upstream_without_excused(self._planned[child])
            else:
                self._upstream[child].count(state)
        return downstream

    def _upstream_without_excused(self, task: PlannedTask) -> Upstream:
        """How what is upstream of a task stands, but for tasks that were skipped and that others stand in for."""
        states = {name: self.view.tasks[name].state for name in task.upstream}
        skipped = {name for name, state in states.items() if state is TaskState.SKIPPED}
        instead = task.alternatives
        excused = {
            n for n in skipped & instead.keys() if all(each - skipped for each in instead[n])
        }
        upstream = Upstream(total=len(states) - len(excused))
        for name, state in states.items():
            if state.is_final and name not in excused:
                upstream.count(state)
        return upstream

    def _finish_if_done(self, at: datetime) -> None:
        if self._unfinished or self.view.state.is_final:
            return
        self._record(
            RunFinished(
                run_id=self._plan.run_id, seq=self._next_seq(), at=at, state=self._final_state()
            )
        )

    def _final_state(self) -> RunState:
        tasks = self.view.tasks
        if any(task.state is TaskState.CANCELLED for task in tasks.values()):
            return RunState.CANCELLED
        if any(
            task.failure is not None and task.failure.kind == NO_RESULT for task in tasks.values()
        ):
            return RunState.FAILED  # whatever came of those that take what others leave
        bad = (TaskState.FAILED, TaskState.UPSTREAM_FAILED, TaskState.LOST)
        leaves = (tasks[name] for name, downstream in self._downstream.items() if not downstream)
        return RunState.FAILED if any(leaf.state in bad for leaf in leaves) else RunState.SUCCESS

    def _record(self, event: Event) -> None:
        self.view.apply(event)
        self._events.append(event)

    def _next_seq(self) -> int:
        self._seq += 1
        return self._seq


def _failure_of_some(bad: Sequence[TaskRun], count: int) -> TaskFailure | None:
    """That of the first instance that failed; it is told in full where the instance is."""
    first, failure = bad[0], bad[0].failure
    if failure is None:
        return None
    which = f"{first.name} of {count} instances failed"
    if len(bad) > 1:
        which = f"{len(bad)} of {count} instances failed, {first.name} is the first"
    return replace(failure, message=f"{failure.message} ({which})", last_lines="")
