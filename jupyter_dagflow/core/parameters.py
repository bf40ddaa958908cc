"""Parameters: what the ``parameters`` cell declares, and giving them other values.

The law: a parameter has the type of its annotation, else of its default, and a value of another
type, or one that JSON cannot hold, is refused before anything runs. Text from a command line is
read by that type.
"""

from __future__ import annotations

import ast
import json
import re
import reprlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime

from jupyter_dagflow.core.constants import constant
from jupyter_dagflow.core.diagnostics import Code, Diagnostic
from jupyter_dagflow.core.errors import Location, ParameterError
from jupyter_dagflow.core.masking import MASK, nothing_to_hide
from jupyter_dagflow.core.model import Cell, Parameter
from jupyter_dagflow.core.secret_names import is_secret_name

_ANNOTATIONS = {
    "int": "int",
    "float": "float",
    "bool": "bool",
    "str": "str",
    "list": "list",
    "dict": "dict",
    "List": "list",
    "Dict": "dict",
    "date": "date",
    "datetime": "datetime",
    "Any": "any",
    "object": "any",
}
_DATES: dict[str, type[date]] = {"date": date, "datetime": datetime}
_MOST_NESTED = 100  # Python's own parser takes 200


class _NotJson(ValueError):
    """A value that cannot be written into a notebook."""


def declared_parameters(
    cell: Cell, *, strict: bool = True, secret: Collection[str] = ()
) -> tuple[tuple[Parameter, ...], tuple[Diagnostic, ...]]:
    """The parameters a cell declares by assigning constants, in order; all else is a diagnostic.

    Imports and docstrings may stand beside them. A name assigned twice keeps its last default. What is no such
    assignment is an error, or, not ``strict``, code that runs as it stands. Those are secret that ``secret`` names, and
    those whose own names say it: their values are in nothing that this returns.
    """
    try:
        body = ast.parse(cell.code).body
    except SyntaxError:
        return (), ()  # the analysis reports it
    found: dict[str, Parameter] = {}
    diagnostics = []
    for statement in body:
        if isinstance(statement, (ast.Import, ast.ImportFrom, ast.Pass)) or _is_text(statement):
            continue
        parameter = _declared(statement, cell)
        if parameter is None:
            text = _first_line(statement, secret)
            diagnostics.append((_not_literal if strict else _no_parameter)(text, statement, cell))
        else:
            found[parameter.name] = _hidden(parameter, secret)
    return tuple(found.values()), tuple(diagnostics)


def declarations(cell: Cell) -> Iterator[tuple[str, ast.Assign | ast.AnnAssign]]:
    """The statements of a cell that declare parameters, with their names."""
    for statement in ast.parse(cell.code).body:
        parameter = _declared(statement, cell)
        if parameter is not None and isinstance(statement, (ast.Assign, ast.AnnAssign)):
            yield parameter.name, statement


def default_of(parameter: Parameter, cell: Cell) -> object:
    """The default that a cell gives to a parameter, also to a secret one, just as the cell would make it."""
    last = [statement for name, statement in declarations(cell) if name == parameter.name][-1]
    assert last.value is not None
    try:
        return constant(last.value)
    except ValueError:  # a date, which is a call
        return _literal(last.value)


def from_text(parameter: Parameter, text: str, *, source: str, notebook: str) -> object:
    """The value of a parameter in a text, by its type; raises `ParameterError`, which names the ``source``."""
    try:
        return _from_text(parameter, text)
    except _REFUSALS as error:
        raise _refused(parameter, text, error, notebook=notebook, source=source) from None


def resolve_parameters(
    parameters: tuple[Parameter, ...],
    values: Mapping[str, object],
    *,
    texts: Mapping[str, str] | None = None,
    notebook: str,
) -> dict[str, object]:
    """Check given values against the declarations; returns only what was given, typed.

    ``texts`` are read by the parameter's type (``"3"`` for an int, JSON for lists and dicts).
    Raises `ParameterError` for an unknown name, one given as both, and a value of the wrong type.
    """
    known = {parameter.name: parameter for parameter in parameters}
    resolved: dict[str, object] = {}
    for given, read in ((values, _checked), (texts or {}, _from_text)):
        for name, value in given.items():
            if name not in known:
                raise ParameterError(
                    f"There is no parameter {name!r}.",
                    hint=_list_known(parameters),
                    where=Location(notebook=notebook),
                )
            if name in resolved:
                raise ParameterError(
                    f"Parameter {name!r} is given twice.",
                    hint="Drop one of the two.",
                    where=Location(notebook=notebook),
                )
            try:
                resolved[name] = read(known[name], value)
            except _REFUSALS as error:
                raise _refused(known[name], value, error, notebook=notebook) from None
    return resolved


