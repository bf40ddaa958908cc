"""Shapes that leave the process: JSON documents and events, and the schema that TypeScript is generated from.

The law: every document that a command prints, a server answers or a widget receives is made here and nowhere
else, from values of the core. ``python -m jupyter_dagflow.wire`` prints the JSON schema of all of them.
"""

from __future__ import annotations

import json
import re
import sys
from datetime import datetime
from typing import Any

import msgspec

from jupyter_dagflow.core import events as core_events
from jupyter_dagflow.core.diagnostics import Diagnostic
from jupyter_dagflow.core.errors import DagflowError
from jupyter_dagflow.core.events import CellProgress, Event, Stored, TaskFailure
from jupyter_dagflow.core.model import Compilation, Edge, Parameter, PartitionBy, Task
from jupyter_dagflow.core.run import RunView, TaskRun
from jupyter_dagflow.core.states import RunState, TaskState


class ParameterDocument(msgspec.Struct, kw_only=True):
    """A declared parameter."""

    name: str
    type: str
    default: Any
    cell: str


class DefinitionDocument(msgspec.Struct, kw_only=True):
    """A definition copied into a task, and the cell it stands in."""

    name: str
    cell: str


class TaskDocument(msgspec.Struct, kw_only=True):
    """A task of a pipeline; ``cell_indexes`` count all cells of the notebook from 0."""

    name: str
    cells: list[str]
    cell_indexes: list[int]
    reads: list[str]
    writes: list[str]
    definitions: list[DefinitionDocument]
    options: dict[str, Any]


class ReasonDocument(msgspec.Struct, kw_only=True):
    """Why an edge is there; lines count from 1 within their cell."""

    kind: str
    name: str
    source_cell: str | None = None
    source_line: int | None = None
    target_cell: str | None = None
    target_line: int | None = None


class EdgeDocument(msgspec.Struct, kw_only=True):
    """An edge of the DAG, with every reason for it."""

    source: str
    target: str
    reasons: list[ReasonDocument]


class DiagnosticDocument(msgspec.Struct, kw_only=True):
    """A finding of the compiler."""

    code: str
    severity: str
    message: str
    cell: str | None = None
    cell_index: int | None = None
    line: int | None = None
    hint: str = ""


class CompilationDocument(msgspec.Struct, kw_only=True):
    """What ``dagflow compile --format json`` prints."""

    notebook: str
    by: PartitionBy
    parameters: list[ParameterDocument]
    tasks: list[TaskDocument]
    edges: list[EdgeDocument]
    diagnostics: list[DiagnosticDocument]


class TaskRunDocument(msgspec.Struct, kw_only=True):
    """A task of a run. Times are aware UTC."""

    name: str
    state: TaskState
    attempt: int
    cached: bool
    started_at: datetime | None = None
    finished_at: datetime | None = None
    duration_s: float | None = None
    overhead_s: float | None = None
    error: TaskFailure | None = None


class RunDocument(msgspec.Struct, kw_only=True):
    """What ``dagflow run --json`` and ``runs show --json`` print; ``seq`` is the last event it includes."""

    run_id: str
    seq: int
    state: RunState
    pipeline: str
    started_at: datetime | None
    finished_at: datetime | None
    notebook: str | None
    tasks: list[TaskRunDocument]
    metrics: dict[str, Any]


class RunSummaryDocument(msgspec.Struct, kw_only=True):
    """A row of ``dagflow runs list``."""

    run_id: str
    pipeline: str
    state: RunState
    trigger: str
    logical_date: datetime | None
    started_at: datetime | None
    finished_at: datetime | None


class ArtifactDocument(msgspec.Struct, kw_only=True):
    """A stored value as ``dagflow artifacts show`` tells it; ``value`` only for small plain JSON values."""

    name: str
    task: str
    type: str
    shape: list[int] | None
    size_bytes: int
    preview: str
    value: Any = None


class ErrorDocument(msgspec.Struct, kw_only=True):
    """An error under ``--json``."""

    code: str
    message: str
    hint: str
    cell: str | None = None
    line: int | None = None


def compilation_document(compilation: Compilation) -> CompilationDocument:
    """The document of a compilation."""
    pipeline = compilation.pipeline
    return CompilationDocument(
        notebook=pipeline.notebook,
        by=pipeline.by,
        parameters=[_parameter(parameter) for parameter in pipeline.parameters],
        tasks=[_task(task) for task in pipeline.tasks],
        edges=[_edge(edge) for edge in pipeline.edges],
        diagnostics=[diagnostic_document(d) for d in compilation.diagnostics],
    )


