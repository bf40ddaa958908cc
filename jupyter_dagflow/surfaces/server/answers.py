"""What each route answers.

The law: a few lines each; the app is called once, off the event loop, and what it gives is put into words of `wire`.
"""

from __future__ import annotations

from jupyter_dagflow import __version__
from jupyter_dagflow.app import suggest_tags_unsaved
from jupyter_dagflow.core.errors import NotFound
from jupyter_dagflow.core.model import Compilation, RunId
from jupyter_dagflow.core.selection import Selection
from jupyter_dagflow.core.taskbook import cells_of_step
from jupyter_dagflow.resuming import notebook_file
from jupyter_dagflow.run_handle import LiveRun
from jupyter_dagflow.storage.taskbooks import read_taskbook
from jupyter_dagflow.surfaces.graph.dot import dot
from jupyter_dagflow.surfaces.server.asked import Asked
from jupyter_dagflow.surfaces.server.log_part import log_part
from jupyter_dagflow.surfaces.step_tasks import all_step_tasks
from jupyter_dagflow.wire import (
    ArtifactDocument,
    DeletedDocument,
    EventsDocument,
    ExpectationDocument,
    GraphDocument,
    GridDocument,
    LogDocument,
    NotebookPathDocument,
    OutputCellDocument,
    OutputsDocument,
    ParametersDocument,
    PipelinesDocument,
    RunDiffDocument,
    RunDocument,
    RunRecordDocument,
    RunsDocument,
    StatusDocument,
    SuggestionsDocument,
    artifact_document,
    event_to_dict,
    graph_document,
    parameters_document,
    run_diff_document,
    suggestions_document,
)


def status(asked: Asked) -> StatusDocument:
    """What the server tells of itself."""
    return StatusDocument(version=__version__, home=str(asked.app.settings.home))


def compilation(asked: Asked) -> GraphDocument:
    """The graph of a saved notebook."""
    return _graph(asked.app.compile(asked.notebook(asked.query.path), by=asked.query.by))


def compilation_unsaved(asked: Asked) -> GraphDocument:
    """The graph of a notebook as it is on screen."""
    body = asked.body
    return _graph(asked.app.compile_unsaved(body.notebook, path=asked.notebook(body.path)))


def parameters(asked: Asked) -> ParametersDocument:
    """The form of a saved notebook's parameters."""
    return parameters_document(
        asked.app.compile(asked.notebook(asked.query.path), by=asked.query.by)
    )


def suggestions(asked: Asked) -> SuggestionsDocument:
    """Tags for a notebook as it is on screen."""
    body = asked.body
    found = suggest_tags_unsaved(body.notebook, path=asked.notebook(body.path))
    return suggestions_document(found)


def runs(asked: Asked) -> RunsDocument:
    """A page of runs."""
    query = asked.query
    return asked.app.metastore.page(asked.runs, limit=query.limit, before=query.before)


def pipelines(asked: Asked) -> PipelinesDocument:
    """A page of pipelines."""
    return asked.app.metastore.pipelines(limit=asked.query.limit, after=asked.query.after)


def grid(asked: Asked) -> GridDocument:
    """A page of tasks by runs."""
    query = asked.query
    return asked.app.metastore.grid(asked.runs, limit=query.limit, before=query.before)


def comparison(asked: Asked) -> RunDiffDocument:
    """What differs between two runs."""
    return run_diff_document(asked.app.diff(asked.query.before, asked.query.after))


def run(asked: Asked) -> RunRecordDocument:
    """One run with all that is recorded of it."""
    found = asked.app.open_run(asked.run)
    return found.record_document(all_step_tasks(asked.app, found))


def events(asked: Asked) -> EventsDocument:
    """Events of a run from a number on."""
    metastore, query = asked.app.metastore, asked.query
    run_id = metastore.find_run(asked.run)
    found = metastore.events(run_id, query.after, limit=query.limit + 1)
    shown = found[: query.limit]
    return EventsDocument(
        run_id=run_id,
        events=[event_to_dict(event) for event in shown],
        next=shown[-1].seq if len(found) > len(shown) else None,
    )


def expectation(asked: Asked) -> ExpectationDocument:
    """How long a run may go on."""
    run_id, paths = asked.app.expected_paths(asked.run)
    return ExpectationDocument(
        run_id=run_id, remaining_s={str(task): s for task, s in paths.items()}
    )