_REFUSALS = (ValueError, TypeError, OverflowError, RecursionError, MemoryError)


def _hidden(parameter: Parameter, secret: Collection[str]) -> Parameter:
    """The same, without its default if it is secret; a flag has no secret."""
    by_name = is_secret_name(parameter.name) and parameter.type != "bool"
    if not by_name and parameter.name not in secret:
        return parameter
    default = parameter.default if nothing_to_hide(parameter.default) else MASK
    return replace(parameter, secret=True, default=default)


def _declared(statement: ast.stmt, cell: Cell) -> Parameter | None:
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            annotation = None
        case ast.AnnAssign(
            target=ast.Name(id=name), annotation=annotation, value=ast.expr() as value
        ):
            pass
        case _:
            return None
    try:
        default = _literal(value)
    except (ValueError, TypeError):
        return None
    declared, optional = _annotated(annotation)
    return Parameter(
        name=name,
        type=declared or _type_of(default),
        default=default.isoformat() if isinstance(default, date) else default,
        cell=cell.id,
        cell_index=cell.index,
        line=statement.lineno,
        file_line=cell.file_line(statement.lineno),
        optional=optional or default is None,
    )


def _literal(node: ast.expr) -> object:
    """The value of a JSON-like constant, ``date(…)`` or ``datetime(…)``; else raises ValueError."""
    if isinstance(node, ast.Call) and not node.keywords:
        name = ast.unparse(node.func).rpartition(".")[2]
        arguments = [constant(argument) for argument in node.args]
        numbers = [argument for argument in arguments if isinstance(argument, int)]
        if name in _DATES and len(numbers) == len(arguments):
            try:
                return _DATES[name](*numbers)
            except TypeError:
                raise ValueError(name) from None
    value = constant(node)
    if isinstance(value, tuple):
        value = list(value)
    json.dumps(value)  # TypeError for bytes, sets, complex: not parameters
    return value


def _annotated(annotation: ast.expr | None) -> tuple[str | None, bool]:
    """The type an annotation names, if we know it, and whether it admits None."""
    match annotation:
        case None:
            return None, False
        case ast.Constant(value=str(text)):
            try:
                return _annotated(ast.parse(text, mode="eval").body)
            except SyntaxError:
                return None, False
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return _ANNOTATIONS.get(name), False
        case ast.Subscript(
            value=ast.Name(id="Optional") | ast.Attribute(attr="Optional"), slice=inner
        ):
            return _annotated(inner)[0], True
        case ast.Subscript(value=outer):
            return _annotated(outer)
        case ast.BinOp(left=left, op=ast.BitOr(), right=ast.Constant(value=None)):
            return _annotated(left)[0], True
        case ast.BinOp(left=ast.Constant(value=None), op=ast.BitOr(), right=right):
            return _annotated(right)[0], True
    return None, False


def _type_of(default: object) -> str:
    if default is None:
        return "any"
    return type(default).__name__


def _from_text(parameter: Parameter, text: object) -> object:
    if not isinstance(text, str):
        raise TypeError(text)
    if parameter.optional and text in ("None", "null"):
        return None
    readers: dict[str, Callable[[str], object]] = {
        "int": int,
        "float": float,
        "str": str,
        "bool": _bool_from_text,
        "list": _json_or_literal,
        "dict": _json_or_literal,
        "any": _guess,
    }
    return _checked(parameter, readers.get(parameter.type, str)(text))


def _bool_from_text(text: str) -> bool:
    words = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    if text.lower() not in words:
        raise ValueError(text)
    return words[text.lower()]


