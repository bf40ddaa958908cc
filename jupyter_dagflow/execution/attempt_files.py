"""The files of one attempt: the taskbook, and the spec of what it takes and hands over.

The law: an attempt's folder holds all that it needs but the stored values themselves, by absolute
path, so that its taskbook can be opened and run again by hand.
"""

from __future__ import annotations

import ast
import functools
import importlib.util
import json
import pickle
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from jupyter_dagflow.core.analysis.ambient import AMBIENT_STATES, WORKING_DIRECTORY
from jupyter_dagflow.core.analysis.parsing import parsed
from jupyter_dagflow.core.events import Item
from jupyter_dagflow.core.fan_out import Part, expansion, gathering, instance, loop_of
from jupyter_dagflow.core.guarding import (
    LaterRead,
    guarded,
    left_behind,
    looked_into,
    of_other_iterations,
    shared,
    strange,
    unguarded,
)
from jupyter_dagflow.core.lookup import Lookup
from jupyter_dagflow.core.masking import Mask
from jupyter_dagflow.core.model import (
    Cell,
    Definition,
    Exposed,
    Notebook,
    Parameter,
    Pipeline,
    RunId,
    Task,
    TaskName,
)
from jupyter_dagflow.core.nested import typed_in
from jupyter_dagflow.core.observed import Observed, code_digest
from jupyter_dagflow.core.reuse import Checks
from jupyter_dagflow.core.run import is_instance, whole_of
from jupyter_dagflow.core.secrets import NO_SECRETS, Secrets
from jupyter_dagflow.core.slices import imports_in, normalised, texts_in
from jupyter_dagflow.core.taskbook import assemble, statements
from jupyter_dagflow.execution.files import RunFiles
from jupyter_dagflow.execution.intake import NOTHING, Intake
from jupyter_dagflow.execution.ports import (
    HANDOVER,
    OUTCOME,
    Assignment,
    Guarded,
    HandedOver,
    Step,
    Written,
)
from jupyter_dagflow.storage.atomic import write_bytes
from jupyter_dagflow.storage.taskbooks import write_taskbook

_BOOT = Path(__file__).parents[1] / "kernel_side" / "boot.py"


@dataclass(frozen=True, slots=True, kw_only=True)
class Instances:
    """What is known of a task's instances where one of them runs, or where all are brought together.

    One has an ``item``. To be brought together they have ``reports``, the digests of them in order, and
    ``taskbooks``.
    """

    item: Item | None = None
    reports: tuple[str, ...] = ()
    taskbooks: tuple[Path, ...] = ()

    def told(self, task: Task) -> dict[str, object]:
        """What the kernel is told of it."""
        loop = loop_of(task)
        if self.item is None:
            gathered = zip(self.reports, map(str, self.taskbooks), strict=True)
            return {"reports": [(digest, taskbook, loop.cell) for digest, taskbook in gathered]}
        return {
            "accumulators": list(loop.accumulators),
            "item": self.item.digest,
            "item_shared": self.item.shared,
        }


