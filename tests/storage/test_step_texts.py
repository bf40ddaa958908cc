"""The notebooks that are steps of a run are read as the run has kept them, whatever has become of the files."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_dagflow import compile_notebook
from jupyter_dagflow.core.compile import compile_cells
from jupyter_dagflow.core.errors import NotebookError
from jupyter_dagflow.core.masking import Mask
from jupyter_dagflow.nesting import all_steps, with_steps
from jupyter_dagflow.storage.notebooks import read_notebook
from jupyter_dagflow.storage.step_texts import AS_THEY_ARE, StepTexts
from tests.test_nesting import write

PERCENT = '# %% tags=["parameters"]\nn = 1\n# %% tags=["task:a"]\ny = n\n'
INNERMOST = (("z = 3", "task:deep"),)
OTHER = (
    ("n = 1", "parameters"),
    ("%dagflow notebook deep.ipynb -o z", "task:deeper"),
    ("y = n + z", "task:a"),
)


@pytest.fixture(params=["o.ipynb", "o.py"])
def other(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A notebook that has a step itself, or a percent file."""
    write(tmp_path / "deep.ipynb", *INNERMOST)
    path = tmp_path / str(request.param)
    if path.suffix == ".py":
        path.write_text(PERCENT)
    else:
        write(path, *OTHER)
    return path


def outer_of(other: Path) -> Path:
    line = f"%dagflow notebook {other.name} -p n=2 -o y"
    return write(other.parent / "outer.ipynb", (line, "task:step"))


def test_what_was_kept_is_read_whatever_becomes_of_the_file(other: Path, tmp_path: Path) -> None:
    outer = outer_of(other)
    before = compile_notebook(outer)
    AS_THEY_ARE.keep_in(tmp_path / "run", all_steps(before.nested))
    data = read_notebook(other), AS_THEY_ARE.bytes_of(read_notebook(other))
    texts = StepTexts.of(tmp_path / "run")
    for path in (other, tmp_path / "deep.ipynb"):
        path.write_text("{")
    assert not compile_notebook(outer).ok
    texts.require_unchanged(other)
    other.unlink()
    assert texts.has(other)
    assert (texts.read(other), texts.bytes_of(texts.read(other))) == data
    source = read_notebook(outer)
    compiled = compile_cells(source)
    again = with_steps(source, compiled, folder=tmp_path, compile_with=compile_cells, texts=texts)
    assert again == before
    texts.keep_in(tmp_path / "step's run", all_steps(again.nested))
    assert StepTexts.of(tmp_path / "step's run").read(other) == data[0]


def test_what_was_not_kept_is_read_as_it_is(other: Path, tmp_path: Path) -> None:
    AS_THEY_ARE.keep_in(tmp_path / "run", ())
    assert not (tmp_path / "run").exists(), "a run without steps costs nothing"
    texts = StepTexts.of(tmp_path / "run")
    texts.require_unchanged(other)
    assert texts.read(other) == read_notebook(other)
    assert not texts.has(tmp_path / "nosuch.ipynb")


@pytest.mark.parametrize(
    ("parameter", "source", "hidden"),
    [
        ("api_token = 'hunter2!'", "y = 1", ()),  # one of its own
        ("n = 1", "y = 'hunter2!'", ("hunter2!",)),  # one of the calling notebook
    ],
)
def test_a_text_that_may_tell_a_secret_is_not_kept(
    parameter: str, source: str, hidden: tuple[str, ...], tmp_path: Path
) -> None:
    other = write(tmp_path / "o.ipynb", (parameter, "parameters"), (source, "task:a"))
    outer = write(tmp_path / "outer.ipynb", ("%dagflow notebook o.ipynb -o y", "task:step"))
    steps = list(all_steps(compile_notebook(outer).nested))
    assert steps
    AS_THEY_ARE.keep_in(tmp_path / "run", steps, mask=Mask(hidden))
    assert [path.name for path in (tmp_path / "run").rglob("*")] == ["steps.json"]
    texts = StepTexts.of(tmp_path / "run")
    texts.require_unchanged(other)
    write(other, (parameter, "parameters"), ("y = 2", "task:a"))
    with pytest.raises(NotebookError, match=r"o\.ipynb was changed since this run began"):
        texts.require_unchanged(other)


def test_a_text_that_changes_while_it_is_kept_is_told(other: Path, tmp_path: Path) -> None:
    before = compile_notebook(outer_of(other))
    other.write_text(other.read_text() + "\n")
    with pytest.raises(NotebookError, match="was changed while it was being read"):
        AS_THEY_ARE.keep_in(tmp_path / "run", all_steps(before.nested))
