/** REST below `dagflow/api/v1` of the Jupyter server that this page belongs to. */
import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import type { NotebookContent } from './notebookTags';
import { refusal, silence } from './refusal';
import type { RunDocument, RunsDocument, RunSummaryDocument, UnsavedNotebookDocument } from './schema';
import type { CompiledNotebook, IDagflowClient } from './tokens';

const ROOT = 'dagflow/api/v1';

/** The client of one server. */
export class DagflowClient implements IDagflowClient {
  constructor(private readonly settings: ServerConnection.ISettings) {}

  compile(path: string, notebook: NotebookContent): Promise<CompiledNotebook> {
    const body: UnsavedNotebookDocument = { path, notebook: { ...notebook } };
    return this.request('compilation', {}, { method: 'POST', body: JSON.stringify(body) });
  }

  async newestRun(pipeline: string): Promise<RunSummaryDocument | null> {
    const { runs } = await this.request<RunsDocument>('runs', { pipeline, limit: '1' });
    return runs[0] ?? null;
  }

  run(id: string): Promise<RunDocument> {
    return this.request(`runs/${encodeURIComponent(id)}`);
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
