/** A run being followed by whoever shows it: snapshots and events in, one state out. */
import { Clock } from './clock';
import { adopt, reduce, type LiveRun } from './reduce';
import type { DagflowEvent, RunDocument } from './schema';

/** Keeps the reduced state of the newest run, and tells listeners when it has changed. */
export class Follower {
  readonly clock = new Clock();
  private state: LiveRun | null = null;
  private readonly listeners = new Set<() => void>();

  get run(): LiveRun | null {
    return this.state;
  }

  /** A document of a run, as a notebook or a server keeps it. */
  snapshot(run: RunDocument | null): void {
    this.become(adopt(this.state, run));
  }

  /** Events as they happen. */
  take(events: readonly DagflowEvent[]): void {
    const last = events[events.length - 1];
    if (last && 'at' in last) {
      this.clock.heard(last.at);
    }
    this.become(events.reduce(reduce, this.state));
  }

  /** Returns what ends the subscription. */
  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private become(state: LiveRun | null): void {
    if (state !== this.state) {
      this.state = state;
      this.listeners.forEach(listener => listener());
    }
  }
}
