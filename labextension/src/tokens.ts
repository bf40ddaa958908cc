/** What the plugins offer each other. */
import type { NotebookPanel } from '@jupyterlab/notebook';
import { Token } from '@lumino/coreutils';
import type { ISignal } from '@lumino/signaling';
import type { NotebookPipeline } from './notebookPipeline';
import type { NotebookContent } from './notebookTags';
import type { CompilationDocument, RunDocument, RunSummaryDocument } from './schema';

/** A compiled notebook, and its graph as DOT text. */
export interface CompiledNotebook {
  compilation: CompilationDocument;
  dot: string;
}

/** Talks to the server extension; every method rejects with a `RequestError`. */
export interface IDagflowClient {
  /** Compile what is on screen of the notebook at a path of the contents manager. */
  compile(path: string, notebook: NotebookContent): Promise<CompiledNotebook>;
  /** The newest run of a pipeline, if it has ever run. */
  newestRun(pipeline: string): Promise<RunSummaryDocument | null>;
  run(id: string): Promise<RunDocument>;
}

export const IDagflowClient = new Token<IDagflowClient>(
  'jupyter-dagflow:IDagflowClient',
  'Compiles notebooks and tells of runs, through the server extension.'
);

/** The pipelines of the notebooks that are open. */
export interface IPipelines {
  of(panel: NotebookPanel | null): NotebookPipeline | null;
  readonly opened: ISignal<unknown, NotebookPipeline>;
}

export const IPipelines = new Token<IPipelines>(
  'jupyter-dagflow:IPipelines',
  'The tags, the graph and the last run of each open notebook.'
);
