"""A notebook on its way from a file to a run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from jupyter_dagflow.core.model import Compilation, Notebook, PartitionBy
from jupyter_dagflow.core.secrets import NO_SECRETS, Secrets
from jupyter_dagflow.execution.circumstances import Circumstances
from jupyter_dagflow.storage.step_texts import AS_THEY_ARE, StepTexts


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A notebook that can run: compiled without errors, its parameters resolved, its kernel there.

    ``source`` and ``parameters`` are without ``secrets``; ``texts`` has what it and its steps were read from.
    """

    source: Notebook
    compilation: Compilation
    parameters: dict[str, object]
    cwd: Path
    by: PartitionBy = PartitionBy.AUTO
    secrets: Secrets = NO_SECRETS
    circumstances: Circumstances
    texts: StepTexts = AS_THEY_ARE
