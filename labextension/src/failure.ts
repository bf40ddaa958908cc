/** Why a task failed, below the graph: the error, the way to its line, and the last that the task printed. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { html } from './graph/dom';
import type { NotebookPipeline } from './notebookPipeline';
import type { LiveRun } from './reduce';
import { button, placeOf } from './runs/parts';
import type { TaskFailure, TaskRunDocument } from './schema';

const TAIL_LINES = 20;

/** Opens the notebook of a task of a run with all that the task had when it failed. */
export type DebugTask = (run: string, task: string, failure: TaskFailure) => void;

/** Tells of one failed task at a time: the one the reader is at, else the first. */
export class FailureBox {
  readonly node = html('section', { class: 'dagflow-failure', hidden: true });
  private readonly log = html('pre', { class: 'dagflow-failure-log', tabindex: 0, hidden: true });
  private shown: TaskRunDocument | null = null;
  private shownRun = '';

  constructor(
    private readonly pipeline: NotebookPipeline,
    private readonly trans: TranslationBundle,
    private readonly debugTask: DebugTask
  ) {
    this.node.setAttribute('aria-label', trans.__('Why a task failed'));
    this.log.setAttribute('aria-label', trans.__('The last lines that it printed'));
  }

  /** Show how a run stands to whoever is at a task. */
  update(run: LiveRun | null, at: string | null): void {
    const failed = run?.tasks.filter(({ state, error }) => state === 'failed' && error) ?? [];
    const task = failed.find(({ name }) => name === at) ?? failed[0] ?? null;
    const runId = run?.run_id ?? '';
    if (task === this.shown && runId === this.shownRun) {
      return;
    }
    this.shown = task;
    this.shownRun = runId;
    this.node.hidden = task === null;
    this.log.hidden = true;
    if (task?.error) {
      this.node.replaceChildren(...this.told(task.name, task.error), this.log);
      void this.showLog(runId, task);
    } else {
      this.node.replaceChildren();
    }
  }

  private told(name: string, error: TaskFailure): HTMLElement[] {
    const { trans } = this;
    const title = html('div', { class: 'dagflow-problem-title' }, trans.__('%1 failed: %2', name, error.message));
    const hint = html('div', { class: 'dagflow-problem-hint' }, error.hint ?? '');
    const { cell } = error;
    const debug = button(trans.__('Debug'), () => this.debugTask(this.shownRun, name, error));
    if (!cell) {
      return [title, hint, debug];
    }
    const go = button(placeOf(error, trans), () => this.pipeline.goTo(cell, error.line));
    go.classList.add('jp-mod-accept');
    return [title, hint, go, debug];
  }

  /** What the task printed; without it the error is told all the same. */
  private async showLog(runId: string, task: TaskRunDocument): Promise<void> {
    try {
      const { entries } = await this.pipeline.client.log(runId, task.name, TAIL_LINES);
      if (task === this.shown) {
        this.log.textContent = entries.map(({ text }) => text).join('');
        this.log.hidden = this.log.textContent === '';
      }
    } catch {
      // an attempt that was cleared away has no log
    }
  }
}
