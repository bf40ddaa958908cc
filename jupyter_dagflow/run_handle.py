"""A run as a caller holds it: live while it goes on, the same when it is opened again from the history."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from jupyter_dagflow.core.analysis.ambient import AMBIENT_STATES
from jupyter_dagflow.core.errors import ArtifactDamaged, EnvironmentFault, NotFound
from jupyter_dagflow.core.events import OF_THE_ENVIRONMENT, Stored, TaskFailure
from jupyter_dagflow.core.model import Compilation, RunId, TaskName
from jupyter_dagflow.core.run import RunView, TaskRun
from jupyter_dagflow.core.states import RunState
from jupyter_dagflow.execution.files import RunFiles
from jupyter_dagflow.execution.runner import Abandoned, Runner
from jupyter_dagflow.execution.watchers import Sink
from jupyter_dagflow.storage.artifacts import ArtifactStore
from jupyter_dagflow.storage.logs import Entry, read_log
from jupyter_dagflow.wire import (
    RunDocument,
    RunRecordDocument,
    run_document,
    run_record_document,
)

CANCELLED = 130
EXIT_CODES = {
    RunState.SUCCESS: 0,
    RunState.FAILED: 1,
    RunState.CANCELLED: CANCELLED,
    RunState.QUEUED: 0,
    RunState.RUNNING: 0,
}
_LAST_WAIT_S = 10.0


class Run:
    """A recorded run: its state, its tasks, its files and the values it kept.

    ``look`` gives the run as it stands; it is asked each time.
    """

    def __init__(
        self, look: Callable[[], RunView], *, files: RunFiles, artifacts: ArtifactStore
    ) -> None:
        self._look = look
        self._files = files
        self._artifacts = artifacts

    def __repr__(self) -> str:
        return f"<Run {self.run_id} of {self.view.pipeline}: {self.state.value}>"

    @property
    def view(self) -> RunView:
        """The run as it stands."""
        return self._look()

    @property
    def run_id(self) -> RunId:
        """What the run is called."""
        return self._files.run_id

    @property
    def state(self) -> RunState:
        """Where the run is in its life."""
        return self.view.state

    @property
    def tasks(self) -> Mapping[TaskName, TaskRun]:
        """The tasks of the run by name, in notebook order."""
        return self.view.tasks

    @property
    def error(self) -> TaskFailure | None:
        """Why the first task that failed did, if one did, or why none could begin."""
        failures = (task.failure for task in self.tasks.values() if task.failure)
        return self.view.failure or next(failures, None)

    @property
    def exit_code(self) -> int:
        """What a command that waited for this run exits with."""
        if self.state is RunState.FAILED and any(
            task.failure is not None and task.failure.kind in OF_THE_ENVIRONMENT
            for task in self.tasks.values()
        ):
            return EnvironmentFault.exit_code
        return EXIT_CODES[self.state]

    @property
    def notebook_path(self) -> Path | None:
        """The executed notebook, which grows while the run goes on; None before there is any."""
        return self._files.executed if self._files.executed.exists() else None

    @property
    def source_path(self) -> Path:
        """The notebook as it was when the run was asked for, or last resumed."""
        return self._files.source

    def task(self, name: str) -> TaskRun:
        """One of its tasks; raises `NotFound`."""
        found = self.tasks.get(TaskName(name))
        if found is None:
            raise NotFound(
                f"Run {self.run_id} has no task {name!r}.", hint=f"It has: {', '.join(self.tasks)}."
            )
        return found

    def taskbook_path(self, task: str, attempt: int | None = None) -> Path:
        """The taskbook of one attempt at a task, the last one if none is named; raises `NotFound`."""
        run = self.task(task)
        lead, number = self.view.lead(run.name), run.attempt if attempt is None else attempt
        path = self._files.taskbook(lead, number)
        if not path.exists():  # it has a mapped loop, and was not gathered
            path = self._files.expansion(lead, number)
        if not run.attempt or (attempt is None and not path.exists()):
            raise NotFound(
                f"Task {task} has no taskbook: it is {run.state.value} and never started.",
                hint=f"dagflow runs show {self.run_id} tells what stopped it.",
            )
        if not path.exists():
            raise NotFound(
                f"Task {task} has no attempt {attempt} in run {self.run_id}.",
                hint=f"It has {_attempts(run)}.",
            )
        return path

    def log(self, task: str, attempt: int | None = None) -> tuple[Entry, ...]:
        """What the cells printed in one attempt at a task, and its traceback; as `taskbook_path` otherwise."""
        return read_log(self.taskbook_path(task, attempt), task)

    def artifacts(self) -> list[tuple[TaskName, Stored]]:
        """The values the run kept and the task that made each, in notebook order."""
        return [
            (name, stored)
            for name, task in self.tasks.items()
            for stored in task.stored
            if stored.name not in AMBIENT_STATES and task.instance_of is None
        ]

    def has_kept(self, names: Iterable[str]) -> bool:
        """Whether the run kept values of all these names."""
        return {*names} <= {stored.name for _, stored in self.artifacts()}

    def find(self, name: str) -> tuple[TaskName, Stored]:
        """The value of this name that the notebook ends with, of those that the run kept, and its task.

        Raises `NotFound`.
        """
        kept = [pair for pair in self.artifacts() if pair[1].name == name]
        if not kept:
            names = sorted({stored.name for _, stored in self.artifacts()})
            raise NotFound(
                f"Run {self.run_id} kept no value {name!r}.",
                hint=f"It kept: {', '.join(names) or 'nothing'}. Tag the task keep:{name} to keep it.",
            )
        return max(reversed(kept), key=lambda pair: pair[1].version)

    def value(self, name: str) -> object:
        """Load a value the run kept, into this process; raises `NotFound`, `ArtifactDamaged` or
        `ArtifactNotLoadable`.
        """
        task, stored = self.find(name)
        try:
            return self._artifacts.load(stored.digest)[name]
        except ArtifactDamaged as error:
            raise ArtifactDamaged(
                f"The value {name} that task {task} made in run {self.run_id} cannot be used. {error.message}",
                hint=f"dagflow run {self.view.notebook} makes it anew.",
            ) from error

    def document(self, steps: Sequence[TaskRun] = ()) -> RunDocument:
        """The run as JSON tells it, with the tasks of its ``steps``."""
        path = self.notebook_path
        return run_document(self.view, notebook=str(path) if path else None, steps=steps)

    def record_document(self, steps: Sequence[TaskRun] = ()) -> RunRecordDocument:
        """The same with all that is recorded of it."""
        return run_record_document(self.document(steps), self.view, source=str(self.source_path))


def _attempts(task: TaskRun) -> str:
    return "attempt 1 only" if task.attempt == 1 else f"attempts 1 to {task.attempt}"


class LiveRun(Run):
    """A run that goes on in this process, in a thread with the event loop of its own.

    If the process ends before it does, it is cancelled; one that nobody ``asked_for`` here is left to others.
    ``notebook_file`` is the file that it is of.
    """

    def __init__(
        self,
        runner: Runner,
        *,
        compilation: Compilation,
        files: RunFiles,
        artifacts: ArtifactStore,
        notebook_file: Path,
        asked_for: bool = True,
    ) -> None:
        super().__init__(lambda: runner.view, files=files, artifacts=artifacts)
        self.compilation = compilation
        self.notebook_file = notebook_file
        self._asked_for = asked_for
        self._runner = runner
        self._loop: asyncio.AbstractEventLoop | None = None
        self._begun = threading.Event()
        # Not Thread.join: interrupted by Ctrl-C it takes a running thread for ended (up to Python 3.12).
        self._ended = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._main, name=f"run {files.run_id}", daemon=True)

    @property
    def is_alive(self) -> bool:
        """Whether the run goes on."""
        return not self._ended.is_set()

    def start(self) -> None:
        """Begin; returns as soon as the run is recorded."""
        atexit.register(self._leave_nothing_behind)
        self._thread.start()
        try:
            self._begun.wait()
        except KeyboardInterrupt:  # nobody holds the run yet who could cancel it
            self._leave_nothing_behind()
            raise
        self._raise_failure()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait for the end; whether it has come. Raises what stopped the runner, if something did."""
        ended = self._ended.wait(timeout_s)
        if ended:
            self._raise_failure()
        return ended

    def cancel(self, reason: str = "asked for") -> None:
        """Stop what runs and start nothing more; returns at once."""
        if self._loop is not None:
            # A loop that has closed refuses: the run has ended by itself.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._runner.cancel, reason)

    def abandon(self) -> None:
        """Leave the run to whoever takes it over, and end what was started here; returns at once."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._runner.abandon)

    def watch(self, sink: Sink) -> None:
        """Tell a sink every event from now on, in a thread of its own, and of progress the newest."""
        self._runner.watch(sink)

    def _main(self) -> None:
        try:
            asyncio.run(self._run())
        except BaseException as error:  # noqa: BLE001 -- handed to whoever waits
            self._failure = error
        finally:
            self._begun.set()
            self._ended.set()
            atexit.unregister(self._leave_nothing_behind)

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        with contextlib.suppress(Abandoned):
            await self._runner.run(on_submitted=self._begun.set)

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _leave_nothing_behind(self) -> None:
        if self._asked_for:
            self.cancel("the process that ran it ended")
        else:
            self.abandon()
        self._ended.wait(_LAST_WAIT_S)
