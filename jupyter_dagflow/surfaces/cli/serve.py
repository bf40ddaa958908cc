"""``dagflow serve``: go on with runs that have lost their runner, until SIGTERM."""

from __future__ import annotations

import signal
import threading
from types import FrameType

from jupyter_dagflow.surfaces.cli.output import put
from jupyter_dagflow.surfaces.cli.session import application
from jupyter_dagflow.surfaces.signals import ALL


def serve() -> None:
    """Find runs whose process died and go on with them, until SIGTERM or Ctrl-C.

    The runs in hand then go on to their end; asked a second time, they are left to whoever comes next.
    """
    asked = threading.Event()
    with application() as app:
        app.metastore  # noqa: B018 -- made now, if there is none yet: others look for it
        recovery = app.recovery(tell=lambda line: put(line, error=True))
        assert recovery is not None

        def end(number: int, frame: FrameType | None) -> None:
            del number, frame
            if asked.is_set():
                for run in recovery.runs:
                    run.abandon()
            asked.set()

        for number in ALL:
            signal.signal(number, end)
        recovery.start()
        put(
            "dagflow serve: looking for runs that have lost their runner; Ctrl-C ends it",
            error=True,
        )
        while not asked.wait(1.0):
            pass
        if going_on := [run.run_id for run in recovery.runs if run.is_alive]:
            put(
                f"waiting for {', '.join(going_on)}; Ctrl-C again leaves them to others", error=True
            )
        recovery.close()
