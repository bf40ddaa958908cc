"""Parameters: their types as a table, and what is refused."""

from __future__ import annotations

from datetime import date, datetime, timezone

import pytest

from jupyter_dagflow.core.errors import ParameterError
from jupyter_dagflow.core.model import Cell, CellId, CellKind, Parameter
from jupyter_dagflow.core.parameters import declared_parameters, resolve_parameters


def declare(code: str) -> tuple[Parameter, ...]:
    cell = Cell(id=CellId("p"), index=0, kind=CellKind.CODE, source=code, code=code)
    parameters, diagnostics = declared_parameters(cell)
    assert not diagnostics
    return parameters


def resolve(code: str, **values: object) -> dict[str, object]:
    return resolve_parameters(declare(code), values, notebook="nb.ipynb")


def read(code: str, **texts: str) -> dict[str, object]:
    return resolve_parameters(declare(code), {}, texts=texts, notebook="nb.ipynb")


def nested(depth: int) -> list[object]:
    value: list[object] = []
    for _ in range(depth - 1):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("code", "type_", "default"),
    [
        ("n = 3", "int", 3),
        ("n = -3", "int", -3),
        ("n: int = 3", "int", 3),
        ("n: float = 3", "float", 3),
        ("n: 'float' = 3", "float", 3),
        ("x = 1e-3", "float", 0.001),
        ("flag = True", "bool", True),
        ("s = 'a'", "str", "a"),
        ("v = None", "any", None),
        ("v: int | None = None", "int", None),
        ("v: Optional[str] = None", "str", None),
        ("v: typing.Optional[str] = None", "str", None),
        ("a = [1, 'b', None]", "list", [1, "b", None]),
        ("a: list[int] = [1]", "list", [1]),
        ("a = (1, 2)", "list", [1, 2]),
        ("d = {'a': [1]}", "dict", {"a": [1]}),
        ("from datetime import date\nd = date(2026, 3, 1)", "date", "2026-03-01"),
        (
            "import datetime\nd = datetime.datetime(2026, 3, 1, 6)",
            "datetime",
            "2026-03-01T06:00:00",
        ),
        ("'''doc'''\nn = 1\nn = 2", "int", 2),
        ("n = 2 * 50", "int", 100),
        ("x = 1 / 4", "float", 0.25),
        ("s = 'a' + 'b'", "str", "ab"),
        ("a = [0.1, -0.2] * 2", "list", [0.1, -0.2, 0.1, -0.2]),
        ("d = {'a': 60 * 60}", "dict", {"a": 3600}),
    ],
)
def test_types_and_defaults(code: str, type_: str, default: object) -> None:
    (parameter,) = declare(code)
    assert (parameter.type, parameter.default) == (type_, default)


@pytest.mark.parametrize(
    "code",
    [
        "n = f()",
        "n = 1 / 0",
        "n = 10 ** 10 ** 10",
        "n = m",
        "n = m * 2",
        "print(1)",
        "a, b = 1, 2",
        "n += 1",
        "x = {1, 2}",
        "x = b'a'",
        "x = date(1)",
    ],
)
def test_what_is_no_literal_is_told(code: str) -> None:
    cell = Cell(id=CellId("p"), index=7, kind=CellKind.CODE, source=code, code="ok = 1\n" + code)
    parameters, (diagnostic,) = declared_parameters(cell)
    assert [p.name for p in parameters] == ["ok"]
    assert (diagnostic.code, diagnostic.line, diagnostic.cell_index) == ("DF106", 2, 7)


