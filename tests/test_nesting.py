"""What is wrong with a notebook that is a step is told at the cell that asks for it."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from jupyter_dagflow import compile_notebook
from jupyter_dagflow.nesting import digests_of
from jupyter_dagflow.surfaces.report import findings


def write(path: Path, *cells: tuple[str, ...]) -> Path:
    """A notebook of code cells, each a source and its tags; their ids are ``c0``, ``c1``, …"""
    notebook = nbformat.v4.new_notebook()
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "p", "language": "python"}
    for index, (source, *tags) in enumerate(cells):
        cell = nbformat.v4.new_code_cell(source, metadata={"tags": tags}, id=f"c{index}")
        notebook.cells.append(cell)
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
    return path


def outer(folder: Path, line: str, *tags: str) -> Path:
    return write(
        folder / "outer.ipynb", ("x = 1", "task:a"), (f"# why\n{line}", *(tags or ["task:b"]))
    )


GOOD = (("n = 1", "parameters"), ("y = n", "task:load"), ("z = y", "task:use"))
WRONG = {
    "not there": (None, "sub/o.ipynb"),
    "no notebook": ("{", "sub/o.ipynb"),
    "does not compile": ((("x = (", "task:a"),), "sub/o.ipynb"),
    "no such parameter": (GOOD, "sub/o.ipynb -p nosuch=x"),
    "no parameters at all": ((("y = 1", "task:a"),), "sub/o.ipynb -p n=x"),
    "no such variable": (GOOD, "sub/o.ipynb -p n=x -o nosuch"),
    "wrongly typed": (GOOD, "sub/o.ipynb -p n"),
    "runs the one that runs it": (
        (("%dagflow notebook ../outer.ipynb", "task:a"),),
        "sub/o.ipynb",
    ),
    "runs itself": (GOOD, "outer.ipynb"),
    "its own step is wrong": ((("%dagflow notebook nosuch.ipynb", "task:a"),), "sub/o.ipynb"),
}


def test_what_is_wrong_with_a_step(tmp_path: Path, snapshot: object) -> None:
    told = {}
    for what, (other, asked) in WRONG.items():
        folder = tmp_path / what.replace(" ", "-")
        if isinstance(other, str):
            (folder / "sub").mkdir(parents=True)
            (folder / "sub" / "o.ipynb").write_text(other)
        elif other is not None:
            write(folder / "sub" / "o.ipynb", *other)
        compilation = compile_notebook(outer(folder, f"%dagflow notebook {asked}"))
        assert not compilation.ok, what
        (error,) = (d for d in compilation.diagnostics if d.code == "DF150")
        assert (error.cell, error.cell_index, error.line) == ("c1", 1, 2), what
        told[what] = findings([error], notebook="outer.ipynb").replace(str(folder), "FOLDER")
    assert "\n\n".join(f"--- {what}\n{text}" for what, text in told.items()) == snapshot


def test_a_step_in_setup_would_run_in_every_task(tmp_path: Path) -> None:
    write(tmp_path / "o.ipynb", *GOOD)
    compilation = compile_notebook(outer(tmp_path, "%dagflow notebook o.ipynb", "setup"))
    (error,) = (d for d in compilation.diagnostics if d.code == "DF150")
    assert "before every task" in error.message


def test_steps_of_steps_are_known_with_all_their_digests(tmp_path: Path) -> None:
    write(tmp_path / "deep" / "last.ipynb", *GOOD)
    middle = (("%dagflow notebook deep/last.ipynb -o z", "task:m"), ("w = z", "task:n"))
    write(tmp_path / "middle.ipynb", *middle)
    path = outer(tmp_path, "%dagflow notebook middle.ipynb -o w")
    compilation = compile_notebook(path)
    assert compilation.diagnostics == ()
    (step,) = compilation.nested
    assert (step.task, step.shown) == ("b", "middle.ipynb")
    assert [task.name for task in step.compilation.pipeline.tasks] == ["m", "n"]
    digests = digests_of(compilation.nested)
    assert [Path(each).name for each in digests] == ["middle.ipynb", "last.ipynb"]
    write(tmp_path / "deep" / "last.ipynb", *GOOD, ("more = 1", "task:more"))
    later = digests_of(compile_notebook(path).nested)
    assert [digests[each] == later[each] for each in digests] == [True, False]


@pytest.mark.parametrize("folder", ["", "sub"])
def test_its_path_is_from_the_folder_of_the_notebook_that_asks(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "a" / folder / "o.ipynb", *GOOD)
    path = outer(tmp_path / "a", f"%dagflow notebook {Path(folder) / 'o.ipynb'} -p n=x -o z")
    monkeypatch.chdir(tmp_path)
    assert compile_notebook(path.relative_to(tmp_path)).ok
