/** The values that a run kept, as they were described when they were stored; each can be had in a live kernel. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { html } from '../graph/dom';
import type { ArtifactDocument, RunDocument } from '../schema';
import type { IDagflowClient } from '../tokens';
import * as words from '../words';
import { button, table } from './parts';

/** Binds a value of a run in a kernel. */
export type Bring = (run: string, name: string) => void;

export class KeptValues {
  readonly node = html('div', { class: 'dagflow-kept' });
  private known = '';

  constructor(
    private readonly client: IDagflowClient,
    private readonly bring: Bring,
    private readonly trans: TranslationBundle
  ) {}

  /** Show those of a run as it stands; without an answer what is on screen stays, if it is of this run. */
  async show({ run_id, seq }: Pick<RunDocument, 'run_id' | 'seq'>): Promise<void> {
    const wanted = `${run_id} ${seq}`;
    if (wanted === this.known) {
      return;
    }
    if (!this.known.startsWith(`${run_id} `)) {
      this.node.replaceChildren();
    }
    this.known = wanted;
    const found = await this.client.artifacts(run_id).catch(() => null);
    if (wanted === this.known && found !== null) {
      this.node.replaceChildren(...this.told(run_id, found));
    }
  }

  private told(run: string, values: readonly ArtifactDocument[]): HTMLElement[] {
    const { trans } = this;
    const columns = [trans.__('Name'), trans.__('Type'), trans.__('Size'), trans.__('Value'), ''];
    return table(
      trans.__('Values'),
      columns,
      values.map(value => [
        value.name,
        value.shape === null ? value.type : `${value.type} ${value.shape.join(' × ')}`,
        words.size(value.size_bytes),
        html('code', { class: 'dagflow-preview', title: value.preview }, value.preview),
        button(trans.__('Load'), () => this.bring(run, value.name), {
          'aria-label': trans.__('Load %1', value.name),
          title: trans.__('Into the kernel of the notebook that you were at last')
        })
      ])
    );
  }
}
