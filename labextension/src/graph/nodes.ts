/**
 * The cards of a graph: one focusable element per task.
 *
 * The law: a card is drawn once and then only restyled, and only when its task has changed.
 */
import type { Clock } from '../clock';
import { LOOKS } from '../looks';
import type { LiveRun, Progress } from '../reduce';
import type { TaskRunDocument, TaskState } from '../schema';
import * as words from '../words';
import { html, setText } from './dom';
import { isInner, ownName, type DrawnTask } from './groups';
import { showState, stateIcon } from './icon';
import type { Box } from './layout';

/** One task as a card. */
export class Card {
  readonly node: HTMLElement;
  private readonly icon = html('span', { class: 'dagflow-node-icon' });
  private readonly status = html('span', { class: 'dagflow-node-status' });
  private readonly bar = html('span', { class: 'dagflow-node-bar' });
  private state: TaskState | null = null;
  private shown: TaskRunDocument | undefined;
  private shownProgress: Progress | undefined;

  constructor(readonly task: DrawnTask) {
    const name = html('span', { class: 'dagflow-node-name' }, ownName(task));
    this.node = html(
      'div',
      { class: 'dagflow-node', role: 'button', tabindex: 0, 'data-task': task.name, 'aria-haspopup': 'dialog' },
      this.icon,
      html('span', { class: 'dagflow-node-text' }, name, this.status),
      html('span', { class: 'dagflow-node-track', 'aria-hidden': 'true' }, this.bar)
    );
    this.restyle(null, undefined, undefined);
  }

  /** Put the card where the layout has it. */
  place(box: Box): void {
    const { style } = this.node;
    style.width = `${box.width}px`;
    style.height = `${box.height}px`;
    style.transform = `translate(${box.x - box.width / 2}px, ${box.y - box.height / 2}px)`;
  }

  /** Show the task as a run has it, or without a run. */
  update(run: LiveRun | null, task: TaskRunDocument | undefined, clock: Clock): void {
    const progress = run?.progress[this.task.name];
    if (task !== this.shown || progress !== this.shownProgress || this.state === null) {
      this.restyle(task ?? null, progress, clock);
    }
  }

  /** Whether the reader is at this task elsewhere. */
  mark(marked: boolean): void {
    this.node.classList.toggle('dagflow-marked', marked);
    this.node.toggleAttribute('aria-current', marked);
  }

  /** Let the time of a running task go on. */
  tick(clock: Clock): void {
    if (this.shown?.state === 'running') {
      setText(this.status, statusText(this.shown, this.task, clock));
    }
  }

  private restyle(task: TaskRunDocument | null, progress: Progress | undefined, clock: Clock | undefined): void {
    const state = task?.state ?? 'none';
    const hasRun = task !== null;
    this.shown = task ?? undefined;
    this.shownProgress = progress;
    this.node.classList.toggle('dagflow-idle', !hasRun);
    if (state !== this.state) {
      this.state = state;
      showState(this.node, state);
      this.icon.replaceChildren(stateIcon(state));
    }
    setText(this.status, statusText(task ?? undefined, this.task, clock));
    this.node.setAttribute('aria-label', `${this.task.name}: ${hasRun ? statusWord(task) : cellsOf(this.task)}`);
    const instances = task?.instances ?? null;
    if (state === 'running' && task && instances !== null) {
      this.node.classList.remove('dagflow-indeterminate');
      this.bar.style.width = `${(100 * (task.instances_done ?? 0)) / Math.max(1, instances)}%`;
      return;
    }
    const known =
      state === 'running' && progress !== undefined && progress.attempt === task?.attempt && progress.total > 1;
    this.node.classList.toggle('dagflow-indeterminate', state === 'running' && !known);
    this.bar.style.width = known ? `${(100 * progress.done) / progress.total}%` : '';
  }
}

/** The second line of a card: the state in a word, and how many of its instances are done, or the time. */
export function statusText(task: TaskRunDocument | undefined, document: DrawnTask, clock?: Clock): string {
  if (task === undefined) {
    return words.cells(document.cell_indexes);
  }
  const word = statusWord(task);
  if (task.cached) {
    return word;
  }
  if (task.state === 'running' && typeof task.instances === 'number') {
    return `${word} · ${task.instances_done}/${task.instances} done`;
  }
  const elapsed = clock?.taskElapsed(task) ?? task.duration_s ?? null;
  if (elapsed === null) {
    return word;
  }
  return `${word} · ${task.state === 'running' ? words.ticking(elapsed) : words.duration(elapsed)}`;
}

/** Which cells a task has: `cells 4–6`, `cell 2 of clean.ipynb`. */
export function cellsOf(task: DrawnTask): string {
  return words.cells(task.cell_indexes) + (isInner(task) ? ` of ${task.notebook}` : '');
}

function statusWord(task: TaskRunDocument): string {
  const { word } = LOOKS[task.state];
  if (task.cached) {
    return `${word} · reused`;
  }
  return task.attempt > 1 ? `${word} (attempt ${task.attempt})` : word;
}
