/** What can be done with a recorded run; what the server refuses is told in a dialog. */
import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { RunDocument } from '../schema';
import { tell } from '../tell';
import type { IDagflowClient } from '../tokens';
import { button } from './parts';

/** Of which run to show what has become of it: null if it is gone. */
export type Done = (run: string | null) => void;

type Known = Pick<RunDocument, 'run_id' | 'state'>;

export class RunActions {
  constructor(
    private readonly client: IDagflowClient,
    private readonly trans: TranslationBundle,
    private readonly done: Done
  ) {}

  /** The buttons that a run as it stands has. */
  buttons({ run_id, state }: Known): HTMLButtonElement[] {
    const { client, trans } = this;
    if (state === 'queued' || state === 'running') {
      return [button(trans.__('Cancel'), () => this.work(() => client.cancel(run_id)))];
    }
    const resume = button(trans.__('Resume'), () => this.work(() => client.resume(run_id)), {
      title: trans.__('Do again what did not succeed, with the notebook as it is')
    });
    return [
      ...(state === 'success' ? [] : [resume]),
      button(trans.__('Run again'), () => this.work(() => client.rerun(run_id)), {
        title: trans.__('A new run of the notebook as it is, asked for as this one was')
      }),
      button(trans.__('Delete…'), () => void this.remove(run_id))
    ];
  }

  /** The button that has a task of a run done again. */
  clear({ run_id, state }: Known, task: string): HTMLButtonElement[] {
    const { client, trans } = this;
    const label = trans.__('Do %1 again, and what depends on it', task);
    const asked = { tasks: [task] as [string], downstream: true };
    return state === 'queued' || state === 'running'
      ? []
      : [button(label, () => this.work(() => client.clear(run_id, asked)))];
  }

  private async remove(run: string): Promise<void> {
    const { trans } = this;
    const answer = await showDialog({
      title: trans.__('Delete run %1?', run),
      body: trans.__('Its history, its notebooks and the values that only it kept are gone for good.'),
      buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: trans.__('Delete') })]
    });
    if (answer.button.accept) {
      this.work(async () => {
        await this.client.remove(run);
        return null;
      });
    }
  }

  private work(ask: () => Promise<RunDocument | null>): void {
    void ask().then(
      run => this.done(run?.run_id ?? null),
      (error: unknown) => tell(error, this.trans)
    );
  }
}
