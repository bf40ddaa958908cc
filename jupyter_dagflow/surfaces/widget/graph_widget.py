"""The live graph of a pipeline under a magic.

The law: the widget shows what it is given and decides nothing. ``run`` is a snapshot, given at the
start and at the end of a run; in between travel only events, which the browser reduces with the
code that the lab extension uses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import anywidget
import traitlets

_STATIC = Path(__file__).parent / "static"
if not (_STATIC / "widget.js").is_file():
    raise ImportError(
        "The widget's JavaScript has not been built. Install the package (pip install .), or run "
        "'npm ci && npm run build' in the folder labextension."
    )


class GraphWidget(anywidget.AnyWidget):
    """A pipeline's graph, coloured as its run goes on.

    ``compilation`` is a plain `CompilationDocument`, ``dot`` the graph as DOT text with the names
    of tasks as names of nodes, ``run`` a plain `RunDocument` or None. ``snapshot``, if given, is
    asked for a fresh ``run`` whenever a front end asks for the state, as it does when its page is
    loaded again. ``cancel``, if given, is called when the reader presses *Cancel*, in whichever thread
    takes the browser's messages: that of a subshell where kernel and front end have them, so that it
    is heard while a cell runs.
    """

    _esm = _STATIC / "widget.js"
    _css = _STATIC / "widget.css"

    compilation = traitlets.Dict().tag(sync=True)
    dot = traitlets.Unicode().tag(sync=True)
    run = traitlets.Dict(allow_none=True, default_value=None).tag(sync=True)
    can_cancel = traitlets.Bool().tag(sync=True)

    def __init__(
        self,
        *,
        compilation: Mapping[str, Any],
        dot: str,
        run: Mapping[str, Any] | None = None,
        snapshot: Callable[[], Mapping[str, Any] | None] | None = None,
        cancel: Callable[[], None] | None = None,
    ) -> None:
        self._snapshot = snapshot
        self._cancel = cancel
        super().__init__(
            compilation=dict(compilation),
            dot=dot,
            run=None if run is None else dict(run),
            can_cancel=cancel is not None,
        )
        self.on_msg(self._take)
        # ipykernel takes what comes by a comm to the shell that last sent something by it, whichever
        # the front end has named; that shell is busy with the cell that this widget is the output of.
        if self.comm is not None:
            self.comm._reply_subshell_for = None  # noqa: SLF001 -- there is no public way

    def send_events(self, events: Sequence[Mapping[str, Any]]) -> None:
        """Tell the browser what happened: events of one run, in order, as plain values."""
        self.send({"kind": "events", "events": [dict(event) for event in events]})

    def _take(self, _: Any, content: Any, buffers: Any) -> None:
        """Take what the browser says."""
        del buffers
        if content == {"kind": "cancel"} and self._cancel is not None:
            self._cancel()
            self.send({"kind": "cancelling"})

    def mime_bundle(self) -> dict[str, Any]:
        """What an output holds to show this widget."""
        bundle = self._repr_mimebundle_()
        return dict(bundle[0] if isinstance(bundle, tuple) else bundle or {})

    def get_state(self, key: Any = None, drop_defaults: bool = False) -> dict[str, Any]:
        """The state that goes to a front end; all of it holds a fresh ``run``."""
        state: dict[str, Any] = super().get_state(key=key, drop_defaults=drop_defaults)
        if key is None and self._snapshot is not None:
            fresh = self._snapshot()
            state["run"] = None if fresh is None else dict(fresh)
        return state
