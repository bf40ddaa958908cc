"""Reading notebooks: what a `Notebook` holds, and what is said about files that are none."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from jupyter_dagflow.core.errors import NotebookError
from jupyter_dagflow.core.model import CellKind
from jupyter_dagflow.storage.notebooks import read_notebook

Write = Callable[..., Path]


def code(source: str | list[str], id_: str | None = None, **extra: Any) -> dict[str, Any]:
    cell: dict[str, Any] = {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {},
        "outputs": [],
    }
    return {**cell, "source": source, **({} if id_ is None else {"id": id_}), **extra}


def notebook(*cells: dict[str, Any], minor: int = 5, **metadata: Any) -> dict[str, Any]:
    return {"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": minor}


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_(content: Any, name: str = "nb.ipynb") -> Path:
        path = tmp_path / name
        text = json.dumps(content, indent=1) if isinstance(content, dict) else content
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write_


def test_reads_cells(write: Write) -> None:
    markdown = {"cell_type": "markdown", "metadata": {}, "source": "# x", "id": "m"}
    raw = {"cell_type": "raw", "metadata": {}, "source": [], "id": "r"}
    tagged = code(
        ["x = 1\n", "%time x"], "a", metadata={"tags": ["task:t"], "dagflow": {"retries": 3}}
    )
    path = write(notebook(markdown, tagged, raw, kernelspec={"name": "py", "language": "python"}))
    read = read_notebook(path)
    assert read.path == str(path)
    assert read.digest == hashlib.sha256(path.read_bytes()).hexdigest()
    assert read.kernel_name == "py"
    assert [c.id for c in read.cells] == ["m", "a", "r"]
    assert [c.index for c in read.cells] == [0, 1, 2]
    assert [c.kind for c in read.cells] == [CellKind.MARKDOWN, CellKind.CODE, CellKind.RAW]
    assert read.cells[1].source == "x = 1\n%time x"
    assert read.cells[1].code == "x = 1\nget_ipython().run_line_magic('time', 'x')"
    assert (read.cells[1].tags, read.cells[1].options) == (("task:t",), {"retries": 3})
    assert [read.cells[0].code, read.cells[2].code, read.cells[2].source] == ["", "", ""]


def test_the_kernel_is_python3_if_the_file_names_none(write: Write) -> None:
    assert read_notebook(write(notebook(code("x")))).kernel_name == "python3"


def test_cells_without_ids_get_stable_ones(write: Write) -> None:
    cells = [code("x"), code("y", "cell-2"), code("z")]
    read = read_notebook(write(notebook(*cells, minor=4)))
    assert [c.id for c in read.cells] == ["cell-0", "cell-2", "cell-2-x"]


def test_takes_a_minor_version_that_is_not_out_yet(write: Write) -> None:
    assert read_notebook(write(notebook(code("x", new=1), minor=99, new={}))).cells[0].code == "x"


def test_takes_a_byte_order_mark(write: Write) -> None:
    data = b"\xef\xbb\xbf" + json.dumps(notebook(code("é = 1"))).encode()
    assert read_notebook(write(data)).cells[0].source == "é = 1"


def test_markers_in_strings_and_markdown_are_no_conflict(write: Write) -> None:
    text = "<<<<<<< a\n=======\n>>>>>>> b"
    markdown = {"cell_type": "markdown", "metadata": {}, "source": text}
    read = read_notebook(write(notebook(markdown, code(f"x = '''\n{text}\n'''"))))
    assert read.cells[1].code == f"x = '''\n{text}\n'''"


def test_nan_in_a_string_is_text(write: Write) -> None:
    assert read_notebook(write(notebook(code('x = "NaN"')))).cells[0].source == 'x = "NaN"'


@pytest.mark.parametrize(
    ("sources", "codes"),
    [
        (["ls"], ["get_ipython().run_line_magic('ls', '')"]),
        (["ls = [1]", "ls"], ["ls = [1]", "ls"]),
        (["ls", "from a import *"], ["ls", "from a import *"]),
        (["ls", "pwd"], [f"get_ipython().run_line_magic('{name}', '')" for name in ("ls", "pwd")]),
    ],
)
def test_a_bare_magic_is_one_unless_a_cell_binds_its_name(
    write: Write, sources: list[str], codes: list[str]
) -> None:
    assert [c.code for c in read_notebook(write(notebook(*map(code, sources)))).cells] == codes


def test_outputs_are_not_kept(write: Write) -> None:
    size = 20_000_000
    output = {"output_type": "stream", "name": "stdout", "text": "x" * size}
    path = write(notebook(code("print()", outputs=[output]), *[code("x = 1")] * 100))
    tracemalloc.start()
    try:
        read = read_notebook(path)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(read.cells) == 101
    assert kept < size / 20


@pytest.mark.parametrize("source", ["x = 1", "x = 1\n%time x"])
def test_imports_ipython_only_if_a_cell_needs_it(write: Write, source: str) -> None:
    path = write(notebook(code(source), code("await f()"), code("s = '%time'")))
    script = (
        "import sys; from jupyter_dagflow.storage.notebooks import read_notebook\n"
        f"read_notebook({str(path)!r})\n"
        "print('IPython' in sys.modules, 'nbformat' in sys.modules, 'sqlalchemy' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == [str("%" in source), "False", "False"]


GOOD = json.dumps(notebook(code("x = 1", "a"), code(["y\n", "z"], "b")), indent=1)
CONFLICT_IN_JSON = GOOD.replace(
    '   "x = 1"', '<<<<<<< HEAD\n   "x = 1"\n=======\n   "x = 2"\n>>>>>>> other'
).replace('"source": "x = 1"', '"source": [\n<<<<<<< HEAD\n   "x = 1"\n=======\n>>>>>>> other\n]')

BROKEN: dict[str, tuple[str, Any]] = {
    "a file that is empty": ("nb.ipynb", ""),
    "a file of white space": ("nb.ipynb", " \n\n"),
    "cut off": ("nb.ipynb", GOOD[: len(GOOD) // 2]),
    "cut off in a string": ("nb.ipynb", GOOD[: GOOD.index("x = 1") + 2]),
    "not JSON": ("nb.ipynb", GOOD.replace('"nbformat"', "nbformat")),
    "not UTF-8": ("nb.ipynb", GOOD.replace("x = 1", "é").encode("latin-1")),
    "not UTF-8 but UTF-16": ("nb.ipynb", GOOD.encode("utf-16")),
    "NaN": ("nb.ipynb", GOOD.replace('"metadata": {}', '"metadata": {"NaN": [1,\nNaN]}', 1)),
    "-Infinity": ("nb.ipynb", GOOD.replace('"metadata": {}', '"metadata": {"x": -Infinity}', 1)),
    "merge conflict in the JSON": ("nb.ipynb", CONFLICT_IN_JSON),
    "merge conflict in a cell": (
        "nb.ipynb",
        notebook(code("x"), code("a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> other", "conflict")),
    ),
    "a Git LFS pointer": ("nb.ipynb", "version https://git-lfs.github.com/spec/v1\noid sha256:1"),
    "a Python file without cells": ("script.py", "x = 1\n"),
    "a percent file whose tags are no list": ("script.py", '# %% tags="task:a"\nx = 1\n'),
    "a percent file with options that are no object": (
        "script.py",
        "x = 1\n\n# %% dagflow=1\ny = 1\n",
    ),
    "a percent file with merge conflict markers": (
        "script.py",
        "# %%\nx = 1\n\n# %%\n<<<<<<< HEAD\ny\n=======\nz\n>>>>>>> other\n",
    ),
    "JSON but no notebook": ("data.json", "[1, 2]"),
    "JSON without a version": ("data.json", '{"cells": []}'),
    "nbformat 3": (
        "old.ipynb",
        {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": []}]},
    ),
    "nbformat 5": ("new.ipynb", {**notebook(code("x")), "nbformat": 5}),
    "no cells": ("nb.ipynb", notebook()),
    "a cell that is no object": ("nb.ipynb", {**notebook(), "cells": [code("x"), "y"]}),
    "a cell of an unknown type": ("nb.ipynb", notebook(code("x", cell_type="heading"))),
    "a source that is no text": ("nb.ipynb", notebook(code("x"), code([1]))),  # type: ignore[list-item]
    "tags that are no list": ("nb.ipynb", notebook(code("x", metadata={"tags": "task:a"}))),
    "options that are no object": ("nb.ipynb", notebook(code("x", metadata={"dagflow": [1]}))),
    "an id that is no text": ("nb.ipynb", notebook(code("x", id=3))),
    "duplicate ids": ("nb.ipynb", notebook(code("x", "a"), code("y", "b"), code("z", "a"))),
    "another language": ("nb.ipynb", notebook(code("x"), language_info={"name": "R"})),
    "another kernel's language": (
        "nb.ipynb",
        notebook(code("x"), kernelspec={"name": "julia-1.10", "language": "julia"}),
    ),
    "nested too deeply": ("nb.ipynb", "[" * 200_000),
}


@pytest.mark.parametrize(("name", "content"), BROKEN.values(), ids=BROKEN)
def test_says_what_is_wrong(
    write: Write, tmp_path: Path, name: str, content: Any, snapshot: SnapshotAssertion
) -> None:
    path = write(content, name)
    with pytest.raises(NotebookError) as caught:
        read_notebook(path)
    assert str(caught.value).replace(str(tmp_path), "FOLDER") == snapshot
    assert caught.value.hint


def test_names_a_similar_notebook(
    write: Write, tmp_path: Path, snapshot: SnapshotAssertion
) -> None:
    write(notebook(code("x")), "train.ipynb")
    with pytest.raises(NotebookError) as caught:
        read_notebook(tmp_path / "trian.ipynb")
    assert str(caught.value).replace(str(tmp_path), "FOLDER") == snapshot


@pytest.mark.parametrize(
    ("asked", "suggested"),
    [
        ("train_modle.ipynb", True),
        ("train_models.ipynb", True),
        ("Train_model.ipynb", True),
        ("train_model", True),
        ("train.ipynb", False),
        ("nb.ipynb", False),
        ("missing.ipynb", False),
    ],
)
def test_only_a_name_that_is_close_is_suggested(
    write: Write, tmp_path: Path, asked: str, suggested: bool
) -> None:
    write(notebook(code("x")), "train_model.ipynb")
    with pytest.raises(NotebookError) as caught:
        read_notebook(tmp_path / asked)
    assert ("Did you mean train_model.ipynb?" in caught.value.hint) is suggested


def test_says_that_there_is_none(tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    with pytest.raises(NotebookError) as caught:
        read_notebook(tmp_path / "nowhere" / "nb.ipynb")
    assert str(caught.value).replace(str(tmp_path), "FOLDER") == snapshot


def test_names_the_notebooks_in_a_folder(
    write: Write, tmp_path: Path, snapshot: SnapshotAssertion
) -> None:
    write("", "a.ipynb")
    write("", "b.ipynb")
    with pytest.raises(NotebookError) as caught:
        read_notebook(tmp_path)
    text = str(caught.value).replace(str(tmp_path), "FOLDER").replace(tmp_path.name, "FOLDER")
    assert text == snapshot


@pytest.mark.parametrize("path", ["a\0b", "x" * 5000, "nb.ipynb/below"])
def test_takes_any_text_for_a_path(path: str, tmp_path: Path) -> None:
    (tmp_path / "nb.ipynb").write_text("x")
    with pytest.raises(NotebookError):
        read_notebook(f"{tmp_path}/{path}")
