"""Values that an expression has whoever evaluates it: literals, and what arithmetic makes of them.

The law: nothing is called and no name is looked up, and what would take long or much room is no constant.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

_MOST_BITS = 1024  # of an integer that is made by a power
_LONGEST = 10_000  # of a text or list that is made by repeating one
_UNARY: Mapping[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
    ast.Invert: operator.invert,
    ast.Not: operator.not_,
}
_BINARY: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}


def constant(node: ast.expr) -> object:
    """The value of a constant expression; raises `ValueError` if it is none.

    >>> [constant(ast.parse(text, mode="eval").body) for text in ("-1", "2 * 50", "['a' + 'b', (1,)]")]
    [-1, 100, ['ab', (1,)]]
    """
    try:
        return _value(node)
    except (ArithmeticError, ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        raise ValueError("no constant") from None


def _value(node: ast.expr) -> Any:
    match node:
        case ast.Constant(value=value):
            return value
        case ast.UnaryOp(op=op, operand=operand):
            return _UNARY[type(op)](_value(operand))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return _combined(_value(left), op, _value(right))
        case ast.List(elts=elements):
            return [_value(element) for element in elements]
        case ast.Tuple(elts=elements):
            return tuple(_value(element) for element in elements)
        case ast.Set(elts=elements):
            return {_value(element) for element in elements}
        case ast.Dict(keys=keys, values=values):
            return dict(zip(map(_key, keys), map(_value, values), strict=True))
    return ast.literal_eval(node)


def _key(node: ast.expr | None) -> Any:
    return _refuse() if node is None else _value(node)  # None stands for the ** of {**other}


def _combined(left: Any, op: ast.operator, right: Any) -> Any:
    numbers = isinstance(left, (int, float, complex)), isinstance(right, (int, float, complex))
    if isinstance(op, ast.Mod) and not all(numbers):
        _refuse()  # of a text it makes another, as long as it says
    if isinstance(op, ast.Pow) and isinstance(left, int) and isinstance(right, int):
        _at_most(left.bit_length() * abs(right), _MOST_BITS)
    if isinstance(op, ast.Mult) and not all(numbers) and any(numbers):
        many, times = (right, left) if numbers[0] else (left, right)
        _at_most(len(many) * times, _LONGEST)
    return _BINARY[type(op)](left, right)


def _at_most(size: int, limit: int) -> None:
    if size > limit:
        _refuse()


def _refuse() -> NoReturn:
    raise ValueError
