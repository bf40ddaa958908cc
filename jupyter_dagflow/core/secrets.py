"""Secret parameters: where their values come from, and notebooks that do not hold them.

The law: from here on a value is in `Secrets` alone, which goes to kernels and to nobody else. Whatever is written
down of a run is made from the notebook as `hidden` leaves it, and from `shown`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from jupyter_dagflow.core.constants import constant
from jupyter_dagflow.core.errors import Location, ParameterError
from jupyter_dagflow.core.masking import MASK, NOTHING_HIDDEN, Mask, nothing_to_hide
from jupyter_dagflow.core.model import Cell, CellId, Notebook, Parameter, Pipeline
from jupyter_dagflow.core.parameters import declarations, default_of, from_text

VARIABLE = "DAGFLOW_SECRET_"


class SecretNeeded(ParameterError):
    """The value of a secret is not known, for none is ever written down. Give it again, as the hint says."""

    code = "secret_needed"


@dataclass(frozen=True, slots=True, repr=False)
class Secrets:
    """The values of secret parameters by their names; ``mask`` hides them.

    ``given`` are the names of those that the notebook's own defaults did not give.
    """

    values: Mapping[str, object] = field(default_factory=dict)
    mask: Mask = NOTHING_HIDDEN
    given: tuple[str, ...] = ()

    @property
    def shown(self) -> dict[str, object]:
        """What is recorded of those that were given."""
        return dict.fromkeys(self.given, MASK)


NO_SECRETS = Secrets()


def variable_of(name: str) -> str:
    """The environment variable that holds a secret of this name, if one does.

    >>> variable_of("api_key")
    'DAGFLOW_SECRET_API_KEY'
    """
    return VARIABLE + name.upper()


def require_secrets(
    pipeline: Pipeline,
    notebook: Notebook,
    *,
    given: Mapping[str, object],
    environ: Mapping[str, str],
    recorded: Mapping[str, object] | None = None,
    now: Notebook | None = None,
) -> Secrets:
    """The values of all secret parameters: as ``given``, else of the environment, else the notebook's.

    ``given`` are values of parameters as `resolve_parameters` returns them. For a run that goes on, ``notebook`` is the
    one that was recorded, which holds no secrets; those that were not given then, as the ``recorded`` parameters of the
    run tell, are taken from the notebook as it stands ``now``.
    Raises `SecretNeeded` for one that is in none of these, and `ParameterError` for one of the environment that has not
    its parameter's type.
    """
    values: dict[str, object] = {}
    elsewhere = []
    for parameter in (each for each in pipeline.parameters if each.secret):
        name, variable = parameter.name, variable_of(parameter.name)
        if name in given or variable in environ:
            elsewhere.append(name)
        if name in given:
            values[name] = given[name]
        elif variable in environ:
            text = environ[variable]
            values[name] = from_text(parameter, text, source=variable, notebook=notebook.path)
        else:
            values[name] = _default(parameter, notebook, now=now, recorded=recorded)
    return Secrets(values, Mask(values.values()), tuple(elsewhere))


def _default(
    parameter: Parameter,
    notebook: Notebook,
    *,
    now: Notebook | None,
    recorded: Mapping[str, object] | None,
) -> object:
    """The default of the first notebook that does not hide it; raises `SecretNeeded` if it was given at first."""
    was_given = recorded is not None and parameter.name in recorded
    for holder in () if was_given else (notebook, now):
        cell = holder.by_id.get(parameter.cell) if holder is not None else None
        if cell is not None and parameter.name in dict(declarations(cell)):
            default = default_of(parameter, cell)
            if default != MASK:
                return default
    raise _needed(parameter, notebook, goes_on=recorded is not None)


def open_parameters(pipeline: Pipeline, recorded: Mapping[str, object]) -> dict[str, object]:
    """What was recorded of a run's parameters, but for those that are secret, of which that is ``***``."""
    secret = {parameter.name for parameter in pipeline.parameters if parameter.secret}
    return {name: value for name, value in recorded.items() if name not in secret}


def without_secrets(parameters: Mapping[str, object], secrets: Secrets) -> dict[str, object]:
    """The values of the parameters that are not secret."""
    return {name: value for name, value in parameters.items() if name not in secrets.values}


def hidden(notebook: Notebook, pipeline: Pipeline, mask: Mask = NOTHING_HIDDEN) -> Notebook:
    """The notebook with ``'***'`` for the values that its parameters cells give to secrets.

    Where another type than text was to be read from the value, an annotation tells it from now on. What is given to
    secrets in lines of ``%dagflow`` goes through the ``mask``: such lines do nothing in a task.
    """
    notebook = _with_cells(notebook, pipeline, _hidden)
    if not mask:
        return notebook
    return replace(notebook, cells=tuple(_without_options(cell, mask) for cell in notebook.cells))


