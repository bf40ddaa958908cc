"""What every task takes, leaves and copies: the analysis as a whole.

The law: notebook order is the truth. The result has the data edges with their reasons, and
everything there is to say about the notebook; nothing raises, whatever the cells hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from jupyter_dagflow.core.analysis.ambient import WORKING_DIRECTORY
from jupyter_dagflow.core.analysis.changes import exposed, known_changes
from jupyter_dagflow.core.analysis.findings import Findings, Tie
from jupyter_dagflow.core.analysis.ir import CellSummary
from jupyter_dagflow.core.analysis.source import analyse_cell
from jupyter_dagflow.core.analysis.steps import PRELUDE, Block, Place, Story
from jupyter_dagflow.core.analysis.telling import tell
from jupyter_dagflow.core.analysis.units import Conflict, Demand, NodeState, Taken
from jupyter_dagflow.core.analysis.versions import Linker
from jupyter_dagflow.core.analysis.world import NO_KIN
from jupyter_dagflow.core.diagnostics import Diagnostic
from jupyter_dagflow.core.model import (
    Definition,
    Edge,
    Exposed,
    Input,
    Mention,
    Reason,
    TaskName,
)

__all__ = ["PRELUDE", "Block", "Dataflow", "NodeFlow", "Tie", "analyse"]

_ATTEMPTS = 64
_NOTEBOOKS_REMEMBERED = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeFlow:
    """One task: the names it takes and from whom, those it leaves bound or changed, the
    definitions it copies.

    ``versions`` are the versions it ends with, counted down the notebook, of names that it takes,
    writes or deletes, ``from_prelude`` the names it reads as setup leaves them, ``files_read`` and
    ``files_written`` the paths that stand in its code; ``exposed`` is what a later task changes in
    place, ``replaces`` are the names that it gives a definition and then something that is not copied,
    ``sets`` the modules that are set in its kernel, by it or for it. A name in ``<…>`` is
    ambient state (`ambient.AMBIENT_STATES`), handed over like a variable.
    """

    inputs: tuple[Input, ...]
    writes: tuple[str, ...]
    definitions: tuple[Definition, ...]
    versions: Mapping[str, int] = field(default_factory=dict)
    from_prelude: tuple[Mention, ...] = ()
    files_read: tuple[Mention, ...] = ()
    files_written: tuple[Mention, ...] = ()
    exposed: tuple[Exposed, ...] = ()
    replaces: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataflow:
    """The tasks of a notebook in order of their first cell, the edges between them, the findings,
    and the versions of names that setup makes (see `NodeFlow`).

    ``ties`` are the cells of different tasks that have to be in one.
    """

    nodes: Mapping[str, NodeFlow]
    edges: tuple[Edge, ...]
    diagnostics: tuple[Diagnostic, ...]
    prelude_versions: Mapping[str, int] = field(default_factory=dict)
    ties: tuple[Tie, ...] = ()


@dataclass(frozen=True, slots=True)
class _Question:
    """What an analysis is asked: where cells stand, and what is in them.

    Equal questions have equal answers. Their codes need not be equal, for comments say nothing.
    """

    blocks: tuple[Block, ...] = field(compare=False)
    places: tuple[tuple[object, ...], ...]
    summaries: tuple[CellSummary, ...] = field(hash=False)  # their hash would take long


def analyse(
    blocks: Sequence[Block], *, summarise: Callable[[str], CellSummary] = analyse_cell
) -> Dataflow:
    """The data flow between the tasks of a notebook; ``summarise`` may be a cached `analyse_cell`.

    Example: a block ``x = 1`` of task a and a block ``print(x)`` of task b give the one edge a → b
    because of x.
    """
    return _answer(
        _Question(
            blocks=tuple(blocks),
            places=tuple(
                (b.cell, b.index, b.node, b.conditional, b.mutates, b.pure, b.shares)
                for b in blocks
            ),
            summaries=tuple(summarise(b.code) for b in blocks),
        )
    )


@lru_cache(_NOTEBOOKS_REMEMBERED)
def _answer(question: _Question) -> Dataflow:
    blocks, summaries = question.blocks, question.summaries
    linker, findings = _linked(tell(blocks, summaries))
    stateful = linker.definitions.stateful_code() | linker.story.heap.tables.noticed
    if stateful:
        linker, findings = _linked(tell(blocks, summaries, stateful))
    for block, summary in zip(blocks, summaries, strict=True):
        if summary.problem is not None:
            findings.syntax(block, summary.problem)
    last_steps = {n: state.last_step for n, state in linker.nodes.items() if n != PRELUDE}
    linker.module_settings.report(findings, last_steps)
    names = dict.fromkeys(block.node for block in blocks if block.node != PRELUDE)
    nodes = {name: linker.nodes.get(name) or NodeState() for name in names}
    edges = _edges(nodes, linker, findings)
    order = {name: index for index, name in enumerate(names)}
    flows = {name: _flow(name, state, linker, order) for name, state in nodes.items()}
    prelude = linker.nodes.get(PRELUDE, NodeState())
    return Dataflow(
        nodes=flows,
        edges=edges,
        diagnostics=findings.diagnostics,
        prelude_versions=prelude.holds,
        ties=findings.ties,
    )


def _linked(story: Story) -> tuple[Linker, Findings]:
    demands: list[Demand] = []
    for attempt in range(_ATTEMPTS):
        findings = Findings()
        linker = Linker(story, findings, demands, insists=attempt < _ATTEMPTS - 1)
        try:
            linker.link()
            break
        except Conflict as conflict:
            demands += conflict.demands
    return linker, findings


def _flow(name: str, state: NodeState, linker: Linker, order: Mapping[str, int]) -> NodeFlow:
    inputs = []
    changes = known_changes(linker.story, state)
    for variable, taken in state.taken.items():
        sources = sorted(
            (s for s in taken.sources if s != PRELUDE), key=lambda s: (s == taken.holder, order[s])
        )
        if sources:
            shares = tuple(sorted(taken.kin.names))
            tasks = tuple(TaskName(s) for s in sources)
            inputs.append(
                Input(
                    name=variable,
                    sources=tasks,
                    shares=shares,
                    kept=variable not in state.changed,
                    changes=changes.get(variable, ()),
                    rebound=linker.writes(name, variable),
                )
            )
    definitions = linker.definitions.listed(state.definitions, name)
    return NodeFlow(
        inputs=tuple(inputs),
        writes=tuple(state.writes),
        definitions=definitions,
        versions=state.holds,
        from_prelude=tuple(_from_prelude(state)),
        replaces=linker.replaces(name),
        sets=linker.sets(name),
        files_read=_files(state.files_read),
        files_written=_files(state.files_written),
        exposed=tuple(exposed(linker.story, state)),
    )


def _files(places: Mapping[str, Place]) -> tuple[Mention, ...]:
    return tuple(
        Mention(name=path, cell=place.step.block.cell, line=place.line)
        for path, place in places.items()
    )


def _from_prelude(state: NodeState) -> Iterator[Mention]:
    for name, step in state.from_prelude.items():
        line = step.effect.reads.get(name, step.statement.line)
        shares = tuple(sorted(state.ends.get(name, NO_KIN).names))
        yield Mention(name=name, cell=step.block.cell, line=line, shares=shares)


def _edges(nodes: Mapping[str, NodeState], linker: Linker, findings: Findings) -> tuple[Edge, ...]:
    reasons: dict[tuple[str, str], list[Reason]] = {}
    for node, state in nodes.items():
        for name, taken in state.taken.items():
            for source in (s for s in taken.sources if s != PRELUDE):
                reasons.setdefault((source, node), []).append(_reason(name, taken, source))
    _tell_of_ambient(nodes, findings)
    for source, target, reason in linker.files:
        reasons.setdefault((source, target), []).append(reason)
    order = {name: index for index, name in enumerate(nodes)}
    pairs = sorted(
        (p for p in reasons if p[0] in order and p[1] in order),
        key=lambda p: (order[p[1]], order[p[0]]),
    )
    return tuple(
        Edge(source=TaskName(s), target=TaskName(t), reasons=tuple(reasons[s, t])) for s, t in pairs
    )


def _tell_of_ambient(nodes: Mapping[str, NodeState], findings: Findings) -> None:
    """Tell who waits for whom because of state outside variables; of the working directory, all who do at once."""
    moved: dict[str, list[Taken]] = {}
    for state in nodes.values():
        for name, taken in state.taken.items():
            for source in (s for s in taken.sources if s != PRELUDE and name.startswith("<")):
                if name == WORKING_DIRECTORY:
                    moved.setdefault(source, []).append(taken)
                else:
                    findings.ambient_order(taken.step, name, taken.line, source)
    for source, takers in moved.items():
        place = takers[0].sources[source] or takers[0]
        findings.moved(source, [taken.step for taken in takers], step=place.step, line=place.line)


def _reason(name: str, taken: Taken, source: str) -> Reason:
    place = taken.sources[source]
    return Reason(
        kind="data",
        name=name,
        source_cell=place.step.block.cell if place else None,
        source_line=place.line if place else None,
        target_cell=taken.step.block.cell,
        target_line=taken.line,
    )
