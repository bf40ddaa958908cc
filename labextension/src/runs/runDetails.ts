/** One run: how it stands, what can be done with it, when its tasks went on, and what one of them printed. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { html } from '../graph/dom';
import type { RunRecordDocument, TaskFailure, TaskRunDocument } from '../schema';
import type { IDagflowClient } from '../tokens';
import * as words from '../words';
import type { RunActions } from './actions';
import { plain, stateLine, table } from './parts';
import { timeline } from './timeline';
import { moment, took } from './when';

const TAIL_LINES = 200;

export class RunDetails {
  readonly node = html('section', { class: 'dagflow-run-details' });
  private readonly log = html('pre', { class: 'dagflow-log', tabindex: 0, hidden: true });
  private shown = '';

  constructor(
    private readonly client: IDagflowClient,
    private readonly actions: RunActions,
    private readonly trans: TranslationBundle,
    private readonly choose: (task: string) => void
  ) {
    this.node.setAttribute('aria-label', trans.__('One run'));
    this.log.setAttribute('aria-label', trans.__('What the task printed'));
  }

  /** Show a run, and one of its tasks. */
  show(run: RunRecordDocument, chosen: string | null): void {
    const task = run.tasks.find(({ name }) => name === chosen) ?? null;
    const seconds = took(run);
    const { trans } = this;
    this.node.replaceChildren(
      html('h2', {}, trans.__('Run %1', run.run_id)),
      html('p', {}, stateLine(run.state, moment(run.started_at), seconds === null ? '' : words.duration(seconds))),
      html('div', { class: 'dagflow-actions' }, ...this.actions.buttons(run)),
      ...this.facts(run),
      timeline(run, chosen, this.choose, trans),
      ...(task === null ? [] : this.task(run, task))
    );
    void this.showLog(run, task);
  }

  private facts(run: RunRecordDocument): HTMLElement[] {
    const { trans } = this;
    const { record } = run;
    const by = record === null ? [] : [[trans.__('Asked for by'), `${record.user}, ${record.origin}`]];
    const commit = record?.revision ? [[trans.__('Commit'), plain(record.revision.commit)]] : [];
    return [
      ...table(
        trans.__('Parameters'),
        [trans.__('Name'), trans.__('Value')],
        Object.entries(run.parameters).map(([name, value]) => [name, plain(value)])
      ),
      ...table(
        trans.__('Metrics'),
        [trans.__('Name'), trans.__('Value')],
        Object.entries(run.metrics).map(([name, value]) => [name, plain(value)])
      ),
      ...table(trans.__('Origin'), [trans.__('What'), ''], [...by, ...commit])
    ];
  }

  private task(run: RunRecordDocument, task: TaskRunDocument): HTMLElement[] {
    const { trans } = this;
    const length = typeof task.duration_s === 'number' ? words.duration(task.duration_s) : '';
    const attempt = task.attempt > 1 ? trans.__('attempt %1', task.attempt) : '';
    const why = (task.why ?? []).map(reason => html('li', {}, reason));
    return [
      html('h3', {}, trans.__('Task %1', task.name)),
      html('p', {}, stateLine(task.state, task.cached ? trans.__('reused') : length, attempt)),
      ...(why.length > 0 ? [html('ul', {}, ...why)] : []),
      ...(task.error ? [this.error(task.error)] : []),
      html('div', { class: 'dagflow-actions' }, ...this.actions.clear(run, task.name)),
      this.log
    ];
  }

  private error({ message, hint, cell_index, line }: TaskFailure): HTMLElement {
    const { trans } = this;
    const known = typeof cell_index === 'number';
    const where = !known
      ? ''
      : typeof line === 'number'
        ? trans.__('cell %1, line %2', cell_index, line)
        : trans.__('cell %1', cell_index);
    return html(
      'div',
      { class: 'dagflow-run-error' },
      html('strong', {}, message),
      ...[where, hint ?? ''].filter(Boolean).map(text => html('div', { class: 'dagflow-soft' }, text))
    );
  }

  /** What the task printed; an attempt that was cleared away, or has not begun, has no log. */
  private async showLog(run: RunRecordDocument, task: TaskRunDocument | null): Promise<void> {
    const shown = JSON.stringify([run.run_id, task?.name, task?.attempt]);
    if (shown !== this.shown) {
      this.log.hidden = true;
    }
    this.shown = shown;
    if (task === null || task.attempt === 0) {
      return;
    }
    const found = await this.client.log(run.run_id, task.name, TAIL_LINES).catch(() => null);
    if (shown === this.shown) {
      this.log.textContent = found?.entries.map(({ text }) => text).join('') ?? '';
      this.log.hidden = this.log.textContent === '';
    }
  }
}
