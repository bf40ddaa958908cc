"""What comes of a notebook: the same both ways, refused with a reason, or different.

The law: Run All is right by definition. What survives it must be what the tasks leave: of each
name, what the last task in notebook order that kept it did, as it is loaded from where that task
has stored it. Where Run All itself stops at a cell, the task of that cell must stop there as well,
and what stands above it must be the same. A DAG that comes to no end, or to that of its memory, is different;
where Run All does, nothing can be told.
"""

from __future__ import annotations

import itertools
import random
import resource
import shutil
import signal
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from jupyter_dagflow.core.compile import compile_cells
from jupyter_dagflow.core.diagnostics import Severity
from jupyter_dagflow.core.model import (
    Cell,
    CellId,
    CellKind,
    Compilation,
    Notebook,
    Task,
    TaskName,
)
from jupyter_dagflow.core.observed import Observed
from tests.fuzz.kernels import Cluster, Condition, Failed, run_all
from tests.fuzz.likeness import Album, Picture, difference
from tests.fuzz.programs import Program

_RUN_ALL = "run all"
_MEMORY = Path("/dev/shm")
_FAR_APART = (11, 22)
_LONGEST_S = 20
_MOST_BYTES = (
    3 << 30
)  # of addresses: pandas, asked for its first text, has a gigabyte of them set aside
_STATM = Path("/proc/self/statm")
_RUNS_AGAIN = 5
_FOUND_BY_RUNS = {
    "UndeclaredChange": "DF201",
    "UndeclaredSharing": "DF205",
    "StillRunning": "DF206",
    "SharedReport": "DF205",
    "RewrittenReport": "DF201",
}


class Outcome(Enum):
    """What may come of a notebook; `UNUSABLE` are those that Run All itself cannot tell about."""

    EQUAL = "equal"
    REFUSED = "refused"
    DIFFERENT = "different"
    UNUSABLE = "unusable"


@dataclass(frozen=True, slots=True)
class Verdict:
    """An outcome; ``label`` tells refusals apart, ``text`` says what is different.

    ``run_all`` is the kind of error at which Run All stops, if it does.
    """

    outcome: Outcome
    label: str = ""
    text: str = ""
    run_all: str = ""

    def is_like(self, other: Verdict) -> bool:
        """Whether two notebooks come to the same, whatever their values are."""
        mine, others = (self.outcome, self.label), (other.outcome, other.label)
        return (*mine, self.run_all) == (*others, other.run_all)


def judge(program: Program, rng: random.Random) -> Verdict:
    """Run a notebook both ways and compare; ``rng`` decides between orders that edges allow."""
    memory = _MEMORY if _MEMORY.is_dir() else None
    home = Path(tempfile.mkdtemp(prefix="dagflow-fuzz-", dir=memory))
    trial = _Trial(program, home)
    handler = signal.signal(signal.SIGALRM, _too_long)
    try:
        with _bounded_memory():
            return trial.judge(rng)
    except (_TooLong, MemoryError) as error:
        outcome = Outcome.UNUSABLE if trial.stage == _RUN_ALL else Outcome.DIFFERENT
        what = "long" if isinstance(error, _TooLong) else "much memory"
        return Verdict(outcome, f"{trial.stage} takes too {what}")
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, handler)
        shutil.rmtree(home, ignore_errors=True)


class _TooLong(BaseException):
    """No notebook that is written here takes this long."""


@contextmanager
def _bounded_memory() -> Iterator[None]:
    """Let a loop that adds to what it goes over end by a `MemoryError`, where the system tells how much there is."""
    if not _STATM.exists():
        yield
        return
    pages = int(_STATM.read_text(encoding="ascii").split()[0])
    before = resource.getrlimit(resource.RLIMIT_AS)
    most = pages * resource.getpagesize() + _MOST_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def _too_long(*_: object) -> None:
    raise _TooLong


def notebook_of(program: Program) -> Notebook:
    """The notebook as storage would read it."""
    cells = tuple(
        Cell(
            id=CellId(f"c{index}"),
            index=index,
            kind=CellKind.MARKDOWN if cell.heading else CellKind.CODE,
            source=cell.source,
            code="" if cell.heading else cell.source,
            tags=cell.tags,
        )
        for index, cell in enumerate(program.cells)
    )
    return Notebook(path="notebook.ipynb", digest="0", cells=cells, kernel_name="python3")


