"""The nouns: cells of a notebook, and the pipeline that they compile to. All frozen.

Notebook order is the truth everywhere: sequences of cells and tasks are in it, and of several origins of one
name the last wins.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import NewType

from jupyter_dagflow.core.diagnostics import Diagnostic, Severity
from jupyter_dagflow.core.retry import NO_RETRIES, RetryPolicy
from jupyter_dagflow.core.triggers import TriggerRule

CellId = NewType("CellId", str)
TaskName = NewType("TaskName", str)
RunId = NewType("RunId", str)
Path = tuple[str | int | None, ...]
"""Where an object is: a variable, then keys, positions or attributes one after the other, None for any."""


class CellKind(str, Enum):
    """What nbformat calls ``cell_type``."""

    CODE = "code"
    MARKDOWN = "markdown"
    RAW = "raw"


class PartitionBy(str, Enum):
    """How cells are grouped into tasks; ``auto`` takes tags, else headings, else one task a cell."""

    AUTO = "auto"
    TAGS = "tags"
    HEADINGS = "headings"
    CELLS = "cells"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell of a notebook.

    ``source`` is what the user wrote. ``code`` is the same as plain Python: IPython's own syntax (magics, ``!``,
    ``?``) rewritten to calls on ``get_ipython()``, with the same line numbers; empty for cells that hold no code.
    ``options`` is ``cell.metadata.dagflow`` as it stands in the file. ``first_line`` is the line of the file on
    which the source begins, where the file is one that people read by lines; lines count from 1.
    """

    id: CellId
    index: int
    kind: CellKind
    source: str
    code: str = ""
    tags: tuple[str, ...] = ()
    options: Mapping[str, object] = field(default_factory=dict)
    first_line: int | None = None

    def file_line(self, line: int | None) -> int | None:
        """The line of the file where a line of this cell stands; without a line, where the cell is marked."""
        return None if self.first_line is None else line_of_file(self.first_line, line)


