"""Kernels that are no processes: a namespace of its own as ``__main__``, and a clean surrounding.

The law: a task runs here as it does in a real kernel: the cells of its taskbook, as the executor
lays them out (`prepare_attempt`), in a namespace that holds nothing else, with values that the
kernel side stored and loaded. What lives outside namespaces (environment variables, options of
libraries, global generators, the working directory) is as a new process finds it.
"""

from __future__ import annotations

import ast
import asyncio
import contextlib
import importlib.machinery
import io
import json
import os
import random
import sys
import types
import warnings
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timezone
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from cloudpickle import cloudpickle

from jupyter_dagflow.core.events import Stored, TaskFailure
from jupyter_dagflow.core.lookup import Lookup
from jupyter_dagflow.core.machine import AttemptEnded
from jupyter_dagflow.core.model import Notebook, Pipeline, RunId, Task, TaskName
from jupyter_dagflow.core.observed import Observed
from jupyter_dagflow.core.run import TaskRun, instance_name, is_instance
from jupyter_dagflow.core.taskbook import WHEN_ID
from jupyter_dagflow.execution.attempt_files import Instances, prepare_attempt, write_files
from jupyter_dagflow.execution.fan_in import FanIn
from jupyter_dagflow.execution.files import RunFiles
from jupyter_dagflow.execution.intake import find_intake
from jupyter_dagflow.execution.outcome import ending, observations, read_outcome
from jupyter_dagflow.execution.ports import Assignment
from jupyter_dagflow.execution.soundness import Soundness
from jupyter_dagflow.kernel_side import bundle, loading
from jupyter_dagflow.kernel_side.definitions import Definitions
from tests.fuzz.likeness import Album, album

Namespace = dict[str, Any]
_BEGAN_AT = datetime(2000, 1, 1, tzinfo=timezone.utc)
_HERE = Path(__file__).parents[2]


class Failed(Exception):
    """A cell raised: its id, and what it raised."""

    def __init__(self, cell: str, error: BaseException) -> None:
        super().__init__(f"cell {cell}: {type(error).__name__}: {error}")
        self.cell = cell
        self.error = error


class Unsound(Exception):
    """What a task did cannot be relied upon, by what others have done: the text says why."""


class Condition(NamedTuple):
    """What a task is asked for before its first cell runs."""

    task: TaskName
    when: str


@contextlib.contextmanager
def new_kernel(folder: Path, *, seed: int) -> Iterator[Namespace]:
    """A namespace that is ``__main__`` for a while; ``seed`` is what the generators begin with.

    Two kernels with different seeds draw different numbers, as two processes do.
    """
    module = types.ModuleType("__main__")
    main, environment, cwd = sys.modules["__main__"], os.environ.copy(), os.getcwd()
    path, filters, printing = sys.path[:], warnings.filters[:], np.get_printoptions()
    show, warnings.showwarning = warnings.showwarning, _say_nothing
    loader, stat, access = importlib.machinery.SourceFileLoader, os.stat, os.access
    finders = sys.meta_path[:]
    sys.modules["__main__"] = module
    _forget_classes()
    os.chdir(folder)
    random.seed(seed)
    np.random.seed(seed)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield vars(module)
    finally:
        sys.modules["__main__"] = main
        os.environ.clear()
        os.environ.update(environment)
        os.chdir(cwd)
        sys.path[:], warnings.filters[:] = path, filters
        warnings.showwarning = show
        np.set_printoptions(**printing)
        if "exec_module" in vars(loader):  # of a task that failed, and so did not stop watching
            del loader.exec_module
        os.stat, os.access = stat, access
        sys.meta_path[:] = finders
        pd.reset_option("display.precision")
        pd.reset_option("display.max_rows")


def _forget_classes() -> None:
    """Let classes be loaded as into a kernel that has not seen them before."""
    cloudpickle._DYNAMIC_CLASS_TRACKER_BY_ID.clear()
    cloudpickle._DYNAMIC_CLASS_TRACKER_BY_CLASS.clear()


def _say_nothing(*_: object, **__: object) -> None:
    """Notebooks may do what libraries warn of."""


