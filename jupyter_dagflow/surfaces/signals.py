"""What Ctrl-C, an interrupted kernel, SIGTERM and a closed terminal do while a notebook runs."""

from __future__ import annotations

import signal
import threading
from collections.abc import Sequence
from types import FrameType, TracebackType
from typing import Any, Protocol

_MOST_SIGNALS = 2
INTERRUPT = (signal.SIGINT,)
ALL = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)


class Cancellable(Protocol):
    """What goes on and can be asked to end."""

    def cancel(self, reason: str = ..., /) -> None:
        """Ask, and return at once."""


class CancelOnSignal:
    """Meanwhile signals that ask for an end cancel the run and let it end; ``count`` tells how many came.

    They only take note and ask: an exception thrown into the middle of drawing or waiting could
    leave either half done, and one thrown into an import may leave Python's import lock taken, on
    which the run's own threads would then wait for ever. KeyboardInterrupt is raised while there is
    no run to cancel yet, and at the third signal.
    """

    def __init__(self, signals: Sequence[signal.Signals] = ALL) -> None:
        self._signals = signals
        self._live: Cancellable | None = None
        self.count = 0
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> CancelOnSignal:
        if threading.current_thread() is threading.main_thread():
            for number in self._signals:
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

    def cancels(self, live: Cancellable) -> None:
        """From now on this is the run to cancel."""
        self._live = live

    def _handle(self, number: int, frame: FrameType | None) -> None:
        del frame
        self.count += 1
        if self._live is None or self.count > _MOST_SIGNALS:
            raise KeyboardInterrupt
        self._live.cancel(signal.Signals(number).name)
