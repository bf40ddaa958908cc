/** How long a run may still go on, by what its tasks took in earlier ones. */
import type { Clock } from './clock';
import { LOOKS } from './looks';
import type { LiveRun } from './reduce';

/** Seconds from the beginning of each task to the end of all below it; nothing of what is not known. */
export type Expected = Readonly<Record<string, number>>;

/** Seconds, at least, that are left; null if that is not known, or the run takes longer than it ever did. */
export function remaining(run: LiveRun, expected: Expected, clock: Clock): number | null {
  if (run.state !== 'running') {
    return null;
  }
  const left = run.tasks
    .filter(({ state }) => !LOOKS[state].final)
    .map(task => (expected[task.name] ?? 0) - (clock.since(task.state === 'running' ? task.started_at : null) ?? 0));
  const longest = Math.max(0, ...left);
  return longest >= 1 ? longest : null;
}
