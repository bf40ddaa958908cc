"""The picture of a pipeline under a magic: live while it runs, and what a saved notebook keeps of it.

The law: while a run goes on the output is a widget; when it has ended the output becomes the picture as it was
last, which needs no kernel, so that it is still there when the notebook is opened again.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from IPython.display import DisplayHandle, display

from jupyter_dagflow.core.events import CellProgress, Event
from jupyter_dagflow.core.model import Compilation
from jupyter_dagflow.core.nested import inner_tasks
from jupyter_dagflow.core.run import RunView, TaskRun
from jupyter_dagflow.execution.watchers import Mailbox
from jupyter_dagflow.run_handle import LiveRun
from jupyter_dagflow.surfaces.graph.dot import dot
from jupyter_dagflow.surfaces.graph.svg import svg
from jupyter_dagflow.surfaces.graph.text import text
from jupyter_dagflow.surfaces.step_tasks import StepWatch
from jupyter_dagflow.wire import event_to_dict, graph_document, run_document, to_plain

if TYPE_CHECKING:
    from jupyter_dagflow.app import Dagflow
    from jupyter_dagflow.surfaces.widget.graph_widget import GraphWidget

_LOOKS_A_STEP = 5  # it reads the metastore
_LOOK_S = 0.1  # an eye sees no more than ten pictures a second as separate
_GRAPH = "application/vnd.jupyter-dagflow.graph+json"


def still(
    compilation: Compilation, run: RunView | None = None, steps: Sequence[TaskRun] = ()
) -> dict[str, Any]:
    """The picture as it stands, in every form a front end may want.

    JupyterLab with our extension draws the data itself; others show the HTML or the SVG, a terminal the text.
    """
    drawing = svg(compilation.pipeline, run, nested=compilation.nested)
    return {
        _GRAPH: _graph(compilation, run, steps),
        "text/html": f'<div class="dagflow-picture" style="max-width: 100%; overflow-x: auto">{drawing}</div>',
        "image/svg+xml": drawing,
        "text/plain": text(compilation.pipeline, run, inner=tuple(inner_tasks(compilation))),
    }


class Following:
    """Follows one run and shows it as the output of a cell, until it has ended.

    `take` is the sink of the run and may be called from any thread; the rest belongs to one thread.
    """

    def __init__(self, app: Dagflow) -> None:
        self._app = app
        self._news = Mailbox()
        self._steps: StepWatch | None = None
        self._widget: GraphWidget | None = None
        self._handle: DisplayHandle | None = None

    def take(self, event: Event | CellProgress) -> None:
        """Take what happened; it is shown a moment later, together with what else has come."""
        self._news.put(event)

    def show(self, run: LiveRun) -> None:
        """Show the run as it stands as the output of the running cell."""
        view = run.view
        self._steps = StepWatch(self._app, run)
        bundle = still(run.compilation, view)
        self._widget = _widget(run, view, self._steps)
        if self._widget is not None:
            bundle |= self._widget.mime_bundle()
        self._handle = display(bundle, raw=True, display_id=True)  # type: ignore[no-untyped-call]

    def until_ended(self, run: LiveRun) -> None:
        """Keep the picture up to date; an interrupt of the kernel cancels the run, and its end is awaited."""
        ended = False
        looks = 0
        while not ended:
            try:
                ended = run.wait(_LOOK_S)
                self._send()
                looks += 1
                if looks % _LOOKS_A_STEP == 0:
                    self._send_steps(run)
            except KeyboardInterrupt:
                run.cancel("the kernel was interrupted")
        self._send()
        self._settle(run)

    def in_background(self, run: LiveRun) -> None:
        """Keep the picture up to date while the kernel is free."""
        name = f"picture of run {run.run_id}"
        threading.Thread(target=self.until_ended, args=(run,), name=name, daemon=True).start()

    def _send(self) -> None:
        events = [event_to_dict(event) for event in self._news.take()]
        if events and self._widget is not None:
            self._widget.send_events(events)

    def _send_steps(self, run: LiveRun) -> None:
        """Steps have no events in this run: what they have come to is sent as a whole, if it has changed."""
        if self._steps is not None and self._steps.look() and self._widget is not None:
            self._widget.run = to_plain(run_document(run.view, steps=self._steps.tasks))

    def _settle(self, run: LiveRun) -> None:
        """Leave the picture as it is now, which outlives the kernel."""
        view = run.view
        watch = self._steps or StepWatch(self._app, run)
        watch.look()
        if self._widget is not None:
            self._widget.run = to_plain(run_document(view, steps=watch.tasks))
        last = still(run.compilation, view, watch.tasks)
        if self._handle is None:  # an interrupt came before there was a picture
            display(last, raw=True)  # type: ignore[no-untyped-call]
        else:
            self._handle.update(last, raw=True)  # type: ignore[no-untyped-call]


def _graph(
    compilation: Compilation, run: RunView | None, steps: Sequence[TaskRun] = ()
) -> dict[str, Any]:
    document = graph_document(compilation, dot=dot(compilation.pipeline), run=run, steps=steps)
    return dict(to_plain(document))


def _widget(run: LiveRun, view: RunView, steps: StepWatch) -> GraphWidget | None:
    """The live graph; None, and a word why, where it cannot be had: the still picture will do."""
    try:
        from jupyter_dagflow.surfaces.widget.graph_widget import GraphWidget
    except ImportError as error:
        print(f"note: the picture is not live here. {error}", file=sys.stderr)  # noqa: T201
        return None
    return GraphWidget(
        **_graph(run.compilation, view),
        snapshot=lambda: to_plain(run_document(run.view, steps=steps.tasks)),
        cancel=lambda: run.cancel("cancelled in its picture"),
    )
