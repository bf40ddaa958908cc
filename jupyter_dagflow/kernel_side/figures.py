"""The figures that pyplot holds on to, the last of which is the current one.

The law: without pyplot there are none, and to look imports and changes nothing.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
from typing import Any

MODULE = "matplotlib.figure"


def are_in(pickled: bytes) -> bool:
    """Whether a figure is loaded with what was pickled, and pyplot will hold it again."""
    return MODULE.encode() in pickled


def held() -> dict[int, int]:
    """The identities of the figures that pyplot holds, each with how much is drawn in it."""
    helpers: Any = sys.modules.get("matplotlib._pylab_helpers")
    found: dict[int, int] = {}
    if helpers is not None:
        with contextlib.suppress(Exception):  # a canvas may be of anybody's backend
            for manager in list(helpers.Gcf.figs.values()):
                figure = manager.canvas.figure
                found[id(figure)] = sum(len(axes.get_children()) for axes in figure.axes)
    return found


def show_as_pictures() -> None:
    """Have figures that were loaded shown as in the notebook, where pyplot's backend has seen to that."""
    with contextlib.suppress(Exception):  # then they are shown as text
        matplotlib: Any = sys.modules["matplotlib"]
        if not held() and "inline" in matplotlib.get_backend():
            pyplot: Any = importlib.import_module("matplotlib.pyplot")
            pyplot.switch_backend(matplotlib.get_backend())
