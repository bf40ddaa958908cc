"""The picture of a pipeline under a magic: live while it runs, and what a saved notebook keeps of it.

The law: while a run goes on the output is a widget; when it has ended the output becomes the picture as it was
last, which needs no kernel, so that it is still there when the notebook is opened again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from IPython.display import DisplayHandle, display

from jupyter_dagflow.core.events import CellProgress, Event
from jupyter_dagflow.core.model import Compilation
from jupyter_dagflow.core.run import RunView
from jupyter_dagflow.surfaces.graph.dot import dot
from jupyter_dagflow.surfaces.graph.svg import svg
from jupyter_dagflow.surfaces.graph.text import text
from jupyter_dagflow.surfaces.widget.graph_widget import GraphWidget
from jupyter_dagflow.wire import compilation_document, event_to_dict, run_document, to_plain

_PAUSE_S = 0.1
_GRAPH = "application/vnd.jupyter-dagflow.graph+json"


def still(compilation: Compilation, run: RunView | None = None) -> dict[str, Any]:
    """The picture as it stands, in every form a front end may want.

    JupyterLab with our extension draws the data itself; others show the HTML or the SVG, a terminal the text.
    """
    drawing = svg(compilation.pipeline, run)
    return {
        _GRAPH: {
            "compilation": to_plain(compilation_document(compilation)),
            "dot": dot(compilation.pipeline),
            "run": to_plain(run_document(run)) if run else None,
        },
        "text/html": f'<div class="dagflow-picture" style="max-width: 100%; overflow-x: auto">{drawing}</div>',
        "image/svg+xml": drawing,
        "text/plain": text(compilation.pipeline, run),
    }


class Picture:
    """The output of a magic that shows a run: live until it has ended."""

    def __init__(self, compilation: Compilation, view: Callable[[], RunView]) -> None:
        self._compilation = compilation
        self._view = view
        self._pending: list[Mapping[str, Any]] = []
        self._sent_at = 0.0
        self._widget = GraphWidget(
            compilation=to_plain(compilation_document(compilation)),
            dot=dot(compilation.pipeline),
            run=self._snapshot(),
            snapshot=self._snapshot,
        )
        self._handle: DisplayHandle | None = None

    def show(self) -> None:
        """Show it as the output of the running cell."""
        bundle = {**still(self._compilation, self._view()), **self._widget.mime_bundle()}
        self._handle = display(bundle, raw=True, display_id=True)  # type: ignore[no-untyped-call]

    def push(self, events: Sequence[Event | CellProgress]) -> None:
        """Take events; they are sent together a few times a second, however fast they come."""
        self._pending += [event_to_dict(event) for event in events]
        if self._pending and time.monotonic() - self._sent_at >= _PAUSE_S:
            self._flush()

    def settle(self) -> None:
        """The run has ended: leave the picture as it is now, which outlives the kernel."""
        self._flush()
        self._widget.run = dict(self._snapshot())
        if self._handle is not None:
            self._handle.update(still(self._compilation, self._view()), raw=True)  # type: ignore[no-untyped-call]

    def _flush(self) -> None:
        pending, self._pending = self._pending, []
        if pending:
            self._widget.send_events(pending)
        self._sent_at = time.monotonic()

    def _snapshot(self) -> Mapping[str, Any]:
        document: Mapping[str, Any] = to_plain(run_document(self._view()))
        return document
