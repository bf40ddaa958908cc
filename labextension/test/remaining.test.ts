import { Clock } from '../src/clock';
import { LastRun } from '../src/lastRun';
import { adopt } from '../src/reduce';
import { remaining } from '../src/remaining';
import type { TaskState } from '../src/schema';
import { runDocument } from './support/documents';
import { NewsServer } from './support/news';
import { SilentServer } from './support/server';

const clock = new Clock(() => Date.parse('2026-01-01T12:00:10Z'));
const EXPECTED = { load: 20, fit: 15, plot: 5 };

/** A run whose running tasks began ten seconds ago. */
function running(states: Record<string, TaskState>) {
  const run = adopt(null, runDocument(states))!;
  return { ...run, tasks: run.tasks.map(task => ({ ...task, started_at: '2026-01-01T12:00:00Z' })) };
}

test.each<[string, Record<string, TaskState>, number | null]>([
  ['nothing has ended', { load: 'running', fit: 'none', plot: 'none' }, 15],
  ['what waits counts whole', { load: 'success', fit: 'queued', plot: 'none' }, 15],
  ['the longest path counts', { load: 'success', fit: 'running', plot: 'none' }, 5],
  ['it takes longer than ever', { load: 'success', fit: 'success', plot: 'running' }, null],
  ['all has ended', { load: 'success', fit: 'failed', plot: 'upstream_failed' }, null],
  ['nothing is known of it', { other: 'running' }, null]
])('%s', (_, states, left) => {
  expect(remaining(running(states), EXPECTED, clock)).toBe(left);
});

test('of a run that does not go on nothing is left', () => {
  expect(remaining({ ...running({ load: 'none' }), state: 'success' }, EXPECTED, clock)).toBeNull();
});

test('each run is asked about once, while it goes on', async () => {
  const server = new SilentServer();
  const asked: string[] = [];
  server.expectation = run_id => {
    asked.push(run_id);
    return Promise.resolve({ run_id, remaining_s: EXPECTED });
  };
  const last = new LastRun(server, { path: 'churn.ipynb' }, new NewsServer().followed());
  last.begin(runDocument({ load: 'running' }));
  last.begin(runDocument({ load: 'success' }, 2));
  await Promise.resolve();
  await Promise.resolve();
  expect(last.expected).toEqual(EXPECTED);
  last.begin({ ...runDocument({ load: 'running' }), run_id: 'run-2' });
  expect(last.expected).toEqual({});
  last.begin({ ...runDocument({ load: 'success' }), run_id: 'run-3', finished_at: '2026-01-01T12:01:00Z' });
  expect(asked).toEqual(['run-1', 'run-2']);
  last.dispose();
});
