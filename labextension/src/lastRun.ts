/** The newest run of a pipeline, as long as the server tells of one. */
import { Follower } from './follow';
import type { IDagflowClient } from './tokens';

const AGAIN_MS = 2000;

/** Looks when it is asked to, and again and again while a run is going on. */
export class LastRun {
  readonly follower = new Follower();
  private looking = false;
  private again: ReturnType<typeof setTimeout> | undefined;
  private disposed = false;

  constructor(
    private readonly client: IDagflowClient,
    private readonly pipeline: () => string
  ) {}

  /** Ask for the newest run; a server that does not answer leaves what is known. */
  async look(): Promise<void> {
    if (this.looking || this.disposed) {
      return;
    }
    this.looking = true;
    clearTimeout(this.again);
    try {
      const newest = await this.client.newestRun(this.pipeline());
      const known = this.follower.run;
      if (newest && (newest.run_id !== known?.run_id || !known.finished_at || newest.state !== known.state)) {
        this.follower.snapshot(await this.client.run(newest.run_id));
      }
    } catch {
      // chips and graph without states are right, too; what hinders the server is told where it is asked to compile
    } finally {
      this.looking = false;
    }
    const { run } = this.follower;
    if (run !== null && !run.finished_at && !this.disposed) {
      this.again = setTimeout(() => void this.look(), AGAIN_MS);
    }
  }

  dispose(): void {
    this.disposed = true;
    clearTimeout(this.again);
  }
}
