"""From what a kernel answered, wrote or died of to a failure that a user can act on.

The law: a failure tells its cell, and the line in it, in the terms of the notebook the user wrote;
our own cells are never named as the place.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Mapping, Sequence
from typing import Any

from jupyter_dagflow.core.diagnostics import Code
from jupyter_dagflow.core.errors import Location
from jupyter_dagflow.core.events import KERNEL_START, NO_SPACE, OUT_OF_MEMORY, TaskFailure
from jupyter_dagflow.core.fan_out import ITEM
from jupyter_dagflow.core.model import CellId, Definition
from jupyter_dagflow.core.run import is_instance
from jupyter_dagflow.core.taskbook import (
    LOAD_ID,
    SAVE_ID,
    WHEN_ID,
    definition_at,
    definitions_by_cell,
)
from jupyter_dagflow.execution.crash_report import read_crash
from jupyter_dagflow.execution.oom import RanOut
from jupyter_dagflow.execution.ports import Assignment, HandedOver, Written
from jupyter_dagflow.execution.tracebacks import (
    CellError,
    RanCell,
    excerpt,
    last_lines,
    line_in_cell,
)
from jupyter_dagflow.storage.logs import plain_text
from jupyter_dagflow.storage.space import NO_SPACE_ERRNOS, WAY_OUT

_MEMORY_ERRORS = ("MemoryError", "_ArrayMemoryError")  # the second is NumPy's
_LESS_MEMORY = (
    "Run fewer tasks at once (--jobs 1), work on less data at a time, or allow more memory: to the machine, to its "
    "container, or by ulimit -v."
)
_NO_NAME = re.compile(r"name '(\w+)' is not defined")
_ERRNO = re.compile(r"\[Errno (\d+)\]")
_KILLED = 9
_FOR_MEMORY = {
    RanOut.YES: " by the system, because memory ran out",
    RanOut.PERHAPS: ", perhaps by the system, because memory ran out: it has killed a process for that meanwhile",
}
_NOT_OWN = "cannot resize this array: it does not own its data"


def cell_failure(
    error: CellError, assignment: Assignment, outcome: Mapping[str, Any]
) -> TaskFailure:
    """The failure behind an error that a cell raised.

    ``outcome`` is what the save cell wrote; empty if it never ran.
    """
    if error.cell.id == SAVE_ID:
        return _save_failure(error, assignment, outcome)
    if error.cell.id == LOAD_ID:
        return _load_failure(error, assignment)
    if error.cell.id == WHEN_ID and assignment.condition is not None:
        return _condition_failure(error, assignment, assignment.condition)
    cell, index, line = _place(error, assignment)
    return TaskFailure(
        kind=OUT_OF_MEMORY if error.ename in _MEMORY_ERRORS else "error",
        message=error.summary,
        cell=cell,
        cell_index=index,
        line=line,
        last_lines=_excerpt(error, assignment),
        taskbook=str(assignment.taskbook),
        hint=_hint(error, assignment),
    )


def place_of(ran: RanCell, line: int, assignment: Assignment) -> Location | None:
    """Where a line of a cell of the task stands, as the kernel counts it; None if the cell is none of its own."""
    index = assignment.cells.get(CellId(ran.id))
    if index is None:
        return None
    return Location(cell=ran.id, cell_index=index, line=line + ran.blank_lines)


def timed_out(assignment: Assignment, *, cell: str | None, error: CellError | None) -> TaskFailure:
    """The failure of a task that took too long; ``error`` is what the interrupt raised in its ``cell``."""
    lines, line = "", None
    index = _index(cell, assignment)
    place = CellId(cell) if cell is not None and index is not None else None
    if error is not None and error.cell.id == cell:
        place, index, line = _place(error, assignment)
        lines = _excerpt(error, assignment)
    where = f", in cell {index}" if index is not None else ""
    return TaskFailure(
        kind="timeout",
        message=f"The task was still running after {assignment.timeout_s:g} s{where}.",
        cell=place,
        cell_index=index,
        line=line,
        last_lines=lines,
        taskbook=str(assignment.taskbook),
        hint="Give it more time with another timeout: tag, or retries: if it only hangs at times.",
    )


def kernel_died(
    exit_code: int,
    assignment: Assignment,
    *,
    cell: str | None,
    log: str,
    unlogged: str = "",
    ran_out: RanOut,
    blank_lines: int = 0,
) -> TaskFailure:
    """The failure of a kernel that ended by itself while it ran ``cell``, with what is known of memory by then.

    What it wrote stands in its ``log``, or is ``unlogged``. There are ``blank_lines`` at the cell's top.
    """
    index = _index(cell, assignment)
    crash = read_crash(plain_text(log), unlogged=plain_text(unlogged), blank_lines=blank_lines)
    where = f" in cell {index}" if index is not None else ""
    manner = _manner_of_death(exit_code)
    for_memory = exit_code == -_KILLED and ran_out in _FOR_MEMORY
    if for_memory:
        manner += _FOR_MEMORY[ran_out]
    return TaskFailure(
        kind=OUT_OF_MEMORY if for_memory else "kernel_died",
        message=f"The kernel died{where}: {manner}.",
        cell=CellId(cell) if cell is not None and index is not None else None,
        cell_index=index,
        line=crash.line if index is not None else None,
        last_lines=last_lines(crash.text),
        taskbook=str(assignment.taskbook),
        hint=_LESS_MEMORY if for_memory else _way_out(exit_code, ran_out),
    )


def kernel_did_not_start(reason: str, assignment: Assignment, *, log: str) -> TaskFailure:
    """The failure of a kernel that never answered."""
    return TaskFailure(
        kind=KERNEL_START,
        message=f"The kernel {assignment.kernel_name!r} did not start: {reason}",
        last_lines=last_lines(plain_text(log)),
        taskbook=str(assignment.taskbook),
        hint=f"See whether it starts by hand: jupyter console --kernel {assignment.kernel_name}.",
    )


def no_space(reason: str, assignment: Assignment) -> TaskFailure:
    """The failure of a task whose results or taskbook could not be written to a full disk."""
    return TaskFailure(
        kind=NO_SPACE,
        message=f"There is no space left for what task {assignment.task} leaves: {reason}",
        taskbook=str(assignment.taskbook),
        hint=f"{WAY_OUT} What other tasks have done is kept.",
    )


def _no_memory(what: str, error: CellError, assignment: Assignment) -> TaskFailure:
    return TaskFailure(
        kind=OUT_OF_MEMORY,
        message=f"Memory ran out in task {assignment.task}, {what}: {error.summary}",
        taskbook=str(assignment.taskbook),
        hint=_LESS_MEMORY,
    )


def internal(message: str, assignment: Assignment, *, lines: str = "") -> TaskFailure:
    """A failure that is nobody's cell's fault."""
    return TaskFailure(
        kind="internal", message=message, last_lines=lines, taskbook=str(assignment.taskbook)
    )


def _condition_failure(error: CellError, assignment: Assignment, condition: Written) -> TaskFailure:
    return TaskFailure(
        kind="error",
        message=f"when:{assignment.when} cannot be told: {error.summary}",
        cell=condition.cell,
        cell_index=condition.cell_index,
        taskbook=str(assignment.taskbook),
        hint=_missed(error, assignment)
        or "It may use what the tasks above leave, parameters and setup; it is true or false as in an if.",
    )


def _hint(error: CellError, assignment: Assignment) -> str:
    """What to do about an error that has to do with running as a task."""
    if error.ename in _MEMORY_ERRORS:
        return _LESS_MEMORY
    if error.ename == "SystemExit":
        return (
            "exit() and sys.exit() end a task before its results are stored. Use an if, or raise."
        )
    if error.ename == "ValueError" and _NOT_OWN in error.evalue:
        return (
            "An array that another task made lies in stored memory, and cannot be resized in place: "
            "use a = np.resize(a, …), or a = a.copy() first."
        )
    return _missed(error, assignment)


def _missed(error: CellError, assignment: Assignment) -> str:
    """What to do about a name that is missing because those who give it did not end well."""
    found = _NO_NAME.match(plain_text(error.evalue)) if error.ename == "NameError" else None
    if found is None or found[1] not in assignment.missing:
        return ""
    return (
        f"{found[1]} comes from {assignment.missing[found[1]]}, and the trigger: of task "
        f"{assignment.task} has it run all the same: do without {found[1]}, or leave the trigger: out."
    )


def _save_failure(
    error: CellError, assignment: Assignment, outcome: Mapping[str, Any]
) -> TaskFailure:
    if outcome.get("changed"):
        return _undeclared_change(outcome["changed"][0], assignment)
    if outcome.get("sharing"):
        return _undeclared_sharing(outcome["sharing"][0], assignment)
    if error.ename == "StillRunning" and outcome.get("running"):
        return _still_running(outcome["running"][0], assignment)
    number = _ERRNO.match(plain_text(error.evalue))
    if error.ename in _MEMORY_ERRORS:
        return _no_memory("what it leaves cannot be stored", error, assignment)
    if error.ename == "OSError" and number and int(number[1]) in NO_SPACE_ERRNOS:
        return no_space(plain_text(error.evalue), assignment)
    if outcome.get("reports_of"):
        return _shared_report(outcome["reports_of"], assignment)
    if outcome.get("rewritten"):
        return _rewritten_report(outcome["rewritten"], assignment)
    refused = outcome.get("refused")
    if refused:
        made = assignment.handed_over.get(refused["name"])
        read_by = f" It is read by {made.reader}." if made else ""
        place = made or assignment.asked_for.get(refused["name"]) or _first_cell(assignment)
        return TaskFailure(
            kind="not_storable",
            cell=place.cell,
            cell_index=place.cell_index,
            line=place.line,
            message=f"{refused['name']} ({refused['type']}) cannot leave the kernel of task "
            f"{assignment.task}: {refused['reason']}.{read_by}",
            taskbook=str(assignment.taskbook),
            hint="Make it inside a function that the reading task calls, pass on plain data "
            "instead (a list, a table, a file name), put both cells in one task, or have both tasks share a "
            "kernel: tag them lane:NAME.",
        )
    wrong = outcome.get("not_metric")
    if wrong:
        written = assignment.asked_for[wrong["name"]]
        return TaskFailure(
            kind="error",
            cell=written.cell,
            cell_index=written.cell_index,
            line=written.line,
            message=plain_text(error.evalue),
            taskbook=str(assignment.taskbook),
            hint="Record a number, a string or a bool, say "
            f"{wrong['name']} = float(...), or tag it keep:{wrong['name']} instead of metric:.",
        )
    text = f"The results of task {assignment.task} could not be stored: {error.summary}"
    return internal(text, assignment, lines=last_lines(error.text))


def _undeclared_change(name: str, assignment: Assignment) -> TaskFailure:
    if is_instance(assignment.task) or assignment.expands:
        return _changed_for_others(name, assignment)
    guarded = assignment.guarded[name]
    mentions = guarded.mentions or _own_cells(assignment)
    cells = dict.fromkeys(place.cell_index for place in mentions)
    first = mentions[0]
    changed = dict.fromkeys([guarded.change.name, guarded.name])
    return _unsound(
        Code.UNDECLARED_CHANGE,
        f"task {assignment.task}, in cell {' or '.join(map(str, cells))}, changed {guarded.name}, but "
        f"{guarded.reader} as it was before.",
        assignment,
        place=first,
        line=first.line if len(mentions) == 1 else None,
        hint="Run it again: that is known from now on, and whoever reads it later waits for task "
        f"{assignment.task}. To say so in the notebook, tag a cell of the task "
        f"{' '.join(f'mutates:{name}' for name in changed)}; pure:{guarded.change.name} if the change does not "
        "matter.",
    )


def _changed_for_others(name: str, assignment: Assignment) -> TaskFailure:
    """The failure of a part of a mapped loop that changed what other iterations have."""
    what = "an item that others have, too" if name == ITEM else name
    who = (
        f"what the loop of {assignment.task} goes through"
        if assignment.expands
        else assignment.task
    )
    return _unsound(
        Code.UNDECLARED_CHANGE,
        f"{who} changed {what}, in which an ordinary loop would let the next iterations see that.",
        assignment,
        place=_last_cell(assignment),
        hint="Change a copy of it, or remove the tag map.",
    )


def _undeclared_sharing(pair: tuple[str, str], assignment: Assignment) -> TaskFailure:
    name, other = pair
    handed_over = assignment.handed_over
    made = handed_over.get(name) or handed_over.get(other) or _first_cell(assignment)
    return _unsound(
        Code.UNDECLARED_SHARING,
        f"after task {assignment.task}, {name} has objects of {other} in it, and {assignment.exposed[other]}, changes "
        f"{other} in place: {name} would not see that.",
        assignment,
        place=made,
        line=made.line,
        hint=f"Run it again: that is known from now on, and whoever changes {other} has {name}, too. "
        f"Or give {name} a copy of {other}.",
    )


def _shared_report(name: str, assignment: Assignment) -> TaskFailure:
    whose = "an item that others have, too" if name == ITEM else f"an object of {name}"
    return _unsound(
        Code.UNDECLARED_SHARING,
        f"{assignment.task} reports {whose}: after an ordinary loop all who have it would have one object, here each "
        "has its own.",
        assignment,
        place=_last_cell(assignment),
        hint="Report a copy, say copy.deepcopy(…), or plain data made of it.",
    )


def _rewritten_report(name: str, assignment: Assignment) -> TaskFailure:
    return _unsound(
        Code.UNDECLARED_CHANGE,
        f"{assignment.task} changes a value after it was reported through {name}, and whether {name} has it as it was "
        f"or as it is now only {name} itself could tell.",
        assignment,
        place=_last_cell(assignment),
        hint="Report it when it is finished, or report a copy.",
    )


def _still_running(what: str, assignment: Assignment) -> TaskFailure:
    made = next(iter(assignment.handed_over.values()), None)
    read_by = f", {made.reader}," if made else ""
    return _unsound(
        Code.STILL_RUNNING,
        f"{what} of task {assignment.task} still runs when the task's values are stored: what it does from "
        f"then on, whoever reads them{read_by} would miss.",
        assignment,
        place=made or _first_cell(assignment),
        hint="Wait for it at the end of the task, with join() or await, or have it stop and wait for that.",
    )


def _unsound(
    code: Code,
    message: str,
    assignment: Assignment,
    *,
    place: Written | HandedOver,
    hint: str,
    line: int | None = None,
) -> TaskFailure:
    return TaskFailure(
        kind="unsound",
        cell=place.cell,
        cell_index=place.cell_index,
        line=line,
        message=f"{code.code}: {message}",
        taskbook=str(assignment.taskbook),
        hint=hint,
    )


def _own_cells(assignment: Assignment) -> tuple[Written, ...]:
    """The task's cells: where it must have been, if nothing tells more."""
    return tuple(
        Written(cell=cell, cell_index=index, line=None) for cell, index in assignment.cells.items()
    )


