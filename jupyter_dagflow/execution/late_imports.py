"""What papermill and nbformat import for others than us, imported when somebody first asks for it.

The law: it answers as it would without this. Jsonschema has the grammar of IRIs built while it is imported, which takes
longer than importing all the rest of papermill, and no notebook is checked for any. Papermill imports PyArrow, which
takes 40 MB, for paths of HDFS.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from types import ModuleType
from typing import Any

_GRAMMAR = "rfc3987_syntax"
_ARROW = "pyarrow"
_READERS_AND_WRITERS = "papermill.iorw"


@contextmanager
def imported_later() -> Iterator[None]:
    """While this is entered, this thread can import papermill without those.

    >>> with imported_later():
    ...     import papermill
    """
    with _grammar_later(), _arrow_later():
        yield


@contextmanager
def _grammar_later() -> Iterator[None]:
    if _GRAMMAR in sys.modules or importlib.util.find_spec(_GRAMMAR) is None:
        yield
        return
    stand_in = ModuleType(_GRAMMAR)
    vars(stand_in)["is_valid_syntax"] = _is_valid_syntax
    sys.modules[_GRAMMAR] = stand_in
    try:
        yield
    finally:
        sys.modules.pop(_GRAMMAR, None)


def _is_valid_syntax(term: str, value: str) -> bool:
    return bool(importlib.import_module(_GRAMMAR).is_valid_syntax(term, value))


@contextmanager
def _arrow_later() -> Iterator[None]:
    known = _READERS_AND_WRITERS in sys.modules or _ARROW in sys.modules
    if known or importlib.util.find_spec(_ARROW) is None:
        yield
        return
    missing = _Missing(_ARROW)
    sys.meta_path.insert(0, missing)
    try:
        yield
    finally:
        sys.meta_path.remove(missing)
    module = sys.modules.get(_READERS_AND_WRITERS)
    for name in ("HadoopFileSystem", "FileSelector") if module is not None else ():
        setattr(module, name, _of_arrow(name))


class _Missing(MetaPathFinder):
    """Makes a module one that this thread does not find; others do."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._thread = threading.get_ident()

    def find_spec(self, fullname: str, *_: object) -> None:
        """See `MetaPathFinder`."""
        if fullname == self._name and threading.get_ident() == self._thread:
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)


def _of_arrow(name: str) -> Callable[..., Any]:
    def make(*args: Any, **options: Any) -> Any:
        return getattr(importlib.import_module(f"{_ARROW}.fs"), name)(*args, **options)

    return make
