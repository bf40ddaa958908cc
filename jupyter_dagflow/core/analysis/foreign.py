"""Calls of what cannot be seen into: libraries, and methods of values that are not the notebook's
own.

The law: such a call is believed to leave its arguments alone, unless the tables say otherwise; a
method whose result is dropped is believed to change its object.
"""

from __future__ import annotations

from collections.abc import Iterator

from jupyter_dagflow.core.analysis import library
from jupyter_dagflow.core.analysis.calls import Calls
from jupyter_dagflow.core.analysis.classes import BEGINNING, GOING_THROUGH
from jupyter_dagflow.core.analysis.values import (
    DEEPEST,
    IMMUTABLE_VALUE,
    NOTHING,
    OBSERVERS,
    REGISTERED,
    UNKNOWN,
    Arguments,
    ClassCode,
    FunctionCode,
    Value,
    base_of,
    join,
    slot,
)

_NAME_BASES_BODY = 3


class ForeignCalls(Calls):
    """Calls, with those that are judged by tables."""

    # methods

    def call_method(
        self, receiver: Value, name: str, arguments: Arguments, line: int, *, dropped: bool
    ) -> Value:
        """Call ``receiver.name(…)`` where the receiver is no module."""
        followed: list[Value] = []
        if receiver.kind == "super":
            return self.call_super(receiver, name, arguments, line)
        if receiver.kind in ("closing", "exits"):
            return self.call_of_context(receiver, name, arguments, line)
        for obj in receiver.objects:
            followed += self.notebook_method(obj, name, arguments, line)
        if followed:
            return join(followed[0], *followed[1:])
        if name == "__subclasses__":
            return self.subclasses(receiver, line)
        if name == "register":
            self._register(receiver, line)
            generic = self.generic_functions(receiver)
            if generic.objects:
                return self._register_with(generic, arguments, line)
        if name.startswith("cache_"):
            self._look_into_caches(receiver, line)
        return self._foreign_method(receiver, name, arguments, line, dropped=dropped)

    def _foreign_method(
        self, receiver: Value, name: str, arguments: Arguments, line: int, *, dropped: bool
    ) -> Value:
        if name in library.OBSERVING:
            for value in arguments.every:
                self.heap.hold(receiver, value, OBSERVERS)
        stores = name in library.STORING and receiver.kind not in ("frame", "array", "str")
        if receiver.kind != "stream" or name not in library.STANDING_STILL:
            self.advance(receiver, line)
        if receiver.kind in library.CONTAINERS and name in library.COMPARING_METHODS:
            for value in (receiver, *arguments.every):
                self.look_inside(value, line)
        if name in library.SPREADING:
            for value in arguments.positional:
                self.iterate(value, line)
        if self.changes(receiver, name, arguments, dropped=dropped):
            content = receiver.kind not in library.CONTAINERS and not stores
            self.change(self._with_method(receiver, name), line, content=content)
            if receiver.kind == "frame" and name not in library.CHANGING_BY_KIND["frame"]:
                self._change_within(receiver, line)
            if name in library.DEEP_CHANGING:
                self._change_parts(receiver, line)
        self._change_targets(arguments, line)
        if name in library.CHANGING_ARGUMENT and arguments.positional:
            self.change(arguments.positional[0], line, content=True)
        fits = name.startswith("fit") and any(
            base_of(o) in self.heap.drawing for o in receiver.objects
        )
        if fits or (name in ("sample", "rvs") and arguments.keyword("random_state") is None):
            self.draw("<numpy.random>", line, seeds=False)
        if receiver.kind == "frame" and name == "insert":
            self.heap.put_in(receiver, self._tables_in(arguments))
        if stores:
            self._store(receiver, name, arguments)
        else:
            whole = receiver.kind not in library.CONTAINERS and name not in library.PASSIVE_METHODS
            self.use(receiver, line, arguments=arguments, calls=whole, whole=whole)
            for value in arguments.every:
                self.use(
                    value, line, arguments=arguments._replace(spread=(*arguments.spread, receiver))
                )
                self.advance(value, line)
        return self._method_result(receiver, name, arguments)

    def _tables_in(self, arguments: Arguments) -> Iterator[Value]:
        """The tables that a call is given, also in lists: what it makes may be over their memory."""
        for value in arguments.every:
            yield value
            if value.kind in library.CONTAINERS:
                element = self.heap.element(value)
                has_tables = any(self.heap.kinds[base_of(o)] == "frame" for o in element.objects)
                yield element._replace(kind="frame") if has_tables else element

    def _change_targets(self, arguments: Arguments, line: int) -> None:
        """What a call is told, by the name of an argument, to write to."""
        for key, value in arguments.keywords:
            if key in library.TARGETS:
                self.change(value, line, content=True)

    def _register(self, receiver: Value, line: int) -> None:
        """An abstract class of the notebook keeps the classes that are registered with it."""
        code = self.heap.code
        classes = frozenset(
            o for o in receiver.objects if isinstance(code.get(base_of(o)), ClassCode)
        )
        self.change(Value("class", classes), line)

    def _register_with(self, generic: Value, arguments: Arguments, line: int) -> Value:
        """``f.register(int, g)``; without ``g`` it gives a decorator."""
        given = [value for value in arguments.every if self.heap.codes(value)]
        if not given:
            return Value("bound", generic.objects, "register")
        self.change(generic, line)
        for value in given:
            self.heap.hold(generic, value, REGISTERED)
        return given[-1]

    def _look_into_caches(self, receiver: Value, line: int) -> None:
        """``f.cache_info()`` and the like show what a function with a cache has done so far."""
        for obj in receiver.objects:
            code = self.heap.code.get(base_of(obj))
            if isinstance(code, FunctionCode) and code.kept:
                self.heap.noticed.add(base_of(obj))
                self.change(Value("function", frozenset((obj,))), line)

    def _with_method(self, receiver: Value, name: str) -> Value:
        """What of a value may have such a method that changes it: of a function, its ``__dict__`` at most."""
        if receiver.kind == "dict" or name in library.CHANGING_BY_KIND["dict"]:
            return receiver
        code = self.heap.code
        functions = {o for o in receiver.objects if isinstance(code.get(base_of(o)), FunctionCode)}
        return receiver._replace(objects=receiver.objects - functions)

    def _change_within(self, part: Value, line: int) -> None:
        """Tables have no such method, so what was taken out is an object in it."""
        parts = self.heap.tables.parts
        tables = {each for o in part.objects for each in parts.get(base_of(o), ())}
        self.change(Value("frame", frozenset(slot(each, DEEPEST) for each in tables)), line)

    def _change_parts(self, receiver: Value, line: int) -> None:
        kinds = self.heap.kinds
        for obj in self.heap.reached_slots(receiver):
            if kinds[base_of(obj)] in (UNKNOWN, "instance"):
                self.change(Value(UNKNOWN, frozenset((obj,))), line)

    def _store(self, receiver: Value, name: str, arguments: Arguments) -> None:
        for value in (*arguments.positional, *arguments.spread):
            if name in library.SPREADING:
                self._hold_elements(receiver, value)
            else:
                self.heap.hold(receiver, value)
        for key, value in arguments.keywords:
            self.heap.hold(receiver, value, key)

    def _hold_elements(self, container: Value, value: Value) -> None:
        """Let a container hold what is in a value; a dict takes pairs apart."""
        element = self.heap.element(value)
        self.heap.hold(container, element)
        if container.kind == "dict" and value.kind != "dict":
            self.heap.hold(container, self.heap.element(element))

    def changes(self, receiver: Value, name: str, arguments: Arguments, *, dropped: bool) -> bool:
        """Whether calling this method changes its object, by the tables and the policy."""
        kind = receiver.kind
        if kind in library.IMMUTABLE:
            return False
        if kind in library.STATEFUL:
            return kind != "stream" or name not in library.STANDING_STILL
        in_place = arguments.keyword("inplace")
        if in_place is not None:
            return True
        if kind == "figure":
            return name not in ("show", "savefig") and not name.startswith(("get_", "to_"))
        if kind == "frame" and name in library.CHANGING_ALWAYS:
            return True  # what is taken out of a frame may be anything
        if kind in library.CHANGING_BY_KIND:
            return name in library.CHANGING_BY_KIND[kind]
        if name in library.CHANGING_ALWAYS or (name.endswith("_") and not name.startswith("_")):
            return kind not in ("class", "function")
        if not dropped or kind in ("class", "function"):
            return name in library.CHANGING_IF_DROPPED and dropped
        if name in library.CHANGING_IF_DROPPED:
            return True
        return name not in library.READ_ONLY and not name.startswith(library.READ_ONLY_PREFIX)

    def _method_result(self, receiver: Value, name: str, arguments: Arguments) -> Value:
        heap = self.heap
        kind = receiver.kind
        if kind in library.IMMUTABLE:
            if name == "open":  # of these, paths alone have it
                return heap.make("handle", unmovable=library.HANDLES["builtins.open"])
            given = "number" if name in library.STRING_METHODS_NUMBER else kind
            return heap.make("list", plain=True) if "split" in name else Value(given)
        if kind == "handle":
            again = library.HANDLE_METHODS.get(name)
            return heap.make("handle", unmovable=again) if again else heap.make(UNKNOWN)
        if name in library.SELF_RETURNING:
            return receiver
        if name in library.PAIR_METHODS and kind not in ("frame", "array"):
            known = kind == "dict"
            pairs = self._paired([IMMUTABLE_VALUE, receiver] if known else [receiver], placed=known)
            heap.hold(pairs, receiver, "__view__")
            return pairs
        if name in library.SHALLOW_COPIES and kind in library.CONTAINERS:
            copy = heap.make(kind, plain=True)
            heap.hold(copy, heap.element(receiver))
            return copy
        if name in library.LAZY_METHODS and kind in ("frame", UNKNOWN):
            made = heap.make(kind)
            heap.hold(made, receiver, "__view__")
            self.keep_codes(made, arguments.every)
            return made
        drawn_on = [value for value in arguments.every if value.kind == "figure"]
        if kind == "figure":
            return join(receiver, *drawn_on)  # its pieces know all of it
        if kind == "frame" and library.OUT_OF_FRAMES.get(name) == "figure":
            return join(heap.make("figure"), *drawn_on)
        if kind == "frame" and name in library.MEMORY_OF_FRAMES and not arguments.keyword("copy"):
            return heap.memory_of(receiver)
        if kind == "frame":
            given = library.OUT_OF_FRAMES.get(name, kind)
            made = heap.make(given, plain=given in library.CONTAINERS)
            if name in library.PAIR_METHODS:
                return heap.part_of(receiver, made)
            keeps = name in library.KEEPING_INDEX
            heap.made_of([receiver], made, index=keeps, memory=given == kind)
            return heap.made_of(self._tables_in(arguments), made, index=False, memory=given == kind)
        if name == "new_child":
            made = heap.make("dict", plain=True)
            for value in (receiver, heap.element(receiver), *arguments.every):
                heap.hold(made, value)
            return Value("dict", made.objects.union(*(v.objects for v in arguments.positional[:1])))
        if name == "_replace":
            return self._replaced(receiver, arguments)
        if name in library.COPY_METHODS:
            given = library.OUT_OF_FRAMES.get(name, kind) if kind == "array" else kind
            copy = heap.make(given if given != "instance" else UNKNOWN)
            heap.hold(copy, heap.contents(receiver))
            return copy
        if name in library.VIEW_METHODS and kind in ("array", UNKNOWN):
            return Value(kind, receiver.objects)
        if name in library.ELEMENT_METHODS and kind not in ("array", "rng"):
            return self._element_result(receiver, name, arguments)
        made = heap.make(kind if kind == "array" else UNKNOWN)
        self.keep_codes(made, (receiver, *arguments.every))
        return made

    def _element_result(self, receiver: Value, name: str, arguments: Arguments) -> Value:
        if name in ("values", "keys"):
            made = self.heap.make("list", plain=True)
            if name == "values":
                self.heap.hold(made, self.heap.element(receiver))
            self.heap.hold(made, receiver, "__view__")
            return made
        options = list(arguments.positional[1:]) if name in ("get", "pop", "setdefault") else []
        return join(self.heap.element(receiver), *options)

    def _paired(self, sources: list[Value], *, placed: bool) -> Value:
        """An iterator of tuples of elements; ``placed`` if each has the place of its source."""
        pair = self.heap.make("tuple", plain=True)
        for place, source in enumerate(sources):
            self.heap.hold(pair, self.heap.element(source), place if placed else None)
        result = self._iterator_over(*sources)
        self.heap.hold(result, pair)
        return result

    def _iterator_over(self, *sources: Value) -> Value:
        """An iterator that goes through its sources as they are when it gets there."""
        made = self.heap.make("iterator", plain=True)
        for source in sources:
            self.heap.hold(made, source, "__view__")
        return made

    def _given_by(self, function: Value) -> Value:
        """What a function gives that is called unseen: it may be anything that the function has."""
        given = self.heap.make(UNKNOWN)
        self.heap.hold(given, function)
        return given

    # libraries

    def call_library(self, path: str, arguments: Arguments, line: int) -> Value:
        """Call what an import path names."""
        module, _, name = path.rpartition(".")
        if any(value.path in library.ALL_OF_MAIN for value in arguments.every):
            self.escape(line)
        if path == "builtins.super":
            return self.super_value()
        if path == "builtins.property":
            deeds = zip(library.OF_PROPERTIES.values(), arguments.positional, strict=False)
            keywords = [(library.FOR_PROPERTIES.get(k, ""), v) for k, v in arguments.keywords]
            return self.property_of([*deeds, *keywords])
        if path == "builtins.type" and len(arguments.every) == 1:
            return self._type_of(arguments.every[0])
        if path == "builtins.type" and len(arguments.positional) == _NAME_BASES_BODY:
            return self._new_type(arguments, line)
        if module in library.TYPES and arguments.positional and path not in library.KEEPING:
            receiver, *others = arguments.positional
            given = arguments._replace(positional=tuple(others))
            return self.call_method(receiver, name, given, line, dropped=True)
        self._ambient(path, arguments, line)
        if path in library.FINALIZING and not _is_harmless(arguments):
            self.finalize(path, line)
        self._change_arguments(path, name, arguments, line)
        if path in library.TWINNING:
            self._make_again(arguments, line)
        if path in library.LOOKING and arguments.every:
            self.run_properties(arguments.every[0], line)
        runs = not (
            (module == "builtins" and name in library.NOT_CALLING)
            or library.NOT_RUNNING.match(path)
        )
        keeps = path in library.KEEPING or (
            self._is_constructor(name) and path not in library.RUNNING
        )
        given = self._folded(arguments) if path == "functools.reduce" else arguments
        calls = runs and not keeps
        whole = calls and module != "builtins"
        if self.heap.has_metaclasses or path in library.ASKING_CLASSES:
            for obj in sorted({o for value in arguments.every for o in value.objects}):
                self.run_metaclass(base_of(obj), line)
        if path in library.LOOKING_INSIDE or (module != "builtins" and runs):
            for value in arguments.every:
                self.look_inside(value, line)
        for value in arguments.every:
            if value.kind == "bound" and calls:
                self.call(value, self._unknown(arguments, value), line)
            self.use(value, line, arguments=given, calls=calls, whole=whole)
            if calls and value.kind == "module":
                self._ambient(value.path, Arguments(), line)
            if path in library.NOT_ADVANCING:
                continue
            if path not in library.COPYING and path not in library.PAIRING:
                self.advance(value, line)
            elif value.kind in ("iterator", "generator"):
                self.change(value, line)
                self.use(value, line)
            else:
                self.run_special(value, GOING_THROUGH, line)
        result = self._library_result(path, arguments, keeps=keeps)
        if path in library.REPLACING:
            self.run_special(result, BEGINNING, line)
        return result

    def _make_again(self, arguments: Arguments, line: int) -> None:
        """What the classes of instances do when those are copied, which calls no ``__init__``."""
        heap = self.heap
        objects = set().union(*(heap.reach(value) for value in arguments.positional[:1]))
        classes = {each for obj in objects for each in heap.classes.get(obj, ())}
        for base in sorted(classes):
            for method, code in self.class_methods(base, "__new__"):
                self.follow(method, code, Arguments((self.class_value(base),)), line)

    def run_properties(self, value: Value, line: int) -> None:
        """Run all that an instance computes when it is asked for something by a name that is not known."""
        for obj in value.objects:
            for method, code in self.properties(base_of(obj)):
                self.follow(method, code, Arguments((Value("instance", frozenset((obj,))),)), line)

    def _folded(self, arguments: Arguments) -> Arguments:
        """What ``functools.reduce`` calls with: elements, and the value to begin with."""
        box = self.heap.make("tuple", plain=True)
        for value in arguments.positional[2:]:
            self.heap.hold(box, value)
        return arguments._replace(spread=(*arguments.spread, box))

    def _unknown(self, arguments: Arguments, called: Value) -> Arguments:
        """What code that cannot be seen may call one of its arguments with."""
        others = (self.heap.element(v) for v in arguments.every if v is not called)
        return Arguments(spread=tuple(v for v in others if v.objects))

    def _is_constructor(self, name: str) -> bool:
        return name[:1].isupper()

    def _ambient(self, path: str, arguments: Arguments, line: int) -> None:
        fixed = arguments.keyword("random_state")
        drawn = library.ambient_draw(
            path, seeded_arguments=fixed is not None and fixed.kind != "none"
        )
        looked_at = library.ambient_look(path)
        if library.is_different_each_time(
            path, arguments=any(v.kind != "none" for v in arguments.every)
        ):
            self.differ(path, line)
        if library.UNPICKLING.match(path):
            self.unpickle(path, line)
        if looked_at in self.names:
            self.impure()
            self.read(looked_at, line, self.names[looked_at])
        if drawn is not None:
            label, seeds = drawn
            self.draw(label, line, seeds=seeds)
        elif path == "os.chdir" or (
            path and library.is_setting(path) and not path.startswith("builtins.")
        ):
            self.impure()
            self.effect.modules.setdefault(path, line)

    def _change_arguments(self, path: str, name: str, arguments: Arguments, line: int) -> None:
        self._change_targets(arguments, line)
        out = self._placed_out(path, arguments)
        if out is not None:
            self.change(out, line, content=True)
        trailing = name.endswith("_") and not name.endswith("__")
        in_place = path in library.CHANGING_UNLESS_COPIED and arguments.keyword("copy") is not None
        if (path in library.CHANGING_FIRST or trailing or in_place) and arguments.positional:
            first = arguments.positional[0]
            self.change(first, line, content=True)
            index = library.STORING_FIRST.get(path)
            if index is not None and index < len(arguments.positional):
                self.heap.hold(first, arguments.positional[index])

    def _placed_out(self, path: str, arguments: Arguments) -> Value | None:
        """What a library's function writes to, given by its place."""
        place = library.PLACE_OF_OUT.get(path)
        known = place is not None and place < len(arguments.positional)
        return arguments.positional[place] if known and place is not None else None

    def _library_result(self, path: str, arguments: Arguments, *, keeps: bool) -> Value:
        heap, every = self.heap, arguments.every
        name = path.rpartition(".")[2]
        if path in library.HANDLES:
            made = heap.make("handle", unmovable=library.HANDLES[path])
            if path.startswith("weakref."):
                for (
                    value
                ) in every:  # by a weak reference an object is as much to be had as by any other
                    heap.hold(made, value)
            return made
        out = arguments.keyword("out") or self._placed_out(path, arguments)
        if out is not None and out.objects and not keeps:
            return out
        if path in library.CLOSERS:
            made = heap.make("closing", plain=True)
            for value in every:
                heap.hold(made, value, library.CLOSERS[path])
            return made
        if path == "itertools.tee":  # they go on apart, but fill one store
            made, several = self._copied("iterator", arguments), heap.make("tuple", plain=True)
            heap.hold(several, made)
            return several
        if path in library.EXIT_STACKS:
            return heap.make("exits", plain=True)
        if path in library.OVER_BYTES and every:
            return Value("array", every[0].objects or heap.make("array").objects)
        if path == "builtins.vars" and every and _is_module(every[0]):
            return Value("module", path=f"{every[0].path}.__dict__")
        if path == "builtins.vars" and every:
            return Value("dict", every[0].objects)
        if path in library.VIEWING and every and every[0].objects:
            return Value(every[0].kind if every[0].kind != "none" else UNKNOWN, every[0].objects)
        if path in library.MASKING:
            return Value("array", NOTHING.union(*(value.objects for value in every)))
        if name in library.MADE_CLASSES:
            return self._made_class(path)
        if path in library.MODULE_LIKE:
            return Value("module", path=f"{path}()")
        options_only = path in library.CACHES or library.HOOKING.match(path)
        if options_only and not any(heap.codes(value) for value in every):
            return Value("module", path=path)  # the decorator itself, with its options
        kind = library.MADE_BY_PATH.get(path, "")
        if path.partition(".")[0] in library.NUMBER_MODULES:
            kind = "number"
        if kind in library.IMMUTABLE:
            return Value(kind)
        if path in library.REPLACING and every:
            return self._replaced(every[0], arguments)
        if path in library.FIELDS:
            return self._field(arguments)
        if path in library.PAIRING:
            numbers = [IMMUTABLE_VALUE] if path == "builtins.enumerate" else []
            placed = name in ("enumerate", "zip") and not arguments.spread
            return self._paired([*numbers, *every], placed=placed)
        if path in ("builtins.next", "builtins.max", "builtins.min", "random.choice"):
            return self._one_of(arguments, itself=path != "builtins.next")
        if path == "builtins.getattr" and len(every) > 1:
            return join(heap.element(every[0]), *every[2:])
        if path in library.TWINNING and every:
            return self._twin(every[0], deep=path == "copy.deepcopy")
        if path in library.COPYING:
            return self._copied(kind or "list", arguments)
        if path in ("builtins.map", "itertools.accumulate", "itertools.starmap"):
            made = self._iterator_over(*every)
            for value in every:
                heap.hold(made, self._given_by(value) if heap.codes(value) else heap.element(value))
            return made
        if not kind:
            kind = library.kind_by_pattern(path)
        drawn_on = [value for value in every if value.kind == "figure"]
        if kind == "figure" and drawn_on:
            return join(*drawn_on)
        if kind == "frame" and (arguments.keyword("chunksize") or arguments.keyword("iterator")):
            return heap.make("handle", unmovable="a reader of chunks")
        if kind == "frame" and arguments.keyword("copy") is not None and every:
            return heap.over(every[0], heap.make("frame"))
        if arguments.keyword("copy") is not None and every:
            return join(every[0], heap.make(kind or UNKNOWN))
        known = kind in library.CONTAINERS and path != "collections.defaultdict"
        made = heap.make(kind or UNKNOWN, plain=known)
        state = arguments.keyword("random_state") or Value("none")
        if state.kind == "none" and library.DRAWING_ESTIMATORS.match(path):
            heap.drawing.add(base_of(next(iter(made.objects))))
        if keeps and kind not in ("frame", "array", "rng", "stream"):
            for value in every:
                heap.hold(made, value)
        first = arguments.positional[:1]
        if path in library.WRITING_THROUGH and first:
            return Value(made.kind, made.objects | first[0].objects)
        if path == "functools.partial" and first:
            function, *given = arguments.positional
            of_function = (function, arguments._replace(positional=tuple(given)))
            heap.partials[base_of(next(iter(made.objects)))] = of_function
        if path == "collections.defaultdict":
            for value in every[1:]:
                self.heap.hold(made, value)
                self.heap.hold(made, heap.element(value))
            codes = sorted({base for value in every[:1] for base in heap.codes(value)})
            if codes:
                factory = Value(UNKNOWN, frozenset(slot(base, 0) for base in codes))
                heap.hold(made, factory, "__code__")
                heap.defaulting[base_of(next(iter(made.objects)))] = factory
            return made
        if kind == "frame":
            heap.made_of(self._tables_in(arguments), made, index=False, memory=True)
        self.keep_codes(made, every)
        if path == "functools.reduce":  # lists that are added hold what they held
            for value in every:
                element = heap.element(value)
                heap.hold(made, element)
                heap.hold(made, heap.element(element))
            result = self._given_by(every[0]) if every and heap.codes(every[0]) else made
            return join(made, result, *map(heap.element, every[1:]), *every[2:])
        return made

    def _one_of(self, arguments: Arguments, *, itself: bool) -> Value:
        """An element of the first argument, or one of the others: ``next(it, default)``; with
        ``itself``, the first as well if there are others: ``max(a, b)``.
        """
        options = [*arguments.positional, *arguments.spread]
        first, *others = options or [self.heap.make(UNKNOWN)]
        if others and itself:
            others.append(first)
        default = arguments.keyword("default")
        return join(self.heap.element(first), *others, *((default,) if default else ()))

    def _replaced(self, value: Value, arguments: Arguments) -> Value:
        """A shallow copy with other values in some places."""
        made = self._twin(value, deep=False)
        for key, given in arguments.keywords:
            self.heap.hold(made, given, key)
        for given in arguments.spread:
            self.heap.hold(made, given)
        return made

    def _field(self, arguments: Arguments) -> Value:
        """``field(default_factory=list)``: no value that instances share, unless it is their default."""
        default = arguments.keyword("default")
        factory = arguments.keyword("default_factory") or arguments.keyword("factory")
        if factory is None:
            return default or IMMUTABLE_VALUE
        made = self.heap.make("field", plain=True)
        self.keep_codes(made, (factory,))
        self.heap.factories[base_of(next(iter(made.objects)))] = factory
        return made

    def _twin(self, value: Value, *, deep: bool) -> Value:
        """A copy: of the same kind and class, and unless it is deep with the same inside."""
        heap = self.heap
        if value.kind in library.IMMUTABLE or value.kind in ("class", "function"):
            return value
        made = heap.make(value.kind, plain=not deep and value.kind in library.CONTAINERS)
        twin = base_of(next(iter(made.objects)))
        for obj in value.objects:
            if base_of(obj) in heap.classes:
                heap.classes.setdefault(twin, set()).update(heap.classes[base_of(obj)])
            for key, held in list(heap.fields.get(base_of(obj), {}).items()):
                shared = held if not deep else {o for o in held if base_of(o) in heap.code}
                heap.hold(made, Value(UNKNOWN, frozenset(shared)), key)
        if not deep:
            heap.hold(made, heap.element(value))
        return made

    def _type_of(self, value: Value) -> Value:
        """``type(value)``."""
        if value.kind in ("list", "dict", "set"):
            return Value("module", path=f"builtins.{value.kind}")
        classes = {c for o in value.objects for c in self.heap.classes.get(base_of(o), ())}
        if not classes and value.kind == UNKNOWN and value.objects:
            return Value("module", path=library.SOME_TYPE)
        return join(*map(self.class_value, sorted(classes))) if classes else IMMUTABLE_VALUE

    def _new_type(self, arguments: Arguments, line: int) -> Value:
        """``type(name, bases, body)``: a class, as a statement makes one."""
        _, bases, body = arguments.positional
        made = self.heap.make("class", plain=True)
        base = base_of(next(iter(made.objects)))
        parent = self.heap.element(bases)
        self.heap.code[base] = ClassCode("", (parent,), not self.heap.codes(parent), self.statement)
        self.heap.hold(made, parent, "__bases__")
        for obj in body.objects:
            for key, held in list(self.heap.fields.get(base_of(obj), {}).items()):
                self.heap.hold(made, Value(UNKNOWN, frozenset(held)), key)
        self.tell_bases((parent,), Arguments((made,)), line)
        return made

    def _made_class(self, path: str) -> Value:
        """``namedtuple(…)`` and the like make a class, just as a statement would."""
        made = self.heap.make("class", plain=True)
        base = base_of(next(iter(made.objects)))
        self.heap.code[base] = ClassCode(path, (), True, self.statement)
        if path.rpartition(".")[2] in library.ENUMERATIONS:
            self.give_members(made, Arguments(), 0)
        return made

    def _copied(self, kind: str, arguments: Arguments) -> Value:
        over = arguments.every if kind == "iterator" else ()
        made = self._iterator_over(*over) if over else self.heap.make(kind, plain=True)
        for value in (*arguments.positional, *arguments.spread):
            if value.kind == "array":
                self.heap.hold(made, Value("array", value.objects))
            else:
                self._hold_elements(made, value)
        for key, value in arguments.keywords:
            if kind == "dict":
                self.heap.hold(made, value, key)
            else:
                self.heap.hold(made, self.heap.element(value))
        return made


def _is_harmless(arguments: Arguments) -> bool:
    """Whether nothing is to be called that is noticed when the first argument goes, beyond what it prints."""
    told = [*arguments.positional[1:2], *arguments.spread]
    told += [value for key, value in arguments.keywords if key == "callback"]
    return all(value.kind == "none" or value.path == "builtins.print" for value in told)


def _is_module(value: Value) -> bool:
    """Whether a value is of a library, and no type of Python's."""
    return value.kind == "module" and not value.path.startswith("builtins.")