class _Trial:
    """One notebook, both ways."""

    def __init__(self, program: Program, home: Path) -> None:
        self._aliases = not program.keepers
        self._home = home
        self._notebook = notebook_of(program)
        self.stage = _RUN_ALL
        self._found_out: set[Observed] = set()
        tasks = compile_cells(self._notebook).running.tasks
        asked = ((task, task.options.when) for task in tasks)
        self._conditions = {
            str(cell): Condition(task.name, when)
            for task, when in asked
            if when is not None
            for cell in task.cells
        }
        self._run_all = [
            (str(cell.id), cell.code)
            for cell in self._notebook.cells
            if cell.kind is CellKind.CODE and "skip" not in cell.tags
        ]

    def judge(self, rng: random.Random) -> Verdict:
        """What comes of it; raises `_TooLong`."""
        self._begin(_RUN_ALL)
        left, failed = self._whole(_FAR_APART[0])
        again, _ = self._whole(_FAR_APART[1])
        if left != again:
            return Verdict(Outcome.UNUSABLE, "two Run Alls differ")
        known: set[Observed] = set()
        first = verdict = self._as_a_dag(known, left, failed, rng)
        for _ in range(_RUNS_AGAIN):  # what a run has found out, the next one knows
            if verdict.outcome is not Outcome.REFUSED or self._found_out <= known:
                break
            known |= self._found_out
            verdict = self._as_a_dag(known, left, failed, rng)
        found = verdict if verdict.outcome is Outcome.DIFFERENT else first
        return replace(found, run_all=type(failed.error).__name__ if failed else "")

    def _begin(self, stage: str) -> None:
        """Each stage has its own time."""
        self.stage = stage
        signal.alarm(_LONGEST_S)

    def _as_a_dag(
        self,
        known: Collection[Observed],
        left: Album,
        failed: Failed | None,
        rng: random.Random,
    ) -> Verdict:
        self._found_out = set()
        self._begin("compile")
        compilation = compile_cells(self._notebook, observed=known)
        self._begin("tasks")
        errors = [d for d in compilation.diagnostics if d.severity is Severity.ERROR]
        if errors:
            return Verdict(Outcome.REFUSED, errors[0].code, errors[0].message)
        return self._compare(compilation, left, failed, rng)

    def _whole(self, seed: int) -> tuple[Album, Failed | None]:
        """What Run All leaves, or where it stops what the cells above leave."""
        cells = self._run_all
        folder = self._folder(f"whole{seed}")
        try:
            return self._left(cells, folder, seed), None
        except Failed as error:
            if isinstance(error.error, MemoryError):
                raise error.error from None
            failed = error
        # Not in the handler: what is raised there has it as its context.
        above = itertools.takewhile(lambda cell: cell[0] != failed.cell, cells)
        return self._left([*above], self._folder(f"above{seed}"), seed), failed

    def _left(self, cells: Sequence[tuple[str, str]], folder: Path, seed: int) -> Album:
        return run_all(cells, folder, seed=seed, aliases=self._aliases, conditions=self._conditions)

    def _folder(self, name: str) -> Path:
        folder = self._home / name / "notebook"  # notebooks may ask what their folder is called
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _compare(
        self,
        compilation: Compilation,
        left: Album,
        failed: Failed | None,
        rng: random.Random,
    ) -> Verdict:
        pipeline = compilation.running
        shutil.rmtree(self._home / "tasks", ignore_errors=True)
        folder = self._folder("tasks")
        runs = self._home / "runs"  # beside the notebook: files of runs are not looked at
        cluster = Cluster(self._notebook, pipeline, runs, folder, aliases=self._aliases)
        stopped: dict[TaskName, Failed] = {}
        for number, task in enumerate(_some_order(compilation, rng)):
            if any(source not in cluster.stored for source in _before(compilation, task)):
                continue
            try:
                cluster.run(task, seed=_FAR_APART[1] + 1 + number)
            except Failed as error:
                stopped[task.name] = error
            except _TooLong:
                if failed is None or not self._is_below(failed.cell, task):
                    raise
                self._begin("tasks")  # Run All never came to it
        self._found_out = cluster.observed
        refusal = _refusal(stopped)
        if refusal is not None:
            return refusal
        unexpected = [
            error
            for error in stopped.values()
            if not failed or not _is_expected(error, failed, self._notebook)
        ]
        if unexpected:
            return Verdict(Outcome.DIFFERENT, "raises", f"only as a DAG: {unexpected[0]}")
        if failed and _goes_past(failed, compilation, cluster):
            return Verdict(Outcome.DIFFERENT, "passes", f"only Run All raises: {failed}")
        try:
            cluster.read_back(seed=_FAR_APART[0])
        except Failed as error:
            return Verdict(Outcome.REFUSED, type(error.error).__name__, str(error))
        return self._values(compilation, left, cluster, failed.cell if failed else None)

    def _is_below(self, cell: str, task: Task) -> bool:
        order = [cell.id for cell in self._notebook.cells]
        return order.index(task.cells[0]) > order.index(CellId(cell))

    def _values(
        self,
        compilation: Compilation,
        left: Album,
        cluster: Cluster,
        failed: str | None,
    ) -> Verdict:
        tasks = compilation.running.tasks
        below: set[str] = set()
        if failed is not None:
            order = [cell.id for cell in self._notebook.cells]
            place = order.index(CellId(failed))
            late = [t for t in tasks if any(order.index(c) >= place for c in t.cells)]
            tasks = tuple(task for task in tasks if task not in late)
            below = {name for task in late for name in task.writes}
        kept: dict[str, tuple[TaskName, Picture]] = {}
        prelude = compilation.running.prelude_versions
        newest = dict(prelude)
        for task in tasks:
            for name, found in _left_by(task, cluster).items():
                version = task.versions.get(name, max(task.versions.values(), default=0))
                if version >= newest.get(name, 0):
                    newest[name], kept[name] = version, (task.name, found)
            for name in task.loop.own if task.loop is not None else ():
                kept.pop(name, None)
                below.add(name)  # what the last iteration leaves is nobody's
        for name, expected in left.pictures.items():
            if name in below or (name in prelude and name not in kept):
                continue
            if name not in kept:
                return Verdict(Outcome.DIFFERENT, "lost", f"no task left {name}")
            task_name, found = kept[name]
            if found != expected:
                text = f"{name}, left by {task_name} / by Run All: {difference(found, expected)}"
                return Verdict(Outcome.DIFFERENT, "value", text)
        return _in_common(left, cluster, {n: t for n, (t, _) in kept.items() if n not in below})


