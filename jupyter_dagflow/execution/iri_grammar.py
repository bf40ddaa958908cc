"""The grammar of IRIs, which jsonschema has built while it is imported, built when it is first asked for instead.

The law: checks of IRIs answer as they would without this. No notebook is checked for any, and the building takes longer
than importing all the rest of papermill.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

_MODULE = "rfc3987_syntax"


@contextmanager
def built_later() -> Iterator[None]:
    """While this is entered, jsonschema (behind nbformat) can be imported without building it.

    >>> with built_later():
    ...     import jsonschema
    """
    if _MODULE in sys.modules or importlib.util.find_spec(_MODULE) is None:
        yield
        return
    stand_in = ModuleType(_MODULE)
    vars(stand_in)["is_valid_syntax"] = _is_valid_syntax
    sys.modules[_MODULE] = stand_in
    try:
        yield
    finally:
        sys.modules.pop(_MODULE, None)


def _is_valid_syntax(term: str, value: str) -> bool:
    return bool(importlib.import_module(_MODULE).is_valid_syntax(term, value))
