/** A server that answers nothing, for tests to have it answer what they ask. */
import type {
  ClearDocument,
  EventsDocument,
  LogDocument,
  RunDocument,
  RunSummaryDocument,
  StartDocument
} from '../../src/schema';
import type { CompiledNotebook, IDagflowClient } from '../../src/tokens';

const silent = () => Promise.reject(new Error('no answer'));

export class SilentServer implements IDagflowClient {
  compile: (path: string) => Promise<CompiledNotebook> = silent;
  newestRun: (path: string) => Promise<RunSummaryDocument | null> = silent;
  run: (id: string) => Promise<RunDocument> = silent;
  start: (asked: StartDocument) => Promise<RunDocument> = silent;
  cancel: (id: string) => Promise<RunDocument> = silent;
  resume: (id: string) => Promise<RunDocument> = silent;
  clear: (id: string, asked: ClearDocument) => Promise<RunDocument> = silent;
  events: (id: string, after: number) => Promise<EventsDocument> = silent;
  log: (id: string, task: string, tail: number) => Promise<LogDocument> = silent;
}
