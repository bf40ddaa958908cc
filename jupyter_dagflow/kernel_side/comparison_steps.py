"""The words of a comparison: a step of it is a difference found, or a pair of parts to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from .summary import plain, type_name

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    Steps = Iterator[str | "Pair"]
    Handler = Callable[[str, Any, Any], Steps]

_ATOMS = frozenset((bool, int, str, bytes, type(None)))
_SHOWN = 60
_TIMES = frozenset(("fit_time", "score_time"))


class Pair(NamedTuple):
    """Two values that have to be equal, and the expression that leads to them."""

    path: str
    one: Any
    other: Any


class NotComparable(Exception):
    """Values whose equality cannot be told; the text says why."""


def alike(one: Any, other: Any) -> bool:
    """Whether two values are seen at once to be equal: they are one, or plain and the same."""
    return one is other or (type(one) is type(other) and type(one) in _ATOMS and one == other)


def shown(value: Any) -> str:
    """A value in a few characters."""
    try:
        text = " ".join(repr(plain(value)).split())
    except Exception:  # noqa: BLE001 -- the user's own __repr__ may raise anything
        text = f"<{type_name(type(value))}>"
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def unequal(path: str, one: Any, other: Any) -> str:
    """The text for two values that are not equal."""
    return f"{path}: {shown(one)} != {shown(other)}"


def only_in(*, run_all: bool) -> str:
    """The end of a text about what one side has and the other lacks."""
    return "is only in Run All" if run_all else "is only in the DAG"


def clock_readings(names: Collection[Any]) -> frozenset[str]:
    """Which of these keys hold how long something took: those of what scikit-learn's ``cross_validate`` returns.

    >>> sorted(clock_readings(["fit_time", "score_time", "test_score"]))
    ['fit_time', 'score_time']
    """
    if not all(name in names for name in _TIMES):
        return frozenset()
    tested = any(isinstance(name, str) and name.startswith("test_") for name in names)
    return _TIMES if tested else frozenset()


def lengths(path: str, one: int, other: int) -> str:
    """The text for two collections of different sizes."""
    return f"{path}: {one} items != {other} items"