def _last_cell(assignment: Assignment) -> Written:
    return _own_cells(assignment)[-1]


def _first_cell(assignment: Assignment) -> Written:
    return _own_cells(assignment)[0]


def _load_failure(error: CellError, assignment: Assignment) -> TaskFailure:
    if error.ename in _MEMORY_ERRORS:
        return _no_memory("what it reads cannot be loaded", error, assignment)
    damaged = error.ename == "DamagedBundle"
    known = damaged or error.ename == "CannotLoad"
    return TaskFailure(
        kind="internal" if damaged or not known else "error",
        message=plain_text(error.evalue) if known else error.summary,
        last_lines="" if known else last_lines(error.text),
        taskbook=str(assignment.taskbook),
        hint="Run the task that made it again." if damaged else "",
    )


def _place(
    error: CellError, assignment: Assignment
) -> tuple[CellId | None, int | None, int | None]:
    """Cell, its place in the notebook, and line."""
    line = line_in_cell(error)
    definitions = _definitions(error.cell.id, assignment)
    if definitions:
        found = definition_at(definitions, line) if line is not None else None
        if found is None:
            return None, None, None
        return found[0].cell, found[0].cell_index, found[1]
    index = _index(error.cell.id, assignment)
    return (CellId(error.cell.id), index, line) if index is not None else (None, None, None)


