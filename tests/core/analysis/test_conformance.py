"""The shared cases: mini notebooks and the data dependencies between their cells."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "cases" / "dataflow.json").read_text(encoding="utf-8")
)["cases"]


def _holds_here(case: dict[str, Any]) -> bool:
    wanted = case.get("python", "")
    number = tuple(int(part) for part in wanted.lstrip("<>=").split(".")) if wanted else ()
    here = sys.version_info[:2]
    return not wanted or (here < number if wanted.startswith("<") else here >= number)


@pytest.mark.parametrize("case", [pytest.param(c, id=c["id"]) for c in CASES if _holds_here(c)])
def test_case(case: dict[str, Any], mini: Callable[..., Any]) -> None:
    notebook = mini(*case["cells"])
    wanted = {tuple(edge) for edge in case["edges"]}
    allowed = wanted | {tuple(e) for key in ("also_ok", "may") for e in case.get(key, ())}
    if case.get("fuse"):
        refusals = [d for d in notebook.flow.diagnostics if d.code == "DF120"]
        assert refusals
        assert all("cell" in d.message and d.hint for d in refusals)
    else:
        assert wanted - notebook.edges - notebook.definitions == set(), case["why"]
        assert notebook.edges - allowed == set(), case["why"]
        assert not [d for d in notebook.flow.diagnostics if d.severity.value == "error"]
