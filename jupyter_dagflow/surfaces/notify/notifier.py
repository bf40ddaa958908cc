"""The watcher of a run that has people told of it.

The law: it never harms or holds up a run. What it sends goes out in a process of its own, which ends by itself; it is
waited for a few seconds at most, in the watcher's thread, and what goes wrong is said once, without an address.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from jupyter_dagflow.core.events import CellProgress, Event, RunFinished, RunResumed, RunStarted
from jupyter_dagflow.core.model import RunId
from jupyter_dagflow.core.run import RunView
from jupyter_dagflow.core.states import RunState
from jupyter_dagflow.settings import Notifications, Occasion
from jupyter_dagflow.surfaces.notify import sender
from jupyter_dagflow.surfaces.notify.message import Message, message_of

INSTALL = "pip install 'jupyter-dagflow[notify]'"
_WITHIN_S = 30.0  # a process that sends ends then, whatever it is at
_PATIENCE_S = 3.0  # how long its answer is waited for
_WHY = {
    sender.NOT_DELIVERED: "a service did not take it",
    sender.UNREADABLE: "an address in DAGFLOW_NOTIFY (or c.Dagflow.notify) is none that apprise knows",
    sender.MISSING: f"the package apprise is not installed: {INSTALL}",
    sender.LATE: f"no answer within {_WITHIN_S:.0f} s",
}

_log = logging.getLogger(__name__)


class Notifier:
    """A sink for one run; ``look`` gives the run as it is recorded, ``had_failed`` tells of the pipeline's last run."""

    def __init__(
        self,
        wanted: Notifications,
        *,
        look: Callable[[RunId], RunView],
        had_failed: bool,
        now: Callable[[], datetime],
    ) -> None:
        self._wanted = wanted
        self._look = look
        self._had_failed = had_failed
        self._now = now
        self._long: list[threading.Timer] = []
        self._warned = False

    def __call__(self, event: Event | CellProgress) -> None:
        """Take what has happened."""
        match event:
            case RunStarted():
                self._begin(event.run_id)
            case RunResumed():
                self._begin(event.run_id)
                if event.recovered:
                    self._tell(Occasion.RECOVERY, event.run_id)
            case RunFinished():
                self._end(event)

    def _begin(self, run_id: RunId) -> None:
        for limit_s in self._wanted.limits_s:
            timer = threading.Timer(limit_s, self._tell, [Occasion.LONG, run_id])
            timer.daemon = True
            timer.start()
            self._long.append(timer)

    def _end(self, event: RunFinished) -> None:
        for timer in self._long:
            timer.cancel()
        if event.state is RunState.FAILED:
            self._tell(Occasion.FAILURE, event.run_id)
        elif event.state is RunState.SUCCESS:
            recovered = self._had_failed and Occasion.RECOVERY in self._wanted.on
            self._tell(Occasion.RECOVERY if recovered else Occasion.SUCCESS, event.run_id)

    def _tell(self, occasion: Occasion, run_id: RunId) -> None:
        if occasion not in self._wanted.on:
            return
        try:
            view = self._look(run_id)
            if occasion is Occasion.LONG and view.state.is_final:
                return
            why = self._sent(message_of(occasion, view, now=self._now()))
        except Exception as error:  # noqa: BLE001 -- whatever it was, the run has nothing to do with it
            why = type(error).__name__
        if why and not self._warned:
            self._warned = True
            _log.warning("A notification of run %s was not delivered: %s.", run_id, why)

    def _sent(self, message: Message) -> str:
        """Send a message; why it was not delivered, as far as that is known soon."""
        told = {**asdict(message), "urls": list(self._wanted.urls), "within_s": _WITHIN_S}
        away = Path(sys.executable).anchor  # modules are not looked for beside the notebook
        process = subprocess.Popen(  # noqa: S603 -- Python itself
            [sys.executable, "-m", sender.__name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=away,
            start_new_session=os.name == "posix",
        )
        assert process.stdin is not None
        with process.stdin as pipe:
            pipe.write(json.dumps(told).encode())
        try:
            code = process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            return ""  # it goes on by itself
        return (
            "" if code == sender.DELIVERED else _WHY.get(code, "the process that sends it failed")
        )
