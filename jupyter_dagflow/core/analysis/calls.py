"""Calls of notebook functions, classes and methods: they are followed.

The law: a notebook function is followed where it is called or passed on, with the names of that
moment, because that is when its free names are looked up.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from jupyter_dagflow.core.analysis import ir
from jupyter_dagflow.core.analysis.classes import METHODS_TAKEN, Classes
from jupyter_dagflow.core.analysis.memory import Outcome, Trace, outcome_of, renew
from jupyter_dagflow.core.analysis.values import (
    BUFFER,
    IMMUTABLE_VALUE,
    NOTHING,
    REGISTERED,
    UNKNOWN,
    Arguments,
    ClassCode,
    Frame,
    FunctionCode,
    Kept,
    Value,
    base_of,
    join,
    slot,
    slot_of,
)
from jupyter_dagflow.core.analysis.world import State, join_states, merge

if TYPE_CHECKING:
    from typing_extensions import Self  # Python 3.10 has none of its own

_MAX_DEPTH = 40
_MOST_WORK = 4_000
_LESS_WORK = 400
_PLENTY = 400_000
Shape = tuple[tuple[object, ...], ...]


class Calls(Classes):
    """The world, with calls."""

    def __init__(self, stateful: frozenset[int] = NOTHING) -> None:
        super().__init__(stateful)
        self._active: dict[int, int] = {}
        self._done: dict[object, Value] = {}
        self._kept: dict[Shape, Outcome] = {}
        self._depth = 0
        self.work = 0
        self._limit = _MOST_WORK
        self._total = 0
        self.call_line = 0
        self.ends: list[State] = []
        self.raised: list[Value] = []
        self.handled: list[Value] = []
        self.loops: list[list[State]] = []
        self.forever: list[bool] = []

    @abstractmethod
    def run(self, body: tuple[ir.Stmt, ...]) -> None:
        """Follow statements from the current state."""

    @abstractmethod
    def call_method(
        self, receiver: Value, name: str, arguments: Arguments, line: int, *, dropped: bool
    ) -> Value:
        """Call ``receiver.name(…)``."""

    @abstractmethod
    def call_library(self, path: str, arguments: Arguments, line: int) -> Value:
        """Call what an import path names."""

    @abstractmethod
    def call_of_context(self, receiver: Value, name: str, arguments: Arguments, line: int) -> Value:
        """Call a method of what ``contextlib.ExitStack`` or ``closing`` gives."""

    @abstractmethod
    def call_getter(self, base: int, value: Value, line: int) -> Value:
        """Call what ``operator.attrgetter`` and its like give, with a value."""

    def fork(self) -> Self:
        other = super().fork()
        other.part_from(self)
        return other

    def part_from(self, other: Calls) -> None:
        """Have for itself what was the other's."""
        self.reset()
        self._active, self._done, self.used = {}, {}, set()
        self._kept = dict(other._kept)

    def forget_done(self) -> None:
        self._done.clear()

    def begin(self, number: int) -> None:
        super().begin(number)
        self.forget_done()
        self.used.clear()
        self._total += self.work
        self._limit = _MOST_WORK if self._total < _PLENTY else _LESS_WORK
        self.work = 0

    def reset(self) -> None:
        """Leave all calls and loops, after following was given up."""
        self._active.clear()
        self.heap.site = 0
        self._depth, self.call_line, self.guarded = 0, 0, 0
        self.ends, self.loops, self.forever, self.caught = [], [], [], []
        self.raised, self.handled = [], []

    # notebook functions

    def call(self, func: Value, arguments: Arguments, line: int) -> Value:
        """Call a value that is no method."""
        if func.kind == "module":
            return self.call_library(func.path, arguments, line)
        if func.kind == "bound":
            kinds = {self.heap.kinds[base_of(o)] for o in func.objects if slot_of(o) == 0}
            kind = kinds.pop() if len(kinds) == 1 else UNKNOWN
            receiver = Value(kind, func.objects)
            return self.call_method(receiver, func.path, arguments, line, dropped=True)
        self._call_methods_of(func, arguments, line)
        results: list[Value] = []
        followed = False
        before = self.state.copy() if len(func.objects) > 1 else None
        for obj in func.objects:
            if before is not None and followed:
                self.rejoin(before)
            base = base_of(obj)
            code = self.heap.code.get(base) if slot_of(obj) == 0 else None
            if isinstance(code, FunctionCode):
                results.append(self.follow(base, code, arguments, line))
                registered = self.heap.fields.get(base, {}).get(REGISTERED)
                if registered:
                    others = Value("function", frozenset(registered))
                    results.append(self.call(others, arguments, line))
                followed = True
            elif isinstance(code, ClassCode):
                results.append(self.construct(base, code, arguments, line))
                followed = True
            elif base in self.heap.partials and slot_of(obj) == 0:
                results.append(self._call_partial(base, arguments, line))
                followed = True
            elif base in self.heap.getters and slot_of(obj) == 0 and arguments.positional:
                results.append(self.call_getter(base, arguments.positional[0], line))
                followed = True
            elif base in self.heap.classes and slot_of(obj) == 0:
                results += self.instance_call(obj, arguments, line)
                followed = True
        if followed and before is not None:
            self.rejoin(before)
        if followed:
            return join(results[0], *results[1:]) if results else self.heap.make(UNKNOWN)
        self.use(func, line, arguments=arguments)
        for value in arguments.every:
            self.use(value, line, arguments=arguments)
            self.advance(value, line)
        result = self.heap.make(UNKNOWN)
        self.keep_codes(result, (func, *arguments.every))
        return result

    def generic_functions(self, value: Value) -> Value:
        """What of a value is a function that others are registered with."""
        code = self.heap.code
        known = {o: code.get(base_of(o)) for o in value.objects if slot_of(o) == 0}
        generic = (
            o for o, c in known.items() if isinstance(c, FunctionCode) and c.dispatches is not None
        )
        return Value("function", frozenset(generic))

    def _call_methods_of(self, func: Value, arguments: Arguments, line: int) -> None:
        """What is called and is a list or the like, or in one, was put away as a method of it, as
        ``xs.append``.
        """
        kinds = self.heap.kinds
        held = (o for o in func.objects if slot_of(o) != BUFFER)
        for obj in [o for o in held if kinds[base_of(o)] in METHODS_TAKEN]:
            container = Value(
                kinds[base_of(obj)] if slot_of(obj) == 0 else UNKNOWN, frozenset((obj,))
            )
            self.change(container, line)
            for value in arguments.every:
                self.heap.hold(container, value)

    def _call_partial(self, base: int, arguments: Arguments, line: int) -> Value:
        function, given = self.heap.partials[base]
        self.work += 1
        if self.work >= self._limit:
            self.use(function, line, arguments=arguments)
            return join(self.heap.make(UNKNOWN), *given.every, *arguments.every)
        mine, spread = arguments.positional, (*given.spread, *arguments.spread)
        if given.spread:  # how many they are is not known, so where the others go is not, either
            mine, spread = (), (*given.spread, *arguments.positional, *arguments.spread)
        both = Arguments(
            positional=(*given.positional, *mine),
            keywords=(*given.keywords, *arguments.keywords),
            spread=spread,
        )
        return self.call(function, both, line)

    def follow(self, base: int, code: FunctionCode, arguments: Arguments, line: int) -> Value:
        """Run a notebook function's body with these arguments, here and now."""
        if code.me is not None:
            arguments = arguments._replace(positional=(code.me, *arguments.positional))
        shape = self._shape(base, code, arguments)
        kept = self._kept.get(shape) if shape is not None else None
        if kept is not None and self._is_good(kept):
            return self._recall(kept, line)
        must = frozenset(self.state.must) if self.state.names else None
        key = (base, arguments, must, self.heap.changes, len(self.handled))
        if key in self._done:
            return self._done[key]
        if self._active.get(base, 0) >= 2:
            return join(self.heap.make(UNKNOWN), *arguments.every)
        if self._depth >= _MAX_DEPTH or self.work >= self._limit:
            return self._give_up(code, arguments, line)
        result = self._traced(base, code, arguments, line, shape)
        settled = (base, arguments, must, self.heap.changes, len(self.handled))
        self._done[settled] = result
        return result

    def _keep(
        self, base: int, trace: Trace, arguments: Arguments, result: Value, line: int
    ) -> Value:
        """A function with a cache holds what it gave; calling it changes it if that matters, and may
        give what it gave before.

        It does if the function does more than to give a result, or would give another one now.
        """
        function = Value("function", frozenset((slot(base, 0),)))
        kept = self.heap.kept.setdefault(base, Kept(self.statement, {}, {}))
        reads = kept.reads
        for obj in result.objects:
            kept.given.setdefault(base_of(obj), self.statement)
        differs = any(reads.setdefault(name, v) is not v for name, v in trace.reads.items())
        reads["()"] = join(reads.get("()", IMMUTABLE_VALUE), *arguments.every)
        if differs or trace.lowest < trace.start:
            self.heap.noticed.add(base)
        lowest = self.heap.lowest
        self.heap.hold(function, result, "()")
        if self.trace is not None and self.heap.lowest != lowest:
            self.trace.local = True  # whoever calls it gets that very result again
        self.heap.lowest = lowest
        if base in self.heap.stateful:
            for value in arguments.every:
                self.heap.hold(function, value)
            self.change(function, line)
            given = frozenset(self.heap.fields.get(base, {}).get("()", ()))
            return result._replace(objects=result.objects | given)
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
        result = self._run_function(base, code, arguments, line)
        self._depth -= 1
        self._active[base] -= 1
        trace.lowest = self.heap.lowest
        self.heap.lowest = min(lowest, trace.lowest)
        self.trace = outer
        if outer is not None:
            outer.absorb(trace)
        if code.kept and not code.accessor:
            result = self._keep(base, trace, arguments, result, line)
        if shape is not None and self._active[base] == 0:
            outcome = outcome_of(self.heap, trace, result)
            if outcome is not None:
                self._kept[shape] = outcome
        return result

    def _shape(self, base: int, code: FunctionCode, arguments: Arguments) -> Shape | None:
        """What of a call decides its outcome if it has no effects; nothing if more does."""
        if code.function.free or code.me is not None or code.kept or self._active.get(base, 0):
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
        for name in sorted(kept.trace.builtins | kept.trace.unresolved):
            self.load(name, where)
        if self.trace is not None:
            self.trace.absorb(kept.trace)
        return renew(self.heap, kept)

    def line(self, line: int) -> int:
        """The line to report: of the call at the top level, if within one."""
        return self.call_line or line

    def _give_up(self, code: FunctionCode, arguments: Arguments, line: int) -> Value:
        """Too much to follow: all that it and its helpers name is read, all arguments change."""
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
        site, self.heap.site = self.heap.site, base
        self.state = caller.copy()
        self.state.locals = {}
        ends, self.ends = self.ends, []
        caught, self.caught = self.caught, [State()] if self.caught else []
        loops, self.loops = self.loops, []
        self._bind_parameters(code, arguments)
        self.run(code.function.body)
        if not self.state.dead:
            self.frame.returns.append(Value("none"))
        self._close_over()
        self.heap.site = site
        ends_here = [self.state, *self.ends]
        if code.function.generator:  # it may never be asked to go on
            ends_here.append(caller)
        final = join_states(ends_here)
        returns = self.frame.returns or [Value(UNKNOWN)]
        self.ends, self.loops, self.frame, self.call_line = ends, loops, frame, lines
        if caught:
            merge(caught[-1].names, self.caught[-1].names)
        self.caught = caught
        caller.names, caller.must = final.names, final.must
        self.state = caller
        result = join(returns[0], *returns[1:])
        if code.function.generator:
            made = self.heap.make("generator", unmovable="a generator")
            self.heap.hold(made, result)
            self.heap.hold(made, Value("function", frozenset((slot(base, 0),))), "__code__")
            return made
        return result

    def _close_over(self) -> None:
        """Inner functions hold the variables they use of the function that ends here."""
        users: dict[str, list[int]] = {}
        for base in self.frame.made:
            code = self.heap.code[base]
            assert isinstance(code, FunctionCode)
            for name in code.function.free:
                users.setdefault(name, []).append(base)
                value = self.frame.cells.get(name) or self.frame.find(name)
                if value is not None:
                    self.heap.hold(Value("function", frozenset((slot(base, 0),))), value)
        for name, bases in users.items():
            if len(bases) > 1 and name in self.frame.cells:
                shared = self.frame.shared[name] = self.heap.make("cell", plain=True)
                self.heap.hold(Value("function", frozenset(slot(b, 0) for b in bases)), shared)

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
