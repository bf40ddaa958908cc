"""``dagflow run``: run a notebook as a DAG, show how it goes, and tell how it ended."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from jupyter_dagflow.surfaces.cli.following import follow, warn
from jupyter_dagflow.surfaces.cli.others import Others
from jupyter_dagflow.surfaces.options import RunOptions, run_command

if TYPE_CHECKING:
    from jupyter_dagflow.app import Dagflow
    from jupyter_dagflow.execution.watchers import Sink
    from jupyter_dagflow.run_handle import LiveRun


@functools.wraps(run_command)
def run(*args: Any, **kwargs: Any) -> None:
    """Read the options as the magic does too, and run."""
    options: RunOptions = run_command(*args, **kwargs)
    notebook = options.notebook or ""

    def begin(app: Dagflow, others: Others, sink: Sink) -> LiveRun:
        others.take(wait_for=Path(notebook).absolute())
        return app.start(
            notebook,
            parameters=options.parameters,
            parameter_texts=options.parameter_texts,
            by=options.by,
            jobs=options.jobs,
            keep=options.keep,
            fresh=options.fresh,
            selection=options.selection,
            sinks=[sink],
            on_compiled=warn,
        )

    raise typer.Exit(follow(begin, as_json=options.as_json).exit_code)
