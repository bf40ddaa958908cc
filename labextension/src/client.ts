/** REST below `dagflow/api/v1` of the Jupyter server that this page belongs to. */
import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import { refusal, silence } from './refusal';
import type { CompiledNotebook, IDagflowClient } from './tokens';

const ROOT = 'dagflow/api/v1';

/** The client of one server. */
export class DagflowClient implements IDagflowClient {
  constructor(private readonly settings: ServerConnection.ISettings) {}

  compilation(path: string): Promise<CompiledNotebook> {
    return this.get('compilation', { path });
  }

  private async get<T>(resource: string, query: Record<string, string>): Promise<T> {
    const url = URLExt.join(this.settings.baseUrl, ROOT, resource) + URLExt.objectToQueryString(query);
    const response = await ServerConnection.makeRequest(url, {}, this.settings).catch((error: unknown) => {
      throw silence(error);
    });
    const text = await response.text();
    if (!response.ok) {
      throw refusal(response.status, text);
    }
    return JSON.parse(text) as T;
  }
}
