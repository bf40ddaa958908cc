/** REST below `dagflow/api/v1` of the Jupyter server that this page belongs to. */
import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import type { NotebookContent } from './notebookTags';
import { refusal, silence } from './refusal';
import type {
  ArtifactDocument,
  ClearDocument,
  DeletedDocument,
  EventsDocument,
  ExpectationDocument,
  GridDocument,
  LogDocument,
  NotebookPathDocument,
  OutputsDocument,
  ParametersDocument,
  PipelinesDocument,
  RunDiffDocument,
  RunDocument,
  RunRecordDocument,
  RunsDocument,
  RunSummaryDocument,
  StartDocument,
  SuggestionsDocument,
  UnsavedNotebookDocument
} from './schema';
import type { CompiledNotebook, IDagflowClient, RunsAsked } from './tokens';

const ROOT = 'dagflow/api/v1';

/** The client of one server. */
export class DagflowClient implements IDagflowClient {
  constructor(private readonly settings: ServerConnection.ISettings) {}

  compile(path: string, notebook: NotebookContent): Promise<CompiledNotebook> {
    return this.post<UnsavedNotebookDocument, CompiledNotebook>('compilation', { path, notebook: { ...notebook } });
  }

  suggestions(path: string, notebook: NotebookContent): Promise<SuggestionsDocument> {
    return this.post<UnsavedNotebookDocument, SuggestionsDocument>('suggestions', { path, notebook: { ...notebook } });
  }

  async newestRun(path: string): Promise<RunSummaryDocument | null> {
    let before = '';
    for (;;) {
      const page: RunsDocument = await this.request('runs', { path, before, limit: '1' });
      const [newest] = page.runs;
      if (newest || page.next === null) {
        return newest ?? null;
      }
      before = page.next; // a page of other notebooks of that name
    }
  }

  parameters(path: string): Promise<ParametersDocument> {
    return this.request('parameters', { path });
  }

  run(id: string): Promise<RunRecordDocument> {
    return this.request(runAddress(id));
  }

  runs(asked: RunsAsked): Promise<RunsDocument> {
    return this.request('runs', queryOf(asked));
  }

  pipelines(after: string): Promise<PipelinesDocument> {
    return this.request('pipelines', { after });
  }

  grid(asked: RunsAsked): Promise<GridDocument> {
    return this.request('grid', queryOf(asked));
  }

  comparison(before: string, after: string): Promise<RunDiffDocument> {
    return this.request('comparison', { before, after });
  }

  start(asked: StartDocument): Promise<RunDocument> {
    return this.post('runs', asked);
  }

  cancel(id: string): Promise<RunDocument> {
    return this.post(runAddress(id, 'cancel'), {});
  }

  resume(id: string): Promise<RunDocument> {
    return this.post(runAddress(id, 'resume'), {});
  }

  clear(id: string, asked: ClearDocument): Promise<RunDocument> {
    return this.post(runAddress(id, 'clear'), asked);
  }

  rerun(id: string): Promise<RunDocument> {
    return this.post(runAddress(id, 'rerun'), {});
  }

  remove(id: string): Promise<DeletedDocument> {
    return this.request(runAddress(id), {}, { method: 'DELETE' });
  }

  expectation(id: string): Promise<ExpectationDocument> {
    return this.request(runAddress(id, 'expectation'));
  }

  events(id: string, after: number): Promise<EventsDocument> {
    return this.request(runAddress(id, 'events'), { after: String(after) });
  }

  outputs(id: string, task: string): Promise<OutputsDocument> {
    return this.request(runAddress(id, 'tasks', task, 'outputs'));
  }

  notebook(id: string, task: string | null): Promise<NotebookContent> {
    return this.request(runAddress(id, ...(task === null ? [] : ['tasks', task]), 'notebook'));
  }

  async notebookPath(id: string): Promise<string> {
    return (await this.request<NotebookPathDocument>(runAddress(id, 'path'))).path;
  }

  artifacts(id: string): Promise<ArtifactDocument[]> {
    return this.request(runAddress(id, 'artifacts'));
  }

  log(id: string, task: string, tail: number): Promise<LogDocument> {
    return this.request(runAddress(id, 'tasks', task, 'log'), { tail: String(tail) });
  }

  private post<B, T>(resource: string, body: B): Promise<T> {
    return this.request(resource, {}, { method: 'POST', body: JSON.stringify(body) });
  }

  private async request<T>(resource: string, query: Record<string, string> = {}, init: RequestInit = {}): Promise<T> {
    const url = URLExt.join(this.settings.baseUrl, ROOT, resource) + URLExt.objectToQueryString(query);
    const response = await ServerConnection.makeRequest(url, init, this.settings).catch((error: unknown) => {
      throw silence(error);
    });
    const text = await response.text();
    if (!response.ok) {
      throw refusal(response.status, text);
    }
    return JSON.parse(text) as T;
  }
}

function runAddress(id: string, ...parts: string[]): string {
  return ['runs', id, ...parts].map(encodeURIComponent).join('/');
}

/** What is asked for, without what is left open. */
function queryOf(asked: RunsAsked): Record<string, string> {
  return Object.fromEntries(
    Object.entries(asked)
      .filter(([, value]) => value !== '' && value !== undefined)
      .map(([name, value]) => [name, String(value)])
  );
}
