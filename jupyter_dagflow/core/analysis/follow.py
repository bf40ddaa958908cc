"""Statements, followed: what each reads, binds and changes on which paths.

The law: paths are followed as Python takes them. A branch binds perhaps, a loop may run no time or
stop anywhere, a ``try`` body may stop anywhere, what cannot run is not followed.
"""
# ruff: noqa: SLF001 - the table at the end names this class's own methods

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from jupyter_dagflow.core.analysis import ir, library
from jupyter_dagflow.core.analysis.classes import NO_ARGUMENTS
from jupyter_dagflow.core.analysis.evaluate import Evaluator
from jupyter_dagflow.core.analysis.values import (
    IMMUTABLE_VALUE,
    REGISTERED,
    UNKNOWN,
    Arguments,
    ClassCode,
    FunctionCode,
    Value,
    base_of,
    join,
    slot_of,
)
from jupyter_dagflow.core.analysis.world import DELETED, NO_NAMES, Mark, State, join_states

_LOOP_PASSES = 2
_DEEP_LOOP = 3


class Follower(Evaluator):
    """Follows statements; one for a whole notebook."""

    def run(self, body: tuple[ir.Stmt, ...]) -> None:
        for statement in body:
            if self.state.dead:
                return
            self.work += 1
            _STATEMENTS[type(statement)](self, statement)

    def _expr_stmt(self, node: ir.ExprStmt) -> None:
        self.operator(self._drop(node.value), self.line(node.line))

    def _drop(self, node: ir.Expr) -> Value:
        """Evaluate an expression whose value nobody uses."""
        if isinstance(node, ir.Call):
            return self.call_expr(node, dropped=True)
        if isinstance(node, ir.Chain) and node.values:
            for part in node.values[:-1]:
                self.expr(part)
            return self._drop(node.values[-1])
        if isinstance(node, ir.Choice):
            self.expr(node.test)
            return self.options(node.options, self._drop)
        if isinstance(node, ir.ShortCircuit):
            return self.short_circuit(node, self._drop)
        if isinstance(node, ir.Comp):
            return self.comp(node, self._drop)
        return self.expr(node)

    def _assign_stmt(self, node: ir.Assign) -> None:
        if len(node.targets) == 1 and self._pairwise(node.targets[0], node.value, node.line):
            return
        value = self.expr(node.value)
        for target in node.targets:
            self.assign(target, value, node.line)

    def _pairwise(self, target: ir.Target, value: ir.Expr, line: int) -> bool:
        """``a, b = x, y`` binds each to its own, all read before any is bound."""
        if not (isinstance(target, ir.SequenceTarget) and isinstance(value, ir.Display)):
            return False
        if target.star >= 0 or any(value.starred) or len(target.targets) != len(value.items):
            return False
        values = [self.expr(item) for item in value.items]
        for part, each in zip(target.targets, values, strict=True):
            self.assign(part, each, line)
        return True

    def _aug_assign(self, node: ir.AugAssign) -> None:
        old = self.expr(node.old)
        value = self.expr(node.value)
        line = self.line(node.line)
        self.operator(old, line)
        self.operator(value, line)
        if old.kind in library.IMMUTABLE or old.kind == "tuple":
            self._aug_immutable(node, old, value)
            return
        self.change(old, line, content=old.kind not in library.CONTAINERS)
        if old.kind not in ("array", "frame"):
            self.heap.hold(old, self.heap.element(value))
        self.assign(node.target, old, node.line)

    def _aug_immutable(self, node: ir.AugAssign, old: Value, value: Value) -> None:
        if value.kind in library.IMMUTABLE:
            result = Value(old.kind if old.kind == value.kind else "immutable")
        else:
            result = self.heap.make(value.kind if value.kind in ("array", "frame") else UNKNOWN)
            if old.kind == "tuple":
                self.heap.hold(result, join(self.heap.element(old), self.heap.element(value)))
        self.assign(node.target, result, node.line)

    def _delete(self, node: ir.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ir.GlobalTarget):
                self.load(target.name, self.line(target.line))
                self.unbind(target.name, self.line(target.line))
            elif isinstance(target, (ir.AttrTarget, ir.ItemTarget)):
                base = self.expr(target.base)
                self.operator(base, self.line(target.line))
                if isinstance(target, ir.ItemTarget):
                    self.look_inside(self.expr(target.index), self.line(target.line))
                elif base.path == library.MAIN:
                    self.load(target.name, self.line(target.line))
                    self.unbind(target.name, self.line(target.line))
                else:
                    self.run_accessors(base, target.name, "delete", (), self.line(target.line))
                self.change(base, self.line(target.line))

    def _if(self, node: ir.If) -> None:
        self.operator(self.expr(node.test), self.line(node.line))
        if node.known is not None:
            self.run(node.body if node.known else node.orelse)
            return
        before = self.state
        self.state = before.copy()
        self.run(node.body)
        taken, self.state = self.state, before
        self.run(node.orelse)
        self.state = join_states([taken, self.state])

    def _for(self, node: ir.For) -> None:
        iterable = self.expr(node.iterable)
        element = self.iterate(iterable, node.line)
        before = self.state.copy()
        self.loops.append([])
        self.forever.append(False)
        for number in range(_LOOP_PASSES if len(self.loops) <= _DEEP_LOOP else 1):
            start = self.state
            self.assign(node.target, element, node.line)
            self.run(node.body)
            if number == 0 and node.nonempty and not self.state.dead:
                before = self.state.copy()
            self.state = (
                join_states([start, before, self.state])
                if number
                else join_states([before, self.state])
            )
        left = self.loops.pop()
        self.forever.pop()
        if not self.state.dead:
            self.run(node.orelse)
        self.state = join_states([self.state, *left])

    def _while(self, node: ir.While) -> None:
        self.operator(self.expr(node.test), self.line(node.line))
        before = self.state.copy()
        before.dead = before.dead or node.forever
        self.loops.append([])
        self.forever.append(node.forever)
        for _ in range(_LOOP_PASSES if len(self.loops) <= _DEEP_LOOP else 1):
            self.run(node.body)
            if not self.state.dead:
                self.operator(self.expr(node.test), self.line(node.line))
            again = self.state.copy()
            if node.forever:
                again.dead = True
            before = join_states([before, again])
            if self.state.dead:
                break
        left = self.loops.pop()
        self.forever.pop()
        self.state = before
        if not self.state.dead:
            self.run(node.orelse)
        self.state = join_states([self.state, *left])

    def _jump(self, node: ir.Jump) -> None:
        if self.loops and (node.leaves or not self.forever[-1]):
            self.loops[-1].append(self.state.copy())
        self.state.dead = True

    def _try(self, node: ir.Try) -> None:
        self.watch()
        left = self._left()
        outer, self.raised = self.raised, []
        guards = any(handler.names_errors for handler in node.handlers)
        self.guarded += guards
        self.run(node.body)
        self.guarded -= guards
        raised, self.raised = self.raised, outer
        self.raised += raised  # it may be another that is caught here
        stopped = self.stopped()
        if not self.state.dead:
            self.run(node.orelse)
        ends = [self.state]
        for handler in (
            node.handlers if node.body else ()
        ):  # of ``pass`` nothing is left, nor raised
            self.state = stopped.copy()
            self._handler(handler, raised, node.line)
            ends.append(self.state)
        self.state = join_states(ends)
        if node.final:
            self.handled.append(join(IMMUTABLE_VALUE, *raised))
            self._at_last(lambda: self.run(node.final), left)
            self.handled.pop()

    def _left(self) -> list[tuple[list[State], int]]:
        """How many paths have left the function, and the loop, so far."""
        return [(paths, len(paths)) for paths in (self.ends, *self.loops[-1:])]

    def _at_last(self, do: Callable[[], None], left: list[tuple[list[State], int]]) -> None:
        """Do what is done however a block ends: also where it has been left by ``return`` or a jump since then."""
        for paths, number in left:
            if len(paths) > number:
                end, self.state = self.state, join_states(paths[number:])
                del paths[number:]
                do()
                if not self.state.dead:
                    paths.append(self.state)
                self.state = end
        dead = self.state.dead
        self.state.dead = False
        do()
        self.state.dead = self.state.dead or dead

    def _handler(self, handler: ir.Handler, raised: list[Value], line: int) -> None:
        if handler.type is not None:
            self.expr(handler.type)
        names = self.state.copy() if handler.target is not None else None
        if handler.target is not None:
            made = (self._thrown(value, line) for value in raised)
            self.assign(handler.target, join(self.heap.make(UNKNOWN), *made), line)
        self.handled.append(join(IMMUTABLE_VALUE, *raised))
        self.run(handler.body)
        self.handled.pop()
        if names is not None and isinstance(handler.target, ir.GlobalTarget):
            self._forget(handler.target.name, names, handler.target.line)

    def _thrown(self, value: Value, line: int) -> Value:
        """The exception that is raised: of a class, an instance."""
        if value.kind != "class":
            return value
        return self.call(value, NO_ARGUMENTS, self.line(line))

    def _forget(self, name: str, before: State, line: int) -> None:
        """The name of an exception is gone when its handler ends, whatever it was before.

        If it was something, that has to be at hand: where the handler is not come to, it stands.
        """
        if name in before.names:
            self.state.names[name] = before.names[name]
        else:
            self.state.names.pop(name, None)
        if name not in before.must:
            self.state.must.discard(name)
        if {before.names.get(name), self.names.get(name)} - {None, DELETED}:
            self.load(name, self.line(line))
            self.unbind(name, self.line(line))

    def _with(self, node: ir.With) -> None:
        managers: list[Value] = []
        left = self._left()
        for item in node.items:
            value = self.expr(item.value)
            managers.append(value)
            self.operator(value, self.line(node.line))
            entered = self._entered(value, node.line)
            if item.target is not None:
                self.assign(item.target, entered, node.line)
        if node.swallows:
            self.watch()
        restored, known = self._restored(node), {*self.effect.modules}
        self.run(node.body)
        for path in self.effect.modules.keys() - known if restored else ():
            if path.partition(".")[0] in restored:
                del self.effect.modules[path]
        if node.swallows:
            self.state = self.stopped()
        if any(value.objects for value in managers):
            self.handled.append(IMMUTABLE_VALUE)
            self._at_last(lambda: self._exit(managers, self.line(node.line)), left)
            self.handled.pop()

    def _exit(self, managers: list[Value], line: int) -> None:
        for value in reversed(managers):
            self.run_special(value, ("__exit__", "__aexit__"), line)
            if value.kind == "generator":
                self.use(value, line)  # what stands behind its ``yield``
            for obj in sorted(value.objects):
                kind = self.heap.kinds[base_of(obj)]
                if kind in ("closing", "exits") and slot_of(obj) == 0:
                    self._leave(Value(kind, frozenset((obj,))), line)

    def _leave(self, value: Value, line: int) -> None:
        """Do what ``contextlib.closing`` or an ``ExitStack`` does at the end."""
        heap = self.heap
        for name in library.CLOSERS.values() if value.kind == "closing" else ():
            thing = heap.element(value, name)
            if thing.objects:
                self.call_method(thing, name, NO_ARGUMENTS, line, dropped=True)
        if value.kind == "exits":
            self.change(value, line)
            self._exit([heap.element(value, "managers")], line)
            for key in ("exits", "callbacks"):
                called = heap.element(value, key)
                if called.objects:
                    self.call(called, NO_ARGUMENTS, line)

    def call_of_context(self, receiver: Value, name: str, arguments: Arguments, line: int) -> Value:
        if name in library.EXITS:
            self._exit([receiver], line)
            return Value("none")
        first, *others = arguments.positional or (IMMUTABLE_VALUE,)
        self.change(receiver, line)
        if name in library.ENTERS:
            self.heap.hold(receiver, first, "managers")
            self.operator(first, line)
            return self._entered(first, line)
        if name in library.PUSHES:
            has_exit = any(base_of(o) in self.heap.classes for o in first.objects)
            self.heap.hold(receiver, first, "managers" if has_exit else "exits")
        elif name in library.CALLBACKS:
            later = self.heap.make("partial")
            (obj,) = later.objects
            given = arguments._replace(positional=tuple(others))
            self.heap.partials[base_of(obj)] = (first, given)
            for value in arguments.every:
                self.heap.hold(later, value)
            self.heap.hold(receiver, later, "callbacks")
        else:
            return self._entered(receiver, line)
        return first

    def _restored(self, node: ir.With) -> set[str]:
        """The libraries whose settings are as they were when a block has been left."""
        calls = (item.value for item in node.items if isinstance(item.value, ir.Call))
        paths = (self.expr(call.func).path for call in calls)
        return {library.RESTORING[path] for path in paths if path in library.RESTORING}

    def _entered(self, value: Value, line: int) -> Value:
        given = self.run_special(value, ("__enter__", "__aenter__"), self.line(line))
        if given:
            return join(value, *given)
        if value.kind == "generator":
            return join(self.heap.element(value), self.heap.make(UNKNOWN))
        if value.kind == "closing":
            return self.heap.element(value)
        return value if value.objects else self.heap.make(UNKNOWN)

    def _match(self, node: ir.Match) -> None:
        subject = self.expr(node.subject)
        self.look_inside(subject, self.line(node.line))
        self.run_properties(subject, self.line(node.line))
        before = self.state
        ends: list[State] = []
        total = False
        for case in node.cases:
            self.state = before.copy()
            for read in case.reads:
                self.expr(read)
            captured: dict[ir.Target, Value] = {}  # each alternative of a pattern has the name
            for capture in case.captures:
                value = self._captured(capture, subject)
                known = captured.setdefault(capture.target, value)
                captured[capture.target] = join(known, value)
            for target, value in captured.items():
                self.assign(target, value, node.line)
            if case.guard is not None:
                self.operator(self.expr(case.guard), self.line(node.line))
                before = join_states([before, self.state])
            self.run(case.body)
            ends.append(self.state)
            total = total or case.total
        self.state = join_states(ends if total else [before, *ends])

    def _captured(self, capture: ir.Capture, subject: Value) -> Value:
        value = subject
        for _ in range(capture.depth):
            value = self.heap.element(value)
        if not capture.rest:
            return value
        made = self.heap.make(capture.rest, plain=True)
        self.heap.hold(made, value)
        return made

    def _define(self, node: ir.Define) -> None:
        annotations = node.annotations if not self.lazy_annotations else ()
        noted = [self.expr(annotation) for annotation in annotations]
        decorators = [self.expr(d) for d in node.decorators]
        value = self.make_function(node.function)
        self._note(value, noted)
        self.assign(node.target, self._decorated(value, decorators, node.line), node.line)

    def _note(self, made: Value, annotations: Iterable[Value]) -> None:
        """A function or class keeps what its annotations are, of which data may change."""
        for each in annotations:
            if any(base_of(obj) not in self.heap.code for obj in each.objects):
                self.heap.hold(made, each)

    def _decorated(self, value: Value, decorators: list[Value], line: int) -> Value:
        for decorator in reversed(decorators):
            if decorator.kind == "generator":  # a context manager that a function makes
                value = self.within(decorator, value, line)
                continue
            if decorator.kind == "bound" and decorator.path in library.OF_PROPERTIES:
                value = self.added_to_property(decorator, value)
                continue
            if not self._is_own(decorator):
                self._mark(value, decorator.path)
                self.keep_codes(value, (decorator,))
                continue
            if not self._extends(decorator, value, line):
                value = self.call(decorator, Arguments((value,)), self.line(line))
        return value

    def _extends(self, decorator: Value, value: Value, line: int) -> bool:
        """Whether it is ``@f.register``, and ``f`` is of the same task and goes by one name only: that is
        then so much more.
        """
        generic = self.generic_functions(decorator)
        if decorator.kind != "bound" or len(generic.objects) != 1:
            return False
        base = base_of(next(iter(generic.objects)))
        names = self.named.get(base, NO_NAMES)
        code = self.heap.code[base]
        own = isinstance(code, FunctionCode) and code.dispatches == self.node
        if not own or len(names) != 1 or self.heap.held_by.get(base):
            return False
        (name,) = names
        self.effect.extends += (name,)
        self.bind(name, self.names[name], line)
        self.heap.hold(generic, value, REGISTERED)
        return True

    def _is_own(self, decorator: Value) -> bool:
        """Whether a decorator is the notebook's: a function, a class, an instance of one, or a function
        with some of its arguments given.
        """
        heap = self.heap
        known = (heap.code, heap.classes, heap.partials)
        return any(base_of(o) in kind for o in decorator.objects for kind in known)

    def _mark(self, value: Value, path: str) -> None:
        name = path.rpartition(".")[2]
        for obj in value.objects:
            code = self.heap.code.get(base_of(obj))
            if isinstance(code, FunctionCode):
                if name in ("staticmethod", "classmethod"):
                    code.receiver = "none" if name == "staticmethod" else "class"
                code.kept = code.kept or name == "cached_property" or path in library.CACHES
                if library.HOOKING.match(path):
                    code.hooked = _moment(name)
                if path in library.DISPATCHING:
                    code.dispatches = self.node
                if name in ("property", "cached_property"):
                    code.accessor = "get"

    def _define_class(self, node: ir.DefineClass) -> None:
        decorators = [self.expr(d) for d in node.decorators]
        bases = tuple(self.expr(b) for b in node.bases)
        given = {keyword.name: self.expr(keyword.value) for keyword in node.keywords}
        for option, setting in given.items():
            self.use(setting, self.line(node.line), calls=option != "metaclass")
        outer, self.noted = self.noted, []
        self.run(node.body)
        noted, self.noted = self.noted, outer
        made = self.heap.make("class", plain=True)
        self._note(made, noted)
        base = base_of(next(iter(made.objects)))
        foreign = any(not self.heap.codes(b) and b.path != "builtins.object" for b in bases)
        self.heap.code[base] = ClassCode(node.name, bases, foreign, self.statement)
        for parent in bases:
            self.heap.hold(made, parent, "__bases__")
        for name, local in node.members:
            value = self.state.locals.get(local)
            if value is not None:
                self.heap.hold(made, value, name)
                self.describe(value, "__set_name__", (made, Value("str")), self.line(node.line))
        if self.derives_from(base, library.HAS_TRAITS.match):
            self._hook_by_name(base)
        if any(map(self.is_enumeration, bases)):
            self._enumerate(node, made)
        self._run_metaclass(node, made, bases, given.get("metaclass"))
        keywords = tuple((n, v) for n, v in given.items() if n and n != "metaclass")
        self.tell_bases(bases, Arguments((made,), keywords), self.line(node.line))
        self.assign(node.target, self._decorated(made, decorators, node.line), node.line)

    def _hook_by_name(self, class_base: int) -> None:
        for name, held in self.heap.fields.get(class_base, {}).items():
            if isinstance(name, str) and library.TRAIT_METHOD.match(name):
                for code in (self.heap.code.get(base_of(o)) for o in held):
                    if isinstance(code, FunctionCode):
                        code.hooked = _moment(name)

    def _run_metaclass(
        self, node: ir.DefineClass, made: Value, bases: tuple[Value, ...], given: Value | None
    ) -> None:
        """A class is made by its metaclass, or that of the nearest base that has one."""
        above = [self.class_data(base_of(o), "__class__") for b in bases for o in b.objects]
        options = [m for m in (given, *above) if m is not None and m.objects]
        if not options:
            return
        metaclass = options[0]._replace(kind="class")
        self.heap.hold(made, metaclass, "__class__")
        self.heap.has_metaclasses = True
        body = self.heap.make("dict", plain=True)
        for _, local in node.members:
            self.heap.hold(body, self.state.locals.get(local, IMMUTABLE_VALUE))
        outer, self.making = self.making, made
        for name, first in (("__new__", metaclass), ("__init__", made)):
            for obj in metaclass.objects:
                for method, code in self.class_methods(base_of(obj), name):
                    arguments = Arguments((first, Value("str"), IMMUTABLE_VALUE, body))
                    self.follow(method, code, arguments, self.line(node.line))
        self.making = outer

    def _enumerate(self, node: ir.DefineClass, made: Value) -> None:
        """What is assigned in an enumeration are the values of its members."""
        values = [
            self.state.locals[local] for _, local in node.members if local in self.state.locals
        ]
        data = tuple(v for v in values if not self.heap.codes(v))
        member = self.give_members(made, Arguments(spread=data), self.line(node.line))
        for value in data:
            self.heap.hold(member, value, "value")
            self.heap.hold(member, value, "_value_")
        base = base_of(next(iter(made.objects)))
        for name, local in node.members:
            if self.state.locals.get(local) in data and name in self.heap.fields[base]:
                self.heap.fields[base][name] = set(member.objects)

    def _annotated(self, node: ir.Annotated) -> None:
        if not self.lazy_annotations:
            self.noted.append(self.expr(node.annotation))

    def _import(self, node: ir.Import) -> None:
        if node.star:
            self.effect.marks += (Mark("star", node.star, self.line(node.line)),)
        for item in node.items:
            if item.extends and isinstance(item.target, ir.GlobalTarget):
                name = item.target.name
                known = self.names.get(name)
                if known is not None and known.kind == "module" and known.path == item.path:
                    self.effect.extends += (name,)
            module, _, name = item.path.partition(".")
            value = Value("module", path=item.path)
            if module == library.MAIN and name:
                value = self.load(name, self.line(node.line))
            self.assign(item.target, value, node.line)

    def _future(self, node: ir.Future) -> None:
        self.lazy_annotations = self.lazy_annotations or "annotations" in node.names

    def _return(self, node: ir.Return) -> None:
        self.frame.returns.append(
            self.expr(node.value) if node.value is not None else Value("none")
        )
        self.ends.append(self.state.copy())
        self.state.dead = True

    def _raise(self, node: ir.Raise) -> None:
        values = [self.expr(part) for part in node.values]
        for value in values:
            if value.objects:
                self.raised.append(value)
                self.impure()
        for error in values[:1] if self.handled or values[1:] else ():
            self.change(error, self.line(node.line))  # an exception keeps what it came from
            for origin in (*values[1:], *self.handled[-1:]):
                self.heap.hold(error, origin, "__context__")
        self.state.dead = True


def _moment(name: str) -> str:
    """When a library runs a method that has such a name, or such a decorator."""
    return "get" if library.DEFAULTING.search(name) else "set"


_STATEMENTS: dict[type, Callable[[Any, Any], None]] = {
    ir.ExprStmt: Follower._expr_stmt,
    ir.Assign: Follower._assign_stmt,
    ir.AugAssign: Follower._aug_assign,
    ir.Delete: Follower._delete,
    ir.If: Follower._if,
    ir.For: Follower._for,
    ir.While: Follower._while,
    ir.Try: Follower._try,
    ir.With: Follower._with,
    ir.Match: Follower._match,
    ir.Define: Follower._define,
    ir.DefineClass: Follower._define_class,
    ir.Annotated: Follower._annotated,
    ir.Import: Follower._import,
    ir.Future: Follower._future,
    ir.Return: Follower._return,
    ir.Raise: Follower._raise,
    ir.Jump: Follower._jump,
}
