"""The run machine under random stimuli: its laws, checked after every step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from jupyter_dagflow.core.events import (
    Event,
    Item,
    RunFinished,
    TaskExpanded,
    TaskFailure,
    TaskFinished,
    TaskStarted,
)
from jupyter_dagflow.core.machine import (
    AttemptEnded,
    Cancel,
    Plan,
    PlannedTask,
    Resume,
    RetryDue,
    RetryLater,
    RunMachine,
    StartTask,
    Step,
    StopTask,
    Submit,
)
from jupyter_dagflow.core.model import RunId, TaskName
from jupyter_dagflow.core.resume import MOST_LOST
from jupyter_dagflow.core.retry import RetryPolicy
from jupyter_dagflow.core.run import instance_name, is_instance, replay, whole_of
from jupyter_dagflow.core.states import RunState, TaskState
from jupyter_dagflow.core.triggers import TriggerRule, Upstream, Verdict, verdict

BEGINNING = datetime(2026, 3, 1, tzinfo=timezone.utc)


def name(i: int) -> TaskName:
    return TaskName(f"t{i}")


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    n = draw(st.integers(0, 8))
    tasks = []
    for i in range(n):
        parents = draw(st.sets(st.integers(0, i - 1), max_size=3)) if i else set()
        tasks.append(
            PlannedTask(
                name=name(i),
                upstream=tuple(name(p) for p in sorted(parents)),
                rule=draw(st.sampled_from(TriggerRule)),
                priority=draw(st.integers(-1, 1)),
                pool=draw(st.sampled_from([None, None, "one", "two"])),
                retry=RetryPolicy(retries=draw(st.integers(0, 2))),
                duration_s=draw(st.none() | st.integers(0, 4).map(float)),
            )
        )
    lanes = []
    if n > 1 and draw(st.booleans()):
        first = draw(st.integers(0, n - 2))
        lanes.append((first, draw(st.integers(first + 1, min(n - 1, first + 3)))))
    return Plan(
        run_id=RunId("r"),
        pipeline="p",
        notebook="p.ipynb",
        parameters={},
        tasks=tuple(in_lanes(tasks, lanes)),
        slots=draw(st.integers(1, 3)),
        pools={"two": 2},
        lanes=tuple(tuple(name(i) for i in range(a, b + 1)) for a, b in lanes),
    )


def in_lanes(tasks: list[PlannedTask], lanes: list[tuple[int, int]]) -> list[PlannedTask]:
    """The same, but those from a place to another in one kernel: the first waits for all that any of them needs."""
    tasks = list(tasks)
    for first, last in lanes:
        lane = {name(i) for i in range(first, last + 1)}
        needed = {each for task in tasks[first : last + 1] for each in task.upstream} - lane
        for i in range(first, last + 1):
            tasks[i] = replace(
                tasks[first],
                name=name(i),
                upstream=tuple(sorted(needed)) if i == first else (name(i - 1),),
                rule=tasks[first].rule if i == first else TriggerRule.ALL_SUCCESS,
                duration_s=tasks[i].duration_s,
            )
        for i in range(last + 1, len(tasks)):
            upstream = {name(last) if each in lane else each for each in tasks[i].upstream}
            tasks[i] = replace(tasks[i], upstream=tuple(sorted(upstream)))
    return tasks


def planned_as(plan: Plan, task: TaskName) -> PlannedTask:
    """What is planned of a task, or of the task that it is an instance of."""
    return next(each for each in plan.tasks if each.name == whole_of(task))


def pool_of(plan: Plan, task: TaskName) -> str | None:
    """The pool that a task is in."""
    return planned_as(plan, task).pool


def longest_path(plan: Plan, task: TaskName) -> float:
    """What takes the longest of all that begins with a task, by going through every path."""
    known = [each.duration_s for each in plan.tasks if each.duration_s is not None]
    own = next(each.duration_s for each in plan.tasks if each.name == task)
    if own is None:
        own = sum(known) / len(known) if known else 1.0
    children = [each.name for each in plan.tasks if task in each.upstream]
    return own + max((longest_path(plan, child) for child in children), default=0.0)


def claim(plan: Plan, task: TaskName) -> tuple[int, float, int, int]:
    """What a ready task may say for itself; the lowest starts first."""
    planned = planned_as(plan, task)
    number = int(task[:-1].rpartition("[")[2]) if is_instance(task) else 0
    place = plan.tasks.index(planned)
    return (-planned.priority, -longest_path(plan, planned.name), place, number)


class MachineLaws(RuleBasedStateMachine):
    """Drives one run and holds every step against the laws."""

    attempts = Bundle("attempts")

    def __init__(self) -> None:
        super().__init__()
        self.log: list[Event] = []
        self.begun: set[tuple[TaskName, int]] = set()
        self.running: dict[TaskName, int] = {}
        self.waiting: dict[TaskName, int] = {}
        self.clock = BEGINNING
        self.cancelled = False

    def tick(self) -> datetime:
        self.clock += timedelta(seconds=1)
        return self.clock

    def check(self, step: Step) -> None:
        for event in step.events:
            self.log.append(event)
            assert event.seq == len(self.log), "events are numbered without a gap"
            if isinstance(event, TaskStarted):
                assert (event.task, event.attempt) not in self.begun, "attempts have numbers"
                self.begun.add((event.task, event.attempt))
                self.check_allowed(event.task)
                if self.goes_on(event.task):
                    self.running[event.task] = event.attempt  # nobody has to be told to start it
                else:
                    self.check_first(event.task)
            if isinstance(event, (TaskFinished, TaskExpanded)):
                self.running.pop(event.task, None)
        for instruction in step.instructions:
            if isinstance(instruction, StartTask):
                assert instruction.task not in self.running, (
                    "never two attempts of one task at once"
                )
                assert not self.goes_on(instruction.task), "a lane goes on by itself"
                self.running[instruction.task] = instruction.attempt
                planned = planned_as(self.plan, instruction.task)
                self.check_gathers(instruction.task)
                tried = self.machine.view.tasks[instruction.task].tried
                assert tried <= 1 + planned.retry.retries
            if isinstance(instruction, StopTask):
                assert instruction.task in self.running, "only what runs is stopped"
            if isinstance(instruction, RetryLater):
                assert not self.cancelled
                self.waiting[instruction.task] = instruction.attempt

    def lane(self, task: TaskName) -> tuple[TaskName, ...]:
        """The tasks that share a kernel with one."""
        return next((lane for lane in self.plan.lanes if task in lane), (task,))

    def goes_on(self, task: TaskName) -> bool:
        """Whether a task begins in the kernel of another."""
        return self.lane(task)[0] != task

    def check_allowed(self, task: TaskName) -> None:
        """No task starts before its parents allow it: judged from the log alone."""
        assert not self.cancelled
        if is_instance(task):
            assert replay(self.log).tasks[whole_of(task)].state is TaskState.RUNNING
            return
        planned = next(t for t in self.plan.tasks if t.name == task)
        tasks = replay(self.log).tasks
        upstream = Upstream(total=len(planned.upstream))
        for parent in planned.upstream:
            if tasks[parent].state.is_final:
                upstream.count(tasks[parent].state)
        assert verdict(planned.rule, upstream) is Verdict.RUN

    def check_gathers(self, task: TaskName) -> None:
        """What instances report is gathered when all have ended well."""
        tasks = self.machine.view.tasks
        count = tasks[task].instances
        for number in range(count or 0):
            assert tasks[instance_name(task, number)].state is TaskState.SUCCESS
        assert tasks[task].instances_done == (count or 0)

    def check_first(self, task: TaskName) -> None:
        """Of all that were ready, none had a better claim: judged from the log and the plan alone."""
        tasks = replay(self.log[:-1]).tasks
        ready = {each for each, run in tasks.items() if run.state is TaskState.QUEUED}
        assert task in ready
        ready = {each for each in ready if self.has_room(each, self.log[:-1])}
        assert task == min(ready, key=lambda each: claim(self.plan, each))

    def has_room(self, task: TaskName, log: Sequence[Event]) -> bool:
        """Whether one more task of its pool may run after these events."""
        pool = pool_of(self.plan, task)
        running = set[TaskName]()
        for event in log:
            if isinstance(event, TaskStarted):
                running.add(event.task)
            elif isinstance(event, (TaskFinished, TaskExpanded)):
                running.discard(event.task)
        beside = sum(pool_of(self.plan, each) == pool for each in running)
        return pool is None or beside < self.plan.pools.get(pool, 1)

    @initialize(plan=plans())
    def submit(self, plan: Plan) -> None:
        self.plan = plan
        self.machine = RunMachine(plan)
        self.check(self.machine.handle(Submit(at=self.tick())))

    @precondition(lambda self: self.running)
    @rule(data=st.data(), ends=st.sampled_from(["well", "badly", "stopped", "skipped"]))
    def attempt_ends(self, data: st.DataObject, ends: str) -> None:
        task = data.draw(st.sampled_from(sorted(self.running)))
        ended = AttemptEnded(
            at=self.tick(),
            task=task,
            attempt=self.running[task],
            stopped=ends == "stopped" and self.cancelled,
            # Whether a lane runs is decided before its first task.
            skipped=ends == "skipped" and not self.goes_on(task),
            failure=TaskFailure(kind="error", message="boom") if ends == "badly" else None,
        )
        self.check(self.machine.handle(ended))

    @precondition(lambda self: self.unexpanded())
    @rule(data=st.data(), digests=st.lists(st.sampled_from("abc"), max_size=3))
    def task_is_expanded(self, data: st.DataObject, digests: list[str]) -> None:
        task = data.draw(st.sampled_from(self.unexpanded()))
        items = tuple(Item(digest=digest, made_of="code") for digest in digests)
        before = self.machine.view.tasks
        ended = AttemptEnded(at=self.tick(), task=task, attempt=self.running[task], items=items)
        self.check(self.machine.handle(ended))
        view = self.machine.view.tasks
        assert view[task].instances == len(items)
        for number, item in enumerate(items):
            one = instance_name(task, number)
            assert view[one].item == item
            if (
                one in before
                and before[one].state is TaskState.SUCCESS
                and before[one].item == item
            ):
                assert view[one] == before[one], "what ended well is not repeated"

    def unexpanded(self) -> list[TaskName]:
        """The tasks that may turn out to have instances; the log does not tell who gathers, so those in no pool."""
        tasks = self.machine.view.tasks
        return sorted(
            task
            for task in self.running
            if tasks[task].instances is None
            and not is_instance(task)
            and len(self.lane(task)) == 1
            and pool_of(self.plan, task) is None
        )

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def retry_is_due(self, data: st.DataObject) -> None:
        task = data.draw(st.sampled_from(sorted(self.waiting)))
        due = RetryDue(at=self.tick(), task=task, attempt=self.waiting.pop(task))
        step = self.machine.handle(due)
        self.check(step)
        assert bool(step.events) == (not self.cancelled)
        assert self.machine.handle(due) == Step((), ())

    @precondition(lambda self: not self.machine.view.state.is_final)
    @rule(cancel=st.sampled_from([False, False, False, True]))
    def the_runner_dies_and_another_takes_over(self, cancel: bool) -> None:
        lost = {task for task in self.running if not is_instance(task)}
        waiting = {task: n for task, n in self.waiting.items() if not is_instance(task)}
        before = self.states()
        self.cancelled = self.cancelled or cancel
        self.take_over(Resume(at=self.tick(), recovered=True, cancel=cancel))
        after = self.states()
        if not self.cancelled:
            assert self.waiting == waiting, "what waits to be tried again goes on waiting"
        for task, state in before.items():
            if state is TaskState.SUCCESS:
                begins_anew = lost & {*self.lane(task)} and after[task] is not TaskState.SUCCESS
                assert begins_anew or after[task] is TaskState.SUCCESS
        for task in lost:
            too_often = self.machine.view.tasks[task].lost >= MOST_LOST
            assert (after[task] is TaskState.LOST) == (too_often and not self.cancelled)

    @precondition(lambda self: self.machine.view.state.is_final)
    @rule(data=st.data(), downstream=st.booleans())
    def somebody_resumes(self, data: st.DataObject, downstream: bool) -> None:
        tasks = sorted(task.name for task in self.plan.tasks)
        tasks += sorted(filter(is_instance, self.machine.view.tasks))
        names = st.lists(st.sampled_from(tasks), unique=True, max_size=2)
        clear = data.draw(names) if tasks else []
        before, cleared = self.states(), self.cleared(clear, downstream=downstream)
        self.cancelled = False
        self.take_over(Resume(at=self.tick(), clear=tuple(clear), downstream=downstream))
        for task, state in before.items():
            view = self.machine.view.tasks.get(task)
            if is_instance(task):
                stays = state is TaskState.SUCCESS and not {task, whole_of(task)} & cleared
                assert (view is not None) == stays
                continue
            assert view is not None
            beside = {before[each] for each in self.lane(task)} - {TaskState.SUCCESS}
            # What was skipped is decided anew if something above it is, and its lane with it.
            if state is TaskState.SUCCESS and not clear and beside != {TaskState.SKIPPED}:
                kept = view.state is TaskState.SUCCESS
                assert kept == (not beside), "a lane is kept whole or not"
            if task in clear:
                assert (view.tried, view.lost) in [(0, 0), (1, 0)], "its retries are its own again"

    def cleared(self, names: Sequence[TaskName], *, downstream: bool) -> set[TaskName]:
        """These, and what is downstream of them if asked for: by the plan alone."""
        reached, grown = {*names}, {*map(whole_of, names)}
        while downstream and grown:
            grown = {t.name for t in self.plan.tasks if grown & {*t.upstream}} - reached
            reached |= grown
        return reached

    def take_over(self, resume: Resume) -> None:
        """Another machine goes on, which knows nothing but the log."""
        self.running, self.waiting = {}, {}
        self.machine = RunMachine(self.plan, replay(self.log))
        self.check(self.machine.handle(resume))

    def states(self) -> dict[TaskName, TaskState]:
        return {name: task.state for name, task in self.machine.view.tasks.items()}

    @rule(i=st.integers(0, 9), attempt=st.integers(0, 3))
    def early_retry(self, i: int, attempt: int) -> None:
        """A retry of what does not wait for one changes nothing."""
        if self.waiting.get(name(i)) != attempt:
            due = RetryDue(at=self.tick(), task=name(i), attempt=attempt)
            assert self.machine.handle(due) == Step((), ())

    @rule(i=st.integers(0, 9), attempt=st.integers(0, 3))
    def late_report(self, i: int, attempt: int) -> None:
        """A report about an attempt that does not run changes nothing."""
        if self.running.get(name(i)) != attempt:
            ended = AttemptEnded(at=self.tick(), task=name(i), attempt=attempt)
            assert self.machine.handle(ended) == Step((), ())

    @rule()
    def cancel(self) -> None:
        step = self.machine.handle(Cancel(at=self.tick(), reason="test"))
        self.cancelled = self.cancelled or bool(step.events)
        self.check(step)

    @invariant()
    def slots_are_respected(self) -> None:
        assert len(self.running) <= self.plan.slots

    @invariant()
    def pools_are_respected(self) -> None:
        for pool, beside in Counter(pool_of(self.plan, each) for each in self.running).items():
            assert pool is None or beside <= self.plan.pools.get(pool, 1)

    @invariant()
    def no_slot_is_idle_while_a_task_may_start(self) -> None:
        tasks = self.machine.view.tasks
        queued = [
            n
            for n, t in tasks.items()
            if t.state is TaskState.QUEUED and self.has_room(n, self.log)
        ]
        assert not queued or len(self.running) == self.plan.slots

    @invariant()
    def a_lane_is_one_attempt(self) -> None:
        """Its tasks have succeeded up to one, and none behind that one has begun."""
        tasks = self.machine.view.tasks
        for lane in self.plan.lanes:
            states = [tasks[task].state for task in lane]
            behind = states[sum(state is TaskState.SUCCESS for state in states) :]
            assert TaskState.SUCCESS not in behind
            assert not {TaskState.RUNNING, TaskState.QUEUED, TaskState.UP_FOR_RETRY} & {*behind[1:]}

    @invariant()
    def the_log_tells_all(self) -> None:
        assert replay(self.log) == self.machine.view

    @invariant()
    def it_ends_when_nothing_is_left(self) -> None:
        unfinished = [t for t in self.machine.view.tasks.values() if not t.state.is_final]
        assert self.machine.view.state.is_final == (not unfinished)
        assert bool(unfinished) == (not isinstance(self.log[-1], RunFinished))

    def teardown(self) -> None:
        """Every run ends, whatever came before."""
        if not hasattr(self, "machine"):
            return
        while self.running or self.waiting:
            for task, attempt in list(self.waiting.items()):
                del self.waiting[task]
                due = RetryDue(at=self.tick(), task=task, attempt=attempt)
                self.check(self.machine.handle(due))
            for task, attempt in list(self.running.items())[:1]:
                ended = AttemptEnded(at=self.tick(), task=task, attempt=attempt)
                self.check(self.machine.handle(ended))
        assert self.machine.view.state.is_final


MachineLaws.TestCase.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
test_the_laws_hold = MachineLaws.TestCase


def run_of(*tasks: PlannedTask, slots: int = 1) -> RunMachine:
    return RunMachine(
        Plan(
            run_id=RunId("r"),
            pipeline="p",
            notebook="p.ipynb",
            parameters={},
            tasks=tasks,
            slots=slots,
        )
    )


def started(step: Step) -> list[str]:
    return [i.task for i in step.instructions if isinstance(i, StartTask)]


def end(machine: RunMachine, task: str, *, failure: TaskFailure | None = None) -> Step:
    return machine.handle(
        AttemptEnded(at=BEGINNING, task=TaskName(task), attempt=1, failure=failure)
    )


def test_higher_priority_starts_first_and_notebook_order_breaks_ties() -> None:
    machine = run_of(
        PlannedTask(name=TaskName("a")),
        PlannedTask(name=TaskName("b"), priority=5),
        PlannedTask(name=TaskName("c")),
    )
    order = started(machine.handle(Submit(at=BEGINNING)))
    for task in ("b", "a", "c"):
        assert order == [task]
        order = started(end(machine, task))
    assert machine.view.state is RunState.SUCCESS


def planned(spec: str) -> PlannedTask:
    """``a>b,c 3 !1``: a comes after b and c, is expected to take 3 s, and has priority 1."""
    head, *rest = spec.split()
    task, _, upstream = head.partition(">")
    seconds = [float(word) for word in rest if not word.startswith("!")]
    return PlannedTask(
        name=TaskName(task),
        upstream=tuple(TaskName(each) for each in upstream.split(",") if each),
        priority=next((int(word[1:]) for word in rest if word.startswith("!")), 0),
        duration_s=seconds[0] if seconds else None,
    )


@pytest.mark.parametrize(
    ("tasks", "order"),
    [
        (["a", "b", "c"], "abc"),
        (["a 1", "b 2", "c 3"], "cba"),
        (["a 2", "b 2", "c 2"], "abc"),
        (["a 1", "b 2 !-1", "c 3"], "cab"),
        (["a 5", "b 1", "c>b 9"], "bca"),  # what waits for a task speaks for it
        (["a", "b", "c>b"], "bac"),  # nothing known: the longer branch
        (["a", "b 1", "c 9", "d"], "cadb"),  # who is unknown is in the middle
        (["a 3", "b 1", "c>a,b 1", "d>b 5"], "bdac"),
        (["a>c 9", "b 1", "c 1"], "cab"),  # an edge may lead up the notebook
    ],
    ids=lambda value: value if isinstance(value, str) else ", ".join(value),
)
def test_the_longest_remaining_path_starts_first(tasks: list[str], order: str) -> None:
    machine = run_of(*map(planned, tasks))
    ready, seen = started(machine.handle(Submit(at=BEGINNING))), ""
    while ready:
        (task,) = ready
        seen += task
        ready = started(end(machine, task))
    assert seen == order


def test_a_failure_stops_what_depends_on_it_and_nothing_else() -> None:
    machine = run_of(
        PlannedTask(name=TaskName("a")),
        PlannedTask(name=TaskName("b")),
        PlannedTask(name=TaskName("after_a"), upstream=(TaskName("a"),)),
        PlannedTask(name=TaskName("after_b"), upstream=(TaskName("b"),)),
        slots=4,
    )
    machine.handle(Submit(at=BEGINNING))
    end(machine, "a", failure=TaskFailure(kind="error", message="boom"))
    assert machine.view.tasks[TaskName("after_a")].state is TaskState.UPSTREAM_FAILED
    assert started(end(machine, "b")) == ["after_b"]
    end(machine, "after_b")
    assert machine.view.state is RunState.FAILED


def test_whoever_waits_to_be_tried_again_holds_no_slot_and_nobody_below_starts() -> None:
    machine = run_of(
        PlannedTask(name=TaskName("a"), retry=RetryPolicy(retries=1, delay_s=30)),
        PlannedTask(name=TaskName("below"), upstream=(TaskName("a"),)),
        PlannedTask(name=TaskName("b")),
    )
    machine.handle(Submit(at=BEGINNING))
    step = end(machine, "a", failure=TaskFailure(kind="error", message="boom"))
    again, start = step.instructions
    assert again == RetryLater(task=TaskName("a"), attempt=1, after_s=30)
    assert isinstance(start, StartTask)
    assert start.task == "b"
    view = machine.view.tasks[TaskName("a")]
    assert (view.state, view.retry_at) == (
        TaskState.UP_FOR_RETRY,
        BEGINNING + timedelta(seconds=30),
    )
    assert started(end(machine, "b")) == []
    assert started(machine.handle(RetryDue(at=BEGINNING, task=TaskName("a"), attempt=1))) == ["a"]
    assert (view.state, view.failure, view.retry_at) == (TaskState.RUNNING, None, None)


def test_a_run_without_tasks_succeeds_at_once() -> None:
    machine = run_of()
    machine.handle(Submit(at=BEGINNING))
    assert machine.view.state is RunState.SUCCESS


def test_ten_thousand_tasks_settle_in_one_chain_of_skips() -> None:
    """Deep DAGs must not meet Python's recursion limit."""
    chain = [PlannedTask(name=name(0))]
    chain += [PlannedTask(name=name(i), upstream=(name(i - 1),)) for i in range(1, 10_000)]
    machine = run_of(*chain)
    machine.handle(Submit(at=BEGINNING))
    end(machine, "t0", failure=TaskFailure(kind="error", message="boom"))
    assert machine.view.tasks[name(9_999)].state is TaskState.UPSTREAM_FAILED


