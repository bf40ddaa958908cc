"""Notebooks tagged for Kale (Kubeflow), in our own words.

The law: tags in, tags out. The rest of the compiler knows only our vocabulary; this module alone knows Kale's,
of both ages: ``step:`` and, before 2.0, ``block:``. A notebook with a ``task:`` tag is ours and is left as it is.
What Kale means is what its ``nbprocessor`` does: a cell that says nothing continues the last one that did, be that
a step, imports, functions, parameters or metrics; ``skip`` is not counted; imports and functions run in every step.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from jupyter_dagflow.core.diagnostics import Code, Diagnostic
from jupyter_dagflow.core.model import Cell, CellKind
from jupyter_dagflow.core.names import free, slug
from jupyter_dagflow.core.own_lines import only_own_lines
from jupyter_dagflow.core.parameters import declared_parameters
from jupyter_dagflow.core.tags import BARE, MORE_PARAMETERS, NAME

METRICS_TASK = "pipeline_metrics"
_STEP = ("step", "block")
_SETUP = ("imports", "functions")
_SPECIAL = ("skip", *_SETUP, "pipeline-parameters", "pipeline-metrics")
_FOR_KUBERNETES = ("limit", "label", "annotation", "image", "report", "in", "out")
_METADATA = "kubeflow_notebook"  # of the notebook, beside its kernelspec
_NO_METADATA: Mapping[str, object] = MappingProxyType({})
_MOST_LISTED = 8  # of the tags that mean nothing here, in one sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Translation:
    """Cells in our own words, and what is to be said about them; ``dialect`` is empty if they were ours."""

    cells: tuple[Cell, ...]
    diagnostics: tuple[Diagnostic, ...] = ()
    dialect: str = ""


def translate(cells: Sequence[Cell], metadata: Mapping[str, object] = _NO_METADATA) -> Translation:
    """The cells of a Kale notebook with our tags; any other notebook's cells as they are.

    Example: ``step:train`` and ``prev:load`` become ``task:train`` and ``after:load``. Tags that only Kubernetes
    understands stay where they are and are listed in one diagnostic, and so is what Kale has in the ``metadata`` of
    the notebook.
    """
    code = [cell for cell in cells if cell.kind is CellKind.CODE]
    ours = [cell for cell in code if "task" in cell.options or _values(cell, ("task",))]
    theirs = [cell for cell in code if _values(cell, _STEP)]
    if ours and theirs:
        return Translation(cells=tuple(cells), diagnostics=(_not_read(theirs, ours[0]),))
    if not theirs:
        return Translation(cells=tuple(cells))
    return _Translator(code, _said_of_notebook(metadata)).translate(cells)


def _said_of_notebook(metadata: Mapping[str, object]) -> list[str]:
    """What Kale's panel has written into a notebook, but for what it has left empty."""
    said = metadata.get(_METADATA)
    return [str(key) for key, value in said.items() if value] if isinstance(said, Mapping) else []


def _not_read(theirs: Sequence[Cell], ours: Cell) -> Diagnostic:
    return Diagnostic.of(
        Code.MISSPELT_TAG,
        f"The Kale tags of cell{_numbers([cell.index for cell in theirs])} are not read, because cell "
        f"{ours.index} has a tag of ours.",
        cell=theirs[0].id,
        cell_index=theirs[0].index,
        hint="Say task: for step: and after: for prev:, or take the tags with task: away.",
    )


def _values(cell: Cell, words: Iterable[str]) -> list[str]:
    """What stands behind the colon of the tags that begin with one of these words."""
    split = (tag.partition(":") for tag in cell.tags)
    return [value for word, colon, value in split if colon and word in words]


@dataclass(slots=True)
class _Said:
    """What one cell comes to: its new tags, and whether a task is what it now belongs to."""

    tags: list[str]
    in_task: bool = False


