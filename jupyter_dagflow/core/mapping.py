"""Whether the iterations of mapped loops stand alone, and what each of them takes from other tasks.

The law: a loop may be fanned out if it could be written twice in a row and the second of the two took nothing from
the first but accumulators. So that is what is analysed: what the loop goes through, the loop, and the loop again, as
three tasks. Whatever the analysis knows of hidden ways from one task to another, it thereby knows of iterations.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from jupyter_dagflow.core.analysis.ambient import AMBIENT_STATES, WORKING_DIRECTORY
from jupyter_dagflow.core.analysis.dataflow import Block, Dataflow, NodeFlow, analyse
from jupyter_dagflow.core.analysis.ir import CellSummary
from jupyter_dagflow.core.analysis.parsing import parsed
from jupyter_dagflow.core.analysis.source import names_bound
from jupyter_dagflow.core.assigned import free_in_functions
from jupyter_dagflow.core.diagnostics import Code, Diagnostic
from jupyter_dagflow.core.loops import read_loop, together
from jupyter_dagflow.core.model import ITEMS, CellId, Loop, Reason, TaskName
from jupyter_dagflow.core.partition import Partition, TaskCells
from jupyter_dagflow.core.slices import words_in
from jupyter_dagflow.core.tags import MAP


@dataclass(frozen=True, slots=True, kw_only=True)
class Loops:
    """The loops of the tasks tagged ``map``, and all that stands against them."""

    loops: Mapping[TaskName, Loop]
    diagnostics: tuple[Diagnostic, ...] = ()


_NONE = Loops(loops={})
_GLOBAL_DRAW = re.compile(
    r"\brandom\b(?!\s*\.\s*(?:default_rng|Generator|RandomState|SeedSequence|Random|SystemRandom|PCG64|Philox)\b)"
)
_GENERATORS = frozenset(AMBIENT_STATES.keys() - {WORKING_DIRECTORY})


def map_loops(
    parts: Partition,
    blocks: Sequence[Block],
    flow: Dataflow,
    *,
    summarise: Callable[[str], CellSummary],
) -> Loops:
    """Read the mapped loops of a notebook whose ``blocks`` have that ``flow``."""
    tasks = [task for task in parts.tasks.values() if MAP in task.options]
    if not tasks:
        return _NONE
    loops: dict[TaskName, Loop] = {}
    diagnostics: list[Diagnostic] = []
    for task in tasks:
        found = read_loop(task.name, task.cells)
        if isinstance(found, Loop):
            loops[task.name] = found
        elif not any(
            d.cell in {c.id for c in task.cells} for d in flow.diagnostics if _is_syntax(d)
        ):
            diagnostics.append(found)
    twice = analyse(list(_twice(blocks, loops)), summarise=summarise) if loops else flow
    indexes = {block.cell: block.index for block in blocks}
    felt = (
        free_in_functions(s for block in blocks for s in parsed(block.code))
        if loops
        else frozenset[str]()
    )
    for name, loop in loops.items():
        judged = _Judged(
            parts.tasks[name], loop, flow=flow, twice=twice, indexes=indexes, felt=felt
        )
        diagnostics += judged.findings()
        loops[name] = judged.loop()
    return Loops(loops=loops, diagnostics=tuple(diagnostics))


def _is_syntax(found: Diagnostic) -> bool:
    return found.code == Code.SYNTAX.code


def _expansion(task: str) -> str:
    return f"{task}[]"


def _again(task: str) -> str:
    return f"{task}[+1]"


def _twice(blocks: Sequence[Block], loops: Mapping[TaskName, Loop]) -> Iterator[Block]:
    """The same notebook, but with each mapped loop taken apart and written twice."""
    for block in blocks:
        loop = loops.get(TaskName(block.node))
        if loop is None:
            yield block
        elif block.asks:
            yield replace(block, node=_expansion(block.node), conditional=False, asks=False)
        else:
            block = replace(block, conditional=False)
            yield replace(block, code=loop.gathering[block.cell])
            if block.cell == loop.cell:
                drawn = replace(block, code="pass", mutates=_GENERATORS, node=f"{block.node}[seed]")
                yield drawn  # or draws of generators that nobody seeds would not be told
                listed = f"{loop.expansion[loop.cell]}\n{ITEMS} = [*{ITEMS}]"  # as it is when it is gone through
                yield replace(block, code=listed, node=_expansion(block.node))
                yield replace(block, code=loop.instance[loop.cell])
                yield replace(block, code=loop.instance[loop.cell], node=_again(block.node))


class _Judged:
    """One loop, and what the analysis says of it."""

    def __init__(
        self,
        task: TaskCells,
        loop: Loop,
        *,
        flow: Dataflow,
        twice: Dataflow,
        indexes: Mapping[CellId, int],
        felt: frozenset[str],
    ) -> None:
        self._task = task
        self._loop = loop
        self._flow = flow
        self._twice = twice
        self._indexes = indexes
        self._expansion = twice.nodes[_expansion(task.name)]
        self._first = twice.nodes[task.name]
        self._again = twice.nodes[_again(task.name)]
        self._shared = {
            name
            for item in self._again.inputs
            if item.name in loop.accumulators
            for name in item.shares
        }
        definitions = {*self._again.definitions, *self._expansion.definitions}
        texts = [loop.instance[loop.cell], loop.expansion[loop.cell]]
        texts += [definition.source for definition in definitions]
        self._said = frozenset[str]().union(*map(words_in, texts))
        self._draws = any(map(_GLOBAL_DRAW.search, texts))
        above = frozenset[str]().union(*map(names_bound, loop.gathering.values()))
        self._functions = frozenset[str]().union(*map(names_bound, loop.functions.values()))
        self._above = above - self._functions
        self._not_taken = {ITEMS, *loop.accumulators, *loop.settled - felt, *self._unsaid()}

    def _unsaid(self) -> set[str]:
        """The other names of what the loop reports through, if nothing in it speaks of them."""
        return self._shared - self._said

    def loop(self) -> Loop:
        """The loop, with its functions in its parts, and what these take from others."""
        loop = self._loop
        return replace(
            loop,
            expansion=together(loop.functions, loop.expansion),
            instance=together(loop.functions, loop.instance),
            expansion_reads=tuple(_names(self._expansion)),
            instance_reads=tuple(n for n in _names(self._again) if n not in self._not_taken),
            instance_uses=tuple(read.name for read in self._again.from_prelude),
        )

    def findings(self) -> Iterator[Diagnostic]:
        """What stands against it."""
        met = dict(self._met())
        for name, reason in met.items():
            yield self._dependence(name, reason)
        yield from self._changed_elsewhere(met)
        yield from self._changed_by_expansion(met)
        yield from self._settings()
        yield from self._last_iteration()

    def _met(self) -> Iterator[tuple[str, Reason]]:
        """What the loop, written again, would take from the one above it, and where."""
        for edge in self._twice.edges:
            if edge.source == self._task.name and edge.target == _again(self._task.name):
                for reason in edge.reasons:
                    if reason.kind == "data" and not self._is_nothing(reason.name):
                        yield reason.name, reason

    def _is_nothing(self, name: str) -> bool:
        """Whether a name is none that an iteration takes; of draws that nobody can see, running tells."""
        unseen = name in _GENERATORS and not self._draws
        return unseen or name in self._not_taken

    def _dependence(self, name: str, reason: Reason) -> Diagnostic:
        made = f"line {reason.source_line}" if reason.source_line else "the loop"
        if name in self._functions:
            return self._found(
                Code.MAP_DEPENDENCE,
                f"{name} is defined above the loop with values of the notebook, or an iteration changes it, but each "
                "has a function of its own.",
                f"Define {name} in a task above, and change nothing of it in the loop.",
                line=reason.target_line,
            )
        if name in AMBIENT_STATES:
            state = AMBIENT_STATES[name]
            return self._found(
                Code.MAP_DEPENDENCE,
                f"An iteration of the loop goes on with {state.what} as the one before has left it ({made}), but they "
                "run side by side.",
                f"{state.instead[0].upper()}{state.instead[1:]}.".replace(
                    "each task", "each iteration"
                ),
                line=reason.target_line,
            )
        return self._found(
            Code.MAP_DEPENDENCE,
            f"An iteration of the loop reads {name} as the one before has left it ({made}), but they run side by side.",
            f"Set {name} anew in each iteration, change a copy of it, or report what it is to hold through an "
            "accumulator.",
            line=reason.target_line,
        )

    def _changed_elsewhere(self, met: Collection[str]) -> Iterator[Diagnostic]:
        """What an iteration binds though it is none of its own, by a function say, and no other iteration reads."""
        allowed = {ITEMS, *self._loop.accumulators, *self._loop.own, *self._shared, *met}
        allowed |= self._above | self._functions
        for name in self._first.writes:
            if name not in allowed and not self._is_nothing(name):
                yield self._found(
                    Code.MAP_DEPENDENCE,
                    f"The loop changes {_called(name)}, which is not its own: each iteration would change a copy.",
                    f"Report what {_called(name)} is to hold through an accumulator.",
                )

    def _settings(self) -> Iterator[Diagnostic]:
        for found in self._twice.diagnostics:
            if found.code == Code.SETTING_STAYS.code and found.cell == self._loop.cell:
                yield self._found(
                    Code.MAP_DEPENDENCE,
                    "The loop makes settings of a module with values of its own, which the next iteration would have.",
                    "Hand the values over as arguments, or make the settings in a setup cell.",
                    line=found.line,
                )

    def _changed_by_expansion(self, met: Collection[str]) -> Iterator[Diagnostic]:
        """What going through changes; that draws from a generator, too."""
        drawn = [item.name for item in self._expansion.inputs if item.name.startswith("<")]
        for name in dict.fromkeys([*self._expansion.writes, *drawn]):
            known = name == ITEMS or name in met or name in self._above
            if not known and not self._is_nothing(name):
                yield self._found(
                    Code.MAP_DEPENDENCE,
                    f"To find out what the loop goes through changes {_called(name)}.",
                    "Put what it is to go through into a variable in a task above.",
                )

    def _last_iteration(self) -> Iterator[Diagnostic]:
        """What others would take from the last iteration, as after an ordinary loop."""
        name, own = self._task.name, {*self._loop.own}
        for edge in self._flow.edges:
            for reason in edge.reasons:
                if edge.source == name and reason.kind == "data" and reason.name in own:
                    yield self._found(
                        Code.MAP_LAST_ITERATION,
                        f"Task {edge.target} reads {reason.name} as the last iteration of the loop of task {name} "
                        "leaves it, but no iteration of a loop tagged map is the last.",
                        f"Report it through an accumulator, or give it another name in task {edge.target}.",
                        cell=reason.target_cell,
                        line=reason.target_line,
                    )
        for key in ("keep", "metric"):
            asked = self._task.options.get(key, ())
            for variable in own.intersection(asked if isinstance(asked, tuple) else ()):
                yield self._found(
                    Code.MAP_LAST_ITERATION,
                    f"{key}:{variable} asks for {variable} as the last iteration of the loop leaves it, but no "
                    "iteration of a loop tagged map is the last.",
                    f"Report it through an accumulator, and tag {key}: with the name of that.",
                    cell=self._task.option_cells[key].id,
                    line=None,
                )

    def _found(
        self,
        code: Code,
        message: str,
        hint: str,
        *,
        cell: CellId | None = None,
        line: int | None = 0,
    ) -> Diagnostic:
        """A finding, about the line of the loop if none is told."""
        place = cell or self._loop.cell
        return Diagnostic.of(
            code,
            message,
            cell=place,
            cell_index=self._indexes[place],
            line=self._loop.line if line == 0 else line,
            hint=hint,
        )


def _called(name: str) -> str:
    """A name in words, if it is none of a variable."""
    return AMBIENT_STATES[name].what if name in AMBIENT_STATES else name


def _names(node: NodeFlow) -> list[str]:
    return [item.name for item in node.inputs]
