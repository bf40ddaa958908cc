/** What can be done with a recorded run. */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { RunDocument, RunState, TaskFailure, TaskRunDocument } from '../schema';
import type { IDagflowClient } from '../tokens';
import { notebookPath } from './drive';
import type { RunsHost } from './host';
import { button, placeOf } from './parts';

/** Of which run to show what has become of it: null if it is gone. */
export type Done = (run: string | null) => void;

type Known = Pick<RunDocument, 'run_id' | 'state' | 'notebook'>;

export class RunActions {
  constructor(
    private readonly client: IDagflowClient,
    private readonly trans: TranslationBundle,
    private readonly host: RunsHost,
    private readonly done: Done
  ) {}

  /** The buttons that a run as it stands has. */
  buttons({ run_id, state, notebook }: Known): HTMLButtonElement[] {
    const { client, trans } = this;
    const open = notebook === null ? [] : [this.open(run_id, null)];
    if (goesOn(state)) {
      return [button(trans.__('Cancel'), () => this.work(() => client.cancel(run_id))), ...open];
    }
    const resume = button(trans.__('Resume'), () => this.work(() => client.resume(run_id)), {
      title: trans.__('Do again what did not succeed, with the notebook as it is')
    });
    return [
      ...(state === 'success' ? [] : [resume]),
      button(trans.__('Run again'), () => this.work(() => client.rerun(run_id)), {
        title: trans.__('A new run of the notebook as it is, asked for as this one was')
      }),
      ...open,
      button(trans.__('Delete…'), () => void this.remove(run_id))
    ];
  }

  /** The buttons that a task of a run has. */
  task({ run_id, state }: Known, { name, attempt, error }: TaskRunDocument): HTMLButtonElement[] {
    const { client, trans } = this;
    const label = trans.__('Do %1 again', name);
    const title = trans.__('And what depends on it, in this run');
    const asked = { tasks: [name] as [string], downstream: true };
    const again = button(label, () => this.work(() => client.clear(run_id, asked)), { title });
    const debug = (failure: TaskFailure) =>
      button(trans.__('Debug'), () => this.host.debug(run_id, name, failure), {
        title: trans.__(
          'Open its notebook with what it had from other tasks, and run it as far as the cell that failed'
        )
      });
    return [
      ...(goesOn(state) ? [] : [again]),
      ...(error && attempt > 0 ? [debug(error)] : []),
      ...(attempt > 0 ? [this.open(run_id, name)] : [])
    ];
  }

  /** The button that leads to the place where a task failed, in the notebook as it is now. */
  place(run: string, failure: TaskFailure): HTMLButtonElement {
    return button(placeOf(failure, this.trans), () => this.host.goTo(run, failure));
  }

  /** The button that opens the executed notebook, or the one of a task. */
  private open(run: string, task: string | null): HTMLButtonElement {
    const { trans } = this;
    const label = task === null ? trans.__('Open executed notebook') : trans.__('Open its notebook');
    return button(label, () => this.host.openNotebook(notebookPath(run, task)));
  }

  private async remove(run: string): Promise<void> {
    const { trans } = this;
    const accepted = await this.host.confirm({
      title: trans.__('Delete run %1?', run),
      body: trans.__('Its history, its notebooks and the values that only it kept are gone for good.'),
      accept: trans.__('Delete')
    });
    if (accepted) {
      this.work(async () => {
        await this.client.remove(run);
        return null;
      });
    }
  }

  private work(ask: () => Promise<RunDocument | null>): void {
    void ask().then(
      run => this.done(run?.run_id ?? null),
      (error: unknown) => this.host.tell(error)
    );
  }
}

function goesOn(state: RunState): boolean {
  return state === 'queued' || state === 'running';
}
