import { LastRun } from '../src/lastRun';
import type { RunDocument, RunState } from '../src/schema';
import type { IDagflowClient } from '../src/tokens';
import { runDocument } from './support/documents';

/** A server with one run, which stands as it is told. */
class Server implements IDagflowClient {
  state: RunState | null = null;
  id = 'run-1';
  seq = 1;
  asked: string[] = [];
  compile = () => Promise.reject(new Error('compiles nothing'));

  newestRun(pipeline: string) {
    this.asked.push(pipeline);
    const { state } = this;
    const times = { logical_date: null, started_at: null, finished_at: null };
    return Promise.resolve(state && { run_id: this.id, pipeline, state, trigger: 'manual', ...times });
  }

  run(id: string): Promise<RunDocument> {
    this.asked.push(id);
    const ended = this.state === 'success' ? '2026-01-01T12:01:00Z' : null;
    const document = runDocument({ load: this.state === 'success' ? 'success' : 'running' }, this.seq);
    return Promise.resolve({ ...document, run_id: id, state: this.state!, finished_at: ended });
  }
}

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

test('it follows a run to its end, and asks no more then', async () => {
  const server = new Server();
  const last = new LastRun(server, () => 'churn');
  await last.look();
  expect(last.follower.run).toBeNull();
  server.state = 'running';
  await last.look();
  expect(last.follower.run?.tasks[0]?.state).toBe('running');
  server.state = 'success';
  server.seq = 2;
  await jest.runOnlyPendingTimersAsync();
  expect(last.follower.run?.tasks[0]?.state).toBe('success');
  expect(jest.getTimerCount()).toBe(0);
  server.asked = [];
  await last.look();
  expect(server.asked).toEqual(['churn']);
});

test('another run takes its place', async () => {
  const server = new Server();
  const last = new LastRun(server, () => 'churn');
  server.state = 'success';
  await last.look();
  server.id = 'run-2';
  await last.look();
  expect(last.follower.run?.run_id).toBe('run-2');
});

test('a server that does not answer leaves what is known, and a notebook that is closed asks nothing', async () => {
  const server = new Server();
  const last = new LastRun(server, () => 'churn');
  server.state = 'running';
  await last.look();
  server.newestRun = () => Promise.reject(new Error('off'));
  await last.look();
  expect(last.follower.run?.run_id).toBe('run-1');
  last.dispose();
  server.asked = [];
  await jest.runOnlyPendingTimersAsync();
  await last.look();
  expect(server.asked).toEqual([]);
  expect(jest.getTimerCount()).toBe(0);
});
