/** How many runs go on, in JupyterLab's status bar; nothing while none does. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';
import { html, setText } from '../graph/dom';
import { showState, stateIcon } from '../graph/icon';
import type { RunsNow } from './runsNow';

export class RunsStatusItem extends Widget {
  private readonly text = html('span');

  constructor(
    private readonly now: RunsNow,
    private readonly trans: TranslationBundle,
    open: () => void
  ) {
    super();
    this.addClass('jp-mod-highlighted');
    const button = html(
      'button',
      { type: 'button', class: 'dagflow-status-item jp-StatusBar-TextItem' },
      stateIcon('running'),
      this.text
    );
    showState(button, 'running');
    button.addEventListener('click', open);
    this.node.append(button);
    now.changed.connect(this.draw, this);
    this.draw();
  }

  /** Whether there is anything to say. */
  get isActive(): boolean {
    return this.now.all.length > 0;
  }

  override dispose(): void {
    this.now.changed.disconnect(this.draw, this);
    super.dispose();
  }

  private draw(): void {
    const runs = this.now.all;
    setText(this.text, this.trans._n('%1 run', '%1 runs', runs.length));
    this.node.title = runs.map(({ pipeline, run_id, state }) => `${pipeline} · ${run_id} · ${state}`).join('\n');
  }
}
