"""Which kernels this machine has: asked before a run, so that a missing one costs nothing."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from jupyter_core.paths import jupyter_path

from jupyter_dagflow import kernel_side
from jupyter_dagflow.core.errors import NOWHERE, KernelNotInstalled, Location, NotebookError
from jupyter_dagflow.core.model import Notebook, Pipeline, Task
from jupyter_dagflow.core.slices import digest_of

_MAJOR, _MINOR = sys.version_info[:2]
_THIS_PYTHON = ("python", f"python{_MAJOR}", f"python{_MAJOR}.{_MINOR}")


def require_kernels(notebook: Notebook, pipeline: Pipeline) -> None:
    """Raise `KernelNotInstalled`, naming those that are, unless the kernels of all tasks are installed.

    Raises `NotebookError` if a task is to run in one of another language.
    """
    asked: dict[str, Task] = {}
    for task in pipeline.tasks:
        asked.setdefault(notebook.kernel_of(task), task)
    for name, task in asked.items():
        if task.options.kernel is None:
            require_kernel(name, where=Location(notebook=notebook.path))
        else:
            (cell, *_), (index, *_) = task.cells, task.cell_indexes
            where = Location(notebook=notebook.path, cell=cell, cell_index=index)
            require_kernel(name, who=f"Task {task.name}", where=where)


def require_kernel(name: str, *, who: str = "The notebook", where: Location = NOWHERE) -> None:
    """`require_kernels` of one kernel, for which ``who`` asks ``where``."""
    path = _spec_file(name)
    if path is None:
        _look_everywhere(name, who, where)
    elif str(language := _read(path).get("language", "python")).lower() != "python":
        raise NotebookError(
            f"{who} asks for the kernel {name!r}, which runs {language}; a task is Python.",
            hint="Choose a Python kernel. A cell can run another language by a magic, like %%R or %%bash.",
            where=where,
        )


def _look_everywhere(name: str, who: str, where: Location) -> None:
    # jupyter_client knows more places, and brings zmq along: only who needs that pays for it.
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    manager = KernelSpecManager()
    try:
        manager.get_kernel_spec(name)
    except NoSuchKernel:
        installed = ", ".join(sorted(manager.find_kernel_specs())) or "none"
        raise KernelNotInstalled(
            f"{who} asks for the kernel {name!r}, which is not installed.",
            hint=f"Installed: {installed}. Choose one in JupyterLab (Kernel, Change Kernel) and "
            f"save, or install it: python -m ipykernel install --user --name {name}.",
            where=where,
        ) from None


def kernel_identity(name: str) -> str:
    """What a kernel runs, as a digest: its kernelspec, the interpreter and the environment that this is of."""
    path = _spec_file(name)
    spec = _read(path) if path is not None else {"argv": [sys.executable]}
    interpreter = _interpreter(spec)
    environment = Path(interpreter).parent.parent / "pyvenv.cfg"
    return digest_of(
        [
            spec,
            interpreter,
            os.path.realpath(interpreter),
            _stamp(interpreter),
            environment.read_text(encoding="utf-8") if environment.is_file() else "",
        ]
    )


def kernel_side_digest() -> str:
    """The digest of our own part of what runs in kernels."""
    folder = Path(kernel_side.__file__).parent
    return digest_of({path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.py")})


def resolved(program: str) -> str:
    """The program that a kernelspec names; ``python`` is that of this process, as jupyter_client has it."""
    return sys.executable if program in _THIS_PYTHON else program


def _spec_file(name: str) -> Path | None:
    """The kernelspec's file, if it lies where kernelspecs do and can be read."""
    for folder in jupyter_path("kernels"):
        for spelling in (name, name.lower()):
            path = Path(folder, spelling, "kernel.json")
            if path.is_file():
                return path if _read(path).get("argv") else None
    return None


def _read(path: Path) -> dict[str, Any]:
    try:
        spec = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return spec if isinstance(spec, dict) else {}


def _interpreter(spec: dict[str, Any]) -> str:
    command = resolved(str(spec["argv"][0]))
    return command if os.path.isabs(command) else shutil.which(command) or command


def _stamp(path: str) -> list[int]:
    try:
        status = os.stat(path)
    except OSError:
        return []
    return [status.st_size, status.st_mtime_ns]
