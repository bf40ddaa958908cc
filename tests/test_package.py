"""The public surface: small, typed, and cheap to import."""

from __future__ import annotations

import doctest
import importlib.metadata
import pkgutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import jupyter_dagflow

ROOT = Path(__file__).parents[1]
NOT_OURS_TO_IMPORT = ("jupyter_dagflow.storage.migrations",)  # alembic does


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


def test_examples_in_docstrings_hold(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("DAGFLOW_HOME", str(tmp_path))
    found = pkgutil.walk_packages(jupyter_dagflow.__path__, "jupyter_dagflow.")
    names = [each.name for each in found if not each.name.startswith(NOT_OURS_TO_IMPORT)]
    results = {name: doctest.testmod(import_module(name)) for name in ("jupyter_dagflow", *names)}
    assert {name: each.failed for name, each in results.items() if each.failed} == {}
    assert sum(each.attempted for each in results.values()) > 50, "they were found"
