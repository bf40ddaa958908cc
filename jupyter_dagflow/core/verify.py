"""What became of the variables of a notebook in Run All and in the DAG, and what explains it.

The law: a value of the DAG is what the last task, in notebook order, left under a name, as for
whoever asks the run for it. A difference is never explained away: the explanations are what the
compiler knows about the place where the variable was last written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from jupyter_dagflow.core.analysis.dataflow import PRELUDE, Block
from jupyter_dagflow.core.analysis.source import analyse_cell
from jupyter_dagflow.core.analysis.steps import Step
from jupyter_dagflow.core.analysis.telling import tell
from jupyter_dagflow.core.diagnostics import Code
from jupyter_dagflow.core.errors import Location
from jupyter_dagflow.core.events import Stored, TaskFailure
from jupyter_dagflow.core.model import CellId, Compilation, Notebook, Pipeline, RunId, TaskName
from jupyter_dagflow.core.states import RunState
from jupyter_dagflow.core.unseeded import Unseeded

_MODULE = "module"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A variable that is not the same: how, where it was last written, and what explains it.

    ``task`` is None for what setup writes; all places are None for names that no statement tells.
    ``file_line`` as in `Location`.
    """

    name: str
    difference: str
    task: TaskName | None = None
    cell: CellId | None = None
    cell_index: int | None = None
    line: int | None = None
    file_line: int | None = None
    explained_by: tuple[str, ...] = ()

    def where(self, notebook: str) -> Location | None:
        """Where it was last written, in a notebook of that name; None if that is not known."""
        if self.cell is None:
            return None
        return Location(
            notebook=notebook,
            cell=self.cell,
            cell_index=self.cell_index,
            line=self.line,
            file_line=self.file_line,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """Where each of the two stopped, if it did."""

    run_all: TaskFailure | None
    dag: TaskFailure | None

    @property
    def alike(self) -> bool:
        """Whether both stopped in the same cell, by an error of the same kind."""
        return (
            self.run_all is not None
            and self.dag is not None
            and _manner(self.run_all) == _manner(self.dag)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """A notebook run top to bottom in one kernel and as a DAG, compared.

    ``not_compared`` are the variables of which nothing can be said, and why. ``state`` and
    ``run_id`` are those of the DAG; variables are compared only if neither of the two ``stopped``.
    """

    run_id: RunId
    run_all_id: RunId
    pipeline: str
    notebook: str
    state: RunState
    equal: tuple[str, ...] = ()
    different: tuple[Difference, ...] = ()
    not_compared: Mapping[str, str]
    stopped: Stopped | None = None

    @property
    def ok(self) -> bool:
        """Whether the DAG did what Run All does, as far as could be told, and neither failed."""
        return not self.different and self.stopped is None and self.state is RunState.SUCCESS


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What a run has left: its stored values by name, the names it deleted, what it could not
    store, with the reason, and the tasks ``by`` which the stored values were left.
    """

    stored: Mapping[str, Stored]
    gone: frozenset[str]
    not_stored: Mapping[str, str]
    by: Mapping[str, TaskName] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskLeft:
    """What one task has left; see `Left`. ``versions`` are those of its names, see `Task`."""

    stored: tuple[Stored, ...]
    gone: Collection[str]
    not_stored: Mapping[str, str]
    versions: Mapping[str, int] = field(default_factory=dict)

    def version(self, name: str) -> int:
        """Which version of a name it left; what nobody foresaw is as new as the task is."""
        return self.versions.get(name, max(self.versions.values(), default=0))


def left_by(
    tasks: Mapping[TaskName, TaskLeft], prelude: Mapping[str, int] = MappingProxyType({})
) -> Left:
    """What a run has left under each name: the newest version, by its tasks in notebook order.

    Modules and ambient state (``<random>``) are no variables; nor is what setup, whose versions are
    ``prelude``, bound after all tasks.
    """
    newest: dict[str, tuple[int, Stored | str | None]] = {}
    by: dict[str, TaskName] = {}
    for task_name, task in tasks.items():
        left: dict[str, Stored | str | None] = dict.fromkeys(task.gone)
        left.update({value.name: value for value in task.stored})
        left.update(task.not_stored)
        for name, what in left.items():
            version = task.version(name)
            if version < prelude.get(name, 0):
                continue
            if name not in newest or version >= newest[name][0]:
                newest[name] = (version, what)
                by[name] = task_name
    found = {name: what for name, (_, what) in newest.items()}
    stored = {n: v for n, v in found.items() if isinstance(v, Stored) and _is_variable(v)}
    return Left(
        stored=stored,
        gone=frozenset(n for n, what in found.items() if what is None),
        not_stored={n: reason for n, reason in found.items() if isinstance(reason, str)},
        by={name: by[name] for name in stored},
    )


def _is_variable(value: Stored) -> bool:
    return value.type != _MODULE and not value.name.startswith("<")


def first_failure(failures: Collection[TaskFailure]) -> TaskFailure | None:
    """Of several failures the one that Run All would come to first."""
    return min(failures, key=lambda f: -1 if f.cell_index is None else f.cell_index, default=None)


def explained(
    notebook: Notebook, compilation: Compilation, different: Mapping[str, str]
) -> tuple[Difference, ...]:
    """The differences (name to text) with their places and explanations, in notebook order."""
    explainer = _Explainer(notebook, compilation, frozenset(different))
    found = [explainer.explain(name, text) for name, text in different.items()]
    return tuple(sorted(found, key=lambda d: (_last(d.cell_index), _last(d.line))))


def _last(place: int | None) -> float:
    return float("inf") if place is None else place


class _Explainer:
    """Knows where a notebook writes which name, whatever its tags say of that."""

    def __init__(
        self, notebook: Notebook, compilation: Compilation, different: frozenset[str]
    ) -> None:
        self._cells = {cell.id: cell for cell in notebook.cells}
        self._compilation = compilation
        self._different = different
        self._unseeded = Unseeded(notebook.cells)
        blocks = _blocks(notebook, compilation.running)
        self._writes: dict[str, list[Step]] = {}
        for step in tell(blocks, [analyse_cell(block.code) for block in blocks]).steps.values():
            for name in dict.fromkeys([*step.bound, *step.touched]):
                self._writes.setdefault(name, []).append(step)

    def explain(self, name: str, text: str) -> Difference:
        writes = self._writes.get(name, [])
        if not writes:
            return Difference(name=name, difference=text)
        last = writes[-1]
        task = TaskName(last.node) if last.node != PRELUDE else None
        line = last.line_of(name)
        return Difference(
            name=name,
            difference=text,
            task=task,
            cell=last.block.cell,
            cell_index=last.block.index,
            line=line,
            file_line=self._cells[last.block.cell].file_line(line),
            explained_by=tuple(dict.fromkeys(self._reasons(name, writes, task))),
        )

    def _reasons(self, name: str, writes: list[Step], task: TaskName | None) -> Iterator[str]:
        yield from self._tags(name, writes)
        yield from self._draws(name)
        if task is not None:
            yield from self._made_from(name, task)
        yield from self._diagnostics(writes[-1].block.cell, task)
        if task is not None:
            yield from self._edges(name, writes, task)

    def _tags(self, name: str, writes: list[Step]) -> Iterator[str]:
        for step in writes:
            task = self._compilation.running.task(step.node)
            if task is not None and name in task.options.pure and name in step.touched:
                yield (
                    f"pure:{name} on task {task.name} says that it leaves {name} as it is; "
                    f"cell {step.block.index}, line {step.line_of(name)} seems to change it"
                )

    def _made_from(self, name: str, task: TaskName) -> Iterator[str]:
        """The names, among those that differ, that its value in this task comes from."""
        seen, pending = {name}, [name]
        while pending:
            for step in self._writes.get(pending.pop(), []):
                if step.node != task:
                    continue
                for read in step.effect.reads:
                    if read in seen:
                        continue
                    seen.add(read)
                    pending.append(read)
                    if read in self._different:
                        yield f"it is made from {read}, which differs too"

    def _draws(self, name: str) -> Iterator[str]:
        """The draws without a seed that its value comes from, but for those by way of what differs too."""
        seen, pending = {name}, [name]
        while pending:
            for step in self._writes.get(pending.pop(), []):
                for draw in self._unseeded.at(step.block.cell, step.statement.line):
                    yield draw.message
                reads = step.effect.reads.keys() - seen - self._different
                seen |= reads
                pending += sorted(reads)

    def _diagnostics(self, cell: CellId, task: TaskName | None) -> Iterator[str]:
        the_task = self._compilation.running.task(task) if task else None
        cells = the_task.cells if the_task else (cell,)
        for found in self._compilation.diagnostics:
            if found.cell in cells and found.code != Code.UNTAGGED_TASK.code:
                line = f", line {found.line}" if found.line else ""
                yield f"{found.code} (cell {found.cell_index}{line}): {found.message}"

    def _edges(self, name: str, writes: list[Step], task: TaskName) -> Iterator[str]:
        edges = self._compilation.running.edges
        sources = [
            edge.source
            for edge in edges
            if edge.target == task and any(why.name == name for why in edge.reasons)
        ]
        for source in sources:
            yield f"task {task} takes {name} from task {source}"
        if not sources and any(step.node not in (task, PRELUDE) for step in writes):
            yield f"no edge gives {name} to task {task}"


def _blocks(notebook: Notebook, pipeline: Pipeline) -> list[Block]:
    """The notebook's cells without what ``pure:`` tags say of them."""
    nodes = {cell: task for task in pipeline.tasks for cell in task.cells}
    return [
        Block(
            cell=cell.id,
            index=cell.index,
            code=cell.code,
            node=nodes[cell.id].name if cell.id in nodes else PRELUDE,
            mutates=frozenset(nodes[cell.id].options.mutates) if cell.id in nodes else frozenset(),
        )
        for cell in notebook.cells
        if cell.id in nodes or cell.id in pipeline.prelude
    ]


def _manner(failure: TaskFailure) -> tuple[str, CellId | None, str]:
    return failure.kind, failure.cell, failure.message.partition(":")[0]
