"""Which statements are definitions: copied into every task that needs them, instead of handing
over a value.

The law: an import, ``def``, ``class`` or setting is copied if running it again gives the same:
what it reads while it is being defined comes from other definitions or from setup, nothing is
changed by it, nobody changes what it made, and its name means it for as long as anything holds it.
Anything else is data.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from typing import NamedTuple

from jupyter_dagflow.core.analysis.module_settings import ModuleSettings
from jupyter_dagflow.core.analysis.repeatable import Repeatable
from jupyter_dagflow.core.analysis.source import text_of
from jupyter_dagflow.core.analysis.steps import PRELUDE, Step, Story
from jupyter_dagflow.core.analysis.values import (
    ClassCode,
    FunctionCode,
    Value,
    base_of,
    slot,
)
from jupyter_dagflow.core.model import Definition


class Now(NamedTuple):
    """Where linking stands: the definitions behind each name, the tasks that wrote it, what it is,
    and the settings that stay where they were made.
    """

    behind: Mapping[str, tuple[int, ...]]
    writers: Mapping[str, tuple[str, ...]]
    values: Mapping[str, Value]
    module_settings: ModuleSettings


class Definitions:
    """The definitions of a notebook, found while its steps are linked in order."""

    def __init__(self, story: Story) -> None:
        self._story = story
        compared = (step.effect.compares for step in story.steps.values())
        self._asked = [objects for objects in compared if objects]
        self._needs: dict[int, frozenset[int]] = {}
        self._setup: dict[str, set[int]] = {}
        self._repeatable = Repeatable(story, self._needs, self._is_changed)
        self.settings: list[int] = []
        self.futures: list[int] = []

    def is_definition(self, number: int) -> bool:
        """Whether a step is copied."""
        return number in self._needs

    def admit(self, step: Step, now: Now) -> None:
        """Take a step in as a definition if it is one."""
        if step.node == PRELUDE:
            for name, value in step.values.items():
                self._setup.setdefault(name, set()).update(map(base_of, value.objects))
        if step.statement.role.future:
            self._needs[step.number] = frozenset()
            self.futures.append(step.number)
            return
        needs = self._needs_of(step, now)
        if needs is not None:
            self._needs[step.number] = frozenset(needs)
            if step.effect.modules:
                self.settings.append(step.number)

    def _needs_of(self, step: Step, now: Now) -> set[int] | None:
        """What must be copied before a step can be, if it can."""
        definition, effect = step.statement.role.definition, step.effect
        setting = bool(effect.modules) and not definition
        if not (step.seeds_at_most if setting else definition and step.is_quiet):
            return None
        if "os.chdir" in effect.modules:
            return None  # what the path means depends on files, which an earlier task may make
        if step.block.conditional and not _is_there_anyway(step, now):
            return None
        if setting and not self._repeatable.admits(step):
            return None
        current, writers = now.behind, now.writers
        needs: set[int] = set()
        if effect.modules and definition:  # a library calls it, and nobody may say so
            called = self._names_in_code(step)
            if any(name in writers and name not in current for name in called):
                return None
            needs.update(*(current[name] for name in called if name in current))
        for name in [*effect.reads, *(n for n in effect.extends if n in current)]:
            if name in current:
                needs |= set(current[name])
            elif name in writers and writers[name] != (PRELUDE,):
                if not setting:
                    return None
                repeated = self._repeatable.statements(name, step, now.module_settings)
                if repeated is None:
                    return None
                needs |= repeated
        for name in effect.reads:
            needs |= {
                o for o in step.origins.get(name, ()) if o in self._needs and o != step.number
            }
        surely = any(step.bound[name] or definition for name in _names_defined(step))
        if surely and (self._is_changed(step) or self._replaces_setup(step)):
            return None  # what is bound perhaps, in a loop, is handed over
        return needs

    def defines(self, step: Step, name: str) -> bool:
        """Whether a step is copied, and gives a name its meaning where it is."""
        return step.number in self._needs and name in _names_defined(step)

    def _names_in_code(self, step: Step) -> set[str]:
        """What the functions that a step made look up when they are called."""
        code = self._story.heap.code
        made = {base for value in step.values.values() for base in self._story.heap.codes(value)}
        functions = (code[base] for base in made)
        return {n for f in functions if isinstance(f, FunctionCode) for n in f.function.names}

    def _replaces_setup(self, step: Step) -> bool:
        """Whether a task gives a name of setup to something else, and what had it lives on.

        Both are needed then: what setup made is there under the name when values are loaded.
        """
        if step.node == PRELUDE:
            return False
        return any(not self._story.outlived.isdisjoint(self._setup.get(n, ())) for n in step.bound)

    def _is_changed(self, step: Step) -> bool:
        """Whether anyone changes what this step made, at any time, or takes its name from it."""
        heap, story = self._story.heap, self._story
        for value in step.values.values():
            own = {base_of(o) for o in value.objects}
            reach = heap.reach(value) | own
            if not story.changed.keys().isdisjoint(reach):
                return True
            if any(map(self._is_noticed, heap.kept.keys() & reach)):
                return True
            if not story.outlived.isdisjoint(own):
                return True
        return False

    def stateful_code(self) -> frozenset[int]:
        """The classes and functions that are no definitions and are changed, or classes that hold
        data: they are shared as lists are.
        """
        heap, changed = self._story.heap, self._story.changed.keys()
        found: set[int] = set()
        plain = heap.code.keys() | (heap.members.keys() - changed)
        for base, code in sorted(heap.code.items()):
            if code.origin in self._needs:
                continue
            if isinstance(code, FunctionCode) and code.kept and self._is_noticed(base):
                found.add(base)
            is_class = isinstance(code, ClassCode)
            reach = heap.reach(Value("class", frozenset((slot(base, 0),)))) if is_class else ()
            if base in changed or any(o not in plain or o in found for o in reach):
                found.add(base)
        return frozenset(found)

    def _is_noticed(self, base: int) -> bool:
        """Whether it shows that a function gives what it has kept: somebody changes that, or what it
        was worked out from, or has what it gave to two tasks.
        """
        heap, changed = self._story.heap, self._story.changed
        held = {base_of(o) for s in heap.fields.get(base, {}).values() for o in s}
        if base in heap.noticed or not changed.keys().isdisjoint(held):
            return True
        if base not in heap.kept:
            return False
        since, reads, given = heap.kept[base]
        if self._meet(base, given) or self._is_told_apart(given):
            return True
        read = {inner for value in reads.values() for inner in heap.reach(value)}
        return any(changed[each][-1].number >= since for each in read & changed.keys())

    def _meet(self, function: int, given: Mapping[int, int]) -> bool:
        """Whether anything holds what a function with a cache gave to statements of several tasks."""
        steps, held_by = self._story.steps, self._story.heap.held_by
        holders: dict[int, str] = {}
        for base, number in given.items():
            todo, seen = [base], {base, function}
            while todo:
                for holder in held_by.get(todo.pop(), set()) - seen:
                    node = steps[number].node
                    if holders.setdefault(holder, node) != node:
                        return True
                    seen.add(holder)
                    todo.append(holder)
        return False

    def _is_told_apart(self, given: Mapping[int, int]) -> bool:
        """Whether somebody asks with ``is`` for what a function with a cache gave to several tasks."""
        steps = self._story.steps
        for asked in self._asked:
            givers = {
                steps[number].node for base, number in given.items() if self._is_part(base, asked)
            }
            if len(givers) > 1:
                return True
        return False

    def _is_part(self, base: int, asked: Set[int]) -> bool:
        """Whether an object, or something in it, is one of those asked for."""
        whole = Value("?", frozenset((slot(base, 0),)))
        return base in asked or not self._story.heap.reach(whole).isdisjoint(asked)

    def closure(self, numbers: Iterable[int], into: set[int]) -> None:
        """Add definitions, and all that they need to be defined, to a set."""
        todo = [n for n in numbers if n in self._needs]
        while todo:
            number = todo.pop()
            if number not in into:
                into.add(number)
                todo += self._needs.get(number) or self._repeatable.needs(number)

    def listed(self, numbers: Iterable[int], node: str) -> tuple[Definition, ...]:
        """Definitions as values, in notebook order, ``from __future__`` first; those of the task
        itself left out.
        """
        steps = [self._story.steps[n] for n in sorted(numbers)]
        steps.sort(key=lambda s: not s.statement.role.future)
        return tuple(
            definition
            for step in steps
            if step.node not in (node, PRELUDE)
            for definition in _definitions(
                step, in_place=self._is_in_place(step), named=step.number in self._repeatable
            )
        )

    def _is_in_place(self, step: Step) -> bool:
        """Whether a setting counts from where it stands on.

        ``sys.path`` is for what is loaded, too, unless values have to be there before.
        """
        role = step.statement.role
        if role.definition or role.future:
            return False
        modules = {path.partition(".")[0] for path in step.effect.modules}
        brings = any(number in self._repeatable for number in self._needs.get(step.number, ()))
        return bool(modules - {"sys"}) or brings


def _is_there_anyway(step: Step, now: Now) -> bool:
    """Whether what a step imports has been imported above it under the same names, too."""
    if step.effect.modules or not step.bound:
        return False
    return all(
        name in now.writers and bool(value.path) and value.path == now.values[name].path
        for name, value in step.values.items()
        if name in step.bound
    )


def _names_defined(step: Step) -> tuple[str, ...]:
    """The names that mean something wherever a step is copied: a call that sets is copied without what it gives."""
    if step.is_assigned_call:
        return ()
    return tuple(name for name in step.bound if not name.startswith("<"))


def _source(step: Step, *, named: bool) -> str:
    text = step.statement.text or text_of(step.block.code, step.statement.line)
    return text if named or not step.is_assigned_call else text.partition("=")[2].lstrip()


def _definitions(step: Step, *, in_place: bool, named: bool) -> Iterator[Definition]:
    """What a step defines; more than one name if it extends what another stands for."""
    extended = [name for name in step.bound if name in step.effect.extends]
    names = [n for n in _names_defined(step) if n not in extended]
    names += [*step.effect.modules, *(m.what for m in step.effect.marks)]
    for name in [*extended, *(names[:1] or ([] if extended else ["__future__"]))]:
        yield Definition(
            name=name,
            cell=step.block.cell,
            cell_index=step.block.index,
            line=step.statement.line,
            source=_source(step, named=named),
            in_place=in_place,
            extends=name in extended,
        )
