"""``dagflow compile`` and ``dagflow check``: a notebook's DAG, and what is wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from jupyter_dagflow.core.errors import InputError, OptionError
from jupyter_dagflow.core.nested import inner_tasks
from jupyter_dagflow.surfaces import report, words
from jupyter_dagflow.surfaces.cli.output import for_markup, put, put_json, put_parts
from jupyter_dagflow.surfaces.cli.tag import show_suggestions
from jupyter_dagflow.surfaces.options import AsJson, By, NotebookArgument, Suggest, checked_by

if TYPE_CHECKING:
    from jupyter_dagflow.core.model import Compilation, Pipeline

FORMATS = ("table", "json", "dot", "svg", "mermaid")

Format = Annotated[
    str | None,
    typer.Option(
        "--format", metavar="|".join(FORMATS), help="In which form.", show_default="table"
    ),
]


def compile_notebook(
    notebook: NotebookArgument,
    by: By = "auto",
    format_: Format = None,
    as_json: AsJson = False,
) -> None:
    """Show the DAG of a notebook; runs nothing."""
    chosen = _chosen_format(format_, as_json=as_json)
    compilation = _compiled(notebook, by)
    if chosen == "json":
        from jupyter_dagflow.wire import compilation_document

        put_json(compilation_document(compilation))
    elif chosen == "table":
        put_parts(_described(compilation))
    else:
        put(_picture(compilation, chosen), fit=for_markup)
        if compilation.diagnostics:
            put(
                report.findings(compilation.diagnostics, notebook=compilation.pipeline.notebook),
                error=True,
            )
    _leave(compilation)


def check(
    notebook: NotebookArgument,
    by: By = "auto",
    suggest: Suggest = False,
    as_json: AsJson = False,
) -> None:
    """Show what is wrong with a notebook; runs nothing."""
    if suggest:
        from jupyter_dagflow.app import suggest_tags

        show_suggestions(suggest_tags(notebook), as_json=as_json)
        return
    compilation = _compiled(notebook, by)
    if as_json:
        from jupyter_dagflow.wire import DiagnosticsDocument

        put_json(DiagnosticsDocument(diagnostics=compilation.diagnostics))
    else:
        put(report.findings(compilation.diagnostics, notebook=compilation.pipeline.notebook))
    _leave(compilation)


def _chosen_format(given: str | None, *, as_json: bool) -> str:
    if given is not None and given not in FORMATS:
        raise OptionError(f"--format is {given!r}.", hint=f"Say one of: {', '.join(FORMATS)}.")
    if as_json and given not in (None, "json"):
        raise OptionError(
            f"--json and --format {given} contradict each other.", hint="Drop one of them."
        )
    return "json" if as_json else given or "table"


def _compiled(notebook: str, by: str) -> Compilation:
    partition = checked_by(by)
    from jupyter_dagflow.surfaces.cli.session import application

    with application() as app:
        return app.compile(notebook, by=partition)


def _described(compilation: Compilation) -> list[report.Part]:
    from jupyter_dagflow.surfaces.graph.text import edge_table, parameters_table, task_table

    pipeline = compilation.pipeline
    parts: list[report.Part] = [_title(pipeline)]
    if pipeline.parameters:
        parts.append(parameters_table(pipeline))
    if pipeline.tasks:
        parts.append(task_table(pipeline, tuple(inner_tasks(compilation))))
    if pipeline.edges:
        parts.append(edge_table(pipeline))
    if compilation.diagnostics:
        parts.append(
            report.findings(compilation.diagnostics, notebook=compilation.pipeline.notebook)
        )
    return parts


def _title(pipeline: Pipeline) -> str:
    tasks = words.count(len(pipeline.tasks), "task")
    edges = words.count(len(pipeline.edges), "edge")
    return f"{pipeline.name}: {tasks}, {edges} (by {pipeline.by.value})"


def _picture(compilation: Compilation, form: str) -> str:
    pipeline, nested = compilation.pipeline, tuple(inner_tasks(compilation))
    if form == "dot":
        from jupyter_dagflow.surfaces.graph.dot import dot

        return dot(pipeline, nested=nested)
    if form == "mermaid":
        from jupyter_dagflow.surfaces.graph.mermaid import mermaid

        return mermaid(pipeline, nested=nested)
    from jupyter_dagflow.surfaces.graph.svg import svg

    return svg(pipeline, nested=compilation.nested)


def _leave(compilation: Compilation) -> None:
    """An error among the findings makes the notebook wrong input, though it was shown."""
    if not compilation.ok:
        raise typer.Exit(InputError.exit_code)