def _left_by(task: Task, cluster: Cluster) -> Mapping[str, Picture]:
    return cluster.kept[task.name].pictures if task.name in cluster.kept else {}


def _in_common(left: Album, cluster: Cluster, by: Mapping[str, TaskName]) -> Verdict:
    """Whether variables that one task left last, and that are handed over together, have in common what they should."""
    for pair in itertools.combinations(sorted(by.keys() & left.pictures.keys()), 2):
        tasks = {by[name] for name in pair}
        if len(tasks) > 1:
            continue
        found, expected = (a.common.get(pair, ()) for a in (cluster.kept[tasks.pop()], left))
        if found != expected:
            what = f"{' and '.join(pair)} have in common, as a DAG / in Run All"
            return Verdict(Outcome.DIFFERENT, "sharing", f"{what}: {difference(found, expected)}")
    return Verdict(Outcome.EQUAL)


def _some_order(compilation: Compilation, rng: random.Random) -> Iterable[Task]:
    """The tasks in any order that the edges allow."""
    waiting = {task.name: set(_before(compilation, task)) for task in compilation.running.tasks}
    while waiting:
        ready = [name for name, before in waiting.items() if not before & waiting.keys()]
        name = rng.choice(ready)
        del waiting[name]
        task = compilation.running.task(name)
        assert task is not None
        yield task


def _before(compilation: Compilation, task: Task) -> list[TaskName]:
    return [edge.source for edge in compilation.running.edges if edge.target == task.name]


def _refusal(stopped: Mapping[TaskName, Failed]) -> Verdict | None:
    for error in stopped.values():
        kind = type(error.error).__name__
        if kind in _FOUND_BY_RUNS:
            return Verdict(Outcome.REFUSED, _FOUND_BY_RUNS[kind], str(error))
        if kind == "Unsound":
            code, colon, _ = str(error.error).partition(":")
            known = colon and code.startswith("DF")
            return Verdict(Outcome.REFUSED, code if known else "too early", str(error))
        if kind in ("NotStorable", "CannotLoad"):
            return Verdict(Outcome.REFUSED, kind, str(error))
    return None


def _is_expected(one: Failed, other: Failed, notebook: Notebook) -> bool:
    """Whether a task stopped as Run All did, or where Run All never came to."""
    order = [str(cell.id) for cell in notebook.cells]
    if one.cell not in order:
        return False
    later = order.index(one.cell) > order.index(other.cell)
    return later or _is_same(one, other)


def _is_same(one: Failed, other: Failed) -> bool:
    return one.cell == other.cell and type(one.error) is type(other.error)


def _goes_past(failed: Failed, compilation: Compilation, cluster: Cluster) -> bool:
    """Whether the tasks run to their ends beyond the cell at which Run All stops."""
    pipeline = compilation.running
    if failed.cell in pipeline.prelude:
        return bool(cluster.stored)
    return any(failed.cell in task.cells and task.name in cluster.stored for task in pipeline.tasks)
