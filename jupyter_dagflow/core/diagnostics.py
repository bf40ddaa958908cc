"""What the compiler has to say about a notebook, as values.

The law: findings are collected, never raised one by one, so that one look shows them all. A code keeps its
meaning for ever; a code that is retired is not given again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from jupyter_dagflow.core.errors import InputError, Location


class Severity(str, Enum):
    """How much a finding matters: an error stops a run, a warning does not, information only explains."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Code(Enum):
    """Every finding there is: its code, its severity, and its name."""

    SYNTAX = ("DF101", Severity.ERROR)
    BAD_TAG = ("DF102", Severity.ERROR)
    MISSPELT_TAG = ("DF103", Severity.WARNING)
    OPTION_CONFLICT = ("DF104", Severity.ERROR)
    TWO_PARAMETERS_CELLS = ("DF105", Severity.ERROR)
    PARAMETER_NOT_LITERAL = ("DF106", Severity.ERROR)
    CYCLE = ("DF107", Severity.ERROR)
    UNKNOWN_TASK = ("DF108", Severity.ERROR)
    NOT_BUILT = ("DF109", Severity.ERROR)
    UNTAGGED_TASK = ("DF110", Severity.INFO)
    OPAQUE_MAGIC = ("DF111", Severity.INFO)
    UNDEFINED_NAME = ("DF112", Severity.WARNING)
    SETUP_READS_TASK = ("DF113", Severity.ERROR)
    TWO_VERSIONS = ("DF114", Severity.ERROR)
    STAR_IMPORT = ("DF115", Severity.WARNING)
    HISTORY_NAME = ("DF116", Severity.ERROR)
    OPTION_WITHOUT_TASK = ("DF117", Severity.ERROR)
    UNKNOWN_NAME = ("DF118", Severity.ERROR)
    AMBIENT_ORDER = ("DF119", Severity.INFO)
    NEEDS_LANE = ("DF120", Severity.WARNING)
    UNCERTAIN_ORDER = ("DF121", Severity.ERROR)
    NO_TASKS = ("DF122", Severity.WARNING)
    FILE_ORDER = ("DF123", Severity.WARNING)
    SHADOWED = ("DF124", Severity.INFO)
    SETTING_STAYS = ("DF125", Severity.WARNING)
    UNSIZED_POOL = ("DF126", Severity.INFO)
    UNKNOWN_SECRET = ("DF130", Severity.ERROR)
    MAP_ACCUMULATOR = ("DF131", Severity.ERROR)
    MAP_DEPENDENCE = ("DF132", Severity.ERROR)
    MAP_LAST_ITERATION = ("DF133", Severity.ERROR)
    MAP_FORM = ("DF134", Severity.ERROR)
    LANE = ("DF135", Severity.ERROR)
    OTHER_DIALECT = ("DF140", Severity.INFO)
    NO_PARAMETER = ("DF141", Severity.INFO)
    NESTED_NOTEBOOK = ("DF150", Severity.ERROR)
    # found when it runs
    UNDECLARED_CHANGE = ("DF201", Severity.ERROR)
    FILE_RACE = ("DF202", Severity.ERROR)
    OBSERVED = ("DF203", Severity.INFO)
    UNSEEN_DRAW = ("DF204", Severity.ERROR)
    UNDECLARED_SHARING = ("DF205", Severity.ERROR)
    STILL_RUNNING = ("DF206", Severity.ERROR)

    def __init__(self, code: str, severity: Severity) -> None:
        self.code = code
        self.severity = severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One finding about one place of a notebook; ``file_line`` as in `Location`."""

    code: str
    severity: Severity
    message: str
    cell: str | None = None
    cell_index: int | None = None
    line: int | None = None
    hint: str = ""
    file_line: int | None = None

    @classmethod
    def of(
        cls,
        code: Code,
        message: str,
        *,
        cell: str | None = None,
        cell_index: int | None = None,
        line: int | None = None,
        hint: str = "",
    ) -> Diagnostic:
        """Make a finding whose code and severity come from the table."""
        return cls(
            code=code.code,
            severity=code.severity,
            message=message,
            cell=cell,
            cell_index=cell_index,
            line=line,
            hint=hint,
        )

    @property
    def where(self) -> Location:
        """The place the finding is about, without the notebook's name."""
        return Location(
            cell=self.cell, cell_index=self.cell_index, line=self.line, file_line=self.file_line
        )


class CompilationFailed(InputError):
    """The notebook has errors, so nothing was run. Each is listed with its cell, line and way out."""

    code = "compilation"

    def __init__(self, notebook: str, diagnostics: tuple[Diagnostic, ...]) -> None:
        self.diagnostics = diagnostics
        self.errors = tuple(d for d in diagnostics if d.severity is Severity.ERROR)
        first = self.errors[0]
        more = (
            f" (and {len(self.errors) - 1} more: dagflow check lists them)"
            if len(self.errors) > 1
            else ""
        )
        super().__init__(
            f"{first.code}: {first.message}{more}",
            hint=first.hint,
            where=replace(first.where, notebook=notebook),
        )
