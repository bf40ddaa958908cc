"""Compile a notebook: cells in, a pipeline and everything there is to say about it out.

The law: compiling never runs code and never raises for what a notebook says; whatever is wrong with it is a
diagnostic, and as much of the pipeline as can be understood is returned with it.
"""

from __future__ import annotations

import gc
import graphlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import lru_cache
from itertools import pairwise
from typing import TypeVar

from jupyter_dagflow.core import kale
from jupyter_dagflow.core.analysis.dataflow import PRELUDE, Block, Dataflow, analyse
from jupyter_dagflow.core.analysis.source import analyse_cell
from jupyter_dagflow.core.diagnostics import Code, Diagnostic
from jupyter_dagflow.core.files import FileUses, file_edges
from jupyter_dagflow.core.finalizers import telling_finalizers
from jupyter_dagflow.core.lanes import Lanes, join_lanes, lane_edges, stored_later
from jupyter_dagflow.core.literal_paths import PathNames, touches
from jupyter_dagflow.core.mapping import map_loops
from jupyter_dagflow.core.model import (
    Cell,
    CellId,
    Compilation,
    Edge,
    Loop,
    Member,
    Mention,
    Notebook,
    Parameter,
    PartitionBy,
    Pipeline,
    Reason,
    Task,
    TaskName,
    TaskOptions,
)
from jupyter_dagflow.core.modules_made import with_modules_made
from jupyter_dagflow.core.observed import Observed, code_digest
from jupyter_dagflow.core.parameters import declared_parameters
from jupyter_dagflow.core.partition import Partition, TaskCells, partition
from jupyter_dagflow.core.pools import unsized_pools
from jupyter_dagflow.core.prelude import prelude_definitions
from jupyter_dagflow.core.races import Meeting, unordered_meetings
from jupyter_dagflow.core.retry import NO_RETRIES, RetryPolicy
from jupyter_dagflow.core.tags import LANE, duration_s, secrets_asked_for
from jupyter_dagflow.core.triggers import TriggerRule

_T = TypeVar("_T")
_D = TypeVar("_D")

_CELLS_REMEMBERED = 16_384
_NO_OPTIONS = TaskOptions()
_WAYS_OUT = {  # of a circle without lanes, and of one with a lane in it
    False: "Remove an after: tag, or split a task whose cells stand on both sides of another.",
    True: "The tasks of a lane run as one: tag what stands between them with the same lane:, or move it.",
}
_NO_FILES = FileUses()
_Facts = Mapping[CellId, Sequence[Observed]]
_NO_NAMES: frozenset[str] = frozenset()
_NO_PAIRS: frozenset[tuple[str, str]] = frozenset()

# Phase 1 looks at one cell by itself, so a cell that did not change need not be read again.
_summary_of = lru_cache(_CELLS_REMEMBERED)(analyse_cell)


