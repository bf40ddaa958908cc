"""The variables that a kernel is left with, as its user would list them.

The law: a name counts if the user's code bound it: not what begins with an underscore, not what
IPython put there itself, and not modules, which are the same in every kernel that imports them.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from typing import Any


def survivors(namespace: Mapping[str, Any]) -> list[str]:
    """The user's names in ``namespace``, in the order in which they were first bound."""
    hidden = _hidden(namespace)
    return [
        name
        for name, value in namespace.items()
        if not name.startswith("_")
        and not (name in hidden and hidden[name] is value)
        and not isinstance(value, types.ModuleType)
    ]


def _hidden(namespace: Mapping[str, Any]) -> Mapping[str, Any]:
    """What IPython bound before the user's first cell, as its ``%who`` leaves it out."""
    get_ipython = namespace.get("get_ipython")
    shell = get_ipython() if callable(get_ipython) else None
    hidden: Mapping[str, Any] = getattr(shell, "user_ns_hidden", {})
    return hidden
