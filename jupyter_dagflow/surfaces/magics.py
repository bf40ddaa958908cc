"""``%dagflow``, as it is registered with IPython: what it does is imported when it is first used.

The law: ``%load_ext jupyter_dagflow`` stands at the top of notebooks and keeps nobody waiting.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from IPython.core.magic import (
    Magics,
    line_magic,
    magics_class,
    needs_local_scope,
    no_var_expand,
)
from IPython.utils.text import DollarFormatter

from jupyter_dagflow.core.nested import VERB
from jupyter_dagflow.surfaces.this_notebook import Executed

if TYPE_CHECKING:
    from jupyter_dagflow.surfaces.magic_commands import MagicCommands

SCHEDULE = "schedule"


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

    @needs_local_scope
    @no_var_expand
    @line_magic
    def dagflow(self, line: str, local_ns: dict[str, Any] | None = None) -> None:
        """The pipeline of this notebook: ``%dagflow [run|verify|check|…]``; ``--help`` tells more of each."""
        names = {**self._shell.user_ns, **(local_ns or {})}
        if line.split()[:1] == [VERB]:  # braces are Python's there
            self._commands.do(line, names)
            return
        if line.split()[:1] != [SCHEDULE]:  # braces are templates there
            line = _expanded(line, names)
        if os.environ.get("DAGFLOW_IN_TASK"):
            print(f"%dagflow {line}: left out, for this cell itself runs as a task")  # noqa: T201
        else:
            self._commands.do(line, names)


def _expanded(line: str, names: Mapping[str, Any]) -> str:
    """The line with ``$name`` and ``{expression}`` filled in, as IPython does for other magics."""
    try:
        return DollarFormatter().vformat(line, (), names)
    except Exception:  # noqa: BLE001 -- then it stands as it was typed
        return line


def register(shell: Any) -> None:
    """Add ``%dagflow`` to an IPython shell; done again (``%reload_ext``), it replaces the old one."""
    before = shell.magics_manager.registry.get(DagflowMagics.__name__)
    if before is not None:
        shell.events.unregister("pre_run_cell", before.note_execution)
    magics = DagflowMagics(shell)
    shell.register_magics(magics)
    shell.events.register("pre_run_cell", magics.note_execution)
