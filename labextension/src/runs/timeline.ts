/** When each task of a run went on, as bars along one axis; what a bar shows stands beside it in words. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { html } from '../graph/dom';
import { showState } from '../graph/icon';
import type { RunRecordDocument, TaskRunDocument, TaskState } from '../schema';
import * as words from '../words';
import { stateLine } from './parts';

/** A stretch of a run's time in which a task went on, as parts of the whole. */
export interface Stretch {
  readonly state: TaskState;
  readonly from: number;
  readonly until: number;
}

/** The attempts at a task that are part of what a run has taken, in order. */
export function stretches(run: RunRecordDocument, task: TaskRunDocument, now: number): Stretch[] {
  if (!run.started_at) {
    return [];
  }
  const start = Date.parse(run.started_at);
  const end = Math.max(run.finished_at ? Date.parse(run.finished_at) : now, start + 1);
  const part = (at: number) => Math.min(1, Math.max(0, (at - start) / (end - start)));
  const ended = (run.attempts[task.name] ?? []).map(({ state, started_at, finished_at }) => ({
    state,
    from: Date.parse(started_at ?? finished_at),
    until: Date.parse(finished_at)
  }));
  const goesOn = task.state === 'running' && task.started_at;
  const all = goesOn ? [...ended, { state: task.state, from: Date.parse(task.started_at!), until: end }] : ended;
  return all
    .filter(({ until }) => until >= start)
    .map(({ state, from, until }) => ({ state, from: part(from), until: part(until) }));
}

/** A row for each task; the one that is looked at is marked. */
export function timeline(
  run: RunRecordDocument,
  chosen: string | null,
  choose: (task: string) => void,
  trans: TranslationBundle
): HTMLElement {
  const now = Date.now();
  const rows = run.tasks
    .filter(({ instance_of }) => !instance_of)
    .map(task => {
      const bars = stretches(run, task, now).map(({ state, from, until }) => {
        const left = Math.min(from * 100, 99);
        const bar = html('span', { style: `left: ${left}%; width: ${Math.max((until - from) * 100, 1)}%` });
        showState(bar, state);
        return bar;
      });
      const name = html('button', { type: 'button', 'aria-pressed': String(task.name === chosen) }, task.name);
      name.addEventListener('click', () => choose(task.name));
      const length = typeof task.duration_s === 'number' ? words.duration(task.duration_s) : '';
      return html(
        'tr',
        {},
        html('th', { scope: 'row' }, name),
        html('td', {}, stateLine(task.state, task.cached ? trans.__('reused') : length)),
        html('td', {}, html('div', { class: 'dagflow-timeline-bars', 'aria-hidden': 'true' }, ...bars))
      );
    });
  const heads = [trans.__('Task'), trans.__('State'), trans.__('When')];
  return html(
    'table',
    { class: 'dagflow-timeline' },
    html('thead', {}, html('tr', {}, ...heads.map(head => html('th', { scope: 'col' }, head)))),
    html('tbody', {}, ...rows)
  );
}
