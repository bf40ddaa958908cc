"""Finding runs that have lost their runner, and going on with them.

The law: what is found is taken and gone on with, each run by one of all who look; nothing that lives is touched. A run
that cannot be gone on with is told once and left as it is.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from jupyter_dagflow.core.errors import DagflowError, EnvironmentFault, MetastoreUnreachable
from jupyter_dagflow.core.lease import Lease, LeaseWatch
from jupyter_dagflow.core.model import RunId
from jupyter_dagflow.core.states import RunState
from jupyter_dagflow.execution.processes import this_process
from jupyter_dagflow.scheduling.leases import life_of_holder
from jupyter_dagflow.storage.metastore import LeaseLost, Metastore

LOOK_S = 1.0
_PATIENCE_S = 20.0

_log = logging.getLogger(__name__)


class Recovered(Protocol):
    """A run that goes on in this process."""

    @property
    def run_id(self) -> RunId:
        """What the run is called."""

    @property
    def state(self) -> RunState:
        """How it stands."""

    @property
    def is_alive(self) -> bool:
        """Whether it goes on here."""

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait for its end."""

    def abandon(self) -> None:
        """Leave it to others."""


Run = TypeVar("Run", bound=Recovered)


class Recovery(Generic[Run]):
    """Looks for runs whose runner is gone and has ``recover`` go on with each that it gets the lease on.

    Only those that ``concerns`` says yes to are its own to take.
    ``tell`` is told, in words, what it takes, what it cannot go on with, and how it ends.

    Responsible for who may take what. Not for how a run goes on.
    """

    def __init__(
        self,
        metastore: Metastore,
        *,
        recover: Callable[[Lease], Run],
        concerns: Callable[[RunId], bool] = lambda _: True,
        tell: Callable[[str], None] = _log.info,
    ) -> None:
        self._metastore = metastore
        self._recover = recover
        self._concerns = concerns
        self._tell = tell
        self._watch = LeaseWatch()
        self._given_up: set[RunId] = set()
        self._ended: set[RunId] = set()  # here, whatever stands in their leases
        self._closing = threading.Event()
        self._telling = threading.Lock()
        self._thread: threading.Thread | None = None
        self.runs: list[Run] = []

    def look(self) -> list[Run]:
        """Take what has lost its runner by now, and go on with it; raises `EnvironmentFault`."""
        self._tell_ends()
        found = []
        for seen in self._metastore.unfinished_leases():
            lost = seen.run_id not in self._given_up and self._has_no_runner(seen)
            if lost and self._concerns(seen.run_id) and (run := self._take(seen)):
                self.runs.append(run)
                found.append(run)
        return found

    def own(self, run: Run) -> None:
        """Have a run that somebody began here, and see to it that it is gone on with if its runner fails."""
        with self._telling:
            self.runs.append(run)

    def see_out(self, run_id: RunId) -> None:
        """Somebody is to go on with a run here: wait for its runner if it has just ended, and have it no more."""
        for run in self.runs.copy():
            if run.run_id == run_id and run.state.is_final:
                with contextlib.suppress(DagflowError):  # what stopped it is in its log
                    run.wait(_PATIENCE_S)
        with self._telling:
            ended = [run for run in self.runs if run.run_id == run_id and not run.is_alive]
            for run in ended:
                self.runs.remove(run)
            self._ended.discard(run_id)  # or the next look would take it from who goes on with it

    def _tell_ends(self) -> None:
        with self._telling:
            ended = [run for run in self.runs if not run.is_alive]
            for run in ended:
                self._ended.add(run.run_id)
                self.runs.remove(run)
        for run in ended:
            self._tell(f"run {run.run_id}: {run.state.value}")

    def _has_no_runner(self, seen: Lease) -> bool:
        if seen.owner == this_process():  # which may not have been able to give it back
            return seen.run_id in self._ended
        return self._watch.has_run_out(seen, life_of_holder(seen), time.monotonic())

    def start(self) -> None:
        """Look every second from now on, in a thread, until `close`."""
        self._thread = threading.Thread(target=self._main, name="dagflow recovery", daemon=True)
        self._thread.start()

    def close(self, *, patience_s: float | None = None) -> None:
        """Look no more, and wait for the runs that go on here; those that take longer are left to others."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join()
        until = None if patience_s is None else time.monotonic() + patience_s
        for run in self.runs:
            with contextlib.suppress(DagflowError):
                run.wait(None if until is None else max(0.0, until - time.monotonic()))
        self._tell_ends()
        left = [run for run in self.runs if run.is_alive]
        for run in left:
            run.abandon()
        for run in left:
            with contextlib.suppress(DagflowError):
                run.wait(_PATIENCE_S)

    def _main(self) -> None:
        while not self._closing.wait(LOOK_S):
            look_and_live(self.look)

    def _take(self, seen: Lease) -> Run | None:
        try:
            lease = self._metastore.take_lease(seen.run_id, this_process(), seen=seen)
        except LeaseLost:  # somebody was faster, or its holder has moved
            return None
        self._ended.add(seen.run_id)  # as long as it has not begun
        try:
            run = self._recover(lease)
        except LeaseLost:  # we were stopped, and another has it by now
            return None
        except MetastoreUnreachable:  # it may answer later
            raise
        except DagflowError as error:
            self._given_up.add(seen.run_id)
            self._tell(f"run {seen.run_id} cannot be gone on with: {error.message}")
            return None
        except Exception:  # noqa: BLE001 -- a fault of ours would come again with every look
            self._given_up.add(seen.run_id)
            _log.exception("Run %s cannot be gone on with", seen.run_id)
            return None
        self._ended.discard(seen.run_id)
        left = f" ({seen.owner})" if seen.owner is not None else ""
        self._tell(f"run {seen.run_id} had lost its runner{left} and goes on here")
        return run


def look_and_live(look: Callable[[], object]) -> None:
    """Look, whatever happens: what fails now is done by the next look."""
    try:
        look()
    except EnvironmentFault as fault:  # a database that is busy now may answer later
        _log.warning("The metastore did not answer: %s", fault.message)
    except Exception:  # noqa: BLE001 -- one fault must not be the last look
        _log.exception("Runs that have lost their runner could not be looked for")
