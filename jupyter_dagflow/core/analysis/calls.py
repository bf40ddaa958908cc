"""Calls of notebook functions, classes and methods: they are followed.

The law: a notebook function is followed where it is called or passed on, with the names of that
moment, because that is when its free names are looked up.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import NamedTuple

from jupyter_dagflow.core.analysis import ir, library
from jupyter_dagflow.core.analysis.memory import Outcome, Trace, outcome_of, renew
from jupyter_dagflow.core.analysis.values import (
    UNKNOWN,
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

_MAX_DEPTH = 40
_MOST_FOLLOWED = 800
Shape = tuple[tuple[object, ...], ...]
_CONSTRUCTORS = ("__new__", "__init__", "__post_init__")
_OPERATORS_OFF = frozenset(
    {*_CONSTRUCTORS, "__init_subclass__", "__class_getitem__", "__set_name__", "__call__"}
)


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
        return (*self.positional, *(v for _, v in self.keywords), *self.spread)

    def keyword(self, name: str) -> Value | None:
        """A keyword argument."""
        return next((v for k, v in self.keywords if k == name), None)


NO_ARGUMENTS = Arguments()


class Calls(World):
    """The world, with calls."""

    def __init__(self) -> None:
        super().__init__()
        self._active: dict[int, int] = {}
        self._done: dict[object, Value] = {}
        self._used: set[object] = set()
        self._kept: dict[Shape, Outcome] = {}
        self._depth = 0
        self._followed = 0
        self.call_line = 0
        self.ends: list[State] = []
        self.loops: list[list[State]] = []
        self.forever: list[bool] = []

    @abstractmethod
    def run(self, body: tuple[ir.Stmt, ...]) -> None:
        """Follow statements from the current state."""

    def begin(self, number: int) -> None:
        super().begin(number)
        self._done.clear()
        self._used.clear()
        self._followed = 0

    def reset(self) -> None:
        """Leave all calls and loops, after following was given up."""
        self._active.clear()
        self._depth, self.call_line, self.guarded = 0, 0, 0
        self.ends, self.loops, self.forever = [], [], []

    # notebook functions

    def call(self, func: Value, arguments: Arguments, line: int) -> Value:
        """Call a value that is no method and no library path."""
        results: list[Value] = []
        followed = False
        before = self.state.copy() if len(func.objects) > 1 else None
        for obj in func.objects:
            if before is not None and followed:
                self._rejoin(before)
            base = base_of(obj)
            code = self.heap.code.get(base) if slot_of(obj) == 0 else None
            if isinstance(code, FunctionCode):
                results.append(self.follow(base, code, arguments, line))
                followed = True
            elif isinstance(code, ClassCode):
                results.append(self.construct(base, code, arguments, line))
                followed = True
            elif base in self.heap.classes and slot_of(obj) == 0:
                results += self._instance_call(obj, arguments, line)
                followed = True
        if followed and before is not None:
            self._rejoin(before)
        if followed:
            return join(results[0], *results[1:]) if results else self.heap.make(UNKNOWN)
        self.use(func, line, arguments=arguments)
        for value in arguments.every:
            self.use(value, line, arguments=arguments)
            self.advance(value, line)
        result = self.heap.make(UNKNOWN)
        self.keep_codes(result, (func, *arguments.every))
        return result

    def _instance_call(self, obj: int, arguments: Arguments, line: int) -> list[Value]:
        found = self.methods(base_of(obj), "__call__")
        receiver = Value("instance", frozenset((obj,)))
        if not found:
            self.use(receiver, line, arguments=arguments, whole=True)
            return [self.heap.make(UNKNOWN)]
        return [self._method(base, code, receiver, arguments, line) for base, code in found]

    def follow(self, base: int, code: FunctionCode, arguments: Arguments, line: int) -> Value:
        """Run a notebook function's body with these arguments, here and now."""
        shape = self._shape(base, code, arguments)
        kept = self._kept.get(shape) if shape is not None else None
        if kept is not None and self._is_good(kept):
            return self._recall(kept, line)
        must = frozenset(self.state.must) if self.state.names else None
        key = (base, arguments, must, self.heap.changes)
        if key in self._done:
            return self._done[key]
        if self._active.get(base, 0) >= 2:
            return join(self.heap.make(UNKNOWN), *arguments.every)
        if self._depth >= _MAX_DEPTH or self._followed >= _MOST_FOLLOWED:
            return self._give_up(code, arguments, line)
        result = self._traced(base, code, arguments, line, shape)
        self._done[key[:3] + (self.heap.changes,)] = result
        return result

    def _traced(
        self,
        base: int,
        code: FunctionCode,
        arguments: Arguments,
        line: int,
        shape: Shape | None,
    ) -> Value:
        outer, lowest = self.trace, self.heap.lowest
        trace = self.trace = Trace(self.heap.next_base)
        self.heap.lowest = trace.lowest
        self._active[base] = self._active.get(base, 0) + 1
        self._depth += 1
        self._followed += 1
        result = self._run_function(base, code, arguments, line)
        self._depth -= 1
        self._active[base] -= 1
        trace.lowest = self.heap.lowest
        self.heap.lowest = min(lowest, trace.lowest)
        self.trace = outer
        if outer is not None:
            outer.absorb(trace)
        if shape is not None and self._active[base] == 0:
            outcome = outcome_of(self.heap, trace, result)
            if outcome is not None:
                self._kept[shape] = outcome
        return result

    def _shape(self, base: int, code: FunctionCode, arguments: Arguments) -> Shape | None:
        """What of a call decides its outcome if it has no effects; nothing if more does."""
        if code.function.free or self._active.get(base, 0):
            return None
        shapes: list[tuple[object, ...]] = [(base, len(arguments.positional))]
        names = [*([""] * len(arguments.positional)), *(k for k, _ in arguments.keywords)]
        for name, value in zip(
            [*names, *("*" for _ in arguments.spread)], arguments.every, strict=True
        ):
            if value.objects and self.heap.codes(value):
                return None
            shapes.append((name, value.kind, value.path, bool(value.objects)))
        return tuple(shapes)

    def _is_good(self, kept: Outcome) -> bool:
        """Whether a call that was kept would come to the same now."""
        names, here = self.names, self.state.names
        if kept.generation != self.heap.generation:
            return False
        if any(names.get(n) is not v or n in here for n, v in kept.trace.reads.items()):
            return False
        others = kept.trace.builtins | kept.trace.unresolved
        return not any(n in names or n in here for n in others)

    def _recall(self, kept: Outcome, line: int) -> Value:
        """Do what a call that was kept did: read."""
        where = self.line(line)
        for name, value in kept.trace.reads.items():
            self.read(name, where, value)
        for name in kept.trace.builtins | kept.trace.unresolved:
            self.load(name, where)
        if self.trace is not None:
            self.trace.absorb(kept.trace)
        return renew(self.heap, kept)

    def line(self, line: int) -> int:
        """The line to report: of the call at the top level, if within one."""
        return self.call_line or line

    def _give_up(self, code: FunctionCode, arguments: Arguments, line: int) -> Value:
        """Too deep or too much to follow: all that it and its helpers name is read, all arguments change."""
        where = self.line(line)
        todo, seen = [code], {id(code)}
        while todo:
            for name in todo.pop().function.names:
                value = self.load(name, where)
                for base in self.heap.codes(value):
                    inner = self.heap.code[base]
                    if isinstance(inner, FunctionCode) and id(inner) not in seen:
                        seen.add(id(inner))
                        todo.append(inner)
        for value in arguments.every:
            self.change(value, line)
        return join(self.heap.make(UNKNOWN), *arguments.every)

    def _run_function(
        self, base: int, code: FunctionCode, arguments: Arguments, line: int
    ) -> Value:
        caller, frame = self.state, self.frame
        lines = self.call_line
        if not self.call_line:
            self.call_line = line
        self.frame = Frame(code.outer, base)
        self.state = caller.copy()
        self.state.locals = {}
        ends, self.ends = self.ends, []
        loops, self.loops = self.loops, []
        self._bind_parameters(code, arguments)
        self.run(code.function.body)
        if not self.state.dead:
            self.frame.returns.append(Value("none"))
        self._close_over()
        final = join_states([self.state, *self.ends])
        returns = self.frame.returns or [Value(UNKNOWN)]
        self.ends, self.loops, self.frame, self.call_line = ends, loops, frame, lines
        caller.names, caller.must = final.names, final.must
        self.state = caller
        result = join(returns[0], *returns[1:])
        if code.function.generator:
            made = self.heap.make("generator", unmovable="a generator")
            self.heap.hold(made, result)
            return made
        return result

    def _close_over(self) -> None:
        """Inner functions hold the variables they use of the function that ends here."""
        for base in self.frame.made:
            code = self.heap.code[base]
            assert isinstance(code, FunctionCode)
            for name in code.function.free:
                value = self.frame.cells.get(name) or self.frame.find(name)
                if value is not None:
                    self.heap.hold(Value("function", frozenset((slot(base, 0),))), value)

    def _bind_parameters(self, code: FunctionCode, arguments: Arguments) -> None:
        positional = list(arguments.positional)
        keywords = dict(arguments.keywords)
        for parameter in code.function.parameters:
            name = parameter.name
            options: list[Value] = []
            if parameter.role == "args":
                options.append(self._packed("tuple", [*positional, *arguments.spread]))
                positional = []
            elif parameter.role == "kwargs":
                options.append(self._packed("dict", [*keywords.values(), *arguments.spread]))
            elif parameter.role == "plain" and positional:
                options.append(positional.pop(0))
            elif name in keywords:
                options.append(keywords.pop(name))
            else:
                options += [code.defaults[name]] if name in code.defaults else []
                options += arguments.spread
            self.bind_local(
                name, join(options[0], *options[1:]) if options else self.heap.make(UNKNOWN)
            )

    def _packed(self, kind: str, values: list[Value]) -> Value:
        made = self.heap.make(kind, plain=True)
        for index, value in enumerate(values):
            self.heap.hold(made, value, index if kind == "tuple" else None)
        return made

    # notebook classes

    def construct(self, base: int, code: ClassCode, arguments: Arguments, line: int) -> Value:
        """Make an instance: runs the constructors of the class and its notebook bases."""
        made = self.heap.make("instance", plain=not code.foreign)
        inner = base_of(next(iter(made.objects)))
        self.heap.classes[inner] = {base}
        self.heap.hold(made, self.class_value(base), "__class__")
        followed = False
        for name in _CONSTRUCTORS:
            for method_base, method in self.methods(inner, name):
                if name == "__new__":
                    continue
                self._method(method_base, method, made, arguments, line)
                followed = followed or name == "__init__"
        if not followed:
            for value in arguments.every:
                self.heap.hold(made, value)
        return made

    def class_value(self, base: int) -> Value:
        """The value that is a class."""
        return Value("class", frozenset((slot(base, 0),)))

    def methods(self, instance: int, name: str) -> list[tuple[int, FunctionCode]]:
        """The notebook functions that ``instance.name`` may be, by its class and that class's
        notebook bases.
        """
        found: list[tuple[int, FunctionCode]] = []
        for class_base in self.heap.classes.get(instance, ()):
            found += self.class_methods(class_base, name)
        return found

    def class_methods(self, class_base: int, name: str) -> list[tuple[int, FunctionCode]]:
        """The functions a class or its notebook bases give a name; the nearest wins."""
        seen: set[int] = set()
        todo = [class_base]
        while todo:
            current = todo.pop(0)
            if current in seen:
                continue
            seen.add(current)
            held = self.heap.fields.get(current, {}).get(name)
            found = [(base_of(o), self.heap.code.get(base_of(o))) for o in held or ()]
            functions = [(b, c) for b, c in found if isinstance(c, FunctionCode)]
            if functions:
                return functions
            code = self.heap.code.get(current)
            if isinstance(code, ClassCode):
                todo += [base_of(o) for v in code.bases for o in v.objects]
        return []

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

    # using values

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
            base = base_of(obj)
            for class_base in self.heap.classes.get(base, ()):
                self._use_instance(
                    Value("instance", frozenset((obj,))),
                    class_base,
                    line,
                    whole=whole or self.is_foreign(class_base),
                )
        if not calls or not codes:
            return
        others = [
            self.heap.element(v) for v in arguments.every if v is not value and v.kind != "frame"
        ]
        known = tuple(v for v in others if v.objects)
        unknown = Arguments(spread=known) if known else NO_ARGUMENTS
        for base in sorted(codes):
            code = self.heap.code[base]
            if (base, unknown) in self._used:
                continue
            self._used.add((base, unknown))
            if isinstance(code, FunctionCode):
                self._may(base, code, unknown, line)
            elif any(base_of(o) == base for o in value.objects):
                self._may_construct(base, code, unknown, line)

    def _may(self, base: int, code: FunctionCode, arguments: Arguments, line: int) -> None:
        before = self.state.copy()
        self.follow(base, code, arguments, line)
        self._rejoin(before)

    def _may_construct(self, base: int, code: ClassCode, arguments: Arguments, line: int) -> None:
        before = self.state.copy()
        self.construct(base, code, arguments, line)
        self._rejoin(before)

    def _rejoin(self, before: State) -> None:
        joined = join_states([before, self.state])
        self.state.names, self.state.must = joined.names, joined.must

    def _use_instance(self, value: Value, class_base: int, line: int, *, whole: bool) -> None:
        if (value, class_base, whole) in self._used:
            return
        self._used.add((value, class_base, whole))
        own = {base_of(o) for o in value.objects}
        for name in self._method_names(class_base):
            special = name.startswith("__") and name.endswith("__")
            if name in _OPERATORS_OFF or not (special or whole):
                continue
            for base, code in self.class_methods(class_base, name):
                before = dict(self.effect.changed)
                self._may(base, code, Arguments(positional=(value,)), line)
                if not whole:
                    found = self.effect.changed.items()
                    kept = {o: v for o, v in found if base_of(o) not in own}
                    self.effect.changed = {**kept, **before}

    def _method_names(self, class_base: int) -> list[str]:
        names: dict[str, None] = {}
        todo, seen = [class_base], set()
        while todo:
            current = todo.pop()
            if current in seen:
                continue
            seen.add(current)
            names.update({k: None for k in self.heap.fields.get(current, {}) if isinstance(k, str)})
            code = self.heap.code.get(current)
            if isinstance(code, ClassCode):
                todo += [base_of(o) for v in code.bases for o in v.objects]
        return list(names)

    def run_special(self, value: Value, names: tuple[str, ...], line: int) -> list[Value]:
        """Run methods that a statement calls by itself, such as ``__enter__``; gives their results."""
        results: list[Value] = []
        for obj in value.objects:
            for name in names:
                for base, code in self.methods(base_of(obj), name):
                    me = Value("instance", frozenset((obj,)))
                    results.append(self._method(base, code, me, NO_ARGUMENTS, line))
        return results

    def advance(self, value: Value, line: int) -> None:
        if value.kind in library.STATEFUL:
            self.change(value, line)

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
        for held in own or ():
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
        if not results and isinstance(self.heap.code.get(base), ClassCode):
            results += [
                self._method(b, c, me, arguments, line) for b, c in self.class_methods(base, name)
            ]
        return results
