/** What the plugins offer each other. */
import type { NotebookPanel } from '@jupyterlab/notebook';
import { Token } from '@lumino/coreutils';
import type { ISignal } from '@lumino/signaling';
import type { NotebookPipeline } from './notebookPipeline';
import type { NotebookContent } from './notebookTags';
import type {
  ArtifactDocument,
  ClearDocument,
  CompilationDocument,
  DeletedDocument,
  EventsDocument,
  ExpectationDocument,
  GridDocument,
  LogDocument,
  OutputsDocument,
  ParametersDocument,
  PipelinesDocument,
  RunDiffDocument,
  RunDocument,
  RunRecordDocument,
  RunsDocument,
  RunState,
  RunSummaryDocument,
  StartDocument,
  SuggestionsDocument
} from './schema';
import type { RunStream } from './stream';

/** A compiled notebook, and its graph as DOT text. */
export interface CompiledNotebook {
  compilation: CompilationDocument;
  dot: string;
}

/** Which runs, and which page of them: `before` is what the page above has as next. */
export interface RunsAsked {
  readonly pipeline?: string;
  readonly state?: RunState | '';
  readonly search?: string;
  readonly before?: string;
  readonly limit: number;
}

/** Talks to the server extension; every method rejects with a `RequestError`. */
export interface IDagflowClient {
  /** Compile what is on screen of the notebook at a path of the contents manager. */
  compile(path: string, notebook: NotebookContent): Promise<CompiledNotebook>;
  /** Tags for what is on screen of the notebook at a path of the contents manager. */
  suggestions(path: string, notebook: NotebookContent): Promise<SuggestionsDocument>;
  /** The newest run of the notebook at a path of the contents manager, if it has ever run. */
  newestRun(path: string): Promise<RunSummaryDocument | null>;
  /** The form of the parameters of a saved notebook. */
  parameters(path: string): Promise<ParametersDocument>;
  run(id: string): Promise<RunRecordDocument>;
  /** A page of the runs, newest first. */
  runs(asked: RunsAsked): Promise<RunsDocument>;
  /** A page of the pipelines that have runs, by name; `after` is what the page above has as next. */
  pipelines(after: string): Promise<PipelinesDocument>;
  /** How each task of a page of runs stands. */
  grid(asked: RunsAsked): Promise<GridDocument>;
  /** What differs between two runs. */
  comparison(before: string, after: string): Promise<RunDiffDocument>;
  /** Begin a run of a saved notebook; the server goes on with it, whoever looks. */
  start(asked: StartDocument): Promise<RunDocument>;
  cancel(id: string): Promise<RunDocument>;
  /** Do again what did not succeed in a run. */
  resume(id: string): Promise<RunDocument>;
  /** Run tasks of a run again, with whatever did not succeed in it. */
  clear(id: string, asked: ClearDocument): Promise<RunDocument>;
  /** Begin a new run as one was asked for, of the notebook as it is now. */
  rerun(id: string): Promise<RunDocument>;
  /** Forget a run that does not go on, with its files. */
  remove(id: string): Promise<DeletedDocument>;
  /** How long a run may go on from each of its tasks, by earlier ones. */
  expectation(id: string): Promise<ExpectationDocument>;
  /** The events of a run after a number, the first of them if there are many. */
  events(id: string, after: number): Promise<EventsDocument>;
  /** What the cells of the last attempt at a task have put out. */
  outputs(id: string, task: string): Promise<OutputsDocument>;
  /** The executed notebook of a run, or the notebook that a task of it ran in. */
  notebook(id: string, task: string | null): Promise<NotebookContent>;
  /** Where the notebook that a run is of lies now, as a path of the contents manager. */
  notebookPath(id: string): Promise<string>;
  /** The values that a run kept. */
  artifacts(id: string): Promise<ArtifactDocument[]>;
  /** The last lines that a task has printed. */
  log(id: string, task: string, tail: number): Promise<LogDocument>;
}

export const IDagflowClient = new Token<IDagflowClient>(
  'jupyter-dagflow:IDagflowClient',
  'Compiles notebooks and tells of runs, through the server extension.'
);

export const IRunStream = new Token<RunStream>('jupyter-dagflow:IRunStream', 'Tells of runs as they go on.');

/** The pipelines of the notebooks that are open. */
export interface IPipelines {
  of(panel: NotebookPanel | null): NotebookPipeline | null;
  readonly opened: ISignal<unknown, NotebookPipeline>;
}

export const IPipelines = new Token<IPipelines>(
  'jupyter-dagflow:IPipelines',
  'The tags, the graph and the last run of each open notebook.'
);
