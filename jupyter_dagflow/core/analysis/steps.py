"""Phase 2, first half: the notebook followed from top to bottom, as a list of what each statement
does.

The law: values are followed in notebook order whatever the tasks are, because notebook order is
the truth. Which task a name then comes from is decided afterwards, in `versions`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from jupyter_dagflow.core.analysis import ir
from jupyter_dagflow.core.analysis.ambient import AMBIENT_STATES
from jupyter_dagflow.core.analysis.follow import Follower
from jupyter_dagflow.core.analysis.ir import CellSummary, Role, Statement
from jupyter_dagflow.core.analysis.values import DEEPEST, UNKNOWN, Heap, Value, base_of, slot
from jupyter_dagflow.core.analysis.world import DELETED, EMPTY, NO_KIN, NO_NAMES, Effect, Kin, Mark
from jupyter_dagflow.core.model import CellId

PRELUDE = ""
"""The task that setup is."""

_STEPS = 64  # statements of a cell, and objects it makes, for which there are always numbers
_OBJECTS = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One code cell in notebook order, as plain Python, and the task it belongs to (`PRELUDE` for
    setup).

    ``mutates`` and ``pure`` are names that the task's tags say it changes, or does not; ``shares``
    are pairs of names that have objects in common where the cell ends, as a run has seen. A task that
    is ``conditional`` may be skipped, and then has done nothing; ``asks`` tells that this is no cell but what
    it is asked for that. Where several tasks count as one, ``task`` is the one that people see the cell in.
    """

    cell: CellId
    index: int
    code: str
    node: str
    mutates: frozenset[str] = frozenset()
    pure: frozenset[str] = frozenset()
    shares: frozenset[tuple[str, str]] = frozenset()
    conditional: bool = False
    asks: bool = False
    task: str = ""


class Rejoined(NamedTuple):
    """What a name may be, and share, below a task that may have been skipped."""

    value: Value
    kin: Kin
    origins: tuple[int, ...]


@dataclass(slots=True)
class Step:
    """One top-level statement after it has been followed.

    ``node`` is the task it is part of. ``bound`` tells of each name it binds whether it surely
    does; ``touched`` are names whose values it changes in place, ``seen`` the slots of objects that
    see its changes; ``kin`` is what the value of a name bound or touched shares afterwards,
    ``kin_before`` what that of a name read or perhaps bound shared before. The first step below a task
    that may be skipped ``rejoins`` the names that depend on that.
    """

    number: int
    block: Block
    statement: Statement
    effect: Effect
    node: str
    bound: Mapping[str, bool]
    deleted: frozenset[str]
    touched: Mapping[str, int]
    seen: Mapping[int, set[int]]
    values: Mapping[str, Value]
    kin: Mapping[str, Kin]
    kin_before: Mapping[str, Kin]
    origins: Mapping[str, tuple[int, ...]]
    unmovable: Mapping[str, str]
    rejoins: Mapping[str, Rejoined] = field(default_factory=lambda: EMPTY)

    @property
    def task(self) -> str:
        """What the task is called where people are told of it."""
        return self.block.task or self.node

    @property
    def is_quiet(self) -> bool:
        """Whether the statement binds names and sets modules, and nothing besides that can be told."""
        return self.seeds_at_most and not any(name.startswith("<") for name in self.bound)

    @property
    def seeds_at_most(self) -> bool:
        """Whether that is so but for global generators that it seeds."""
        draws = any(name.startswith("<") for name in self.effect.reads)
        loud = any(mark.kind not in ("star", "loads") for mark in self.effect.marks)
        return not (draws or loud or self.touched)

    @property
    def is_assigned_call(self) -> bool:
        """Whether it is ``name = f()``, which sets modules: copied as a setting, it gives no name a value."""
        role = self.statement.role
        return bool(self.effect.modules) and not (role.definition or role.setting)

    def line_of(self, name: str) -> int:
        """The line on which this statement binds or changes a name."""
        return self.effect.lines.get(name) or self.touched.get(name) or self.statement.line


