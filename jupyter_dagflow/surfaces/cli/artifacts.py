"""``dagflow artifacts``: the values that runs kept, and throwing them away."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from jupyter_dagflow.core.events import Stored
from jupyter_dagflow.core.model import TaskName
from jupyter_dagflow.surfaces import words
from jupyter_dagflow.surfaces.cli.output import put, put_json, put_table
from jupyter_dagflow.surfaces.cli.session import application
from jupyter_dagflow.surfaces.commands import Commands
from jupyter_dagflow.surfaces.file_formats import encoder
from jupyter_dagflow.surfaces.options import AsJson, RunArgument, duration, size_bytes
from jupyter_dagflow.surfaces.table import Column, Table

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="A value the run kept.")]

_PREVIEW = 60


def group() -> Commands:
    """The commands of ``dagflow artifacts``."""
    artifacts = Commands(help="The values that runs kept.")
    artifacts.command("list")(list_)
    artifacts.command()(show)
    artifacts.command()(get)
    artifacts.command("gc")(collect)
    return artifacts


def list_(run: RunArgument, as_json: AsJson = False) -> None:
    """List the values a run kept."""
    with application() as app:
        found = app.open_run(run)
        kept = found.artifacts()
    if as_json:
        from jupyter_dagflow.wire import artifact_document

        put_json([artifact_document(stored, task) for task, stored in kept])
    elif kept:
        put_table(_table(kept))
    else:
        put(f"Run {found.run_id} kept no values.")


def show(run: RunArgument, name: NameArgument, as_json: AsJson = False) -> None:
    """Show one value: its type, shape, size and the beginning of its text; nothing is unpickled."""
    with application() as app:
        task, stored = app.open_run(run).find(name)
    if as_json:
        from jupyter_dagflow.wire import artifact_document

        put_json(artifact_document(stored, task))
        return
    lines = [
        f"{stored.name}, made by task {task}",
        f"type:  {stored.type}",
        *([f"shape: {_shape(stored)}"] if stored.shape is not None else []),
        f"size:  {words.size(stored.size_bytes)}",
        "",
        stored.preview,
    ]
    put("\n".join(lines))


def get(
    run: RunArgument,
    name: NameArgument,
    to: Annotated[
        str,
        typer.Option(
            "--to",
            metavar="FILE",
            help="Where to write it; the ending says how: .json .txt .csv .parquet .npy .pkl",
            show_default=False,
        ),
    ],
) -> None:
    """Write a value to a file; a file that is there is replaced as a whole."""
    from jupyter_dagflow.storage.atomic import write_bytes

    path = Path(to)
    encode = encoder(path.suffix)
    with application() as app:
        found = app.open_run(run)
        value = found.value(name)
    data = encode(value)
    write_bytes(path, data)
    put(f"{name} → {path} ({words.size(len(data))})")


def collect(
    older_than: Annotated[
        str,
        typer.Option(
            "--older-than",
            metavar="DUR",
            help="Keep what runs have that are younger, and results that were reused since: 12h, 30d.",
        ),
    ] = "30d",
    max_size: Annotated[
        str | None,
        typer.Option(
            "--max-size",
            metavar="SIZE",
            help="Also remove what was not used for longest until all values have at most that: 500MB, 20GB.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Remove values that neither younger runs nor results to be reused need, or that are beyond a size."""
    older_than_s = duration(older_than)
    max_bytes = None if max_size is None else size_bytes(max_size)
    with application() as app:
        removed = app.collect_garbage(older_than_s=older_than_s, max_bytes=max_bytes)
    if as_json:
        put_json(removed)
        return
    values, results = (
        words.count(removed.artifacts, "stored value"),
        words.count(removed.cache_entries, "result"),
    )
    put(
        f"removed {values} and {results} to reuse, older than {older_than}"
        f"{f' or beyond {max_size}' if max_size else ''}: "
        f"{words.size(removed.freed_bytes)} freed"
    )


def _table(kept: list[tuple[TaskName, Stored]]) -> Table:
    return Table(
        columns=(
            Column("name", style="bold"),
            Column("task"),
            Column("type"),
            Column("shape"),
            Column("size", number=True),
            Column("preview"),
        ),
        rows=tuple(
            (
                stored.name,
                task,
                stored.type,
                _shape(stored),
                words.size(stored.size_bytes),
                words.shortened(" ".join(stored.preview.split()), _PREVIEW),
            )
            for task, stored in kept
        ),
    )


def _shape(stored: Stored) -> str:
    return "" if stored.shape is None else " x ".join(str(length) for length in stored.shape)
