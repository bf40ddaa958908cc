"""The notebook's variables while it is followed from top to bottom, and what one statement does to
them.

The law: `Effect` is all that a statement does that others may notice: reads of names it has not
bound itself, names it binds surely or perhaps, objects and modules it changes. Control flow is
followed with `State`: ``must`` are the names bound on every path to here.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from copy import copy
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from jupyter_dagflow.core.analysis import library
from jupyter_dagflow.core.analysis.memory import Trace
from jupyter_dagflow.core.analysis.values import (
    BUFFER,
    NOTHING,
    UNKNOWN,
    Frame,
    Heap,
    Value,
    base_of,
    join,
    sees,
    slot,
    slot_of,
)

if TYPE_CHECKING:
    from typing_extensions import Self  # Python 3.10 has none of its own

DELETED = Value("deleted")
EMPTY: Any = MappingProxyType({})


class Mark(NamedTuple):
    """Something that a statement does besides reading, binding and changing, and where.

    ``kind``: ``opaque``; ``binds`` (may bind any name), ``star``, ``writes`` or ``reads`` (a file),
    ``anew`` (a call that gives something else each time), ``loads`` (what a file names by name, as pickles do),
    ``finalizes`` (tells what is to be called when an object goes).
    """

    kind: str
    what: str
    line: int


NO_NAMES: frozenset[str] = frozenset()  # Python would make a new empty one each time


class Kin(NamedTuple):
    """What a value shares at one moment: the names of values that have an object with it in
    common, and the objects it reaches.
    """

    names: frozenset[str] = NO_NAMES
    reach: frozenset[int] = NOTHING


NO_KIN = Kin()


class Effect:
    """What one top-level statement does; lines are within its cell.

    ``kin`` is what the value of a name shared when it was read; ``compares`` are the
    objects of which it asks whether they are one; ``stored`` are older objects put into others, and
    those they were put into.
    """

    __slots__ = (
        "builtins",
        "changed",
        "compares",
        "excused",
        "extends",
        "kin",
        "lines",
        "marks",
        "modules",
        "reads",
        "stored",
        "unresolved",
        "values",
    )

    def __init__(self) -> None:
        self.reads: dict[str, int] = {}
        self.values: dict[str, Value] = {}
        self.kin: dict[str, Kin] = {}
        self.unresolved: dict[str, int] = {}
        self.excused = NO_NAMES
        self.builtins: dict[str, int] = {}
        self.lines: dict[str, int] = {}
        self.changed: dict[int, int] = {}
        self.modules: dict[str, int] = {}
        self.marks: tuple[Mark, ...] = ()
        self.extends: tuple[str, ...] = ()
        self.compares: Set[int] = NOTHING
        self.stored: Set[int] = NOTHING

    def settle(self) -> None:
        """Nothing more will come: what is empty, as most is, need not take memory."""
        self.reads = self.reads or EMPTY
        self.values = self.values or EMPTY
        self.kin = self.kin or EMPTY
        self.unresolved = self.unresolved or EMPTY
        self.builtins = self.builtins or EMPTY
        self.lines = self.lines or EMPTY
        self.changed = self.changed or EMPTY
        self.modules = self.modules or EMPTY


class State:
    """Where control flow stands: global names bound so far by this statement, and the running
    function's variables.
    """

    __slots__ = ("dead", "locals", "must", "names")

    def __init__(self) -> None:
        self.names: dict[str, Value] = {}
        self.must: set[str] = set()
        self.locals: dict[str, Value] = {}
        self.dead = False

    def copy(self) -> State:
        """The same place, to go on from on another path."""
        other = State()
        other.names = self.names.copy()
        other.must = self.must.copy()
        other.locals = self.locals.copy()
        other.dead = self.dead
        return other


class Branch(NamedTuple):
    """A part of the notebook that may not run, and what names were bound to above it."""

    node: str
    names: Mapping[str, Value]


def join_states(states: list[State]) -> State:
    """Where paths meet; paths that ended (``raise``, ``return``) do not take part."""
    alive = [s for s in states if not s.dead]
    if not alive:
        ended = states[0].copy()
        ended.dead = True
        return ended
    if len(alive) == 1:
        return alive[0].copy()
    result = State()
    result.must = set.intersection(*(s.must for s in alive))
    for state in alive:
        merge(result.names, state.names)
        merge(result.locals, state.locals)
    return result


def merge(into: dict[str, Value], other: dict[str, Value]) -> None:
    """Let names have the values of either."""
    for name, value in other.items():
        known = into.get(name)
        if known is None or known is DELETED:
            into[name] = value
        elif value is not DELETED and value is not known:
            into[name] = join(known, value)


class World:
    """The notebook's namespace with its heap; carries the effect and the state of the statement
    being followed.

    ``attached`` are the paths of what the notebook has put into modules, ``named_in_text`` what its texts name as
    ``@name``.
    """

    def __init__(self, stateful: frozenset[int] = NOTHING) -> None:
        self.heap = Heap(stateful)
        self.names: dict[str, Value] = {}
        self.named: dict[int, set[str]] = {}
        self.outlived: set[int] = set()
        self.branch: Branch | None = None
        self.effect = Effect()
        self.state = State()
        self.frame = Frame(None)
        self.lazy_annotations = False
        self.guarded = 0
        self.caught: list[State] = []
        self.statement = -1
        self.node = ""
        self.seen: dict[int, set[int]] = {}
        self.trace: Trace | None = None
        self.attached: set[str] = set()
        self.named_in_text: set[str] = set()
        self._alone: dict[int, Kin] = {}  # of objects that share nothing, to be made once

    def fork(self) -> Self:
        """The same notebook at the same place, between two statements, to be followed on its own."""
        other = copy(self)
        other.heap = self.heap.fork()
        other.names = dict(self.names)
        other.named = {base: set(names) for base, names in self.named.items()}
        other.outlived = set(self.outlived)
        other.attached = set(self.attached)
        other.named_in_text = set(self.named_in_text)
        other.caught = []
        return other

    def is_like(self, other: World) -> bool:
        """Whether the same is known here as there, whatever names without objects are bound to."""
        return (
            self.named == other.named
            and self.outlived == other.outlived
            and self.attached == other.attached
            and self.named_in_text == other.named_in_text
            and self.lazy_annotations == other.lazy_annotations
            and self.heap.is_like(other.heap)
        )

    # tasks that may be skipped

    def enter_branch(self, node: str) -> None:
        """Begin a part that may not run at all."""
        self.branch = Branch(node, dict(self.names))

    def leave_branch(self) -> dict[str, Value]:
        """End it, and tell of the names that mean one thing or another now."""
        assert self.branch is not None
        before, self.branch = self.branch.names, None
        rejoined = {}
        for name, old in before.items():
            new = self.names.get(name)
            if new is not old:
                value = rejoined[name] = old if new is None else join(old, new)
                self._rename(name, value)
        return rejoined

    # variables

    def load(self, name: str, line: int, *, soft: bool = False) -> Value:
        """Read a notebook variable, late: whatever it is by now."""
        state = self.state
        bound = state.names.get(name)
        if bound is not None:
            if self.trace is not None:
                self.trace.local = True
            if name in state.must and bound is not DELETED:
                return bound
        known = self.names.get(name)
        if known is None and bound is None:
            return self._unbound(name, line, soft=soft)
        if known is not None:
            self.read(name, line, known)
            if self.trace is not None:
                self.trace.reads[name] = known
        if bound is None or bound is DELETED:
            return known or Value(UNKNOWN)
        return join(bound, known) if known is not None else bound

    def read(self, name: str, line: int, value: Value) -> None:
        """Record that the statement needs a name from before."""
        if name not in self.state.must:
            self._read_old(name, line, value)

    def _read_old(self, name: str, line: int, value: Value) -> None:
        if name not in self.effect.reads:
            self.effect.reads[name] = line
            self.effect.values[name] = value
            if value.objects:
                self.effect.kin[name] = self.kin(name, value)

    def _unbound(self, name: str, line: int, *, soft: bool) -> Value:
        effect = self.effect
        if name in library.KNOWN_NAMES and not library.HISTORY.match(name):
            effect.builtins.setdefault(name, line)
            if self.trace is not None:
                self.trace.builtins.add(name)
            return Value("module", path=f"builtins.{name}")
        if soft:
            effect.excused |= {name}
        effect.unresolved.setdefault(name, line)
        if self.trace is not None:
            self.trace.unresolved.add(name)
        if self.guarded:
            effect.excused |= {name}
        return Value(UNKNOWN)

    def bind(self, name: str, value: Value, line: int) -> None:
        """Bind a notebook variable on this path."""
        self.state.names[name] = value
        self.state.must.add(name)
        if self.caught:
            merge(self.caught[-1].names, {name: value})
        self.impure()
        self.effect.lines[name] = line

    def unbind(self, name: str, line: int) -> None:
        """Delete a notebook variable on this path."""
        self.bind(name, DELETED, line)

    def bind_local(self, name: str, value: Value) -> None:
        """Bind a variable of the running function."""
        self.state.locals[name] = value
        if self.caught:
            merge(self.caught[-1].locals, {name: value})
        cells = self.frame.cells
        cells[name] = join(cells[name], value) if name in cells else value

    def watch(self) -> None:
        """From here to `stopped`, code may stop anywhere and go on behind."""
        self.caught.append(self.state.copy())

    def stopped(self) -> State:
        """Where control flow may stand behind code that was watched, if it did stop."""
        caught = self.caught.pop()
        if self.caught:
            merge(self.caught[-1].names, caught.names)
            merge(self.caught[-1].locals, caught.locals)
        after = self.state.copy()
        caught.dead = after.dead = False
        return join_states([caught, after])

    # changes

    def change(self, value: Value, line: int, *, content: bool = False) -> None:
        """Record that a value is changed in place; ``content`` if what views of it share changes
        too.
        """
        if value.kind in library.IMMUTABLE:
            return
        if value.kind == "module":
            self.impure()
            self.effect.modules.setdefault(value.path, line)
            return
        changed, heap = self.effect.changed, self.heap
        for obj in value.objects:
            if base_of(obj) in heap.live:
                self.impure()
                self.effect.modules.setdefault(heap.live[base_of(obj)], line)
                continue
            heap.lowest = min(heap.lowest, base_of(obj))
            is_known = obj in changed
            changed.setdefault(obj, line)
            if heap.kinds.get(base_of(obj)) == "iterator" and not is_known:
                self._change_sources(obj, line)
            if slot_of(obj) == 0 and content:
                changed.setdefault(slot(base_of(obj), BUFFER), line)
            if heap.tables.exported:
                self._change_memory(base_of(obj), line)

    def _change_sources(self, iterator: int, line: int) -> None:
        """What goes through another iterator moves that on."""
        heap = self.heap
        for obj in heap.fields.get(base_of(iterator), {}).get("__view__", ()):
            kind = heap.kinds[base_of(obj)]
            if kind in library.STATEFUL and obj != iterator:
                self.change(Value(kind, frozenset((obj,))), line)

    def _change_memory(self, table: int, line: int) -> None:
        """A table made of others is changed: arrays over the memory of those may be over its own."""
        tables = self.heap.tables
        for root in tables.exported & tables.memory.roots_of(table):
            tables.noticed.add(root)
            (common,) = self.heap.common(root, "memory").objects
            self.effect.changed.setdefault(common, line)

    def impure(self) -> None:
        """The call that is being followed has an effect outside objects."""
        self.heap.lowest = -1
        self.heap.changes += 1

    def escape(self, line: int) -> None:
        """Record that code which cannot be seen has all of the notebook's variables."""
        self.impure()
        self.effect.marks += (Mark("binds", library.MAIN, line),)
        self.read_all(line)

    def read_all(self, line: int) -> None:
        """Record that any of the notebook's variables may be looked at, by a name that cannot be seen."""
        for name, value in self.names.items():
            self.read(name, line, value)

    def differ(self, path: str, line: int) -> None:
        """Record a call that gives something else each time."""
        self.impure()
        self.effect.marks += (Mark("anew", path, line),)

    def unpickle(self, path: str, line: int) -> None:
        """Record a call that may need any function and class of the notebook: what it loads names them."""
        self.impure()
        self.effect.marks += (Mark("loads", path, line),)

    def finalize(self, path: str, line: int) -> None:
        """Record a call that tells what is to be called when an object goes."""
        self.impure()
        self.effect.marks += (Mark("finalizes", path, line),)

    def draw(self, label: str, line: int, *, seeds: bool) -> None:
        """Record a use of ambient state: a read and a change, unless it sets that state anew."""
        if seeds:
            self.bind(label, Value("ambient"), line)
        elif label in self.state.must:
            self.impure()
            self.effect.lines[label] = line
        elif label in self.names:
            self.read(label, line, self.names[label])
            self.bind(label, Value("ambient"), line)
        else:
            self.differ(label, line)

    # between statements

    def room_for(self, first: int) -> int:
        """The number of the next statement: ``first``, or more if that has been used."""
        return max(first, self.statement + 1)

    def begin(self, number: int) -> None:
        """Start a top-level statement."""
        self.statement = number
        self.heap.begin()
        self.trace = None
        self.effect = Effect()
        self.state = State()
        self.frame = Frame(None)

    def commit(self) -> tuple[dict[str, bool], dict[str, int]]:
        """End a statement: bind what it bound, and tell that (name: surely) and the other names
        that see its changes.
        """
        if self.effect.changed and self.heap.tables.noticed:
            self._read_what_is_lost()
        bound: dict[str, bool] = {}
        code, must = self.heap.code, self.state.must
        if self.heap.stored:
            self.effect.stored = self.heap.stored
        for name, value in self.state.names.items():
            surely = bound[name] = name in must
            if not surely and name in self.names and value is not DELETED:
                old = self.names[name]
                self.outlived |= {base_of(o) for o in old.objects - value.objects} & code.keys()
                value = join(old, value)
            elif not surely and value is DELETED:
                value = self.names.get(name, value)
            self._rename(name, None if value is DELETED else value)
        if not self.effect.changed:
            self.seen = {}
            return bound, {}
        touched = self._touched()
        return bound, {n: line for n, line in touched.items() if not bound.get(n, False)}

    def _read_what_is_lost(self) -> None:
        """A table that loses its name here was there while another over its memory was changed: that left the memory,
        and an array over it, alone.
        """
        seen = self.heap.containers_of(self.effect.changed)
        for name in self.state.names:
            old = self.names.get(name)
            sharing = (o for o in (old.objects if old is not None else ()) if base_of(o) in seen)
            if old is not None and any(sees(o, seen[base_of(o)]) for o in sharing):
                self._read_old(name, min(self.effect.changed.values()), old)

    def _rename(self, name: str, value: Value | None) -> None:
        old = self.names.pop(name, None)
        if old is not None:
            for obj in old.objects:
                self.named[base_of(obj)].discard(name)
        if value is not None:
            self.names[name] = value
            for obj in value.objects:
                self.named.setdefault(base_of(obj), set()).add(name)
        if old is not None:
            self._outlive(old, value or DELETED)

    def _outlive(self, old: Value, new: Value) -> None:
        """Note functions and classes that lose their name to another value and live on.

        What holds them may have lost its names, too, and still be stored beside what has one.
        """
        heap = self.heap
        for obj in old.objects - new.objects:
            base = base_of(obj)
            lives_on = self.named[base] or not heap.is_only_registered(base)
            if slot_of(obj) != 0 or base not in heap.code or not lives_on:
                continue
            if heap.code[base].name not in self.named[base]:
                self.outlived.add(base)

    def _touched(self) -> dict[str, int]:
        """The names whose values see an object changed by this statement."""
        found: dict[str, int] = {}
        self.seen = self.heap.containers_of(self.effect.changed)
        for base, slots in self.seen.items():
            for name in sorted(self.named.get(base, ())):
                objects = self.names[name].objects
                if name not in found and any(
                    base_of(o) == base and sees(o, slots) for o in objects
                ):
                    found[name] = self._change_line(base)
        return found

    def _change_line(self, base: int) -> int:
        changed = self.effect.changed
        own = [line for obj, line in changed.items() if base_of(obj) == base]
        return min(own or changed.values())

    def kin(self, name: str, value: Value) -> Kin:
        """What a value that has this name shares now."""
        heap = self.heap
        if len(value.objects) == 1:
            (obj,) = value.objects
            base = base_of(obj)
            if base not in heap.fields and base not in heap.held_by:
                if heap.is_stateless(base):
                    return NO_KIN
                alone = self._alone.get(base)
                if alone is None:
                    alone = self._alone[base] = Kin(NO_NAMES, frozenset((base,)))
                others = self.named.get(base, NO_NAMES) - {name}
                return Kin(frozenset(others), alone.reach) if others else alone
        reach = heap.reach(value)
        found: set[str] = set()
        todo = list(reach)
        seen: set[int] = set()
        while todo and len(seen) < 512:
            base = todo.pop()
            if base in seen:
                continue
            seen.add(base)
            if heap.is_stateless(base):
                continue
            found |= self.named.get(base, NO_NAMES)
            todo += heap.held_by.get(base, ())
        own = frozenset([b for b in reach if not heap.is_stateless(b)])
        found.discard(name)
        return Kin(frozenset(found) if found else NO_NAMES, own)
