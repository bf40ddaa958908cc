/** An open notebook as a pipeline: its tags, what it compiles to, and its last run. */
import type { Cell } from '@jupyterlab/cells';
import type { Notebook, NotebookPanel } from '@jupyterlab/notebook';
import { MessageLoop, type Message } from '@lumino/messaging';
import { Signal, type ISignal } from '@lumino/signaling';
import type { Widget } from '@lumino/widgets';
import { LastRun } from './lastRun';
import { PipelineModel } from './model';
import { NotebookTags } from './notebookTags';
import { Running } from './running';
import type { RunStream } from './stream';
import type { CellRole } from './tags';
import type { IDagflowClient, IPipelines } from './tokens';

/** Lives as long as the notebook's panel; compiles while tags of ours are in use or somebody else watches. */
export class NotebookPipeline {
  readonly tags: NotebookTags;
  readonly model: PipelineModel;
  readonly lastRun: LastRun;
  readonly running: Running;
  private readonly views = new Set<Widget>();
  private unwatch: (() => void) | null = null;

  constructor(
    readonly panel: NotebookPanel,
    readonly client: IDagflowClient,
    stream: RunStream
  ) {
    const { context, sessionContext } = panel;
    this.tags = new NotebookTags(context.model);
    const { tags } = this;
    this.model = new PipelineModel(client, {
      get path() {
        return context.localPath;
      },
      content: () => tags.content()
    });
    const saved = {
      get path() {
        return context.localPath;
      },
      save: async () => {
        if (context.model.dirty && !context.model.readOnly) {
          await context.save();
        }
      }
    };
    this.lastRun = new LastRun(client, saved, stream, () => [...this.views].some(({ isVisible }) => isVisible));
    this.addView(panel);
    this.running = new Running(client, this.lastRun, saved);
    context.model.contentChanged.connect(() => this.model.touch());
    context.pathChanged.connect(() => {
      this.model.touch();
      this.look();
    });
    context.saveState.connect((_, state) => state === 'completed' && this.look());
    sessionContext.statusChanged.connect((_, status) => status === 'idle' && this.look());
    tags.changed.connect(this.use, this);
    panel.disposed.connect(() => this.dispose());
    this.use();
  }

  /** While all that show its runs are hidden, they are not followed. */
  addView(view: Widget): void {
    this.views.add(view);
    MessageLoop.installMessageHook(view, (_, { type }: Message) => {
      if (type === 'after-show' || type === 'after-attach') {
        // it is on screen when the message has been handled
        void Promise.resolve().then(() => this.lastRun.resume());
      }
      return true;
    });
    view.disposed.connect(() => this.views.delete(view));
  }

  get notebook(): Notebook {
    return this.panel.content;
  }

  /** What a cell is for; where tags say nothing, as the compiler has it. */
  roleOf(cellId: string): CellRole | null {
    const role = this.tags.roleOf(cellId);
    const { compilation } = this.model.state;
    if (role?.role !== 'none' || compilation === null || this.tags.cell(cellId)?.isCode !== true) {
      return role;
    }
    const task = compilation.tasks.find(({ cells }) => cells.includes(cellId));
    if (task !== undefined) {
      return { role: 'task', task: task.name, begins: task.cells[0] === cellId };
    }
    const isEmpty =
      this.notebook.widgets.find(({ model }) => model.id === cellId)?.model.sharedModel.source.trim() === '';
    // definitions above the first task
    return isEmpty || compilation.tasks.length === 0 ? role : { ...role, role: 'setup' };
  }

  /** Select these cells, and bring the first into view. */
  select(ids: readonly string[]): void {
    const { notebook } = this;
    const chosen = notebook.widgets.filter(({ model }) => ids.includes(model.id));
    const first = chosen[0];
    if (first === undefined) {
      return;
    }
    notebook.deselectAll();
    notebook.activeCellIndex = notebook.widgets.indexOf(first);
    chosen.slice(1).forEach(cell => notebook.select(cell));
    void notebook.scrollToCell(first, 'smart');
  }

  /** Put the cursor at a line (from 1) of a cell; tells whether there is such a cell. */
  goTo(cell: string, line: number | null | undefined): boolean {
    const { notebook } = this;
    if (!notebook.widgets.some(({ model }) => model.id === cell)) {
      return false;
    }
    this.select([cell]);
    notebook.mode = 'edit';
    const { activeCell } = notebook;
    void activeCell?.ready.then(() => {
      activeCell.editor?.setCursorPosition({ line: Math.max(0, (line ?? 1) - 1), column: 0 });
      activeCell.editor?.focus();
    });
    return true;
  }

  /** The task of the cell that is active. */
  get taskHere(): string | null {
    const id = this.notebook.activeCell?.model.id;
    return id === undefined ? null : (this.roleOf(id)?.task ?? null);
  }

  /** The cells that a command is about. */
  selected(): string[] {
    return this.notebook.selectedCells.map(({ model }: Cell) => model.id);
  }

  private use(): void {
    if (!this.tags.inUse) {
      this.unwatch?.();
      this.unwatch = null;
      return;
    }
    if (this.unwatch === null) {
      this.unwatch = this.model.watch();
      this.look();
    }
  }

  private look(): void {
    if (this.unwatch !== null) {
      void this.lastRun.look();
    }
  }

  private dispose(): void {
    this.model.dispose();
    this.lastRun.dispose();
    this.tags.dispose();
  }
}

/** The pipelines of the notebooks that are open, one for each panel. */
export class Pipelines implements IPipelines {
  private readonly byPanel = new WeakMap<NotebookPanel, NotebookPipeline>();
  private readonly openedSignal = new Signal<this, NotebookPipeline>(this);

  constructor(
    private readonly client: IDagflowClient,
    private readonly stream: RunStream
  ) {}

  get opened(): ISignal<this, NotebookPipeline> {
    return this.openedSignal;
  }

  of(panel: NotebookPanel | null): NotebookPipeline | null {
    return panel === null ? null : (this.byPanel.get(panel) ?? null);
  }

  add(panel: NotebookPanel): void {
    const pipeline = new NotebookPipeline(panel, this.client, this.stream);
    this.byPanel.set(panel, pipeline);
    this.openedSignal.emit(pipeline);
  }
}