def _without_options(cell: Cell, mask: Mask) -> Cell:
    if "dagflow" not in cell.source:
        return cell
    source, code = (
        "\n".join(mask.text(line) if _OURS.search(line) else line for line in text.split("\n"))
        for text in (cell.source, cell.code)
    )
    return replace(cell, source=source, code=code)


_OURS = re.compile(r"^\s*%dagflow\b|\brun_line_magic\('dagflow'")


def reading(notebook: Notebook, pipeline: Pipeline, read: Callable[[Parameter], str]) -> Notebook:
    """The notebook with the expressions that ``read`` gives for the values of secrets."""
    return _with_cells(notebook, pipeline, lambda parameter, _: (read(parameter), ""))


Said = tuple[str, str]
"""An expression, and the annotation of what it is given to, or nothing."""


def _hidden(parameter: Parameter, statement: ast.Assign | ast.AnnAssign) -> Said | None:
    assert statement.value is not None
    try:
        if nothing_to_hide(constant(statement.value)):
            return None
    except ValueError:  # a date, which is a call
        pass
    told = parameter.type == "str" or isinstance(statement, ast.AnnAssign)
    return repr(MASK), _annotation(statement) if told else repr(parameter.type)


def _annotation(statement: ast.Assign | ast.AnnAssign) -> str:
    return ast.unparse(statement.annotation) if isinstance(statement, ast.AnnAssign) else ""


def _with_cells(
    notebook: Notebook,
    pipeline: Pipeline,
    say: Callable[[Parameter, ast.Assign | ast.AnnAssign], Said | None],
) -> Notebook:
    secret: dict[CellId, dict[str, Parameter]] = {}
    for parameter in pipeline.parameters:
        if parameter.secret:
            secret.setdefault(parameter.cell, {})[parameter.name] = parameter
    if not secret:
        return notebook
    cells = (
        _rewritten(cell, secret[cell.id], say) if cell.id in secret else cell
        for cell in notebook.cells
    )
    return replace(notebook, cells=tuple(cells))


def _needed(parameter: Parameter, notebook: Notebook, *, goes_on: bool) -> SecretNeeded:
    name, variable = parameter.name, variable_of(parameter.name)
    new = f"Set the environment variable {variable}, or give it: -p {name}=VALUE, or -f FILE."
    return SecretNeeded(
        f"The secret {name} is needed, and its value is not known: it is never written down.",
        hint=f"Set the environment variable {variable}, and try again." if goes_on else new,
        where=Location(
            notebook=notebook.path,
            cell=parameter.cell,
            cell_index=parameter.cell_index,
            line=parameter.line,
            file_line=parameter.file_line,
        ),
    )


def _rewritten(
    cell: Cell,
    parameters: Mapping[str, Parameter],
    say: Callable[[Parameter, ast.Assign | ast.AnnAssign], Said | None],
) -> Cell:
    """The cell with other statements that declare these parameters, each on as many lines as before."""
    code = cell.code
    for name, statement in reversed(list(declarations(cell))):
        said = say(parameters[name], statement) if name in parameters else None
        if said is not None:
            code = _replaced(code, statement, name, said)
    # Magics may stand in the source, and are otherwise in the code; on as many lines.
    return replace(cell, code=code, source=_merged(cell, code))


def _replaced(code: str, statement: ast.stmt, name: str, said: Said) -> str:
    value, annotation = said
    assert statement.end_lineno is not None
    assert statement.end_col_offset is not None
    more = statement.end_lineno - statement.lineno
    value = f"({value}" + "\n" * more + ")" if more else value
    first = _offset(code, statement.lineno, statement.col_offset)
    last = _offset(code, statement.end_lineno, statement.end_col_offset)
    colon = f": {annotation}" if annotation else ""
    return f"{code[:first]}{name}{colon} = {value}{code[last:]}"


def _offset(code: str, line: int, column: int) -> int:
    """Where a place of the syntax tree, whose columns are bytes, is in the text."""
    lines = code.split("\n")
    here = lines[line - 1].encode()[:column].decode()
    return sum(len(each) + 1 for each in lines[: line - 1]) + len(here)


def _merged(cell: Cell, code: str) -> str:
    """The source with those lines that are others in the code now."""
    lines = zip(cell.source.split("\n"), cell.code.split("\n"), code.split("\n"), strict=False)
    return "\n".join(source if old == new else new for source, old, new in lines)
