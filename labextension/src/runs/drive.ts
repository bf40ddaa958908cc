/** The notebooks that runs leave behind, for JupyterLab to open as it opens any: they can be looked at, not changed. */
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { Contents, ServerConnection } from '@jupyterlab/services';
import { type ISignal, Signal } from '@lumino/signaling';
import type { NotebookContent } from '../notebookTags';
import type { IDagflowClient } from '../tokens';
import { withWholeTexts } from './lines';

const NAME = 'dagflow';
const ENDING = '.ipynb';
const NEVER = { started_at: null, finished_at: null };

/** Where the executed notebook of a run is found, or the notebook that one task of it ran in. */
export function notebookPath(run: string, task: string | null = null): string {
  return `${NAME}:${task === null ? run : `${run}/${task}`}${ENDING}`;
}

/** Whether there is such a notebook at a path of the contents manager. */
export function isOfRun(path: string): boolean {
  return path.startsWith(`${NAME}:`);
}

/** What cannot be saved is never to be saved, whatever JupyterLab notes in it, as the language of its kernel. */
export function keepClean(model: DocumentRegistry.IModel): void {
  const clean = () => {
    if (model.dirty) {
      model.dirty = false;
    }
  };
  model.stateChanged.connect(clean);
  clean();
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
    const [content, known] = await Promise.all([
      options?.content === false ? null : this.content(run, task.join('/') || null),
      this.client.runs({ search: run, limit: 1 })
    ]);
    const { started_at, finished_at } = known.runs[0] ?? NEVER;
    const created = started_at ?? new Date().toISOString(); // one that waits; JupyterLab needs some time
    return {
      name: path.slice(path.lastIndexOf('/') + 1),
      path,
      type: 'notebook',
      format: content === null ? null : 'json',
      mimetype: '',
      writable: false,
      created,
      last_modified: finished_at ?? created,
      content
    };
  }

  private async content(run: string, task: string | null): Promise<NotebookContent> {
    const notebook = await this.client.notebook(run, task);
    const cells = notebook.cells.map(cell =>
      cell.outputs === undefined ? cell : { ...cell, outputs: withWholeTexts(cell.outputs) }
    );
    return { ...notebook, cells };
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
