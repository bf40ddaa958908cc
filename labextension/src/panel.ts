/** The panel beside a notebook, with the graph of what is on screen. */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { Message } from '@lumino/messaging';
import { CommandToolbarButton, type Toolbar, ToolbarButton } from '@jupyterlab/ui-components';
import { CommandRegistry } from '@lumino/commands';
import { Menu, Widget } from '@lumino/widgets';
import { type DebugTask, FailureBox } from './failure';
import { html } from './graph/dom';
import { GraphView } from './graph/view';
import type { NotebookPipeline } from './notebookPipeline';
import { addRunCommands, RUN_COMMANDS, TASK_COMMANDS } from './runCommands';
import { button } from './runs/parts';

/** Shows a notebook's pipeline and follows it; what is selected here is selected there, and the other way round. */
export class PipelinePanel extends Widget {
  private readonly view: GraphView;
  private readonly problem = html('div', { class: 'dagflow-problem', role: 'alert', hidden: true });
  private readonly untagged = html('div', { class: 'dagflow-untagged', hidden: true });
  private readonly search: HTMLInputElement;
  private readonly failure: FailureBox;
  private readonly commands = new CommandRegistry();
  private readonly taskMenu = new Menu({ commands: this.commands });
  private readonly stops: (() => void)[];

  constructor(
    readonly pipeline: NotebookPipeline,
    private readonly trans: TranslationBundle,
    debugTask: DebugTask,
    suggest: () => void
  ) {
    super();
    const { model, lastRun, notebook } = pipeline;
    this.addClass('dagflow-panel');
    this.view = new GraphView({
      fill: true,
      clock: lastRun.follower.clock,
      expected: () => lastRun.expected,
      onTask: ({ cells }) => pipeline.select(cells),
      onFinding: ({ cell, line }) => cell && pipeline.goTo(cell, line)
    });
    const label = trans.__('Find a task');
    this.search = html('input', { type: 'search', class: 'dagflow-search', placeholder: label, 'aria-label': label });
    this.search.addEventListener('input', () => this.view.find(this.search.value));
    this.search.addEventListener('keydown', event => this.onSearchKey(event));
    this.view.addTool(this.search);
    this.failure = new FailureBox(pipeline, trans, debugTask);
    this.untagged.append(
      trans.__('No cell has a tag of a pipeline yet.'),
      ' ',
      button(trans.__('Suggest Tags…'), suggest)
    );
    this.node.append(this.untagged, this.problem, this.view.node, this.failure.node);
    addRunCommands(this.commands, () => pipeline, trans);
    TASK_COMMANDS.forEach(command => this.taskMenu.addItem({ command }));
    this.view.node.addEventListener('contextmenu', event => this.openTaskMenu(event));
    model.changed.connect(this.draw, this);
    notebook.activeCellChanged.connect(this.mark, this);
    this.stops = [
      model.watch(),
      lastRun.follower.onChange(() => this.showRun()),
      () => model.changed.disconnect(this.draw, this),
      () => notebook.activeCellChanged.disconnect(this.mark, this)
    ];
    pipeline.addView(this);
    this.showRun();
    this.draw();
    void lastRun.look();
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this.stops.forEach(stop => stop());
      this.view.dispose();
      this.taskMenu.dispose();
      super.dispose();
    }
  }

  /** Put what can be run into the toolbar around the panel. */
  addTools(toolbar: Toolbar): void {
    const { commands, trans } = this;
    const add = (name: string, id: string, label: string) =>
      toolbar.addItem(name, new CommandToolbarButton({ commands, id, label }));
    add('run', RUN_COMMANDS.all, trans.__('Run'));
    add('fresh', RUN_COMMANDS.fresh, trans.__('Fresh'));
    add('wishes', RUN_COMMANDS.wishes, trans.__('With…'));
    add('cancel', RUN_COMMANDS.cancel, trans.__('Cancel'));
    add('resume', RUN_COMMANDS.resume, trans.__('Resume'));
    const task = new ToolbarButton({
      label: trans.__('Task…'),
      tooltip: trans.__('Run the task of the active cell only, from it, or until it'),
      onClick: () => {
        const { left, bottom } = task.node.getBoundingClientRect();
        this.taskMenu.open(left, bottom);
      }
    });
    toolbar.addItem('task', task);
  }

  protected override onActivateRequest(_: Message): void {
    this.view.node.focus({ preventScroll: true });
  }

  private draw(): void {
    const { compilation, dot, error } = this.pipeline.model.state;
    this.problem.hidden = error === null;
    if (error !== null) {
      const title = html('div', { class: 'dagflow-problem-title' }, this.trans.__('This notebook does not compile'));
      const hint = html('div', { class: 'dagflow-problem-hint' }, error.hint);
      const message = html('div', {}, error.message);
      this.problem.replaceChildren(...(error.refused ? [title] : []), message, ...(error.hint ? [hint] : []));
    }
    this.untagged.hidden = this.pipeline.tags.inUse || this.pipeline.panel.context.model.readOnly;
    this.search.hidden = (compilation?.tasks.length ?? 0) === 0;
    void this.view.setGraph(compilation, dot);
    this.mark();
  }

  /** The task of the cell that is active in the notebook. */
  private mark(): void {
    this.view.mark(this.pipeline.taskHere);
    this.showRun();
  }

  private showRun(): void {
    const { run } = this.pipeline.lastRun.follower;
    this.view.setRun(run);
    this.failure.update(run, this.pipeline.taskHere);
    this.commands.notifyCommandChanged();
  }

  /** The menu of a task, by the pointer or by the key for it. */
  private openTaskMenu(event: MouseEvent): void {
    const card = (event.target as Element).closest<HTMLElement>('.dagflow-node');
    const task = this.pipeline.model.state.compilation?.tasks.find(({ name }) => name === card?.dataset['task']);
    if (card && task) {
      event.preventDefault();
      event.stopPropagation();
      this.pipeline.select(task.cells);
      const { left, bottom } = card.getBoundingClientRect();
      this.taskMenu.open(event.clientX || left, event.clientY || bottom);
    }
  }

  private onSearchKey(event: KeyboardEvent): void {
    if (event.key === 'Enter') {
      const [first] = this.view.find(this.search.value);
      if (first !== undefined) {
        this.view.focusTask(first);
      }
    } else if (event.key === 'Escape') {
      this.search.value = '';
      this.view.find('');
    }
    // what is typed is text, not a shortcut of the graph
    event.stopPropagation();
  }
}
