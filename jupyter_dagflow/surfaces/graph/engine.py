"""Who lays out a picture: graphviz's ``dot`` where it is installed and answers, else grandalf."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable

from jupyter_dagflow.surfaces.graph import layout_dot
from jupyter_dagflow.surfaces.graph.layout import Layout, Wish

Engine = Callable[[Wish], Layout]


def lay_out(wish: Wish) -> Layout:
    """Lay out by the best engine there is."""
    if shutil.which("dot"):
        try:
            return layout_dot.lay_out(wish)
        except (OSError, subprocess.SubprocessError):
            pass  # it is broken or too slow: done without
    from jupyter_dagflow.surfaces.graph.layout_grandalf import lay_out as by_grandalf

    return by_grandalf(wish)
