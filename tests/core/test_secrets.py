"""Where secrets come from, and what is left of a notebook without them."""

from __future__ import annotations

import ast
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from jupyter_dagflow.core.compile import compile_cells
from jupyter_dagflow.core.errors import ParameterError
from jupyter_dagflow.core.masking import Mask
from jupyter_dagflow.core.model import Notebook, Parameter
from jupyter_dagflow.core.secrets import (
    SecretNeeded,
    Secrets,
    hidden,
    reading,
    require_secrets,
    without_secrets,
)
from tests.core.notebooks import tagged

PARAMETERS = """\
n = 1
password = 'hunter2!'; name = 'é'
pin = 123456  # why not
api_key: str = (
    'abc'
    'def')
token = None
credentials = {'user': 'ada',
               'password': 'geheim'}
hosts = ('one-host', 'two-host')
"""


def notebook(source: str = PARAMETERS, tags: str = "secret:pin secret:hosts") -> Notebook:
    return tagged((f"parameters {tags}", source), ("task:a", "print(n)"))


def found(notebook: Notebook, environ: dict[str, str] | None = None, **given: object) -> Secrets:
    pipeline = compile_cells(notebook).pipeline
    return require_secrets(pipeline, notebook, given=given, environ=environ or {})


def source(notebook: Notebook) -> str:
    return notebook.cells[0].source


def test_a_compilation_holds_no_secret() -> None:
    compilation = compile_cells(notebook())
    shown = {p.name: (p.type, p.default) for p in compilation.pipeline.parameters if p.secret}
    assert shown == {
        "password": ("str", "***"),
        "pin": ("int", "***"),
        "api_key": ("str", "***"),
        "token": ("any", None),
        "credentials": ("dict", "***"),
        "hosts": ("list", "***"),
    }
    assert not compilation.diagnostics
    for text in ("hunter2", "123456", "geheim", "one-host"):
        assert text not in repr(compilation)


def test_a_hidden_notebook_has_the_same_lines_and_types(snapshot: SnapshotAssertion) -> None:
    book = notebook()
    pipeline = compile_cells(book).pipeline
    without = hidden(book, pipeline)
    assert source(without) == snapshot
    again = compile_cells(without).pipeline
    assert again.parameters == pipeline.parameters
    assert hidden(without, again) == without
    read = reading(without, again, lambda p: f"read({p.name!r}, {p.type!r})")
    assert source(read) == snapshot
    assert source(read).count("\n") == PARAMETERS.count("\n")


def test_a_notebook_without_secrets_is_left_as_it_is() -> None:
    book = tagged(("parameters", "n = 1\nuse_token = True"), ("task:a", "print(n)"))
    assert hidden(book, compile_cells(book).pipeline) is book


LITERALS = st.one_of(
    st.text(), st.integers(), st.lists(st.text(), max_size=3), st.dictionaries(st.text(), st.text())
)


@given(
    LITERALS, st.sampled_from(["token", "x: str; token", "token = 'ä'; token", "y = 'ö'; token"])
)
def test_any_literal_is_hidden_and_found(value: object, before: str) -> None:
    book = notebook(f"{before} = {value!r}; last = 'ü'", tags="")
    pipeline = compile_cells(book).pipeline
    assert found(book).values == {"token": value}
    without = hidden(book, pipeline)
    assignments = {
        ast.unparse(node.targets[0] if isinstance(node, ast.Assign) else node.target): node.value
        for node in ast.parse(source(without)).body
        if isinstance(node, (ast.Assign, ast.AnnAssign))
    }
    hides = value not in ("", [], {})
    assert ast.unparse(assignments["token"] or ast.Constant(0)) == (  # type: ignore[arg-type]
        "'***'" if hides else repr(value)
    )
    assert compile_cells(without).pipeline.parameters == pipeline.parameters


