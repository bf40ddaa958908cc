/** The main-area panel with the graph of one notebook. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';
import type { Message } from '@lumino/messaging';
import { html } from './graph/dom';
import { GraphView } from './graph/view';
import type { PipelineModel } from './model';

/** Shows a model and follows it. */
export class GraphPanel extends Widget {
  private readonly view = new GraphView({ fill: true });
  private readonly problem = html('div', { class: 'dagflow-problem', role: 'alert', hidden: true });

  constructor(
    readonly model: PipelineModel,
    private readonly trans: TranslationBundle
  ) {
    super();
    this.addClass('dagflow-panel');
    this.node.append(this.problem, this.view.node);
    model.changed.connect(this.draw, this);
    this.draw();
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this.model.changed.disconnect(this.draw, this);
      this.view.dispose();
      super.dispose();
    }
  }

  protected override onActivateRequest(_: Message): void {
    this.view.node.focus({ preventScroll: true });
  }

  private draw(): void {
    const { compilation, dot, error } = this.model.state;
    this.problem.hidden = error === null;
    if (error !== null) {
      const title = html('div', { class: 'dagflow-problem-title' }, this.trans.__('This notebook does not compile'));
      const hint = html('div', { class: 'dagflow-problem-hint' }, error.hint);
      const message = html('div', {}, error.message);
      this.problem.replaceChildren(...(error.refused ? [title] : []), message, ...(error.hint ? [hint] : []));
    }
    void this.view.setGraph(compilation, dot);
  }
}