@contextmanager
def _collecting_later() -> Iterator[None]:
    """Hold the garbage collector off: what is built here stays, and looking through it again and again for
    garbage doubles the time. Afterwards all of it counts as old, as if it had been looked through once.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        if not gc.get_freeze_count():  # who has frozen objects wants them to stay so
            gc.freeze()
            gc.unfreeze()
        gc.enable()


@_collecting_later()
def compile_cells(
    notebook: Notebook,
    *,
    by: PartitionBy = PartitionBy.AUTO,
    observed: Collection[Observed] = (),
    pools: Collection[str] | None = None,
) -> Compilation:
    """Compile a notebook that has been read; ``observed`` is what runs have seen its code do.

    ``pools`` are those whose sizes are set; None if that is not known.
    Diagnostics come in notebook order, those about no cell first. Tasks stand in the order of their first cells.
    """
    translation = kale.translate(notebook.cells, notebook.metadata)
    notebook = replace(notebook, cells=translation.cells)
    parts = partition(notebook.cells, by=by)
    lanes = join_lanes(parts)
    facts = _facts(parts, observed)
    by_kernel = parts if lanes is None else lanes.parts
    found = _compile(notebook, by_kernel, facts, lanes)
    diagnostics = [*translation.diagnostics, *found.diagnostics]
    diagnostics += unsized_pools(by_kernel.tasks.values(), pools) if pools is not None else ()
    by_tasks = found.pipeline
    if lanes is not None:
        diagnostics += lanes.diagnostics
        order = lane_edges(parts, lanes)
        by_tasks = _compile(notebook, parts, facts, more_edges=order).pipeline
        diagnostics += stored_later(by_tasks, parts, lanes)
    placed = [_in_file(found, notebook) for found in sorted(diagnostics, key=_place)]
    return Compilation(
        pipeline=by_tasks,
        diagnostics=tuple(placed),
        unordered=tuple((each.first, each.second) for each in found.met),
        by_kernel=None if lanes is None else found.pipeline,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Compiled:
    """A pipeline, what there is to say about it, and its tasks that touch one file in no order."""

    pipeline: Pipeline
    diagnostics: list[Diagnostic]
    met: tuple[Meeting, ...]


def _compile(
    notebook: Notebook,
    parts: Partition,
    facts: _Facts,
    lanes: Lanes | None = None,
    more_edges: Sequence[Edge] = (),
) -> _Compiled:
    """Compile cells that have been grouped: with ``lanes`` each of these is a task."""
    parameters, parameter_diagnostics = _parameters(parts)
    blocks = _blocks(notebook, parts, facts, lanes)
    flow = analyse(blocks, summarise=_summary_of)
    mapped = map_loops(parts, blocks, flow, summarise=_summary_of)
    after, after_diagnostics = _after_edges(parts)
    path_of = PathNames(block.code for block in blocks)
    named = {name: _file_uses(task, flow, facts, path_of) for name, task in parts.tasks.items()}
    files = with_modules_made(named, parts, flow)
    edges = _merge(flow.edges, after, file_edges(files), more_edges, order=list(parts.tasks))
    met = unordered_meetings(files, edges)
    outputs = _outputs(parts, flow)
    members = lanes.members if lanes is not None else {}
    tasks = tuple(
        _task(task, flow, outputs[name], files[name], mapped.loops.get(name), members.get(name, ()))
        for name, task in parts.tasks.items()
    )
    diagnostics = [
        *parts.diagnostics,
        *parameter_diagnostics,
        *flow.diagnostics,
        *mapped.diagnostics,
        *after_diagnostics,
        *_cycles(edges, parts),
        *_file_order(met, notebook),
        *_unknown_names(parts, flow, parameters),
        *(_finalizers(blocks) if len(parts.tasks) > 1 else ()),
        *_observed(blocks, parts, flow),
        *_observed_files(parts, facts),
        *_nothing_to_run(parts),
    ]
    pipeline = Pipeline(
        name=notebook.name,
        notebook=notebook.path,
        by=parts.by,
        parameters=parameters,
        parameters_cell=next((cell.id for cell in parts.parameters_cells), None),
        more_parameters_cells=tuple(cell.id for cell in parts.parameters_cells[1:]),
        prelude=tuple(cell.id for cell in parts.prelude),
        prelude_definitions=prelude_definitions(parts.prelude),
        prelude_versions=flow.prelude_versions,
        tasks=tasks,
        edges=edges,
        first_lines={c.id: c.first_line for c in notebook.cells if c.first_line is not None},
    )
    return _Compiled(pipeline=pipeline, diagnostics=diagnostics, met=tuple(met))


def _finalizers(blocks: Iterable[Block]) -> Iterator[Diagnostic]:
    for block in blocks:
        for line, name in telling_finalizers(block.code):
            yield Diagnostic.of(
                Code.UNCERTAIN_ORDER,
                f"`{name}` changes something when the last reference to an instance goes: tasks have "
                "copies of it, each of which goes in its own time",
                cell=block.cell,
                cell_index=block.index,
                line=line,
                hint="give it another name, and call it where it is to be done, or by `with`",
            )


def _parameters(parts: Partition) -> tuple[tuple[Parameter, ...], tuple[Diagnostic, ...]]:
    found: dict[str, Parameter] = {}
    diagnostics: list[Diagnostic] = []
    for cell in parts.parameters_cells:
        secret = secrets_asked_for(cell)
        strict = cell is parts.parameters
        parameters, problems = declared_parameters(cell, strict=strict, secret=secret)
        diagnostics += [*problems, *_unknown_secrets(secret, parameters, cell)]
        diagnostics += [_twice(each, found[each.name]) for each in parameters if each.name in found]
        found |= {each.name: each for each in parameters}
    return tuple(found.values()), tuple(diagnostics)


def _unknown_secrets(
    secret: Iterable[str], parameters: Sequence[Parameter], cell: Cell
) -> Iterator[Diagnostic]:
    declared = [parameter.name for parameter in parameters]
    for name in secret:
        if name not in declared:
            near = next(iter(get_close_matches(name, declared, n=1)), None)
            yield Diagnostic.of(
                Code.UNKNOWN_SECRET,
                f"Tag 'secret:{name}' names no parameter of its cell.",
                cell=cell.id,
                cell_index=cell.index,
                hint=f"Did you mean 'secret:{near}'?"
                if near
                else f"Declared are: {', '.join(declared) or 'none'}.",
            )


def _twice(parameter: Parameter, earlier: Parameter) -> Diagnostic:
    return Diagnostic.of(
        Code.TWO_PARAMETERS_CELLS,
        f"Cell {earlier.cell_index} and cell {parameter.cell_index} both assign the parameter {parameter.name}.",
        cell=parameter.cell,
        cell_index=parameter.cell_index,
        line=parameter.line,
        hint="Keep one of the two.",
    )


def _facts(parts: Partition, observed: Collection[Observed]) -> _Facts:
    """What runs have seen the very code of cells do, by cell."""
    if not observed:
        return {}
    seen: dict[str, list[Observed]] = defaultdict(list)
    for fact in sorted(observed, key=lambda fact: (fact.name, fact.other)):
        seen[fact.code].append(fact)
    cells = (cell for task in parts.tasks.values() for cell in task.cells)
    digests = {cell.id: code_digest(cell.code) for cell in cells}
    return {cell: seen[digest] for cell, digest in digests.items() if digest in seen}


def _blocks(
    notebook: Notebook, parts: Partition, known: _Facts, lanes: Lanes | None
) -> list[Block]:
    """The code cells of the pipeline in notebook order, each with the task it belongs to."""
    said = {} if lanes is None else lanes.said
    blocks: dict[str, Block] = {}
    for task in parts.tasks.values():
        for cell in task.cells:
            facts = [fact for fact in known.get(cell.id, ()) if not fact.file[0]]
            own = said.get(cell.id, task)
            blocks[cell.id] = Block(
                cell=cell.id,
                index=cell.index,
                code=cell.code,
                node=task.name,
                mutates=_set((*_names(own, "mutates"), *_seen_changed(facts, own))),
                pure=_set(_names(own, "pure")),
                shares=frozenset((f.name, f.other) for f in facts if f.other) or _NO_PAIRS,
                conditional="when" in task.options,
                task=own.name if own is not task else "",
            )
    for cell in parts.prelude:
        blocks[cell.id] = Block(cell=cell.id, index=cell.index, code=cell.code, node=PRELUDE)
    asked = {
        task.cells[0].id: _condition(task)
        for task in parts.tasks.values()
        if "when" in task.options
    }
    found = []
    for cell in notebook.cells:
        if cell.id in blocks:
            found += [asked[cell.id]] if cell.id in asked else []
            found.append(blocks[cell.id])
    return found


def _condition(task: TaskCells) -> Block:
    """What a task is asked before its cells run, which reads as they do."""
    cell = task.option_cells["when"]
    return Block(
        cell=cell.id,
        index=cell.index,
        code=str(task.options["when"]),
        node=task.name,
        conditional=True,
        asks=True,
    )


def _seen_changed(facts: Sequence[Observed], task: TaskCells) -> frozenset[str]:
    """What runs have seen a cell's very code change; the tag ``pure:`` knows better."""
    changed = frozenset(fact.name for fact in facts if not fact.other)
    return changed.difference(_names(task, "pure")) if changed else _NO_NAMES


