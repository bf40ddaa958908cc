"""The texts of the project's modules, found as Python would find them.

The law: nothing is imported or run; a module is known by the folders that the notebook's own folder and the files of
modules seen before give.
"""

from __future__ import annotations

import tokenize
from collections.abc import Mapping, Sequence
from pathlib import Path

from jupyter_dagflow.core.module_use import ModuleText


def roots_of(cwd: Path, modules: Mapping[str, str]) -> tuple[Path, ...]:
    """The folders to look in: the notebook's, then those that modules came from, each with its file.

    >>> roots_of(Path("/nb"), {"a.b": "/src/a/b.py"})
    (PosixPath('/nb'), PosixPath('/src'))
    """
    found = [cwd]
    for name, file in modules.items():
        path = Path(file)
        depth = name.count(".") + (1 if path.stem == "__init__" else 0)
        if depth < len(path.parents):
            found.append(path.parents[depth])
    return tuple(dict.fromkeys(found))


def module_text(roots: Sequence[Path], name: str) -> ModuleText | None:
    """The text of a module that lies in one of these folders; None if none has it."""
    parts = name.split(".")
    if not all(part.isidentifier() for part in parts):
        return None
    for root in roots:
        base = root.joinpath(*parts)
        for path, is_package in ((base / "__init__.py", True), (base.with_suffix(".py"), False)):
            try:
                with tokenize.open(path) as file:
                    return ModuleText(file.read(), is_package)
            except (OSError, SyntaxError, UnicodeDecodeError):
                continue
    return None
