"""How a run was asked for, as its log keeps it: so that whoever takes it over goes on in the same way.

The law: plain values with defaults, which older logs lack and newer ones may have more of.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

from jupyter_dagflow.core.model import PartitionBy, TaskName
from jupyter_dagflow.core.selection import Selected


@dataclass(frozen=True, slots=True, kw_only=True)
class RunConfig:
    """The folder in which the tasks run, and the options of the run; ``jobs`` 0 are those of the settings.

    ``run`` and ``given`` are the tasks that were selected; None for all. ``keep_names`` are variables that are kept
    though no task reads them. People are told if it takes longer than ``expected_s`` (0: it may), or goes on at
    ``deadline_at``, in ISO format. ``schedule`` is the name of the one that it is a run of. One that is itself a step
    of a task has ``within``, the fields of a `nested.Within`.
    """

    folder: str
    by: str = PartitionBy.AUTO.value
    jobs: int = 0
    keep_all: bool = False
    survivors: str = ""
    reuse: str = "yes"
    run: tuple[str, ...] | None = None
    given: tuple[str, ...] = ()
    keep_names: tuple[str, ...] = ()
    expected_s: float = 0.0
    deadline_at: str = ""
    schedule: str = ""
    within: Mapping[str, str] | None = None

    @classmethod
    def of(cls, options: Mapping[str, object], *, folder: str) -> RunConfig:
        """What a log says; ``folder`` is where the notebook lies, if the log is from before it told that."""
        known = {each.name for each in fields(cls)}
        return cls(**{"folder": folder, **{n: v for n, v in options.items() if n in known}})  # type: ignore[arg-type]

    @property
    def selected(self) -> Selected | None:
        """The tasks that were selected."""
        if self.run is None:
            return None
        return Selected(
            run=frozenset(map(TaskName, self.run)), given=frozenset(map(TaskName, self.given))
        )

    def options(self) -> dict[str, object]:
        """The same as plain values."""
        return asdict(self)
