"""Files that changed after a task had read them, and no task is known to have written them.

The law: another program, or a library in compiled code, writes where nobody sees it; but a file has
the time of its last change, and each task that of its own cells. What changed while a task ran that
nothing puts after the reader may have to be there before it is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from jupyter_dagflow.core.diagnostics import Code
from jupyter_dagflow.core.errors import NOWHERE, Location
from jupyter_dagflow.core.files import meet
from jupyter_dagflow.core.lookup import Lookup
from jupyter_dagflow.core.model import TaskName
from jupyter_dagflow.core.races import Touched

_MOST_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedUnseen:
    """A file that changed after ``reader`` had read it, while each of ``writers`` ran."""

    file: str
    reader: TaskName
    writers: tuple[TaskName, ...]
    read_at: Location = NOWHERE

    def at(self, _task: TaskName) -> Location:
        """Where the file was read, as far as that is known."""
        return self.read_at

    @property
    def message(self) -> str:
        """What happened, in words."""
        return (
            f"{Code.FILE_RACE.code}: {self.file} changed after task {self.reader} had read it, while "
            f"{self._named} ran, and nothing says which comes first."
        )

    @property
    def hint(self) -> str:
        """What to do about it."""
        first = self.writers[0]
        again = "Run it again: that is known from now on. To say so in the notebook,"
        return (
            "Another program or a library may have written it there, where Python does not see it. "
            f"{again if self.sure else 'If so,'} tag task {first} writes:{self.file} and task "
            f"{self.reader} reads:{self.file}; or tag task {self.reader} after:{first}."
        )

    @property
    def sure(self) -> bool:
        """Whether it can be but one task."""
        return len(self.writers) == 1

    @property
    def _named(self) -> str:
        more = len(self.writers) - _MOST_NAMED
        names = ", ".join(self.writers[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
        return f"{'task' if self.sure else 'tasks'} {names}"


@dataclass(frozen=True, slots=True)
class Span:
    """When a task's own cells ran, in nanoseconds since 1970, by the clock that files are stamped with."""

    began_ns: int
    ended_ns: int

    def has(self, moment_ns: int) -> bool:
        """Whether a file stamped with this moment may have changed then."""
        return self.began_ns <= moment_ns <= self.ended_ns


def changed_unseen(
    lookup: Lookup,
    touched: Touched,
    spans: Mapping[TaskName, Span],
    changes: Iterable[tuple[TaskName, str, int]],
) -> ChangedUnseen | None:
    """The first of some changes that makes a task's result uncertain: each a reader, a file, and when
    the file changed after that.

    A change that a task is known to have made, or says it makes, is no such; nor is one that happened
    while only tasks ran that come after the reader, or none.
    """
    for reader, file, moment_ns in changes:
        running = [task for task, span in spans.items() if span.has(moment_ns) and task != reader]
        if any(_is_known_to_write(lookup, touched, task, file) for task in (*running, reader)):
            continue
        ordered = lookup.ordered_with(reader) if running else 0
        writers = [task for task in running if not ordered >> lookup.places[task] & 1]
        if writers:
            writers.sort(key=lookup.places.__getitem__)
            at = touched.at(reader, file)
            return ChangedUnseen(file=file, reader=reader, writers=tuple(writers), read_at=at)
    return None


def _is_known_to_write(lookup: Lookup, touched: Touched, task: TaskName, file: str) -> bool:
    says = lookup.task(task).leaves_files
    return touched.wrote(task, file) or any(meet(pattern, file) for pattern in says)
