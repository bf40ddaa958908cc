/** A server that answers nothing, for tests to have it answer what they ask. */
import type {
  ArtifactDocument,
  ClearDocument,
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
  RunSummaryDocument,
  StartDocument,
  SuggestionsDocument
} from '../../src/schema';
import type { NotebookContent } from '../../src/notebookTags';
import type { CompiledNotebook, IDagflowClient, RunsAsked } from '../../src/tokens';

const silent = () => Promise.reject(new Error('no answer'));

export class SilentServer implements IDagflowClient {
  compile: (path: string) => Promise<CompiledNotebook> = silent;
  suggestions: (path: string) => Promise<SuggestionsDocument> = silent;
  newestRun: (path: string) => Promise<RunSummaryDocument | null> = silent;
  parameters: (path: string) => Promise<ParametersDocument> = silent;
  run: (id: string) => Promise<RunRecordDocument> = silent;
  runs: (asked: RunsAsked) => Promise<RunsDocument> = silent;
  pipelines: (after: string) => Promise<PipelinesDocument> = silent;
  grid: (asked: RunsAsked) => Promise<GridDocument> = silent;
  comparison: (before: string, after: string) => Promise<RunDiffDocument> = silent;
  start: (asked: StartDocument) => Promise<RunDocument> = silent;
  cancel: (id: string) => Promise<RunDocument> = silent;
  resume: (id: string) => Promise<RunDocument> = silent;
  clear: (id: string, asked: ClearDocument) => Promise<RunDocument> = silent;
  rerun: (id: string) => Promise<RunDocument> = silent;
  remove: (id: string) => Promise<DeletedDocument> = silent;
  expectation: (id: string) => Promise<ExpectationDocument> = silent;
  events: (id: string, after: number) => Promise<EventsDocument> = silent;
  outputs: (id: string, task: string) => Promise<OutputsDocument> = silent;
  notebook: (id: string, task: string | null) => Promise<NotebookContent> = silent;
  notebookPath: (id: string) => Promise<string> = silent;
  artifacts: (id: string) => Promise<ArtifactDocument[]> = silent;
  log: (id: string, task: string, tail: number) => Promise<LogDocument> = silent;
}
