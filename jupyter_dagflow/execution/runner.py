"""The runner: one loop that decides, records and acts.

The law: for every stimulus it asks the machine, records the events in one transaction, tells those who watch, and
only then obeys. A task that the machine would start is looked for among earlier results first: one that is there ends
the attempt, which is the next stimulus, and what follows from it is recorded in the same transaction. The runner alone
appends to a run's log, and what it shows of the run is never ahead of what is recorded. A watcher that fails is
dropped and named in the log, never allowed to harm the run.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from pathlib import Path

from jupyter_dagflow.core.draws import Drawn, SameStart, Unseeded, same_start, unseeded
from jupyter_dagflow.core.elsewhere import Elsewhere, Missed
from jupyter_dagflow.core.errors import EnvironmentFault
from jupyter_dagflow.core.events import (
    CellProgress,
    Event,
    RunCreated,
    RunFinished,
    Stored,
    TaskFailure,
    TaskStarted,
)
from jupyter_dagflow.core.imports import imported_modules
from jupyter_dagflow.core.lookup import Lookup
from jupyter_dagflow.core.machine import (
    AttemptEnded,
    Cancel,
    Instruction,
    Plan,
    PlannedTask,
    RunMachine,
    StartTask,
    Stimulus,
    StopTask,
    Submit,
)
from jupyter_dagflow.core.model import CellId, Compilation, Notebook, RunId, TaskName
from jupyter_dagflow.core.observed import Observed, code_digest
from jupyter_dagflow.core.races import FilesTouched, Touched, race_of, too_early
from jupyter_dagflow.core.run import RunView
from jupyter_dagflow.execution.attempt_files import prepare_attempt
from jupyter_dagflow.execution.cache import Answer, ResultCache, Reuse
from jupyter_dagflow.execution.files import RunFiles
from jupyter_dagflow.execution.module_sources import module_text, roots_of
from jupyter_dagflow.execution.ports import Assignment, Executor, Report
from jupyter_dagflow.execution.threads import Threads
from jupyter_dagflow.storage.artifacts import ArtifactStore
from jupyter_dagflow.storage.executed import write_executed
from jupyter_dagflow.storage.metastore import Metastore

Sink = Callable[[Event | CellProgress], None]

_CANCEL_CHECK_S = 0.5
_UNRECORDED_S = 0.2  # how long reused results may wait for one another

_log = logging.getLogger(__name__)


class ResultsNotDurable(EnvironmentFault):
    """The results of a run were made, but it is not sure that they would outlast a power cut."""

    code = "results_not_durable"


class Survivors(str, Enum):
    """Which variables a task stores besides those asked for: none, those its cells have bound, definitions
    among them, or whatever is bound when it ends.
    """

    ASKED_FOR = ""
    NEW = "new"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """All that a run needs to know: what to run, with which values, and where its files go."""

    run_id: RunId
    notebook: Notebook
    compilation: Compilation
    parameters: dict[str, object]
    files: RunFiles
    artifacts: Path
    cwd: Path
    jobs: int
    keep_all: bool = False
    survivors: Survivors = Survivors.ASKED_FOR
    trigger: str = "manual"
    reuse: Reuse = Reuse.YES
    sinks: Sequence[Sink] = field(default_factory=tuple)

    def plan(self) -> Plan:
        """The run as the machine sees it."""
        pipeline = self.compilation.pipeline
        upstream: dict[TaskName, list[TaskName]] = {task.name: [] for task in pipeline.tasks}
        for edge in pipeline.edges:
            upstream[edge.target].append(edge.source)
        return Plan(
            run_id=self.run_id,
            pipeline=pipeline.name,
            notebook=pipeline.notebook,
            parameters=self.parameters,
            tasks=tuple(
                PlannedTask(
                    name=task.name,
                    upstream=tuple(upstream[task.name]),
                    rule=task.options.trigger,
                    priority=task.options.priority,
                )
                for task in pipeline.tasks
            ),
            slots=self.jobs,
            trigger=self.trigger,
        )


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
        self._machine = RunMachine(request.plan())
        self._imports = imported_modules(request.compilation.pipeline)
        self._to_come = len(request.compilation.pipeline.tasks)
        self._recorded: RunView | None = None
        self._recording = threading.Lock()
        self._now = now
        self._inbox: asyncio.Queue[Stimulus | CellProgress] = asyncio.Queue()
        self._executor = make_executor(self._inbox.put_nowait)
        self._sinks = list(request.sinks)
        self._lookup = Lookup(request.compilation.pipeline)
        self._touched = Touched()
        self._drawn = Drawn()
        self._elsewhere: dict[tuple[Path, ...], Elsewhere] = {}
        self._starting: dict[TaskName, asyncio.Task[None]] = {}
        self._stored: dict[TaskName, tuple[Stored, ...]] = {}
        self._why: dict[TaskName, tuple[str, ...]] = {}
        self._cache = ResultCache(
            notebook=request.notebook,
            lookup=self._lookup,
            parameters=request.parameters,
            files=request.files,
            artifacts=request.artifacts,
            cwd=request.cwd,
            keep_all=request.keep_all,
            reuse=request.reuse,
            metastore=metastore,
        )
        self._artifacts = ArtifactStore(request.artifacts)
        self._becoming_durable: list[asyncio.Task[None]] = []
        self._threads = Threads(f"runner of {request.run_id}")

    @property
    def view(self) -> RunView:
        """The run as it is recorded: a copy of its own for whichever thread asks; none before `Submit` is."""
        with self._recording:
            if self._recorded is None:
                raise ValueError("Nothing is recorded yet.")
            return self._recorded.copy()

    def watch(self, sink: Sink) -> None:
        """Tell one more sink what happens from now on."""
        self._sinks.append(sink)

    def cancel(self, reason: str) -> None:
        """Ask for the run to be cancelled; to be called in the loop's thread."""
        self._inbox.put_nowait(Cancel(at=self._now(), reason=reason))

    async def run(self, on_submitted: Callable[[], None] = lambda: None) -> RunView:
        """Run to the end and return the run as it then stands; ``on_submitted`` is told when it is recorded.

        Raises what the metastore raises when it cannot record; nothing is left running then either.
        """
        watch = asyncio.create_task(self._watch_for_cancel())
        try:
            await self._take(Submit(at=self._now()))
            on_submitted()
            while not self._machine.view.state.is_final:
                stimulus = await self._inbox.get()
                if isinstance(stimulus, CellProgress):
                    self._publish(stimulus)
                else:
                    await self._take(self._in_file(stimulus))
        finally:
            watch.cancel()
            for starting in self._starting.values():
                starting.cancel()
            await self._executor.close()
            await self._threads.do(self._cache.close, self._now())
            self._threads.close()
        return self._machine.view

    def _in_file(self, stimulus: Stimulus) -> Stimulus:
        """The stimulus; a failure in it tells the line of the file also, if people read the notebook by lines."""
        if not isinstance(stimulus, AttemptEnded) or stimulus.failure is None:
            return stimulus
        failure = stimulus.failure
        if failure.cell_index is None:
            return stimulus
        line = self._request.notebook.cells[failure.cell_index].file_line(failure.line)
        return replace(stimulus, failure=replace(failure, file_line=line))

    async def _take(self, first: Stimulus) -> None:
        pending = deque([first])
        events: list[Event] = []
        instructions: list[Instruction] = []
        ran: list[AttemptEnded] = []
        until = time.monotonic() + _UNRECORDED_S
        while pending and (not events or time.monotonic() < until):
            stimulus = pending.popleft()
            if isinstance(stimulus, AttemptEnded):
                stimulus = self._judged(stimulus)
                self._stored[stimulus.task] = stimulus.stored
                ran += [stimulus] if stimulus.reused_from is None else []
            step = self._machine.handle(stimulus)
            answers = {
                instruction.task: await self._ask(instruction)
                for instruction in step.instructions
                if isinstance(instruction, StartTask)
            }
            events += [self._explained(event, answers) for event in step.events]
            for instruction in step.instructions:
                answer = answers.get(instruction.task)
                if answer is not None and answer.ended is not None:
                    pending.append(answer.ended)
                else:
                    instructions.append(instruction)
        for late in pending:
            self._inbox.put_nowait(late)
        await self._obey(events, instructions)
        for ended in ran:
            await self._threads.do(self._cache.keep, ended)
            digests = [stored.digest for stored in ended.stored]
            durable = self._threads.do(self._artifacts.make_durable, digests)
            self._becoming_durable.append(asyncio.create_task(durable))

    async def _all_durable(self) -> None:
        """Wait until the results are on the disk: until then the run has not ended, and they are hashed before use."""
        try:
            await asyncio.gather(*self._becoming_durable)
        except OSError as error:
            raise ResultsNotDurable(
                f"The run's results could not be written to the disk: {error}",
                hint="See to the disk's room and health, and run it again.",
            ) from error

    async def _obey(self, events: Sequence[Event], instructions: Sequence[Instruction]) -> None:
        """Record, tell, and only then act."""
        if any(isinstance(event, RunFinished) for event in events):
            await self._threads.do(self._write_executed)
            await self._all_durable()
        await self._record(events)
        for event in events:
            self._publish(event)
        for instruction in instructions:
            match instruction:
                case StartTask(task=task, attempt=attempt):
                    self._starting[task] = asyncio.create_task(self._start(task, attempt))
                case StopTask(task=task, attempt=attempt):
                    await self._stop(task, attempt)

    async def _ask(self, start: StartTask) -> Answer:
        """Whether an earlier result may stand for a task that is to start."""
        self._to_come -= 1
        answer = await self._threads.do(
            self._cache.ask, start.task, start.attempt, self._stored, self._now()
        )
        self._why[start.task] = answer.why
        return answer

    def _explained(self, event: Event, answers: Mapping[TaskName, Answer]) -> Event:
        """The start of a task tells why it runs, which the machine does not know."""
        if isinstance(event, TaskStarted) and event.task in answers:
            answer = answers[event.task]
            return replace(event, why=answer.why, reused=answer.ended is not None)
        return event

    def _judged(self, ended: AttemptEnded) -> AttemptEnded:
        """The end of an attempt; a failure if a file makes its results uncertain."""
        if ended.reused_from is None:
            ended = replace(ended, why=self._why.get(ended.task, ()))
        files = FilesTouched(read=ended.files_read, written=ended.files_written)
        self._touched.add(ended.task, files)
        if ended.failure is not None and not ended.failure.hint:
            hint = too_early(self._lookup, ended.task, ended.failure.message)
            return replace(ended, failure=replace(ended.failure, hint=hint))
        if ended.failure is not None or ended.stopped:
            return ended
        self._drawn.add(ended.task, ended.drawn)
        race = race_of(self._lookup, self._touched, ended.task)
        draws: Unseeded | SameStart | None = unseeded(self._lookup, ended.drawn, ended.task)
        draws = draws or same_start(self._lookup, self._drawn, ended.task)
        missed = self._missed(ended) if not (race or draws) else None
        found = race or draws or missed
        if found is None:
            return ended
        failure = TaskFailure(
            kind="unsound",
            message=found.message,
            hint=found.hint,
            taskbook=str(self._request.files.taskbook(ended.task, ended.attempt)),
            cell=missed.cell if missed else None,
            cell_index=missed.cell_index if missed else None,
        )
        seen = [self._seen(task, draws.generator) for task in draws.unseen] if draws else []
        if race:
            both = zip((race.first, race.second), race.deeds, strict=True)
            seen = [self._seen(task, deed) for task, deeds in both for deed in deeds]
        observed = (*ended.observed, *seen)
        return replace(ended, failure=failure, metrics={}, observed=observed, reused_from=None)

    def _missed(self, ended: AttemptEnded) -> Missed | None:
        """What a task left outside variables that a later one would miss; few leave anything."""
        if not ended.left:
            return None
        request = self._request
        files = {name: module.file for name, module in ended.left.modules.items()}
        roots = roots_of(request.cwd, files)
        elsewhere = self._elsewhere.get(roots)
        if elsewhere is None:
            source_of = functools.partial(module_text, roots)
            elsewhere = Elsewhere(request.compilation.pipeline, request.notebook.cells, source_of)
            self._elsewhere[roots] = elsewhere
        return elsewhere.missed(ended.task, ended.left, ended.stored)

    def _seen(self, name: TaskName, what: str) -> Observed:
        """What to remember of a task that did something unseen: by its end, it has."""
        task = self._lookup.task(name)
        cell = next(c for c in self._request.notebook.cells if c.id == task.cells[-1])
        return Observed(code=code_digest(cell.code), name=what)

    async def _record(self, events: Sequence[Event]) -> None:
        await self._threads.do(self._metastore.append, self._request.run_id, events)
        with self._recording:
            for event in events:
                if isinstance(event, RunCreated):
                    self._recorded = RunView.of(event)
                elif self._recorded is not None:
                    self._recorded.apply(event)

    async def _start(self, task: TaskName, attempt: int) -> None:
        """Write the attempt's files and hand it to the executor; a fault of ours ends the attempt, not the run."""
        try:
            assignment = await self._threads.do(self._assignment, task, attempt, self._stored)
            await self._executor.start(assignment, more=self._to_come > 0)
        except Exception as error:  # noqa: BLE001 -- whatever it was, the attempt has to end with a state
            _log.exception("Task %s could not be started", task)
            failure = TaskFailure(
                kind="internal", message=f"The task could not be started: {error}"
            )
            self._inbox.put_nowait(
                AttemptEnded(at=self._now(), task=task, attempt=attempt, failure=failure)
            )
        finally:
            self._starting.pop(task, None)

    async def _stop(self, task: TaskName, attempt: int) -> None:
        starting = self._starting.pop(task, None)
        if starting is not None and starting.cancel():
            ended = AttemptEnded(at=self._now(), task=task, attempt=attempt, stopped=True)
            self._inbox.put_nowait(ended)
        await self._executor.stop(task, attempt)

    def _assignment(
        self, task: TaskName, attempt: int, sources: Mapping[TaskName, tuple[Stored, ...]]
    ) -> Assignment:
        request = self._request
        assignment = prepare_attempt(
            task=task,
            attempt=attempt,
            run_id=request.run_id,
            notebook=request.notebook,
            lookup=self._lookup,
            files=request.files,
            store=request.artifacts,
            cwd=request.cwd,
            sources=sources,
            parameters=request.parameters,
            keep_all=request.keep_all,
            survivors=request.survivors.value,
        )
        return replace(assignment, imports=self._imports)

    def _write_executed(self) -> None:
        """Put the outputs of every task that started into their places in the notebook."""
        files = self._request.files
        try:
            write_executed(files.executed, source=files.source, taskbooks=self._taskbooks())
        except OSError:  # the run has ended all the same, and its taskbooks have the outputs
            _log.exception("The executed notebook of run %s was not written", files.run_id)

    def _taskbooks(self) -> dict[CellId, Path]:
        """The taskbook in which each cell ran; the prelude ran in all and shows what the first saw."""
        files, pipeline = self._request.files, self._request.compilation.pipeline
        taskbooks: dict[CellId, Path] = {}
        for task in reversed(pipeline.tasks):
            attempt = self._machine.view.tasks[task.name].attempt
            taskbook = files.taskbook(task.name, attempt)
            if attempt and taskbook.exists():
                taskbooks.update(dict.fromkeys([*pipeline.prelude, *task.cells], taskbook))
        return taskbooks

    def _publish(self, event: Event | CellProgress) -> None:
        for sink in list(self._sinks):
            try:
                sink(event)
            except Exception:  # noqa: BLE001 -- a watcher must never harm the run it watches
                _log.exception("A watcher of run %s failed and is told no more", event.run_id)
                self._sinks.remove(sink)

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
                _log.warning("Run %s: the metastore did not answer", self._request.run_id)
        self.cancel("asked for from outside")
