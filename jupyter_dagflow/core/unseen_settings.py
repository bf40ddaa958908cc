"""Settings of libraries that a task changed in code outside the notebook, and who began without them.

The law: in the notebook a library stays as it was set last. What the compiler sees of that is repeated in every task
below; what it does not see shows in that a later task begins with something else. That can be told of a task when all
above it have ended.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from jupyter_dagflow.core.lookup import Lookup
from jupyter_dagflow.core.model import TaskName
from jupyter_dagflow.core.side_effects import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Unseen:
    """A task that began without what another, above it, had ``changed`` of a library's settings."""

    setter: TaskName
    reader: TaskName
    library: str
    changed: tuple[str, ...]


class UnseenSettings:
    """How the tasks of a run found libraries and left them, each task judged once."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self._told: dict[int, Mapping[str, Settings] | None] = {}
        self._next = 0
        self._last: dict[str, tuple[TaskName, Settings]] = {}

    def add(self, task: TaskName, settings: Mapping[str, Settings] | None) -> None:
        """Take in what a task that has ended tells; None of one that was skipped."""
        self._told.setdefault(self._lookup.places[task], settings)

    def judged(self) -> Iterator[Unseen]:
        """What can be told by now and could not before, in notebook order."""
        while self._next in self._told:
            task = self._lookup.pipeline.tasks[self._next].name
            settings = self._told[self._next]
            self._next += 1
            if settings is None or self._lookup.interleaved_with(task):
                continue  # in the second case it has cells above and below those of others
            for library, (setter, last) in self._last.items():
                found = settings.get(library)
                if found is None or last.after not in (found.before, found.after):
                    yield Unseen(setter=setter, reader=task, library=library, changed=last.changed)
            self._last.update({n: (task, s) for n, s in settings.items() if s.changed})
