/** The notebooks that runs leave behind, for JupyterLab to open as it opens any: they can be looked at, not changed. */
import type { Contents, ServerConnection } from '@jupyterlab/services';
import { type ISignal, Signal } from '@lumino/signaling';
import type { IDagflowClient } from '../tokens';

const NAME = 'dagflow';
const ENDING = '.ipynb';

/** Where the executed notebook of a run is found, or the notebook that one task of it ran in. */
export function notebookPath(run: string, task: string | null = null): string {
  return `${NAME}:${task === null ? run : `${run}/${task}`}${ENDING}`;
}

/** A drive of such notebooks; each is asked for when it is opened. */
export class RunsDrive implements Contents.IDrive {
  readonly name = NAME;
  private disposed = false;
  private readonly changed = new Signal<this, Contents.IChangedArgs>(this);

  constructor(
    private readonly client: IDagflowClient,
    readonly serverSettings: ServerConnection.ISettings
  ) {}

  get fileChanged(): ISignal<this, Contents.IChangedArgs> {
    return this.changed;
  }

  get isDisposed(): boolean {
    return this.disposed;
  }

  dispose(): void {
    this.disposed = true;
    Signal.clearData(this);
  }

  async get(path: string, options?: Contents.IFetchOptions): Promise<Contents.IModel> {
    const [run = '', ...task] = path.slice(0, -ENDING.length).split('/');
    const content = options?.content === false ? null : await this.client.notebook(run, task.join('/') || null);
    return {
      name: path.slice(path.lastIndexOf('/') + 1),
      path,
      type: 'notebook',
      format: content === null ? null : 'json',
      mimetype: '',
      writable: false,
      created: '',
      last_modified: '',
      content
    };
  }

  listCheckpoints(): Promise<Contents.ICheckpointModel[]> {
    return Promise.resolve([]);
  }

  getDownloadUrl = readOnly;
  newUntitled = readOnly;
  delete = readOnly;
  rename = readOnly;
  save = readOnly;
  copy = readOnly;
  createCheckpoint = readOnly;
  restoreCheckpoint = readOnly;
  deleteCheckpoint = readOnly;
}

function readOnly(): Promise<never> {
  return Promise.reject(
    new Error('What a run left behind is not changed. Copy its cells into a notebook of your own.')
  );
}
