/** Runs of one notebook, as somebody asks for them; whose news they are is told by `LastRun`. */
import type { LastRun } from './lastRun';
import type { ParameterFieldDocument, RunDocument, StartDocument } from './schema';
import type { IDagflowClient } from './tokens';

/** A notebook that is run as it is saved. */
export interface SavedNotebook {
  readonly path: string;
  /** Rejects if it could not be saved; the user has been told why then. */
  save(): Promise<void>;
}

/** What of the pipeline to run, and how. */
export type Selected = Omit<StartDocument, 'path'>;

/** Starts, cancels and resumes; one thing at a time. All of it rejects with what the server says. */
export class Running {
  private asking = false;

  constructor(
    private readonly client: IDagflowClient,
    private readonly lastRun: LastRun,
    private readonly notebook: SavedNotebook
  ) {}

  /** Whether a run may be begun. */
  get canStart(): boolean {
    return !this.asking && !this.lastRun.active;
  }

  get canCancel(): boolean {
    return !this.asking && this.lastRun.active;
  }

  /** Whether the last run has ended, and not well. */
  get canResume(): boolean {
    const state = this.lastRun.follower.run?.state;
    return this.canStart && (state === 'failed' || state === 'cancelled');
  }

  /** Whether there is a run, which has ended. */
  get canClear(): boolean {
    return this.canStart && this.lastRun.follower.run !== null;
  }

  /** Run what is on screen: it is saved first. */
  start(selected: Selected = {}): Promise<void> {
    return this.ask(this.canStart, async () => {
      if (await this.saved()) {
        this.lastRun.begin(await this.client.start({ path: this.notebook.path, ...selected }));
      }
    });
  }

  /** The parameters of what is on screen, which is saved; null if it could not be. */
  async parameters(): Promise<ParameterFieldDocument[] | null> {
    return (await this.saved()) ? (await this.client.parameters(this.notebook.path)).parameters : null;
  }

  cancel(): Promise<void> {
    return this.onRun(this.canCancel, id => this.client.cancel(id));
  }

  /** Do again what did not succeed, with the notebook as it is now. */
  resume(): Promise<void> {
    return this.onRun(this.canResume, async id => ((await this.saved()) ? this.client.resume(id) : null));
  }

  /** Do a task again, and all that depends on it, in the last run. */
  clear(task: string): Promise<void> {
    const asked = { tasks: [task] as [string], downstream: true };
    return this.onRun(this.canClear, async id => ((await this.saved()) ? this.client.clear(id, asked) : null));
  }

  private onRun(allowed: boolean, work: (id: string) => Promise<RunDocument | null>): Promise<void> {
    const id = this.lastRun.follower.run?.run_id;
    return this.ask(allowed && id !== undefined, async () => {
      const run = await work(id ?? '');
      if (run !== null) {
        this.lastRun.begin(run);
      }
    });
  }

  private async ask(allowed: boolean, work: () => Promise<void>): Promise<void> {
    if (allowed) {
      this.asking = true;
      try {
        await work();
      } finally {
        this.asking = false;
      }
    }
  }

  private async saved(): Promise<boolean> {
    try {
      await this.notebook.save();
      return true;
    } catch {
      return false; // JupyterLab has said so
    }
  }
}