def prepare_attempt(
    *,
    task: TaskName,
    attempt: int,
    run_id: RunId,
    notebook: Notebook,
    lookup: Lookup,
    files: RunFiles,
    store: Path,
    cwd: Path,
    parameters: Mapping[str, object],
    intake: Intake = NOTHING,
    watch: Watched | None = None,
    keep_all: bool = False,
    survivors: str = "",
    instances: Instances | None = None,
    steps: Mapping[str, object] | None = None,
    imports: tuple[str, ...] = (),
    secrets: Secrets = NO_SECRETS,
) -> Assignment:
    """What an executor needs to run one attempt, and what the files of it are to hold.

    ``intake`` is what the whole task takes from others, ``watch`` what `watched` gives of the attempt if that is known.
    With ``keep_all``, what it leaves bound is stored as far as it can be. Of a task with a mapped loop, ``instances``
    tell which part of it this is.
    ``steps`` is what the kernel has to know where a cell runs another notebook.
    """
    pipeline, whole = lookup.pipeline, lookup.task(whole_of(task))
    expands = whole.loop is not None and instances is None
    taskbook = (files.expansion if expands else files.taskbook)(task, attempt).absolute()
    handover = taskbook.with_name(HANDOVER)
    part = _part(whole, task, handover, instances)
    the_task = part.task
    if part.alone:  # it leaves nothing but what it reports
        keep_all, survivors = False, ""
    intake = intake.of(the_task)
    found = watch or watched(notebook, lookup, part, intake)
    told = {name: (name, read) for name, read in {**found.of_others, **found.reads}.items()}
    checks, codes = found.checks, found.codes
    spec = {
        "task": the_task.name,
        "run": run_id,
        "steps": {**(steps or {}), "typed": any(any(typed_in(code)) for code in codes)},
        "store": str(store.absolute()),
        "inputs": dict(intake.inputs),
        "definitions": list(_definitions(lookup, the_task)),
        "versions": dict(the_task.versions),
        "extras": [n for n in the_task.writes if n not in AMBIENT_STATES] if keep_all else [],
        "guarded": checks.guarded,
        "may_go": checks.may_go,
        "made_alike": checks.made_alike,
        "strange": checks.strange,
        "beside": checks.beside,
        "looked_into": checks.looked_into,
        "from_prelude": checks.from_prelude,
        "exposed": checks.exposed,
        "changing": list(unguarded(the_task, found.reads)) if keep_all else [],
        "ambient": _ambient({*the_task.outputs, *(item.name for item in the_task.inputs)}),
        "generators": _ambient(AMBIENT_STATES.keys() - {WORKING_DIRECTORY}),
        "project": str(cwd.absolute()),
        "ignored": [str(files.home.absolute()), str(store.absolute())],
        "mentioned": [*texts_in(codes), *(v for v in parameters.values() if isinstance(v, str))],
        "patterns": list(the_task.options.reads),
        "leaves_files": checks.leaves_files,
        "sets": list(the_task.sets),
        "imports": list(imports_in(codes)),
        "survivors": survivors,
        **_outputs(the_task, taskbook.with_name(OUTCOME)),
        **(instances.told(whole) if instances is not None else {}),
    }
    notebook_cells = assemble(
        notebook=notebook,
        pipeline=pipeline,
        task=the_task,
        parameters=parameters,
        enter=door("enter", cwd.absolute(), _SAY_ENTER),
        load=door("load", handover, _say_load(the_task)),
        decide=_condition(the_task, handover),
        save=door("save", handover, _say_save(the_task)),
        secret=secret_door,
        sources=part.sources or None,
    )
    return Assignment(
        run_id=run_id,
        task=task,
        attempt=attempt,
        taskbook=taskbook,
        kernel_name=notebook.kernel_of(the_task),
        cwd=cwd,
        parameters=parameters,
        cells=dict(zip(the_task.cells, the_task.cell_indexes, strict=True)),
        prelude={cell: notebook.by_id[cell].index for cell in pipeline.prelude},
        definitions=the_task.definitions,
        handed_over=_handed_over(lookup, notebook, the_task),
        asked_for=dict(_asked_for(notebook, the_task)),
        guarded={
            key: _told(_placed(read, lookup, notebook), notebook, the_task, name)
            for key, (name, read) in {**found.of_shared, **told}.items()
        },
        exposed={each.name: _exposing(each, notebook) for each in the_task.exposed},
        codes=tuple(notebook.by_id[cell].code for cell in the_task.cells),
        timeout_s=the_task.options.timeout_s,
        when=the_task.options.when or "",
        condition=_asked(notebook, the_task),
        missing=intake.missing,
        expands=expands,
        lane=tuple(_steps(the_task)),
        taskbook_cells=notebook_cells,
        spec=spec,
        imports=imports,
        secrets=secrets,
    )


def _steps(task: Task) -> Iterator[Step]:
    """The tasks of a lane with their cells."""
    places = dict(zip(task.cells, task.cell_indexes, strict=True))
    for member in task.members:
        yield Step(task=member.name, cells={cell: places[cell] for cell in member.cells})


