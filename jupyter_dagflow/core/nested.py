"""``%dagflow notebook OTHER.ipynb -p x=x -o y``: another notebook as a step of this one.

The law: what is typed is read here, by whoever has to know: the analysis, which asks what it reads and binds, and the
magic, which does it. Nothing of the line is Python but what stands behind ``=`` of a ``-p``.
"""

from __future__ import annotations

import ast
import getopt
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from jupyter_dagflow.core.errors import OptionError
from jupyter_dagflow.core.model import Compilation, Pipeline, Task, TaskName

VERB = "notebook"
NESTED = "nested"  # what triggers a run that is a step of a task
_FORM = "Write it as: %dagflow notebook OTHER.ipynb -p name=expression -o variable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one line asks for: the path of the other notebook, relative to this one's folder.

    ``parameters`` are its parameters, each with the expression whose value it gets; ``outputs`` variables that it
    ends with, each with the name that its value gets here.
    """

    path: str
    parameters: tuple[tuple[str, str], ...] = ()
    outputs: tuple[tuple[str, str], ...] = ()

    @property
    def binds(self) -> tuple[str, ...]:
        """The names that it binds here."""
        return tuple(ours for _, ours in self.outputs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """The task for which a run is a step of its own: its run, itself, and what that run does with results."""

    run: str
    task: str
    reuse: str


def step_of(path: str, parameters: Sequence[str], outputs: Sequence[str]) -> Step:
    """A step by what its options were given; raises `OptionError`.

    >>> step_of("clean.ipynb", ["day=days[0]"], ["rows", "rows=left"]).outputs
    (('rows', 'rows'), ('rows', 'left'))
    """
    given = [_pair(text, "-p", "name=expression") for text in parameters]
    taken = [_pair(text if "=" in text else f"{text}={text}", "-o", "NAME") for text in outputs]
    for option, names in (("-p", [n for n, _ in given]), ("-o", [ours for _, ours in taken])):
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise OptionError(f"{option} gives {twice} twice.", hint="Drop one of the two.")
    for name, expression in given:
        if expression_in(expression) is None:
            raise OptionError(
                f"-p {name}={expression} is no Python expression behind the =.",
                hint=f'With blanks in it, put it in quotation marks: -p "{name}=a + b"',
            )
    for theirs, ours in taken:
        if not ours.isidentifier():
            raise OptionError(
                f"-o {theirs}={ours} binds no name.", hint="Say -o NAME, or -o THEIRS=OURS."
            )
    return Step(path=path, parameters=tuple(given), outputs=tuple(taken))


def read_step(line: str) -> Step | None:
    """The step that a line behind ``%dagflow`` asks for; None if it is another command, or asks for help.

    Raises `OptionError`.

    >>> read_step("notebook clean.ipynb -p day=day -o rows").binds
    ('rows',)
    """
    words = _words(line)
    if words[:1] != [VERB] or "--help" in words:
        return None
    try:
        options, arguments = getopt.gnu_getopt(words[1:], "p:o:", ["parameter=", "output="])
    except getopt.GetoptError as error:
        raise OptionError(f"%dagflow {VERB}: {error}.", hint=_FORM) from None
    if len(arguments) != 1:
        found = f"names {len(arguments)} notebooks" if arguments else "names no notebook"
        raise OptionError(f"%dagflow {VERB} {found}.", hint=_FORM)
    return step_of(
        arguments[0],
        [text for option, text in options if option in ("-p", "--parameter")],
        [text for option, text in options if option in ("-o", "--output")],
    )


def steps_in(code: str) -> Iterator[tuple[int, Step | OptionError]]:
    """The steps of a cell, each with its line; of one that cannot be read, what is wrong with it.

    >>> [(line, step.path) for line, step in steps_in(
    ...     "get_ipython().run_line_magic('dagflow', 'notebook a.ipynb')")]
    [(1, 'a.ipynb')]
    """
    if VERB not in code:
        return
    for line, typed in sorted(typed_in(code)):
        try:
            step = read_step(typed)
        except OptionError as error:
            yield line, error
        else:
            yield from [(line, step)] if step is not None else []


def typed_in(code: str) -> Iterator[tuple[int, str]]:
    """What stands behind each ``%dagflow`` of a cell, with its line."""
    if "dagflow" not in code:
        return
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return  # found by the analysis
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Attribute(attr="run_line_magic"),
                args=[ast.Constant(value="dagflow"), ast.Constant(value=str(line)), *_],
            ):
                yield node.lineno, line


def expression_in(text: str) -> ast.expr | None:
    """The expression that a text is; None if it is none."""
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    """A task of a notebook that is a step: named with a dot below the task whose step it is, its ``group``.

    ``notebook`` is the other one as the line names it, ``after`` are the tasks of it that come first.
    """

    name: str
    group: str
    notebook: str
    task: Task
    after: tuple[str, ...] = ()


def inner_tasks(compilation: Compilation, *, above: str = "") -> Iterator[Inner]:
    """The tasks of all notebooks that are steps, and of their steps, in notebook order.

    The task ``load`` of the notebook that is a step of ``prepare`` is ``prepare.load``, which no tag can name a task.
    """
    for nested in compilation.nested:
        group, inside = f"{above}{nested.task}", nested.compilation
        upstream: dict[str, list[str]] = {}
        for edge in inside.pipeline.edges:
            upstream.setdefault(edge.target, []).append(f"{group}.{edge.source}")
        deeper = list(inner_tasks(inside, above=f"{group}."))
        for task in inside.pipeline.tasks:
            name = f"{group}.{task.name}"
            after = tuple(upstream.get(task.name, ()))
            yield Inner(name=name, group=group, notebook=nested.shown, task=task, after=after)
            yield from (each for each in deeper if f"{each.group}.".startswith(f"{name}."))


def compiled_to_keep(compilation: Compilation, names: Sequence[str]) -> Compilation:
    """What `keeping` makes of the pipeline of a compilation, as it is seen and as it runs."""
    lanes = compilation.by_kernel
    return replace(
        compilation,
        pipeline=keeping(compilation.pipeline, names),
        by_kernel=None if lanes is None else keeping(lanes, names),
    )


def keeping(pipeline: Pipeline, names: Sequence[str]) -> Pipeline:
    """The same pipeline, which also stores the variables of these names that it ends with; raises `OptionError`."""
    last = {name: _last_writers(pipeline, name) for name in names}
    for name, writers in last.items():
        if not writers:
            there = sorted({each for task in pipeline.tasks for each in task.writes})
            there = [each for each in there if each.isidentifier()]
            raise OptionError(
                f"{pipeline.notebook} ends with no variable {name!r}.",
                hint=f"Its tasks make: {', '.join(there) or 'none'}.",
            )
    tasks = tuple(
        replace(task, outputs=tuple(dict.fromkeys([*task.outputs, *more])))
        if (more := [name for name in names if task.name in last[name]])
        else task
        for task in pipeline.tasks
    )
    return replace(pipeline, tasks=tasks) if names else pipeline


def _last_writers(pipeline: Pipeline, name: str) -> frozenset[TaskName]:
    """The tasks that may leave a name as the notebook ends with it: more than one if the last may be skipped."""
    newest = max((task.versions.get(name, 0) for task in pipeline.tasks), default=0)
    writers = [task for task in pipeline.tasks if name in task.writes]
    if not any(task.versions.get(name, 0) == newest for task in writers):
        return frozenset()
    return frozenset(task.name for task in writers)


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError as error:
        raise OptionError(f"%dagflow {line}: {error}.", hint="Close the quotation mark.") from None


def _pair(text: str, option: str, form: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    name, value = name.strip(), value.strip()
    if not equals or not name.isidentifier() or not value:
        raise OptionError(f"{option} {text} is not of the form {form}.", hint=_FORM)
    return name, value
