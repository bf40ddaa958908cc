"""A run of another notebook as a step: typed in a live notebook, or in the kernel of a task.

The law: both do the same, so that a notebook is as a DAG what it is in Run All. The other notebook runs by itself, in
its own folder and in kernels of its own: it is given copies of plain values, and what it gives are copies.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from jupyter_dagflow.app import Dagflow
from jupyter_dagflow.core.errors import OptionError
from jupyter_dagflow.core.events import TaskFinished
from jupyter_dagflow.core.model import Compilation, RunId
from jupyter_dagflow.core.nested import Step, Within
from jupyter_dagflow.core.records import Origin
from jupyter_dagflow.run_handle import LiveRun
from jupyter_dagflow.settings import Settings
from jupyter_dagflow.surfaces.signals import INTERRUPT, CancelOnSignal

_KERNEL_SIDE = "_dagflow_kernel_side"  # as `kernel_side.boot` calls it


def asked(step: Step, names: Mapping[str, Any]) -> dict[str, Any]:
    """What a step asks of the other notebook, where there are these names.

    Raises `OptionError` for an expression that raises.
    """
    return {
        "parameters": {name: _value(name, text, names) for name, text in step.parameters},
        "keep_names": [theirs for theirs, _ in step.outputs],
    }


def task_here() -> TaskHere | None:
    """The task that this kernel runs; None in a notebook that somebody works in."""
    package = sys.modules.get(_KERNEL_SIDE)
    handovers = list(getattr(package, "handovers", {}).values())
    return TaskHere(handovers[-1], package) if handovers else None


@dataclass(frozen=True, slots=True)
class TaskHere:
    """The task of this kernel: its ``handover`` tells what the step has to know, and is told what that did."""

    handover: Any
    package: Any

    def run(self, step: Step, names: Mapping[str, Any]) -> LiveRun:
        """Run a step to its end; an interrupt of the kernel cancels it."""
        given = asked(step, names)
        with self.handover.aside():
            path = Path(self.handover.step["project"]) / step.path
            run, read, written = self._run(path, step, given)
        self.handover.has_run(run.run_id, read, written)
        return run

    def _run(
        self, path: Path, step: Step, given: Mapping[str, Any]
    ) -> tuple[LiveRun, list[str], list[str]]:
        """The run when it has ended, and the files that it has read and written."""
        told = self.handover.step
        home = {"DAGFLOW_HOME": told["steps"]["home"], "DAGFLOW_ARTIFACTS_URL": told["store"]}
        app = Dagflow(Settings.load({**os.environ, **home}), origin=Origin.MAGIC)
        within = Within(run=told["run"], task=told["task"], reuse=told["steps"]["reuse"])
        clear = told["steps"]["clear"]
        texts = app.step_texts(told["run"])
        hidden = partial(self._require_hidden, step, given["parameters"])
        try:
            texts.require_unchanged(path)
            with CancelOnSignal(INTERRUPT) as interrupts:
                run = app.start_within(
                    within, path, clear=clear, texts=texts, on_compiled=hidden, **given
                )
                interrupts.cancels(run)
                run.wait()
            read, written = _touched(app, run.run_id, path.parent)
        finally:
            app.close()
        return run, [str(path.absolute()), *read], written

    def _require_hidden(
        self, step: Step, values: Mapping[str, Any], compilation: Compilation
    ) -> None:
        """Raise `OptionError` if a secret of ours would be given to a parameter that is written in clear."""
        secret = {each.name for each in compilation.pipeline.parameters if each.secret}
        for name, text in step.parameters:
            value = repr(values[name])
            if name not in secret and self.package.secrets.text(value) != value:
                raise OptionError(
                    f"-p {name}={text} gives a secret to a parameter of {step.path} that is none.",
                    hint=f"Tag its parameters cell secret:{name}.",
                )


def _touched(app: Dagflow, run_id: RunId, folder: Path) -> tuple[list[str], list[str]]:
    """The files that a run has read and written, by absolute paths."""
    ended = [event for event in app.metastore.events(run_id) if isinstance(event, TaskFinished)]

    def absolute(files: Sequence[str]) -> Iterator[str]:
        return (os.path.join(folder.absolute(), file) for file in files)

    read = {path for event in ended for path in absolute(event.files_read)}
    written = {path for event in ended for path in absolute(event.files_written)}
    return sorted(read), sorted(written)


def _value(name: str, text: str, names: Mapping[str, Any]) -> Any:
    """The value of an expression; a number of NumPy's as Python's own."""
    try:
        value = eval(text, dict(names))  # noqa: S307 -- it is the user's own, typed in a cell
        scalar = type(value).__module__ == "numpy" and getattr(value, "shape", None) == ()
        return value.item() if scalar else value
    except Exception as error:  # noqa: BLE001 -- whatever the user's own expression raises
        raise OptionError(
            f"-p {name}={text}: {type(error).__name__}: {error}.",
            hint="Behind the = stands an expression of this notebook, as in a cell of its own.",
        ) from None
