"""``python -m tests.chaos.command run NB``: the ``dagflow`` command, with the fault that the environment asks for."""

from __future__ import annotations

from jupyter_dagflow.surfaces.cli.main import main
from tests.chaos.faults import COMMAND_POINTS, install

if __name__ == "__main__":
    install(COMMAND_POINTS)
    main()
