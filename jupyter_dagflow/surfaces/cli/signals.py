"""What Ctrl-C, SIGTERM and a terminal that is closed do to a command that runs a notebook."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jupyter_dagflow.run_handle import LiveRun

_MOST_SIGNALS = 2
_ASKING = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]


class CancelOnSignal:
    """Meanwhile signals that ask for an end cancel the run and let it end; ``count`` tells how many came.

    They only take note and ask: an exception thrown into the middle of drawing or waiting could
    leave either half done. KeyboardInterrupt is raised while there is no run to cancel yet, and at
    the third signal.
    """

    def __init__(self) -> None:
        self._live: LiveRun | None = None
        self.count = 0
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> CancelOnSignal:
        if threading.current_thread() is threading.main_thread():
            for number in _ASKING:
                if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup leaves SIGHUP
                    self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def cancels(self, live: LiveRun) -> None:
        """From now on this is the run to cancel."""
        self._live = live

    def _handle(self, number: int, frame: FrameType | None) -> None:
        del frame
        self.count += 1
        if self._live is None or self.count > _MOST_SIGNALS:
            raise KeyboardInterrupt
        self._live.cancel(signal.Signals(number).name)
