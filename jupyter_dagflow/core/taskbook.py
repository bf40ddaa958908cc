"""The taskbook: the notebook that runs one task, put together from cells. Paths come in as source
text.

The law: a taskbook shows its own cells what Run All would have shown them, whoever runs it and from
wherever. First it enters the notebook's folder; then comes the prelude, then the definitions the
task needs, then the values of other tasks, then its condition if it has one, then the task's own
cells as the user wrote them, and last the saving of what other tasks read. A setting that another
task makes between the task's own cells stands between them. The taskbook of a lane has the cells of
all its tasks, with a word above those of each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise

from jupyter_dagflow.core.model import (
    Cell,
    CellId,
    CellKind,
    Definition,
    Notebook,
    Parameter,
    Pipeline,
    Task,
    TaskName,
)
from jupyter_dagflow.core.secrets import reading

PARAMETERS_TAG = "parameters"  # papermill's, as is the next
INJECTED_TAG = "injected-parameters"
ENTER_ID = "dagflow-enter"
DATES_ID = "dagflow-dates"
PARAMETERS_ID = "dagflow-parameters"
DEFINITIONS_ID = "dagflow-definitions"
LOAD_ID = "dagflow-load"
WHEN_ID = "dagflow-when"
SAVE_ID = "dagflow-save"
TITLE_ID = "dagflow-title"
BEGIN_ID = "dagflow-begin-"


@dataclass(frozen=True, slots=True)
class TaskbookCell:
    """A cell of a taskbook. Cells of the user keep their ids; ours begin with ``dagflow-``."""

    id: str
    source: str
    tags: tuple[str, ...] = ()
    kind: CellKind = CellKind.CODE


def assemble(
    *,
    notebook: Notebook,
    pipeline: Pipeline,
    task: Task,
    parameters: Mapping[str, object],
    enter: str,
    load: str,
    save: str,
    decide: str = "",
    secret: Callable[[Parameter], str] = lambda parameter: repr(parameter.default),
    sources: Mapping[CellId, str] | None = None,
) -> tuple[TaskbookCell, ...]:
    """The cells of the taskbook of ``task``, in the order in which they run.

    ``enter`` is the source of the cell that goes to the notebook's folder, ``load`` and ``save``
    of those that take and hand over values, ``decide`` of that which asks whether the task is to run,
    empty if nothing does, ``secret`` the expression that gives a secret parameter's value.
    ``sources`` are those of the task's cells where only a part of it runs.
    ``parameters`` are the values this run overrides; of
    these, dates get a cell of their own, because papermill can only inject their text.
    """
    cells = reading(notebook, pipeline, secret).by_id
    taskbook = [TaskbookCell(TITLE_ID, _title(pipeline, task), kind=CellKind.MARKDOWN)]
    taskbook.append(_own(ENTER_ID, enter))
    taskbook += _prelude(cells, pipeline, parameters)
    definitions = definitions_by_cell(task.definitions, task.cell_indexes)
    taskbook += _definitions(definitions, DEFINITIONS_ID)
    taskbook.append(_own(LOAD_ID, load))
    taskbook += [_own(WHEN_ID, decide)] if decide else []
    begins = {member.cells[0]: member.name for member in task.members}
    for cell, index in zip(task.cells, task.cell_indexes, strict=True):
        if cell in begins:
            taskbook.append(_begin(begins[cell]))
        taskbook += _definitions(definitions, _above(index))
        taskbook.append(_users(cells[cell], source=sources[cell] if sources is not None else None))
    taskbook.append(_own(SAVE_ID, save))
    return tuple(taskbook)


def definitions_by_cell(
    definitions: Sequence[Definition], indexes: Sequence[int]
) -> dict[str, list[Definition]]:
    """The definitions of a task by the id of the taskbook's cell that they stand in.

    That is one above all; and one above a cell of the task's own (``indexes``) for settings that a
    task makes whose cells stand between this task's.
    """
    found: dict[str, list[Definition]] = {}
    for definition in definitions:
        above = definition.cell_index > indexes[0] and definition.in_place
        below = next((i for i in indexes if above and i > definition.cell_index), None)
        id_ = DEFINITIONS_ID if below is None else _above(below)
        found.setdefault(id_, []).append(definition)
    return found


def _above(index: int) -> str:
    return f"{DEFINITIONS_ID}-{index}"


def _definitions(definitions: Mapping[str, Sequence[Definition]], id_: str) -> list[TaskbookCell]:
    return [_own(id_, definitions_source(definitions[id_]))] if id_ in definitions else []


def definitions_source(definitions: Sequence[Definition]) -> str:
    """The source of a cell of definitions: each statement below a comment naming its cell."""
    return "\n".join(
        f"# from cell {d.cell_index}\n{d.source}" for d in _in_running_order(definitions)
    )


def statements(definitions: Iterable[Definition]) -> list[tuple[str, str]]:
    r"""The names that are defined, one after the other, each with its source and all that extends it.

    >>> from dataclasses import replace
    >>> d = Definition(name="f", cell=CellId("c"), cell_index=0, line=1, source="def f(x): ...")
    >>> more = replace(d, source="@f.register\ndef _(x: int): ...", extends=True)
    >>> statements([d, more])
    [('f', 'def f(x): ...\n@f.register\ndef _(x: int): ...')]
    """
    found: list[tuple[str, str]] = []
    places: dict[str, int] = {}
    for definition in definitions:
        name = definition.name
        if definition.extends and name in places:
            found[places[name]] = name, f"{found[places[name]][1]}\n{definition.source}"
        else:
            places[name] = len(found)
            found.append((name, definition.source))
    return found


def definition_at(definitions: Sequence[Definition], line: int) -> tuple[Definition, int] | None:
    """What stands on ``line`` of a cell of these definitions, and that line's number in its own cell."""
    first = 1
    for definition in _in_running_order(definitions):
        height = definition.source.count("\n") + 1
        if first < line <= first + height:
            return definition, definition.line + line - first - 1
        first += height + 1
    return None


