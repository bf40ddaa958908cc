"""Notebook classes and their instances: constructing, methods, and what unseen code may run.

The law: a method is the one that the class, or the nearest of its notebook bases, gives that name. A
value that is handed to code that cannot be seen may have all run that it carries.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable

from jupyter_dagflow.core.analysis import ir, library
from jupyter_dagflow.core.analysis.values import (
    IMMUTABLE_VALUE,
    NOTHING,
    UNKNOWN,
    Arguments,
    ClassCode,
    Frame,
    FunctionCode,
    Value,
    base_of,
    join,
    slot,
    slot_of,
)
from jupyter_dagflow.core.analysis.world import State, World, join_states

METHODS_TAKEN = (
    library.CONTAINERS | library.MOVING
)  # what is called of these is one of their methods
_MAY_HOLD = library.CONTAINERS | {UNKNOWN}
_NESTED = 4  # how deep within a value is looked for what is compared, hashed or shown
GOING_THROUGH = ("__iter__", "__next__")
BEGINNING = ("__init__", "__post_init__")
_CONSTRUCTORS = ("__new__", *BEGINNING)
_OPERATORS_OFF = frozenset(
    {*_CONSTRUCTORS, "__init_subclass__", "__class_getitem__", "__set_name__", "__call__"}
)


_MAKING = frozenset({"__new__", "__init_subclass__"})  # change nothing that is there before

NO_ARGUMENTS = Arguments()


def _called_within(line: int) -> ir.Function:
    """``def f(*args, **kwargs): with manager: return function(*args, **kwargs)``, of two variables around it."""
    given = ir.Keyword(None, ir.LoadLocal("kwargs"))
    call = ir.Call(ir.LoadClosure("function"), (ir.LoadLocal("args"),), (True,), (given,), line)
    items = (ir.WithItem(ir.LoadClosure("manager"), None),)
    parameters = (ir.Parameter("args", "args", None), ir.Parameter("kwargs", "kwargs", None))
    body = (ir.With(items, (ir.Return(call, line),), True, line),)
    return ir.Function("", parameters, body, ("manager", "function"), (), False, line)


class Classes(World):
    """The world, with classes."""

    def __init__(self, stateful: frozenset[int] = NOTHING) -> None:
        super().__init__(stateful)
        self.used: set[object] = set()
        self.making: Value | None = None
        self.noted: list[Value] = []  # the annotations in the body of the class that is being made

    @abstractmethod
    def forget_done(self) -> None:
        """Follow functions again that were followed in this statement: what they do was not all taken down."""

    @abstractmethod
    def follow(self, base: int, code: FunctionCode, arguments: Arguments, line: int) -> Value:
        """Run a notebook function's body with these arguments, here and now."""

    @abstractmethod
    def call(self, func: Value, arguments: Arguments, line: int) -> Value:
        """Call a value that is no method and no library path."""

    @abstractmethod
    def call_library(self, path: str, arguments: Arguments, line: int) -> Value:
        """Call what an import path names."""

    @abstractmethod
    def iterate(self, value: Value, line: int) -> Value:
        """Go through a value; gives what an element may be."""

    def construct(self, base: int, code: ClassCode, arguments: Arguments, line: int) -> Value:
        """Make an instance: runs the constructors of the class and its notebook bases."""
        if base in self.heap.members:
            return self.member_of(base)
        made = self.heap.make("instance", plain=not code.foreign)
        inner = base_of(next(iter(made.objects)))
        self.heap.classes.setdefault(inner, set()).add(base)
        self.heap.hold(made, self.class_value(base), "__class__")
        if self.derives_from(base, library.EXCEPTIONS.__contains__):
            for value in arguments.every:
                self.heap.hold(made, value)
        followed, others = False, []
        for name in _CONSTRUCTORS:
            for method_base, method in self.methods(inner, name):
                if name == "__new__":
                    given = (self.class_value(base), *arguments.positional)
                    outer, self.making = self.making, made
                    called = arguments._replace(positional=given)
                    others.append(self.follow(method_base, method, called, line))
                    self.making = outer
                    continue
                self._method(method_base, method, made, arguments, line)
                followed = followed or name == "__init__"
        if not followed:
            self._construct_plainly(base, made, arguments, line)
        others = [value for value in others if value.objects]
        self.run_hooks(made, line)
        return join(made, *others, *self._by_metaclass(base, arguments, line))

    def _by_metaclass(self, base: int, arguments: Arguments, line: int) -> list[Value]:
        """What the metaclass gives that says itself what it is to call its classes."""
        given = arguments._replace(positional=(self.class_value(base), *arguments.positional))
        return [
            self.follow(method, code, given, line)
            for obj in sorted(self.class_data(base, "__class__").objects)
            for method, code in self.class_methods(base_of(obj), "__call__")
        ]

    def tell_bases(self, bases: tuple[Value, ...], arguments: Arguments, line: int) -> None:
        """Classes that are derived from may have something to do then."""
        for parent in bases:
            for obj in parent.objects:
                for method, code in self.class_methods(base_of(obj), "__init_subclass__"):
                    self.follow(method, code, arguments, line)

    def derives_from(self, class_base: int, is_one: Callable[[str], object]) -> bool:
        """Whether a class, or a notebook base of it, derives from a class of a library with such a path."""
        codes = (self.heap.code.get(each) for each in self._lineage(class_base))
        parents = (v for code in codes if isinstance(code, ClassCode) for v in code.bases)
        return any(is_one(parent.path) for parent in parents)

    def run_hooks(self, value: Value, line: int, *, asked: bool = False) -> None:
        """Run what a library may run of an instance when that is made or something in it is set, or ``asked`` for: then
        it is there from the first time on.
        """
        for obj in sorted(value.objects):
            me = Value("instance", frozenset((obj,)))
            for class_base in sorted(self.heap.classes.get(base_of(obj), ())):
                for name in self._method_names(class_base) if self.is_foreign(class_base) else ():
                    for base, code in self.class_methods(class_base, name):
                        if code.hooked == "get" or (code.hooked and not asked):
                            self._may(base, code, Arguments((me,)), line)
                            self.change(me, line)

    def subclasses(self, receiver: Value, line: int) -> Value:
        """``cls.__subclasses__()``: all classes of the notebook by now that derive from one of these."""
        made = self.heap.make("list", plain=True)
        wanted = {base_of(o) for o in receiver.objects}
        for base, code in sorted(self.heap.code.items()):
            if not isinstance(code, ClassCode):
                continue
            if any(base_of(o) in wanted for parent in code.bases for o in parent.objects):
                wanted.add(base)
                self.heap.hold(made, self.class_value(base))
                for name in sorted(self.named.get(base, ())):
                    self.load(name, line)
        return made

    def _decorates(self, instance: Value) -> bool:
        """Whether to call a context manager gives a function that runs within it."""
        classes = {c for o in instance.objects for c in self.heap.classes.get(base_of(o), ())}
        paths = library.DECORATING_CONTEXTS
        return any(self.derives_from(each, paths.__contains__) for each in classes)

    def within(self, manager: Value, function: Value, line: int) -> Value:
        """A function that calls another within a context manager."""
        made = self.heap.make("function", plain=True)
        frame = Frame(None)
        frame.cells.update(manager=manager, function=function)
        (obj,) = made.objects
        self.heap.code[base_of(obj)] = FunctionCode(_called_within(line), frame, self.statement)
        self.heap.hold(made, manager)
        self.heap.hold(made, function)
        return made

    def is_enumeration(self, parent: Value) -> bool:
        """Whether what derives from a class is an enumeration."""
        known = parent.path.rpartition(".")[2] in library.ENUMERATIONS
        return known or any(base_of(o) in self.heap.members for o in parent.objects)

    def give_members(self, made: Value, arguments: Arguments, line: int) -> Value:
        """Let an enumeration have members: one object stands for them all."""
        base = base_of(next(iter(made.objects)))
        code = self.heap.code[base]
        assert isinstance(code, ClassCode)
        member = self.construct(base, code, arguments, line)
        self.heap.hold(made, member)
        of_member = base_of(next(iter(member.objects)))
        self.heap.members |= {base: of_member, of_member: base}
        changed = self.effect.changed.items()  # to make it is not to change it
        self.effect.changed = {o: line for o, line in changed if base_of(o) != of_member}
        return member

    def member_of(self, base: int) -> Value:
        """Any member of an enumeration."""
        return Value("instance", frozenset((slot(self.heap.members[base], 0),)))

    def _construct_plainly(self, base: int, made: Value, arguments: Arguments, line: int) -> None:
        """Without a constructor of its own a class keeps its arguments and may call factories."""
        heap = self.heap
        for value in arguments.every:
            heap.hold(made, value)
        fields = [
            item for each in self._lineage(base) for item in heap.fields.get(each, {}).items()
        ]
        for key, held in fields:
            value = Value(UNKNOWN, frozenset(o for o in held if base_of(o) not in heap.code))
            if isinstance(key, str) and not key.startswith("__"):
                self.use(value, line)
                for factory in {base_of(o) for o in held} & heap.factories.keys():
                    heap.hold(made, self._made_by(heap.factories[factory], line), key)

    def _made_by(self, factory: Value, line: int) -> Value:
        """What a function gives that is called without arguments."""
        if factory.kind == "module":
            return self.call_library(factory.path, NO_ARGUMENTS, line)
        return self.call(factory, NO_ARGUMENTS, line)

    def super_value(self) -> Value:
        """``super()`` in the method that is being followed."""
        receiver = next(iter(self.frame.cells.values()), self.heap.make(UNKNOWN))
        return Value("super", receiver.objects)

    def call_super(self, receiver: Value, name: str, arguments: Arguments, line: int) -> Value:
        """``super().name(…)``: a method of the notebook's bases, or one not to be seen."""
        holders = self.heap.held_by.get(self.frame.running, set())
        classes = [self.heap.code[b] for b in sorted(holders) if b in self.heap.code]
        me = Value("instance", receiver.objects)
        results: list[Value] = []
        for code in classes:
            for parent in code.bases if isinstance(code, ClassCode) else ():
                for obj in parent.objects:
                    for base, method in self.class_methods(base_of(obj), name):
                        results.append(self._method(base, method, me, arguments, line))
        if results:
            return join(results[0], *results[1:])
        if name == "__new__" and self.making is not None:
            return self.making
        if name == "__call__" and arguments.positional and self._decorates(me):
            return self.within(me, arguments.positional[0], line)
        for value in arguments.every:
            self.use(value, line)
            self.heap.hold(me, value)
        if name not in _MAKING:
            self.change(me, line)
        return self.heap.make(UNKNOWN)

    def class_value(self, base: int) -> Value:
        """The value that is a class."""
        return Value("class", frozenset((slot(base, 0),)))

    def methods(self, instance: int, name: str) -> list[tuple[int, FunctionCode]]:
        """The notebook functions that ``instance.name`` may be, by its class and that class's
        notebook bases.
        """
        found: list[tuple[int, FunctionCode]] = []
        for class_base in sorted(self.heap.classes.get(instance, ())):
            found += self.class_methods(class_base, name)
        return found

    def class_methods(self, class_base: int, name: str) -> list[tuple[int, FunctionCode]]:
        """The functions a class or its notebook bases give a name; the nearest wins."""
        code = self.heap.code
        found = self._nearest(
            class_base, name, lambda o: isinstance(code.get(base_of(o)), FunctionCode)
        )
        functions = [(base_of(o), code[base_of(o)]) for o in found]
        return [
            (base, function) for base, function in functions if isinstance(function, FunctionCode)
        ]

    def properties(self, instance: int) -> list[tuple[int, FunctionCode]]:
        """The notebook functions behind the properties that an instance has or may have."""
        found: dict[int, FunctionCode] = {}
        classes = self.heap.classes.get(instance, ())
        for current in (each for base in classes for each in self._lineage(base)):
            for held in self.heap.fields.get(current, {}).values():
                for base in map(base_of, held):
                    code = self.heap.code.get(base)
                    if isinstance(code, FunctionCode) and code.accessor == "get":
                        found[base] = code
        return sorted(found.items(), key=lambda item: item[0])

    def is_property(self, value: Value) -> bool:
        """Whether a value is, or may be, a property of the notebook's."""
        codes = (self.heap.code.get(base_of(o)) for o in value.objects)
        return any(isinstance(c, FunctionCode) and c.accessor for c in codes)

    def property_of(self, functions: Iterable[tuple[str, Value]]) -> Value:
        """A property of the notebook's that does its deeds (``get``, …) with these functions."""
        parts = []
        for deed, function in functions:
            for obj in sorted(function.objects):
                code = self.heap.code.get(base_of(obj))
                if not isinstance(code, FunctionCode):
                    continue
                made = self.heap.make("function", plain=True)
                self.heap.code[base_of(next(iter(made.objects)))] = code.as_accessor(deed)
                self.heap.hold(made, Value("function", frozenset((obj,))))
                parts.append(made)
        return join(*parts) if parts else IMMUTABLE_VALUE

    def added_to_property(self, added: Value, function: Value) -> Value:
        """``@x.setter``: the property x, one of whose deeds is done by that function from now on."""
        deed, code = library.OF_PROPERTIES[added.path], self.heap.code
        others = []
        for obj in sorted(added.objects):
            one = code.get(base_of(obj))
            if isinstance(one, FunctionCode) and one.accessor not in ("", deed):
                others.append(Value("function", frozenset((obj,))))
        return join(self.property_of([(deed, function)]), *others)

    def class_data(self, class_base: int, name: str) -> Value:
        """What an attribute of a class, or the nearest of its notebook bases, may hold."""
        factories = self.heap.factories
        held = self._nearest(class_base, name, lambda o: base_of(o) not in factories)
        return Value(UNKNOWN, frozenset(held))

    def class_attribute(self, class_base: int, name: str) -> Value:
        """What ``cls.name`` may hold: an attribute of the class, else of its metaclass."""
        held = self.class_data(class_base, name)
        metaclasses = () if held.objects else self.class_data(class_base, "__class__").objects
        return join(held, *(self.class_data(base_of(each), name) for each in metaclasses))

    def _nearest(self, class_base: int, name: str, counts: Callable[[int], bool]) -> list[int]:
        """What the nearest class has under a name, or several, if it is not known which is a base."""
        found: list[int] = []
        todo, seen = [[class_base]], set()
        while todo:
            lacking = False
            for current in todo.pop(0):
                if current in seen:
                    continue
                seen.add(current)
                held = [o for o in self.heap.fields.get(current, {}).get(name, ()) if counts(o)]
                found += held
                code = self.heap.code.get(current)
                lacking = lacking or not held
                if isinstance(code, ClassCode) and not held:
                    todo += [[base_of(o) for o in v.objects] for v in code.bases]
            if found and not lacking:
                break
        return found

    def is_foreign(self, class_base: int) -> bool:
        """Whether a class inherits from something outside the notebook."""
        code = self.heap.code.get(class_base)
        if not isinstance(code, ClassCode):
            return False
        return code.foreign or any(
            self.is_foreign(base_of(o)) for v in code.bases for o in v.objects
        )

    def _method(
        self, base: int, code: FunctionCode, receiver: Value, arguments: Arguments, line: int
    ) -> Value:
        if code.receiver == "none":
            return self.follow(base, code, arguments, line)
        if code.receiver == "class":
            classes = {
                c for o in receiver.objects for c in self.heap.classes.get(base_of(o), {base_of(o)})
            }
            receiver = Value("class", frozenset(slot(c, 0) for c in classes))
        return self.follow(
            base, code, arguments._replace(positional=(receiver, *arguments.positional)), line
        )

    def use(
        self,
        value: Value,
        line: int,
        *,
        arguments: Arguments = NO_ARGUMENTS,
        calls: bool = True,
        whole: bool = False,
    ) -> None:
        """Hand a value to code that cannot be seen: what it carries may be run.

        ``calls`` tells whether functions are; ``whole`` whether all methods of instances are, not
        only operators.
        """
        if not value.objects:
            return
        codes = self.heap.codes(value)
        for obj in value.objects:
            for class_base in sorted(self.heap.classes.get(base_of(obj), ())):
                me = Value("instance", frozenset((obj,)))
                self._use_instance(me, class_base, line, whole=whole)
        if not calls or not codes:
            return
        others = [
            self.heap.element(v) for v in arguments.every if v is not value and v.kind != "frame"
        ]
        known = tuple(v for v in others if v.objects)
        unknown = Arguments(spread=known) if known else NO_ARGUMENTS
        for base in sorted(codes):
            code = self.heap.code[base]
            if (base, unknown) in self.used:
                continue
            self.used.add((base, unknown))
            if isinstance(code, FunctionCode):
                self._may(base, code, unknown, line)
            elif any(base_of(o) == base for o in value.objects):
                self._may_construct(base, code, unknown, line)

    def _may(self, base: int, code: FunctionCode, arguments: Arguments, line: int) -> None:
        before = self.state.copy()
        self.follow(base, code, arguments, line)
        self.rejoin(before)

    def _may_construct(self, base: int, code: ClassCode, arguments: Arguments, line: int) -> None:
        before = self.state.copy()
        self.construct(base, code, arguments, line)
        self.rejoin(before)

    def rejoin(self, before: State) -> None:
        joined = join_states([before, self.state])
        self.state.names, self.state.must = joined.names, joined.must

    def _use_instance(self, value: Value, class_base: int, line: int, *, whole: bool) -> None:
        if (value, class_base, whole) in self.used:
            return
        self.used.add((value, class_base, whole))
        own = {base_of(o) for o in value.objects}
        for name in self._method_names(class_base):
            special = name.startswith("__") and name.endswith("__")
            if name in _OPERATORS_OFF:
                continue
            for base, code in self.class_methods(class_base, name):
                if not (special or whole or code.hooked):
                    continue
                before = dict(self.effect.changed)
                self._may(base, code, Arguments(positional=(value,)), line)
                if not whole:
                    found = self.effect.changed.items()
                    kept = {**{o: v for o, v in found if base_of(o) not in own}, **before}
                    if len(kept) != len(found):
                        self.forget_done()
                    self.effect.changed = kept

    def _method_names(self, class_base: int) -> list[str]:
        fields = (self.heap.fields.get(each, {}) for each in self._lineage(class_base))
        return list(dict.fromkeys(key for each in fields for key in each if isinstance(key, str)))

    def _lineage(self, class_base: int) -> list[int]:
        """A class with its notebook bases, and theirs."""
        found: dict[int, None] = {}
        todo = [class_base]
        while todo:
            current = todo.pop()
            code = self.heap.code.get(current)
            if current not in found and isinstance(code, ClassCode):
                todo += [base_of(o) for v in code.bases for o in v.objects]
            found[current] = None
        return list(found)

    def run_special(self, value: Value, names: tuple[str, ...], line: int) -> list[Value]:
        """Run methods that a statement calls by itself, as ``__enter__``; gives their results."""
        results: list[Value] = []
        for obj in value.objects:
            for name in names:
                for base, code in self.methods(base_of(obj), name):
                    me = Value("instance", frozenset((obj,)))
                    results.append(self._method(base, code, me, NO_ARGUMENTS, line))
        return results

    def operator(self, value: Value, line: int) -> None:
        """An operator on a value: runs the operators of notebook classes, advances nothing."""
        for obj in value.objects:
            if base_of(obj) in self.heap.classes:
                self.use(value, line, calls=False)
                return
            if "__class__" in self.heap.fields.get(base_of(obj), ()):
                self.run_metaclass(base_of(obj), line)

    def look_inside(self, value: Value, line: int) -> None:
        """Compare, hash or show a value as text: runs the operators of what it holds as well."""
        if not self.heap.classes and not self.heap.has_metaclasses:
            return
        for _ in range(_NESTED):
            if not value.objects or value.kind == "frame":
                return
            self.operator(value, line)
            held = frozenset(o for o in value.objects if self._may_be_container(o))
            value = self.heap.element(Value(value.kind, held))

    def _may_be_container(self, obj: int) -> bool:
        return self.heap.kinds[base_of(obj)] in _MAY_HOLD

    def run_metaclass(self, class_base: int, line: int) -> None:
        """Run what a metaclass of the notebook, or a hook of the class, does when its class is used."""
        me = Value("class", frozenset((slot(class_base, 0),)))
        for method, code in self.class_methods(class_base, "__subclasshook__"):
            self._may(method, code, Arguments((me,)), line)
        for obj in sorted(self.class_data(class_base, "__class__").objects):
            for name in self._method_names(base_of(obj)):
                if name.startswith("__") and name not in _OPERATORS_OFF:
                    for method, code in self.class_methods(base_of(obj), name):
                        self._may(method, code, Arguments((me,)), line)

    def advance(self, value: Value, line: int) -> None:
        """Change what moves on when it is used: that of a value which may be such a thing."""
        kinds = self.heap.kinds
        moving = frozenset(
            o for o in value.objects if slot_of(o) == 0 and kinds[base_of(o)] in library.STATEFUL
        )
        if value.kind in library.STATEFUL:
            self.change(value, line)
        elif moving:
            self.change(Value(UNKNOWN, moving), line)
        if self.heap.classes:
            self.run_special(value, ("__next__",), line)

    def keep_codes(self, result: Value, values: tuple[Value, ...]) -> None:
        for value in values:
            codes = self.heap.codes(value)
            if codes:
                self.heap.hold(result, Value(UNKNOWN, frozenset(slot(base, 0) for base in codes)))

    def notebook_method(self, obj: int, name: str, arguments: Arguments, line: int) -> list[Value]:
        base = base_of(obj)
        if slot_of(obj) != 0:
            return []
        me = Value("instance", frozenset((obj,)))
        results: list[Value] = []
        if base in self.heap.classes:
            results += [
                self._method(b, c, me, arguments, line) for b, c in self.methods(base, name)
            ]
        own = self.heap.fields.get(base, {}).get(name)
        for held in sorted(own or ()):
            code = self.heap.code.get(base_of(held))
            if isinstance(code, FunctionCode):
                takes_class = code.receiver == "class" and isinstance(
                    self.heap.code.get(base), ClassCode
                )
                values = (me, *arguments.positional) if takes_class else arguments.positional
                results.append(
                    self.follow(base_of(held), code, arguments._replace(positional=values), line)
                )
            elif isinstance(code, ClassCode):
                results.append(self.construct(base_of(held), code, arguments, line))
            elif base in self.heap.classes and self.heap.kinds[base_of(held)] in METHODS_TAKEN:
                results.append(self.call(Value(UNKNOWN, frozenset((held,))), arguments, line))
        if not results and isinstance(self.heap.code.get(base), ClassCode):
            results += [
                self._method(b, c, me, arguments, line) for b, c in self.class_methods(base, name)
            ]
        return results

    def instance_call(self, obj: int, arguments: Arguments, line: int) -> list[Value]:
        found = self.methods(base_of(obj), "__call__")
        receiver = Value("instance", frozenset((obj,)))
        if not found and self._decorates(receiver):
            return [self.within(receiver, value, line) for value in arguments.positional[:1]]
        if not found:
            self.use(receiver, line, arguments=arguments, whole=True)
            return [self.heap.make(UNKNOWN)]
        return [self._method(base, code, receiver, arguments, line) for base, code in found]
