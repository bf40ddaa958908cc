/** The panel beside a notebook, with the graph of what is on screen. */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import { html } from './graph/dom';
import { GraphView } from './graph/view';
import type { NotebookPipeline } from './notebookPipeline';
import type { Diagnostic } from './schema';

/** Shows a notebook's pipeline and follows it; what is selected here is selected there, and the other way round. */
export class PipelinePanel extends Widget {
  private readonly view: GraphView;
  private readonly problem = html('div', { class: 'dagflow-problem', role: 'alert', hidden: true });
  private readonly search: HTMLInputElement;
  private readonly stops: (() => void)[];

  constructor(
    readonly pipeline: NotebookPipeline,
    private readonly trans: TranslationBundle
  ) {
    super();
    const { model, lastRun, notebook } = pipeline;
    this.addClass('dagflow-panel');
    this.view = new GraphView({
      fill: true,
      clock: lastRun.follower.clock,
      onTask: ({ cells }) => pipeline.select(cells),
      onFinding: finding => this.goTo(finding)
    });
    const label = trans.__('Find a task');
    this.search = html('input', { type: 'search', class: 'dagflow-search', placeholder: label, 'aria-label': label });
    this.search.addEventListener('input', () => this.view.find(this.search.value));
    this.search.addEventListener('keydown', event => this.onSearchKey(event));
    this.view.addTool(this.search);
    this.node.append(this.problem, this.view.node);
    model.changed.connect(this.draw, this);
    notebook.activeCellChanged.connect(this.mark, this);
    this.stops = [
      model.watch(),
      lastRun.follower.onChange(() => this.view.setRun(lastRun.follower.run)),
      () => model.changed.disconnect(this.draw, this),
      () => notebook.activeCellChanged.disconnect(this.mark, this)
    ];
    this.view.setRun(lastRun.follower.run);
    this.draw();
    void lastRun.look();
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this.stops.forEach(stop => stop());
      this.view.dispose();
      super.dispose();
    }
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
    this.search.hidden = (compilation?.tasks.length ?? 0) === 0;
    void this.view.setGraph(compilation, dot);
    this.mark();
  }

  /** The task of the cell that is active in the notebook. */
  private mark(): void {
    const id = this.pipeline.notebook.activeCell?.model.id;
    this.view.mark(id === undefined ? null : (this.pipeline.roleOf(id)?.task ?? null));
  }

  private goTo({ cell, line }: Diagnostic): void {
    const { notebook } = this.pipeline;
    if (cell) {
      this.pipeline.select([cell]);
      notebook.mode = 'edit';
      const { activeCell } = notebook;
      void activeCell?.ready.then(() => {
        activeCell.editor?.setCursorPosition({ line: Math.max(0, (line ?? 1) - 1), column: 0 });
        activeCell.editor?.focus();
      });
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