def notebook_path(asked: Asked) -> NotebookPathDocument:
    """Where the notebook of a run is."""
    found = asked.app.open_run(asked.run)
    file = notebook_file(found.view)
    path = asked.path_of(file, hint="The executed notebook has the cells as they ran.")
    return NotebookPathDocument(run_id=found.run_id, path=path)


def start(asked: Asked) -> RunDocument:
    """Begin a run of a saved notebook."""
    body = asked.body
    return _begun(
        asked,
        asked.app.start(
            asked.notebook(body.path),
            parameters=body.parameters,
            parameter_texts=body.parameter_texts,
            by=body.by,
            jobs=body.jobs,
            keep="all" if body.keep_all else None,
            fresh=body.fresh,
            selection=Selection(only=body.only, since=body.since, until=body.until),
        ),
    )


def resume(asked: Asked) -> RunDocument:
    """Do again what did not succeed in a run."""
    return _begun(asked, asked.app.resume(_left_to_us(asked)))


def clear(asked: Asked) -> RunDocument:
    """Run tasks of a run again."""
    body = asked.body
    run_id = _left_to_us(asked)
    return _begun(asked, asked.app.resume(run_id, clear=body.tasks, downstream=body.downstream))


def rerun(asked: Asked) -> RunDocument:
    """Begin another run as one was begun."""
    return _begun(asked, asked.app.rerun(asked.run))


def cancel(asked: Asked) -> RunDocument:
    """Ask whoever runs it to cancel a run."""
    return asked.app.open_run(asked.app.request_cancel(asked.run)).document()


def delete(asked: Asked) -> DeletedDocument:
    """Forget a run."""
    return DeletedDocument(run_id=asked.app.delete(_left_to_us(asked)))


def log(asked: Asked) -> LogDocument:
    """What an attempt at a task has printed, or the part of it that is asked for."""
    found, task = asked.app.open_run(asked.run), asked.names["task"]
    entries = found.log(task, asked.attempt)
    number = asked.attempt or found.task(task).attempt
    part = log_part(entries, start=asked.query.start, tail=asked.query.tail)
    return LogDocument(
        run_id=found.run_id,
        task=task,
        attempt=number,
        entries=part.entries,
        start=part.start,
        end=part.end,
    )


def outputs(asked: Asked) -> OutputsDocument:
    """What the cells of an attempt at a task have put out."""
    found, task = asked.app.open_run(asked.run), asked.names["task"]
    book = read_taskbook(found.taskbook_path(task, asked.attempt))
    concern = {*cells_of_step([cell["id"] for cell in book["cells"]], task)}
    return OutputsDocument(
        run_id=found.run_id,
        task=task,
        attempt=asked.attempt or found.task(task).attempt,
        cells=[
            OutputCellDocument(
                cell=cell["id"],
                kind=cell["cell_type"],
                tags=cell["metadata"].get("tags", []),
                source="".join(cell["source"]),
                execution_count=cell.get("execution_count"),
                outputs=cell.get("outputs", []),
            )
            for cell in book["cells"]
            if cell["id"] in concern
        ],
    )


def taskbook(asked: Asked) -> bytes:
    """The notebook of an attempt at a task."""
    path = asked.app.open_run(asked.run).taskbook_path(asked.names["task"], asked.attempt)
    return path.read_bytes()


def notebook(asked: Asked) -> bytes:
    """The executed notebook of a run."""
    found = asked.app.open_run(asked.run)
    path = found.notebook_path
    if path is None:
        raise NotFound(
            f"Run {found.run_id} has no executed notebook: it is {found.state.value}.",
            hint="It is written as the run goes on; the notebook of a task is there before.",
        )
    return path.read_bytes()


def artifacts(asked: Asked) -> list[ArtifactDocument]:
    """The values that a run kept."""
    kept = asked.app.open_run(asked.run).artifacts()
    return [artifact_document(stored, task) for task, stored in kept]


def artifact(asked: Asked) -> ArtifactDocument:
    """One of them."""
    task, stored = asked.app.open_run(asked.run).find(asked.names["name"])
    return artifact_document(stored, task)


def _left_to_us(asked: Asked) -> RunId:
    """The run that is named; one that has just ended here is left by its runner first."""
    run_id = asked.app.metastore.find_run(asked.run)
    asked.recovering.see_out(run_id)
    return run_id


def _graph(compiled: Compilation) -> GraphDocument:
    return graph_document(compiled, dot=dot(compiled.pipeline))


def _begun(asked: Asked, live: LiveRun) -> RunDocument:
    asked.recovering.own(live)
    return live.document()
