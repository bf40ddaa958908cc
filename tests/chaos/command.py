"""``python -m tests.chaos.command run NB``: the ``dagflow`` command, with the fault and the clock of the environment."""

from __future__ import annotations

from jupyter_dagflow.surfaces.cli.main import main
from tests.chaos import clock
from tests.chaos.faults import COMMAND_POINTS, install

if __name__ == "__main__":
    install(COMMAND_POINTS)
    clock.install()
    main()
