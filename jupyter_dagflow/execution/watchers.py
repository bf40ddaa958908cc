"""Those who watch a run, each at a pace of its own.

The law: whoever tells is never kept waiting. States are told one and all, in order; of a task's progress, only the
newest that nobody has taken yet. A watcher that fails is dropped and named in the log.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from jupyter_dagflow.core.events import CellProgress, Event

Sink = Callable[[Event | CellProgress], None]

_log = logging.getLogger(__name__)


class Mailbox:
    """What has happened and was not taken yet: it grows with states and tasks, never with cells."""

    def __init__(self) -> None:
        self._news: dict[object, Event | CellProgress] = {}
        self._some = threading.Condition()
        self._closed = False

    def put(self, news: Event | CellProgress) -> None:
        """Add what happened last."""
        key = news.task if isinstance(news, CellProgress) else (news.run_id, news.seq)
        with self._some:
            self._news.pop(key, None)  # behind all that happened before it, its task's start too
            self._news[key] = news
            self._some.notify()

    def take(self) -> list[Event | CellProgress]:
        """All that there is, in order; waits for nothing."""
        with self._some:
            taken, self._news = list(self._news.values()), {}
            return taken

    def wait(self) -> bool:
        """Wait until there is something, or nothing will come any more; whether there is."""
        with self._some:
            self._some.wait_for(lambda: self._news or self._closed)
            return bool(self._news)

    def close(self) -> None:
        """Nothing will come any more."""
        with self._some:
            self._closed = True
            self._some.notify()


class Watchers:
    """The watchers of one run, each with a mailbox and a thread of its own."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._watchers: list[_Watcher] = []
        self._closed = False

    def add(self, sink: Sink) -> None:
        """Tell one more sink what happens from now on, in a thread that is always the same."""
        watcher = _Watcher(sink, self._name)
        self._watchers.append(watcher)
        if self._closed:  # it ended in the same moment
            watcher.mailbox.close()

    def tell(self, news: Event | CellProgress) -> None:
        """Tell them all, and wait for none."""
        for watcher in list(self._watchers):
            watcher.mailbox.put(news)

    def close(self, within_s: float) -> None:
        """Nothing will come any more; wait until all have taken what there was, or the time is over."""
        until = time.monotonic() + within_s
        self._closed = True
        watchers = list(self._watchers)
        for watcher in watchers:
            watcher.mailbox.close()
        for watcher in watchers:
            watcher.thread.join(max(0.0, until - time.monotonic()))


class _Watcher:
    """A sink and the thread that tells it; a daemon, for a sink that never comes back must hold up nobody's end."""

    def __init__(self, sink: Sink, name: str) -> None:
        self.mailbox = Mailbox()
        self._sink = sink
        self._name = name
        self.thread = threading.Thread(target=self._main, name=f"watcher of {name}", daemon=True)
        self.thread.start()

    def _main(self) -> None:
        failed = False
        while self.mailbox.wait():
            for news in self.mailbox.take():
                try:
                    if not failed:
                        self._sink(news)
                except Exception:  # noqa: BLE001 -- a watcher must never harm the run it watches
                    failed = True
                    _log.exception("A watcher of %s failed and is told no more", self._name)
