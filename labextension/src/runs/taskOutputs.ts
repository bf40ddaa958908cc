/** What the cells of a task put out, as JupyterLab shows outputs: sanitised, since nobody has trusted them. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';
import { html } from '../graph/dom';
import type { OutputCellDocument, TaskRunDocument } from '../schema';
import type { IDagflowClient } from '../tokens';
import { withWholeTexts } from './lines';

/** Makes a widget of the outputs of one cell. */
export type RenderOutputs = (outputs: OutputCellDocument['outputs']) => Widget;

export class TaskOutputs {
  readonly node: HTMLElement;
  private readonly areas: Widget[] = [];
  private asked = 0;
  private known = '';

  constructor(
    private readonly client: IDagflowClient,
    private readonly render: RenderOutputs,
    trans: TranslationBundle
  ) {
    this.node = html('div', {
      class: 'dagflow-outputs',
      role: 'region',
      tabindex: 0,
      'aria-label': trans.__('What the task put out'),
      hidden: true
    });
  }

  /** Show those of a task of a run; what is as it was stays on screen. */
  async show(run: string, task: TaskRunDocument | null): Promise<void> {
    const turn = ++this.asked;
    // an attempt that has not begun, or was cleared away, has put nothing out
    const found =
      task === null || task.attempt === 0 ? null : await this.client.outputs(run, task.name).catch(() => null);
    if (turn !== this.asked) {
      return;
    }
    const outputs = found?.cells.map(cell => cell.outputs).filter(({ length }) => length > 0) ?? [];
    const known = JSON.stringify([run, task?.name, outputs]);
    if (known !== this.known && this.node.isConnected) {
      this.known = known;
      this.clear();
      for (const each of outputs) {
        const area = this.render(withWholeTexts(each));
        this.areas.push(area);
        Widget.attach(area, this.node);
      }
    }
    this.node.hidden = this.areas.length === 0;
  }

  dispose(): void {
    this.asked += 1;
    this.clear();
  }

  private clear(): void {
    this.areas.splice(0).forEach(area => area.dispose());
  }
}
