import { LastRun } from '../src/lastRun';
import type { RunRecordDocument, RunState } from '../src/schema';
import { recordDocument, runDocument } from './support/documents';
import { NewsServer, runNews } from './support/news';
import { SilentServer } from './support/server';

const NOTEBOOK = { path: 'a/churn.ipynb' };
const news = new NewsServer();

/** A server with one run, which stands as it is told. */
class Server extends SilentServer {
  state: RunState | null = null;
  id = 'run-1';
  seq = 1;
  asked: string[] = [];

  override newestRun = (path: string) => {
    this.asked.push(path);
    const { state } = this;
    const times = { logical_date: null, started_at: null, finished_at: null };
    return Promise.resolve(state && { run_id: this.id, pipeline: 'churn', state, trigger: 'manual', ...times });
  };

  override run = (id: string): Promise<RunRecordDocument> => {
    this.asked.push(id);
    const ended = this.state === 'success' ? '2026-01-01T12:01:00Z' : null;
    const document = recordDocument({ load: this.state === 'success' ? 'success' : 'running' }, this.seq);
    return Promise.resolve({ ...document, run_id: id, state: this.state!, finished_at: ended });
  };
}

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

test('it follows a run to its end, and asks no more then', async () => {
  const server = new Server();
  const last = new LastRun(server, NOTEBOOK, news.followed());
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
  expect(server.asked).toEqual(['a/churn.ipynb']);
});

test('while nobody watches only the end of a run is asked for, and then all that was missed', async () => {
  const server = new Server();
  let watched = true;
  const last = new LastRun(server, NOTEBOOK, news.followed(), () => watched);
  server.state = 'running';
  await last.look();
  const after: number[] = [];
  server.events = (run_id, known) => {
    after.push(known);
    return Promise.resolve({ run_id, events: [], next: null });
  };
  watched = false;
  server.asked = [];
  news.tell([runNews(2, 'run-1')]);
  await jest.runOnlyPendingTimersAsync();
  expect([server.asked, after, jest.getTimerCount()]).toEqual([[], [], 0]);
  await last.resume();
  expect(server.asked).toEqual([]);
  watched = true;
  await last.resume();
  expect(server.asked).toEqual(['a/churn.ipynb', 'run-1']);
  watched = false;
  news.tell([{ ...runNews(3, 'run-1'), state: 'success' }]);
  await jest.advanceTimersByTimeAsync(0);
  expect(after).toEqual([1]);
  last.dispose();
});

test('another run takes its place', async () => {
  const server = new Server();
  const last = new LastRun(server, NOTEBOOK, news.followed());
  server.state = 'success';
  await last.look();
  server.id = 'run-2';
  await last.look();
  expect(last.follower.run?.run_id).toBe('run-2');
});

test('a server that does not answer leaves what is known, and a notebook that is closed asks nothing', async () => {
  const server = new Server();
  const last = new LastRun(server, NOTEBOOK, news.followed());
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

test('news of the run bring its events, page by page, and news of another one bring that', async () => {
  const server = new Server();
  const last = new LastRun(server, NOTEBOOK, news.followed());
  last.begin({ ...runDocument({ load: 'queued' }), run_id: 'run-1' });
  const at = '2026-01-01T12:00:03Z';
  const started = { type: 'task_started', run_id: 'run-1', seq: 2, at, task: 'load', attempt: 1 } as const;
  const ended = { type: 'run_finished', run_id: 'run-1', seq: 3, at, state: 'success', failure: null } as const;
  const after: number[] = [];
  server.events = (run_id, known) => {
    after.push(known);
    const events = known === 1 ? [{ ...started, state: 'running' as const, why: [], reused: false }] : [ended];
    return Promise.resolve({ run_id, events, next: known === 1 ? 2 : null });
  };
  const { follower } = last;
  const states: (string | undefined)[] = [];
  follower.onChange(() => states.push(follower.run?.tasks[0]?.state));
  news.tell([runNews(3, 'run-1')]);
  await jest.advanceTimersByTimeAsync(0);
  expect(after).toEqual([1, 2]);
  expect(states).toEqual(['running', 'running']);
  expect(follower.run).toMatchObject({ state: 'success', seq: 3 });
  expect(last.active).toBe(false);
  server.state = 'running';
  server.id = 'run-2';
  news.tell([{ ...runNews(1, 'elsewhere'), pipeline: 'other' }]);
  await jest.advanceTimersByTimeAsync(0);
  expect(server.asked).toEqual([]);
  news.tell([runNews(1, 'run-2')]);
  await jest.advanceTimersByTimeAsync(0);
  expect(follower.run?.run_id).toBe('run-2');
  last.dispose();
});
