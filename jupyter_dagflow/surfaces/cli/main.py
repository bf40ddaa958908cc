"""``dagflow``: puts the commands together and is the edge at which every error ends."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, NoReturn

import typer

from jupyter_dagflow import __version__
from jupyter_dagflow.surfaces.cli import (
    artifacts,
    backfill,
    db,
    doctor,
    errors,
    examples,
    run,
    runs,
    schedule,
    serve,
    tag,
    verify,
)
from jupyter_dagflow.surfaces.cli import (
    compile as compile_,
)
from jupyter_dagflow.surfaces.cli.output import hush, put
from jupyter_dagflow.surfaces.commands import Commands

PROGRAM = "dagflow"
_COLLECT_AFTER = 50_000  # new objects; most are modules' and stay, and are not to be gone through again and again


def _version(asked: bool) -> None:
    if asked:
        put(f"jupyter-dagflow {__version__}")
        raise typer.Exit


def _root(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show tracebacks of errors (anywhere on the line).")
    ] = False,
) -> None:
    """Tag the cells of a notebook; run them as a DAG."""
    del version, debug  # --version has answered already; --debug is read by main()
    if context.invoked_subcommand is None:
        put(context.get_help())


def build() -> Commands:
    """The program with all its commands."""
    app = Commands(complete=True)
    app.callback(invoke_without_command=True)(_root)
    app.command("compile")(compile_.compile_notebook)
    app.command("check")(compile_.check)
    app.command("tag")(tag.tag)
    app.command("run")(run.run)
    app.command("verify")(verify.verify)
    app.command("backfill")(backfill.backfill)
    app.command("serve")(serve.serve)
    app.add_typer(runs.group(), name="runs")
    app.add_typer(artifacts.group(), name="artifacts")
    app.add_typer(schedule.group(), name="schedule")
    app.add_typer(examples.group(), name="examples")
    app.command("doctor")(doctor.doctor)
    app.add_typer(db.group(), name="db")
    return app


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit with its code."""
    gc.set_threshold(_COLLECT_AFTER)
    code = perform(sys.argv[1:] if argv is None else argv)
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        hush(sys.stdout)
    sys.exit(code)


def perform(argv: Sequence[str]) -> int:
    """Run the command line and return its exit code.

    ``--debug`` may stand anywhere before ``--``; whether ``--json`` does is known before the
    options are read, since errors in reading them are told in JSON too.
    """
    own = list(argv[: argv.index("--")] if "--" in argv else argv)
    debug = "--debug" in own
    as_json = _wants_json(own)
    arguments = [argument for argument in own if argument != "--debug"] + list(argv[len(own) :])
    try:
        result = typer.main.get_command(build()).main(
            arguments, prog_name=PROGRAM, standalone_mode=False
        )
    except (KeyboardInterrupt, typer.Abort):
        return errors.tell_interrupted(as_json=as_json)
    except Exception as error:  # noqa: BLE001 -- the edge: every error gets its block
        return errors.tell(error, as_json=as_json, debug=debug)
    return result if isinstance(result, int) else 0


def _wants_json(arguments: Sequence[str]) -> bool:
    return (
        "--json" in arguments
        or "--format=json" in arguments
        or ("--format", "json") in pairwise(arguments)
    )


if __name__ == "__main__":
    main()
