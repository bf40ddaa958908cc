"""Constant expressions: what they are worth, and what is none."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_dagflow.core.constants import constant


def value(text: str) -> object:
    return constant(ast.parse(text, mode="eval").body)


@pytest.mark.parametrize(
    "text",
    [
        "1",
        "-1",
        "+1.5",
        "not True",
        "~3",
        "2 * 50",
        "1 - 2 / 4 + 7 // 2 + 7 % 4",
        "10 ** 6",
        "2 ** -1",
        "60 * 60 * 24",
        "'a' + 'b'",
        "'a' 'b'",
        "'-' * 10",
        "3 * [0.1]",
        "[1] + [2, 3 * 4]",
        "(1, 2) + (3,)",
        "{'a': [1, -2], 'b': {'c': 2 * 3}}",
        "{1, 2}",
        "b'a' + b'b'",
        "1 + 2j",
        "None",
        "set()",
    ],
)
def test_constants_are_worth_what_python_says(text: str) -> None:
    assert value(text) == eval(text)
    assert type(value(text)) is type(eval(text))


@pytest.mark.parametrize(
    "text",
    [
        "n",
        "f()",
        "-n",
        "[n]",
        "{**{}}",
        "[*[1]]",
        "f'{1}'",
        "x.y",
        "1 if True else 2",
        "1 < 2",
        "'a' + 1",
        "1 / 0",
        "2.0 ** 10_000",
        "10 ** 10 ** 10",
        "'a' * 10 ** 9",
        "10 ** 9 * [1]",
        "'%999999999d' % 1",
        "{[]: 1}",
        "1 << 10_000_000",
    ],
)
def test_what_is_no_constant(text: str) -> None:
    with pytest.raises(ValueError, match="no constant"):
        value(text)


def test_what_is_nested_too_deeply_is_no_constant() -> None:
    node: ast.expr = ast.Constant(1)
    for _ in range(50_000):
        node = ast.UnaryOp(ast.USub(), node)
    with pytest.raises(ValueError, match="no constant"):
        constant(node)


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.tuples(inner) | st.dictionaries(st.text(), inner),
))  # fmt: skip
def test_what_python_writes_is_read(written: object) -> None:
    assert value(repr(written)) == written
