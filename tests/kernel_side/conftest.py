"""Tasks as bare processes: each takes values in, runs code as ``__main__``, hands values over."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cloudpickle
import pytest

import jupyter_dagflow.kernel_side

BOOT = Path(jupyter_dagflow.kernel_side.__file__).parent / "boot.py"


@dataclass
class Ended:
    """How a task ended: its outcome, what it printed, and its traceback."""

    outcome: dict[str, Any]
    output: str
    error: str

    def stored(self, name: str) -> dict[str, Any]:
        """What the outcome tells of one value."""
        return next(stored for stored in self.outcome["stored"] if stored["name"] == name)


@dataclass
class Tasks:
    """Runs tasks one after another; each sees, by name, the newest values stored before it."""

    folder: Path
    digests: dict[str, str] = field(default_factory=dict)
    count: int = 0

    @property
    def store(self) -> Path:
        """Where the values lie."""
        return self.folder / "store"

    def run(
        self,
        code: str,
        *,
        reads: str = "",
        writes: str = "",
        extras: str = "",
        survivors: str = "",
        metrics: str = "",
        guarded: str = "",
        may_go: str = "",
        made_alike: str = "",
        looked_into: dict[str, list[list[object]]] | None = None,
        beside: dict[str, str] | None = None,
        exposed: dict[str, list[str]] | None = None,
        from_prelude: str = "",
        changing: str = "",
        setup: str = "",
        definitions: dict[str, str] | None = None,
        own: dict[str, str] | None = None,
        python: str = sys.executable,
    ) -> Ended:
        """Run one task: setup, definitions, load, its code, save."""
        self.count += 1
        folder = self.folder / f"task{self.count}"
        folder.mkdir()
        replayed = [_statement(n, s, "definitions") for n, s in (definitions or {}).items()]
        spec = {
            "task": f"task{self.count}",
            "store": str(self.store),
            "cloudpickle": str(Path(cloudpickle.__file__).parent),
            "inputs": {name: self.digests[name] for name in reads.split()},
            "definitions": replayed + [_statement(n, s, "task") for n, s in (own or {}).items()],
            "outputs": writes.split(),
            "versions": {},
            "extras": extras.split(),
            "survivors": survivors,
            "metrics": metrics.split(),
            "guarded": guarded.split(),
            "may_go": may_go.split(),
            "sets": [],
            "made_alike": made_alike.split(),
            "looked_into": looked_into or {},
            "beside": beside or {},
            "strange": [],
            "exposed": exposed or {},
            "from_prelude": from_prelude.split(),
            "changing": changing.split(),
            "ambient": {},
            "generators": {},
            "project": str(self.folder / "project"),
            "ignored": [],
            "outcome": str(folder / "outcome.json"),
        }
        (folder / "handover.json").write_text(json.dumps(spec))
        spec_path = str(folder / "handover.json")
        cell = f'__import__("runpy").run_path({str(BOOT)!r})["{{}}"]({spec_path!r})'
        script = "\n".join(
            [setup, *(definitions or {}).values(), cell.format("load"), code, cell.format("save")]
        )
        (folder / "task.py").write_text(script)
        done = subprocess.run(
            [python, str(folder / "task.py")], capture_output=True, text=True, check=False
        )
        outcome = folder / "outcome.json"
        ended = Ended(
            outcome=json.loads(outcome.read_text()) if outcome.exists() else {},
            output=done.stdout,
            error=done.stderr.strip(),
        )
        for stored in ended.outcome.get("stored", []):
            self.digests[stored["name"]] = stored["digest"]
        return ended

    def ok(self, code: str, **options: Any) -> Ended:
        """Run a task that has to end well."""
        ended = self.run(code, **options)
        assert ended.error == ""
        return ended


def _statement(name: str, source: str, by: str) -> dict[str, Any]:
    return {"name": name, "source": source, "by": by}


@pytest.fixture
def tasks(tmp_path: Path) -> Tasks:
    """Tasks with a store of their own."""
    return Tasks(tmp_path)