@dataclass(slots=True)
class _Translator:
    """Walks down the notebook, knowing what the next cell that says nothing continues."""

    code: Sequence[Cell]
    of_notebook: Sequence[str]  # what the notebook's metadata says
    names: Mapping[str, str] = field(init=False)
    current: str | None = field(default=None, init=False)
    has_parameters: bool = field(default=False, init=False)
    unused: dict[str, list[int]] = field(default_factory=dict, init=False)
    diagnostics: list[Diagnostic] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self.names = _task_names(self.code)
        self.has_parameters = any("parameters" in cell.tags for cell in self.code)

    def translate(self, cells: Sequence[Cell]) -> Translation:
        translated = tuple(
            replace(cell, tags=tuple(dict.fromkeys(self._tags(cell))))
            if cell.kind is CellKind.CODE
            else cell
            for cell in cells
        )
        return Translation(
            cells=translated,
            diagnostics=(self._read_as_kale(), *self.diagnostics),
            dialect="Kale",
        )

    def _tags(self, cell: Cell) -> list[str]:
        steps = [value for value in _values(cell, _STEP) if value]
        special = next((tag for tag in cell.tags if tag in _SPECIAL), None)
        if special is not None:
            said = self._special(special, cell)
        elif steps:
            said = self._step(steps, cell)
        else:
            said = self._continued(cell)
        return [*said.tags, *self._rest(cell, said)]

    def _special(self, word: str, cell: Cell) -> _Said:
        if word == "skip":
            return _Said(["skip"])  # what follows continues what stands above
        self.current = word
        if word == "pipeline-metrics":
            return _Said([f"task:{self.names[word]}", *_metrics(cell)], in_task=True)
        return self._setup(word, cell)

    def _setup(self, word: str, cell: Cell) -> _Said:
        if word != "pipeline-parameters":
            return _Said(["setup"])
        is_first, self.has_parameters = not self.has_parameters, True
        _, problems = declared_parameters(cell)
        return _Said(["parameters" if is_first and not problems else MORE_PARAMETERS])

    def _step(self, steps: list[str], cell: Cell) -> _Said:
        if len(steps) > 1:
            self._find(
                Code.OPTION_CONFLICT,
                f"The cell is part of {len(steps)} steps: {', '.join(steps)}. A cell runs in one task.",
                cell,
                "Keep one of them, or tag the cell functions: then it runs in every step.",
            )
        self.current = steps[0]
        return _Said([f"task:{self.names[steps[0]]}"], in_task=True)

    def _continued(self, cell: Cell) -> _Said:
        if any(tag in BARE for tag in cell.tags) or not cell.code.strip():
            return _Said([])
        if self.current in (*_SETUP, "pipeline-parameters"):
            return self._setup(self.current, cell) if not only_own_lines(cell.code) else _Said([])
        if self.current == "pipeline-metrics":
            return _Said(_metrics(cell), in_task=True)
        return _Said([], in_task=self.current is not None)

    def _rest(self, cell: Cell, said: _Said) -> list[str]:
        """The other tags of a cell; those of ours and of others stay."""
        kept = []
        for tag in cell.tags:
            word, colon, value = tag.partition(":")
            if tag in _SPECIAL or (colon and word in _STEP):
                continue
            if colon and word == "prev":
                kept += self._after(value, cell, said)
            elif tag in ("cache:enabled", "cache:disabled"):
                kept += self._cache(value, cell, said)
            elif colon and word == "notebook":
                self._find(
                    Code.NOT_BUILT,
                    f"Tag {tag!r} is understood, but this version cannot do it yet.",
                    cell,
                    "Copy the cells of that notebook into this one.",
                )
            else:
                if colon and word in _FOR_KUBERNETES:
                    self._no_meaning(tag, cell)
                kept.append(tag)
        return kept

    def _after(self, step: str, cell: Cell, said: _Said) -> list[str]:
        name = self.names.get(step)
        own = f"task:{name}" in said.tags or step == self.current
        if not said.in_task or own:
            self._no_meaning(f"prev:{step}", cell)
            return []
        if name is None:
            steps = ", ".join(known for known in self.names if known not in _SPECIAL)
            self._find(
                Code.UNKNOWN_TASK,
                f"Step {self.current} is to run after step {step!r} (prev:{step}), but there is no such step.",
                cell,
                f"The steps are: {steps}.",
            )
            return []
        return [f"after:{name}"]

    def _cache(self, value: str, cell: Cell, said: _Said) -> list[str]:
        if said.in_task:
            return ["cache:on" if value == "enabled" else "cache:off"]
        self._no_meaning(f"cache:{value}", cell)
        return []

    def _no_meaning(self, what: str, cell: Cell) -> None:
        self.unused.setdefault(what, []).append(cell.index)

    def _read_as_kale(self) -> Diagnostic:
        steps = sum(known not in _SPECIAL for known in self.names)
        message = (
            f"Read as a Kale notebook: {steps} step{'s are tasks' if steps > 1 else ' is a task'}."
        )
        listed = [f"{what} (cell{_numbers(cells)})" for what, cells in self.unused.items()]
        if len(listed) > _MOST_LISTED:
            listed[_MOST_LISTED:] = [f"{len(listed) - _MOST_LISTED} more"]
        if self.of_notebook:
            listed.append(f"{', '.join(self.of_notebook)} ({_METADATA})")
        if listed:
            message += f" Without a meaning here: {', '.join(listed)}."
        renamed = [f"{old!r} as {new}" for old, new in self.names.items() if _renamed(old, new)]
        if renamed:
            message += f" Renamed: {', '.join(renamed)}."
        return Diagnostic.of(
            Code.OTHER_DIALECT,
            message,
            hint="To have it in jupyter-dagflow's own tags: dagflow tag NB --apply -o NEW.ipynb",
        )

    def _find(self, code: Code, message: str, cell: Cell, hint: str) -> None:
        self.diagnostics.append(
            Diagnostic.of(code, message, cell=cell.id, cell_index=cell.index, hint=hint)
        )


def _task_names(code: Sequence[Cell]) -> dict[str, str]:
    """The name of the task that each step becomes: its own, if a task may have it."""
    steps = dict.fromkeys(value for cell in code for value in _values(cell, _STEP) if value)
    names = {step: step for step in steps if NAME.match(step)}
    for step in steps:
        if step not in names:
            names[step] = free(slug(step) or "step", names.values())
    if any("pipeline-metrics" in cell.tags for cell in code):
        names["pipeline-metrics"] = free(METRICS_TASK, names.values())
    return names


def _metrics(cell: Cell) -> list[str]:
    """A metric for each variable that the cell prints or names on a line of its own."""
    try:
        body = ast.parse(cell.code).body
    except (SyntaxError, ValueError):
        return []  # told by the analysis
    found = []
    for statement in body:
        match statement:
            case ast.Expr(value=ast.Name(id=name)):
                found.append(name)
            case ast.Expr(value=ast.Call(func=ast.Name(id="print"), args=[ast.Name(id=name)])):
                found.append(name)
    return [f"metric:{name}" for name in found]


def _renamed(old: str, new: str) -> bool:
    return old != new and old not in _SPECIAL


def _numbers(cells: list[int]) -> str:
    return ("s " if len(cells) > 1 else " ") + ", ".join(map(str, cells))
