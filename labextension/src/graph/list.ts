/** The tasks as a plain list: while the graph is being laid out, and where it cannot be. */
import type { Clock } from '../clock';
import type { LiveRun } from '../reduce';
import type { CompilationDocument, Diagnostic } from '../schema';
import { html } from './dom';
import { showState, stateIcon } from './icon';
import { statusText } from './nodes';

/** The list as it stands, in notebook order. */
export function taskList(compilation: CompilationDocument, run: LiveRun | null, clock: Clock): HTMLElement {
  const items = compilation.tasks.map(task => {
    const taskRun = run?.tasks.find(({ name }) => name === task.name);
    const item = html(
      'li',
      { 'data-task': task.name },
      stateIcon(taskRun?.state ?? 'none'),
      html('span', { class: 'dagflow-node-name' }, task.name),
      html('span', { class: 'dagflow-node-status' }, statusText(taskRun, task, clock))
    );
    showState(item, taskRun?.state ?? 'none');
    return item;
  });
  return html('ol', { class: 'dagflow-list', 'aria-label': 'Tasks' }, ...items);
}

/** What to do about a pipeline that has no tasks. */
export function emptyState(): HTMLElement {
  return html(
    'div',
    { class: 'dagflow-empty' },
    html('div', { class: 'dagflow-empty-title' }, 'This notebook has no tasks yet'),
    html('div', {}, 'Tag a code cell ', html('code', {}, 'task:NAME'), ', and the cells from there on become a task.')
  );
}

/** The compiler's findings that matter: errors and warnings; `go` brings the reader to the place of one. */
export function findings(compilation: CompilationDocument, go?: (finding: Diagnostic) => void): HTMLElement | null {
  const found = compilation.diagnostics.filter(({ severity }) => severity !== 'info');
  if (found.length === 0) {
    return null;
  }
  return html('ul', { class: 'dagflow-findings', 'aria-label': 'Findings' }, ...found.map(each => finding(each, go)));
}

function finding(found: Diagnostic, go?: (finding: Diagnostic) => void): HTMLElement {
  const { code, severity, message, hint, cell, cell_index, line } = found;
  const where = [
    typeof cell_index === 'number' ? `cell ${cell_index}` : '',
    typeof line === 'number' ? `line ${line}` : ''
  ].filter(Boolean);
  const place =
    go && cell ? html('button', { type: 'button', class: 'dagflow-finding-place' }, where.join(', ')) : null;
  place?.addEventListener('click', () => go?.(found));
  const item = html('li', { 'data-severity': severity });
  item.append(html('span', { class: 'dagflow-finding-kind' }, `${severity} ${code}`), ' ');
  if (where.length > 0) {
    item.append(place ?? where.join(', '), ': ');
  }
  item.append(message, ...(hint ? [html('span', { class: 'dagflow-finding-hint' }, ` ${hint}`)] : []));
  return item;
}
