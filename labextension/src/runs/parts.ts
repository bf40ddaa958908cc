/** Small parts that all views of runs are made of. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { html } from '../graph/dom';
import { showState, stateIcon } from '../graph/icon';
import { LOOKS } from '../looks';
import type { TaskFailure, TaskState } from '../schema';

/** A state as icon and word. */
export function stateLine(state: TaskState, ...more: string[]): HTMLElement {
  const line = html('span', { class: 'dagflow-state' }, stateIcon(state), html('strong', {}, LOOKS[state].word));
  showState(line, state);
  line.append(...more.filter(Boolean).map(text => html('span', { class: 'dagflow-soft' }, ` · ${text}`)));
  return line;
}

/** A button as JupyterLab's forms have them. */
export function button(label: string, work: () => void, attributes: Record<string, string | boolean> = {}) {
  const made = html('button', { type: 'button', class: 'jp-mod-styled', ...attributes }, label);
  made.addEventListener('click', work);
  return made;
}

/** What a button says that leads to the place where a task failed. */
export function placeOf({ cell_index, line }: TaskFailure, trans: TranslationBundle): string {
  return typeof line === 'number'
    ? trans.__('Go to cell %1, line %2', cell_index ?? '', line)
    : trans.__('Go to cell %1', cell_index ?? '');
}

/** A table with headings; nothing if it would be empty. */
export function table(caption: string, columns: readonly string[], rows: readonly (readonly (Node | string)[])[]) {
  const head = html('tr', {}, ...columns.map(column => html('th', { scope: 'col' }, column)));
  const body = rows.map(([first, ...others]) =>
    html('tr', {}, html('th', { scope: 'row' }, first ?? ''), ...others.map(cell => html('td', {}, cell)))
  );
  return rows.length === 0
    ? []
    : [
        html(
          'table',
          { class: 'dagflow-table' },
          html('caption', {}, caption),
          html('thead', {}, head),
          html('tbody', {}, ...body)
        )
      ];
}

const DIGITS = 6; // as the summary of a comparison has them

/** A metric as short text. */
export function metric(value: unknown): string {
  return typeof value === 'number' ? String(Number(value.toPrecision(DIGITS))) : plain(value);
}

/** Any plain value as short text. */
export function plain(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}
