/** How long things have been going on, on the clock of whoever runs them. */
import type { LiveRun } from './reduce';
import type { TaskRunDocument } from './schema';

/**
 * The runner's clock, seen from here: machines disagree about the time, so every fresh event tells the difference.
 */
export class Clock {
  private aheadMs = 0;

  constructor(private readonly now: () => number = Date.now) {}

  /** An event that happened at `at` has just arrived. */
  heard(at: string): void {
    this.aheadMs = this.now() - Date.parse(at);
  }

  /** Seconds since a moment of the runner's, never negative; null if there was none. */
  since(at: string | null | undefined): number | null {
    return at ? Math.max(0, (this.now() - this.aheadMs - Date.parse(at)) / 1000) : null;
  }

  /** How long a run took or has been going on. */
  elapsed(run: LiveRun): number | null {
    if (run.started_at && run.finished_at) {
      return Math.max(0, (Date.parse(run.finished_at) - Date.parse(run.started_at)) / 1000);
    }
    return run.state === 'running' ? this.since(run.started_at) : null;
  }

  /** How long a task took or has been running. */
  taskElapsed(task: TaskRunDocument): number | null {
    return task.state === 'running' ? this.since(task.started_at) : (task.duration_s ?? null);
  }
}
