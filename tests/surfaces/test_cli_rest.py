"""``examples``, ``doctor``, ``db`` and the formats in which values are written."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jupyter_dagflow.core.errors import OptionError
from jupyter_dagflow.surfaces.cli import doctor
from jupyter_dagflow.surfaces.file_formats import encoder


def test_examples(dagflow: Callable[..., Any], tmp_path: Path) -> None:
    listed = json.loads(dagflow("examples", "list", "--json").out)
    assert {"hello.ipynb", "churn.ipynb", "etl.ipynb"} <= {example["name"] for example in listed}
    assert all(example["title"] for example in listed)
    assert dagflow("examples").out == dagflow("examples", "list").out
    assert dagflow("examples", "copy", "mine").code == 0
    assert (tmp_path / "work" / "mine" / "hello.ipynb").is_file()


def test_examples_replace_nothing(dagflow: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "work" / "hello.ipynb").write_text("mine")
    answer = dagflow("examples", "copy", ".")
    assert answer.code == 2
    assert "hello.ipynb is there already; nothing was copied." in answer.err
    assert [path.name for path in (tmp_path / "work").iterdir()] == ["hello.ipynb"]


def test_doctor_finds_this_machine_fit(
    dagflow: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = dagflow("doctor", "--json")
    document = json.loads(answer.out)
    assert (answer.code, document["ok"]) == (0, True), document
    essential = {check["name"] for check in document["checks"] if check["essential"]}
    assert essential == {"python", "packages", "kernel", "home", "database"}
    assert "✓ ready to run notebooks" in dagflow("doctor").out
    monkeypatch.setenv("DAGFLOW_POOLS", "gpu=1, db=4")
    pools = [
        each
        for each in json.loads(dagflow("doctor", "--json").out)["checks"]
        if each["name"] == "pools"
    ]
    assert [each["detail"] for each in pools] == ["gpu 1, db 4"]


def test_doctor_reads_what_jupyter_is_configured_to(
    dagflow: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", str(tmp_path / "config"))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "data"))
    extension = tmp_path / "data" / "labextensions" / doctor.LAB_EXTENSION
    extension.mkdir(parents=True)
    (extension / "package.json").write_text("{}")
    settings = tmp_path / "config" / "jupyter_server_config.d"
    settings.mkdir(parents=True)
    for enabled in (True, False):
        (settings / "x.json").write_text(
            json.dumps({"ServerApp": {"jpserver_extensions": {doctor.SERVER_EXTENSION: enabled}}})
        )
        checks = {c["name"]: c for c in json.loads(dagflow("doctor", "--json").out)["checks"]}
        assert checks["server extension"]["ok"] is enabled
        assert checks["lab extension"]["ok"] is True
    (tmp_path / "config" / "labconfig").mkdir()
    (tmp_path / "config" / "labconfig" / "page_config.json").write_text(
        json.dumps({"disabledExtensions": {doctor.LAB_EXTENSION: True}})
    )
    checks = {c["name"]: c for c in json.loads(dagflow("doctor", "--json").out)["checks"]}
    assert checks["lab extension"]["detail"] == "disabled"


def test_a_check_that_breaks_is_a_finding() -> None:
    def _sky() -> doctor.Finding:
        raise RuntimeError("fell down")

    finding = doctor._checked(_sky)
    assert (finding.name, finding.ok, finding.detail) == ("sky", False, "RuntimeError: fell down")


def test_db(dagflow: Callable[..., Any], tmp_path: Path) -> None:
    missing = dagflow("db", "check")
    assert missing.code == 3
    assert "does not exist yet" in missing.err
    assert not (tmp_path / "home").exists()
    assert dagflow("db", "upgrade").code == 0
    answer = dagflow("db", "check", "--json")
    assert answer.code == 0
    assert json.loads(answer.out)["current"] is True


def test_values_as_files() -> None:
    frame = pd.DataFrame({"a": [1, 2]})
    assert encoder(".json")({"π": [1]}) == '{\n  "π": [\n    1\n  ]\n}\n'.encode()
    assert encoder(".TXT")(1.5) == b"1.5\n"
    assert encoder(".csv")(frame) == b",a\n0,1\n1,2\n"
    assert encoder(".npy")(np.arange(3))[:6] == b"\x93NUMPY"
    assert pickle.loads(encoder(".pkl")({1, 2})) == {1, 2}


@pytest.mark.parametrize(
    ("suffix", "value"),
    [(".json", {1}), (".json", float("nan")), (".csv", [1]), (".npy", [1]), (".parquet", 1)],
)
def test_a_format_that_does_not_fit(suffix: str, value: object) -> None:
    with pytest.raises(OptionError, match=f"cannot be written as {suffix}"):
        encoder(suffix)(value)
