"""Tag the cells of a notebook; run them as a DAG.

>>> from jupyter_dagflow import Dagflow, compile_notebook
>>> compile_notebook("notebooks/hello.ipynb").ok
True
>>> run = Dagflow().run("notebooks/hello.ipynb", keep="all")
>>> run.state.value, run.value("squares")[:3]
('success', [1, 4, 9])

What is imported here is imported when it is first used, so that ``import jupyter_dagflow`` costs nothing: Jupyter
Server imports it at every start to find its extension.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jupyter_dagflow.app import Dagflow, compile_notebook
    from jupyter_dagflow.core.errors import DagflowError
    from jupyter_dagflow.run_handle import Run
    from jupyter_dagflow.settings import Settings

__version__ = "0.1.0"

__all__ = ["Dagflow", "DagflowError", "Run", "Settings", "__version__", "compile_notebook"]

_HOMES = {
    "Dagflow": "jupyter_dagflow.app",
    "DagflowError": "jupyter_dagflow.core.errors",
    "Run": "jupyter_dagflow.run_handle",
    "Settings": "jupyter_dagflow.settings",
    "compile_notebook": "jupyter_dagflow.app",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def load_ipython_extension(ipython: Any) -> None:
    """``%load_ext jupyter_dagflow``: register the magics."""
    from jupyter_dagflow.surfaces.magics import register

    register(ipython)


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "jupyter-dagflow"}]


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    return [{"module": "jupyter_dagflow.surfaces.server"}]
