"""The runner: one loop that decides, records and acts.

The law: for every stimulus it asks the machine, records the events in one transaction, tells those who watch, and
only then obeys; what an attempt is to do is put together meanwhile. Stimuli that have come meanwhile are taken
together: one transaction, and only then what follows from any of them. What cannot be recorded now is recorded later: a
locked or full metastore delays the run. A task that the machine would start is looked for among earlier results first:
one that is there ends the attempt, which is the next stimulus, and what follows from it is recorded in the same
transaction. The runner alone appends to a run's log, and what it shows of the run is never ahead of what is recorded.
Nobody who watches can harm the run or hold it up.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shutil
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from itertools import pairwise
from pathlib import Path
from typing import TypeGuard

from jupyter_dagflow.core.alternatives import Alternatives, alternatives
from jupyter_dagflow.core.calendar.intervals import DataInterval
from jupyter_dagflow.core.errors import EnvironmentFault, MetastoreBlocked
from jupyter_dagflow.core.events import (
    CellProgress,
    Event,
    RunCreated,
    RunFinished,
    TaskExpanded,
    TaskFailure,
    TaskFinished,
    TaskStarted,
)
from jupyter_dagflow.core.imports import imported_modules
from jupyter_dagflow.core.lease import BEAT_S, Lease
from jupyter_dagflow.core.lookup import Lookup
from jupyter_dagflow.core.machine import (
    AttemptEnded,
    Cancel,
    Instruction,
    Plan,
    PlannedTask,
    Resume,
    RetryDue,
    RetryLater,
    RunMachine,
    StartTask,
    Stimulus,
    StopTask,
    Submit,
)
from jupyter_dagflow.core.model import Compilation, Notebook, RunId, Task, TaskName
from jupyter_dagflow.core.records import RunRecord
from jupyter_dagflow.core.run import RunView, instance_name, is_instance, whole_of
from jupyter_dagflow.core.secrets import NO_SECRETS, Secrets
from jupyter_dagflow.core.selection import EVERYTHING, Selected, select
from jupyter_dagflow.core.states import RunState, TaskState
from jupyter_dagflow.core.triggers import TriggerRule
from jupyter_dagflow.execution.attempt_files import Instances, Watched, mask_file, prepare_attempt
from jupyter_dagflow.execution.cache import Answer, ResultCache, Reuse
from jupyter_dagflow.execution.executed_file import ExecutedFile
from jupyter_dagflow.execution.fan_in import FanIn
from jupyter_dagflow.execution.files import RunFiles, expansion_name
from jupyter_dagflow.execution.intake import Intake, find_intake
from jupyter_dagflow.execution.patience import Patience
from jupyter_dagflow.execution.ports import Assignment, Executor, News, Report
from jupyter_dagflow.execution.running_kernel import end_kernel, end_what_is_left
from jupyter_dagflow.execution.safekeeping import Safekeeping
from jupyter_dagflow.execution.soundness import Soundness
from jupyter_dagflow.execution.threads import Threads
from jupyter_dagflow.execution.watchers import Sink, Watchers
from jupyter_dagflow.storage.artifacts import ArtifactStore
from jupyter_dagflow.storage.metastore import LeaseLost, Metastore

_CANCEL_CHECK_S = 0.5
_ENDED = {
    TaskState.CANCELLED: "was cancelled",
    TaskState.LOST: "was lost",
    TaskState.UP_FOR_RETRY: "failed",
    TaskState.FAILED: "failed",
}
_UNRECORDED_S = 0.2  # how long reused results may wait for one another
_LAST_WORDS_S = 5.0  # how long a run that has ended waits for those who watch it

_log = logging.getLogger(__name__)


class Survivors(str, Enum):
    """Which variables a task stores besides those asked for: none, those its cells have bound, definitions
    among them, or whatever is bound when it ends.
    """

    ASKED_FOR = ""
    NEW = "new"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A run that goes on: how it stands, and what of it is to begin anew (see `machine.Resume`)."""

    view: RunView
    clear: tuple[TaskName, ...] = ()
    downstream: bool = False
    recovered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """All that a run needs to know: what to run, with which values, where its files go, and whose it is.

    ``options`` are kept in its log; one that has ``begun`` goes on.
    ``notebook`` and ``parameters`` are without secrets; the digests of what may be one are made with ``home_key``.
    """

    run_id: RunId
    notebook: Notebook
    compilation: Compilation
    parameters: dict[str, object]
    files: RunFiles
    artifacts: Path
    cwd: Path
    jobs: int
    lease: Lease
    secrets: Secrets = NO_SECRETS
    home_key: bytes = b""
    keep_all: bool = False
    survivors: Survivors = Survivors.ASKED_FOR
    pools: Mapping[str, int] = field(default_factory=dict)
    trigger: str = "manual"
    data_interval: DataInterval | None = None
    reuse: Reuse = Reuse.YES
    selected: Selected | None = None
    options: Mapping[str, object] = field(default_factory=dict)
    begun: Begun | None = None
    record: RunRecord | None = None
    sinks: Sequence[Sink] = field(default_factory=tuple)

    @property
    def tasks(self) -> Selected:
        """The tasks of the run: all, if none were selected."""
        return self.selected or select(self.compilation.running, EVERYTHING)

    def plan(self, durations: Mapping[TaskName, float]) -> Plan:
        """The run as the machine sees it; ``durations`` are what its tasks took when they last ran."""
        pipeline = self.compilation.running
        upstream: dict[TaskName, list[TaskName]] = {task.name: [] for task in pipeline.tasks}
        for edge in pipeline.edges:
            upstream[edge.target].append(edge.source)
        selected = self.tasks
        planned = [task for task in pipeline.tasks if task.name in selected]
        instead = alternatives(pipeline)
        return Plan(
            run_id=self.run_id,
            pipeline=pipeline.name,
            notebook=pipeline.notebook,
            parameters={**self.parameters, **self.secrets.shown},
            tasks=tuple(
                step
                for task in planned
                for step in _planned(task, upstream[task.name], instead, durations)
            ),
            slots=self.jobs,
            pools=self.pools,
            trigger=self.trigger,
            data_interval=self.data_interval,
            options=self.options,
            record=self.record,
            lanes=tuple(task.steps for task in planned if task.members),
        )


