"""What people are told of a verification: what is the same, what is not, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_dagflow.core.errors import block
from jupyter_dagflow.surfaces import words
from jupyter_dagflow.surfaces.report import Part

if TYPE_CHECKING:
    from jupyter_dagflow.core.events import TaskFailure
    from jupyter_dagflow.core.verify import Difference, Stopped, Verification

_UNEXPLAINED = (
    "Nothing that the compiler knows of this place explains it. Either it changes in a way that the "
    "code does not show: put what shares it into one task, or tag the task that changes it "
    "mutates:NAME. Or the notebook itself would not give the same twice: times, random numbers "
    "without a seed, files that it changes itself."
)
_SECOND = (
    "Run All came second, in the same folder. If a file, a folder or a table that the DAG has made "
    "is in its way, the notebook cannot be run twice: have it replace what is there, or remove it "
    "before you verify."
)


def parts(verification: Verification) -> list[Part]:
    """The verdict, then a block for each difference, then what could not be compared."""
    told: list[Part] = [headline(verification)]
    notebook = verification.notebook
    if verification.stopped is not None:
        told += _stops(verification.stopped, notebook)
    told += [_difference(different, notebook) for different in verification.different]
    if verification.not_compared:
        lines = [f"  {name}: {why}" for name, why in verification.not_compared.items()]
        told.append("\n".join(["not compared:", *lines]))
    return told


def headline(verification: Verification) -> str:
    """One line: whether the DAG did what Run All does."""
    name, stopped = verification.pipeline, verification.stopped
    if stopped is not None:
        if stopped.alike and stopped.dag is not None:
            return f"✗ {name}: Run All and the DAG both stop at {_place(stopped.dag)}"
        return f"✗ {name}: Run All and the DAG do not stop alike"
    different, equal = len(verification.different), len(verification.equal)
    if different:
        total = words.count(different + equal, "variable")
        verb = "differs" if different == 1 else "differ"
        return f"✗ {name}: {different} of {total} {verb} between Run All and the DAG"
    if not verification.ok:
        return f"✗ {name}: cancelled, nothing was compared"
    verb = "is" if equal == 1 else "are"
    return f"✓ {name}: {words.count(equal, 'variable')} {verb} equal in Run All and the DAG"


def runs(verification: Verification) -> str:
    """Where the two runs can be looked at."""
    return f"Run All was run {verification.run_all_id}, the DAG run {verification.run_id}"


def _difference(different: Difference, notebook: str) -> str:
    task = f", task {different.task}" if different.task else ""
    where = different.where(notebook)
    return "\n".join(
        [
            f"{different.difference}",
            *([f"  last written: {where}{task}"] if where else []),
            *(f"  because:      {why}" for why in different.explained_by),
            *([] if different.explained_by else [f"  {_UNEXPLAINED}"]),
        ]
    )


def _stops(stopped: Stopped, notebook: str) -> list[Part]:
    if stopped.alike and stopped.dag is not None:
        return [_stop(stopped.dag.message, stopped.dag, notebook)]
    told: list[Part] = [
        f"{side} goes through"
        if failure is None
        else _stop(f"{side}: {failure.message}", failure, notebook)
        for side, failure in (("Run All", stopped.run_all), ("the DAG", stopped.dag))
    ]
    return told if stopped.dag is not None else [*told, _SECOND]


def _stop(head: str, failure: TaskFailure, notebook: str) -> str:
    return block(
        head,
        where=failure.where(notebook),
        quoted=failure.last_lines,
        hint=failure.hint,
    )


def _place(failure: TaskFailure) -> str:
    return "the same place" if failure.cell_index is None else f"cell {failure.cell_index}"