def test_what_is_given_comes_before_the_environment_and_that_before_the_notebook() -> None:
    environ = {"DAGFLOW_SECRET_PASSWORD": "from env", "DAGFLOW_SECRET_PIN": "77"}
    secrets = found(notebook(), environ, password="given", n=5)
    assert secrets.values == {
        "password": "given",
        "pin": 77,
        "api_key": "abcdef",
        "token": None,
        "credentials": {"user": "ada", "password": "geheim"},
        "hosts": ("one-host", "two-host"),
    }
    assert secrets.shown == {"password": "***", "pin": "***"}
    assert without_secrets({"n": 5, "password": "given"}, secrets) == {"n": 5}
    assert "given" not in repr(secrets)


def test_what_was_recorded_has_to_be_given_again(snapshot: SnapshotAssertion) -> None:
    book = notebook()
    without = hidden(book, compile_cells(book).pipeline)
    with pytest.raises(SecretNeeded) as caught:
        found(without, pin=1)
    assert str(caught.value) == snapshot


def test_of_a_run_that_goes_on_what_was_not_given_is_in_the_notebook_as_it_stands() -> None:
    book = notebook("pin = 1234\ntoken = 'then'", tags="secret:pin")
    recorded = hidden(book, compile_cells(book).pipeline)
    pipeline = compile_cells(recorded).pipeline
    now = notebook("token = 'now!'; pin = 5678", tags="secret:pin")

    def again(recorded_parameters: dict[str, object], now: Notebook | None) -> dict[str, object]:
        return dict(
            require_secrets(
                pipeline, recorded, given={}, environ={}, recorded=recorded_parameters, now=now
            ).values
        )

    assert again({}, now) == {"pin": 5678, "token": "now!"}
    for parameters, other in [
        ({"pin": "***"}, now),
        ({}, None),
        ({}, recorded),
        ({}, notebook("token = 'now!'")),
        ({}, notebook("token = 'now!'; pin = make()")),
    ]:
        with pytest.raises(SecretNeeded, match="The secret pin is needed"):
            again(parameters, other)


def test_what_a_magic_of_ours_is_given_is_hidden() -> None:
    book = tagged(
        ("parameters", "token = 'given'"),
        ("task:a", "x = 'geheim!!'\n%dagflow run -p token=geheim!!\n# geheim!!"),
        ("", "get_ipython().run_line_magic('dagflow', 'run -p token=geheim!!')"),
    )
    book = replace(book, cells=(*book.cells[:1], replace(book.cells[1], code=""), book.cells[2]))
    pipeline = compile_cells(tagged(("parameters", "token = 'given'"))).pipeline
    without = hidden(book, pipeline, Mask(["geheim!!"]))
    assert [cell.source for cell in without.cells[1:]] == [
        "x = 'geheim!!'\n%dagflow run -p token=***\n# geheim!!",
        "get_ipython().run_line_magic('dagflow', 'run -p token=***')",
    ]
    assert without.cells[2].code == without.cells[2].source


def test_what_cannot_be_read_is_not_shown(snapshot: SnapshotAssertion) -> None:
    with pytest.raises(ParameterError) as caught:
        found(notebook(), {"DAGFLOW_SECRET_PIN": "geheim"})
    assert str(caught.value) == snapshot


@pytest.mark.parametrize(
    ("tags", "source", "message", "hint"),
    [
        ("secret:tokn", "token = 'x'", "names no parameter of its cell", "mean 'secret:token'?"),
        ("secret:NOPE", "n = 'x'", "names no parameter of its cell", "Declared are: n."),
        ("", "token = make('geheim')", "'token = ***' in the parameters cell", "plain value"),
        ("secret:x", "x = f'geheim{1}'", "'x = ***' in the parameters cell", "plain value"),
    ],
)
def test_what_is_wrong_is_said_without_the_secret(
    tags: str, source: str, message: str, hint: str
) -> None:
    diagnostics = compile_cells(notebook(source, tags=tags)).diagnostics
    assert any(message in each.message and hint in each.hint for each in diagnostics)
    assert "geheim" not in repr(diagnostics)


def test_a_parameter_says_whether_it_is_secret() -> None:
    by_name: dict[str, Parameter] = {
        p.name: p for p in compile_cells(notebook()).pipeline.parameters
    }
    assert [name for name, each in by_name.items() if not each.secret] == ["n", "name"]