def _planned(
    task: Task,
    upstream: Sequence[TaskName],
    instead: Mapping[TaskName, Alternatives],
    durations: Mapping[TaskName, float],
) -> Iterator[PlannedTask]:
    """A task as the machine sees it; of a lane each of its tasks, and the first waits for all that the lane needs."""
    above: TaskName | None = None
    for name in task.steps:
        yield PlannedTask(
            name=name,
            upstream=tuple(upstream) if above is None else (above,),
            rule=task.options.trigger if above is None else TriggerRule.ALL_SUCCESS,
            priority=task.options.priority,
            pool=task.options.pool,
            retry=task.options.retry,
            duration_s=durations.get(name),
            alternatives=instead.get(task.name, {}) if above is None else {},
        )
        above = name


class Abandoned(Exception):
    """The run was left to others: what it stands for has ended here, and the run itself has not."""


class Runner:
    """Runs one request from `Submit` to `RunFinished`.

    Responsible for order of effects: record, publish, act. Not for what comes next (the machine), nor for how a
    task is run (the executor).
    """

    def __init__(
        self,
        request: RunRequest,
        *,
        metastore: Metastore,
        make_executor: Callable[[Report], Executor],
        now: Callable[[], datetime],
    ) -> None:
        self._request = request
        self._metastore = metastore
        durations = metastore.durations(request.compilation.running.name)
        begun = request.begun
        self._machine = RunMachine(request.plan(durations), begun.view.copy() if begun else None)
        self._imports = imported_modules(request.compilation.running)
        self._to_come = len(request.tasks.run)
        self._recorded = begun.view.copy() if begun else None
        self._recording = threading.Lock()
        self._now = now
        self._inbox: asyncio.Queue[Stimulus | Abandoned | LeaseLost] = asyncio.Queue()
        self._executor = make_executor(self._hear)
        self._watchers = Watchers(f"run {request.run_id}")
        self._lookup = Lookup(request.compilation.running)
        self._fan_in = FanIn(request.notebook, self._lookup)
        self._soundness = Soundness(
            notebook=request.notebook, lookup=self._lookup, files=request.files, cwd=request.cwd
        )
        self._starting: dict[TaskName, asyncio.Task[None]] = {}
        self._retries: dict[TaskName, asyncio.TimerHandle] = {}
        self._intakes: dict[TaskName, Intake] = {}
        self._watched: dict[TaskName, Watched | None] = {}  # of those that are to start
        self._why: dict[TaskName, tuple[str, ...]] = {}
        self._cache = ResultCache(
            notebook=request.notebook,
            lookup=self._lookup,
            parameters=request.parameters,
            secrets=request.secrets,
            home_key=request.home_key,
            files=request.files,
            artifacts=request.artifacts,
            cwd=request.cwd,
            keep_all=request.keep_all,
            reuse=request.reuse,
            given=request.tasks.given,
            metastore=metastore,
        )
        self._threads = Threads(f"runner of {request.run_id}")
        self._patience = Patience(
            f"Run {request.run_id}", home=request.files.home, threads=self._threads
        )
        self._began: dict[TaskName, float] = {}  # when, by a clock that nobody sets
        self._stops: set[asyncio.Task[None]] = set()
        self._stopped: set[TaskName] = set()
        self._safekeeping = Safekeeping(
            ArtifactStore(request.artifacts), threads=self._threads, patience=self._patience
        )
        self._executed = ExecutedFile(
            request.files,
            request.compilation.running,
            threads=self._threads,
            patience=self._patience,
            is_lost=self._is_lost,
        )

    def _show(self, name: TaskName) -> None:
        """Have the executed notebook take a task's last attempt; of instances, one that has failed."""
        if is_instance(name):
            return
        tasks, files = self._machine.view.tasks, self._request.files
        whole = self._lookup.task(name)
        task = tasks[whole.lead]
        found = [files.taskbook(task.name, task.attempt)]
        if task.instances is not None and task.state is TaskState.FAILED:
            instances = (tasks[instance_name(name, number)] for number in range(task.instances))
            failed = next((each for each in instances if each.state is TaskState.FAILED), None)
            found += [files.taskbook(failed.name, failed.attempt)] if failed is not None else []
        if whole.loop is not None:
            found.append(files.expansion(name, task.attempt))
        self._executed.show(whole.name, found)

    @property
    def view(self) -> RunView:
        """The run as it is recorded: a copy of its own for whichever thread asks; none before `Submit` is."""
        with self._recording:
            if self._recorded is None:
                raise ValueError("Nothing is recorded yet.")
            return self._recorded.copy()

    def watch(self, sink: Sink) -> None:
        """Tell one more sink what happens from now on, in a thread of its own."""
        self._watchers.add(sink)

    def cancel(self, reason: str) -> None:
        """Ask for the run to be cancelled; to be called in the loop's thread.

        While something waits to be recorded, what runs is ended already, and that is recorded when it can be.
        """
        self._inbox.put_nowait(Cancel(at=self._now(), reason=reason))
        if self._patience.is_tried:
            for name, task in self._machine.view.tasks.items():
                if task.state is TaskState.RUNNING and name in self._began:
                    stop = asyncio.create_task(self._stop(name, task.attempt))
                    self._stops.add(stop)
                    stop.add_done_callback(self._stops.discard)

    def abandon(self) -> None:
        """Leave the run to others as it stands, and end what was started; to be called in the loop's thread."""
        self._patience.end(Abandoned())
        self._inbox.put_nowait(Abandoned())

    async def run(self, on_submitted: Callable[[], None] = lambda: None) -> RunView:
        """Run to the end and return the run as it then stands; ``on_submitted`` is told when it is recorded.

        Raises what the metastore raises when it cannot record the run at all, or never will, `LeaseLost` if another
        has taken the run over, `Abandoned` if it was; nothing is left running then either.
        """
        async with (
            contextlib.AsyncExitStack() as at_end
        ):  # each step is taken, whatever the last one raised
            at_end.callback(self._threads.close)
            at_end.push_async_callback(self._give_lease_back)
            at_end.push_async_callback(self._threads.do, self._watchers.close, _LAST_WORDS_S)
            at_end.push_async_callback(lambda: self._threads.do(self._cache.close, self._now()))
            at_end.push_async_callback(self._end_what_is_left)
            at_end.push_async_callback(self._executor.close)
            at_end.callback(self._start_no_more)
            at_end.callback(asyncio.create_task(self._keep_lease()).cancel)
            for sink in self._request.sinks:
                self._watchers.add(sink)
            await self._take([await self._first()])
            # Not before: what was asked of a run that is resumed is taken back as that is recorded.
            at_end.callback(asyncio.create_task(self._watch_for_cancel()).cancel)
            for name, task in self._machine.view.tasks.items():
                if task.attempt:
                    self._show(name)
            self._executed.begin()
            on_submitted()
            while not self._machine.view.state.is_final:
                news = [await self._inbox.get()]
                while not self._inbox.empty():
                    news.append(self._inbox.get_nowait())
                for end in news:
                    if isinstance(end, Exception):
                        raise end
                await self._take(news)  # type: ignore[arg-type]  # there is no end among them
        return self._machine.view

    async def _first(self) -> Submit | Resume:
        """What the run begins with, or goes on with: then nothing of the attempts that were lost may live any more."""
        begun = self._request.begun
        if begun is None:
            return Submit(at=self._now())
        files = self._request.files
        running = [t for t in begun.view.tasks.values() if t.state is TaskState.RUNNING]
        for task in running:
            lead = begun.view.lead(task.name)
            for part in (lead, expansion_name(lead)):
                await self._threads.do(end_kernel, files.process(part, task.attempt))
                log = files.kernel_log(part, task.attempt)
                await self._threads.do(mask_file, log, self._request.secrets.mask)
        await self._threads.do(self._recall, begun.view)
        return Resume(
            at=self._now(),
            clear=begun.clear,
            downstream=begun.downstream,
            recovered=begun.recovered,
            cancel=begun.recovered
            and await self._threads.do(self._metastore.cancel_requested, self._request.run_id),
        )

    def _recall(self, view: RunView) -> None:
        """Have what the tasks did that ended well before count among what the others do."""
        for name, task in view.tasks.items():
            if task.instance_of is not None or name != self._lookup.task(name).name:
                continue  # what a lane did, the last of its tasks tells
            if task.state is TaskState.SUCCESS:
                ended = self._cache.recall(task, self._now())
                if ended is not None:
                    self._soundness.recall(ended)

    def _hear(self, news: News) -> None:
        """Take what the executor reports; progress is for those who watch and changes nothing."""
        if isinstance(news, AttemptEnded):
            self._end(news)
            if news.goes_on is not None:
                self._began[news.goes_on] = time.monotonic()
            return
        if isinstance(news, CellProgress):
            self._watchers.tell(news)
        self._executed.grow()

    def _end(self, ended: AttemptEnded) -> None:
        """Take the end of an attempt, with why it was made, and how long it took by a clock that nobody sets."""
        took_s = time.monotonic() - self._began.get(ended.task, time.monotonic())
        why = ended.why if ended.skipped else self._why.get(ended.task, ())
        self._inbox.put_nowait(replace(ended, took_s=took_s, why=why))

    def _in_file(self, ended: AttemptEnded) -> AttemptEnded:
        """The same; a failure in it tells the line of the file also, if people read the notebook by lines."""
        failure = ended.failure
        if failure is None or failure.cell_index is None:
            return ended
        line = self._request.notebook.cells[failure.cell_index].file_line(failure.line)
        return replace(ended, failure=replace(failure, file_line=line))

    async def _take(self, stimuli: Iterable[Stimulus]) -> None:
        pending = deque(stimuli)
        events: list[Event] = []
        instructions: list[Instruction] = []
        ran: list[AttemptEnded] = []
        until = time.monotonic() + _UNRECORDED_S
        while pending and (not events or time.monotonic() < until):
            stimulus = pending.popleft()
            if isinstance(stimulus, AttemptEnded):
                stimulus = self._in_file(await self._judged(stimulus))
                whole = stimulus.reused_from is None and stimulus.items is None
                ran += [self._of_whole(stimulus)] if whole and stimulus.goes_on is None else []
            step = self._machine.handle(stimulus)
            for event in step.events:
                if isinstance(event, TaskExpanded):
                    await self._expand(event)
            starts = [i for i in step.instructions if isinstance(i, StartTask)]
            starts = [start for start in starts if not self._gathers(start.task)]
            self._take_in(starts)
            answers = await self._ask(starts)
            events += [self._explained(event, answers) for event in step.events]
            for instruction in step.instructions:
                answer = answers.get(instruction.task)
                if answer is not None and answer.ended is not None:
                    pending.extend(self._ends(instruction.task, answer.ended))
                else:
                    instructions.append(instruction)
        for late in pending:
            self._inbox.put_nowait(late)
        await self._obey(events, instructions, ran)

    async def _obey(
        self,
        events: Sequence[Event],
        instructions: Sequence[Instruction],
        ran: Sequence[AttemptEnded],
    ) -> None:
        """Record, tell, and only then act; the results of what ``ran`` are kept with its end."""
        values = [stored.digest for ended in ran for stored in ended.stored]
        for event in events:
            if isinstance(event, TaskStarted) or _has_failed(event):
                self._show(event.task)
        if any(isinstance(event, RunFinished) for event in events):
            await self._executed.finish()
            self._safekeeping.begin(values)
            await self._safekeeping.all_safe()
        recorded = asyncio.Event()
        for start in instructions:
            if isinstance(start, StartTask):
                starting = asyncio.create_task(self._start(start.task, start.attempt, recorded))
                self._starting[start.task] = starting
        if self._recorded is not None:
            await self._patience.do(self._record, events, ran)
        else:
            await self._begin_record(events, ran)
        recorded.set()
        for event in events:
            self._watchers.tell(event)
        for instruction in instructions:
            match instruction:
                case StartTask(task=task):
                    self._began[task] = time.monotonic()
                    self._stopped.discard(task)
                case StopTask(task=task, attempt=attempt):
                    await self._stop(task, attempt)
                case RetryLater(task=task, attempt=attempt, after_s=after_s):
                    loop = asyncio.get_running_loop()
                    self._retries[task] = loop.call_later(after_s, self._retry_due, task, attempt)
        if not self._machine.view.state.is_final:
            self._safekeeping.begin(values)
            if ran:
                self._executed.grow()

    async def _expand(self, event: TaskExpanded) -> None:
        """Look for earlier results of the instances, all at once; those that this run has count as they did."""
        tasks = self._machine.view.tasks
        names = [instance_name(event.task, number) for number in range(len(event.items))]
        done = [name for name in names if tasks[name].state is TaskState.SUCCESS]
        self._to_come += len(names) - len(done)

        def look() -> list[AttemptEnded | None]:
            items = dict(zip(names, event.items, strict=True))
            self._cache.expand(event.task, items, find=bool(done))
            at = self._now()
            return [self._cache.recall(tasks[n], at) for n in done]

        for ended in await self._threads.do(look):
            if ended is not None:
                self._fan_in.part(ended)

    def _of_whole(self, ended: AttemptEnded) -> AttemptEnded:
        """The same of the lane, if it is of a task of one: for those who look at what it has done to others."""
        if is_instance(ended.task):
            return ended
        return _of(self._lookup.task(ended.task).name, ended)

    def _steps(self, name: TaskName) -> tuple[TaskName, ...]:
        """The tasks that an attempt at one is at: all of its lane."""
        return (name,) if is_instance(name) else self._lookup.task(name).steps

    def _ends(self, begun: TaskName, ended: AttemptEnded) -> Iterator[AttemptEnded]:
        """The ends that an earlier result stands for: of a lane, that of each of its tasks."""
        if ended.failure is not None:
            yield replace(ended, task=begun)
            return
        for name, after in pairwise(self._steps(begun)):
            yield AttemptEnded(
                at=ended.at,
                task=name,
                attempt=ended.attempt,
                cells_s=0.0,
                reused_from=ended.reused_from,
                why=ended.why,
                goes_on=after,
            )
        yield ended

    def _told_of_items(self, ended: AttemptEnded) -> AttemptEnded:
        """The end of an expansion, with what all else goes into the instances."""
        made_of = self._cache.instances_made_of(ended.task, self._intakes[ended.task])
        items = tuple(replace(item, made_of=made_of) for item in ended.items or ())
        return replace(ended, items=items)

    def _gathers(self, task: TaskName) -> bool:
        """Whether a start of a task is that of bringing together what its instances reported."""
        return self._machine.view.tasks[task].instances is not None

    async def _begin_record(self, events: Sequence[Event], ran: Sequence[AttemptEnded]) -> None:
        """Record a run of which nothing has run yet, or refuse it: whoever asked for it is there to hear."""
        try:
            await self._threads.do(self._record, events, ran)
        except MetastoreBlocked:
            if self._request.begun is None:  # what is not recorded nobody would find
                shutil.rmtree(self._request.files.folder, ignore_errors=True)
            raise

    def _take_in(self, starts: Sequence[StartTask]) -> None:
        """Find what tasks take that begin now. All parts of a task take what it took as it began."""
        for name in (start.task for start in starts if not is_instance(start.task)):
            task = self._lookup.task(name)
            self._intakes[task.name] = find_intake(self._lookup, task, self._machine.view.tasks)

    def _intake(self, name: TaskName) -> Intake:
        return self._intakes[self._lookup.task(whole_of(name)).name]

    async def _ask(self, starts: Sequence[StartTask]) -> dict[TaskName, Answer]:
        """Whether earlier results may stand for tasks that are to start."""
        if not starts:
            return {}

        def ask() -> dict[TaskName, Answer]:
            return {start.task: self._answer(start.task, start.attempt) for start in starts}

        self._to_come -= sum(start.attempt == 1 for start in starts)
        blocks = any(self._cache.knows(start.task) for start in starts)
        answers = await self._threads.do(ask) if blocks else ask()
        self._why.update((task, answer.why) for task, answer in answers.items())
        self._watched.update((task, answer.watch) for task, answer in answers.items())
        return answers

    def _answer(self, name: TaskName, attempt: int) -> Answer:
        cleared = self._machine.view.tasks[name].cleared or bool(self._cleared_within(name))
        answer = self._cache.ask(name, attempt, self._intake(name), self._now(), cleared=cleared)
        if answer.ended is None and not cleared:
            return replace(answer, why=self._why_again(name, attempt - 1) or answer.why)
        return answer

    def _why_again(self, name: TaskName, last: int) -> tuple[str, ...]:
        """How the last attempt ended, if not well: of a lane, in which of its tasks."""
        tasks = self._machine.view.tasks
        for step in self._steps(name):
            ended = tasks[step].last
            if ended in _ENDED and (step == name or tasks[step].attempt == last):
                which = f" in task {step}" if step != name else ""
                return (f"attempt {last} {_ENDED[ended]}{which}",)
        return ()

    def _explained(self, event: Event, answers: Mapping[TaskName, Answer]) -> Event:
        """The start of a task tells why it runs, which the machine does not know."""
        if isinstance(event, TaskStarted) and event.task in answers:
            answer = answers[event.task]
            reused = answer.ended is not None and answer.ended.reused_from is not None
            return replace(event, why=answer.why, reused=reused)
        return event

    async def _judged(self, ended: AttemptEnded) -> AttemptEnded:
        """The end of an attempt, and of what it was made; a failure if its results cannot be relied upon."""
        if ended.goes_on is not None:  # a lane is judged when the last of its tasks ends
            return ended
        if ended.items is not None:
            return self._fan_in.part(await self._threads.do(self._told_of_items, ended))
        if is_instance(ended.task):
            return self._fan_in.part(self._cache.recorded(ended))
        if self._gathers(ended.task):
            ended = self._fan_in.gathered(ended)
        task, ended = ended.task, self._cache.recorded(self._of_whole(ended))
        last = self._machine.has_one_left
        if ended.left or last:  # the code of the project has to be read, or its files looked at
            judged = await self._threads.do(self._soundness.judged, ended, last)
        else:
            judged = self._soundness.judged(ended)
        return _of(task, judged)

    def _record(self, events: Sequence[Event], ran: Sequence[AttemptEnded]) -> None:
        results = self._cache.results(ran)
        lease = self._request.lease
        self._metastore.append(self._request.run_id, events, lease=lease, results=results)
        with self._recording:
            for event in events:
                if isinstance(event, RunCreated):
                    self._recorded = RunView.of(event)
                elif self._recorded is not None:
                    self._recorded.apply(event)

    async def _start(self, task: TaskName, attempt: int, recorded: asyncio.Event) -> None:
        """Hand an attempt to the executor once that is recorded; a fault of ours ends the attempt, not the run."""
        try:
            assignment = self._assignment(task, attempt)
            await recorded.wait()
            await self._executor.start(assignment, more=self._to_come > 0)
        except Exception as error:  # noqa: BLE001 -- whatever it was, the attempt has to end with a state
            _log.exception("Task %s could not be started", task)
            failure = TaskFailure(
                kind="internal", message=f"The task could not be started: {error}"
            )
            self._end(AttemptEnded(at=self._now(), task=task, attempt=attempt, failure=failure))
        finally:
            self._starting.pop(task, None)

    def _retry_due(self, task: TaskName, attempt: int) -> None:
        del self._retries[task]
        self._inbox.put_nowait(RetryDue(at=self._now(), task=task, attempt=attempt))

    def _start_no_more(self) -> None:
        for starting in self._starting.values():
            starting.cancel()
        for retry in self._retries.values():
            retry.cancel()

    async def _stop(self, task: TaskName, attempt: int) -> None:
        if task in self._stopped:  # while that was still to be recorded
            return
        if task in self._began:
            self._stopped.add(task)
        starting = self._starting.pop(task, None)
        if starting is not None and starting.cancel():
            self._end(AttemptEnded(at=self._now(), task=task, attempt=attempt, stopped=True))
        await self._executor.stop(task, attempt)

    def _assignment(self, task: TaskName, attempt: int) -> Assignment:
        request = self._request
        return prepare_attempt(
            task=task,
            attempt=attempt,
            run_id=request.run_id,
            notebook=request.notebook,
            lookup=self._lookup,
            files=request.files,
            store=request.artifacts,
            cwd=request.cwd,
            intake=self._intake(task),
            watch=self._watched.pop(task, None),
            parameters=request.parameters,
            keep_all=request.keep_all,
            survivors=request.survivors.value,
            instances=self._instances(task),
            steps={
                "home": str(request.files.home.absolute()),
                "reuse": self._reuse_in_steps(task).value,
                "clear": self._cleared_within(task),
            },
            imports=self._imports,
            secrets=request.secrets,
        )

    def _reuse_in_steps(self, task: TaskName) -> Reuse:
        """What other notebooks that the task runs do with results: to clear the task is to clear theirs."""
        reuse = self._request.reuse
        cleared = self._machine.view.tasks[whole_of(task)].cleared
        return reuse.cleared() if cleared else reuse

    def _cleared_within(self, task: TaskName) -> list[TaskName]:
        """Which tasks of other notebooks that the task runs are to run though they had succeeded."""
        tasks = self._machine.view.tasks
        return [n for step in self._steps(whole_of(task)) for n in tasks[step].cleared_within]

    async def _keep_lease(self) -> None:
        """Show that we are there. Whoever has the lease now is told nothing more by us, and we end.

        The lease on a run that is still to be recorded, which may have to wait for a lock, is recorded with it.
        """
        while True:
            await asyncio.sleep(BEAT_S)
            if self._recorded is None:
                continue
            try:
                await self._threads.do(self._metastore.move_lease, self._request.lease)
            except LeaseLost as lost:
                self._patience.end(lost)
                self._inbox.put_nowait(lost)
                return
            except EnvironmentFault:  # a database that is busy now may answer later
                _log.info("Run %s: the metastore did not answer", self._request.run_id)

    async def _end_what_is_left(self) -> None:
        """A run that was cancelled leaves nothing, not even what tasks that had succeeded have left to go on."""
        if self._machine.view.state is RunState.CANCELLED:
            await self._threads.do(end_what_is_left, self._request.files.processes())

    def _is_lost(self) -> bool:
        """Whether another has the run by now, as far as the metastore answers."""
        try:
            return not self._metastore.holds(self._request.lease)
        except EnvironmentFault:
            return False

    async def _give_lease_back(self) -> None:
        try:
            await self._threads.do(self._metastore.give_lease_back, self._request.lease)
        except EnvironmentFault:
            _log.warning("Run %s: its lease was not given back", self._request.run_id)

    def _instances(self, task: TaskName) -> Instances | None:
        """What an attempt has to know of the instances of its task."""
        tasks = self._machine.view.tasks
        if tasks[task].item is not None:
            return Instances(item=tasks[task].item)
        count = tasks[task].instances
        if count is None:
            return None
        ended = [tasks[instance_name(task, number)] for number in range(count)]
        return Instances(
            reports=tuple(each.stored[0].digest for each in ended),
            taskbooks=tuple(self._taskbook(each.name, each.attempt) for each in ended),
        )

    def _taskbook(self, task: TaskName, attempt: int) -> Path:
        return self._request.files.taskbook(task, attempt).absolute()

    async def _watch_for_cancel(self) -> None:
        """Another process asks by a mark in the metastore: there is no other way from it to here."""
        asked = False
        while not asked:
            await asyncio.sleep(_CANCEL_CHECK_S)
            try:
                asked = await self._threads.do(
                    self._metastore.cancel_requested, self._request.run_id
                )
            except EnvironmentFault:  # a database that is busy now may answer later
                _log.info("Run %s: the metastore did not answer", self._request.run_id)
        self.cancel("asked for from outside")


def _of(task: TaskName, ended: AttemptEnded) -> AttemptEnded:
    """The same end, of another task if need be."""
    return ended if ended.task == task else replace(ended, task=task)


def _has_failed(event: Event) -> TypeGuard[TaskFinished]:
    return isinstance(event, TaskFinished) and event.state is TaskState.FAILED
