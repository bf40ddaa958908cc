/** What leads from a recorded run into notebooks: to a cell, with a value, or with all that a task had. */
import { Notification } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import { type INotebookTracker, NotebookActions, NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { TaskFailure } from '../schema';
import type { IDagflowClient, IPipelines } from '../tokens';
import { notebookPath } from './drive';
import { endsAt } from './endsAt';

const TOLD_MS = 5000;

/** Opens what is at a path of the contents manager, and gives the widget if JupyterLab shows it on this page. */
export type OpenDocument = (path: string, factory?: string) => Promise<unknown>;

/** Every method rejects with words for the user if it cannot do what it says. */
export class IntoNotebooks {
  constructor(
    private readonly client: IDagflowClient,
    private readonly open: OpenDocument,
    private readonly pipelines: IPipelines,
    private readonly tracker: INotebookTracker,
    private readonly trans: TranslationBundle
  ) {}

  /** Open the notebook that a run is of, as it is now, at the place where a task of it failed. */
  async goTo(run: string, { cell, line }: Pick<TaskFailure, 'cell' | 'line'>): Promise<void> {
    const panel = await this.open(await this.client.notebookPath(run));
    if (!(panel instanceof NotebookPanel) || !cell) {
      return;
    }
    await panel.revealed;
    if (this.pipelines.of(panel)?.goTo(cell, line) === false) {
      throw new Error(this.trans.__('That cell is not in the notebook any more. The executed notebook has it.'));
    }
  }

  /** Open the notebook of a task with what it had from others, and run the cells above the one at which it ended. */
  async debug(run: string, task: string, cell: string | null): Promise<void> {
    const path = notebookPath(run, task);
    const isOpen = this.tracker.find(({ context }) => context.path === path) !== undefined;
    const panel = await this.open(path, 'Notebook');
    if (!(panel instanceof NotebookPanel)) {
      return;
    }
    const { content, context, sessionContext } = panel;
    await Promise.all([panel.revealed, sessionContext.ready]);
    if (isOpen) {
      await Promise.all([context.revert(), sessionContext.session?.kernel?.restart()]);
    }
    content.activeCellIndex = endsAt(context.model.sharedModel.toJSON().cells, cell);
    await NotebookActions.runAllAbove(content, sessionContext);
    if (content.activeCell !== null) {
      await content.scrollToCell(content.activeCell, 'smart');
    }
  }

  /** Bind a value that a run kept in the kernel of the notebook that one was at last. */
  async bring(run: string, name: string): Promise<void> {
    const { trans } = this;
    const panel = this.tracker.currentWidget;
    const kernel = panel?.sessionContext.session?.kernel;
    if (!panel || !kernel) {
      throw new Error(trans.__('No notebook with a kernel is open. Open the one that is to have the value.'));
    }
    const { content } = await kernel.requestExecute({ code: loading(run, name), store_history: false }).done;
    if (content.status !== 'ok') {
      throw new Error('evalue' in content ? content.evalue : content.status);
    }
    const file = PathExt.basename(panel.context.localPath);
    Notification.success(trans.__('%1 is in the kernel of %2.', name, file), { autoClose: TOLD_MS });
  }
}

/** What a kernel runs to have a value, whatever names its notebook has. */
function loading(run: string, name: string): string {
  const magic = (...parts: string[]) =>
    `get_ipython().run_line_magic(${parts.map(each => JSON.stringify(each)).join(', ')})`;
  return [magic('load_ext', 'jupyter_dagflow'), magic('dagflow', `load ${name} --run ${run}`)].join('\n');
}