def expanded(machine: RunMachine, task: str, count: int) -> Step:
    items = tuple(Item(digest=str(number), made_of="code") for number in range(count))
    return machine.handle(AttemptEnded(at=BEGINNING, task=TaskName(task), attempt=1, items=items))


def test_instances_run_side_by_side_and_are_gathered_when_all_have_ended() -> None:
    machine = run_of(
        PlannedTask(name=TaskName("a")),
        PlannedTask(name=TaskName("b"), upstream=(TaskName("a"),)),
        slots=2,
    )
    machine.handle(Submit(at=BEGINNING))
    assert started(expanded(machine, "a", 3)) == ["a[0]", "a[1]"]
    assert list(machine.view.tasks) == ["a", "a[0]", "a[1]", "a[2]", "b"]
    assert started(end(machine, "a[1]")) == ["a[2]"]
    assert started(end(machine, "a[0]")) == []
    view = machine.view.tasks[TaskName("a")]
    assert (view.state, view.instances_done, view.instances) == (TaskState.RUNNING, 2, 3)
    assert started(end(machine, "a[2]")) == ["a"]
    assert started(end(machine, "a")) == ["b"]
    assert end(machine, "b").events[-1].state is RunState.SUCCESS


def test_an_instance_that_fails_fails_its_task_and_lets_the_others_end() -> None:
    machine = run_of(PlannedTask(name=TaskName("a")), slots=2)
    machine.handle(Submit(at=BEGINNING))
    expanded(machine, "a", 3)
    end(machine, "a[0]", failure=TaskFailure(kind="error", message="boom", cell_index=4))
    end(machine, "a[1]")
    assert machine.view.state is RunState.RUNNING
    end(machine, "a[2]", failure=TaskFailure(kind="error", message="bang"))
    failure = machine.view.tasks[TaskName("a")].failure
    assert failure is not None
    assert failure.message == "boom (2 of 3 instances failed, a[0] is the first)"
    assert failure.cell_index == 4
    assert machine.view.state is RunState.FAILED


