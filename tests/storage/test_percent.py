"""Percent files: their cells, ids that stay, and the lines of the file."""

from __future__ import annotations

import builtins
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_dagflow.core.model import CellKind, Notebook
from jupyter_dagflow.storage.notebooks import notebook_bytes_of, read_notebook
from jupyter_dagflow.storage.percent import PackageMissing, first_lines, parse_percent

FILE = '''\
# ---
# jupyter:
#   kernelspec:
#     display_name: My kernel
#     language: python
#     name: mine
# ---

# %% [markdown]
# # Title
# x = 1

# %% tags=["parameters"]
n = 3

# %% the second tags=["task:load", "keep:x"] dagflow={"priority": 2}

x = """
# %% no cell
"""
# %time y = x
# !echo hi


# %% [markdown]
"""
In quotes
"""

# %% language="bash"
# echo hi

# %%
# %%time
z = 1
'''


def read(tmp_path: Path, text: str) -> Notebook:
    path = tmp_path / "pipe.py"
    path.write_bytes(text.encode())
    notebook = read_notebook(path)
    assert path.read_bytes() == text.encode()
    return notebook


def test_cells(tmp_path: Path) -> None:
    notebook = read(tmp_path, FILE)
    assert notebook.kernel_name == "mine"
    code = [cell for cell in notebook.cells if cell.kind is CellKind.CODE]
    assert [cell.source for cell in code] == [
        "n = 3",
        '\nx = """\n# %% no cell\n"""\n%time y = x\n!echo hi',
        "%%bash\necho hi",
        "%%time\nz = 1",
    ]
    assert [cell.tags for cell in code] == [("parameters",), ("task:load", "keep:x"), (), ()]
    assert code[1].options == {"priority": 2}
    assert notebook.cells[0].source == "# Title\nx = 1"


def test_lines(tmp_path: Path) -> None:
    lines = FILE.splitlines()
    code = [cell for cell in read(tmp_path, FILE).cells if cell.kind is CellKind.CODE]
    found = [lines[(cell.file_line(2) or 0) - 1] for cell in code[1:]]
    assert found == ['x = """', "# echo hi", "z = 1"]
    assert [cell.file_line(1) for cell in code] == [14, 17, 30, 34]
    assert [cell.file_line(None) for cell in code] == [13, 16, 29, 33]


PLACES: dict[str, tuple[str, list[int | None]]] = {
    "code above the first marker": ("x = 1\n# %%\ny = 1\n", [1, 3]),
    "a blank line above it": ("\nx = 1\n# %%\ny = 1\n", [1, 4]),
    "nothing below a marker": ("# %%\n# %%\ny = 1\n", [2, 3]),
    "a form feed": ("# %%\nx = 1\f\ny = 1\n# %%\nz = 1\n", [2, 5]),
    "Windows line ends": ("# %%\r\nx = 1\r\n\r\n# %%\r\ny = 1\r\n", [2, 5]),
    "no line end": ("# %%\nx = 1", [2]),
    "a marker alone": ("# %%", [None]),
    "equal cells": ("# %%\nx = 1\n\n# %%\nx = 1\n", [2, 5]),
    "indented markers": ("  # %%\nx = 1\n", [2]),
    "other markers": ("# In[1]:\nx = 1\n\n# <codecell>\ny = 1\n", [2, 5]),
    "a header with a title": ("# ---\n# title: T\n# ---\n\n# %%\nx = 1\n", [1, 6]),
    "code between the header and the first marker": (
        "# ---\n# title: T\n# ---\nx = 1\n\n# %%\ny = 1\n",
        [1, 4, 7],
    ),
}


@pytest.mark.parametrize(("text", "places"), PLACES.values(), ids=PLACES)
def test_places(tmp_path: Path, text: str, places: list[int | None]) -> None:
    assert [cell.first_line for cell in read(tmp_path, text).cells] == places


WRITTEN = (
    *("# %%", '# %% tags=["a"]', "# %% [markdown]", "    # %%", "# text", "# %ls", "# !ls", ""),
    *("x = 1", "y = x", "def f():", "    return 1", '"""', "'''", "@f"),
)
LINES = st.lists(st.sampled_from(WRITTEN), max_size=30)


@given(LINES)
def test_every_line_of_code_stands_where_it_is_said_to(lines: list[str]) -> None:
    text = "\n".join(["# %%", *lines])
    cells = parse_percent(text, path="p.py")["cells"]
    for cell, first in zip(cells, first_lines(text, cells), strict=True):
        if cell["cell_type"] != "code" or not cell["source"]:
            continue
        assert first is not None
        for number, line in enumerate(cell["source"].split("\n")):
            assert text.split("\n")[first + number - 1] in (line, f"# {line}")


def test_ids_stay(tmp_path: Path) -> None:
    first = read(tmp_path, FILE)
    again = read(tmp_path, FILE)
    assert [cell.id for cell in first.cells] == [cell.id for cell in again.cells]
    changed = read(tmp_path, FILE.replace("n = 3", "n = 4"))
    same = [a.id == b.id for a, b in zip(first.cells, changed.cells, strict=True)]
    assert same == [True, False, True, True, True, True]


def test_ids_differ_where_the_cells_are_equal(tmp_path: Path) -> None:
    ids = [cell.id for cell in read(tmp_path, "# %%\nx = 1\n\n# %%\nx = 1\n").cells]
    assert ids[1] == f"{ids[0]}-2"


def test_the_copy_of_a_run_is_a_notebook(tmp_path: Path) -> None:
    notebook = read(tmp_path, FILE)
    raw = json.loads(notebook_bytes_of(notebook))
    assert (raw["nbformat"], raw["nbformat_minor"]) == (4, 5)
    assert [cell["id"] for cell in raw["cells"]] == [cell.id for cell in notebook.cells]


def test_without_jupytext(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == "jupytext":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(PackageMissing, match="jupytext") as caught:
        read(tmp_path, FILE)
    assert "pip install 'jupyter-dagflow[percent]'" in caught.value.hint
    assert caught.value.exit_code == 3
