"""What must hold of a run, whatever was done to its processes.

Each function tells what is wrong; nothing, if nothing is.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from itertools import chain

from jupyter_dagflow.app import Dagflow
from jupyter_dagflow.core.errors import DagflowError
from jupyter_dagflow.core.events import Event, LaneRestarted, RunResumed, TaskFinished, TaskStarted
from jupyter_dagflow.core.model import RunId, TaskName
from jupyter_dagflow.core.nested import NESTED
from jupyter_dagflow.core.run import RunView, replay
from jupyter_dagflow.core.states import RunState, TaskState
from jupyter_dagflow.resuming import config_of
from jupyter_dagflow.run_handle import Run
from jupyter_dagflow.settings import Settings
from jupyter_dagflow.storage.metastore import Metastore
from tests.chaos.home import Home
from tests.chaos.programs import INNER, TRIED, Line, Program, read_journal

_Attempt = tuple[str, str, int]  # run, task, number
_Tried = tuple[Program, RunView]


def violations(home: Home, program: Program) -> Iterator[str]:
    """All that is wrong with the runs of a trial that has come to its end."""
    app = Dagflow(Settings.load({"DAGFLOW_HOME": str(home.home)}, config={}))
    programs = {TRIED: program, INNER: program.inner}
    tried: list[_Tried] = []
    try:
        for check in home.query("PRAGMA integrity_check"):
            if check != ("ok",):
                yield f"the database is damaged: {check}"
        for row in app.history(limit=1000):
            yield from _of_log(home, app.metastore, RunId(row.run_id))
            yield from _of_durations(home, app.metastore.events(RunId(row.run_id)))
            run = app.open_run(row.run_id)
            yield from _of_artifacts(app, run)
            if its := programs.get(row.pipeline):
                tried.append((its, run.view))
                yield from _of_values(its, run, is_step=row.trigger == NESTED)
                yield from _of_executed(home, its, run)
        yield from _of_journal(home, tried)
        yield from _of_steps(tried)
    finally:
        app.close()
    for command in home.commands:
        if "Traceback" in command.told:
            yield f"{command} showed a traceback:\n{command.told}"


def _of_log(home: Home, metastore: Metastore, run_id: RunId) -> Iterator[str]:
    """Every state is legal, the log has no gap, the projection is what the log says, and success is for good."""
    events = metastore.events(run_id)
    if [event.seq for event in events] != [*range(1, len(events) + 1)]:
        yield f"the log of {run_id} has gaps: {[event.seq for event in events]}"
    try:
        view = replay(events)
    except DagflowError as error:
        yield f"the log of {run_id} takes an illegal step: {error.message}"
        return
    ((state,),) = home.query(f"select state from runs where run_id = '{run_id}'")
    if state != view.state.value:
        yield f"run {run_id} is {state} in its table and {view.state.value} by its log"
    rows = home.query(f"select task, state, attempt from task_runs where run_id = '{run_id}'")
    by_log: set[tuple[object, ...]] = {
        (t.name, t.state.value, t.attempt) for t in view.tasks.values()
    }
    if {*rows} != by_log:
        yield f"tasks of {run_id} are {sorted(rows)} in their table and {sorted(by_log)} by their log"
    kept = {(task, stored.name, stored.digest) for task, stored in metastore.artifacts(run_id)}
    left = {(t.name, s.name, s.digest) for t in view.tasks.values() for s in t.stored}
    if kept != left:
        yield f"values of {run_id} are {sorted(kept)} in their table and {sorted(left)} by their log"
    yield from _repeated(events)


def _repeated(events: list[Event]) -> Iterator[str]:
    succeeded: set[str] = set()
    for event in events:
        if isinstance(event, TaskStarted) and event.task in succeeded:
            yield f"{event.task} began attempt {event.attempt} though it had succeeded"
        if isinstance(event, TaskFinished) and event.state is TaskState.SUCCESS:
            succeeded.add(event.task)
        if isinstance(event, LaneRestarted):
            succeeded -= {*event.tasks}
        if isinstance(event, RunResumed):
            unfinished = [lane for lane in event.lanes if not succeeded.issuperset(lane)]
            succeeded -= {*event.cleared, *chain(*unfinished)}


def _of_durations(home: Home, events: list[Event]) -> Iterator[str]:
    """What took time took no less than none and no more than there was, whatever the clock says."""
    for event in events:
        took_s = event.duration_s if isinstance(event, TaskFinished) else None
        if took_s is not None and not 0 <= took_s <= home.age_s:
            yield f"attempt {event.attempt} at {event.task} took {took_s} s"  # type: ignore[union-attr]


def _of_artifacts(app: Dagflow, run: Run) -> Iterator[str]:
    """What succeeded has left its values, whole."""
    for name, task in run.tasks.items():
        for stored in task.stored if task.state is TaskState.SUCCESS else ():
            if fault := app.artifacts.fault(stored.digest):
                yield f"{name} succeeded, and its value {stored.name} is {fault}"


def _of_journal(home: Home, runs: list[_Tried]) -> Iterator[str]:
    """What the tasks themselves tell: no attempt unknown, none twice, none beside another, none after success."""
    known = {noted: attempt for _, view in runs for noted, attempt in _attempts(home, view)}
    begun: Counter[_Attempt] = Counter()
    ended: set[_Attempt] = set()
    latest: dict[tuple[str, str], int] = {}
    tried = {step.name for program, _ in runs for step in program.steps}
    for line in read_journal(home.journal):
        if line.task.partition("[")[0] not in tried:
            continue
        attempt = known.get((line.task, line.pid, line.began))
        if attempt is None:
            yield f"{line.task} ran in process {line.pid}, which no attempt has noted"
            continue
        run_id, _, number = attempt
        if line.what == "overlap":
            pid, began = line.other
            other = known.get((line.task, int(pid), began), attempt)
            if other[0] == run_id:  # of another run it may be alive
                yield f"{line.task} began in process {line.pid} while process {pid} was at it"
        if line.what == "begin":
            begun[attempt] += 1
            if (last := latest.get((run_id, line.task), number)) > number:
                yield f"attempt {number} at {line.task} began after attempt {last}"
            latest[run_id, line.task] = number
        if line.what == "end":
            ended.add(attempt)
    for program, view in runs:
        yield from _of_attempts(program, view, begun, ended)


def _of_attempts(
    program: Program, view: RunView, begun: Mapping[_Attempt, int], ended: Collection[_Attempt]
) -> Iterator[str]:
    for (run_id, task, attempt), times in begun.items():
        if run_id != view.run_id:
            continue
        run = view.tasks.get(TaskName(task))
        if times > 1:
            yield f"attempt {attempt} at {task} began {times} times"
        if run is None:
            yield f"{task} ran, and is no task of the run"
        elif run.state is TaskState.SUCCESS and attempt > run.attempt:
            yield f"{task} ran again (attempt {attempt}) after attempt {run.attempt} succeeded"
    steps = {step.name: step for step in program.steps}
    for name, run in view.tasks.items():
        step = steps[name.partition("[")[0]]
        ran = run.state is TaskState.SUCCESS and not run.cached
        tells = not step.mapped or run.instance_of is not None
        if ran and tells and (view.run_id, name, run.attempt) not in ended:
            yield f"{name} succeeded in attempt {run.attempt}, which never came to its end"
        if view.state is RunState.SUCCESS and step.runs != (run.state is TaskState.SUCCESS):
            yield f"{name} is {run.state.value}"


def _of_executed(home: Home, program: Program, run: Run) -> Iterator[str]:
    """The executed notebook shows what the attempts printed that succeeded."""
    pids = {(a[1], a[2]): noted[1] for noted, a in _attempts(home, run.view)}
    assert run.notebook_path is not None
    cells = {each["id"]: each for each in json.loads(run.notebook_path.read_bytes())["cells"]}
    for step in program.steps:
        task = run.tasks[TaskName(step.name)]
        if task.state is TaskState.SUCCESS and not step.mapped and not task.cached:
            shown = "".join("".join(o.get("text", "")) for o in cells[step.name]["outputs"])
            lines = shown.splitlines()
            said = lines[:1] if step.nests else lines  # below it stands how the step went
            if said != [f"{step.name} {pids[step.name, task.attempt]}"]:
                yield f"the executed notebook shows {shown!r} of {step.name}, attempt {task.attempt}"


def _attempts(home: Home, view: RunView) -> Iterator[tuple[tuple[str, int, str], _Attempt]]:
    """Which attempt each process that was noted has run: all tasks of a lane, what its first one has noted."""
    for task in view.tasks:
        folder = home.home / "runs" / view.run_id / "tasks" / view.lead(task)
        for path in folder.glob("*/process.json"):
            owner = json.loads(path.read_bytes() or b"null")
            if owner is None:  # nothing of it is to run any more
                continue
            attempt = (str(view.run_id), str(task), int(path.parent.name))
            yield (str(task), int(owner["pid"]), str(owner["began"])), attempt


def _of_steps(runs: list[_Tried]) -> Iterator[str]:
    """A task that succeeded has had a step that did."""
    well = {
        (step["run"], step["task"])
        for _, view in runs
        if (step := config_of(view).within) and view.state is RunState.SUCCESS
    }
    for program, view in runs:
        for step in program.steps:
            task = view.tasks[TaskName(step.name)]
            missing = step.nests and (view.run_id, task.name) not in well
            if missing and task.state is TaskState.SUCCESS:
                yield f"{task.name} of {view.run_id} succeeded, and no step of it did"


def _of_values(program: Program, run: Run, *, is_step: bool) -> Iterator[str]:
    """A run that succeeded has the values of an undisturbed one, and of those that are no steps each succeeds."""
    if is_step and run.state in (RunState.CANCELLED, RunState.FAILED):
        return
    if run.state is not RunState.SUCCESS:
        yield f"run {run.run_id} ended as {run.state.value}: {run.error}"
        return
    expected = program.expected
    kept = {stored.name for _, stored in run.artifacts()} & expected.keys()
    if "result" not in kept:
        yield f"run {run.run_id} kept no result"
    for name in sorted(kept):
        if (value := run.value(name)) != expected[name]:
            yield f"{name} is {value!r} instead of {expected[name]!r}"


def last_line(home: Home) -> Line | None:
    """The last task that began and has not told of an end."""
    open_: dict[tuple[str, int], Line] = {}
    for line in read_journal(home.journal):
        if line.what == "begin":
            open_[line.task, line.pid] = line
        else:
            open_.pop((line.task, line.pid), None)
    return [*open_.values()][-1] if open_ else None
