/** Tasks by runs: how each task of a page of runs stood, the newest run at the right; metrics below. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { html } from '../graph/dom';
import { showState, stateIcon } from '../graph/icon';
import { LOOKS } from '../looks';
import type { GridDocument, GridRunDocument, GridTaskDocument } from '../schema';
import * as words from '../words';
import { place, stopSomewhere, useArrows } from './keys';
import { metricChart } from './metricChart';
import { plain } from './parts';
import { moment, took } from './when';

/** What of the grid is looked at. */
export interface Chosen {
  readonly run: string | null;
  readonly task: string | null;
}

export class RunsGrid {
  readonly node = html('div', { class: 'dagflow-grid' });

  constructor(
    private readonly trans: TranslationBundle,
    private readonly choose: (run: string, task: string | null) => void
  ) {
    useArrows(this.node);
  }

  /** Show a page of runs, beginning with the newest; then what is on screen stays there, and so does the keyboard. */
  show(grid: GridDocument, chosen: Chosen): void {
    const { scrollTop, scrollLeft } = this.node;
    const isFirst = this.node.childElementCount === 0;
    const at = document.activeElement;
    const focused = at instanceof HTMLElement && this.node.contains(at) ? at.dataset : null;
    const runs = [...grid.runs].reverse();
    const longest = Math.max(...runs.map(({ run }) => took(run) ?? 0), 0);
    const heads = runs.map((each, column) => this.head(each, column, longest, chosen));
    const rows = grid.tasks.map((task, row) =>
      this.row(
        task,
        runs.map((each, column) => this.cell(each, task, row + 1, column, chosen))
      )
    );
    this.node.replaceChildren(
      html(
        'table',
        { 'aria-label': this.trans.__('Tasks by runs, the newest at the right') },
        html('thead', {}, html('tr', {}, html('td'), ...heads)),
        html('tbody', {}, ...rows, ...this.metrics(runs))
      )
    );
    this.node.scrollTo?.(isFirst ? this.node.scrollWidth : scrollLeft, scrollTop);
    const find = ({ row, column }: DOMStringMap) =>
      this.node.querySelector<HTMLElement>(`[data-row="${row}"][data-column="${column}"]`);
    const wanted = focused === null ? this.node.querySelector<HTMLElement>('[aria-pressed="true"]') : find(focused);
    stopSomewhere(this.node, wanted);
    if (focused !== null) {
      wanted?.focus();
    }
  }

  private head({ run }: GridRunDocument, column: number, longest: number, chosen: Chosen): HTMLElement {
    const { trans } = this;
    const seconds = took(run);
    const text = trans.__('Run %1, %2', run.run_id, LOOKS[run.state].word);
    const title = [text, moment(run.started_at), seconds === null ? '' : words.duration(seconds)].filter(Boolean);
    const height = seconds === null || longest === 0 ? 0 : (seconds / longest) * 100;
    const button = html(
      'button',
      {
        type: 'button',
        class: 'dagflow-grid-run',
        title: title.join('\n'),
        'aria-label': title.join(', '),
        'aria-pressed': String(chosen.run === run.run_id && chosen.task === null)
      },
      html('span', { class: 'dagflow-grid-track' }, html('span', { style: `height: ${Math.max(4, height)}%` })),
      stateIcon(run.state)
    );
    showState(button, run.state);
    place(button, 0, column);
    button.addEventListener('click', () => this.choose(run.run_id, null));
    return html('th', { scope: 'col', 'data-chosen': chosen.run === run.run_id }, button);
  }

  private row(name: string, cells: HTMLElement[]): HTMLElement {
    return html('tr', {}, html('th', { scope: 'row', title: name }, name), ...cells);
  }

  private cell(each: GridRunDocument, task: string, row: number, column: number, chosen: Chosen): HTMLElement {
    const found = each.tasks[task];
    const { run_id } = each.run;
    const cell = html('td', { 'data-chosen': chosen.run === run_id });
    if (found) {
      const title = [task, ...this.told(found)];
      const button = html(
        'button',
        {
          type: 'button',
          class: 'dagflow-grid-task',
          title: title.join('\n'),
          'aria-label': title.join(', '),
          'aria-pressed': String(chosen.run === run_id && chosen.task === task)
        },
        stateIcon(found.state)
      );
      showState(button, found.state);
      place(button, row, column);
      button.addEventListener('click', () => this.choose(run_id, task));
      cell.append(button);
    }
    return cell;
  }

  private told({ state, cached, duration_s, attempt }: GridTaskDocument): string[] {
    const { trans } = this;
    const length = cached ? trans.__('reused') : duration_s === null ? '' : words.duration(duration_s);
    return [LOOKS[state].word, length, attempt > 1 ? trans.__('attempt %1', attempt) : ''].filter(Boolean);
  }

  private metrics(runs: readonly GridRunDocument[]): HTMLElement[] {
    const names = [...new Set(runs.flatMap(({ metrics }) => Object.keys(metrics)))].sort();
    return names.flatMap(name => {
      const values = runs.map(({ metrics }) => (metrics as Record<string, unknown>)[name]);
      const cells = values.map(value => {
        const text = value === undefined ? '' : typeof value === 'number' ? value.toPrecision(3) : plain(value);
        return html('td', { class: 'dagflow-grid-metric', title: value === undefined ? '' : plain(value) }, text);
      });
      const chart = metricChart(values);
      const line = chart === null ? [] : [html('tr', {}, html('td'), html('td', { colspan: runs.length }, chart))];
      return [...line, this.row(name, cells)];
    });
  }
}
