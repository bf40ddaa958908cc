"""The modules that a pipeline's tasks import before their cells run."""

from __future__ import annotations

import ast

from jupyter_dagflow.core.model import Pipeline


def imported_modules(pipeline: Pipeline) -> tuple[str, ...]:
    """The modules that setup and the copied definitions import, in notebook order, each once.

    Relative imports are left out. Example: ``import os.path`` and ``from math import pi`` give
    ``("os.path", "math")``.
    """
    definitions = [
        *pipeline.prelude_definitions,
        *(definition for task in pipeline.tasks for definition in task.definitions),
    ]
    sources = dict.fromkeys(definition.source for definition in definitions)
    found: dict[str, None] = {}
    for source in sources:
        if source.startswith(("import ", "from ")):
            for statement in ast.parse(source).body:
                if isinstance(statement, ast.Import):
                    found.update(dict.fromkeys(alias.name for alias in statement.names))
                elif isinstance(statement, ast.ImportFrom) and statement.module:
                    found.update({statement.module: None} if not statement.level else {})
    return tuple(name for name in found if name != "__future__")
