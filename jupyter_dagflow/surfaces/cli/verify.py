"""``dagflow verify``: whether the DAG gives what Run All gives."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import typer

from jupyter_dagflow.surfaces import verification as told
from jupyter_dagflow.surfaces.cli.errors import CANCELLED
from jupyter_dagflow.surfaces.cli.following import wait, warn
from jupyter_dagflow.surfaces.cli.output import put_json, put_parts
from jupyter_dagflow.surfaces.cli.progress import watching
from jupyter_dagflow.surfaces.cli.session import application
from jupyter_dagflow.surfaces.options import RunOptions, verify_command
from jupyter_dagflow.surfaces.signals import CancelOnSignal

if TYPE_CHECKING:
    from jupyter_dagflow.app import Dagflow
    from jupyter_dagflow.core.verify import Verification
    from jupyter_dagflow.execution.watchers import Sink
    from jupyter_dagflow.run_handle import LiveRun


@functools.wraps(verify_command)
def verify(*args: Any, **kwargs: Any) -> None:
    """Read the options as the magic does too, and verify."""
    options = verify_command(*args, **kwargs)
    try:
        with application() as app:
            verification = _verified(app, options)
    except KeyboardInterrupt:
        raise typer.Abort from None  # which is told; of an interrupt typer only keeps the exit code
    if options.as_json:
        from jupyter_dagflow.wire import verification_document

        put_json(verification_document(verification))
    else:
        put_parts([*told.parts(verification), told.runs(verification)])
    raise typer.Exit(0 if verification.ok else 1)


def _verified(app: Dagflow, options: RunOptions) -> Verification:
    """Both runs and the comparison; raises KeyboardInterrupt if one of the runs was cancelled."""
    from jupyter_dagflow.verifying import Verifying

    prepared = app.prepare(
        options.notebook or "",
        parameters=options.parameters,
        parameter_texts=options.parameter_texts,
        by=options.by,
        fresh=True,
        on_compiled=warn,
    )
    verifying = Verifying(app, prepared, jobs=options.jobs)
    dag = _followed(verifying.start_dag)
    run_all = _followed(functools.partial(verifying.start_run_all, dag))
    return verifying.compare(dag, run_all)


def _followed(start: Callable[[Sequence[Sink]], LiveRun]) -> LiveRun:
    with CancelOnSignal() as interrupts, watching() as sink:
        live = start([sink])
        interrupts.cancels(live)
        wait(live, interrupts)
    if live.exit_code == CANCELLED:
        raise KeyboardInterrupt
    return live
