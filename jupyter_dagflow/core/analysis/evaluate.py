"""Expressions and targets: what evaluating them reads, binds and changes.

The law: operands are evaluated in Python's order; what may not run (the other side of ``or``, a
comprehension over nothing) binds only perhaps.
"""
# ruff: noqa: SLF001 - the table at the end names this class's own methods

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

from jupyter_dagflow.core.analysis import ir, library
from jupyter_dagflow.core.analysis.classes import GOING_THROUGH
from jupyter_dagflow.core.analysis.foreign import ForeignCalls
from jupyter_dagflow.core.analysis.values import (
    IMMUTABLE_VALUE,
    OBSERVERS,
    UNKNOWN,
    Arguments,
    ClassCode,
    FunctionCode,
    Value,
    base_of,
    join,
    slot,
    slot_of,
)
from jupyter_dagflow.core.analysis.world import Mark, State, join_states
from jupyter_dagflow.core.finalizers import CLOSING

_AT_NAME = re.compile(r"(?<![\w.])@(?:([A-Za-z_]\w*)|(?=[%{]|$))")
Evaluate = Callable[[ir.Expr], Value]


class Evaluator(ForeignCalls):
    """Evaluates expressions and binds targets; statements are the subclass's."""

    # expressions

    def expr(self, node: ir.Expr) -> Value:
        """The value of an expression, with all that evaluating it does."""
        return _EXPRESSIONS[type(node)](self, node)

    def _const(self, node: ir.Const) -> Value:
        if isinstance(node.value, str) and "@" in node.value:
            self.named_in_text.update(_at_names(node.value))
        return Value(node.kind)

    def _literal(self, node: ir.Literal) -> Value:
        if node.kind == "tuple" and node.plain:
            return IMMUTABLE_VALUE
        return self.heap.make(node.kind, plain=node.plain)

    def _load_global(self, node: ir.LoadGlobal) -> Value:
        return self.load(node.name, self.line(node.line), soft=node.soft)

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
        return self.get_attribute(base, node.name, self.line(node.line))

    def get_attribute(self, base: Value, name: str, line: int) -> Value:
        """``base.name`` read: a piece of a module, a property that runs, a view, or data inside."""
        if base.path == library.MAIN:
            return self._of_namespace(name, line)
        if base.kind == "module":
            return Value("module", path=f"{base.path}.{name}")
        if name == "__globals__" and self.heap.codes(base):
            return self._of_namespace("__dict__", line)
        if base.kind in library.IMMUTABLE:
            return IMMUTABLE_VALUE
        if name in library.INSIDES or base.kind in library.INSIDES_BY_KIND.get(name, ()):
            return Value("dict" if name == "__dict__" else UNKNOWN, base.objects)
        # What an exception was made with is in its ``args``, which are no part of a notebook's class.
        found = [Value(UNKNOWN, base.objects)] if name == "args" else []
        for obj in base.objects:
            inner = base_of(obj)
            if slot_of(obj) == 0 and inner in self.heap.classes:
                found += self._instance_attribute(obj, name, line)
            elif slot_of(obj) == 0 and isinstance(self.heap.code.get(inner), ClassCode):
                methods = self.class_methods(inner, name)
                found += [Value("function", frozenset((slot(b, 0),))) for b, _ in methods]
                held = self.class_attribute(inner, name)
                found += [held] if held.objects else []
                found += self._of_metaclass(inner, name, line)
        if base.kind in library.MOVING and name not in library.STANDING_STILL:
            return Value("bound", base.objects, name)
        if (
            name in library.BINDABLE
            and not found
            and base.kind not in ("frame", "instance", "class")
        ):
            return Value("bound", base.objects, name)
        if name == "register" and self.generic_functions(base).objects:
            return Value("bound", base.objects, name)
        if name in library.OF_PROPERTIES and self.is_property(base):
            return Value("bound", base.objects, name)
        if base.kind == "frame" and name in library.MEMORY_OF_FRAMES:
            return self.heap.memory_of(base)
        if name in library.INDEXERS or (
            name in library.VIEW_ATTRIBUTES and base.kind in ("array", UNKNOWN)
        ):
            return Value(base.kind, base.objects)
        return join(self.heap.attribute(base, name), *found)

    def _of_metaclass(self, class_base: int, name: str, line: int) -> list[Value]:
        """What a property of its metaclass gives a class."""
        above = (base_of(o) for o in self.class_data(class_base, "__class__").objects)
        return [
            self.follow(method, code, Arguments((self.class_value(class_base),)), line)
            for metaclass in sorted(above)
            for method, code in self.class_methods(metaclass, name)
            if code.accessor == "get"
        ]

    def _of_namespace(self, name: str, line: int) -> Value:
        """``__main__.name``: a variable of the notebook."""
        if name != "__dict__":
            return self.load(name, line)
        self.escape(line)
        return Value(UNKNOWN)

    def _instance_attribute(self, obj: int, name: str, line: int) -> list[Value]:
        inner = base_of(obj)
        me = Value("instance", frozenset((obj,)))
        found: list[Value] = []
        for base, code in self.methods(inner, name):
            if code.accessor not in ("", "get"):
                continue
            if code.accessor:
                found.append(self.follow(base, code, Arguments((me,)), line))
                if code.kept:
                    self.change(me, line)
                    self.heap.hold(me, found[-1], name)
            else:
                found.append(self._bound_method(base, code, me))
        for class_base in sorted(self.heap.classes[inner]):
            held = self.class_data(class_base, name)
            found += [held] if held.objects else []
            found += self.describe(held, "__get__", (me, self.class_value(class_base)), line)
        if not self.methods(inner, name):
            self.run_hooks(me, line, asked=True)
        if not found:
            for special in ("__getattr__", "__getattribute__"):
                found += [
                    self.follow(b, c, Arguments((me,)), line)
                    for b, c in self.methods(inner, special)
                ]
        return found

    def _bound_method(self, base: int, code: FunctionCode, me: Value) -> Value:
        """``instance.method`` as a value: it holds the instance."""
        function = Value("function", frozenset((slot(base, 0),)))
        if code.receiver == "none":
            return function
        if code.receiver == "class":
            me = join(
                *(self.class_value(c) for o in me.objects for c in self.heap.classes[base_of(o)])
            )
        made = self.heap.make("function", plain=True)
        self.heap.code[base_of(next(iter(made.objects)))] = code.bound(me)
        self.heap.hold(made, me)
        self.heap.hold(made, function)
        return made

    def _item(self, node: ir.Item) -> Value:
        base = self.expr(node.base)
        line = self.line(node.line)
        if node.index is not None:
            index = self.expr(node.index)
            self.look_inside(index, line)
            if base.kind == "frame" and self.heap.codes(index):
                self.use(index, line, arguments=Arguments((base,)))
        if base.path == "sys.modules" and node.key == library.MAIN:
            return Value("module", path=library.MAIN)
        if base.kind == "module":
            return Value("module", path=f"{base.path}[]")
        return self._part(base, node.key, line, sliced=node.sliced)

    def _part(
        self, base: Value, key: str | int | None, line: int, *, sliced: bool = False
    ) -> Value:
        """``base[key]`` of a value that is no module."""
        given = self._answers(base, line)
        self.operator(base, line)
        if self.heap.codes(base) and base.kind == "class":
            self._run_class_getitem(base, line)
            members = [base_of(o) for o in base.objects if base_of(o) in self.heap.members]
            return join(base, *map(self.member_of, members)) if members else base
        for obj in sorted(base.objects):
            if base_of(obj) in self.heap.defaulting:
                self._default(base, obj, key, line)
        return join(self.heap.element(base, key, sliced=sliced), *given)

    def _run_class_getitem(self, classes: Value, line: int) -> None:
        for obj in sorted(classes.objects):
            for method, code in self.class_methods(base_of(obj), "__class_getitem__"):
                self.follow(method, code, Arguments((self.class_value(base_of(obj)),)), line)

    def _answers(self, base: Value, line: int) -> list[Value]:
        """What methods of the notebook give that may be asked for ``base[key]``."""
        if all(base_of(o) not in self.heap.classes for o in base.objects):
            return []
        before = self.state.copy()
        given = self.run_special(base, ("__getitem__", "__missing__"), line)
        self.rejoin(before)
        return given

    def call_getter(self, base: int, value: Value, line: int) -> Value:
        path, name, given = self.heap.getters[base]
        where = self.line(line)
        if path == "operator.itemgetter" or not isinstance(name, str):
            return self._part(value, name, where)
        if path == "operator.methodcaller":
            return self.call_method(value, name, given, line, dropped=True)
        for attribute in name.split("."):
            value = self.get_attribute(value, attribute, where)
        return value

    def _default(self, base: Value, obj: int, key: str | int | None, line: int) -> None:
        """A dict may have no such key, and put in what it calls for."""
        before = self.state.copy()
        factory = self.heap.defaulting[base_of(obj)]
        self.heap.hold(base, self.call(factory, Arguments(), line), key)
        self.change(Value(base.kind, frozenset((obj,))), line)
        self.rejoin(before)

    def _arguments(self, node: ir.Call) -> Arguments:
        if not node.keywords and True not in node.starred:
            return Arguments(tuple([self.expr(a) for a in node.args]))
        positional: list[Value] = []
        spread: list[Value] = []
        for argument, star in zip(node.args, node.starred, strict=True):
            value = self.expr(argument)
            if star or spread:
                spread.append(self.iterate(value, node.line) if star else value)
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

    def call_expr(self, node: ir.Call, *, dropped: bool = False) -> Value:
        line = self.line(node.line)
        if isinstance(node.func, ir.Attr):
            receiver = self.expr(node.func.base)
            name = node.func.name
            arguments = self._arguments(node)
            if receiver.path == library.MAIN:
                func = self.get_attribute(receiver, name, line)
            elif receiver.kind != "module":
                if receiver.kind == "frame" and name in ("eval", "query"):
                    self._read_unseen_text(node, line)
                return self.call_method(receiver, name, arguments, line, dropped=dropped)
            else:
                func = Value("module", path=f"{receiver.path}.{name}")
                if func.path == "pandas.eval" and any(map(_is_unseen, _texts_of(node))):
                    self.impure()
                    self.read_all(line)
                if receiver.path in self.attached and name in library.CHANGING_BOUND:
                    self.change(receiver, line)
        else:
            func = self.expr(node.func)
            arguments = self._arguments(node)
        if func.kind == "module":
            if func.path in library.FINALIZING and self._only_closes(node, arguments):
                arguments = arguments._replace(positional=arguments.positional[:1])
            made = self.call_library(func.path, arguments, line)
            return self._noted(func.path, node, arguments, made)
        return self.call(func, arguments, line)

    def _read_unseen_text(self, node: ir.Call, line: int) -> None:
        """Read what a text names as ``@name``: all there is if that is put in, else what texts above name so."""
        texts = [text for text in _texts_of(node) if _is_unseen(text)]
        if not texts:
            return
        self.impure()
        if "" in self.named_in_text or not all(map(_names_all, texts)):
            self.read_all(line)
            return
        for name in sorted(self.named_in_text & self.names.keys()):
            self.read(name, line, self.names[name])

    def _only_closes(self, node: ir.Call, arguments: Arguments) -> bool:
        """Whether what is to be called, the second argument, is no code of the notebook and lets go of something."""
        called = node.args[1] if len(arguments.positional) > 1 else None
        closes = isinstance(called, ir.Attr) and called.name in CLOSING
        return closes and not self.heap.codes(arguments.positional[1])

    def _noted(self, path: str, node: ir.Call, arguments: Arguments, made: Value) -> Value:
        """The result of a library call; what it gets, if it makes something that gets or calls."""
        if path in library.TOLD_THE_TIME and any(
            isinstance(part, ir.Const) and part.value in library.NOW
            for part in (*node.args, *(keyword.value for keyword in node.keywords))
        ):
            self.differ(path, self.line(node.line))
        named = node.args[0].value if node.args and isinstance(node.args[0], ir.Const) else None
        if path in library.IMPORTING and isinstance(named, str):
            return Value("module", path=named)
        if path == "operator.getitem" and len(arguments.positional) > 1:
            base, line = arguments.positional[0], self.line(node.line)
            return join(made, *(self._part(base, None, line, sliced=s) for s in (False, True)))
        if path in library.GETTERS and node.args and isinstance(node.args[0], ir.Const):
            name = node.args[0].value
            if name is not None and (len(node.args) == 1 or path == "operator.methodcaller"):
                given = arguments._replace(positional=arguments.positional[1:])
                self.heap.getters[base_of(next(iter(made.objects)))] = (path, name, given)
        return made

    def _display(self, node: ir.Display) -> Value:
        made = self.heap.make(node.kind, plain=True)
        for item, key, star in zip(node.items, node.keys, node.starred, strict=True):
            value = self.expr(item)
            if star:
                value, key = self.iterate(value, node.line), None
            if node.kind == "set":
                self.look_inside(value, self.line(node.line))
            self.heap.hold(made, value, key)
        if node.kind == "tuple" and base_of(next(iter(made.objects))) not in self.heap.fields:
            return IMMUTABLE_VALUE
        return made

    def _operation(self, node: ir.Operation) -> Value:
        values = [self.expr(operand) for operand in node.operands]
        line = self.line(node.line)
        for value in values:
            if node.looks:
                self.look_inside(value, line)
            else:
                self.operator(value, line)
        kinds = {v.kind for v in values}
        if node.kind != UNKNOWN:
            return Value(node.kind)
        if kinds and kinds <= library.IMMUTABLE:
            return Value(
                "str" if "str" in kinds else "number" if kinds == {"number"} else "immutable"
            )
        if "frame" in kinds:
            first = next(value for value in values if value.kind == "frame")  # its index is taken
            return self.heap.made_of([first], self.heap.make("frame"), index=True, memory=False)
        if "array" in kinds:
            return self.heap.make("array")
        made = self.heap.make(
            "list" if kinds == {"list"} else UNKNOWN,
            plain=kinds <= library.CONTAINERS | library.IMMUTABLE,
        )
        beside = bool(kinds & library.CONTAINERS)  # then what is not known is such a one, too
        for value in values:
            alike = beside and value.kind == UNKNOWN
            parts = self.heap.element(value) if alike else self.heap.contents(value)
            self.heap.hold(made, parts)
        if any(base_of(o) in self.heap.classes for v in values for o in v.objects):
            return join(made, *[self._operator_result(v) for v in values])
        self.keep_codes(made, tuple(values))
        return made

    def _identity(self, node: ir.Identity) -> Value:
        values = [self.expr(operand) for operand in node.operands]
        self.effect.compares |= {base_of(o) for v in values for o in v.objects}
        self.impure()
        return Value("number")

    def _operator_result(self, value: Value) -> Value:
        """An operator of a notebook class most often gives another of the same class."""
        classes = {c for o in value.objects for c in self.heap.classes.get(base_of(o), ())}
        made = self.heap.make("instance")
        if not classes:
            return made
        self.heap.classes.setdefault(base_of(next(iter(made.objects))), set()).update(classes)
        for class_base in classes:
            self.heap.hold(made, self.class_value(class_base), "__class__")
        return made

    def _choice(self, node: ir.Choice) -> Value:
        self.operator(self.expr(node.test), self.line(node.line))
        return self.options(node.options)

    def options(self, options: tuple[ir.Expr, ...], evaluate: Evaluate | None = None) -> Value:
        evaluate = evaluate or self.expr
        before = self.state
        states, values = [], []
        for option in options:
            self.state = before.copy()
            values.append(evaluate(option))
            states.append(self.state)
        self.state = join_states(states)
        return join(values[0], *values[1:])

    def short_circuit(self, node: ir.ShortCircuit, evaluate: Evaluate | None = None) -> Value:
        evaluate = evaluate or self.expr
        values = [self.expr(node.values[0])]
        states = []
        for option in node.values[1:]:
            self.operator(values[-1], self.line(node.line))
            states.append(self.state.copy())
            values.append(evaluate(option))
        self.state = join_states([*states, self.state]) if states else self.state
        return join(values[0], *values[1:])

    def comp(self, node: ir.Comp, evaluate: Evaluate | None = None) -> Value:
        evaluate = evaluate or self.expr
        made = self.heap.make(
            node.kind, plain=True, unmovable="a generator" if node.kind == "generator" else ""
        )
        before: State | None = None
        for index, generator in enumerate(node.generators):
            iterable = self.expr(generator.iterable)
            element = self.iterate(iterable, node.line)
            if index == 0:
                before = self.state.copy()
            self.assign(generator.target, element, node.line)
            for condition in generator.conditions:
                self.operator(self.expr(condition), self.line(node.line))
        for part in node.elements:
            value = evaluate(part)
            if node.kind in ("set", "dict"):
                self.look_inside(value, self.line(node.line))
            self.heap.hold(made, value)
        if before is not None:
            self.state = join_states([before, self.state])
        return made

    def iterate(self, value: Value, line: int) -> Value:
        """Go through a value; gives what an element may be."""
        line = self.line(line)
        if value.kind in library.STATEFUL:
            self.change(value, line)
        self.operator(value, line)
        if value.kind in ("iterator", "generator"):
            self.use(value, line)
        element = self.heap.element(value)
        given = self.run_special(value, GOING_THROUGH, line)
        return join(element, *given, *(self.heap.element(v) for v in given)) if given else element

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

    def _sequence(self, node: ir.Chain) -> Value:
        value = Value("none")
        for part in node.values:
            value = self.expr(part)
        return value

    def _consume(self, node: ir.Consume) -> Value:
        value = self.expr(node.value)
        self.operator(value, self.line(node.line))
        if node.gives == "value":
            self.frame.returns.append(value)
        elif node.gives:
            self.frame.returns.append(self.iterate(value, node.line))
        return value

    def _inline(self, node: ir.Inline) -> Value:
        before = self.state.copy()
        self.run(node.body)
        if node.isolated:
            self.state = before
        return Value(UNKNOWN)

    def _bind_names(self, node: ir.BindNames) -> Value:
        for name in node.names:
            self.bind(name, self.heap.make(UNKNOWN), self.line(node.line))
        return Value("none")

    def _opaque(self, node: ir.Opaque) -> Value:
        self.impure()
        line = self.line(node.line)
        self.effect.marks += (Mark("binds" if node.binds else "opaque", node.what, line),)
        if node.reads:
            self.read_all(line)
        return Value(UNKNOWN)

    def _ambient_magic(self, node: ir.Ambient) -> Value:
        self.impure()
        self.effect.modules.setdefault(node.path, self.line(node.line))
        return Value("none")

    def _file_use(self, node: ir.FileUse) -> Value:
        self.impure()
        mark = Mark("writes" if node.writes else "reads", node.path, node.line)
        self.effect.marks += (mark,)
        return Value("none")

    # targets

    def assign(self, target: ir.Target, value: Value, line: int) -> None:
        """Bind or store a value."""
        if isinstance(target, ir.GlobalTarget):
            self.bind(target.name, value, self.line(target.line))
        elif isinstance(target, ir.LocalTarget):
            if target.nonlocal_:
                self._bind_outer(target.name, value)
            else:
                self.bind_local(target.name, value)
        elif isinstance(target, ir.AttrTarget):
            base = self._changing(target.base, target.line)
            if base.path == library.MAIN:
                self.bind(target.name, value, self.line(target.line))
                return
            place = (
                Value("module", path=f"{base.path}.{target.name}")
                if base.kind == "module"
                else base
            )
            if place.kind == "module":
                self.attached.add(place.path)
            self.change(place, self.line(target.line), content=True)
            self.heap.hold(base, value, target.name)
            self.run_hooks(base, self.line(target.line))
            self.use(self._observers_of(base), self.line(target.line))
            self._setter(base, target.name, value, target.line)
            self.run_accessors(base, target.name, "set", (value,), self.line(target.line))
        elif isinstance(target, ir.ItemTarget):
            base = self._changing(target.base, target.line)
            self.look_inside(self.expr(target.index), self.line(target.line))
            self.change(base, self.line(target.line), content=base.kind not in library.CONTAINERS)
            if base.kind == "frame":
                self.heap.put_in(base, [value])
            elif base.kind != "array":
                if target.sliced:
                    self.heap.hold(base, self.heap.element(value))
                if not target.sliced or base.kind != "list":
                    self.heap.hold(base, value, target.key)
            self.operator(base, self.line(target.line))
        else:
            self._unpack(target, value, line)

    def _changing(self, node: ir.Expr, line: int) -> Value:
        """What is stored into; ``df.index.name = …`` changes the frame, not its index alone."""
        if not (isinstance(node, ir.Attr) and node.name in library.PARTS_OF_FRAMES):
            return self.expr(node)
        whole = self.expr(node.base)
        if whole.kind == "frame":
            self.change(whole, self.line(line), content=True)
            for obj in whole.objects:
                for root in self.heap.tables.index.roots_of(base_of(obj)):
                    self.heap.tables.noticed.add(root)
                    self.change(self.heap.common(root, "index"), self.line(line))
        return self.get_attribute(whole, node.name, self.line(node.line))

    def _observers_of(self, value: Value) -> Value:
        """What an object has been told to call when something in it is set."""
        fields = (self.heap.fields.get(base_of(obj), {}) for obj in value.objects)
        held = [obj for each in fields for obj in each.get(OBSERVERS, ())]
        return Value(UNKNOWN, frozenset(held))

    def _setter(self, base: Value, name: str, value: Value, line: int) -> None:
        for obj in base.objects:
            for method, code in self.methods(base_of(obj), "__setattr__"):
                self.follow(method, code, Arguments((base, value)), self.line(line))
            for class_base in sorted(self.heap.classes.get(base_of(obj), ())):
                described = self.class_data(class_base, name)
                self.describe(described, "__set__", (base, value), self.line(line))

    def run_accessors(
        self, base: Value, name: str, deed: str, given: tuple[Value, ...], line: int
    ) -> None:
        """Run what a property does when an instance's attribute is ``set`` or ``deleted``."""
        for obj in sorted(base.objects):
            me = Value("instance", frozenset((obj,)))
            for method, code in self.methods(base_of(obj), name):
                if code.accessor == deed:
                    self.follow(method, code, Arguments((me, *given)), line)

    def describe(
        self, described: Value, special: str, given: tuple[Value, ...], line: int
    ) -> list[Value]:
        """Run the method of a descriptor that stands in a class; gives its results."""
        found: list[Value] = []
        for obj in sorted(described.objects):
            me = Value("instance", frozenset((obj,)))
            for base, code in self.methods(base_of(obj), special):
                found.append(self.follow(base, code, Arguments((me, *given)), line))
        return found

    def _bind_outer(self, name: str, value: Value) -> None:
        frame = self.frame.outer
        self.change(Value("function", frozenset((slot(self.frame.running, 0),))), self.call_line)
        while frame is not None:
            if name in frame.cells:
                frame.cells[name] = join(frame.cells[name], value)
                self.change(frame.shared.get(name, IMMUTABLE_VALUE), self.call_line)
                return
            frame = frame.outer

    def _unpack(self, target: ir.SequenceTarget, value: Value, line: int) -> None:
        given = self.iterate(value, line) if self._is_gone_through(value) else None
        for index, part in enumerate(target.targets):
            if target.star < 0 or index < target.star:
                self.assign(part, given or self.heap.element(value, index), line)
            elif index == target.star:
                rest = self.heap.make("list", plain=True)
                self.heap.hold(rest, given or self.heap.element(value))
                self.assign(part, rest, line)
            else:
                last = given or self.heap.element(value, index - len(target.targets))
                self.assign(part, last, line)

    def _is_gone_through(self, value: Value) -> bool:
        """Whether unpacking a value runs code: of an iterator, or a class of the notebook."""
        classes = self.heap.classes
        return value.kind in ("iterator", "generator") or any(
            base_of(o) in classes for o in value.objects
        )


