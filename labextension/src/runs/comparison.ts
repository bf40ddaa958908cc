/** What differs between two runs: all that the server tells, a table or a diff for each kind of difference. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { html } from '../graph/dom';
import { LOOKS } from '../looks';
import type { ChangeDocument, CodeChangeDocument, RunDiffDocument, TaskState } from '../schema';
import * as words from '../words';
import { metric, plain, stateLine, table } from './parts';
import { moment, took } from './when';

export function comparison(diff: RunDiffDocument, trans: TranslationBundle): HTMLElement {
  const beforeAfter = [trans.__('Before'), trans.__('After')];
  const changes = (caption: string, found: readonly ChangeDocument[], say: (text: string) => Node | string = plain) =>
    table(
      caption,
      [trans.__('What'), ...beforeAfter, trans.__('Tasks')],
      found.map(({ name, before, after, tasks }) => [
        name,
        ...[before, after].map(value => (value === null ? words.NO_VALUE : say(value))),
        tasks.join(', ')
      ])
    );
  const runs = [diff.before, diff.after].map((run, index) => {
    const seconds = took(run);
    return [
      beforeAfter[index] ?? '',
      run.run_id,
      stateLine(run.state),
      moment(run.started_at),
      seconds === null ? '' : words.duration(seconds)
    ];
  });
  const names = (label: string, tasks: readonly string[]) =>
    tasks.length === 0 ? [] : [html('p', {}, `${label}: ${tasks.join(', ')}`)];
  return html(
    'section',
    { class: 'dagflow-comparison', 'aria-label': trans.__('What differs between the two runs') },
    html('p', { class: 'dagflow-comparison-summary' }, diff.summary),
    ...table(
      trans.__('Runs'),
      ['', trans.__('Run'), trans.__('State'), trans.__('Started'), trans.__('Duration')],
      runs
    ),
    ...table(
      trans.__('Metrics'),
      [trans.__('Metric'), ...beforeAfter, trans.__('Change')],
      diff.metrics.map(({ name, before, after }) => [name, shown(before), shown(after), byHowMuch(before, after)])
    ),
    ...changes(trans.__('States'), diff.states, state => (state in LOOKS ? stateLine(state as TaskState) : state)),
    ...names(trans.__('New tasks'), diff.added),
    ...names(trans.__('Removed tasks'), diff.removed),
    ...diff.code.map(change => code(change, trans)),
    ...changes(trans.__('Parameters'), diff.parameters),
    ...changes(trans.__('Files'), diff.files, digest),
    ...changes(trans.__('Versions'), diff.versions),
    ...changes(trans.__('Git'), diff.git),
    ...changes(trans.__('Asked for'), diff.asked),
    ...table(
      trans.__('Made other values of the same'),
      [trans.__('Task'), trans.__('Values')],
      diff.unexplained.map(({ task, names: values }) => [task, values.join(', ')])
    ),
    ...table(
      trans.__('Other inputs'),
      [trans.__('Value'), trans.__('Of task'), trans.__('Made by')],
      diff.inputs.map(({ name, task, made_by }) => [name, task, made_by.join(', ')])
    ),
    ...table(
      trans.__('Durations'),
      [trans.__('Task'), ...beforeAfter],
      diff.durations.map(({ task, before_s, after_s }) => [task, words.duration(before_s), words.duration(after_s)])
    ),
    ...names(trans.__('Not known'), diff.unknown)
  );
}

function code(change: CodeChangeDocument, trans: TranslationBundle): HTMLElement {
  const tasks = change.tasks.join(', ');
  const titles: Record<string, string> = {
    cells: trans.__('Code of %1', tasks),
    when: trans.__('Condition of %1', tasks),
    definitions: trans.__('Definitions in %1', tasks),
    setup: trans.__('Setup of %1', tasks)
  };
  const indexes = change.cells_after.length > 0 ? change.cells_after : change.cells_before;
  const where = indexes.length > 0 ? `, ${words.cells(indexes)}` : '';
  const title = `${titles[change.kind] ?? tasks}${where}`;
  const lines = change.diff.split('\n').map(line => html('span', { 'data-line': kindOf(line) }, `${line}\n`));
  return html(
    'figure',
    { class: 'dagflow-diff' },
    html('figcaption', {}, title),
    html('pre', { tabindex: 0, 'aria-label': title }, ...lines)
  );
}

/** What a line of a unified diff is. */
function kindOf(line: string): string {
  if (line.startsWith('+++') || line.startsWith('---') || line.startsWith('@@')) {
    return 'place';
  }
  return line.startsWith('+') ? 'added' : line.startsWith('-') ? 'removed' : 'same';
}

function shown(value: unknown): string {
  return value === null || value === undefined ? words.NO_VALUE : metric(value);
}

function byHowMuch(before: unknown, after: unknown): string {
  if (typeof before !== 'number' || typeof after !== 'number') {
    return '';
  }
  const change = after - before;
  return `${change > 0 ? '+' : ''}${Number(change.toPrecision(4))}`;
}

const DIGEST_SHOWN = 8;

function digest(text: string): string {
  return text.slice(text.lastIndexOf(':') + 1).slice(0, DIGEST_SHOWN);
}
