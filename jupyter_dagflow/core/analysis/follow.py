"""Following a cell's code: what each statement and expression reads, binds and changes.

The law: paths are followed as Python takes them. A branch binds perhaps, a loop may run no time or stop anywhere, a
``try`` body may stop anywhere, what cannot run is not followed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jupyter_dagflow.core.analysis import ir, library
from jupyter_dagflow.core.analysis.calls import Arguments, Calls
from jupyter_dagflow.core.analysis.values import (
    IMMUTABLE_VALUE,
    UNKNOWN,
    ClassCode,
    FunctionCode,
    Value,
    base_of,
    join,
    slot_of,
)
from jupyter_dagflow.core.analysis.world import Mark, State, join_states

Evaluate = Callable[[ir.Expr], Value]
_LOOP_PASSES = 2
_DEEP_LOOP = 3


class Follower(Calls):
    """Follows statements; one for a whole notebook."""

    def __init__(self) -> None:
        super().__init__()
        self.ends = []
        self.loops = []

    # expressions

    def expr(self, node: ir.Expr) -> Value:
        """The value of an expression, with all that evaluating it does."""
        return _EXPRESSIONS[type(node)](self, node)

    def _line(self, line: int) -> int:
        return self.call_line or line

    def _const(self, node: ir.Const) -> Value:
        return Value(node.kind)

    def _literal(self, node: ir.Literal) -> Value:
        if node.kind == "tuple" and node.plain:
            return IMMUTABLE_VALUE
        return self.heap.make(node.kind, plain=node.plain)

    def _load_global(self, node: ir.LoadGlobal) -> Value:
        return self.load(node.name, self._line(node.line), soft=node.soft)

    def _load_local(self, node: ir.LoadLocal) -> Value:
        value = self.state.locals.get(node.name)
        return value if value is not None else self.frame.cells.get(node.name, Value(UNKNOWN))

    def _load_closure(self, node: ir.LoadClosure) -> Value:
        return self.frame.find(node.name) or Value(UNKNOWN)

    def _load_class_var(self, node: ir.LoadClassVar) -> Value:
        value = self.state.locals.get(node.local)
        return value if value is not None else self.expr(node.outside)

    def _attr(self, node: ir.Attr) -> Value:
        base = self.expr(node.base)
        return self.get_attribute(base, node.name, self._line(node.line))

    def get_attribute(self, base: Value, name: str, line: int) -> Value:
        """``base.name`` read: a piece of a module, a property that runs, a view, or data inside."""
        if base.kind == "module":
            return Value("module", path=f"{base.path}.{name}")
        if base.kind in library.IMMUTABLE:
            return IMMUTABLE_VALUE
        found: list[Value] = []
        for obj in base.objects:
            inner = base_of(obj)
            if slot_of(obj) == 0 and inner in self.heap.classes:
                found += self._instance_attribute(obj, name, line)
            elif slot_of(obj) == 0 and isinstance(self.heap.code.get(inner), ClassCode):
                methods = self.class_methods(inner, name)
                found += [Value("function", frozenset((b * 8,))) for b, _ in methods]
        if name in library.INDEXERS or (name in library.VIEW_ATTRIBUTES and base.kind in ("array", UNKNOWN)):
            return Value(base.kind, base.objects)
        return join(self.heap.attribute(base, name), *found)

    def _instance_attribute(self, obj: int, name: str, line: int) -> list[Value]:
        inner = base_of(obj)
        me = Value("instance", frozenset((obj,)))
        found: list[Value] = []
        for base, code in self.methods(inner, name):
            if code.property_:
                found.append(self.follow(base, code, Arguments((me,)), line))
            else:
                bound = Value("function", frozenset((base * 8,)))
                found.append(bound)
        for class_base in self.heap.classes[inner]:
            held = self.heap.fields.get(class_base, {}).get(name)
            found += [Value(UNKNOWN, frozenset(held))] if held else []
        if not found:
            for special in ("__getattr__", "__getattribute__"):
                found += [self.follow(b, c, Arguments((me,)), line) for b, c in self.methods(inner, special)]
        return found

    def _item(self, node: ir.Item) -> Value:
        base = self.expr(node.base)
        if node.index is not None:
            self.expr(node.index)
        line = self._line(node.line)
        if base.kind == "module":
            return Value("module", path=f"{base.path}[]")
        self._operator(base, line)
        if self.heap.codes(base) and base.kind == "class":
            return base
        return self.heap.element(base, node.key, sliced=node.sliced)

    def _operator(self, value: Value, line: int) -> None:
        """An operator on a value: runs the operators of notebook classes, advances nothing."""
        if value.objects and any(base_of(o) in self.heap.classes for o in value.objects):
            self.use(value, line, calls=False)

    def _arguments(self, node: ir.Call) -> Arguments:
        positional: list[Value] = []
        spread: list[Value] = []
        for argument, star in zip(node.args, node.starred, strict=True):
            value = self.expr(argument)
            if star or spread:
                spread.append(self.heap.element(value) if star else value)
            else:
                positional.append(value)
        keywords: list[tuple[str, Value]] = []
        for keyword in node.keywords:
            value = self.expr(keyword.value)
            if keyword.name is None:
                spread.append(self.heap.element(value))
            else:
                keywords.append((keyword.name, value))
        return Arguments(tuple(positional), tuple(keywords), tuple(spread))

    def _call(self, node: ir.Call, *, dropped: bool = False) -> Value:
        line = self._line(node.line)
        if isinstance(node.func, ir.Attr):
            receiver = self.expr(node.func.base)
            name = node.func.name
            arguments = self._arguments(node)
            if receiver.kind == "module":
                return self.call_library(f"{receiver.path}.{name}", arguments, line, dropped=dropped)
            return self.call_method(receiver, name, arguments, line, dropped=dropped)
        func = self.expr(node.func)
        arguments = self._arguments(node)
        if func.kind == "module":
            return self.call_library(func.path, arguments, line, dropped=dropped)
        return self.call(func, arguments, line)

    def _display(self, node: ir.Display) -> Value:
        made = self.heap.make(node.kind, plain=True)
        for item, key, star in zip(node.items, node.keys, node.starred, strict=True):
            value = self.expr(item)
            if star:
                value, key = self.heap.element(value), None
            self.heap.hold(made, value, key)
        if node.kind == "tuple" and base_of(next(iter(made.objects))) not in self.heap.fields:
            return IMMUTABLE_VALUE
        return made

    def _operation(self, node: ir.Operation) -> Value:
        values = [self.expr(operand) for operand in node.operands]
        line = self._line(node.line)
        for value in values:
            self._operator(value, line)
        kinds = {v.kind for v in values}
        if node.kind != UNKNOWN:
            return Value(node.kind)
        if kinds and kinds <= library.IMMUTABLE:
            return Value("str" if "str" in kinds else "number" if kinds == {"number"} else "immutable")
        for kind in ("frame", "array"):
            if kind in kinds:
                return self.heap.make(kind)
        made = self.heap.make("list" if kinds == {"list"} else UNKNOWN, plain=kinds <= library.CONTAINERS | library.IMMUTABLE)
        for value in values:
            self.heap.hold(made, self.heap.contents(value))
        if any(base_of(o) in self.heap.classes for v in values for o in v.objects):
            return join(made, *[self._operator_result(v) for v in values])
        self._keep_codes(made, tuple(values))
        return made

    def _operator_result(self, value: Value) -> Value:
        """An operator of a notebook class most often gives another of the same class."""
        classes = {c for o in value.objects for c in self.heap.classes.get(base_of(o), ())}
        made = self.heap.make("instance")
        if not classes:
            return made
        self.heap.classes[base_of(next(iter(made.objects)))] = classes
        for class_base in classes:
            self.heap.hold(made, self.class_value(class_base), "__class__")
        return made

    def _choice(self, node: ir.Choice) -> Value:
        self.expr(node.test)
        return self._options(node.options)

    def _options(self, options: tuple[ir.Expr, ...], evaluate: Evaluate | None = None) -> Value:
        evaluate = evaluate or self.expr
        before = self.state
        states, values = [], []
        for option in options:
            self.state = before.copy()
            values.append(evaluate(option))
            states.append(self.state)
        self.state = join_states(states)
        return join(values[0], *values[1:])

    def _short_circuit(self, node: ir.ShortCircuit, evaluate: Evaluate | None = None) -> Value:
        evaluate = evaluate or self.expr
        values = [self.expr(node.values[0])]
        states = []
        for option in node.values[1:]:
            states.append(self.state.copy())
            values.append(evaluate(option))
        self.state = join_states([*states, self.state]) if states else self.state
        return join(values[0], *values[1:])

    def _comp(self, node: ir.Comp, evaluate: Evaluate | None = None) -> Value:
        evaluate = evaluate or self.expr
        made = self.heap.make(
            node.kind, plain=True, unmovable="a generator" if node.kind == "generator" else ""
        )
        before: State | None = None
        for index, generator in enumerate(node.generators):
            iterable = self.expr(generator.iterable)
            self._iterate(iterable, node.line)
            if index == 0:
                before = self.state.copy()
            self.assign(generator.target, self.heap.element(iterable), node.line)
            for condition in generator.conditions:
                self.expr(condition)
        for element in node.elements:
            self.heap.hold(made, evaluate(element))
        if before is not None:
            self.state = join_states([before, self.state])
        return made

    def _iterate(self, value: Value, line: int) -> None:
        line = self._line(line)
        if value.kind in ("iterator", "generator", "handle"):
            self.change(value, line)
        self._operator(value, line)
        if value.kind == "generator":
            self.use(value, line)

    def _lambda(self, node: ir.Lambda) -> Value:
        return self.make_function(node.function)

    def make_function(self, function: ir.Function) -> Value:
        """A function object; its defaults are evaluated now."""
        made = self.heap.make("function", plain=True)
        code = FunctionCode(function, self.frame, self.statement)
        for parameter in function.parameters:
            if parameter.default is not None:
                value = self.expr(parameter.default)
                code.defaults[parameter.name] = value
                self.heap.hold(made, value)
        base = base_of(next(iter(made.objects)))
        self.heap.code[base] = code
        self.frame.made.append(base)
        return made

    def _walrus(self, node: ir.Walrus) -> Value:
        value = self.expr(node.value)
        line = node.target.line if isinstance(node.target, ir.GlobalTarget) else 0
        self.assign(node.target, value, line)
        return value

    def _sequence(self, node: ir.Sequence_) -> Value:
        value = Value("none")
        for part in node.values:
            value = self.expr(part)
        return value

    def _consume(self, node: ir.Consume) -> Value:
        value = self.expr(node.value)
        self._operator(value, self._line(node.line))
        return value

    def _inline(self, node: ir.Inline) -> Value:
        before = self.state.copy()
        self.run(node.body)
        if node.isolated:
            self.state = before
        return Value(UNKNOWN)

    def _bind_names(self, node: ir.BindNames) -> Value:
        for name in node.names:
            self.bind(name, self.heap.make(UNKNOWN), self._line(node.line))
        return Value("none")

    def _opaque(self, node: ir.Opaque) -> Value:
        mark = Mark(node.what, self._line(node.line))
        (self.effect.binders if node.binds else self.effect.opaque).append(mark)
        return Value(UNKNOWN)

    def _ambient_magic(self, node: ir.Ambient) -> Value:
        self.effect.modules.setdefault(node.path, self._line(node.line))
        return Value("none")

    def _file_use(self, node: ir.FileUse) -> Value:
        mark = Mark(node.path, node.line)
        (self.effect.written_files if node.writes else self.effect.read_files).append(mark)
        return Value("none")

    # targets

    def assign(self, target: ir.Target, value: Value, line: int) -> None:
        """Bind or store a value."""
        if isinstance(target, ir.GlobalTarget):
            self.bind(target.name, value, self._line(target.line))
        elif isinstance(target, ir.LocalTarget):
            if target.nonlocal_:
                self._bind_outer(target.name, value)
            else:
                self.bind_local(target.name, value)
        elif isinstance(target, ir.AttrTarget):
            base = self.expr(target.base)
            place = Value("module", path=f"{base.path}.{target.name}") if base.kind == "module" else base
            self.change(place, self._line(target.line), content=True)
            self.heap.hold(base, value, target.name)
            self._setter(base, target.name, value, target.line)
        elif isinstance(target, ir.ItemTarget):
            base = self.expr(target.base)
            self.expr(target.index)
            self.change(base, self._line(target.line), content=base.kind not in library.CONTAINERS)
            if base.kind not in ("frame", "array"):
                self.heap.hold(base, value, target.key)
            self._operator(base, self._line(target.line))
        else:
            self._unpack(target, value, line)

    def _setter(self, base: Value, name: str, value: Value, line: int) -> None:
        for obj in base.objects:
            for method, code in self.methods(base_of(obj), "__setattr__"):
                self.follow(method, code, Arguments((base, value)), self._line(line))

    def _bind_outer(self, name: str, value: Value) -> None:
        frame = self.frame.outer
        self.change(Value("function", frozenset((self.frame.running * 8,))), self.call_line)
        while frame is not None:
            if name in frame.cells:
                frame.cells[name] = join(frame.cells[name], value)
                return
            frame = frame.outer

    def _unpack(self, target: ir.SequenceTarget, value: Value, line: int) -> None:
        for index, part in enumerate(target.targets):
            if target.star < 0 or index < target.star:
                self.assign(part, self.heap.element(value, index), line)
            elif index == target.star:
                rest = self.heap.make("list", plain=True)
                self.heap.hold(rest, self.heap.element(value))
                self.assign(part, rest, line)
            else:
                self.assign(part, self.heap.element(value, index - len(target.targets)), line)

    # statements

    def run(self, body: tuple[ir.Stmt, ...]) -> None:
        for statement in body:
            if self.state.dead:
                return
            _STATEMENTS[type(statement)](self, statement)

    def _expr_stmt(self, node: ir.ExprStmt) -> None:
        self._operator(self._drop(node.value), self._line(node.line))

    def _drop(self, node: ir.Expr) -> Value:
        """Evaluate an expression whose value nobody uses."""
        if isinstance(node, ir.Call):
            return self._call(node, dropped=True)
        if isinstance(node, ir.Sequence_) and node.values:
            for part in node.values[:-1]:
                self.expr(part)
            return self._drop(node.values[-1])
        if isinstance(node, ir.Choice):
            self.expr(node.test)
            return self._options(node.options, self._drop)
        if isinstance(node, ir.ShortCircuit):
            return self._short_circuit(node, self._drop)
        if isinstance(node, ir.Comp):
            return self._comp(node, self._drop)
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
        line = self._line(node.line)
        self._operator(old, line)
        self._operator(value, line)
        if old.kind in library.IMMUTABLE or old.kind == "tuple":
            self._aug_immutable(node, old, value)
            return
        self.change(old, line, content=old.kind not in library.CONTAINERS)
        if old.kind in ("list", "dict", "set"):
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
                self.load(target.name, self._line(target.line))
                self.unbind(target.name, self._line(target.line))
            elif isinstance(target, (ir.AttrTarget, ir.ItemTarget)):
                base = self.expr(target.base)
                if isinstance(target, ir.ItemTarget):
                    self.expr(target.index)
                self.change(base, self._line(target.line))

    def _if(self, node: ir.If) -> None:
        self.expr(node.test)
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
        self._iterate(iterable, node.line)
        element = self.heap.element(iterable)
        before = self.state.copy()
        self.loops.append([])
        for number in range(_LOOP_PASSES if len(self.loops) <= _DEEP_LOOP else 1):
            start = self.state
            self.assign(node.target, element, node.line)
            self.run(node.body)
            if number == 0 and node.nonempty and not self.state.dead:
                before = self.state.copy()
            self.state = join_states([start, before, self.state]) if number else join_states([before, self.state])
        left = self.loops.pop()
        if not self.state.dead:
            self.run(node.orelse)
        self.state = join_states([self.state, *left])

    def _while(self, node: ir.While) -> None:
        self.expr(node.test)
        before = self.state.copy()
        before.dead = before.dead or node.forever
        self.loops.append([])
        for _ in range(_LOOP_PASSES if len(self.loops) <= _DEEP_LOOP else 1):
            self.run(node.body)
            if not self.state.dead:
                self.expr(node.test)
            again = self.state.copy()
            if node.forever:
                again.dead = True
            before = join_states([before, again])
            if self.state.dead:
                break
        left = self.loops.pop()
        self.state = before
        if not self.state.dead:
            self.run(node.orelse)
        self.state = join_states([self.state, *left])

    def _jump(self, node: ir.Jump) -> None:
        if self.loops:
            self.loops[-1].append(self.state.copy())
        self.state.dead = True

    def _try(self, node: ir.Try) -> None:
        before = self.state.copy()
        guards = any(handler.names_errors for handler in node.handlers)
        self.guarded += guards
        self.run(node.body)
        self.guarded -= guards
        after = self.state
        stopped = join_states([before, _alive(after)])
        if not after.dead:
            self.run(node.orelse)
        ends = [self.state]
        for handler in node.handlers:
            self.state = stopped.copy()
            self._handler(handler, node.line)
            ends.append(self.state)
        self.state = join_states(ends)
        if node.final:
            dead = self.state.dead
            self.state.dead = False
            self.run(node.final)
            self.state.dead = self.state.dead or dead

    def _handler(self, handler: ir.Handler, line: int) -> None:
        if handler.type is not None:
            self.expr(handler.type)
        names = self.state.copy() if handler.target is not None else None
        if handler.target is not None:
            self.assign(handler.target, Value(UNKNOWN), line)
        self.run(handler.body)
        if names is not None and isinstance(handler.target, ir.GlobalTarget):
            self._forget(handler.target.name, names)

    def _forget(self, name: str, before: State) -> None:
        """The name of an exception is gone when its handler ends; what it was before, if anything, stands."""
        if name in before.names:
            self.state.names[name] = before.names[name]
        else:
            self.state.names.pop(name, None)
        if name not in before.must:
            self.state.must.discard(name)

    def _with(self, node: ir.With) -> None:
        before: State | None = None
        for item in node.items:
            value = self.expr(item.value)
            self._operator(value, self._line(node.line))
            if item.target is not None:
                self.assign(item.target, self._entered(value, node.line), node.line)
        if node.swallows:
            before = self.state.copy()
        self.run(node.body)
        if before is not None:
            self.state = join_states([before, _alive(self.state)])

    def _entered(self, value: Value, line: int) -> Value:
        for obj in value.objects:
            for base, code in self.methods(base_of(obj), "__enter__"):
                return self.follow(base, code, Arguments((value,)), self._line(line))
        if value.kind == "generator":
            return join(self.heap.element(value), self.heap.make(UNKNOWN))
        return value if value.objects else self.heap.make(UNKNOWN)

    def _match(self, node: ir.Match) -> None:
        subject = self.expr(node.subject)
        before = self.state
        ends: list[State] = []
        total = False
        for case in node.cases:
            self.state = before.copy()
            for read in case.reads:
                self.expr(read)
            for target in case.captures:
                self.assign(target, self.heap.element(subject), node.line)
            if case.whole is not None:
                self.assign(case.whole, subject, node.line)
            if case.guard is not None:
                self.expr(case.guard)
                before = join_states([before, self.state])
            self.run(case.body)
            ends.append(self.state)
            total = total or case.total
        self.state = join_states(ends if total else [before, *ends])

    def _define(self, node: ir.Define) -> None:
        for annotation in node.annotations if not self.lazy_annotations else ():
            self.expr(annotation)
        decorators = [self.expr(d) for d in node.decorators]
        value = self.make_function(node.function)
        self.assign(node.target, self._decorated(value, decorators, node.line), node.line)

    def _decorated(self, value: Value, decorators: list[Value], line: int) -> Value:
        for decorator in reversed(decorators):
            if decorator.kind == "module" or not self.heap.codes(decorator):
                self._mark(value, decorator.path)
                continue
            value = self.call(decorator, Arguments((value,)), self._line(line))
        return value

    def _mark(self, value: Value, path: str) -> None:
        name = path.rpartition(".")[2]
        for obj in value.objects:
            code = self.heap.code.get(base_of(obj))
            if isinstance(code, FunctionCode):
                if name in ("staticmethod", "classmethod"):
                    code.receiver = "none" if name == "staticmethod" else "class"
                code.property_ = code.property_ or name in ("property", "cached_property", "setter", "getter")

    def _define_class(self, node: ir.DefineClass) -> None:
        decorators = [self.expr(d) for d in node.decorators]
        bases = tuple(self.expr(b) for b in node.bases)
        for keyword in node.keywords:
            self.use(self.expr(keyword.value), self._line(node.line))
        self.run(node.body)
        made = self.heap.make("class", plain=True)
        base = base_of(next(iter(made.objects)))
        foreign = any(not self.heap.codes(b) and b.path != "builtins.object" for b in bases)
        self.heap.code[base] = ClassCode(node.name, bases, foreign, self.statement)
        for parent in bases:
            self.heap.hold(made, parent, "__bases__")
        for name, local in node.members:
            value = self.state.locals.get(local)
            if value is not None:
                self.heap.hold(made, value, name)
        for parent in bases:
            for obj in parent.objects:
                for method, code in self.class_methods(base_of(obj), "__init_subclass__"):
                    self.follow(method, code, Arguments((made,)), self._line(node.line))
        self.assign(node.target, self._decorated(made, decorators, node.line), node.line)

    def _annotated(self, node: ir.Annotated) -> None:
        if not self.lazy_annotations:
            self.expr(node.annotation)

    def _import(self, node: ir.Import) -> None:
        if node.star:
            self.effect.stars.append(Mark(node.star, self._line(node.line)))
        for item in node.items:
            if item.extends and isinstance(item.target, ir.GlobalTarget):
                name = item.target.name
                known = self.names.get(name)
                if known is not None and known.kind == "module" and known.path == item.path:
                    self.effect.extends.add(name)
            self.assign(item.target, Value("module", path=item.path), node.line)

    def _future(self, node: ir.Future) -> None:
        self.lazy_annotations = self.lazy_annotations or "annotations" in node.names

    def _return(self, node: ir.Return) -> None:
        self.frame.returns.append(self.expr(node.value) if node.value is not None else Value("none"))
        self.ends.append(self.state.copy())
        self.state.dead = True

    def _raise(self, node: ir.Raise) -> None:
        for value in node.values:
            self.expr(value)
        self.state.dead = True


def _alive(state: State) -> State:
    other = state.copy()
    other.dead = False
    return other


_EXPRESSIONS: dict[type, Callable[[Any, Any], Value]] = {
    ir.Const: Follower._const,
    ir.Literal: Follower._literal,
    ir.LoadGlobal: Follower._load_global,
    ir.LoadLocal: Follower._load_local,
    ir.LoadClosure: Follower._load_closure,
    ir.LoadClassVar: Follower._load_class_var,
    ir.Attr: Follower._attr,
    ir.Item: Follower._item,
    ir.Call: Follower._call,
    ir.Display: Follower._display,
    ir.Operation: Follower._operation,
    ir.Choice: Follower._choice,
    ir.ShortCircuit: Follower._short_circuit,
    ir.Comp: Follower._comp,
    ir.Lambda: Follower._lambda,
    ir.Walrus: Follower._walrus,
    ir.Sequence_: Follower._sequence,
    ir.Consume: Follower._consume,
    ir.Inline: Follower._inline,
    ir.BindNames: Follower._bind_names,
    ir.Opaque: Follower._opaque,
    ir.Ambient: Follower._ambient_magic,
    ir.FileUse: Follower._file_use,
}

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