def _observed(blocks: list[Block], parts: Partition, flow: Dataflow) -> list[Diagnostic]:
    """The changes, and the sharing, that are believed because a run has seen them."""
    found = []
    for block in blocks:
        has = _has(flow, block.node)
        for name, other in sorted(block.shares):
            if has is not None and not {name, other} <= has:
                continue  # of a value that another edit has taken away
            found.append(
                Diagnostic.of(
                    Code.OBSERVED,
                    f"{name} is taken to have objects of {other} in it, because a run saw it.",
                    cell=block.cell,
                    cell_index=block.index,
                )
            )
        if block.node == PRELUDE or not block.mutates:
            continue
        said = _names(parts.tasks[TaskName(block.node)], "mutates")
        for name in sorted(block.mutates.difference(said)):
            if name in flow.nodes[block.node].writes:
                found.append(
                    Diagnostic.of(
                        Code.OBSERVED,
                        f"This cell is taken to change {name}, because a run saw it do so.",
                        cell=block.cell,
                        cell_index=block.index,
                        hint=f"Tag it mutates:{name} to say so in the notebook, or pure:{name} "
                        "if the change does not matter.",
                    )
                )
    return found


def _observed_files(parts: Partition, facts: _Facts) -> list[Diagnostic]:
    """What is believed of files because a run has seen it."""
    return [
        Diagnostic.of(
            Code.OBSERVED,
            f"This cell is taken to be tagged {deed}:{path}, because a run saw its task do so.",
            cell=cell.id,
            cell_index=cell.index,
            hint="Tag it so to say it in the notebook.",
        )
        for task in parts.tasks.values()
        for cell in task.cells
        for deed, path in (fact.file for fact in facts.get(cell.id, ()))
        if deed and path not in _names(task, deed)
    ]