@pytest.mark.parametrize(
    ("code", "text", "value"),
    [
        ("n = 3", "5", 5),
        ("n = 3", "-5", -5),
        ("x = 1.0", "5", 5.0),
        ("x = 1.0", "1e3", 1000.0),
        ("b = True", "false", False),
        ("b = True", "0", False),
        ("s = 'a'", "5", "5"),
        ("s = 'a'", "a=b,c", "a=b,c"),
        ("a = [1]", "[2, 3]", [2, 3]),
        ("a = [1]", "['x']", ["x"]),
        ("d = {}", '{"k": null}', {"k": None}),
        ("v = None", "5", 5),
        ("v = None", "five", "five"),
        ("v = None", "{[]: 1}", "{[]: 1}"),
        ("v: int | None = 3", "None", None),
        ("from datetime import date\nd = date(2026, 3, 1)", "2026-04-02", date(2026, 4, 2)),
        (
            "from datetime import datetime\nd = datetime(2026, 3, 1)",
            "2026-04-02T06:00:00Z",
            datetime(2026, 4, 2, 6, tzinfo=timezone.utc),
        ),
    ],
)
def test_text_is_read_by_type(code: str, text: str, value: object) -> None:
    (name,) = (p.name for p in declare(code))
    assert read(code, **{name: text}) == {name: value}


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("n = 3", "abc"),
        ("n = 3", "3.5"),
        ("n = 3", ""),
        ("x = 1.0", "one"),
        ("b = True", "maybe"),
        ("a = [1]", "{}"),
        ("a = [1]", "[1"),
        ("d = {}", "[]"),
        ("d = {}", "{1: {2}}"),
        ("a = [1]", "[" * 10_000 + "]" * 10_000),
        ("a = [1]", "[" * 150 + "]" * 150),
        ("v = None", "{1, 2}"),
        ("v = None", "3+4j"),
        ("v = None", "[" * 100_000),
        ("v = None", "-" * 100_000 + "1"),
        ("from datetime import date\nd = date(2026, 3, 1)", "1 April"),
    ],
)
def test_text_of_the_wrong_type_is_refused(code: str, value: str) -> None:
    (name,) = (p.name for p in declare(code))
    with pytest.raises(ParameterError) as caught:
        read(code, **{name: value})
    assert name in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("code", "value"),
    [("n = 3", "3"), ("n = 3", True), ("n = 3", 3.0), ("s = 'a'", 1), ("n = 3", None)],
)
def test_values_of_the_wrong_type_are_refused(code: str, value: object) -> None:
    (name,) = (p.name for p in declare(code))
    with pytest.raises(ParameterError, match="is of type"):
        resolve(code, **{name: value})


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("v = None", {1, 2}),
        ("v = None", object()),
        ("v = None", [object()]),
        ("v = None", nested(101)),
        ("v = None", nested(10_000)),
        ("a = [1]", nested(10_000)),
        ("a = [1]", [b"bytes"]),
        ("a = [1]", ({1},)),
        ("d = {}", {"k": {1}}),
        ("d = {}", {(1, 2): 3}),
        ("v = None", 10**5_000),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_what_a_notebook_cannot_hold_is_refused(code: str, value: object) -> None:
    (name,) = (p.name for p in declare(code))
    with pytest.raises(ParameterError, match=f"Parameter '{name}' cannot be") as caught:
        resolve(code, **{name: value})
    assert "JSON" in caught.value.hint


def test_text_and_number_too_large_for_a_float_are_refused() -> None:
    with pytest.raises(ParameterError, match="is of type float"):
        resolve("x = 1.0", x=10**400)


@pytest.mark.parametrize("value", ["1.10", date(2026, 3, 1), nested(100), {"k": [1, None]}])
def test_a_value_stays_what_it_is(value: object) -> None:
    assert resolve("v = None", v=value) == {"v": value}


def test_a_value_and_a_text_for_one_parameter_contradict() -> None:
    with pytest.raises(ParameterError, match="'n' is given twice"):
        resolve_parameters(declare("n = 3"), {"n": 1}, texts={"n": "2"}, notebook="nb.ipynb")


def test_an_unknown_parameter_is_refused_with_those_there_are() -> None:
    with pytest.raises(ParameterError, match="no parameter 'm'") as caught:
        resolve("n = 3\ns = 'a'", m=1)
    assert caught.value.hint == "Declared are: n (int), s (str)."
