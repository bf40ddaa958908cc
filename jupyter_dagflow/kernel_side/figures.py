"""The figures that pyplot holds on to, the last of which is the current one.

The law: nothing is imported and nothing changed; without pyplot there are none.
"""

from __future__ import annotations

import contextlib
import sys
from typing import Any

_FIGURES_MODULE = b"matplotlib.figure"


def are_in(pickled: bytes | bytearray | memoryview) -> bool:
    """Whether a figure is loaded with what was pickled, and pyplot will hold it again."""
    return _FIGURES_MODULE in bytes(pickled)


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
