"""What every program that is handed a notebook file does with it, short of running its cells."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Mapping
from pathlib import Path

from jupyter_dagflow.app import compile_notebook
from jupyter_dagflow.core.errors import DagflowError, ParameterError
from jupyter_dagflow.core.lookup import Lookup
from jupyter_dagflow.core.model import CellId, RunId
from jupyter_dagflow.core.parameters import resolve_parameters
from jupyter_dagflow.execution.attempt_files import prepare_attempt, write_files
from jupyter_dagflow.execution.files import RunFiles
from jupyter_dagflow.storage.atomic import write_bytes
from jupyter_dagflow.storage.executed import write_executed
from jupyter_dagflow.storage.logs import read_log
from jupyter_dagflow.storage.notebooks import notebook_bytes_of, read_notebook
from jupyter_dagflow.surfaces.cli.main import perform

COMMANDS = (
    ("check",),
    ("check", "--json"),
    ("compile",),
    ("compile", "--json"),
    ("compile", "--format", "mermaid"),
    ("tag",),
)


def told(*arguments: str) -> tuple[int, str]:
    """The exit code of a command and all that it said; never a traceback, nor that we are at fault."""
    out, error = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(error):
        code = perform(arguments)
    text = out.getvalue() + error.getvalue()
    assert "Traceback" not in text, text
    assert "This is our fault" not in text, text
    if "--json" in arguments:
        json.loads(out.getvalue())
    assert text, "something is said"
    return code, text


def examine(path: Path) -> bool:
    """Check, compile, tag and prepare to run a notebook file; whether it could run.

    Raises whatever is no clear error.
    """
    codes = {told(*command[:1], str(path), *command[1:])[0] for command in COMMANDS}
    assert codes <= {0, 2, 3}, codes
    before = path.read_bytes()
    refused: list[DagflowError] = []
    try:
        could_run = prepared(path, path.parent / "home")
    except DagflowError as error:
        refused, could_run = [error], False
    assert all(error.exit_code in (2, 3) and error.hint for error in refused)
    assert path.read_bytes() == before
    assert could_run or codes != {0}, "who refuses it says so"
    return could_run


def prepared(path: Path, home: Path) -> bool:
    """Do all that `Dagflow.run` does with the file itself; False if it does not compile."""
    notebook = read_notebook(path)
    compilation = compile_notebook(path)
    if not compilation.ok:
        return False
    pipeline = compilation.pipeline
    parameters: Mapping[str, object] = {}
    with contextlib.suppress(ParameterError):
        parameters = resolve_parameters(pipeline.parameters, {}, texts=None, notebook=notebook.path)
    files = RunFiles(home, RunId("run"))
    write_bytes(files.source, notebook_bytes_of(notebook), durable=False)
    taskbooks: dict[CellId, Path] = {}
    for task in pipeline.tasks:
        assignment = prepare_attempt(
            task=task.name,
            attempt=1,
            run_id=files.run_id,
            notebook=notebook,
            lookup=Lookup(pipeline),
            files=files,
            store=home / "artifacts",
            cwd=path.parent,
            parameters=parameters,
        )
        write_files(assignment)
        read_log(assignment.taskbook, assignment.task)
        taskbooks.update(dict.fromkeys(task.cells, assignment.taskbook))
    write_executed(files.executed, source=files.source, taskbooks=taskbooks, durable=False)
    json.loads(files.executed.read_bytes())
    return True