def _has(flow: Dataflow, node: str) -> set[str] | None:
    """The names that a task has at some time; nothing of setup, which is in every task."""
    if node == PRELUDE:
        return None
    it = flow.nodes[node]
    taken = (*(item.name for item in it.inputs), *(read.name for read in it.from_prelude))
    return {*it.writes, *taken}


def _names(task: TaskCells, key: str) -> tuple[str, ...]:
    value = task.options.get(key, ())
    assert isinstance(value, tuple)  # these options are repeatable
    return value


def _set(names: tuple[str, ...]) -> frozenset[str]:
    """Names as a set; one for all that are empty, which most are."""
    return frozenset(names) if names else _NO_NAMES


def _after_edges(parts: Partition) -> tuple[list[Edge], list[Diagnostic]]:
    edges, diagnostics = [], []
    for task in parts.tasks.values():
        for name in _names(task, "after"):
            cell = task.option_cells["after"]
            if name in parts.tasks:
                reason = Reason(
                    kind="after",
                    name=name,
                    source_cell=parts.tasks[TaskName(name)].cells[0].id,
                    target_cell=cell.id,
                )
                edges.append(Edge(source=TaskName(name), target=task.name, reasons=(reason,)))
            else:
                diagnostics.append(_unknown_task(name, task, cell, parts))
    return edges, diagnostics


def _file_uses(task: TaskCells, flow: Dataflow, facts: _Facts, path_of: PathNames) -> FileUses:
    node = flow.nodes.get(task.name)
    touched = [(cell, touch) for cell in task.cells for touch in touches(cell.code, path_of)]
    analysed = node is not None and (node.files_read or node.files_written)
    seen = [(cell.id, fact.file) for cell in task.cells for fact in facts.get(cell.id, ())]
    if not (touched or task.options or analysed or seen):
        return _NO_FILES
    seen_reads, seen_writes = (
        tuple(Mention(name=path, cell=cell) for cell, (did, path) in seen if did == deed)
        for deed in ("reads", "writes")
    )
    reads, writes = (
        tuple(Mention(name=t.path, cell=c.id, line=t.line) for c, t in touched if t.wrote is wrote)
        for wrote in (False, True)
    )
    return FileUses(
        says_it_reads=(*_tagged(task, "reads"), *seen_reads),
        says_it_writes=(*_tagged(task, "writes"), *seen_writes),
        reads=(*node.files_read, *reads) if node else reads,
        writes=(*node.files_written, *writes) if node else writes,
    )


def _file_order(meetings: Sequence[Meeting], notebook: Notebook) -> list[Diagnostic]:
    """A word about each two tasks whose code names one file, when nothing orders them."""
    indexes = {cell.id: cell.index for cell in notebook.cells}
    return [
        Diagnostic.of(
            Code.FILE_ORDER,
            f"Task {met.second} {_does(met.second_writes)} {met.later.name}, which task {met.first} "
            f"{_does(met.first_writes)} in cell {indexes[met.earlier.cell]}, but nothing says which comes first.",
            cell=met.later.cell,
            cell_index=indexes[met.later.cell],
            line=met.later.line,
            hint=f"Tag the cell after:{met.first}, or tag what the tasks do: reads:{met.later.name}, "
            f"writes:{met.later.name}.",
        )
        for met in meetings
    ]


def _does(writes: bool) -> str:
    return "writes" if writes else "reads"


