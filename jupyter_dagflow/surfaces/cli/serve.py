"""``dagflow serve``: begin the runs of schedules, and go on with those that have lost their runner, until SIGTERM."""

from __future__ import annotations

import signal
import threading
from types import FrameType

from jupyter_dagflow.surfaces.cli.output import put
from jupyter_dagflow.surfaces.cli.session import application
from jupyter_dagflow.surfaces.signals import ALL


def serve() -> None:
    """Begin the runs of schedules, and go on with runs whose process died, until SIGTERM or Ctrl-C.

    Then none begins any more, and those in hand go on to their end; asked a second time, they are left to whoever
    comes next.
    """
    from jupyter_dagflow.scheduled_runs import ScheduledRuns

    asked = threading.Event()
    with application() as app:
        app.metastore  # noqa: B018 -- made now, if there is none yet: others look for it

        def tell(line: str) -> None:
            put(line, error=True)

        recovery = app.recovery(tell=tell)
        assert recovery is not None
        scheduler = ScheduledRuns(app).scheduler(own=recovery.own, tell=tell)

        def end(number: int, frame: FrameType | None) -> None:
            del number, frame
            if asked.is_set():
                for run in recovery.runs:
                    run.abandon()
            asked.set()

        for number in ALL:
            signal.signal(number, end)
        recovery.start()
        tell(
            "dagflow serve: beginning the runs of schedules, and looking for runs that have lost their runner; "
            "Ctrl-C ends it"
        )
        scheduler.serve(asked)
        if going_on := [run.run_id for run in recovery.runs if run.is_alive]:
            tell(f"waiting for {', '.join(going_on)}; Ctrl-C again leaves them to others")
        recovery.close()
