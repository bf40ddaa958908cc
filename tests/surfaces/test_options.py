"""One parser for the command and for the magic."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from jupyter_dagflow.core.errors import NotFound, OptionError
from jupyter_dagflow.core.model import PartitionBy
from jupyter_dagflow.core.nested import read_step
from jupyter_dagflow.surfaces.options import (
    DiffOptions,
    GraphOptions,
    LoadOptions,
    RunOptions,
    gathered_parameters,
    parse_diff,
    parse_graph,
    parse_load,
    parse_notebook,
    parse_run,
    parse_status,
    size_bytes,
)


def test_the_magic_reads_what_the_command_reads() -> None:
    line = (
        "-p n=5 -p name=Ada=Bea --by cells --jobs 2 --keep all --fresh --executor local"
        " --notebook x.ipynb --background"
    )
    assert parse_run(line.split()) == RunOptions(
        notebook="x.ipynb",
        parameter_texts={"n": "5", "name": "Ada=Bea"},
        by=PartitionBy.CELLS,
        jobs=2,
        keep="all",
        fresh=True,
        background=True,
    )


def test_which_runs_are_to_be_compared() -> None:
    assert parse_diff(["20260308", "latest", "--json"]) == DiffOptions(
        before="20260308", after="latest", as_json=True
    )
    assert parse_diff(["--help"]) is None
    with pytest.raises(OptionError, match="Missing argument 'AFTER'"):
        parse_diff(["latest"])


def test_what_is_said_twice_alike_is_no_contradiction() -> None:
    line = "--jobs 2 --by cells --jobs 2 --fresh --fresh --by cells -p n=1 -p m=2"
    asked = parse_run(line.split())
    assert asked is not None
    assert (asked.jobs, asked.by) == (2, PartitionBy.CELLS)
    assert asked.parameter_texts == {"n": "1", "m": "2"}


def test_defaults() -> None:
    assert parse_run([]) == RunOptions(notebook=None)
    assert parse_graph([]) == GraphOptions(notebook=None)
    assert parse_status([]) == "latest"
    assert parse_load(["auc", "model"]) == LoadOptions(names=("auc", "model"))


def test_help_is_printed_and_nothing_is_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert parse_run(["--help"]) is None
    assert "--background" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--jobs", "many"], "--jobs is 'many'."),
        (["--by", "magic"], "--by is 'magic'."),
        (["--executor", "dask"], "--executor is 'dask'."),
        (["-p", "n"], "-p n is not of the form NAME=VALUE."),
        (["-p", "n=1", "-p", "n=2"], "Parameter 'n' is given twice: two values, by -p and by -p."),
        (["-p", "pass word=hunter2"], "-p pass word=*** is not of the form NAME=VALUE."),
        (["-p", "password:hunter2"], "-p *** is not of the form NAME=VALUE."),
        (["--frob"], "%dagflow run: No such option"),
        (["--jobs"], "Option '--jobs' requires an argument."),
        (["--jobs", "1", "--jobs", "2"], "--jobs is given twice: '1' and '2'."),
        (["--by=tags", "--by", "cells"], "--by is given twice: 'tags' and 'cells'."),
        (["--executor", "local", "--executor", "dask"], "--executor is given twice"),
        (["--notebook", "a.ipynb", "--notebook", "b.ipynb"], "--notebook is given twice"),
        (["-f", "a.yaml", "--file", "b.yaml"], "-f/--file is given twice: 'a.yaml' and 'b.yaml'."),
        (["surplus"], "%dagflow run: Got unexpected extra argument"),
    ],
)
def test_wrong_options_are_errors_that_say_so(argv: list[str], message: str) -> None:
    with pytest.raises(OptionError) as caught:
        parse_run(argv)
    assert message in caught.value.message
    assert caught.value.hint


def test_parameters_from_a_file_have_types(tmp_path: Path) -> None:
    for name, text in [
        ("p.yaml", "n: 5\nversion: '1.10'\n"),
        ("p.json", '{"n": 5, "version": "1.10"}'),
    ]:
        file = tmp_path / name
        file.write_text(text)
        assert gathered_parameters([], str(file)) == ({"n": 5, "version": "1.10"}, {})


def test_what_file_and_option_agree_on_is_no_contradiction(tmp_path: Path) -> None:
    file = tmp_path / "p.yaml"
    file.write_text("n: 5\nname: Ada\n")
    assert gathered_parameters(["n=5", "name=Ada", "m=1", "m=1"], str(file)) == (
        {"n": 5, "name": "Ada"},
        {"m": "1"},
    )
    with pytest.raises(OptionError, match="'n' is given twice: two values, by -f"):
        gathered_parameters(["n=6"], str(file))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"n: [1", "is not valid YAML"),
        (b"- 1\n- 2\n", "holds no mapping"),
        (b"1: x\n", "holds no mapping"),
        (b"n: \xff", "is not UTF-8"),
    ],
)
def test_a_file_that_is_none_of_parameters(tmp_path: Path, data: bytes, message: str) -> None:
    file = tmp_path / "p.yaml"
    file.write_bytes(data)
    with pytest.raises(OptionError, match=message):
        gathered_parameters([], str(file))


def test_a_file_that_is_empty_or_missing(tmp_path: Path) -> None:
    empty = tmp_path / "p.yaml"
    empty.touch()
    assert gathered_parameters([], str(empty)) == ({}, {})
    with pytest.raises(NotFound, match=r"cannot be read: No such file"):
        gathered_parameters([], str(tmp_path / "q.yaml"))


@pytest.mark.parametrize(
    ("text", "size"),
    [("7", 7), ("500MB", 5 * 10**8), ("1.5 GB", 15 * 10**8), ("2GiB", 2**31), ("3k", 3000)],
)
def test_sizes(text: str, size: int) -> None:
    assert size_bytes(text) == size


@pytest.mark.parametrize("text", ["", "GB", "-1", "1e3", "5 m b", "1..5MB"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(OptionError, match="--max-size"):
        size_bytes(text)


@pytest.mark.parametrize(
    "line",
    [
        "a.ipynb",
        "'a b.ipynb' -p x=x -o y",
        "-p 'n=len(x) + 1' a.ipynb --output y=z -o y",
        "-px=1 --parameter=m=2 -oy a.ipynb",
        "",
        "a.ipynb b.ipynb",
        "a.ipynb -p",
        "a.ipynb -p x",
        "a.ipynb -p x=1+",
        "a.ipynb --frob",
        "a.ipynb -o 3",
    ],
)
def test_the_analysis_reads_a_step_as_the_magic_does(line: str) -> None:
    found = []
    for read in (lambda: parse_notebook(shlex.split(line)), lambda: read_step(f"notebook {line}")):
        try:
            found.append(read())
        except OptionError:
            found.append(None)
    assert found[0] == found[1]