def _json_or_literal(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        try:
            return ast.literal_eval(text)
        except SyntaxError:
            raise ValueError(text) from None


def _guess(text: str) -> object:
    """Of a parameter whose default is None no type is known: JSON if it reads so, else text."""
    try:
        return _json_or_literal(text)
    except (ValueError, TypeError):
        return text


def _checked(parameter: Parameter, value: object) -> object:
    if value is None and parameter.optional:
        return None
    match parameter.type:
        case "any":
            return value if isinstance(value, date) else _json(value)
        case "float" if isinstance(value, int) and not isinstance(value, bool):
            return float(value)
        case "int" if isinstance(value, bool):
            raise TypeError(value)
        case "date" | "datetime":
            return _date(parameter.type, value)
        case "list" if isinstance(value, tuple):
            return _json(list(value))
    accepted = {"int": int, "float": float, "bool": bool, "str": str, "list": list, "dict": dict}
    if not isinstance(value, accepted[parameter.type]):
        raise TypeError(value)
    return _json(value)


def _json(value: object) -> object:
    """The value, if JSON and a notebook's code can hold it; else raises `_NotJson`."""
    try:
        json.dumps(value)
    except (ValueError, TypeError, RecursionError):
        raise _NotJson from None
    level = [value]
    for _ in range(_MOST_NESTED):
        level = [item for outer in level for item in _items(outer)]
    if any(isinstance(item, (dict, list, tuple)) for item in level):
        raise _NotJson
    return value


def _items(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, (list, tuple)) else ()


def _date(kind: str, value: object) -> date:
    if isinstance(value, str):
        return _DATES[kind].fromisoformat(
            re.sub("[zZ]$", "+00:00", value)
        )  # Python 3.10 knows no Z
    if not isinstance(value, date) or isinstance(value, datetime) != (kind == "datetime"):
        raise TypeError(value)
    return value


def _refused(
    parameter: Parameter, value: object, error: Exception, *, notebook: str, source: str = ""
) -> ParameterError:
    try:
        shown = reprlib.repr(value)  # however long and deep it is
    except ValueError:  # an int of too many digits
        shown = f"this {type(value).__name__}"
    if parameter.secret:
        shown = f"what {source or 'was given'}{' holds' if source else ''}"
    if isinstance(error, (_NotJson, RecursionError, MemoryError)):
        message = f"Parameter {parameter.name!r} cannot be {shown}."
        hint = f"Give it what JSON can hold, at most {_MOST_NESTED} lists within one another."
    else:
        message = f"Parameter {parameter.name!r} is of type {parameter.type}; {shown} is not."
        hint = f"Give a value like its default: {parameter.name}={_example(parameter)}."
        hint = "Give a value of that type." if parameter.secret else hint
    return ParameterError(
        message,
        hint=hint,
        where=Location(
            notebook=notebook,
            cell=parameter.cell,
            cell_index=parameter.cell_index,
            line=parameter.line,
            file_line=parameter.file_line,
        ),
    )


def _example(parameter: Parameter) -> str:
    return (
        str(parameter.default)
        if isinstance(parameter.default, str)
        else json.dumps(parameter.default)
    )


def _list_known(parameters: tuple[Parameter, ...]) -> str:
    if not parameters:
        return "The notebook declares none: tag a cell of literal assignments with 'parameters'."
    return "Declared are: " + ", ".join(f"{p.name} ({p.type})" for p in parameters) + "."


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _first_line(statement: ast.stmt, secret: Collection[str]) -> str:
    """What a statement says, but for what it gives to a name that is secret."""
    bound = [node.id for node in ast.walk(statement) if isinstance(node, ast.Name)]
    if any(is_secret_name(name) or name in secret for name in bound):
        return f"{bound[0]} = {MASK}"
    return ast.unparse(statement).splitlines()[0]


def _no_parameter(text: str, statement: ast.stmt, cell: Cell) -> Diagnostic:
    return Diagnostic.of(
        Code.NO_PARAMETER,
        f"'{text}' assigns no constant, so it is no parameter: it runs in every task as it stands.",
        cell=cell.id,
        cell_index=cell.index,
        line=statement.lineno,
        hint="Give it a plain value (number, text, list, dict, date) to set it with -p NAME=VALUE.",
    )


def _not_literal(text: str, statement: ast.stmt, cell: Cell) -> Diagnostic:
    return Diagnostic.of(
        Code.PARAMETER_NOT_LITERAL,
        f"'{text}' in the parameters cell is no literal assignment.",
        cell=cell.id,
        cell_index=cell.index,
        line=statement.lineno,
        hint="Give it a plain value (number, text, list, dict, date), or move it to a cell below.",
    )