def diagnostic_document(diagnostic: Diagnostic) -> DiagnosticDocument:
    """The document of one finding."""
    return msgspec.convert(diagnostic, DiagnosticDocument, from_attributes=True)


def run_document(view: RunView, *, notebook: str | None = None) -> RunDocument:
    """The document of a run; ``notebook`` is where its executed notebook lies."""
    return RunDocument(
        run_id=view.run_id,
        seq=view.seq,
        state=view.state,
        pipeline=view.pipeline,
        started_at=view.started_at,
        finished_at=view.finished_at,
        notebook=notebook,
        tasks=[_task_run(task) for task in view.tasks.values()],
        metrics=dict(view.metrics),
    )


def artifact_document(stored: Stored, task: str) -> ArtifactDocument:
    """The document of a value that ``task`` left behind."""
    return ArtifactDocument(
        name=stored.name,
        task=task,
        type=stored.type,
        shape=None if stored.shape is None else list(stored.shape),
        size_bytes=stored.size_bytes,
        preview=stored.preview,
        value=stored.value,
    )


def error_document(error: DagflowError) -> ErrorDocument:
    """The document of an error of ours."""
    return ErrorDocument(
        code=error.code,
        message=error.message,
        hint=error.hint,
        cell=error.where.cell,
        line=error.where.line,
    )


def to_json(document: Any, *, indent: int | None = 2) -> str:
    """A document as JSON text; times as ISO 8601 in UTC."""
    text = msgspec.json.encode(document)
    return (msgspec.json.format(text, indent=indent) if indent else text).decode()


def to_plain(document: Any) -> Any:
    """A document as plain lists, dicts, numbers and text."""
    return msgspec.to_builtins(document)


EVENTS: dict[str, type[Any]] = {
    re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower(): getattr(core_events, name)
    for name in (
        "RunCreated",
        "RunStarted",
        "TaskQueued",
        "TaskStarted",
        "TaskFinished",
        "CancelRequested",
        "RunFinished",
        "CellProgress",
    )
}
_EVENT_NAMES = {cls: name for name, cls in EVENTS.items()}


def event_to_dict(event: Event | CellProgress) -> dict[str, Any]:
    """An event as plain JSON values, its class told by ``type`` (``TaskStarted`` is ``task_started``)."""
    return {"type": _EVENT_NAMES[type(event)], **msgspec.to_builtins(event)}


def event_from_dict(body: dict[str, Any]) -> Any:
    """The event that `event_to_dict` made this of; raises `msgspec.ValidationError` if it is none."""
    fields = dict(body)
    name = fields.pop("type", None)
    if name not in EVENTS:
        raise msgspec.ValidationError(f"Unknown event type {name!r}.")
    return msgspec.convert(fields, EVENTS[name])


def json_schema() -> dict[str, Any]:
    """The JSON schema of every document and event, as ``{"$defs": {name: schema}}``."""
    documents = (CompilationDocument, RunDocument, RunSummaryDocument, ArtifactDocument, ErrorDocument)
    _, components = msgspec.json.schema_components(
        [*documents, *EVENTS.values()],
        ref_template="#/$defs/{name}",
        schema_hook=lambda _: {"description": "any JSON value"},
    )
    for name, cls in EVENTS.items():
        schema = components[cls.__name__]
        schema["properties"] = {"type": {"const": name}, **schema["properties"]}
        schema["required"] = ["type", *schema["properties"].keys() - {"type"}]
    return {"$defs": dict(sorted(components.items()))}


def _parameter(parameter: Parameter) -> ParameterDocument:
    return ParameterDocument(
        name=parameter.name, type=parameter.type, default=parameter.default, cell=parameter.cell
    )


def _task(task: Task) -> TaskDocument:
    return TaskDocument(
        name=task.name,
        cells=list(task.cells),
        cell_indexes=list(task.cell_indexes),
        reads=[item.name for item in task.inputs],
        writes=list(task.writes),
        definitions=[DefinitionDocument(name=d.name, cell=d.cell) for d in task.definitions],
        options=dict(task.declared),
    )


def _edge(edge: Edge) -> EdgeDocument:
    return msgspec.convert(edge, EdgeDocument, from_attributes=True)


def _task_run(task: TaskRun) -> TaskRunDocument:
    return TaskRunDocument(
        name=task.name,
        state=task.state,
        attempt=task.attempt,
        cached=task.cached,
        started_at=task.started_at,
        finished_at=task.finished_at,
        duration_s=task.duration_s,
        overhead_s=task.overhead_s,
        error=task.failure,
    )


if __name__ == "__main__":
    json.dump(json_schema(), sys.stdout, indent=2, sort_keys=True)
