"""What forking could break and does not, and what it spares; without forks the same, but for the memory."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jupyter_dagflow.execution.kernel_pool import KernelKind, KernelPools
from jupyter_dagflow.execution.kernel_server import ServedKernel
from tests.execution.pooled import ask, ready
from tests.execution.processes import parent_of

NAME = "dagflow-with-arguments"
USES_OPENBLAS = "import numpy\na = numpy.ones((700, 700))\nproduct = (a @ a).sum()"
USES_OPENMP = """\
import numpy
from sklearn.ensemble import HistGradientBoostingRegressor

x = numpy.arange(40_000, dtype=float).reshape(-1, 4)
fitted = HistGradientBoostingRegressor(max_iter=5).fit(x, x[:, 0])
"""


@pytest.fixture(params=[True, False], ids=["forked", "commands"])
def forks(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def take(tmp_path: Path, kernels: Path, forks: bool) -> Iterator[Callable[..., ServedKernel]]:
    """Takes a kernel that is ready, with what it is to import beforehand."""
    pools = KernelPools(logs=tmp_path / "logs", ahead=1, forks=forks)

    def take(*preload: str, name: str = "dagflow-test", **environment: str) -> ServedKernel:
        environ = frozenset({**os.environ, **environment}.items())
        kind = KernelKind(name=name, folder=tmp_path, environment=environ, preload=preload)
        kernel = ready(pools, kind)
        assert kernel is not None
        return kernel

    yield take
    pools.close()


def test_threads_of_openblas_and_openmp_reckon_where_an_import_has_used_them_before(
    take: Callable[..., ServedKernel], tmp_path: Path
) -> None:
    (tmp_path / "uses_openblas.py").write_text(USES_OPENBLAS)
    (tmp_path / "uses_openmp.py").write_text(USES_OPENMP)
    several = {"OPENBLAS_NUM_THREADS": "2", "OMP_NUM_THREADS": "2", "PYTHONPATH": str(tmp_path)}
    for _ in range(2):
        kernel = take("numpy", "sklearn.ensemble", "uses_openblas", "uses_openmp", **several)
        blas = "(lambda m: [m.product, (m.a @ m.a).sum()])(__import__('uses_openblas'))"
        assert ask(kernel, blas) == [700.0**3, 700.0**3]
        openmp = "(lambda m: m.fitted.fit(m.x, m.x[:, 0]).predict(m.x[:1]).shape)"
        assert ask(kernel, f"{openmp}(__import__('uses_openmp'))") == [1]


def test_a_kernelspec_keeps_its_arguments_and_its_environment(
    take: Callable[..., ServedKernel], kernels: Path
) -> None:
    folder = kernels / "kernels" / NAME
    folder.mkdir(exist_ok=True)
    argv = [
        *(sys.executable, "-W", "ignore:as it says", "-m", "ipykernel_launcher"),
        *("-f", "{connection_file}", "--InteractiveShell.xmode=Minimal"),
        *("--InteractiveShellApp.exec_lines=lies_in = r'{resource_dir}'",),
    ]
    environment = {"COLOUR": "green", "PLACE": "${COLOUR_OF_ALL}/here"}
    spec = {"argv": argv, "display_name": NAME, "language": "python", "env": environment}
    (folder / "kernel.json").write_text(json.dumps(spec))
    kernel = take(name=NAME, COLOUR="red", COLOUR_OF_ALL="blue")
    environ = "(lambda e: [e['COLOUR'], e['PLACE']])(__import__('os').environ)"
    assert ask(kernel, environ) == ["green", "blue/here"]
    assert "ignore:as it says" in ask(kernel, "__import__('sys').warnoptions")
    assert ask(kernel, "get_ipython().InteractiveTB.mode") == "Minimal"
    assert ask(kernel, "lies_in") == str(folder)


def test_a_kernel_listens_at_no_port_but_ipykernels_own_for_what_children_print(
    take: Callable[..., ServedKernel],
) -> None:
    before = _ports(os.getpid())
    kernel = take("numpy")
    assert json.loads(kernel.connection_file.read_text())["transport"] == "ipc"
    ipykernels = ask(kernel, "__import__('sys').stdout.pub_thread._pipe_port")
    assert _ports(kernel.pid) == {ipykernels}
    assert _ports(parent_of(kernel.pid)) == set(), "what starts kernels"
    assert _ports(os.getpid()) == before, "who runs tasks"


@pytest.mark.parametrize("forks", [True], ids=["forked"], indirect=True)
def test_kernels_share_what_they_have_with_their_server(
    take: Callable[..., ServedKernel],
) -> None:
    kernel = take("numpy", "pandas", "sklearn.ensemble")
    ask(kernel, "1 + 1")
    rollup = Path(f"/proc/{kernel.pid}/smaps_rollup").read_text()
    kb = {name: int(size) for name, size in re.findall(r"^(\w+):\s+(\d+) kB", rollup, re.MULTILINE)}
    assert kb["Private_Clean"] + kb["Private_Dirty"] < kb["Rss"] / 2


RUNNER = """\
import os, re, sys
from pathlib import Path
from jupyter_dagflow import Dagflow, Settings

def most():
    return int(re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024

folder = Path(sys.argv[1])
asked = {name: os.environ[name] for name in ("DAGFLOW_FORK",) if name in os.environ}
app = Dagflow(Settings.load({**asked, "DAGFLOW_HOME": str(folder / "home")}))
for name in ("small", "large"):
    run = app.run(folder / f"{name}.ipynb")
    assert run.state.value == "success", run.error
    print(run.value("size"), most())
app.close()
"""


def test_values_of_hundreds_of_megabytes_never_pass_through_the_runner(
    tmp_path: Path, kernels: Path
) -> None:
    import nbformat

    for name, length in (("small", 1_000), ("large", 40_000_000)):
        sources = (
            ("make", f"import numpy\nx = numpy.arange({length}, dtype=float)"),
            ("change", "y = x[::-1]"),
            ("keep:size use", "size = x.nbytes + y.nbytes\nassert y[0] == x[-1]"),
        )
        book = nbformat.v4.new_notebook()
        book.metadata["kernelspec"] = {"name": "dagflow-test", "display_name": "Python"}
        for tags, source in sources:
            *others, task = tags.split()
            book.cells.append(nbformat.v4.new_code_cell(source))
            book.cells[-1].metadata["tags"] = [f"task:{task}", *others]
        nbformat.write(book, tmp_path / f"{name}.ipynb")
    command = [sys.executable, "-c", RUNNER, str(tmp_path)]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    small, before, large, after = map(float, told.split())
    assert (small, large) == (16_000, 640_000_000)
    assert after - before < 60, "the runner has held values"


def _ports(pid: int) -> set[int]:
    """The ports at which a process listens for TCP."""
    opened = {os.readlink(path) for path in Path(f"/proc/{pid}/fd").iterdir() if path.is_symlink()}
    rows = [
        row.split()
        for name in ("tcp", "tcp6")
        if (table := Path(f"/proc/{pid}/net/{name}")).exists()
        for row in table.read_text().splitlines()[1:]
    ]
    return {
        int(row[1].rpartition(":")[2], 16)
        for row in rows
        if row[3] == "0A" and f"socket:[{row[9]}]" in opened
    }
