"""Which values are the same in every kernel: what a setting may be made of to be repeated.

The law: such a value is made of constants, of names with such values that nobody changes, and by
calls that ask for nothing but their arguments, the environment and the folder the kernel stands in.
Files, clocks, random numbers and code that cannot be seen are none of these.
"""

from __future__ import annotations

import ast
import math
import re
from bisect import bisect_left
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from functools import cached_property, partial

from jupyter_dagflow.core.analysis import library
from jupyter_dagflow.core.analysis.module_settings import ModuleSettings
from jupyter_dagflow.core.analysis.same_everywhere import (
    PathOf,
    asks_for_paths,
    gives_the_same,
    path_called,
)
from jupyter_dagflow.core.analysis.setting_calls import (
    assigned_call,
    calls_by_name,
    function_in,
    only_sets,
)
from jupyter_dagflow.core.analysis.source import (
    assigned,
    attributes_of,
    constants_of_class,
    text_of,
    tree_of,
)
from jupyter_dagflow.core.analysis.steps import PRELUDE, Step, Story
from jupyter_dagflow.core.analysis.values import NOTHING

_FORGETTING = re.compile(r"\bdel\b([^\n;#]*)|\bas\s+(\w+)\s*:")
_DEEPEST = 64  # values made of values made of values


class Repeatable:
    """The statements ``name = …`` of a notebook that can be repeated for settings that read the name.

    ``definitions`` are repeated anyhow; ``is_changed`` tells whether anyone changes what a statement
    made.
    """

    def __init__(
        self, story: Story, definitions: Container[int], is_changed: Callable[[Step], bool]
    ) -> None:
        self._story = story
        self._definitions = definitions
        self._is_changed = is_changed
        self._needs: dict[int, frozenset[int] | None] = {}

    def admits(self, setting: Step) -> bool:
        """Whether a setting can be repeated if what it reads can.

        Code of the notebook would run whenever the module likes, deleted names would be there again,
        and what it asks before it sets something must be answered alike in every kernel.
        """
        text = setting.statement.text or text_of(setting.block.code, setting.statement.line)
        tree, path_of = tree_of(text), _paths(setting)
        if not self._forgotten.isdisjoint((*setting.bound, *setting.effect.reads)):
            return False
        called = calls_by_name(tree)
        if called is not None and self._function(called[0], setting) is not None:
            function_of = partial(self._function, reader=setting)
            return not self._stands_elsewhere(setting) and only_sets(
                called[1], function_of, path_of
            )
        if not (setting.statement.role.setting or _keeps_what_was(tree, path_of)):
            return False
        if self._reads_code(tree, setting):
            return False
        if self._stands_elsewhere(setting) and asks_for_paths(tree, path_of):
            return False
        return all(gives_the_same(asked, path_of) for asked in _decided_by(tree))

    def _function(self, name: str, reader: Step) -> ast.FunctionDef | None:
        """The notebook's own function that a name is for a step, if every task can have it."""
        made = self._writer(name, reader)
        if made is None or made.number not in self._definitions:
            return None
        return function_in(made.statement.text)

    @cached_property
    def _forgotten(self) -> frozenset[str]:
        codes = {step.block.code for step in self._story.steps.values()}
        found = (match for code in codes for match in _FORGETTING.finditer(code))
        parts = (part.strip(" ()") for m in found for part in (m[1] or m[2]).split(","))
        return frozenset(part for part in parts if part.isidentifier())

    def _reads_code(self, tree: ast.AST, step: Step) -> bool:
        """Whether a step reads functions or classes of the notebook, and not just constants in a class."""
        return any(
            step.origins.get(name) and not self._reads_constants(tree, name, step)
            for name in step.effect.reads
        )

    def _reads_constants(self, tree: ast.AST, name: str, reader: Step) -> bool:
        made = self._writer(name, reader)
        if made is None:
            return False
        found = constants_of_class(text_of(made.block.code, made.statement.line))
        return all(attribute in found for attribute in attributes_of(tree, name))

    def __contains__(self, number: int) -> bool:
        """Whether a statement is one that `statements` has told of."""
        return self._needs.get(number) is not None

    def needs(self, number: int) -> frozenset[int]:
        """What must be repeated before a statement that `statements` has told of."""
        return self._needs.get(number) or NOTHING

    def _stands_elsewhere(self, step: Step) -> bool:
        """Whether the working directory may be another than the folder of the notebook, where what is
        repeated runs.
        """
        return step.number > self._first_move

    @cached_property
    def _first_move(self) -> float:
        steps = self._story.steps.values()
        return min((s.number for s in steps if "os.chdir" in s.effect.modules), default=math.inf)

    def statements(
        self, name: str, reader: Step, settings: ModuleSettings, depth: int = 0
    ) -> frozenset[int] | None:
        """The statements to repeat, so that a name is what a step reads there; None if its value may
        be another in another kernel, or is made in very many steps.
        """
        step = self._writer(name, reader)
        if step is None or not step.bound.get(name) or name in self._forgotten:
            return None
        if step.block.conditional:
            return None
        if step.node == PRELUDE:
            return NOTHING
        defined = step.number in self._definitions and not step.is_assigned_call
        if not defined and step.number not in self._needs:
            self._needs[step.number] = (
                self._needs_of_value(name, step, settings, depth) if depth < _DEEPEST else None
            )
        found = defined or self._needs[step.number] is not None
        return frozenset((step.number,)) if found else None

    def _needs_of_value(
        self, name: str, step: Step, settings: ModuleSettings, depth: int
    ) -> frozenset[int] | None:
        """What must be repeated before ``name = …`` is; None if that cannot be repeated."""
        value = assigned(step.block.code, step.statement.line, name)
        if value is None or self._is_changed(step) or not step.is_quiet:
            return None
        path_of = _paths(step)
        if self._stands_elsewhere(step) and asks_for_paths(value, path_of):
            return None
        if not gives_the_same(value, path_of):
            return None
        if any(settings.holds(read.path) for read in step.effect.values.values()):
            return None
        if self._reads_code(value, step):
            return None
        needs = [self.statements(read, step, settings, depth + 1) for read in step.effect.reads]
        known = [each for each in needs if each is not None]
        return NOTHING.union(*known) if len(known) == len(needs) else None

    def _writer(self, name: str, reader: Step) -> Step | None:
        """The last step above another that binds a name, changes its value, or deletes it."""
        numbers = self._writers.get(name, ())
        index = bisect_left(numbers, reader.number)
        return self._story.steps[numbers[index - 1]] if index else None

    @cached_property
    def _writers(self) -> Mapping[str, Sequence[int]]:
        writers: dict[str, list[int]] = {}
        for step in self._story.steps.values():
            for name in {*step.bound, *step.touched}:
                writers.setdefault(name, []).append(step.number)
        return writers


def _paths(step: Step) -> PathOf:
    """What of a library each name is that a step reads, ``""`` for any other."""
    values = step.effect.values
    return lambda name: values[name].path if name in values else ""


def _keeps_what_was(tree: ast.Module, path_of: PathOf) -> bool:
    """Whether it is ``old = np.seterr(…)`` or the like, with what is the same in every kernel."""
    call = assigned_call(tree)
    if call is None or not library.is_setting(path_called(call.func, path_of)):
        return False
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    return all(gives_the_same(value, path_of) for value in given)


def _decided_by(tree: ast.AST) -> Iterator[ast.expr]:
    """What a statement asks before it does something: the tests of ``if``, what ``for`` goes through."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.If, ast.For)):
            yield node.iter if isinstance(node, ast.For) else node.test
