"""Following a run from its beginning to its end, for every command that waits for one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from jupyter_dagflow.core.records import Origin
from jupyter_dagflow.surfaces import report
from jupyter_dagflow.surfaces.cli.others import Others
from jupyter_dagflow.surfaces.cli.output import put, put_json, put_parts
from jupyter_dagflow.surfaces.cli.progress import watching
from jupyter_dagflow.surfaces.signals import CancelOnSignal
from jupyter_dagflow.surfaces.step_tasks import StepWatch, step_tasks

if TYPE_CHECKING:
    from jupyter_dagflow.app import Dagflow
    from jupyter_dagflow.core.model import Compilation
    from jupyter_dagflow.execution.watchers import Sink
    from jupyter_dagflow.run_handle import LiveRun, Run

_LOOK_S = 0.5
_PATIENCE_S = 5.0  # a cancelled task is killed 2 s after it was interrupted


class Begin(Protocol):
    """Begins the run that is to be followed."""

    def __call__(self, app: Dagflow, others: Others, sink: Sink) -> LiveRun:
        """Take what has lost its runner before or after that."""


def follow(begin: Begin, *, as_json: bool) -> Run:
    """Begin a run, show how it goes and tell how it ended."""
    from jupyter_dagflow.app import Dagflow

    app = Dagflow(origin=Origin.CLI)
    others = Others(app, tell=lambda line: put(line, error=True))
    live = None
    try:
        with CancelOnSignal() as interrupts, watching() as shown:
            live = begin(app, others, shown)
            interrupts.cancels(live)
            steps = StepWatch(app, live)
            wait(
                live, interrupts, on_look=lambda: shown.steps(steps.tasks) if steps.look() else None
            )
        if as_json:
            put_json(live.document(steps.tasks))
        else:
            below = step_tasks(app, live) if live.compilation.nested else {}
            put_parts(report.run_ended(live.view, notebook=live.notebook_path, steps=below))
            put(_next(live))
        return live
    finally:
        if live is None or not live.is_alive:  # else its end is still to be recorded, at exit
            others.stay()
            app.close()


def warn(compilation: Compilation) -> None:
    """Show what the compiler warns of, on standard error."""
    if told := report.warnings(compilation):
        put(told, error=True)


def wait(
    live: LiveRun, interrupts: CancelOnSignal, *, on_look: Callable[[], None] = lambda: None
) -> None:
    """Wait for the run to end, and ``on_look`` meanwhile and then; not for long once it was interrupted twice."""
    patience_s = _PATIENCE_S
    while not live.wait(_LOOK_S):
        on_look()
        patience_s -= _LOOK_S if interrupts.count > 1 else 0
        if patience_s <= 0:
            raise KeyboardInterrupt
    on_look()


def _next(live: Run) -> str:
    """Where to look next, as the last line."""
    if live.exit_code:
        return (
            f"next: dagflow runs logs {live.run_id} shows what the tasks printed\n"
            f"      dagflow runs resume {live.run_id} does again what did not succeed"
        )
    if live.artifacts():
        return f"next: dagflow artifacts list {live.run_id} shows the values it kept"
    return f"next: dagflow runs show {live.run_id} shows this again"
