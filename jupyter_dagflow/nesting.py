"""The other notebooks that a notebook has as steps: found, compiled, and what is wrong with them told here.

The law: whatever is wrong with another notebook is a finding at the cell that asks for it, which names both places;
nothing of it is run to find out.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from jupyter_dagflow.core.diagnostics import Code, CompilationFailed, Diagnostic
from jupyter_dagflow.core.errors import DagflowError, NotebookError, OptionError
from jupyter_dagflow.core.model import Cell, Compilation, Nested, Notebook, TaskName
from jupyter_dagflow.core.nested import Step, keeping, steps_in
from jupyter_dagflow.storage.step_texts import AS_THEY_ARE, StepTexts

Compile = Callable[[Notebook], Compilation]


def with_steps(
    notebook: Notebook,
    compilation: Compilation,
    *,
    folder: Path,
    compile_with: Compile,
    texts: StepTexts = AS_THEY_ARE,
) -> Compilation:
    """A compilation with the notebooks that are steps of it, and what there is to say of them.

    Their paths are relative to ``folder``; ``compile_with`` compiles each, as ``texts`` has it.
    """
    path = os.path.realpath(folder / Path(notebook.path).name)
    nesting = _Nesting(compile_with, texts)
    return nesting.complete(notebook, compilation, asked=folder, folder=folder, above=(path,))


def all_steps(nested: Iterable[Nested]) -> Iterator[Nested]:
    """Notebooks that are steps, each with the steps that it has itself."""
    for each in nested:
        yield each
        yield from all_steps(each.compilation.nested)


def digests_of(nested: Iterable[Nested]) -> dict[str, str]:
    """The digests of notebooks that are steps, and of the steps that these have, by their absolute paths."""
    return {each.path: each.digest for each in all_steps(nested)}


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a step stands."""

    cell: Cell
    line: int
    task: TaskName | None

    def error(self, message: str, hint: str) -> Diagnostic:
        return Diagnostic.of(
            Code.NESTED_NOTEBOOK,
            message,
            cell=self.cell.id,
            cell_index=self.cell.index,
            line=self.line,
            hint=hint,
        )


@dataclass(frozen=True, slots=True)
class _Nesting:
    """Goes from a notebook to its steps, and from these to theirs."""

    compile_with: Compile
    texts: StepTexts

    def complete(
        self,
        notebook: Notebook,
        compilation: Compilation,
        *,
        asked: Path,
        folder: Path,
        above: tuple[str, ...],
    ) -> Compilation:
        """The compilation with its steps; ``above`` are the notebooks on the way here, this one last.

        The ``folder`` is the one that is ``asked`` for, with links followed if it is a step's.
        """
        nested: list[Nested] = []
        errors: list[Diagnostic] = []
        for place, step in _steps(notebook, compilation):
            found = self._step(place, step, asked=asked, folder=folder, above=above)
            if isinstance(found, Nested):
                nested.append(found)
            else:
                errors.append(replace(found, file_line=place.cell.file_line(place.line)))
        if not nested and not errors:
            return compilation
        diagnostics = sorted((*compilation.diagnostics, *errors), key=lambda d: d.cell_index or 0)
        return replace(compilation, nested=tuple(nested), diagnostics=tuple(diagnostics))

    def _step(
        self,
        place: _Place,
        step: Step | OptionError,
        *,
        asked: Path,
        folder: Path,
        above: tuple[str, ...],
    ) -> Nested | Diagnostic:
        if isinstance(step, OptionError):
            return place.error(step.message, step.hint)
        if place.task is None:
            return place.error(
                f"{step.path} is to run in a cell that itself runs before every task.",
                "Move the line into a cell of a task.",
            )
        there = os.path.abspath(asked / step.path)
        path = self.texts.links.get(there) or os.path.realpath(folder / step.path)
        if path in above:
            circle = [*above[above.index(path) :], path]
            return place.error(
                f"The notebooks run each other: {' → '.join(map(os.path.basename, circle))}.",
                "Take one of these steps out.",
            )
        if not self.texts.has(path):
            return place.error(
                f"There is no notebook {step.path}.",
                "Check the path: it counts from this notebook's folder.",
            )
        try:
            other = self.texts.read(path)
            compiled = self.compile_with(other)
            compiled = self.complete(
                other,
                compiled,
                asked=Path(there).parent,
                folder=Path(path).parent,
                above=(*above, path),
            )
            if not compiled.ok:
                raise CompilationFailed(step.path, compiled.diagnostics)
            _check(step, compiled)
        except DagflowError as error:
            return place.error(*_told(step, error))
        return Nested(
            task=place.task,
            path=path,
            asked=there,
            shown=step.path,
            digest=other.digest,
            compilation=compiled,
        )


def _steps(
    notebook: Notebook, compilation: Compilation
) -> Iterator[tuple[_Place, Step | OptionError]]:
    pipeline = compilation.pipeline
    tasks: Mapping[str, TaskName] = {c: task.name for task in pipeline.tasks for c in task.cells}
    for cell in notebook.cells:
        if cell.id in tasks or cell.id in pipeline.prelude:
            for line, step in steps_in(cell.code):
                yield _Place(cell, line, tasks.get(cell.id)), step


def _check(step: Step, compiled: Compilation) -> None:
    """Raise `OptionError` unless the other notebook has what the step gives it and takes from it."""
    known = [parameter.name for parameter in compiled.pipeline.parameters]
    for name, _ in step.parameters:
        if name not in known:
            raise OptionError(
                f"{step.path} has no parameter {name!r}.",
                hint=f"It declares: {', '.join(known)}."
                if known
                else f"Tag a cell of literal assignments in {step.path} with 'parameters'.",
            )
    pipeline = replace(compiled.pipeline, notebook=step.path)
    keeping(pipeline, [theirs for theirs, _ in step.outputs])


def _told(step: Step, error: DagflowError) -> tuple[str, str]:
    """What is wrong with the other notebook, in which place of it, and what to do."""
    if isinstance(error, OptionError):
        return error.message, error.hint
    where = f" ({replace(error.where, notebook=step.path)})"
    does = "cannot be read" if isinstance(error, NotebookError) else "does not compile"
    return f"{step.path} {does}: {error.message}{where}", error.hint