def test_a_loop_that_goes_through_nothing_is_gathered_at_once() -> None:
    machine = run_of(PlannedTask(name=TaskName("a")))
    machine.handle(Submit(at=BEGINNING))
    assert started(expanded(machine, "a", 0)) == ["a"]
    end(machine, "a")
    assert machine.view.state is RunState.SUCCESS


def test_a_task_that_is_resumed_repeats_the_instances_that_did_not_end_well() -> None:
    plan = run_of(PlannedTask(name=TaskName("a")), slots=3)._plan
    machine = RunMachine(plan)
    log = [*machine.handle(Submit(at=BEGINNING)).events, *expanded(machine, "a", 3).events]
    log += end(machine, "a[1]").events
    log += end(machine, "a[0]", failure=TaskFailure(kind="error", message="boom")).events
    log += end(machine, "a[2]").events
    again = RunMachine(plan, replay(log))
    assert started(again.handle(Resume(at=BEGINNING))) == ["a"]
    items = tuple(Item(digest=digest, made_of="code") for digest in ("0", "1", "changed"))
    step = again.handle(AttemptEnded(at=BEGINNING, task=TaskName("a"), attempt=2, items=items))
    assert started(step) == ["a[0]", "a[2]"]
    other = RunMachine(plan, replay(log))
    other.handle(Resume(at=BEGINNING))
    items = tuple(Item(digest=digest, made_of="other code") for digest in "012")
    ended = AttemptEnded(at=BEGINNING, task=TaskName("a"), attempt=2, items=items)
    assert started(other.handle(ended)) == ["a[0]", "a[1]", "a[2]"]
    assert step.instructions[0] == StartTask(task=TaskName("a[0]"), attempt=2)


