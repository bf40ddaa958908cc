/**
 * What is told of a task or an edge beyond its card: state, time, error, what it reads and passes on, and why.
 *
 * Pure: from documents to elements, text as text.
 */
import type { Clock } from '../clock';
import { LOOKS } from '../looks';
import type { LiveRun } from '../reduce';
import type { CompilationDocument, Edge, Reason, TaskFailure, TaskRunDocument } from '../schema';
import * as words from '../words';
import { html } from './dom';
import { isInner, runsOf, type DrawnTask } from './groups';
import { showState, stateIcon } from './icon';
import { cellsOf } from './nodes';

const MANY = 8;

/** The details of a task. */
export function taskDetails(
  task: DrawnTask,
  compilation: CompilationDocument,
  run: LiveRun | null,
  clock: Clock
): HTMLElement {
  const taskRun = runsOf(run).find(({ name }) => name === task.name);
  const body = html(
    'div',
    { class: 'dagflow-details' },
    html('div', { class: 'dagflow-details-name' }, task.name),
    stateLine(task, taskRun, clock)
  );
  if (taskRun?.error) {
    body.append(failure(taskRun.error));
  }
  const facts = html('dl', { class: 'dagflow-facts' });
  const fact = (name: string, ...values: (Node | string)[]) =>
    facts.append(html('dt', {}, name), html('dd', {}, ...values));
  if (taskRun?.why && taskRun.why.length > 0) {
    fact(taskRun.cached ? 'Reused' : 'Why it runs', list(taskRun.why.map(reason => html('li', {}, reason))));
  }
  const incoming = compilation.edges.filter(edge => edge.target === task.name);
  if (incoming.length > 0) {
    fact('Needs', list(incoming.map(edge => html('li', {}, ...passed(edge, 'from', edge.source)))));
  }
  const outgoing = compilation.edges.filter(edge => edge.source === task.name);
  if (outgoing.length > 0) {
    fact('Feeds', list(outgoing.map(edge => html('li', {}, ...passed(edge, 'to', edge.target)))));
  }
  if (isInner(task) && task.after.length > 0) {
    fact('Comes after', list(task.after.map(name => html('li', {}, code(name)))));
  }
  if (facts.childElementCount > 0) {
    body.append(facts);
  }
  return body;
}

/** The reasons of an edge. */
export function edgeDetails(edge: Edge, compilation: CompilationDocument): HTMLElement {
  const title = html('div', { class: 'dagflow-details-name' }, `${edge.source} → ${edge.target}`);
  const reasons = edge.reasons.map(reason => html('li', {}, ...reasonText(reason, compilation)));
  return html('div', { class: 'dagflow-details' }, title, list(reasons));
}

function stateLine(task: DrawnTask, run: TaskRunDocument | undefined, clock: Clock): HTMLElement {
  const line = html('div', { class: 'dagflow-details-state' });
  const parts = [cellsOf(task)];
  if (run) {
    showState(line, run.state);
    line.append(stateIcon(run.state), html('strong', {}, LOOKS[run.state].word));
    const elapsed = clock.taskElapsed(run);
    if (run.cached) {
      parts.unshift('reused an earlier result');
    } else if (elapsed !== null) {
      parts.unshift(run.state === 'running' ? words.ticking(elapsed) : words.duration(elapsed));
    }
    if (run.attempt > 1) {
      parts.push(`attempt ${run.attempt}`);
    }
  }
  line.append(html('span', {}, parts.join(' · ')));
  return line;
}

/** What is known of a failure: the message, the place, the last lines, and what to do. */
export function failure(error: TaskFailure): HTMLElement {
  const where = [
    typeof error.cell_index === 'number' ? `cell ${error.cell_index}` : '',
    typeof error.line === 'number' ? `line ${error.line}` : ''
  ].filter(Boolean);
  const box = html('div', { class: 'dagflow-error' }, html('div', { class: 'dagflow-error-message' }, error.message));
  if (where.length > 0) {
    box.append(html('div', { class: 'dagflow-error-where' }, where.join(', ')));
  }
  if (error.last_lines) {
    box.append(html('pre', { class: 'dagflow-error-lines' }, error.last_lines));
  }
  if (error.hint) {
    box.append(html('div', {}, error.hint));
  }
  if (error.taskbook) {
    box.append(html('div', { class: 'dagflow-error-where' }, 'Taskbook: ', code(error.taskbook)));
  }
  return box;
}

/** Whether it is about order alone, and not about something that is handed over. */
export function isOrder({ kind }: Reason): boolean {
  return kind === 'after' || kind === 'lane';
}

/** `X: cell 4, line 2 → cell 6, line 1`. */
function reasonText(reason: Reason, compilation: CompilationDocument): (Node | string)[] {
  if (isOrder(reason)) {
    return [reason.kind === 'lane' ? 'one kernel: ' : 'order only: ', code(`${reason.kind}:${reason.name}`)];
  }
  const from = place(reason.source_cell, reason.source_line, compilation);
  const to = place(reason.target_cell, reason.target_line, compilation);
  const where = from && to ? ` ${from} → ${to}` : ` ${from || to}`;
  return [...(reason.kind === 'file' ? ['file '] : []), code(reason.name), where];
}

function place(
  cell: string | null | undefined,
  line: number | null | undefined,
  compilation: CompilationDocument
): string {
  const task = cell ? compilation.tasks.find(({ cells }) => cells.includes(cell)) : undefined;
  const index = task?.cell_indexes[task.cells.indexOf(cell ?? '')];
  return [index === undefined ? '' : `cell ${index}`, typeof line === 'number' ? `line ${line}` : '']
    .filter(Boolean)
    .join(', ');
}

/** `X, y from features`; `only the order: from features` where nothing is passed on. */
function passed(edge: Edge, way: 'from' | 'to', other: string): (Node | string)[] {
  const names = [...new Set(edge.reasons.filter(reason => !isOrder(reason)).map(({ name }) => name))];
  if (names.length === 0) {
    return [way === 'from' ? 'to come after ' : 'the start of ', code(other)];
  }
  const more = names.length > MANY ? ` and ${names.length - MANY} more` : '';
  const listed = names.slice(0, MANY).flatMap((name, index) => [index > 0 ? ', ' : '', code(name)]);
  return [...listed, `${more} ${way} `, code(other)];
}

function list(items: HTMLLIElement[]): HTMLUListElement {
  const shown = items.slice(0, MANY);
  if (items.length > MANY) {
    shown.push(html('li', {}, `and ${items.length - MANY} more`));
  }
  return html('ul', {}, ...shown);
}

function code(text: string): HTMLElement {
  return html('code', {}, text);
}