def _part(whole: Task, name: TaskName, handover: Path, instances: Instances | None) -> Part:
    """What of a task an attempt runs."""
    if whole.loop is None:
        return Part(task=whole)
    if is_instance(name):
        return instance(whole, name)
    if instances is None:
        return expansion(whole, _door_in_line("expand", handover))
    return gathering(whole, _door_in_line("gather", handover))


def write_files(assignment: Assignment) -> None:
    """Write the taskbook of an attempt and what goes in with it; raises `OSError` if that cannot be."""
    assignment.taskbook.parent.mkdir(parents=True, exist_ok=True)
    assignment.outcome.unlink(missing_ok=True)  # of a runner that was killed in this very attempt
    write_bytes(assignment.handover, json.dumps(assignment.spec).encode(), durable=False)
    write_taskbook(
        assignment.taskbook, assignment.taskbook_cells, kernel_name=assignment.kernel_name
    )


def mask_file(path: Path, mask: Mask) -> None:
    """Hide secrets in a file that a kernel wrote past all cells, and that nobody writes any more."""
    if mask and path.exists():
        text = path.read_bytes().decode("utf-8", "surrogateescape")
        if mask.text(text) != text:
            write_bytes(path, mask.text(text).encode("utf-8", "surrogateescape"), durable=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What must stay as it is while a task runs: names that it has, names that came with them, and names of others.

    ``checks`` is what its kernel has to look at for that, ``codes`` what `codes_of` gives of the task.
    """

    reads: Mapping[str, LaterRead]
    of_shared: Mapping[str, tuple[str, LaterRead]]
    of_others: Mapping[str, LaterRead]
    checks: Checks
    codes: Sequence[str]


def watched(notebook: Notebook, lookup: Lookup, part: Part, intake: Intake) -> Watched:
    """What must stay as it is while a part of a task runs on these values."""
    task, codes = part.task, codes_of(notebook, lookup.pipeline, part.task)
    reads: dict[str, LaterRead]
    of_shared: dict[str, tuple[str, LaterRead]] = {}
    of_others: dict[str, LaterRead] = {}
    if part.alone:
        reads = of_other_iterations(lookup.task(whole_of(task.name)), task)
    else:
        reads = guarded(lookup, task, intake.bundles)
        of_shared = shared(lookup, task, intake.bundles)
        of_others = strange(lookup, task, codes)
    return Watched(
        reads=reads,
        of_shared=of_shared,
        of_others=of_others,
        checks=_checks(task, reads, of_shared, of_others),
        codes=codes,
    )


def _checks(
    task: Task,
    reads: Mapping[str, LaterRead],
    reads_of_shared: Mapping[str, tuple[str, LaterRead]],
    of_others: Mapping[str, LaterRead],
) -> Checks:
    within = looked_into(task)
    by_name = {item.name for item in task.inputs} - left_behind(task) - within.keys()
    return Checks(
        # Of what setup made, and of what loses its name here, the object counts and not the name.
        guarded=tuple(name for name in reads if name in by_name),
        # What is read later by another name is not missed under this one.
        may_go=tuple(name for name, read in reads.items() if read.name != name),
        made_alike=tuple(name for name in reads if name not in by_name | within.keys()),
        looked_into={name: within[name] for name in reads if name in within},
        strange=tuple(of_others),
        beside={other: name for other, (name, _) in reads_of_shared.items()},
        from_prelude=tuple(read.name for read in task.from_prelude),
        exposed={each.name: each.shares for each in task.exposed},
        leaves_files=task.leaves_files,
    )


def codes_of(notebook: Notebook, pipeline: Pipeline, task: Task) -> list[str]:
    """All code of the user that runs in a task's kernel."""
    own = [notebook.by_id[cell].code for cell in (*pipeline.prelude, *task.cells)]
    condition = [task.options.when] if task.options.when is not None else []
    return [*own, *condition, *(definition.source for definition in task.definitions)]


def _outputs(task: Task, outcome: Path) -> dict[str, object]:
    return {
        "outputs": list(task.outputs),
        "metrics": list(task.options.metrics),
        "outcome": str(outcome),
        "cloudpickle": cloudpickle_folder(),
    }


def _door_in_line(action: str, path: Path) -> str:
    """The same as a part of a user's line."""
    return f"{_open(action)}({str(path)!r})"


def door(action: str, path: Path, comment: str, *arguments: str) -> str:
    """A cell's source that acts and binds no name among the user's."""
    given = ",\n    ".join([repr(str(path)), *arguments])
    return f"# {comment}\n{_open(action)}(\n    {given}\n)"


def secret_door(parameter: Parameter) -> str:
    """The expression by which a parameters cell is given the value of a secret."""
    arguments = (parameter.name, parameter.type, parameter.optional)
    return f"{_open('secret')}({', '.join(map(repr, arguments))})"


def secrets_source(secrets: Secrets) -> str:
    """What a kernel runs, in silence, to have the values of secrets before its first cell."""
    pickled = pickle.dumps(dict(secrets.values), protocol=4)  # also an older Python reads it
    return f"{_open('keep_secrets')}({pickled!r}, {secrets.mask.pattern!r})"


def _open(action: str) -> str:
    return f'__import__("runpy").run_path({str(_BOOT)!r})["{action}"]'


def _condition(task: Task, handover: Path) -> str:
    """The cell that asks whether a task is to run, if it is to be asked."""
    when = task.options.when
    return door("decide", handover, _SAY_WHEN, when) if when is not None else ""


def _say_load(task: Task) -> str:
    names = ", ".join(item.name for item in task.inputs)
    return f"jupyter-dagflow: loads {names} from the tasks before" if names else _NOTHING_IN


def _say_save(task: Task) -> str:
    names = ", ".join(task.outputs)
    return f"jupyter-dagflow: stores {names} for the tasks after" if names else _NOTHING_OUT


_SAY_WHEN = "jupyter-dagflow: the task runs if this is true"
_SAY_ENTER = "jupyter-dagflow: runs where the notebook does"
_NOTHING_IN = "jupyter-dagflow: this task takes no values from others"
_NOTHING_OUT = "jupyter-dagflow: no other task reads a value of this one"


def _ambient(names: Collection[str]) -> dict[str, dict[str, str]]:
    """How to take and restore the state outside variables that has such a name."""
    return {
        name: {
            "module": state.module,
            "save": state.save,
            "restore": state.restore,
            "idle": state.idle,
            "fresh": state.fresh,
        }
        for name, state in AMBIENT_STATES.items()
        if name in names
    }


def _placed(read: LaterRead, lookup: Lookup, notebook: Notebook) -> LaterRead:
    """The same, with the place where its task first speaks of the name: of what is copied no edge tells it."""
    if read.cell is not None or read.left:
        return read
    for cell in lookup.task(read.task).cells:
        line = min(_lines_with(read.name, notebook.by_id[cell].code), default=None)
        if line is not None:
            return replace(read, cell=cell, line=line)
    return read


def _told(read: LaterRead, notebook: Notebook, task: Task, name: str) -> Guarded:
    """What to say if a guarded name has changed."""
    cells = [notebook.by_id[cell] for cell in task.cells]
    mentions = [
        Written(cell=cell.id, cell_index=cell.index, line=line)
        for cell in cells
        for line in sorted(set(_lines_with(name, cell.code)))
    ]
    cell = notebook.by_id.get(read.cell) if read.cell is not None else None
    place = f", cell {cell.index}" if cell is not None else ""
    place += f", line {read.line}" if read.line is not None else ""
    place += "," if place else ""
    what = "it" if read.name == name else f"{read.name}, which shares objects with it,"
    reader = f"task {read.task}{place} reads {what}"
    if read.left:
        reader = f"{what} is left by task {read.task}"
    by_cell = {cell.id: cell for cell in cells}
    last = by_cell[mentions[-1].cell] if mentions else cells[-1]
    return Guarded(
        name=name,
        mentions=tuple(mentions),
        reader=reader,
        change=Observed(code=code_digest(last.code), name=read.name),
    )


def _exposing(exposed: Exposed, notebook: Notebook) -> str:
    """Who changes a value later, in words."""
    return f"task {exposed.task}, cell {notebook.by_id[exposed.cell].index}, line {exposed.line}"


def _definitions(lookup: Lookup, task: Task) -> Iterator[dict[str, object]]:
    """What `kernel_side` needs to know: what ran before the task's cells, then its own.

    Comments left out: values that were stored before one was changed are still of the same class.
    """
    own = [definition for cell in task.cells for definition in lookup.copied_from.get(cell, ())]
    own = [definition for definition in own if definition.name not in task.replaces]
    own.sort(key=lambda definition: (definition.cell_index, definition.line))
    prelude = lookup.pipeline.prelude_definitions
    ran: list[Definition] = []
    known: list[tuple[str, str]] = []
    for by, definitions in (("setup", prelude), ("definitions", task.definitions), ("task", own)):
        ran += definitions
        found = statements(ran)
        for name, source in (s for n, s in enumerate(found) if s not in known[n : n + 1]):
            yield {"name": name, "source": normalised(source), "by": by}
        known = found


def _handed_over(lookup: Lookup, notebook: Notebook, task: Task) -> dict[str, HandedOver]:
    """Where each output that is read was last written, and who reads it first."""
    found: dict[str, HandedOver] = {}
    reasons = [(e, r) for e in lookup.edges_from.get(task.name, ()) for r in e.reasons]
    for edge, reason in reasons:
        if reason.kind == "data" and reason.source_cell and reason.target_cell:
            handed_over = HandedOver(
                cell=reason.source_cell,
                cell_index=notebook.by_id[reason.source_cell].index,
                line=reason.source_line,
                reader=f"task {edge.target}, cell {notebook.by_id[reason.target_cell].index}",
            )
            found.setdefault(reason.name, handed_over)
    return found


def _asked_for(notebook: Notebook, task: Task) -> Iterator[tuple[str, Written]]:
    """Where each value that ``metric:`` or ``keep:`` asks for is last bound, as far as the task's text tells."""
    cells = [notebook.by_id[cell] for cell in task.cells]
    for name in (*task.options.metrics, *task.options.keep):
        writes = [(cell, line) for cell in cells for line in _lines_that_write(name, cell.code)]
        asking = [(cell, None) for cell in cells if _asks_for(name, cell)] or [(cells[0], None)]
        cell, line = max(writes, key=lambda w: (w[0].index, w[1])) if writes else asking[0]
        yield name, Written(cell=cell.id, cell_index=cell.index, line=line)


def _asked(notebook: Notebook, task: Task) -> Written | None:
    """Where a task's condition stands."""
    if task.options.when is None:
        return None
    cells = [notebook.by_id[cell] for cell in task.cells]
    asking = (cell for cell in cells if "when" in cell.options or _has_tag(cell, "when:"))
    cell = next(asking, cells[0])
    return Written(cell=cell.id, cell_index=cell.index, line=None)


def _has_tag(cell: Cell, beginning: str) -> bool:
    return any(tag.startswith(beginning) for tag in cell.tags)


def _lines_that_write(name: str, code: str) -> Iterator[int]:
    return (line for line, writes in _mentions(code).get(name, ()) if writes)


def _lines_with(name: str, code: str) -> Iterator[int]:
    return (line for line, _ in _mentions(code).get(name, ()))


@functools.lru_cache(256)
def _mentions(code: str) -> Mapping[str, Sequence[tuple[int, bool]]]:
    """Where the names stand in code, each with its line and whether it is written there."""
    found: dict[str, list[tuple[int, bool]]] = {}
    for node in ast.walk(ast.Module(parsed(code), [])):
        if isinstance(node, ast.Name):
            found.setdefault(node.id, []).append((node.lineno, isinstance(node.ctx, ast.Store)))
    return found


def _asks_for(name: str, cell: Cell) -> bool:
    asking = ("metric", "keep")
    return any(f"{tag}:{name}" in cell.tags or tag in cell.options for tag in asking)


@functools.cache
def cloudpickle_folder() -> str:
    """Where our own cloudpickle lies, to lend to kernels that have none; it is pure Python."""
    spec = importlib.util.find_spec("cloudpickle")
    return str(Path(spec.origin).parent) if spec and spec.origin else ""
