"""What can be told of a value without loading it: type, shape, a preview, and itself if it is small
and plain.

The law: a summary never fails and never costs much, whatever the value's own ``__repr__`` does.
"""

from __future__ import annotations

import json
import math
import reprlib
import sys
import types
from typing import Any

from .anatomy import member

PREVIEW_CHARS = 200
VALUE_BYTES = 1024
_LONG = 10_000
_DEPTH = 9  # of lists and dicts in one another, and what they hold


def summarise(value: Any) -> dict[str, Any]:
    """Type, shape (of arrays and tables), preview, and the value if it is small plain JSON."""
    return {
        "type": type_name(type(value)),
        "shape": _shape(value),
        "preview": _preview(value),
        "value": _small_value(plain(value)),
    }


def type_name(kind: type[Any]) -> str:
    """The type as people call it: ``int``, ``pandas.DataFrame``, ``MyNotebookClass``."""
    package = (kind.__module__ or "").partition(".")[0]
    bare = package in ("", "builtins", "__main__")
    return kind.__qualname__ if bare else f"{package}.{kind.__qualname__}"


def plain(value: Any) -> Any:
    """The Python number, text or bool that a NumPy scalar stands for; anything else as it is."""
    numpy = sys.modules.get("numpy")
    if numpy is None or not isinstance(value, numpy.generic):
        return value
    kinds = {
        numpy.bool_: bool,
        numpy.timedelta64: None,  # an integer to NumPy
        numpy.integer: int,
        numpy.floating: float,  # its own item() gives long doubles back as they are
        numpy.str_: str,
    }
    kind = next((kind for of, kind in kinds.items() if isinstance(value, of)), None)
    return value if kind is None else kind(value)


def is_metric(value: Any) -> bool:
    """Whether a value can be a metric: a number, a string or a bool."""
    return type(value) in (bool, int, float, str)


def _shape(value: Any) -> list[int] | None:
    if member(type(value), "shape") is None:
        return None  # an object may answer to any name, and note that it was asked
    try:
        shape = value.shape
    except Exception:  # noqa: BLE001 -- a property of the user's class may raise anything
        return None
    if isinstance(shape, tuple) and all(type(size) is int for size in shape):
        return list(shape)
    return None


def _preview(value: Any) -> str:
    short = reprlib.Repr()
    short.maxstring = short.maxother = short.maxlong = PREVIEW_CHARS
    short.maxlevel = 3
    short.maxlist = short.maxtuple = short.maxdict = short.maxset = 12
    try:
        if _shape(value) is None and type(value) not in _LIMITED and _length(value) > _LONG:
            text = f"<{type_name(type(value))} of {_length(value)}>"
        elif type(value) in _LIMITED or type(value) is int:
            text = short.repr(value)
        else:
            text = repr(value)
    except Exception:  # noqa: BLE001 -- so may its __repr__ or __len__
        text = f"<{type_name(type(value))}>"
    return text if len(text) <= PREVIEW_CHARS else text[: PREVIEW_CHARS - 1] + "…"


_LIMITED = (list, tuple, dict, set, frozenset, str)


def _length(value: Any) -> int:
    """How many items it says it has, if it need not run the notebook's code to say so."""
    asked = member(type(value), "__len__")
    of_notebook = isinstance(asked, types.FunctionType) and asked.__module__ == "__main__"
    return 0 if asked is None or of_notebook else len(value)


def _small_value(value: Any) -> Any:
    if not _is_json(value):
        return None
    text = json.dumps(value)
    return value if len(text) <= VALUE_BYTES else None


def _is_json(value: Any) -> bool:
    """Whether a value is plain JSON; looks at no more items than could fit into a small one."""
    level, left = [value], VALUE_BYTES
    for _ in range(_DEPTH):
        below: list[Any] = []
        for item in level:
            if type(item) not in (list, dict):
                if not _is_plain(item):
                    return False
                continue
            left -= len(item)
            if left < 0 or (type(item) is dict and not all(_is_text(key) for key in item)):
                return False
            below += item.values() if type(item) is dict else item
        if not below:
            return True
        level = below
    return False


def _is_plain(item: Any) -> bool:
    if type(item) is float:
        return math.isfinite(item)
    if type(item) is int:
        return item.bit_length() <= 3 * VALUE_BYTES  # a digit takes more than 3 bits
    return item is None or type(item) is bool or _is_text(item)


def _is_text(item: Any) -> bool:
    return type(item) is str and len(item) <= VALUE_BYTES
