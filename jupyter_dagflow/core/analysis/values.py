"""Abstract values: which objects a name may hold, and which objects hold which.

The law: an object is a number, made anew at each place that makes one; a value is the set of
objects it may be. Each object has slots: itself, its unnamed inside at depth one, two and three or
more, and its buffer (what a view shares). Holding is by constant key where there is one. Immutable
values have no objects, so they never alias.
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from copy import copy
from typing import NamedTuple
from zlib import crc32

from jupyter_dagflow.core.analysis import ir
from jupyter_dagflow.core.analysis.library import CONTAINERS, IMMUTABLE, live
from jupyter_dagflow.core.analysis.tables import Tables

_SLOTS = 8
_MANY = 256
_FAR = 1 << 40  # below it no other object has a number
HIDDEN = frozenset({"__class__", "__bases__", "__code__", "__view__"})
_NEVER_POOLED = frozenset({"function", "class", "partial", "getter"})
REGISTERED = "__registered__"
OBSERVERS = "__observers__"
BUFFER = 4
DEEPEST = 3
Key = str | int | None


class Value(NamedTuple):
    """What is known of a value: its kind, the objects it may be, and the import path it has as a
    module's piece.
    """

    kind: str
    objects: frozenset[int] = frozenset()
    path: str = ""


class Arguments(NamedTuple):
    """The arguments of a call, evaluated; ``spread`` are the elements of ``*args`` and
    ``**kwargs``.
    """

    positional: tuple[Value, ...] = ()
    keywords: tuple[tuple[str, Value], ...] = ()
    spread: tuple[Value, ...] = ()

    @property
    def every(self) -> tuple[Value, ...]:
        """All argument values."""
        if not self.keywords and not self.spread:
            return self.positional
        return (*self.positional, *(v for _, v in self.keywords), *self.spread)

    def keyword(self, name: str) -> Value | None:
        """A keyword argument."""
        for given, value in self.keywords:
            if given == name:
                return value
        return None


NOTHING: frozenset[int] = frozenset()
IMMUTABLE_VALUE = Value("immutable")
UNKNOWN = "?"


def base_of(obj: int) -> int:
    """The object that a slot belongs to."""
    return obj // _SLOTS


def slot_of(obj: int) -> int:
    """0 for the object itself, 1 to 3 for its inside, 4 for its buffer."""
    return obj % _SLOTS


def slot(base: int, number: int) -> int:
    """A slot of an object."""
    return base * _SLOTS + number


def join(first: Value, *others: Value) -> Value:
    """A value that may be any of these."""
    result = first
    for other in others:
        if other is result or other == result:
            continue
        kind = result.kind if result.kind == other.kind else _common(result, other)
        path = result.path if result.path == other.path else ""
        result = Value(kind, result.objects | other.objects, path)
    return result


def _common(first: Value, second: Value) -> str:
    kinds = {first.kind, second.kind}
    if kinds <= IMMUTABLE:
        return "immutable"
    mutable = kinds - IMMUTABLE
    return mutable.pop() if len(mutable) == 1 and "none" in kinds else UNKNOWN


class FunctionCode:
    """A function object: its IR, and the variables of the function it was made in.

    ``me`` is the first argument that a bound method brings along. With an ``accessor`` it is what a
    property does: ``get``, ``set`` or ``delete``. Of a property that is ``kept``, the instance has the
    result from the first time on, of another function that is, it has itself.
    One that is ``hooked`` into a library's class is run by that when an instance is made, or something in it is
    ``set``, or when it is first asked for (``get``).
    One that ``dispatches`` calls those that are registered with it, too; what it has is the task that
    made it.
    """

    __slots__ = (
        "accessor",
        "defaults",
        "dispatches",
        "function",
        "hooked",
        "kept",
        "me",
        "origin",
        "outer",
        "receiver",
    )

    def __init__(self, function: ir.Function, outer: Frame | None, origin: int) -> None:
        self.function = function
        self.outer = outer
        self.origin = origin
        self.defaults: dict[str, Value] = {}
        self.receiver = "self"
        self.accessor = ""
        self.kept = False
        self.hooked = ""
        self.dispatches: str | None = None
        self.me: Value | None = None

    @property
    def name(self) -> str:
        """What its ``def`` calls it."""
        return self.function.name

    def bound(self, me: Value) -> FunctionCode:
        """The method of one object."""
        other = FunctionCode(self.function, self.outer, self.origin)
        other.defaults, other.me, other.kept = self.defaults, me, self.kept
        return other

    def as_accessor(self, deed: str) -> FunctionCode:
        """The same function as a part of a property."""
        other = FunctionCode(self.function, self.outer, self.origin)
        other.defaults, other.accessor = self.defaults, deed
        return other

    def fork(self, frames: Frames) -> FunctionCode:
        """The same function, in another heap."""
        other = FunctionCode(self.function, frames.fork(self.outer), self.origin)
        other.defaults, other.me = dict(self.defaults), self.me
        other.kept, other.accessor, other.receiver = self.kept, self.accessor, self.receiver
        other.dispatches, other.hooked = self.dispatches, self.hooked
        return other

    def is_like(self, other: object) -> bool:
        """Whether a function of another heap is the same."""
        return isinstance(other, FunctionCode) and self.looks() == other.looks()

    def looks(self) -> tuple[object, ...]:
        """All that there is to know of it, but for its place in memory."""
        frames: list[object] = []
        frame = self.outer
        while frame is not None:
            frames.append((frame.running, frame.cells))
            frame = frame.outer
        flags = (self.kept, self.hooked, self.accessor, self.receiver, self.dispatches)
        return (self.function, self.origin, self.defaults, self.me, flags, frames)


class ClassCode:
    """A class object: its name, its notebook bases, and whether it has bases that are not the
    notebook's.
    """

    __slots__ = ("bases", "foreign", "name", "origin")

    def __init__(self, name: str, bases: tuple[Value, ...], foreign: bool, origin: int) -> None:
        self.name = name
        self.bases = bases
        self.foreign = foreign
        self.origin = origin

    def fork(self, frames: Frames) -> ClassCode:  # noqa: ARG002 -- as `FunctionCode.fork`
        """The same class, in another heap: nothing ever changes in it."""
        return self

    def is_like(self, other: object) -> bool:
        """Whether a class of another heap is the same."""
        if not isinstance(other, ClassCode):
            return False
        mine = (self.name, self.bases, self.foreign, self.origin)
        return mine == (other.name, other.bases, other.foreign, other.origin)


class Frame:
    """The variables of a running function as its inner functions see them: all that they were ever
    bound to, and of those that several have, an object that these hold.
    """

    __slots__ = ("cells", "made", "outer", "returns", "running", "shared")

    def __init__(self, outer: Frame | None, running: int = 0) -> None:
        self.outer = outer
        self.running = running
        self.made: list[int] = []
        self.cells: dict[str, Value] = {}
        self.shared: dict[str, Value] = {}
        self.returns: list[Value] = []

    def find(self, name: str) -> Value | None:
        """What a variable of a function around this one may hold."""
        frame: Frame | None = self.outer
        while frame is not None:
            if name in frame.cells:
                return frame.cells[name]
            frame = frame.outer
        return None


class Frames:
    """The frames of one heap while they are made anew for another."""

    def __init__(self) -> None:
        self._forked: dict[int, Frame] = {}

    def fork(self, frame: Frame | None) -> Frame | None:
        """The frame of the other heap that is the same as this one."""
        if frame is None:
            return None
        forked = self._forked.get(id(frame))
        if forked is None:
            forked = self._forked[id(frame)] = Frame(self.fork(frame.outer), frame.running)
            forked.made, forked.cells = list(frame.made), dict(frame.cells)
            forked.shared, forked.returns = dict(frame.shared), list(frame.returns)
        return forked


class Kept(NamedTuple):
    """What a cache was filled from: the statement that first did, and what it read and was given; and
    the statements that were given its results.
    """

    since: int
    reads: dict[str, Value]
    given: dict[int, int]


class Heap:
    """All objects: what each holds, what it is, and who holds it.

    ``stateful`` are classes and functions that are handed over as data. ``defaulting`` tells of
    dicts what they may call for a key they lack, ``partials`` of partial functions what they call
    with which arguments, ``getters`` what operator's getters and callers get. ``members`` tells of
    an enumeration which object stands for all its members, and of that object which enumeration.
    ``kept`` tells of functions with a cache what the results in it were worked out from, ``noticed``
    are those where it shows that it is not done again.
    ``stored`` are the older objects that the statement being followed has put into one another,
    ``made_once`` those numbers that stand for a single object. ``live`` tells of
    objects that a module has one of what those are, ``drawing`` are estimators that draw random
    numbers when they are fitted. It ``hides_names`` if code that nobody sees may have bound some.
    """

    def __init__(self, stateful: frozenset[int] = NOTHING) -> None:
        self._next = 1
        self.stateful = stateful
        self.kinds: dict[int, str] = {}
        self.fields: dict[int, dict[Key, set[int]]] = {}
        self.held_by: dict[int, set[int]] = {}
        self.plain: set[int] = set()
        self.code: dict[int, FunctionCode | ClassCode] = {}
        self.classes: dict[int, set[int]] = {}
        self.carried: dict[int, set[int]] = {}
        self.unmovable: dict[int, str] = {}
        self.lowest = 1 << 62
        self.generation = 0
        self.changes = 0
        self.old = 0
        self.site = 0
        self.stored: set[int] = set()
        self.made_once: set[int] = set()
        self.hides_names = False
        self.defaulting: dict[int, Value] = {}
        self.factories: dict[int, Value] = {}
        self.partials: dict[int, tuple[Value, Arguments]] = {}
        self.getters: dict[int, tuple[str, Key, Arguments]] = {}
        self.members: dict[int, int] = {}
        self.kept: dict[int, Kept] = {}
        self.noticed: set[int] = set()
        self.has_metaclasses = False
        self.live: dict[int, str] = {}
        self.drawing: set[int] = set()
        self.tables = Tables()
        self._pool: dict[tuple[str, bool, str, int], int] = {}

    def fork(self) -> Heap:
        """The same objects in a heap of their own."""
        other, frames = copy(self), Frames()
        other.kinds, other.unmovable = dict(self.kinds), dict(self.unmovable)
        other.defaulting, other._pool = dict(self.defaulting), {}  # noqa: SLF001 -- our own
        other.factories = dict(self.factories)
        other.live, other.drawing = dict(self.live), set(self.drawing)
        other.partials, other.getters = dict(self.partials), dict(self.getters)
        other.tables = self.tables.fork()
        other.members, other.noticed = dict(self.members), set(self.noticed)
        other.kept = {
            base: kept._replace(reads=dict(kept.reads), given=dict(kept.given))
            for base, kept in self.kept.items()
        }
        other.fields = {
            base: {key: set(held) for key, held in fields.items()}
            for base, fields in self.fields.items()
        }
        other.held_by = {base: set(holders) for base, holders in self.held_by.items()}
        other.classes = {base: set(classes) for base, classes in self.classes.items()}
        other.carried = {base: set(codes) for base, codes in self.carried.items()}
        other.plain, other.stored = set(self.plain), set(self.stored)
        other.made_once = set(self.made_once)
        other.code = {base: code.fork(frames) for base, code in self.code.items()}
        return other

    def is_like(self, other: Heap) -> bool:
        """Whether two heaps have the same objects in them, by the same numbers."""
        return (
            self.kinds == other.kinds
            and self.fields == other.fields
            and self.held_by == other.held_by
            and self.plain == other.plain
            and self.made_once == other.made_once
            and self.drawing == other.drawing
            and self.hides_names == other.hides_names
            and self.classes == other.classes
            and self.carried == other.carried
            and self.unmovable == other.unmovable
            and self.defaulting == other.defaulting
            and self.factories == other.factories
            and self.partials == other.partials
            and self.getters == other.getters
            and self.members == other.members
            and self.kept == other.kept
            and self.noticed == other.noticed
            and self.tables == other.tables
            and self.code.keys() == other.code.keys()
            and all(code.is_like(other.code[base]) for base, code in self.code.items())
        )

    def make_room(self, first: int) -> None:
        """Number the next objects from ``first``, if none has such a number yet."""
        self._next = max(self._next, first)

    def begin(self) -> None:
        """A new statement: what there is by now is old."""
        self.old = self._next
        if self.stored:
            self.stored = set()
        self._pool.clear()

    @property
    def next_base(self) -> int:
        """The number that the next object will have."""
        return self._next

    def make(self, kind: str, *, plain: bool = False, unmovable: str = "") -> Value:
        """A new object of a kind; ``plain`` if all that is inside it is known.

        A statement that makes very many gets one object for all of a kind made by one function.
        """
        if self._next - self.old > _MANY and kind not in _NEVER_POOLED:
            pooled = (kind, plain, unmovable, self.site)
            if pooled in self._pool:
                return Value(kind, frozenset((slot(self._pool[pooled], 0),)))
            self._pool[pooled] = self._next
        base = self._next
        self._next += 1
        self.kinds[base] = kind
        if plain:
            self.plain.add(base)
        if unmovable:
            self.unmovable[base] = unmovable
        return Value(kind, frozenset((base * _SLOTS,)))

    def hold(self, container: Value, value: Value, key: Key = None) -> None:
        """Let a container hold a value, under a key if it is constant."""
        if value.kind == "module" and value.path:
            value = self._live(value)
        if not value.objects or not container.objects:
            return
        for base in {base_of(o) for o in container.objects}:
            self.lowest = min(self.lowest, base)
            if base < self.old:
                self.stored.add(base)
                self.stored.update(i for i in map(base_of, value.objects) if i < self.old)
            held = self.fields.setdefault(base, {}).setdefault(key, set())
            fresh = value.objects - held
            if not fresh:
                continue
            held |= fresh
            self.changes += 1
            if base < self.old and base in self.code:
                self.generation += 1
            for obj in fresh:
                inner = base_of(obj)
                self.held_by.setdefault(inner, set()).add(base)
                # What an open file or a cursor gives is none itself.
                self._carry(base, inner, self.unmovable.get(inner, "") if slot_of(obj) == 0 else "")

    def _live(self, value: Value) -> Value:
        """The object that stands for what a module has one of; its number depends on its path alone."""
        kind = live(value.path)
        if not kind:
            return value
        base = -_FAR - crc32(value.path.encode())
        self.live[base], self.kinds[base] = value.path, kind
        self.plain.add(base)
        return Value(kind, frozenset((slot(base, 0),)))

    def _carry(self, base: int, inner: int, what: str) -> None:
        codes = self.carried.get(inner, set()) | ({inner} if inner in self.code else set())
        todo = [base] if codes or what else []
        while todo:
            container = todo.pop()
            known = self.carried.get(container, set())
            news = bool(codes - known)
            if news:
                self.carried[container] = known | codes
                if container < self.old:
                    self.generation += 1
            if what and container not in self.unmovable and self.kinds.get(container) != "function":
                self.unmovable[container] = what
                news = True
            if news:
                todo += self.held_by.get(container, ())

    def codes(self, value: Value) -> set[int]:
        """The functions and classes that a value is or carries."""
        found: set[int] = set()
        for obj in value.objects:
            base = base_of(obj)
            if base in self.code:
                found.add(base)
            if base in self.carried:
                found |= self.carried[base]
        return found

    def what_cannot_move(self, value: Value) -> str:
        """What in a value cannot leave its kernel, if anything surely is."""
        for obj in value.objects:
            if slot_of(obj) == 0 and base_of(obj) in self.unmovable:
                what = self.unmovable[base_of(obj)]
                itself = self.kinds[base_of(obj)] in ("handle", "generator", "iterator")
                return what if itself else f"a value that holds {what}"
        return ""

    def element(self, value: Value, key: Key = None, *, sliced: bool = False) -> Value:
        """What ``value[key]`` may be; without a key, any element."""
        if value.kind in IMMUTABLE:
            return Value(value.kind)
        if value.kind == "frame":
            return self.part_of(value, self.make("frame"))
        if sliced:
            return self._slice(value)
        found: set[int] = set()
        for obj in value.objects:
            self._inside(obj, key, found)
        kinds = {self._kind_of(o) for o in found}
        kind = kinds.pop() if len(kinds) == 1 else UNKNOWN
        if not found:
            kind = "array" if value.kind == "array" else "immutable"
        return Value(kind, frozenset(found))

    def part_of(self, table: Value, part: Value) -> Value:
        """A part of a table: apart from it, but for objects that are in both."""
        for obj in part.objects:
            self.tables.add_part(base_of(obj), map(base_of, table.objects))
        return self.made_of([table], part, index=True, memory=True)

    def made_of(self, tables: Iterable[Value], made: Value, *, index: bool, memory: bool) -> Value:
        """A table made of others, which may have their index, or be over their memory."""
        bases = [base_of(o) for table in tables if table.kind == "frame" for o in table.objects]
        for obj in made.objects if bases else ():
            if index:
                roots = self.tables.index.relate(base_of(obj), bases)
                self._hold_common(roots, "index", made)
            if memory:
                roots = self.tables.memory.relate(base_of(obj), bases)
                self._hold_common(roots, "memory", made)
        return made

    def put_in(self, table: Value, columns: Iterable[Value]) -> None:
        """Columns were put into a table, which may be over their memory from now on.

        Of a column made by the very statement, which most are, nobody has the memory besides.
        """
        bases = {base_of(o) for each in columns if each.kind == "frame" for o in each.objects}
        found = {root for base in bases for root in self.tables.memory.roots_of(base)}
        roots = {root for root in found if root < self.old or root in self.tables.exported}
        for obj in table.objects if roots else ():
            self.tables.memory.add(base_of(obj), roots)
            self._hold_common(roots, "memory", table)

    def _hold_common(self, roots: Set[int], what: str, made: Value) -> None:
        """Let tables, or an array over one, hold what they have in common, if that is ever noticed."""
        for root in sorted(roots & self.stateful):
            common = self.common(root, what)
            self.hold(Value("frame", frozenset((slot(root, 0),))), common, "__view__")
            self.hold(made, common, "__view__")

    def common(self, root: int, what: str) -> Value:
        """The ``index`` or ``memory`` of a table that others may have, too.

        It has a number that no other object has, so that those of the others stay as they are.
        """
        base = -2 * root - (what == "index") - 1
        self.kinds[base] = what
        return Value(what, frozenset((slot(base, 0),)))

    def memory_of(self, table: Value) -> Value:
        """An array that may be over the memory of a table, or of the one it is a part of."""
        bases = {each for o in table.objects for each in self.tables.whole(base_of(o))}
        memory = frozenset(slot(base, BUFFER) for base in bases)
        made = self.make("array")
        roots = {root for base in bases for root in self.tables.memory.roots_of(base)}
        self.tables.exported |= roots
        self._hold_common(roots, "memory", made)
        return join(Value("array", memory), made)

    def over(self, array: Value, table: Value) -> Value:
        """A table that may be over the memory of an array, or of arrays in a container."""
        of = self.element(array) if array.kind in CONTAINERS else array
        bases = map(base_of, of.objects)
        self.tables.exported.update(r for base in bases for r in self.tables.memory.roots_of(base))
        return Value("frame", of.objects | table.objects)

    def _kind_of(self, obj: int) -> str:
        kind = self.kinds.get(base_of(obj), UNKNOWN)
        return kind if slot_of(obj) == 0 or kind == "figure" else UNKNOWN

    def _slice(self, value: Value) -> Value:
        """A slice of lists and tuples is a new one holding their elements; of anything else it may
        be a view.
        """
        copied = frozenset(
            o
            for o in value.objects
            if slot_of(o) == 0 and self.kinds[base_of(o)] in ("list", "tuple")
            if value.kind != "array"  # over the bytes of something else
        )
        views = value.objects - copied
        buffers = {slot(base_of(o), BUFFER) for o in views}
        result = Value(value.kind if not copied else UNKNOWN, views | buffers)
        if copied or not views:
            copy = self.make("list" if value.kind != "tuple" else "tuple", plain=True)
            self.hold(copy, self.element(Value(UNKNOWN, copied)))
            result = copy if not views else join(result, copy)
        return result

    def contents(self, value: Value) -> Value:
        """The elements of those lists, dicts, sets and tuples that a value may be, or is part of: what a
        shallow copy shares.
        """
        known = frozenset(o for o in value.objects if self.kinds[base_of(o)] in CONTAINERS)
        return self.element(Value(UNKNOWN, known)) if known else IMMUTABLE_VALUE

    def _inside(self, obj: int, key: Key, found: set[int]) -> None:
        base, number = base_of(obj), slot_of(obj)
        if number == BUFFER:
            found.add(obj)
            return
        fields = self.fields.get(base)
        if fields:
            for name, held in fields.items():
                if name in HIDDEN and name != key:
                    continue
                if key is None or name is None or name == key or (isinstance(key, int) and key < 0):
                    found |= held
        kind = self.kinds.get(base, UNKNOWN)
        if number == 0 and base in self.plain:
            return
        if number == 0 and kind == "array":
            found.add(slot(base, BUFFER))
            return
        found.add(slot(base, min(number + 1, DEEPEST)))
        known = kind in CONTAINERS or kind in (
            "instance",
            "class",
            "function",
            "iterator",
            "generator",
        )
        if (number > 0 or not known) and not isinstance(key, str):
            found.add(slot(base, BUFFER))

    def attribute(self, value: Value, name: str) -> Value:
        """What the data attribute ``value.name`` may be."""
        return self.element(value, name)

    def is_stateless(self, base: int) -> bool:
        """Whether an object is a class that is a definition, or a member of one, or a function that
        holds no values and closes over nothing: such are shared by name, not as objects.
        """
        if base in self.live:
            return True  # every kernel has one
        code = self.code.get(base) or self.code.get(self.members.get(base, 0))
        if code is None or not self.stateful.isdisjoint((base, self.members.get(base, base))):
            return False
        return isinstance(code, ClassCode) or not (
            code.function.free or self.fields.get(base, {}).keys() - {REGISTERED}
        )

    def is_only_registered(self, base: int) -> bool:
        """Whether no more holds an object than functions that it is registered with, which are made with it."""
        return all(
            slot(base, 0) in self.fields[holder].get(REGISTERED, ())
            for holder in self.held_by.get(base, ())
        )

    def reach(self, value: Value, limit: int = 512) -> set[int]:
        """The bases of all objects that a value is or holds, at any depth; big structures are cut
        off.
        """
        found: set[int] = set()
        todo = [base_of(o) for o in value.objects]
        while todo and len(found) < limit:
            base = todo.pop()
            if base in found:
                continue
            found.add(base)
            if base in self.fields:
                for held in self.fields[base].values():
                    todo += [base_of(o) for o in held]
        return found

    def reached_slots(self, value: Value, limit: int = 512) -> set[int]:
        """Like `reach`, with the slots that are reached; an object reaches its own inside and
        buffer.
        """
        found: set[int] = set()
        todo = list(value.objects)
        while todo and len(found) < limit:
            obj = todo.pop()
            if obj in found:
                continue
            found.add(obj)
            for held in self.fields.get(base_of(obj), {}).values():
                todo += held
        return found

    def containers_of(self, changed: Iterable[int]) -> dict[int, set[int]]:
        """For each object that sees a change, the slots that changed (`DEEPEST` if it holds what
        changed).
        """
        seen: dict[int, set[int]] = {}
        todo: list[int] = []
        for obj in changed:
            seen.setdefault(base_of(obj), set()).add(slot_of(obj))
            todo.append(base_of(obj))
        done: set[int] = set()
        while todo:
            base = todo.pop()
            if base in done:
                continue
            done.add(base)
            for container in self.held_by.get(base, ()):
                seen.setdefault(container, set()).add(DEEPEST)
                todo.append(container)
        return seen


def sees(obj: int, changed: set[int]) -> bool:
    """Whether a value that is ``obj`` sees a change of these slots of the same object."""
    number = slot_of(obj)
    if number in (0, BUFFER):
        return number == 0 or BUFFER in changed
    return any(number <= other < BUFFER for other in changed)
