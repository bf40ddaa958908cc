/**
 * The cells of an open notebook as far as tags go, unsaved edits included.
 *
 * The law: the shared model is the only truth. What is kept here is read from it once for each change, and a change of
 * tags is one transaction on it, so that it is undone as any other edit of the notebook.
 */
import type { ISharedCell, ISharedNotebook } from '@jupyter/ydoc';
import { Signal, type ISignal } from '@lumino/signaling';
import { isInUse, rolesOf, type CellRole, type Change, type TaggedCell } from './tags';

/** What of a notebook is sent to be compiled. */
export interface NotebookContent {
  nbformat: number;
  nbformat_minor: number;
  metadata: Record<string, unknown>;
  cells: { id: string; cell_type: string; source: string; metadata: Record<string, unknown>; outputs?: object[] }[];
}

/** Whatever tells that its content has changed; a notebook's model does. */
export interface ChangingNotebook {
  readonly sharedModel: ISharedNotebook;
  readonly contentChanged: ISignal<unknown, void>;
}

const TAGS = 'tags';
const OPTIONS = 'dagflow';
const HEADING = /^ {0,3}#{1,6}\s+(.+?)\s*#*\s*$/m;

/** Follows one notebook until it is disposed of. */
export class NotebookTags {
  private read: readonly TaggedCell[] = [];
  private rolesById = new Map<string, CellRole>();
  private known = '';
  private pending = false;
  private disposed = false;
  private readonly tagsChanged = new Signal<this, void>(this);

  constructor(private readonly notebook: ChangingNotebook) {
    notebook.contentChanged.connect(this.onContent, this);
    this.refresh();
  }

  get cells(): readonly TaggedCell[] {
    return this.read;
  }

  /** Whether the notebook uses tags of ours: before that there is nothing to be seen of us in it. */
  get inUse(): boolean {
    return isInUse(this.read);
  }

  /** Cells, or what their tags say, are others now. */
  get changed(): ISignal<this, void> {
    return this.tagsChanged;
  }

  roleOf(id: string): CellRole | null {
    return this.rolesById.get(id) ?? null;
  }

  cell(id: string): TaggedCell | null {
    return this.read.find(cell => cell.id === id) ?? null;
  }

  /** Change tags, as one step for undo. */
  apply(changes: readonly Change[]): void {
    const { sharedModel } = this.notebook;
    const cells = new Map(sharedModel.cells.map(cell => [cell.getId(), cell]));
    if (changes.length > 0) {
      // what was done a moment ago stays a step of its own
      undoOf(sharedModel)?.stopCapturing();
      sharedModel.transact(() => changes.forEach(change => write(cells.get(change.id), change)));
      this.refresh();
    }
  }

  /** The notebook as it is on screen, without what runs have left in it. */
  content(): NotebookContent {
    const { sharedModel } = this.notebook;
    return {
      nbformat: sharedModel.nbformat,
      nbformat_minor: sharedModel.nbformat_minor,
      metadata: { ...sharedModel.getMetadata() },
      cells: sharedModel.cells.map(cell => ({
        id: cell.getId(),
        cell_type: cell.cell_type as string,
        source: cell.getSource(),
        metadata: metadataOf(cell)
      }))
    };
  }

  dispose(): void {
    this.disposed = true;
    this.notebook.contentChanged.disconnect(this.onContent, this);
    Signal.clearData(this);
  }

  /** Many changes come at once, as when a notebook is read; they are looked at together. */
  private onContent(): void {
    if (!this.pending) {
      this.pending = true;
      queueMicrotask(() => {
        this.pending = false;
        if (!this.disposed) {
          this.refresh();
        }
      });
    }
  }

  private refresh(): void {
    const cells = this.notebook.sharedModel.cells.map(tagged);
    const known = JSON.stringify(cells);
    if (known !== this.known) {
      this.known = known;
      this.read = cells;
      const roles = rolesOf(cells);
      this.rolesById = new Map(cells.map(({ id }, index) => [id, roles[index]!]));
      this.tagsChanged.emit();
    }
  }
}

/** JupyterLab's own notebooks have one; it is no part of their interface. */
function undoOf(notebook: ISharedNotebook): { stopCapturing(): void } | undefined {
  return (notebook as { undoManager?: { stopCapturing(): void } }).undoManager;
}

function tagged(cell: ISharedCell): TaggedCell {
  const isCode = cell.cell_type === 'code';
  const tags = cell.getMetadata(TAGS);
  const options = cell.getMetadata(OPTIONS);
  return {
    id: cell.getId(),
    isCode,
    heading: cell.cell_type === 'markdown' ? (HEADING.exec(cell.getSource())?.[1] ?? null) : null,
    tags: Array.isArray(tags) ? tags.filter(tag => typeof tag === 'string') : [],
    options: options !== null && typeof options === 'object' && !Array.isArray(options) ? options : {}
  };
}

function metadataOf(cell: ISharedCell): Record<string, unknown> {
  const found = [TAGS, OPTIONS].map(key => [key, cell.getMetadata(key)] as const);
  return Object.fromEntries(found.filter(([, value]) => value !== undefined));
}

function write(cell: ISharedCell | undefined, { tags, options }: Change): void {
  if (cell === undefined) {
    return;
  }
  if (tags.length > 0) {
    cell.setMetadata(TAGS, [...tags]);
  } else if (cell.getMetadata(TAGS) !== undefined) {
    cell.deleteMetadata(TAGS);
  }
  if (Object.keys(options).length > 0) {
    cell.setMetadata(OPTIONS, options as Record<string, never>);
  } else if (cell.getMetadata(OPTIONS) !== undefined) {
    cell.deleteMetadata(OPTIONS);
  }
}
