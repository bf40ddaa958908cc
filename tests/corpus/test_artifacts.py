"""Whatever has become of a stored value's file: it is told, or made anew; never is there a wrong value or a traceback."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_dagflow import Dagflow
from tests.corpus.examine import told

MADE = "values = [bytes(range(256)) * 40, 'text', 1.5]\nother = {'not': 'that'}"
READ = (
    "import pathlib\nassert pathlib.Path('there').exists()\nseen = values[1] + str(sum(values[0]))"
)
SEEN = "text" + str(sum(range(256)) * 40)
Damage = Callable[[bytes, bytes], bytes | None]
"""From the bytes of a value's file, and of another's, to what is there instead."""


def flipped(part: float) -> Damage:
    """One bit, that far into the file."""

    def damage(data: bytes, _: bytes) -> bytes:
        place = int(part * (len(data) - 1))
        return data[:place] + bytes([data[place] ^ 4]) + data[place + 1 :]

    return damage


DAMAGES: dict[str, Damage] = {
    "a bit of its beginning": flipped(0),
    "a bit of its head": flipped(0.01),
    "a bit of its middle": flipped(0.5),
    "its last bit": flipped(1),
    "half of it": lambda data, _: data[: len(data) // 2],
    "nothing": lambda *_: b"",
    "another value": lambda _, other: other,
    "a pickle": lambda *_: pickle.dumps({"values": 1}),
    "longer": lambda data, _: data + b"\0",
    "gone": lambda *_: None,
}


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGFLOW_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    cells = [
        {
            "cell_type": "code",
            "id": f"c{at}",
            "metadata": {"tags": tags.split()},
            "source": source,
            "outputs": [],
            "execution_count": None,
        }
        for at, (tags, source) in enumerate(
            [("task:make keep:values keep:other", MADE), ("task:read keep:seen", READ)]
        )
    ]
    kernel = {"name": "python3", "display_name": "python3", "language": "python"}
    book = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"kernelspec": kernel},
        "cells": cells,
    }
    (tmp_path / "nb.ipynb").write_text(json.dumps(book))


def damaged(damage: Damage) -> None:
    """Damage the file of ``values``; that of ``other`` stays as it is."""
    app = Dagflow()
    run = app.open_run("latest")
    files = [app.artifacts.path(run.find(name)[1].digest) for name in ("values", "other")]
    app.close()
    bytes_now = damage(*(file.read_bytes() for file in files))
    if bytes_now is None:
        files[0].unlink()
    else:
        files[0].write_bytes(bytes_now)


def seen(run: str = "latest") -> object:
    app = Dagflow()
    value = app.open_run(run).value("seen")
    app.close()
    return value


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_value_is_told_and_made_anew(name: str, tmp_path: Path) -> None:
    (tmp_path / "there").touch()
    code, said = told("run", "nb.ipynb")
    assert code == 0, said
    damaged(DAMAGES[name])
    code, said = told("artifacts", "get", "latest", "values", "--to", "values.pkl")
    assert code == 3, said
    assert "next:" in said
    assert not (tmp_path / "values.pkl").exists()
    code, said = told("artifacts", "show", "latest", "values")
    assert code in (0, 3), said
    (tmp_path / "nb.ipynb").write_text(
        (tmp_path / "nb.ipynb").read_text().replace("seen = ", "seen = '' + ")
    )
    code, said = told("run", "nb.ipynb")
    assert code == 0, said
    assert seen() == SEEN
    assert told("artifacts", "get", "latest", "values", "--to", "values.pkl")[0] == 0


@pytest.mark.parametrize("name", DAMAGES)
def test_a_run_that_goes_on_takes_no_damaged_value(name: str, tmp_path: Path) -> None:
    code, said = told("run", "nb.ipynb")
    assert code == 1, said
    damaged(DAMAGES[name])
    (tmp_path / "there").touch()
    code, said = told("runs", "resume", "latest")
    if code == 0:
        assert seen() == SEEN
    else:
        assert "next:" in said
        assert "jupyter-dagflow itself" not in said
        told("runs", "clear", "latest", "make", "--downstream")
        assert seen() == SEEN
