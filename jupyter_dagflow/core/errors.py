"""Every error we raise, as a tree that says whose fault it is.

The law: an error tells what happened, where (notebook, cell, line) and what to do next; its class says who has
to act, and with that the exit code. A failed task is not an error here but a state with a `TaskFailure`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A place in a notebook: ``cell_index`` counts all cells from 0, ``line`` counts from 1 within the cell.

    ``file_line`` counts from 1 within the file: for a file that is too broken to have cells, and for one whose cells
    people read by the lines of the file.
    """

    notebook: str | None = None
    cell: str | None = None
    cell_index: int | None = None
    line: int | None = None
    file_line: int | None = None

    def __str__(self) -> str:
        in_cell = self.cell_index is not None or self.cell is not None
        parts = [self.notebook] if self.notebook else []
        if self.file_line is not None and parts and in_cell:
            parts = [f"{self.notebook}:{self.file_line}"]
        elif self.file_line is not None:
            parts.append(f"line {self.file_line} of the file")
        if self.cell_index is not None:
            parts.append(f"cell {self.cell_index}" + (f" (id {self.cell})" if self.cell else ""))
        elif self.cell is not None:
            parts.append(f"cell id {self.cell}")
        if self.line is not None:
            parts.append(f"line {self.line}")
        return ", ".join(parts)


NOWHERE = Location()


def block(
    head: str,
    *,
    where: Location = NOWHERE,
    quoted: str = "",
    taskbook: str = "",
    hint: str = "",
    indent: str = "",
) -> str:
    """What happened, where, the lines that say so, the taskbook that shows it, and what to do next.

    >>> print(block("error: there is no task b", hint="Say one of: a, c."))
    error: there is no task b
    next:  Say one of: a, c.
    """
    width = len("taskbook:" if taskbook else "where:")

    def fact(label: str, text: str) -> list[str]:
        return [f"{indent}{label:<{width}} {text}"] if text else []

    lines = quoted.strip("\n").split("\n") if quoted else []
    return "\n".join(
        [
            head,
            *fact("where:", str(where)),
            *(f"  | {line}".rstrip() for line in lines),
            *fact("taskbook:", taskbook),
            *fact("next:", hint),
        ]
    )


class DagflowError(Exception):
    """Base of all our errors; never raised itself."""

    code = "error"
    exit_code = 1

    def __init__(self, message: str, *, hint: str = "", where: Location = NOWHERE) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.where = where

    def __str__(self) -> str:
        return block(self.message, where=self.where, hint=self.hint, indent="  ")


class IllegalTransition(DagflowError):
    """A state would have changed against its table: our mistake. Nothing has changed; please report it."""

    code = "illegal_transition"


class InputError(DagflowError):
    """What the user handed in is wrong: arguments, notebook, tags, parameters or expressions."""

    code = "input"
    exit_code = 2


class NotebookError(InputError):
    """The notebook cannot be read. The message says what is wrong with the file and where."""

    code = "notebook"


class ParameterError(InputError):
    """A parameter is unknown or has a value of the wrong type. The hint lists the parameters there are."""

    code = "parameter"


class OptionError(InputError):
    """Options of a command contradict each other or make no sense. The hint says which to drop."""

    code = "option"


class RunGoesOn(InputError):
    """A run cannot be taken over: a living process runs it. The hint says how to follow or to cancel it."""

    code = "run_goes_on"


class NotResumable(InputError):
    """A run cannot be gone on with as the notebook is now. The hint says what to clear, or to start a new run."""

    code = "not_resumable"


class NotFound(InputError):
    """A run, task or value that was named does not exist. The hint names those that do, or how to list them."""

    code = "not_found"


class NotebookUnknown(InputError):
    """A magic cannot tell which notebook it runs in. The way out is to name the file: ``--notebook FILE``."""

    code = "notebook_unknown"


class EnvironmentFault(DagflowError):
    """The machine is not ready: a kernel, the home, the database or disk space."""

    code = "environment"
    exit_code = 3


class KernelNotInstalled(EnvironmentFault):
    """The notebook asks for a kernelspec this machine does not have. The hint lists those installed."""

    code = "kernel_not_installed"


class HomeNotWritable(EnvironmentFault):
    """The home folder cannot be written. Set ``DAGFLOW_HOME`` to a folder of your own."""

    code = "home_not_writable"


class MetastoreUnreachable(EnvironmentFault):
    """The metastore's database cannot be opened. The hint names the setting that points at it."""

    code = "metastore_unreachable"


class MetastoreBlocked(MetastoreUnreachable):
    """The metastore is locked, or its disk is full or read-only: nothing was recorded, and later it may be."""

    code = "metastore_blocked"


class NoSpace(EnvironmentFault):
    """The disk is full. Free some space, or set the setting that the hint names to a folder with room."""

    code = "no_space"


class MetastoreTooNew(EnvironmentFault):
    """A newer jupyter-dagflow wrote this database; it is left untouched. Upgrade, or use another home."""

    code = "metastore_too_new"


class ArtifactDamaged(EnvironmentFault):
    """A stored value is missing or is not what its digest says. Run the task that made it again."""

    code = "artifact_damaged"