def line_of_file(first_line: int, line: int | None) -> int:
    """The line of the file where a line stands in a cell whose source begins on ``first_line``.

    >>> line_of_file(12, 1), line_of_file(12, None)
    (12, 11)
    """
    return first_line + line - 1 if line is not None else max(1, first_line - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notebook:
    """A notebook as it was read: ``path`` as the user gave it, ``digest`` the SHA-256 of its bytes.

    ``metadata`` is the notebook's own, as it stands in the file.
    ``by_id`` has its cells to be looked up: an attempt at one task must not go through all of them.
    """

    path: str
    digest: str
    cells: tuple[Cell, ...]
    kernel_name: str
    metadata: Mapping[str, object] = field(default_factory=dict)
    by_id: Mapping[CellId, Cell] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the cells."""
        object.__setattr__(self, "by_id", {cell.id: cell for cell in self.cells})

    @property
    def name(self) -> str:
        """The file's name without folder and ending: what the pipeline is called."""
        name = self.path.replace("\\", "/").rsplit("/", 1)[-1]
        return name.rsplit(".", 1)[0] if "." in name else name

    def kernel_of(self, task: Task) -> str:
        """The kernelspec that a task runs in: that of the notebook, if its tags name no other."""
        return task.options.kernel or self.kernel_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter that the ``parameters`` cell declares, with the type its default or annotation gives it.

    Of one that is ``secret`` the default is ``***``, unless there is nothing to hide.
    """

    name: str
    type: str
    default: object
    cell: CellId
    cell_index: int
    line: int
    optional: bool = False
    file_line: int | None = None
    secret: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A statement copied into a task so that it can run there: an import, ``def``, ``class`` or setting.

    With ``in_place`` it counts from where it stands on: cells of the task above it run without it.
    One that ``extends`` adds to what its name already stands for, as ``import a.b`` or ``@f.register`` do.
    """

    name: str
    cell: CellId
    cell_index: int
    line: int
    source: str
    in_place: bool = False
    extends: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why an edge is there: ``kind`` is ``data``, ``after``, ``file`` or ``lane``, lines count from 1 in their cell."""

    kind: str
    name: str
    source_cell: CellId | None = None
    source_line: int | None = None
    target_cell: CellId | None = None
    target_line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """``target`` may only start when ``source`` has ended."""

    source: TaskName
    target: TaskName
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """A name that a task takes from other tasks: of ``sources`` the last that has it wins. They are in notebook
    order, but for one that comes last because it has all that the name shares objects with.

    ``shares`` are the names whose values may have an object in common with it. With ``kept`` the task is
    believed to leave the value as it took it. Else ``changes`` are the paths to all objects in it that the
    task is known to change; there are none if they cannot be told.
    With ``rebound`` it gives the name to something else, perhaps.
    """

    name: str
    sources: tuple[TaskName, ...]
    shares: tuple[str, ...] = ()
    kept: bool = False
    changes: tuple[Path, ...] = ()
    rebound: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A name, or a file's path or pattern, and where a task first speaks of it.

    ``shares`` are the names whose values may have an object in common with that of the name.
    """

    name: str
    cell: CellId
    line: int | None = None
    shares: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposed:
    """A value that a later task changes in place: its name here, that task, and where it does so.

    ``shares`` are the names whose values are known to have an object in common with it.
    """

    name: str
    task: TaskName
    cell: CellId
    line: int
    shares: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskOptions:
    """What the tags of a task's cells ask for, with defaults filled in.

    ``cache`` None: as the run does. Scheduled runs are to reuse what says on. An attempt that takes longer than
    ``timeout_s`` seconds is ended. ``when`` is the expression that is to be true, or the task is skipped.
    Tasks of one ``lane`` share a kernel.
    """

    after: tuple[TaskName, ...] = ()
    trigger: TriggerRule = TriggerRule.ALL_SUCCESS
    priority: int = 0
    pool: str | None = None
    mutates: tuple[str, ...] = ()
    pure: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    cache: bool | None = None
    when: str | None = None
    retry: RetryPolicy = NO_RETRIES
    timeout_s: float | None = None
    kernel: str | None = None
    lane: str | None = None


ITEMS = "__dagflow_items__"
"""The name that what a mapped loop goes through has, in the task's kernels and nowhere else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """The loop of a task tagged ``map``: it stands in ``cell``, on ``line``, and each iteration is an instance.

    ``accumulators`` are the names through which it reports, ``own`` those that it binds itself, ``settled`` those of
    them that no iteration takes from the one before. The next three are sources by cell, each line where it is in
    the notebook: ``expansion`` binds `ITEMS` to what the loop goes through, ``instance`` goes through `ITEMS`,
    ``gathering`` is what stands above the loop. Of that, the first two have imports; ``functions`` they have as well
    where they run. The values that they take from other tasks are ``expansion_reads`` and ``instance_reads``,
    ``instance_uses`` those that an instance has of setup.
    """

    cell: CellId
    line: int
    accumulators: tuple[str, ...]
    own: tuple[str, ...]
    settled: frozenset[str]
    expansion: Mapping[CellId, str]
    instance: Mapping[CellId, str]
    gathering: Mapping[CellId, str]
    functions: Mapping[CellId, str]
    expansion_reads: tuple[str, ...] = ()
    instance_reads: tuple[str, ...] = ()
    instance_uses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A task of a lane, where the lane is taken for one task: its cells, in running order."""

    name: TaskName
    cells: tuple[CellId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A step of the pipeline: some cells of the notebook that run, in order, in one kernel.

    ``inputs`` come from other tasks; ``writes`` are the names it leaves bound or changed; ``outputs`` those of
    them that are stored because another task reads them, or ``keep:`` or ``metric:`` asks for them.
    ``from_prelude`` are the names it reads as the prelude, which runs in its own kernel, leaves them.
    ``versions`` tells of each name which of its versions, counted down the notebook, the task ends with,
    be it that it is deleted. ``replaces`` are names that it gives a definition and then something that is not copied,
    ``sets`` modules that are set in its kernel, by it or for it, ``leaves_files`` patterns of files
    that it writes, as its tags or earlier runs say. ``exposed`` are values it has that later tasks change in place.
    With a ``loop``, that is fanned out. One that stands for a whole lane has the tasks of it as ``members``, and the
    name of the last: what the lane leaves is there when that has ended.
    """

    name: TaskName
    cells: tuple[CellId, ...]
    cell_indexes: tuple[int, ...]
    inputs: tuple[Input, ...] = ()
    writes: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    from_prelude: tuple[Mention, ...] = ()
    definitions: tuple[Definition, ...] = ()
    options: TaskOptions = TaskOptions()
    leaves_files: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    versions: Mapping[str, int] = field(default_factory=dict)
    exposed: tuple[Exposed, ...] = ()
    declared: Mapping[str, object] = field(default_factory=dict)
    loop: Loop | None = None
    members: tuple[Member, ...] = ()

    @property
    def steps(self) -> tuple[TaskName, ...]:
        """The tasks that a run of this one consists of, one after the other: of a lane its members, else itself."""
        return tuple(member.name for member in self.members) or (self.name,)

    @property
    def lead(self) -> TaskName:
        """The first of its `steps`: an attempt begins with that, and has its files where that one's are."""
        return self.steps[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """The DAG of one notebook.

    ``first_lines`` tells on which line of the file each cell begins, if people read the notebook by lines.
    ``prelude`` are the cells that run first in every task: parameters and setup, in notebook order;
    ``parameters_cell`` is the first that declares parameters, ``more_parameters_cells`` are those below it;
    ``prelude_definitions`` the imports, functions and classes that they make, ``prelude_versions`` the
    versions of the names that they bind (see `Task`).
    """

    name: str
    notebook: str
    by: PartitionBy
    parameters: tuple[Parameter, ...]
    parameters_cell: CellId | None
    prelude: tuple[CellId, ...]
    tasks: tuple[Task, ...]
    edges: tuple[Edge, ...]
    more_parameters_cells: tuple[CellId, ...] = ()
    prelude_definitions: tuple[Definition, ...] = ()
    prelude_versions: Mapping[str, int] = field(default_factory=dict)
    first_lines: Mapping[CellId, int] = field(default_factory=dict)

    def task(self, name: str) -> Task | None:
        """The task of that name, if there is one."""
        return next((task for task in self.tasks if task.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Nested:
    """Another notebook that is a step of a task: its absolute path, as it is ``shown``, and what it compiles to.

    It is asked for as ``asked``, and ``path`` is where links led from there.
    """

    task: TaskName
    path: str
    asked: str
    shown: str
    digest: str
    compilation: Compilation


@dataclass(frozen=True, slots=True, kw_only=True)
class Compilation:
    """What compiling a notebook gives: its pipeline, and everything there is to say about it.

    ``unordered`` are pairs of tasks whose code names one file while nothing says which of the two comes first.
    ``by_kernel`` is the same pipeline with each lane as the one task that it is to whoever runs it, or nothing where
    there is no lane.
    ``nested`` are the notebooks that are steps of its tasks, in notebook order.
    """

    pipeline: Pipeline
    diagnostics: tuple[Diagnostic, ...]
    unordered: tuple[tuple[TaskName, TaskName], ...] = ()
    nested: tuple[Nested, ...] = ()
    by_kernel: Pipeline | None = None

    @property
    def running(self) -> Pipeline:
        """The pipeline as it runs: a task for each kernel that an attempt needs."""
        return self.by_kernel or self.pipeline

    @property
    def ok(self) -> bool:
        """Whether the pipeline may run: no finding is an error."""
        return not any(d.severity is Severity.ERROR for d in self.diagnostics)