def _tagged(task: TaskCells, key: str) -> tuple[Mention, ...]:
    return tuple(Mention(name=n, cell=task.option_cells[key].id) for n in _names(task, key))


def _unknown_task(name: str, task: TaskCells, cell: Cell, parts: Partition) -> Diagnostic:
    others = [other for other in parts.tasks if other != task.name]
    return Diagnostic.of(
        Code.UNKNOWN_TASK,
        f"Task {task.name} is to run after:{name}, but there is no task {name}.",
        cell=cell.id,
        cell_index=cell.index,
        hint=f"The other tasks are: {', '.join(others)}." if others else "There is no other task.",
    )


def _merge(*groups: Iterable[Edge], order: list[TaskName]) -> tuple[Edge, ...]:
    """One edge for each pair of tasks, with the reasons of all, in notebook order of its ends."""
    reasons: dict[tuple[TaskName, TaskName], list[Reason]] = defaultdict(list)
    for group in groups:
        for edge in group:
            reasons[edge.source, edge.target].extend(edge.reasons)
    position = {name: i for i, name in enumerate(order)}
    pairs = sorted(reasons, key=lambda pair: (position[pair[0]], position[pair[1]]))
    return tuple(Edge(source=s, target=t, reasons=tuple(reasons[s, t])) for s, t in pairs)


def _outputs(parts: Partition, flow: Dataflow) -> dict[TaskName, tuple[str, ...]]:
    """The names each task must store: what others read of it, and what ``keep:`` and ``metric:`` ask for."""
    wanted: dict[TaskName, dict[str, None]] = {name: {} for name in parts.tasks}
    for node in flow.nodes.values():
        for item in node.inputs:
            for source in item.sources:
                wanted[source][item.name] = None
    for name, task in parts.tasks.items():
        for variable in (*_names(task, "keep"), *_names(task, "metric")):
            wanted[name][variable] = None
    return {name: tuple(names) for name, names in wanted.items()}


def _task(
    task: TaskCells,
    flow: Dataflow,
    outputs: tuple[str, ...],
    files: FileUses,
    loop: Loop | None,
    members: tuple[Member, ...],
) -> Task:
    node = flow.nodes.get(task.name)
    return Task(
        name=task.name,
        cells=tuple(cell.id for cell in task.cells),
        cell_indexes=tuple(cell.index for cell in task.cells),
        inputs=node.inputs if node else (),
        writes=node.writes if node else (),
        outputs=outputs,
        from_prelude=node.from_prelude if node else (),
        definitions=node.definitions if node else (),
        options=_options(task),
        replaces=node.replaces if node else (),
        sets=node.sets if node else (),
        leaves_files=tuple(dict.fromkeys(mention.name for mention in files.says_it_writes)),
        versions=node.versions if node else {},
        exposed=node.exposed if node else (),
        declared={
            key: list(value) if isinstance(value, tuple) else value
            for key, value in task.options.items()
        },
        loop=loop,
        members=members,
    )


def _options(task: TaskCells) -> TaskOptions:
    said = task.options
    if not said:
        return _NO_OPTIONS
    timeout = _said(said, "timeout", str, None)
    return TaskOptions(
        after=tuple(TaskName(name) for name in _names(task, "after")),
        trigger=TriggerRule(_said(said, "trigger", str, _NO_OPTIONS.trigger)),
        priority=_said(said, "priority", int, _NO_OPTIONS.priority),
        pool=_said(said, "pool", str, None),
        mutates=_names(task, "mutates"),
        pure=_names(task, "pure"),
        keep=_names(task, "keep"),
        metrics=_names(task, "metric"),
        reads=_names(task, "reads"),
        writes=_names(task, "writes"),
        cache=_said(said, "cache", bool, None),
        when=_said(said, "when", str, None),
        retry=_retry(said),
        timeout_s=None if timeout is None else duration_s(timeout),
        kernel=_said(said, "kernel", str, None),
        lane=_said(said, LANE, str, None),
    )


def _retry(said: Mapping[str, object]) -> RetryPolicy:
    delay = _said(said, "retry-delay", str, None)
    return RetryPolicy(
        retries=_said(said, "retries", int, NO_RETRIES.retries),
        delay_s=NO_RETRIES.delay_s if delay is None else duration_s(delay),
        backoff=_said(said, "retry-backoff", float, NO_RETRIES.backoff),
    )


