"""``dagflow tag`` and ``check --suggest``: what is proposed, what is written, and what never is."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from jupyter_dagflow.surfaces.cli.main import perform

Write = Callable[..., Path]


def code(source: str, *tags: str, **metadata: Any) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "metadata": {**({"tags": list(tags)} if tags else {}), **metadata},
        "source": source,
        "outputs": [{"output_type": "stream", "name": "stdout", "text": ["kept\n"]}],
        "execution_count": 7,
    }


def markdown(source: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": source}


UNTAGGED = [
    code("import math"),
    code("n = 3"),
    code("radii = list(range(n))", collapsed=True),
    code("radii.append(10)"),
    code("areas = [math.pi * r ** 2 for r in radii]"),
    code("print(areas)"),
    code("%load_ext jupyter_dagflow\n%dagflow"),
]
KALE = [
    code("import math", "imports"),
    code("n = 3", "pipeline-parameters"),
    code("radii = list(range(n))", "step:radii", "limit:nvidia.com/gpu:1"),
    code("areas = [math.pi * r ** 2 for r in radii]", "step:areas", "prev:radii"),
    code("total = sum(areas)"),
    code("print(total)", "pipeline-metrics"),
]


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_(*cells: dict[str, Any], name: str = "nb.ipynb") -> Path:
        for index, cell in enumerate(cells):
            cell["id"] = f"id{index}"
        raw = {"cells": list(cells), "metadata": {"own": 1}, "nbformat": 4, "nbformat_minor": 5}
        path = tmp_path / name
        path.write_text(json.dumps(raw))
        return path

    return write_


NOTEBOOKS = {
    "without tags": UNTAGGED,
    "with headings": [markdown("# Prepare"), *UNTAGGED[:4], markdown("Use\n---"), *UNTAGGED[4:]],
    "partly tagged": [*UNTAGGED[:2], code("radii = list(range(n))", "task:load"), *UNTAGGED[3:]],
    "for Kale": KALE,
}


@pytest.mark.parametrize("cells", NOTEBOOKS.values(), ids=NOTEBOOKS)
def test_suggestions(
    cells: list[dict[str, Any]],
    write: Write,
    capsys: pytest.CaptureFixture[str],
    snapshot: SnapshotAssertion,
) -> None:
    write(*cells)
    assert perform(["tag", "nb.ipynb"]) == 0
    shown = capsys.readouterr().out
    assert shown == snapshot
    assert perform(["check", "nb.ipynb", "--suggest"]) == 0
    assert capsys.readouterr().out == shown
    assert os.listdir() == ["nb.ipynb"]


def test_suggestions_as_json(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    write(code("x = f()", "keep:x"), code("print(x)"))
    assert perform(["check", "nb.ipynb", "--suggest", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "suggestions": [
            {
                "cell": "id0",
                "cell_index": 0,
                "tags": ["task:x"],
                "all_tags": ["keep:x", "task:x"],
                "why": "makes x",
            },
            {
                "cell": "id1",
                "cell_index": 1,
                "tags": [],
                "all_tags": [],
                "why": "only shows x, made above",
            },
        ]
    }


@pytest.mark.parametrize("cells", NOTEBOOKS.values(), ids=NOTEBOOKS)
def test_a_tagged_copy_differs_by_its_tags_alone(
    cells: list[dict[str, Any]], write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(*cells)
    before = path.read_bytes()
    assert perform(["tag", "nb.ipynb", "--apply", "-o", "new.ipynb"]) == 0
    assert capsys.readouterr().out.endswith("\nwritten: new.ipynb\n")
    assert path.read_bytes() == before
    old, new = json.loads(before), json.loads(Path("new.ipynb").read_text())
    assert [c["metadata"].get("tags") for c in new["cells"]] != [
        c["metadata"].get("tags") for c in old["cells"]
    ]
    for cell in (*old["cells"], *new["cells"]):
        cell["metadata"].pop("tags", None)
    assert old == new
    assert perform(["compile", "new.ipynb", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["by"] == "tags"
    assert document["diagnostics"] == []


def test_a_converted_kale_notebook_has_the_same_graph(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    write(*KALE)
    perform(["tag", "nb.ipynb", "--apply", "-o", "new.ipynb"])
    capsys.readouterr()
    documents = []
    for name in ("nb.ipynb", "new.ipynb"):
        assert perform(["compile", name, "--json"]) == 0
        documents.append(json.loads(capsys.readouterr().out))
    kale, ours = documents
    for key in ("tasks", "edges", "parameters"):
        assert kale[key] == ours[key]


REFUSED = {
    "nowhere to write it": ["tag", "nb.ipynb", "--apply"],
    "output without apply": ["tag", "nb.ipynb", "-o", "new.ipynb"],
    "force without apply": ["tag", "nb.ipynb", "--force"],
    "onto itself": ["tag", "nb.ipynb", "--apply", "-o", "nb.ipynb"],
    "onto itself by force": ["tag", "nb.ipynb", "--apply", "-o", "./nb.ipynb", "--force"],
    "onto itself by a link": ["tag", "nb.ipynb", "--apply", "-o", "link.ipynb", "--force"],
    "onto what is there": ["tag", "nb.ipynb", "--apply", "-o", "other.ipynb"],
    "onto a folder": ["tag", "nb.ipynb", "--apply", "-o", "folder.ipynb", "--force"],
    "not a notebook's name": ["tag", "nb.ipynb", "--apply", "-o", "new.py"],
    "no name of a notebook": ["tag", "nb.ipynb", "--apply", "-o", "new.txt"],
    "a percent file onto itself": ["tag", "pipe.py", "--apply", "-o", "pipe.py", "--force"],
    "a percent file onto what is there": ["tag", "pipe.py", "--apply", "-o", "other.py"],
    "a percent file whose marker holds no tags": ["tag", "old.py", "--apply", "-o", "new.py"],
    "no such notebook": ["tag", "missing/it.ipynb", "--apply", "-o", "new.ipynb"],
    "below a file": ["tag", "nb.ipynb", "--apply", "-o", "other.ipynb/new.ipynb"],
}


@pytest.mark.parametrize("argv", REFUSED.values(), ids=REFUSED)
def test_refuses(
    argv: list[str],
    write: Write,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    snapshot: SnapshotAssertion,
) -> None:
    before = write(*UNTAGGED).read_bytes()
    (tmp_path / "other.ipynb").write_text("precious")
    (tmp_path / "other.py").write_text("precious")
    (tmp_path / "pipe.py").write_text(PERCENT)
    (tmp_path / "old.py").write_text('# %% {"key": 1}\nx = 1 + 1\n')
    (tmp_path / "link.ipynb").symlink_to("nb.ipynb")
    (tmp_path / "folder.ipynb").mkdir()
    assert perform(argv) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == snapshot
    assert (tmp_path / "nb.ipynb").read_bytes() == before
    assert (tmp_path / "pipe.py").read_text() == PERCENT
    assert (tmp_path / "other.ipynb").read_text() == "precious"
    assert (tmp_path / "other.py").read_text() == "precious"
    assert not [*tmp_path.glob("new.*")]


def test_overwrites_when_told_to(write: Write, tmp_path: Path) -> None:
    write(*UNTAGGED)
    (tmp_path / "new.ipynb").write_text("old")
    assert perform(["tag", "nb.ipynb", "--apply", "-o", "new.ipynb", "--force"]) == 0
    assert json.loads((tmp_path / "new.ipynb").read_text())["metadata"] == {"own": 1}


PERCENT = """\
import math