def run_all(
    cells: Iterable[tuple[str, str]],
    folder: Path,
    *,
    seed: int,
    aliases: bool = True,
    conditions: Mapping[str, Condition] = MappingProxyType({}),
) -> Album:
    """Run cells (id and code) in one kernel, top to bottom, but for those of tasks with a condition that is false
    where the first of them stands; raises `Failed`.

    Gives pictures of what is left, which may still change.
    """
    decided: dict[TaskName, bool] = {}
    with new_kernel(folder, seed=seed) as namespace:
        for id_, code in cells:
            asked = conditions.get(id_)
            if asked is not None and asked.task not in decided:
                _run(id_, f"__asked__ = bool({asked.when})", namespace)
                decided[asked.task] = namespace.pop("__asked__")
            if asked is None or decided[asked.task]:
                _run(id_, code, namespace)
        return pictures(namespace, aliases=aliases)


def pictures(namespace: Mapping[str, Any], *, aliases: bool = True) -> Album:
    """The pictures of all variables of a namespace."""
    variables = {
        name: value
        for name, value in namespace.items()
        if not name.startswith("__") and not isinstance(value, types.ModuleType)
    }
    return album(variables, aliases=aliases)


def _run(id_: str, code: str, namespace: Namespace) -> None:
    try:
        compiled = compile(
            code, f"<{id_}>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True
        )
        waits = eval(compiled, namespace)
        if waits is not None:  # for what is awaited at the top of the cell
            asyncio.run(waits)
    except Exception as error:  # noqa: BLE001 -- whatever a notebook raises
        raise Failed(id_, error) from None


def _leave_out_this_process(assignment: Assignment) -> None:
    """No real kernel has imported these tests and what they test, which would count as the project's own modules."""
    spec = json.loads(assignment.handover.read_text(encoding="utf-8"))
    spec["ignored"].append(str(_HERE))
    assignment.handover.write_text(json.dumps(spec), encoding="utf-8")