def _said(said: Mapping[str, object], key: str, kind: type[_T], default: _D) -> _T | _D:
    """What the tags of a task say of an option, or the default."""
    value = said.get(key)
    return value if isinstance(value, kind) else default


def _cycles(edges: tuple[Edge, ...], parts: Partition) -> list[Diagnostic]:
    order = {name: place for place, name in enumerate(parts.tasks)}
    if all(order[edge.source] < order[edge.target] for edge in edges):
        return []  # who only waits for what stands above it waits for nobody in a circle
    graph: dict[TaskName, set[TaskName]] = {name: set() for name in parts.tasks}
    for edge in edges:
        graph[edge.target].add(edge.source)
    found = []
    for path in _circles(graph):
        cell = parts.tasks[path[0]].cells[0]
        found.append(
            Diagnostic.of(
                Code.CYCLE,
                f"The tasks wait for each other: {' → '.join(path)} ({_why(path, edges)}).",
                cell=cell.id,
                cell_index=cell.index,
                hint=_WAYS_OUT[any(LANE in parts.tasks[TaskName(name)].options for name in path)],
            )
        )
    return found


def _circles(upstream: Mapping[TaskName, set[TaskName]]) -> Iterator[list[TaskName]]:
    """Ways that lead back to where they begin, no two through the same task."""
    while True:
        try:
            graphlib.TopologicalSorter(upstream).prepare()
        except graphlib.CycleError as error:
            path: list[TaskName] = error.args[1]
            yield path
            upstream = {n: tasks - {*path} for n, tasks in upstream.items() if n not in path}
        else:
            return


def _why(path: list[TaskName], edges: tuple[Edge, ...]) -> str:
    by_pair: Mapping[tuple[TaskName, TaskName], Edge] = {(e.source, e.target): e for e in edges}
    steps = []
    for source, target in pairwise(path):
        reason = by_pair[source, target].reasons[0]
        what = f"after:{reason.name}" if reason.kind == "after" else reason.name
        steps.append(
            f"{target} needs {what}" if reason.kind == "after" else f"{target} reads {what}"
        )
    return "; ".join(steps)


def _unknown_names(
    parts: Partition, flow: Dataflow, parameters: tuple[Parameter, ...]
) -> list[Diagnostic]:
    """``mutates:`` and ``pure:`` must name what the task uses; ``keep:`` and ``metric:`` a parameter also."""
    found = []
    given = {parameter.name for parameter in parameters}
    as_given = given.difference(*(node.writes for node in flow.nodes.values()))
    unread = {d.cell for d in flow.diagnostics if d.code == Code.SYNTAX.code}
    for name, task in parts.tasks.items():
        if not task.options:
            continue
        if unread & {cell.id for cell in task.cells}:
            continue  # what the task has cannot be told before its cells can be read
        node = flow.nodes.get(name)
        used = {*node.writes, *(item.name for item in node.inputs)} if node else set()
        at_hand = {mention.name for mention in node.from_prelude} if node else set()
        at_hand |= {definition.name for definition in node.definitions} if node else set()
        for key in ("keep", "metric", "mutates", "pure"):
            for variable in _names(task, key):
                there = (key == "pure" and variable in at_hand) or variable in used
                if not there and not (key in ("keep", "metric") and variable in as_given):
                    cell = task.option_cells[key]
                    found.append(
                        Diagnostic.of(
                            Code.UNKNOWN_NAME,
                            f"{key}:{variable} on task {name}, but the task has no variable {variable}.",
                            cell=cell.id,
                            cell_index=cell.index,
                            hint=f"It has: {', '.join(sorted(used)) or 'none'}.",
                        )
                    )
    return found


def _nothing_to_run(parts: Partition) -> list[Diagnostic]:
    if parts.tasks:
        return []
    return [
        Diagnostic.of(
            Code.NO_TASKS,
            "The notebook has nothing to run: no code cell became a task.",
            hint="Tag a code cell task:NAME, or write some code.",
        )
    ]


def _in_file(found: Diagnostic, notebook: Notebook) -> Diagnostic:
    if found.cell_index is None:
        return found
    return replace(found, file_line=notebook.cells[found.cell_index].file_line(found.line))


def _place(diagnostic: Diagnostic) -> tuple[int, int, str]:
    index = -1 if diagnostic.cell_index is None else diagnostic.cell_index
    return index, diagnostic.line or 0, diagnostic.code