# %% [markdown]
# # 读取

# %% the numbers  key="a b" tags=["keep:x"]

x = math.sqrt(4)
# %time x

# %%
print(x)
# %% [markdown]
# # Draw

# In[3]:
y = x + 1
"""
TAGGED = """\
# %% tags=["setup"]
import math

# %% [markdown]
# # 读取

# %% the numbers  key="a b" tags=["keep:x", "task:x"]

x = math.sqrt(4)
# %time x

# %%
print(x)
# %% [markdown]
# # Draw

# %% tags=["task:draw"]
y = x + 1
"""


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["", "byte order mark"])
def test_a_percent_file_stays_one(tmp_path: Path, ends: str, mark: bytes) -> None:
    def as_bytes(text: str) -> bytes:
        return mark + text.replace("\n", ends).encode()

    (tmp_path / "pipe.py").write_bytes(as_bytes(PERCENT))
    assert perform(["tag", "pipe.py", "--apply", "-o", "new.py"]) == 0
    assert (tmp_path / "new.py").read_bytes() == as_bytes(TAGGED)
    assert (tmp_path / "pipe.py").read_bytes() == as_bytes(PERCENT)
    assert perform(["check", "new.py"]) == 0


def test_a_percent_file_becomes_a_notebook(tmp_path: Path) -> None:
    (tmp_path / "pipe.py").write_text("# %%\nx = 1 + 1\n\n# %%\nprint(x)\n")
    assert perform(["tag", "pipe.py", "--apply", "-o", "pipe.ipynb"]) == 0
    cells = json.loads((tmp_path / "pipe.ipynb").read_text())["cells"]
    assert [c["metadata"].get("tags") for c in cells] == [["task:x"], None]