class Place(NamedTuple):
    """A statement that wrote a name."""

    step: Step
    line: int


@dataclass(slots=True)
class Story:
    """All steps of a notebook by their numbers, in order, and what is known when it has ended.

    ``changed`` are all objects that are changed by anyone, with the steps that do, ``outlived`` the
    functions and classes whose name came to mean something else, perhaps, while they live on.
    """

    steps: dict[int, Step]
    heap: Heap
    changed: Mapping[int, Sequence[Step]]
    outlived: set[int]


def story_of(follower: Follower, chapters: Iterable[Sequence[Step]]) -> Story:
    """The story that a notebook's cells make, one after the other, where the follower has come to."""
    steps = {step.number: step for chapter in chapters for step in chapter}
    changed: dict[int, list[Step]] = {}
    for step in steps.values():
        for base in {base_of(obj) for obj in step.effect.changed}:
            changed.setdefault(base, []).append(step)
    return Story(steps, follower.heap, changed, follower.outlived)


def follow(follower: Follower, block: Block, summary: CellSummary, place: int) -> tuple[Step, ...]:
    """Follow one cell, the one at this place of the notebook.

    Its steps and the objects it makes have numbers of their own, so that an edit of one cell leaves
    those of the others as they are, if it is not very long.
    """
    follower.heap.make_room(place * _OBJECTS)
    number = follower.room_for(place * _STEPS)
    rejoins = _rejoins(follower, block)
    steps: list[Step] = []
    statements = summary.statements
    told = None
    if statements and (block.mutates or block.pure or block.shares):
        told = Statement(
            (), "", statements[-1].line, Role()
        )  # a cell has done it when it has ended
        statements = (*statements, told)
    for statement in statements:
        declared = statement is told
        if statement.role.inert and not declared:
            continue
        steps.append(_follow(follower, block, statement, number, declared=declared))
        number += 1
    if rejoins:
        nothing = Statement((), "", 1, Role())
        steps = steps or [_follow(follower, block, nothing, number, declared=False)]
        steps[0].rejoins = rejoins
    return tuple(steps)


def _rejoins(follower: Follower, block: Block) -> dict[str, Rejoined]:
    """What there is to say where a task ends that may be skipped, and keep where one begins."""
    rejoined = {}
    if follower.branch is not None and follower.branch.node != block.node:
        for name, value in follower.leave_branch().items():
            origins: dict[str, tuple[int, ...]] = {}
            _note(follower.heap, name, value, origins, {})
            rejoined[name] = Rejoined(value, follower.kin(name, value), origins.get(name, ()))
    if block.conditional and follower.branch is None:
        follower.enter_branch(block.node)
    return rejoined


def _follow(
    follower: Follower, block: Block, statement: Statement, number: int, *, declared: bool
) -> Step:
    follower.begin(number)
    follower.node = block.node
    try:
        follower.run(statement.body)
    except RecursionError:
        follower.reset()
        follower.effect.marks += (Mark("opaque", "code nested this deeply", statement.line),)
    _note_made_once(follower, statement)
    if any(mark.kind == "binds" for mark in follower.effect.marks):
        follower.heap.hides_names = True
    effect = follower.effect
    mutates = sorted(block.mutates) if declared and block.mutates else ()
    for name in mutates:
        value = follower.names.get(name)
        if value is not None:
            follower.read(name, statement.line, value)
            _change_all(follower, value, statement.line)
        elif name in AMBIENT_STATES:  # a run has seen it there first
            follower.draw(name, statement.line, seeds=True)
        elif follower.heap.hides_names and name not in follower.state.names:
            effect.unresolved.setdefault(name, statement.line)
            follower.bind(name, follower.heap.make(UNKNOWN), statement.line)
    if declared and block.shares:
        _let_share(follower, block, statement.line)
    _believe_pure(follower, block)
    origins: dict[str, tuple[int, ...]] = {}
    unmovable: dict[str, str] = {}
    for name, value in effect.values.items():
        _note(follower.heap, name, value, origins, unmovable)
    kin_before, deleted = _kin_before(follower), _deleted(follower)
    bound, touched = follower.commit()
    for name in mutates:
        if name in follower.names and name not in bound:
            touched.setdefault(name, statement.line)
    for name in block.pure:
        touched.pop(name, None)
    values: dict[str, Value] = {}
    kin: dict[str, Kin] = {}
    for name in [*bound, *touched]:
        after = follower.names.get(name)
        if after is not None:
            values[name] = after
            _note(follower.heap, name, after, origins, unmovable)
            if after.objects:
                kin[name] = follower.kin(name, after)
    effect.settle()
    return Step(
        number,
        block,
        statement,
        effect,
        block.node,
        bound=bound or EMPTY,
        deleted=deleted,
        touched=dict(sorted(touched.items())) or EMPTY,  # versions are counted in this order
        seen=follower.seen or EMPTY,
        values=values or EMPTY,
        kin=kin or EMPTY,
        kin_before=kin_before or EMPTY,
        origins=origins or EMPTY,
        unmovable=unmovable or EMPTY,
    )


