"""``dagflow examples``: notebooks to begin with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from jupyter_dagflow.core.errors import EnvironmentFault, NotebookError, OptionError
from jupyter_dagflow.surfaces.cli.output import put, put_json, put_table
from jupyter_dagflow.surfaces.commands import Commands
from jupyter_dagflow.surfaces.options import AsJson
from jupyter_dagflow.surfaces.table import Column, Table

_NOT_COPIED = frozenset({".ipynb_checkpoints", "__pycache__", "output"})


def group() -> Commands:
    """The commands of ``dagflow examples``; without one, they are listed."""
    examples = Commands(help="Notebooks to begin with.", invoke_without_command=True)
    examples.callback()(_listed_by_default)
    examples.command("list")(list_)
    examples.command()(copy)
    return examples


def folder() -> Path:
    """Where the examples lie: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parents[2]
    for candidate in (package / "examples", package.parent / "notebooks"):
        if any(candidate.glob("*.ipynb")):
            return candidate
    raise EnvironmentFault(
        "The example notebooks are not part of this installation.",
        hint="Install it again: pip install --force-reinstall --no-deps jupyter-dagflow",
    )


def _listed_by_default(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        list_()


def list_(as_json: AsJson = False) -> None:
    """List the examples."""
    found = [(path.name, _title(path)) for path in sorted(folder().glob("*.ipynb"))]
    if as_json:
        from jupyter_dagflow.wire import ExampleDocument

        put_json([ExampleDocument(name=name, title=title) for name, title in found])
        return
    put_table(Table(columns=(Column("notebook", style="bold"), Column("about")), rows=tuple(found)))
    put("\nnext: dagflow examples copy DIR, then dagflow run DIR/" + found[0][0])


def copy(
    directory: Annotated[
        str, typer.Argument(metavar="DIR", help="Where to; it is made if need be.")
    ],
) -> None:
    """Copy the examples to a folder; a file that is there already is never replaced."""
    from jupyter_dagflow.storage.atomic import write_bytes

    source, target = folder(), Path(directory)
    files = [
        path.relative_to(source)
        for path in sorted(source.rglob("*"))
        if path.is_file() and not _NOT_COPIED & set(path.relative_to(source).parts)
    ]
    there = [str(target / file) for file in files if (target / file).exists()]
    if there or (target.exists() and not target.is_dir()):
        raise OptionError(
            f"{there[0] if there else target} is there already; nothing was copied.",
            hint="Name another folder, or move that file away.",
        )
    for file in files:
        write_bytes(target / file, (source / file).read_bytes())
    notebooks = sum(file.suffix == ".ipynb" for file in files)
    put(f"Copied {notebooks} notebooks and {len(files) - notebooks} other files to {target}.")


def _title(path: Path) -> str:
    """The first heading of a notebook."""
    from jupyter_dagflow.core.model import CellKind
    from jupyter_dagflow.storage.notebooks import read_notebook

    try:
        cells = read_notebook(path).cells
    except NotebookError:
        return ""
    lines = (
        line
        for cell in cells
        if cell.kind is CellKind.MARKDOWN
        for line in cell.source.splitlines()
    )
    return next((line.lstrip("# ").strip() for line in lines if line.startswith("#")), "")