_EXPRESSIONS: dict[type, Callable[[Any, Any], Value]] = {
    ir.Const: Evaluator._const,
    ir.Literal: Evaluator._literal,
    ir.LoadGlobal: Evaluator._load_global,
    ir.LoadLocal: Evaluator._load_local,
    ir.LoadClosure: Evaluator._load_closure,
    ir.LoadClassVar: Evaluator._load_class_var,
    ir.Attr: Evaluator._attr,
    ir.Item: Evaluator._item,
    ir.Call: Evaluator.call_expr,
    ir.Display: Evaluator._display,
    ir.Operation: Evaluator._operation,
    ir.Identity: Evaluator._identity,
    ir.Choice: Evaluator._choice,
    ir.ShortCircuit: Evaluator.short_circuit,
    ir.Comp: Evaluator.comp,
    ir.Lambda: Evaluator._lambda,
    ir.Walrus: Evaluator._walrus,
    ir.Chain: Evaluator._sequence,
    ir.Consume: Evaluator._consume,
    ir.Inline: Evaluator._inline,
    ir.BindNames: Evaluator._bind_names,
    ir.Opaque: Evaluator._opaque,
    ir.Ambient: Evaluator._ambient_magic,
    ir.FileUse: Evaluator._file_use,
}


def _texts_of(node: ir.Call) -> list[ir.Expr]:
    """The text that a call evaluates, given first or as ``expr``."""
    return [*node.args[:1], *(k.value for k in node.keywords if k.name == "expr")]


def _is_unseen(text: ir.Expr) -> bool:
    """Whether a text is, or has parts that are, written elsewhere."""
    return not isinstance(text, ir.Const) and (
        not isinstance(text, ir.Operation) or any(map(_is_unseen, text.operands))
    )


def _names_all(text: ir.Expr) -> bool:
    """Whether a text is put together of parts of which none is a name behind ``@``."""
    parts = text.operands if isinstance(text, ir.Operation) else ()
    seen = (p.value for p in parts if isinstance(p, ir.Const) and isinstance(p.value, str))
    return bool(parts) and "" not in chain.from_iterable(map(_at_names, seen))


def _at_names(text: str) -> Iterator[str]:
    """The names behind ``@`` in a text, an empty one where that is put in."""
    return (match[1] or "" for match in _AT_NAME.finditer(text))