def test_an_instance_that_a_recovery_has_dropped_has_its_retries_again_when_somebody_resumes() -> (
    None
):
    plan = run_of(PlannedTask(name=TaskName("a"), retry=RetryPolicy(retries=1)))._plan
    boom = TaskFailure(kind="error", message="boom")
    machine = RunMachine(plan)
    log = [*machine.handle(Submit(at=BEGINNING)).events, *expanded(machine, "a", 1).events]
    log += end(machine, "a[0]", failure=boom).events  # is to be tried again, and the runner dies
    recovered = RunMachine(plan, replay(log))
    log += recovered.handle(Resume(at=BEGINNING, recovered=True, cancel=True)).events
    assert recovered.view.state is RunState.CANCELLED
    resumed = RunMachine(plan, replay(log))
    (attempt,) = (
        instruction.attempt
        for instruction in resumed.handle(Resume(at=BEGINNING)).instructions
        if isinstance(instruction, StartTask)
    )
    items = (Item(digest="0", made_of="code"),)
    expansion = AttemptEnded(at=BEGINNING, task=TaskName("a"), attempt=attempt, items=items)
    (begins,) = resumed.handle(expansion).instructions
    assert isinstance(begins, StartTask)
    failed = AttemptEnded(at=BEGINNING, task=begins.task, attempt=begins.attempt, failure=boom)
    (later,) = resumed.handle(failed).instructions
    assert isinstance(later, RetryLater)
