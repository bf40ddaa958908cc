"""A small notebook with tasks laid out by hand, run by the real executor in real kernels."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from ipykernel.kernelspec import write_kernel_spec

from jupyter_dagflow.core.events import CellProgress
from jupyter_dagflow.core.lookup import Lookup
from jupyter_dagflow.core.machine import AttemptEnded
from jupyter_dagflow.core.model import (
    Cell,
    CellId,
    CellKind,
    Definition,
    Edge,
    Input,
    Notebook,
    PartitionBy,
    Pipeline,
    Reason,
    RunId,
    Task,
    TaskName,
    TaskOptions,
)
from jupyter_dagflow.core.run import TaskRun
from jupyter_dagflow.execution.attempt_files import prepare_attempt, write_files
from jupyter_dagflow.execution.files import RunFiles
from jupyter_dagflow.execution.intake import find_intake
from jupyter_dagflow.execution.kernel_pool import KernelPools
from jupyter_dagflow.execution.local import LocalExecutor
from jupyter_dagflow.execution.output_limit import DEFAULT_BYTES
from jupyter_dagflow.execution.ports import Assignment, News
from jupyter_dagflow.settings import Settings


@dataclass
class Bench:
    """A notebook in the making, the executor, and what it reported."""

    home: Path
    kernel: str
    pools: KernelPools | None = None
    cells: list[Cell] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    prelude: list[CellId] = field(default_factory=list)
    parameters_cell: CellId | None = None
    ended: dict[str, AttemptEnded] = field(default_factory=dict)
    progress: list[CellProgress] = field(default_factory=list)
    reports: int = 0
    output_limit: int = DEFAULT_BYTES

    def cell(self, source: str, *, tags: tuple[str, ...] = ()) -> CellId:
        """Add a cell and return its id."""
        index = len(self.cells)
        id_ = CellId(f"cell{index}")
        self.cells.append(
            Cell(id=id_, index=index, kind=CellKind.CODE, source=source, code=source, tags=tags)
        )
        return id_

    def task(
        self,
        name: str,
        *sources: str,
        reads: dict[str, str] | None = None,
        writes: str = "",
        tags: tuple[str, ...] = (),
        definitions: tuple[Definition, ...] = (),
        metrics: str = "",
        keep: str = "",
        bound: str = "",
    ) -> None:
        """Add a task: its cells, what it reads (name to task), and what others read of it."""
        ids = tuple(self.cell(source, tags=tags) for source in sources)
        self.tasks.append(
            Task(
                name=TaskName(name),
                cells=ids,
                cell_indexes=tuple(int(id_[4:]) for id_ in ids),
                inputs=tuple(
                    Input(name=n, sources=tuple(TaskName(s) for s in source.split()))
                    for n, source in (reads or {}).items()
                ),
                writes=tuple((bound or writes).split()),
                outputs=tuple(writes.split()),
                definitions=definitions,
                options=TaskOptions(metrics=tuple(metrics.split()), keep=tuple(keep.split())),
            )
        )

    @property
    def notebook(self) -> Notebook:
        """The notebook as storage would read it."""
        return Notebook(
            path="nb.ipynb", digest="0", cells=tuple(self.cells), kernel_name=self.kernel
        )

    @property
    def pipeline(self) -> Pipeline:
        """The pipeline as the compiler would make it."""
        cells_of = {task.name: task.cells for task in self.tasks}
        edges = tuple(
            Edge(
                source=source,
                target=task.name,
                reasons=(
                    Reason(
                        kind="data",
                        name=item.name,
                        source_cell=cells_of[source][-1],
                        source_line=1,
                        target_cell=task.cells[0],
                    ),
                ),
            )
            for task in self.tasks
            for item in task.inputs
            for source in item.sources
        )
        return Pipeline(
            name="nb",
            notebook="nb.ipynb",
            by=PartitionBy.TAGS,
            parameters=(),
            parameters_cell=self.parameters_cell,
            prelude=tuple(self.prelude),
            tasks=tuple(self.tasks),
            edges=edges,
        )

    @property
    def files(self) -> RunFiles:
        """Where the run's files lie."""
        return RunFiles(self.home, RunId("r1"))

    def prepare(self, name: str, **options: Any) -> Assignment:
        """Write the files of a task's only attempt."""
        lookup = Lookup(self.pipeline)
        tasks = {
            TaskName(task): TaskRun(name=TaskName(task), upstream=(), stored=ended.stored)
            for task, ended in self.ended.items()
        }
        assignment = prepare_attempt(
            task=TaskName(name),
            attempt=1,
            run_id=RunId("r1"),
            notebook=self.notebook,
            lookup=lookup,
            files=self.files,
            store=self.home / "store",
            intake=find_intake(lookup, lookup.task(TaskName(name)), tasks),
            **{"parameters": {}, "cwd": self.home, **options},
        )
        write_files(assignment)
        return assignment

    def report(self, news: News) -> None:
        """What the runner would be told."""
        if isinstance(news, CellProgress):
            self.progress.append(news)
        elif isinstance(news, AttemptEnded):
            self.ended[news.task] = news
            self.reports += 1

    def executor(self, **options: Any) -> LocalExecutor:
        """An executor that reports to us."""
        return LocalExecutor(
            self.report, kernels=self.pools, output_limit=self.output_limit, **options
        )

    def run(self, *names: str, **options: Any) -> AttemptEnded:
        """Run these tasks one after another; how the last of them ended."""

        async def all_of_them() -> None:
            executor = self.executor()
            for name in names:
                await executor.start(self.prepare(name, **options))
                await self.end_of(name)
            await executor.close()

        asyncio.run(all_of_them())
        return self.ended[names[-1]]

    async def end_of(self, name: str) -> AttemptEnded:
        """Wait until a task has ended."""
        while name not in self.ended:
            await asyncio.sleep(0.02)
        return self.ended[name]

    def taskbook(self, name: str) -> str:
        """The text of a task's taskbook."""
        return self.files.taskbook(name, 1).read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder of kernelspecs of this very environment, so that no test needs the machine's."""
    root = tmp_path_factory.mktemp("jupyter")
    write_kernel_spec(root / "kernels" / "dagflow-test")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", str(root))
        yield root


@pytest.fixture
def pools(tmp_path: Path, kernels: Path) -> Iterator[KernelPools]:
    """Kernels started ahead: forked, unless the settings of whoever runs the tests forbid it."""
    pools = KernelPools(logs=tmp_path / "kernels", ahead=1, forks=Settings.load(config={}).fork)
    yield pools
    pools.close()


@pytest.fixture
def bench(tmp_path: Path, pools: KernelPools) -> Bench:
    """An empty notebook in a folder of its own."""
    return Bench(tmp_path, kernel="dagflow-test", pools=pools)
