"""``%dagflow``, as it is registered with IPython: what it does is imported when it is first used.

The law: ``%load_ext jupyter_dagflow`` stands at the top of notebooks and keeps nobody waiting.
"""

from __future__ import annotations

import os
import time
from functools import cached_property
from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, line_magic, magics_class

from jupyter_dagflow.surfaces.this_notebook import Executed

if TYPE_CHECKING:
    from jupyter_dagflow.surfaces.magic_commands import MagicCommands


@magics_class
class DagflowMagics(Magics):
    """The ``%dagflow`` magic of one live kernel."""

    def __init__(self, shell: Any) -> None:
        super().__init__(shell)
        self._shell = shell  # Magics has it too, as one that may be None
        self._executed = Executed()

    @cached_property
    def _commands(self) -> MagicCommands:
        from jupyter_dagflow.surfaces.magic_commands import MagicCommands

        return MagicCommands(self._shell, self._executed)

    def note_execution(self, info: Any) -> None:
        """Called by IPython before each cell it runs."""
        self._executed.note(getattr(info, "cell_id", None), info.raw_cell or "", at=time.time())

    @line_magic
    def dagflow(self, line: str) -> None:
        """The pipeline of this notebook: ``%dagflow [run|verify|check|…]``; ``--help`` tells more of each."""
        if os.environ.get("DAGFLOW_IN_TASK"):
            print(f"%dagflow {line}: left out, for this cell itself runs as a task")  # noqa: T201
        else:
            self._commands.do(line)


def register(shell: Any) -> None:
    """Add ``%dagflow`` to an IPython shell; done again (``%reload_ext``), it replaces the old one."""
    before = shell.magics_manager.registry.get(DagflowMagics.__name__)
    if before is not None:
        shell.events.unregister("pre_run_cell", before.note_execution)
    magics = DagflowMagics(shell)
    shell.register_magics(magics)
    shell.events.register("pre_run_cell", magics.note_execution)