def _in_running_order(definitions: Sequence[Definition]) -> list[Definition]:
    """Each statement once, in notebook order, but ``from __future__`` where Python takes it."""
    once = {(d.cell, d.line, d.source): d for d in definitions}.values()
    return sorted(once, key=lambda d: not d.source.startswith("from __future__"))


def _prelude(
    cells: Mapping[CellId, Cell], pipeline: Pipeline, parameters: Mapping[str, object]
) -> Iterable[TaskbookCell]:
    """The prelude, and the dates below the parameters cell or, without one, first of all.

    Papermill sets all values below the first cell of parameters; what cells below it declare is set again below them.
    """
    dates = _dates_source(parameters)
    if dates and pipeline.parameters_cell is None:
        yield _own(DATES_ID, dates)
    for id_ in pipeline.prelude:
        if id_ == pipeline.parameters_cell:
            yield _users(cells[id_], tag=PARAMETERS_TAG)
            if dates:
                yield _own(DATES_ID, dates)
        else:
            yield _users(cells[id_])
            if id_ in pipeline.more_parameters_cells:
                names = [each.name for each in pipeline.parameters if each.cell == id_]
                given = {name: parameters[name] for name in names if name in parameters}
                if given:
                    yield _own(f"{PARAMETERS_ID}-{cells[id_].index}", _given_source(given))


def _given_source(parameters: Mapping[str, object]) -> str:
    plain = {n: v.isoformat() if isinstance(v, date) else v for n, v in parameters.items()}
    lines = [f"{name} = {value!r}" for name, value in plain.items()]
    return "\n".join(["# parameters of this run", *lines, *_dates_lines(parameters)])


def _dates_source(parameters: Mapping[str, object]) -> str:
    lines = _dates_lines(parameters)
    return (
        "\n".join(["# parameters that are dates, injected above as text", *lines]) if lines else ""
    )


def _dates_lines(parameters: Mapping[str, object]) -> list[str]:
    lines = []
    for name, value in parameters.items():
        if isinstance(value, date):
            kind = "datetime" if isinstance(value, datetime) else "date"
            lines.append(f'{name} = __import__("datetime").{kind}.fromisoformat({name})')
    return lines


def _begin(task: TaskName) -> TaskbookCell:
    """What stands above the cells of a task of a lane."""
    return TaskbookCell(BEGIN_ID + task, f"**Task `{task}`**", kind=CellKind.MARKDOWN)


def cells_of_step(ids: Sequence[str], task: str) -> Sequence[str]:
    """Of the cells of a taskbook those that concern a task: if it shares the taskbook, from where it begins until
    the next one does; what stands above the first concerns that one.

    >>> cells_of_step(["dagflow-load", "dagflow-begin-a", "c1", "dagflow-begin-b", "c2"], "a")
    ['dagflow-load', 'dagflow-begin-a', 'c1']
    """
    begins = [place for place, id_ in enumerate(ids) if id_.startswith(BEGIN_ID)]
    for begin, end in pairwise([*begins, len(ids)]):
        if ids[begin] == BEGIN_ID + task:
            return ids[0 if begin == begins[0] else begin : end]
    return ids


def _title(pipeline: Pipeline, task: Task) -> str:
    return (
        f"**Task `{task.name}`** of `{pipeline.notebook}`, put together by jupyter-dagflow. "
        "Run again by hand, it loads the very values it was given."
    )


def _own(id_: str, source: str) -> TaskbookCell:
    return TaskbookCell(id_, source, tags=(id_,))


def _users(cell: Cell, *, tag: str = "", source: str | None = None) -> TaskbookCell:
    """A cell of the user, or what of its source is to run, without the tags that mean something else to papermill."""
    tags = [tag] if tag else []
    tags += (each for each in cell.tags if each not in (PARAMETERS_TAG, INJECTED_TAG))
    return TaskbookCell(cell.id, cell.source if source is None else source, tags=tuple(tags))
