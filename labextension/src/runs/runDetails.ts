/** One run: how it stands, what can be done with it, when its tasks went on, and what one of them put out. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { html } from '../graph/dom';
import type { RunRecordDocument, TaskFailure, TaskRunDocument } from '../schema';
import type { IDagflowClient } from '../tokens';
import * as words from '../words';
import type { RunActions } from './actions';
import type { RunsHost } from './host';
import { KeptValues } from './keptValues';
import { metric, plain, stateLine, table } from './parts';
import { TaskOutputs } from './taskOutputs';
import { timeline } from './timeline';
import { moment, took } from './when';

const COMMIT_SHOWN = 9; // as git shows of a commit in a large repository

export class RunDetails {
  readonly node = html('section', { class: 'dagflow-run-details' });
  private readonly outputs: TaskOutputs;
  private readonly values: KeptValues;

  constructor(
    client: IDagflowClient,
    { render, bring }: Pick<RunsHost, 'render' | 'bring'>,
    private readonly actions: RunActions,
    private readonly trans: TranslationBundle,
    private readonly choose: (task: string) => void
  ) {
    this.node.setAttribute('aria-label', trans.__('One run'));
    this.outputs = new TaskOutputs(client, render, trans);
    this.values = new KeptValues(client, bring, trans);
  }

  /** Show a run, and one of its tasks. */
  show(run: RunRecordDocument, chosen: string | null): void {
    const task = run.tasks.find(({ name }) => name === chosen) ?? null;
    const seconds = took(run);
    const { trans } = this;
    this.node.replaceChildren(
      html('h2', {}, trans.__('Run %1', run.run_id)),
      html('p', {}, stateLine(run.state, moment(run.started_at), seconds === null ? '' : words.duration(seconds))),
      ...this.origin(run),
      ...(run.error ? [this.error(run.run_id, run.error)] : []),
      html('div', { class: 'dagflow-actions' }, ...this.actions.buttons(run)),
      ...(task === null ? [] : this.task(run, task)),
      ...(run.tasks.length > 0 ? [timeline(run, chosen, this.choose, trans)] : []),
      ...this.facts(run),
      this.values.node
    );
    void this.values.show(run);
    void this.outputs.show(run.run_id, task);
  }

  dispose(): void {
    this.outputs.dispose();
  }

  /** Who asked for it, from where, and on which commit. */
  private origin({ record }: RunRecordDocument): HTMLElement[] {
    if (record === null) {
      return [];
    }
    const { trans } = this;
    const by = trans.__('Asked for by %1, %2', record.user, record.origin);
    const commit = record.revision ? trans.__('commit %1', record.revision.commit.slice(0, COMMIT_SHOWN)) : '';
    return [html('p', { class: 'dagflow-soft' }, [by, commit].filter(Boolean).join(' · '))];
  }

  private facts(run: RunRecordDocument): HTMLElement[] {
    const { trans } = this;
    const columns = [trans.__('Name'), trans.__('Value')];
    const rows = (values: object, say: (value: unknown) => string) =>
      Object.entries(values).map(([name, value]) => [name, say(value)]);
    return [
      ...table(trans.__('Parameters'), columns, rows(run.parameters, plain)),
      ...table(trans.__('Metrics'), columns, rows(run.metrics, metric))
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
      ...(task.error ? [this.error(run.run_id, task.error)] : []),
      html('div', { class: 'dagflow-actions' }, ...this.actions.task(run, task)),
      this.outputs.node
    ];
  }

  private error(run: string, failure: TaskFailure): HTMLElement {
    const { message, hint, cell } = failure;
    return html(
      'div',
      { class: 'dagflow-run-error' },
      html('strong', {}, message),
      ...(hint ? [html('div', { class: 'dagflow-soft' }, hint)] : []),
      ...(cell ? [html('div', { class: 'dagflow-actions' }, this.actions.place(run, failure))] : [])
    );
  }
}