def _kin_before(follower: Follower) -> Mapping[str, Kin]:
    """What the names that the statement reads, or perhaps binds, share before it is committed."""
    state, effect = follower.state, follower.effect
    if state.names.keys() == state.must:
        return effect.kin
    kin = dict(effect.kin)
    for name in state.names.keys() - state.must - effect.reads.keys():
        old = follower.names.get(name)
        kin[name] = follower.kin(name, old) if old is not None and old.objects else NO_KIN
    return kin


def _deleted(follower: Follower) -> frozenset[str]:
    names, must = follower.state.names, follower.state.must
    if DELETED not in names.values():
        return NO_NAMES
    return frozenset(n for n, v in names.items() if v is DELETED and n in must)


def _note_made_once(follower: Follower, statement: Statement) -> None:
    """Note what ``xs = [...]`` makes, which outside of loops and functions is one object and no more."""
    heap = follower.heap
    for node in statement.body if len(statement.body) == 1 else ():
        if isinstance(node, ir.Assign) and isinstance(node.value, (ir.Display, ir.Literal)):
            for target in node.targets:
                if isinstance(target, ir.GlobalTarget) and target.name in follower.state.names:
                    objects = follower.state.names[target.name].objects
                    heap.made_once.update(map(base_of, objects))


def _change_all(follower: Follower, value: Value, line: int) -> None:
    """Change a value and all that it holds: where in it, nobody has said."""
    follower.change(value, line, content=True)
    inside = (slot(base, number) for base in follower.heap.reach(value) for number in (0, DEEPEST))
    follower.change(Value(UNKNOWN, frozenset(inside)), line, content=True)


def _let_share(follower: Follower, block: Block, line: int) -> None:
    """Let names share objects though the code does not show it: each is as if it held the other."""
    for pair in sorted(block.shares):
        one, other = (follower.state.names.get(n) or follower.names.get(n) for n in pair)
        if one is None or other is None:
            continue
        for name, value in zip(pair, (one, other), strict=True):
            follower.read(name, line, value)
        follower.heap.hold(one, other)
        follower.heap.hold(other, one)
        follower.change(one, line)


def _believe_pure(follower: Follower, block: Block) -> None:
    for name in block.pure:
        value = follower.names.get(name)
        for obj in value.objects if value is not None else ():
            follower.effect.changed.pop(obj, None)


def _note(
    heap: Heap,
    name: str,
    value: Value,
    origins: dict[str, tuple[int, ...]],
    unmovable: dict[str, str],
) -> None:
    """Note what linking needs to know of a value: the definitions it carries, whether it can
    move.
    """
    if not value.objects:
        return
    codes = heap.codes(value)
    if codes:
        found = {heap.code[c].origin for c in codes}
        origins[name] = tuple(sorted(found.union(origins.get(name, ()))))
    what = heap.what_cannot_move(value)
    if what:
        unmovable.setdefault(name, what)
