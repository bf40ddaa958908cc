/**
 * The chip in a code cell's header: its role and task, and how the last run of that went.
 *
 * The law: a notebook that uses no tags of ours has none, and a cell that was never on screen has none yet, so that a
 * long notebook costs as much as what is seen of it.
 */
import type { Cell } from '@jupyterlab/cells';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Widget, type PanelLayout } from '@lumino/widgets';
import { html, setText } from './graph/dom';
import { showState, stateIcon } from './graph/icon';
import { LOOKS } from './looks';
import type { NotebookPipeline } from './notebookPipeline';
import type { TaskRunDocument } from './schema';
import type { CellRole } from './tags';
import * as words from './words';

/** Opens the menu of the tags at a chip. */
export type OpenMenu = (at: DOMRect) => void;

/** One chip. */
export class CellChip extends Widget {
  private readonly icon = html('span', { class: 'dagflow-chip-icon', hidden: true });
  private readonly name = html('span', { class: 'dagflow-chip-name' });
  private readonly more = html('span', { class: 'dagflow-chip-more' });
  private readonly button = html(
    'button',
    { class: 'dagflow-chip', type: 'button', 'aria-haspopup': 'menu' },
    this.icon,
    this.name,
    this.more
  );
  private state: string | null = null;

  constructor(
    private readonly trans: TranslationBundle,
    open: (at: DOMRect) => void
  ) {
    super();
    this.addClass('dagflow-chips');
    this.node.append(this.button);
    this.button.addEventListener('click', () => open(this.button.getBoundingClientRect()));
    // the notebook takes a press of the mouse in a cell for its own
    this.button.addEventListener('mousedown', event => event.stopPropagation());
  }

  /** A role, and how the task that begins here stood when it last ran. */
  showRole({ role, task, begins }: CellRole, run: TaskRunDocument | undefined): void {
    const shown = begins ? run : undefined;
    const name = this.nameOf(role, task, begins);
    const more = shown ? outcome(shown) : '';
    this.button.dataset['role'] = begins ? 'begins' : role;
    setText(this.name, name);
    setText(this.more, more);
    this.button.setAttribute(
      'aria-label',
      this.trans.__('%1: change', [this.spoken(role, task, begins), more].filter(Boolean).join(', '))
    );
    this.button.title = this.spoken(role, task, begins);
    this.icon.hidden = shown === undefined;
    if ((shown?.state ?? null) !== this.state) {
      this.state = shown?.state ?? null;
      this.icon.replaceChildren(...(shown ? [stateIcon(shown.state)] : []));
      if (shown) {
        showState(this.button, shown.state);
      } else {
        delete this.button.dataset['state'];
      }
    }
  }

  private nameOf(role: CellRole['role'], task: string | null, begins: boolean): string {
    const { trans } = this;
    switch (role) {
      case 'task':
        return begins ? (task ?? '') : `↳ ${task}`;
      case 'setup':
        return trans.__('setup');
      case 'parameters':
        return trans.__('parameters');
      case 'skip':
        return trans.__('left out');
      case 'none':
        return trans.__('no task');
    }
  }

  private spoken(role: CellRole['role'], task: string | null, begins: boolean): string {
    const { trans } = this;
    switch (role) {
      case 'task':
        return begins ? trans.__('Task %1 begins here', task) : trans.__('Part of task %1', task);
      case 'setup':
        return trans.__('Runs first in every task');
      case 'parameters':
        return trans.__('Declares the parameters');
      case 'skip':
        return trans.__('No part of the pipeline');
      case 'none':
        return trans.__('Above the first task');
    }
  }
}

/** All chips of one notebook. */
export class NotebookChips {
  private readonly chips = new WeakMap<Cell, CellChip | null>();
  private any = false;

  constructor(
    private readonly pipeline: NotebookPipeline,
    private readonly openMenu: OpenMenu,
    private readonly trans: TranslationBundle
  ) {
    const { panel, tags, model, lastRun } = pipeline;
    const stop = lastRun.follower.onChange(() => this.sync());
    tags.changed.connect(() => this.sync());
    model.changed.connect(() => this.sync());
    panel.disposed.connect(stop);
    void panel.revealed.then(() => this.sync());
    this.sync();
  }

  private sync(): void {
    const { tags, notebook } = this.pipeline;
    if (notebook.isDisposed || (!tags.inUse && !this.any)) {
      return;
    }
    this.any = tags.inUse;
    notebook.node.classList.toggle('dagflow-tagged', tags.inUse);
    notebook.widgets.forEach(cell => (tags.inUse && cell.model.type === 'code' ? this.show(cell) : this.hide(cell)));
  }

  private show(cell: Cell): void {
    const chip = this.chips.get(cell);
    if (chip) {
      this.update(cell, chip);
    } else if (chip === undefined) {
      this.chips.set(cell, null);
      void cell.ready.then(() => this.add(cell));
    }
  }

  private add(cell: Cell): void {
    if (cell.isDisposed || this.chips.get(cell) !== null) {
      return;
    }
    const chip = new CellChip(this.trans, at => {
      const { notebook } = this.pipeline;
      // the focus has made it active already, whatever else is selected
      if (!notebook.isSelected(cell)) {
        notebook.deselectAll();
      }
      notebook.activeCellIndex = notebook.widgets.indexOf(cell);
      this.openMenu(at);
    });
    this.chips.set(cell, chip);
    (cell.layout as PanelLayout).insertWidget(0, chip);
    this.update(cell, chip);
  }

  private hide(cell: Cell): void {
    this.chips.get(cell)?.dispose();
    this.chips.delete(cell);
  }

  private update(cell: Cell, chip: CellChip): void {
    const role = this.pipeline.roleOf(cell.model.id);
    const run = this.pipeline.lastRun.follower.run?.tasks.find(({ name }) => name === role?.task);
    if (role) {
      chip.showRole(role, run);
    }
  }
}

/** `success · 1.3 s`. */
function outcome(run: TaskRunDocument): string {
  const took = typeof run.duration_s === 'number' && !run.cached ? words.duration(run.duration_s) : '';
  return [LOOKS[run.state].word, run.cached ? 'reused' : took].filter(Boolean).join(' · ');
}