class Cluster:
    """Runs the tasks of one pipeline, each in a new kernel; knows what they have stored, and what was found out.

    ``kept`` are the pictures of what each task has left: as it was in its kernel and, after
    `read_back`, as whoever asks the run for it is given it.
    """

    def __init__(
        self,
        notebook: Notebook,
        pipeline: Pipeline,
        home: Path,
        folder: Path,
        *,
        aliases: bool = True,
    ) -> None:
        self._aliases = aliases
        self._notebook = notebook
        self._pipeline = pipeline
        self._folder = folder
        self._lookup = Lookup(pipeline)
        self._home = home
        self._files = RunFiles(home, RunId("run"))
        self._soundness = Soundness(
            notebook=notebook, lookup=self._lookup, files=self._files, cwd=folder
        )
        self._fan_in = FanIn(notebook, self._lookup)
        self._store = home / "artifacts"
        self.stored: dict[TaskName, tuple[Stored, ...]] = {}
        self.kept: dict[TaskName, Album] = {}
        self.observed: set[Observed] = set()

    def run(self, task: Task, *, seed: int) -> None:
        """Run one task; raises `Failed`."""
        if task.loop is None:
            self._run(task, task.name, seed=seed)
            return
        expanded = self._run(task, task.name, seed=seed)
        if expanded.skipped:
            return
        reports = []
        for number, item in enumerate(expanded.items or ()):
            name = instance_name(task.name, number)
            ended = self._run(task, name, seed=seed, instances=Instances(item=item))
            reports.append(ended.stored[0].digest)
        taskbooks = tuple(self._home / "nothing was put out" for _ in reports)
        instances = Instances(reports=tuple(reports), taskbooks=taskbooks)
        self._run(task, task.name, seed=seed, instances=instances)

    def _run(
        self, task: Task, name: TaskName, *, seed: int, instances: Instances | None = None
    ) -> AttemptEnded:
        """Run a task, or a part of it, and have its end judged."""
        runs = {
            name: TaskRun(name=name, upstream=(), stored=stored)
            for name, stored in self.stored.items()
        }
        assignment = prepare_attempt(
            task=name,
            attempt=1,
            run_id=self._files.run_id,
            notebook=self._notebook,
            lookup=self._lookup,
            files=self._files,
            store=self._store,
            cwd=self._folder,
            parameters={},
            intake=find_intake(self._lookup, task, runs),
            keep_all=True,
            instances=instances,
        )
        write_files(assignment)
        _leave_out_this_process(assignment)
        taskbook = json.loads(assignment.taskbook.read_text(encoding="utf-8"))
        codes = {cell.id: cell.code for cell in self._notebook.cells}
        codes = codes if task.loop is None else {c: codes[c] for c in self._pipeline.prelude}
        with new_kernel(self._folder, seed=seed) as namespace:
            try:
                for cell in taskbook["cells"]:
                    if cell["cell_type"] != "code":
                        continue
                    asks = cell["id"] == WHEN_ID
                    id_ = task.cells[0] if asks else cell["id"]
                    source = "".join(cell["source"])
                    _run(id_, source if asks else codes.get(id_, source), namespace)
                    if asks and read_outcome(assignment.outcome).get("skipped"):
                        self.stored[task.name], self.kept[task.name] = (), album({})
                        return AttemptEnded(at=_BEGAN_AT, task=name, attempt=1, skipped=True)
            except Failed as failed:
                self._learn(assignment)
                self._judge(assignment, {}, failed)
                raise
            outcome = json.loads(assignment.outcome.read_text(encoding="utf-8"))
            ended = self._judge(assignment, outcome)
            if not (assignment.expands or is_instance(name)):
                self._keep(task, namespace, outcome)
            return ended

    def read_back(self, *, seed: int) -> None:
        """Picture what was stored as it is loaded into a kernel that has run nothing but setup.

        Raises `Failed` at the task whose values cannot be loaded.
        """
        codes = {cell.id: cell.code for cell in self._notebook.cells}
        loaded: dict[str, Album] = {}
        with new_kernel(self._folder, seed=seed) as namespace:
            for id_ in self._pipeline.prelude if self.stored else ():
                _run(str(id_), codes[id_], namespace)
            for task, stored in self.stored.items():
                kept = self.kept[task]
                digests = {each.name: each.digest for each in stored if each.name in kept.pictures}
                for digest in {*digests.values()} - loaded.keys():
                    loaded[digest] = self._loaded(task, digest, namespace)
                read = {name: loaded[digest].pictures[name] for name, digest in digests.items()}
                common = {p: c for p, c in kept.common.items() if not digests.keys() >= {*p}}
                for digest in digests.values():
                    mine = loaded[digest].common.items()
                    common |= {p: c for p, c in mine if {digests.get(n) for n in p} == {digest}}
                self.kept[task] = Album({**kept.pictures, **read}, common)

    def _loaded(self, task: TaskName, digest: str, namespace: Namespace) -> Album:
        """The pictures of what a bundle holds."""
        _forget_classes()
        path = bundle.digest_path(str(self._store), digest)
        definitions = Definitions(dict(namespace), before=namespace)
        try:
            values = loading.load(path, digest, definitions, cloudpickle=lambda: cloudpickle)
        except loading.CannotLoad as error:
            raise Failed(f"that loads what {task} has left", error) from None
        return pictures(values, aliases=self._aliases)

    def _learn(self, assignment: Assignment) -> None:
        self.observed.update(observations(read_outcome(assignment.outcome), assignment))

    def _judge(
        self, assignment: Assignment, outcome: Mapping[str, Any], failed: Failed | None = None
    ) -> AttemptEnded:
        """Have the end of a task judged as a run does; raises `Failed` by `Unsound`."""
        failure = None
        if failed is not None:
            error = failed.error
            failure = TaskFailure(kind="error", message=f"{type(error).__name__}: {error}")
        files = outcome.get("files", {})
        told = ending(outcome, assignment) if outcome else {}
        ended = AttemptEnded(
            at=_BEGAN_AT,
            task=assignment.task,
            attempt=1,
            failure=failure,
            files_read=tuple(files.get("read", ())),
            files_written=tuple(files.get("written", ())),
            files_appended=tuple(files.get("appended", ())),
            files_by_setup=tuple(files.get("by_setup", ())),
            drawn=outcome.get("drawn", {}),
            seeded=tuple(outcome.get("seeded", ())),
            stored=told.get("stored", ()),
            items=told.get("items"),
        )
        if assignment.expands or is_instance(assignment.task):
            judged = self._fan_in.part(ended)
        else:
            judged = self._soundness.judged(self._fan_in.gathered(ended))
        self.observed.update(judged.observed)
        if judged.failure is not None and (failure is None or judged.failure.hint):
            place = failed.cell if failed else "dagflow-save"
            raise Failed(place, Unsound(judged.failure.message or judged.failure.hint))
        return judged

    def _keep(self, task: Task, namespace: Namespace, outcome: Mapping[str, Any]) -> None:
        fields = outcome["stored"]
        self.stored[task.name] = tuple(
            Stored(**{**f, "shape": None if f["shape"] is None else tuple(f["shape"])})
            for f in fields
        )
        stored = [stored.name for stored in self.stored[task.name]]
        names = dict.fromkeys((*task.writes, *stored))
        left = {name: namespace[name] for name in names if name in namespace}
        self.kept[task.name] = pictures(left, aliases=self._aliases)