def _excerpt(error: CellError, assignment: Assignment) -> str:
    return excerpt(error, lambda ran, line: _origin(ran, line, assignment))


def _origin(ran: RanCell, line: int, assignment: Assignment) -> tuple[str, int] | None:
    """What to call the cell that a line of the taskbook comes from, and the line there."""
    if definitions := _definitions(ran.id, assignment):
        found = definition_at(definitions, line)
        return (str(found[0].cell_index), found[1]) if found else None
    index = _index(ran.id, assignment)
    return (ran.label if index is None else str(index)), line


def _definitions(cell: str | None, assignment: Assignment) -> Sequence[Definition]:
    """What stands in a cell of the taskbook, if it is one of definitions."""
    by_cell = definitions_by_cell(assignment.definitions, tuple(assignment.cells.values()))
    return by_cell.get(cell or "", ())


def _index(cell: str | None, assignment: Assignment) -> int | None:
    if cell is None:
        return None
    places = {**assignment.prelude, **assignment.cells}
    return places.get(CellId(cell))


def _manner_of_death(exit_code: int) -> str:
    if exit_code >= 0:
        return f"it exited with code {exit_code}"
    try:
        return f"it was killed by {signal.Signals(-exit_code).name}"
    except ValueError:
        return f"it was killed by signal {-exit_code}"


def _way_out(exit_code: int, ran_out: RanOut) -> str:
    if exit_code >= 0:
        return "exit(), quit() and os._exit() end the kernel before results are stored."
    if exit_code == -_KILLED and ran_out is RanOut.NO:
        return (
            "Memory did not run out, says the system: somebody killed it, or a program that watches over memory or "
            "time did."
        )
    if exit_code in (-signal.SIGTERM, -_KILLED):
        return "If nobody killed it, memory ran out: run fewer jobs at once, or use less of it."
    return "A compiled library crashed it; the last lines may say which."
