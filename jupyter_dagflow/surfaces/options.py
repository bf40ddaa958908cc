"""The options of commands: one parser for ``dagflow …`` and for ``%dagflow …`` in a notebook.

The law: an option's name, type and help are written once, here, as an annotated type. A command of
the terminal and the magic of the same name use those types in the signature that typer reads, so
both take the same strings, and both end in the same frozen value. The magic parses with typer as
well (``standalone_mode=False``), which neither exits the process nor prints an error: a wrong
option is an `OptionError` here as there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from jupyter_dagflow.core.errors import NotFound, OptionError
from jupyter_dagflow.core.masking import MASK
from jupyter_dagflow.core.model import PartitionBy
from jupyter_dagflow.core.nested import VERB, Step, step_of
from jupyter_dagflow.core.selection import EVERYTHING, Selection
from jupyter_dagflow.core.sizes import parse_size
from jupyter_dagflow.core.tags import duration_s
from jupyter_dagflow.surfaces.commands import Commands, UsageError, option_error

T = TypeVar("T")

NotebookArgument = Annotated[
    str, typer.Argument(metavar="NOTEBOOK", help="The notebook file.", show_default=False)
]
OtherNotebook = Annotated[
    str | None,
    typer.Option(
        "--notebook",
        metavar="FILE",
        help="The notebook file, where the front end does not tell it.",
        show_default=False,
    ),
]
# Typed as text and read here: what typer says of a wrong number or choice changes from version to
# version.
By = Annotated[
    str,
    typer.Option(
        "--by", metavar="|".join(by.value for by in PartitionBy), help="What makes a task of cells."
    ),
]
Suggest = Annotated[bool, typer.Option("--suggest", help="Propose tags for the cells instead.")]
Parameters = Annotated[
    list[str] | None,
    typer.Option(
        "-p",
        "--parameter",
        metavar="NAME=VALUE",
        help="Set a parameter; may be repeated.",
        show_default=False,
    ),
]
ParameterFile = Annotated[
    str | None,
    typer.Option(
        "-f",
        "--file",
        metavar="FILE.yaml",
        help="Set parameters from a YAML or JSON file.",
        show_default=False,
    ),
]
Jobs = Annotated[
    str | None,
    typer.Option(
        "--jobs",
        metavar="N",
        help="How many tasks may run at once.",
        show_default="the cores there are",
    ),
]
Keep = Annotated[
    str | None,
    typer.Option(
        "--keep",
        metavar="all",
        help="Keep every variable as a result, not only those that tasks pass on.",
        show_default=False,
    ),
]
Fresh = Annotated[
    bool,
    typer.Option("--fresh", help="Run every task: reuse no earlier result."),
]
Only = Annotated[
    list[str] | None,
    typer.Option(
        "--only",
        metavar="TASK",
        help="Run this task, with the values that those above it left in earlier runs; may be repeated.",
        show_default=False,
    ),
]
Since = Annotated[
    list[str] | None,
    typer.Option(
        "--from",
        metavar="TASK",
        help="Run this task and all that depend on it, with values of earlier runs; may be repeated.",
        show_default=False,
    ),
]
Until = Annotated[
    list[str] | None,
    typer.Option(
        "--until",
        metavar="TASK",
        help="Run this task and all that it depends on, and no others; may be repeated.",
        show_default=False,
    ),
]
Executor = Annotated[
    str, typer.Option("--executor", metavar="local", help="Where tasks run: on this machine.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Background = Annotated[
    bool, typer.Option("--background", help="Return at once; %dagflow status tells how it goes.")
]
RunArgument = Annotated[
    str,
    typer.Argument(metavar="RUN", help="A run: its id, the beginning of it, or 'latest'."),
]
RunBefore = Annotated[
    str,
    typer.Argument(metavar="BEFORE", help="A run: its id, the beginning of it, or 'latest'."),
]
RunAfter = Annotated[
    str, typer.Argument(metavar="AFTER", help="The run to compare it with, named likewise.")
]
AttemptOption = Annotated[
    str | None,
    typer.Option(
        "--attempt",
        metavar="N",
        help="Of this attempt at the task.",
        show_default="the last one",
    ),
]
RunOption = Annotated[
    str | None,
    typer.Option(
        "--run",
        metavar="RUN",
        help="A run: its id, the beginning of it, or 'latest'; else the notebook's newest that kept the values.",
        show_default=False,
    ),
]
Expressions = Annotated[
    list[str] | None,
    typer.Option(
        "-p",
        "--parameter",
        metavar="NAME=EXPRESSION",
        help="Give its parameter NAME the value of an expression; may be repeated.",
        show_default=False,
    ),
]
Outputs = Annotated[
    list[str] | None,
    typer.Option(
        "-o",
        "--output",
        metavar="[THEIRS=]NAME",
        help="Bind NAME to its variable of that name, or to THEIRS; may be repeated.",
        show_default=False,
    ),
]
Names = Annotated[
    list[str], typer.Argument(metavar="NAME…", help="The values to load.", show_default=False)
]


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphOptions:
    """What ``%dagflow`` and ``check`` are asked; ``notebook`` None: the one it is typed in."""

    notebook: str | None
    by: PartitionBy = PartitionBy.AUTO


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """What ``run`` is asked: ``parameters`` come from ``-f``, ``parameter_texts`` from ``-p``."""

    notebook: str | None
    parameters: Mapping[str, object] = field(default_factory=dict)
    parameter_texts: Mapping[str, str] = field(default_factory=dict)
    by: PartitionBy = PartitionBy.AUTO
    jobs: int | None = None
    keep: str | None = None
    fresh: bool = False
    selection: Selection = EVERYTHING
    as_json: bool = False
    background: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadOptions:
    """What ``%dagflow load`` is asked: the names of values and the run that kept them, if one is named."""

    names: tuple[str, ...]
    run: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffOptions:
    """What ``runs diff`` is asked: two runs, and whether in JSON."""

    before: str
    after: str
    as_json: bool = False


def run_command(
    notebook: NotebookArgument,
    parameter: Parameters = None,
    file: ParameterFile = None,
    by: By = "auto",
    jobs: Jobs = None,
    keep: Keep = None,
    fresh: Fresh = False,
    only: Only = None,
    since: Since = None,
    until: Until = None,
    executor: Executor = "local",
    as_json: AsJson = False,
) -> RunOptions:
    """Run a notebook as a DAG and wait for its end."""
    check_executor(executor)
    parameters, texts = gathered_parameters(parameter or (), file)
    return RunOptions(
        notebook=notebook,
        parameters=parameters,
        parameter_texts=texts,
        by=checked_by(by),
        jobs=whole_number(jobs),
        keep=keep,
        fresh=fresh,
        selection=Selection(
            only=tuple(only or ()), since=tuple(since or ()), until=tuple(until or ())
        ),
        as_json=as_json,
    )


def parse_run(argv: Sequence[str]) -> RunOptions | None:
    """Read the options of ``%dagflow run``; None if help was asked for, which is then printed.

    Raises `OptionError` and `NotFound` (a file of parameters that is not there).

    >>> parse_run(["-p", "n=5", "--background"]).parameter_texts
    {'n': '5'}
    """

    def run(
        parameter: Parameters = None,
        file: ParameterFile = None,
        by: By = "auto",
        jobs: Jobs = None,
        keep: Keep = None,
        fresh: Fresh = False,
        only: Only = None,
        since: Since = None,
        until: Until = None,
        executor: Executor = "local",
        background: Background = False,
        notebook: OtherNotebook = None,
    ) -> RunOptions:
        """Run this notebook as a DAG."""
        asked = run_command(
            notebook="",
            parameter=parameter,
            file=file,
            by=by,
            jobs=jobs,
            keep=keep,
            fresh=fresh,
            only=only,
            since=since,
            until=until,
            executor=executor,
        )
        return replace(asked, notebook=notebook, background=background)

    return parsed(run, argv, program="%dagflow run")


def verify_command(
    notebook: NotebookArgument,
    parameter: Parameters = None,
    file: ParameterFile = None,
    by: By = "auto",
    jobs: Jobs = None,
    as_json: AsJson = False,
) -> RunOptions:
    """Run a notebook top to bottom and as a DAG, and compare every variable that survives."""
    return run_command(
        notebook=notebook, parameter=parameter, file=file, by=by, jobs=jobs, as_json=as_json
    )


def parse_verify(argv: Sequence[str]) -> RunOptions | None:
    """Read the options of ``%dagflow verify``; as `parse_run` otherwise."""

    def verify(
        parameter: Parameters = None,
        file: ParameterFile = None,
        by: By = "auto",
        jobs: Jobs = None,
        notebook: OtherNotebook = None,
    ) -> RunOptions:
        """Run this notebook top to bottom and as a DAG, and compare every variable that survives."""
        asked = verify_command(notebook="", parameter=parameter, file=file, by=by, jobs=jobs)
        return replace(asked, notebook=notebook)

    return parsed(verify, argv, program="%dagflow verify")


def parse_graph(argv: Sequence[str], *, program: str = "%dagflow") -> GraphOptions | None:
    """Read the options of ``%dagflow`` alone, and of ``check``; None if help was asked for."""

    def graph(by: By = "auto", notebook: OtherNotebook = None) -> GraphOptions:
        """Show the graph of this notebook; check shows what the compiler has to say about it."""
        return GraphOptions(notebook=notebook, by=checked_by(by))

    return parsed(graph, argv, program=program)


def parse_load(argv: Sequence[str]) -> LoadOptions | None:
    """Read the options of ``%dagflow load``; None if help was asked for."""

    def load(names: Names, run: RunOption = None) -> LoadOptions:
        """Bind values that a run kept in this kernel."""
        return LoadOptions(names=tuple(names), run=run)

    return parsed(load, argv, program="%dagflow load")


def diff_command(before: RunBefore, after: RunAfter, as_json: AsJson = False) -> DiffOptions:
    """Show what differs between two runs: code, parameters, files, versions, results, durations."""
    return DiffOptions(before=before, after=after, as_json=as_json)


def parse_diff(argv: Sequence[str]) -> DiffOptions | None:
    """Read the options of ``%dagflow runs diff``; None if help was asked for."""
    return parsed(diff_command, argv, program="%dagflow runs diff")


def parse_notebook(argv: Sequence[str]) -> Step | None:
    """Read the options of ``%dagflow notebook``, as `nested.read_step` does; None if help was asked for.

    >>> parse_notebook(["clean.ipynb", "-o", "rows=left"]).outputs
    (('rows', 'left'),)
    """

    def notebook(
        other: Annotated[
            str,
            typer.Argument(
                metavar="OTHER.ipynb",
                help="The other notebook, by its path from this one's folder.",
                show_default=False,
            ),
        ],
        parameter: Expressions = None,
        output: Outputs = None,
    ) -> Step:
        """Run another notebook as a step of this one, and bind variables that it ends with."""
        return step_of(other, parameter or (), output or ())

    return parsed(notebook, argv, program=f"%dagflow {VERB}")


def parse_status(argv: Sequence[str], *, program: str = "%dagflow status") -> str | None:
    """Read which run ``%dagflow status`` (or ``cancel``) is asked for; None if help was."""

    def status(run: Annotated[str, typer.Argument(metavar="RUN")] = "latest") -> str:
        """Show how a run stands, or cancel it."""
        return run

    return parsed(status, argv, program=program)


def parsed(callback: Callable[..., T], argv: Sequence[str], *, program: str) -> T | None:
    """What a command makes of what was typed; None if help was asked for. Raises `OptionError`."""
    app = Commands()
    app.command()(callback)
    try:
        result = typer.main.get_command(app).main(
            list(argv), prog_name=program, standalone_mode=False
        )
    except UsageError as error:
        raise option_error(error, program=program) from None
    # Typer returns the exit code 0 when it has printed the help.
    return None if isinstance(result, int) else result


def checked_by(by: str) -> PartitionBy:
    """What is given to ``--by``; raises `OptionError` unless it is one of its words."""
    try:
        return PartitionBy(by)
    except ValueError:
        known = ", ".join(known.value for known in PartitionBy)
        raise OptionError(f"--by is {by!r}.", hint=f"Say one of: {known}.") from None


def whole_number(text: str | None, option: str = "--jobs") -> int | None:
    """The number given to an option; raises `OptionError` if it is none."""
    try:
        return None if text is None else int(text)
    except ValueError:
        raise OptionError(f"{option} is {text!r}.", hint="Give it a whole number.") from None


def duration(older_than: str) -> float:
    """The seconds given to ``--older-than``; raises `OptionError` if it is no duration."""
    try:
        return duration_s(older_than)
    except ValueError:
        raise OptionError(
            f"--older-than is {older_than!r}.", hint="Give it a duration like 12h or 30d."
        ) from None


def size_bytes(max_size: str) -> int:
    """The bytes given to ``--max-size``; raises `OptionError` if it is no size."""
    size = parse_size(max_size)
    if size is None:
        raise OptionError(f"--max-size is {max_size!r}.", hint="Give it a size like 500MB or 20GB.")
    return size


def check_executor(executor: str) -> None:
    """Raise `OptionError` unless what is given to ``--executor`` is there."""
    if executor != "local":
        raise OptionError(f"--executor is {executor!r}.", hint="Only local is there yet.")


def gathered_parameters(
    pairs: Sequence[str], file: str | None
) -> tuple[dict[str, object], dict[str, str]]:
    """The values of ``-f`` and the texts of ``-p``; raises `OptionError` if they contradict."""
    values = {} if file is None else _from_file(file)
    texts: dict[str, str] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        name = name.strip()
        if not equals or not name.isidentifier():  # what stands behind may be a secret
            told = f"{name}={MASK}" if equals else name if name.isidentifier() else MASK
            raise OptionError(
                f"-p {told} is not of the form NAME=VALUE.", hint="For example: -p n=5"
            )
        if name in values and not _same(values[name], text):
            raise _given_twice(name, f"-f {file}")
        if texts.get(name, text) != text:
            raise _given_twice(name, "-p")
        if name not in values:
            texts[name] = text
    return values, texts


def _given_twice(name: str, first: str) -> OptionError:
    return OptionError(
        f"Parameter {name!r} is given twice: two values, by {first} and by -p.",
        hint="Drop one of them.",
    )


def _same(value: object, text: str) -> bool:
    if isinstance(value, str):
        return value == text
    import yaml  # imported late: most commands read no YAML

    try:
        return bool(yaml.safe_load(text) == value)
    except yaml.YAMLError:
        return False


def _from_file(file: str) -> dict[str, object]:
    import yaml

    try:
        values = yaml.safe_load(Path(file).read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise NotFound(
            f"The file of parameters {file} cannot be read: {error.strerror}.",
            hint="Check its path.",
        ) from None
    except UnicodeDecodeError:
        raise OptionError(f"{file} is not UTF-8 text.", hint="Save it as UTF-8.") from None
    except yaml.YAMLError as error:
        place = getattr(error, "problem_mark", None)
        line = f" (line {place.line + 1})" if place is not None else ""
        raise OptionError(
            f"{file} is not valid YAML{line}.", hint="Write one parameter a line: name: value"
        ) from None
    if values is None:
        return {}
    if not isinstance(values, dict) or not all(isinstance(name, str) for name in values):
        raise OptionError(
            f"{file} holds no mapping of parameters.",
            hint="Write one parameter a line: name: value",
        )
    return values
