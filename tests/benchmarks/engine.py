"""What the engine adds to the user's own code: whole processes and whole runs, by the clock.

They are compared with papermill, and with Run All, on the same machine a moment before or after.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from tests.benchmarks.measure import REPETITIONS, ROOT, Figure
from tests.benchmarks.notebook_file import linked, write_notebook

DAGFLOW = [sys.executable, "-m", "jupyter_dagflow.surfaces.cli.main"]
_SHORT, _LONG = 10, 50
_SPIN = "import time\nend = time.process_time() + 0.5\nwhile time.process_time() < end:\n    pass"


def figures() -> Iterator[Figure]:
    """The engine's promises, each with its measure beside it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environ = {**os.environ, "DAGFLOW_HOME": str(folder / "home")}
        per_task, per_papermill = _chain(folder)
        yield Figure("a trivial task more in a chain", per_task, "s", at_most=0.06)
        ratios = [ours / theirs for ours, theirs in zip(per_task, per_papermill, strict=True)]
        yield Figure("… of what papermill takes for it", ratios, "times", at_most=1 / 40)
        yield Figure("dagflow run of 10 tasks / papermill", _cold(folder, environ), "times", 1.1)
        yield Figure("%dagflow run again / Run All", _live(folder), "times", at_most=1.0)
        yield Figure("16 tasks of 0.5 s on 2 cores / 4 s", _spread(folder), "times", at_most=1.1)
        yield Figure("memory of a runner of 50 tasks", _memory(folder), "MB", at_most=150)
        yield Figure("dagflow --help", _command([*DAGFLOW, "--help"]), "s", at_most=0.25)
        yield Figure("%load_ext", _extension(), "s", at_most=0.2)


def _chain(folder: Path) -> tuple[list[float], list[float]]:
    """Seconds for a task more in a chain, and for papermill to run it as a notebook."""
    links = linked(_LONG)
    short = write_notebook(folder / "short.ipynb", links[:_SHORT])
    long = write_notebook(folder / "long.ipynb", links)
    one = write_notebook(folder / "one.ipynb", links[:1])
    ours, theirs = [], []
    with _session(folder) as run:
        run(short)
        for _ in range(REPETITIONS):
            ours.append((_timed(lambda: run(long)) - _timed(lambda: run(short))) / (_LONG - _SHORT))
            theirs.append(_timed(lambda: _papermill(one)))
    return ours, theirs


def _cold(folder: Path, environ: Mapping[str, str]) -> list[float]:
    path = write_notebook(folder / "linear.ipynb", linked(_SHORT))
    command = [*DAGFLOW, "run", str(path), "--fresh"]
    return [
        _timed(lambda: _quiet(command, environ)) / _timed(lambda: _papermill(path))
        for _ in range(REPETITIONS)
    ]


def _live(folder: Path) -> list[float]:
    """A run in a session that has had one, over Run All in a kernel started for it."""
    path = folder / "linear.ipynb"
    with _session(folder) as run:
        run(path)
        return [
            _timed(lambda: run(path)) / _timed(lambda: _run_all(path)) for _ in range(REPETITIONS)
        ]


def _spread(folder: Path) -> list[float]:
    path = write_notebook(folder / "wide.ipynb", [(_SPIN, f"task:t{n}") for n in range(16)])
    with _session(folder) as run:
        run(folder / "linear.ipynb")
        return [_timed(lambda: run(path)) / 4 for _ in range(REPETITIONS)]


def _memory(folder: Path) -> list[float]:
    """The most that a process had which ran the long chain, without its kernels."""
    code = (
        "import re, sys\nfrom pathlib import Path\nfrom tests.benchmarks.engine import _session\n"
        "with _session(Path(sys.argv[1])) as run:\n    run(Path(sys.argv[1], 'long.ipynb'))\n"
        # Not by getrusage, which counts what the process was forked from.
        "print(int(re.search(r'VmHWM:\\s*(\\d+)', Path('/proc/self/status').read_text())[1]) / 1024)"
    )
    command = [sys.executable, "-c", code, str(folder)]
    return [
        float(subprocess.check_output(command, cwd=ROOT, text=True)) for _ in range(REPETITIONS)
    ]


def _command(command: list[str]) -> list[float]:
    return [_timed(lambda: _quiet(command, os.environ)) for _ in range(REPETITIONS)]


def _extension() -> list[float]:
    code = (
        "import time\nfrom IPython.core.interactiveshell import InteractiveShell as S\n"
        "shell = S.instance()\nbegan = time.perf_counter()\n"
        "shell.run_line_magic('load_ext', 'jupyter_dagflow')\nprint(time.perf_counter() - began)"
    )
    return [
        float(subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, text=True))
        for _ in range(REPETITIONS)
    ]


class _session:  # noqa: N801 -- used like a function
    """A `Dagflow` that lives on: `with _session(folder) as run: run(path)`."""

    def __init__(self, folder: Path) -> None:
        from jupyter_dagflow import Dagflow, Settings

        settings = Settings.load({"DAGFLOW_HOME": str(folder / "home"), "DAGFLOW_JOBS": "2"})
        self._app = Dagflow(settings)

    def __enter__(self) -> Callable[[Path], object]:
        return lambda path: self._app.run(path, fresh=True)

    def __exit__(self, *_: object) -> None:
        self._app.close()


def _papermill(path: Path) -> None:
    _quiet([sys.executable, "-m", "papermill", "--no-progress-bar", str(path), os.devnull])


def _run_all(path: Path) -> None:
    import nbformat
    from nbclient import NotebookClient

    NotebookClient(nbformat.read(path, as_version=4)).execute()


def _quiet(command: list[str], environ: Mapping[str, str] = os.environ) -> None:
    subprocess.run(command, cwd=ROOT, env=dict(environ), check=True, capture_output=True)


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
