"""How long it takes from the beginning of each task to the end of all that waits for it.

The law: what is left behind a task is its own duration and the longest path of tasks below it, for nobody can be done
before that, however many run at once. Durations are expectations: they decide who goes first, never what may run.
Linear in tasks and edges.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import fsum

from jupyter_dagflow.core.model import TaskName

_UNKNOWN_S = 1.0  # any number would do where all are unknown: then the number of tasks counts


def remaining_paths(
    downstream: Mapping[TaskName, Sequence[TaskName]], durations: Mapping[TaskName, float]
) -> dict[TaskName, float]:
    """The longest remaining path of each task, in seconds.

    ``downstream`` has a key for every task and no cycle. A task whose duration nobody knows counts as the mean of
    those that are known.

    >>> remaining_paths({"load": ["plot", "fit"], "plot": [], "fit": []}, {"load": 1.0, "plot": 2.0, "fit": 6.0})
    {'plot': 2.0, 'fit': 6.0, 'load': 7.0}
    """
    known = [durations[name] for name in downstream if name in durations]
    otherwise = fsum(known) / len(known) if known else _UNKNOWN_S
    upstream: dict[TaskName, list[TaskName]] = {name: [] for name in downstream}
    for name, children in downstream.items():
        for child in children:
            upstream[child].append(name)
    waiting = {name: len(children) for name, children in downstream.items()}
    below = dict.fromkeys(downstream, 0.0)
    found: dict[TaskName, float] = {}
    settled = [name for name, children in waiting.items() if not children]
    for name in settled:  # it grows as the tasks above them are settled
        found[name] = durations.get(name, otherwise) + below[name]
        for parent in upstream[name]:
            below[parent] = max(below[parent], found[name])
            waiting[parent] -= 1
            if not waiting[parent]:
                settled.append(parent)
    return found


def expected_paths(
    tasks: Sequence[tuple[TaskName, Sequence[TaskName]]], durations: Mapping[TaskName, float]
) -> dict[TaskName, float]:
    """The same of tasks with those above them; nothing if of no task it is known how long it takes.

    >>> expected_paths([("load", []), ("fit", ["load"])], {"fit": 6.0})
    {'fit': 6.0, 'load': 12.0}
    >>> expected_paths([("load", []), ("fit", ["load"])], {})
    {}
    """
    downstream: dict[TaskName, list[TaskName]] = {name: [] for name, _ in tasks}
    for name, above in tasks:
        for each in above:
            downstream[each].append(name)
    if not durations.keys() & downstream.keys():
        return {}
    return remaining_paths(downstream, durations)
