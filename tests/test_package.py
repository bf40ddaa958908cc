"""The public surface: small, typed, and cheap to import."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys

import jupyter_dagflow


def test_what_is_exported_exists() -> None:
    for name in jupyter_dagflow.__all__:
        assert getattr(jupyter_dagflow, name) is not None


def test_the_version_is_that_of_the_distribution() -> None:
    assert importlib.metadata.version("jupyter-dagflow") == jupyter_dagflow.__version__


def test_importing_the_package_imports_nothing_heavy() -> None:
    code = "import sys, jupyter_dagflow; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    heavy = {"papermill", "sqlalchemy", "nbformat", "IPython", "msgspec", "jupyter_client", "typer"}
    assert not heavy & set(loaded.stdout.split())
