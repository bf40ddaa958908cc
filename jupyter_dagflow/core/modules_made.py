"""Modules that a notebook writes itself, as ``%%writefile helpers.py`` does, and the tasks that import them.

The law: a cell that imports such a module reads its file, so there is an edge as for a tag ``reads:helpers.py``.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import replace

from jupyter_dagflow.core.analysis.dataflow import Dataflow
from jupyter_dagflow.core.analysis.parsing import parsed
from jupyter_dagflow.core.files import FileUses
from jupyter_dagflow.core.model import Mention, TaskName
from jupyter_dagflow.core.partition import Partition

_SOURCE = ".py"


def with_modules_made(
    files: Mapping[TaskName, FileUses], parts: Partition, flow: Dataflow
) -> Mapping[TaskName, FileUses]:
    """The uses of files, and that who imports a module reads it which a cell of the notebook writes."""
    written = (mention.name for node in flow.nodes.values() for mention in node.files_written)
    made = frozenset(path[: -len(_SOURCE)] for path in written if path.endswith(_SOURCE))
    if not made:
        return files
    found = dict(files)
    for name, task in parts.tasks.items():
        node = flow.nodes.get(name)
        own = [(cell.id, cell.code, 0) for cell in task.cells]
        copied = [(d.cell, d.source, d.line - 1) for d in (node.definitions if node else ())]
        read = tuple(
            Mention(name=module + _SOURCE, cell=cell, line=line + above)
            for cell, code, above in (*own, *copied)
            for module, line in _imported(code)
            if module in made
        )
        if read:
            uses = found[name]
            found[name] = replace(uses, says_it_reads=(*uses.says_it_reads, *read))
    return found


def _imported(code: str) -> Iterator[tuple[str, int]]:
    """The modules that code imports, by their whole names, each with the line."""
    for statement in parsed(code):
        for node in ast.walk(statement):
            if isinstance(node, ast.Import):
                yield from ((alias.name, node.lineno) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield node.module, node.lineno
