import { RunsNow } from '../src/runs/runsNow';
import { RunsStatusItem } from '../src/runs/statusItem';
import type { RunState, RunSummaryDocument } from '../src/schema';
import { NewsServer, runNews } from './support/news';
import { SilentServer } from './support/server';
import { trans } from './support/translation';

/** A server with runs that stand as they are told, and what is made of them. */
function page(states: Record<string, RunState>, nested: string[] = []) {
  const server = new SilentServer();
  const summary = (run_id: string): RunSummaryDocument => ({
    run_id,
    pipeline: 'churn',
    state: states[run_id]!,
    trigger: nested.includes(run_id) ? 'nested' : 'manual',
    logical_date: null,
    started_at: null,
    finished_at: null
  });
  server.runs = ({ state, search = '' }) => {
    const ids = Object.keys(states).filter(id => (state ? states[id] === state : id.startsWith(search)));
    return Promise.resolve({ runs: ids.map(summary), next: null });
  };
  const news = new NewsServer();
  const now = new RunsNow(server, news.followed());
  const ended: string[] = [];
  now.ended.connect((_, run) => void ended.push(`${run.run_id} ${run.state}`));
  const tell = async (run: string, state: RunState, seq: number) => {
    states[run] = state;
    news.tell([{ ...runNews(seq, run), state }]);
    await settled();
  };
  return { server, news, now, ended, tell };
}

const settled = () => new Promise(resolve => setTimeout(resolve));
const ids = (now: RunsNow) => now.all.map(({ run_id }) => run_id);

test('runs that go on are known from the beginning, and each that ends is told of once', async () => {
  const { now, ended, tell } = page({ old: 'success', a: 'running', b: 'queued' });
  await settled();
  expect(ids(now)).toEqual(['b', 'a']);
  await tell('a', 'running', 5);
  await tell('a', 'failed', 6);
  await tell('c', 'running', 1);
  expect(ids(now)).toEqual(['b', 'c']);
  await tell('c', 'success', 2);
  await tell('quick', 'success', 9);
  expect(ids(now)).toEqual(['b']);
  expect(ended).toEqual(['a failed', 'c success', 'quick success']);
});

test('steps of other runs are neither counted nor told of', async () => {
  const { now, ended, tell } = page({ step: 'running', later: 'running' }, ['step', 'later']);
  await settled();
  await tell('later', 'running', 1);
  await tell('later', 'success', 2);
  await tell('step', 'failed', 3);
  expect([ids(now), ended]).toEqual([[], []]);
});

test('told anew, it asks for all; a server that is off changes nothing', async () => {
  const states: Record<string, RunState> = { a: 'running' };
  const { server, news, now } = page(states);
  await settled();
  states['a'] = 'success';
  states['b'] = 'running';
  news.tell([], { anew: true });
  await settled();
  expect(ids(now)).toEqual(['b']);
  server.runs = () => Promise.reject(new Error('off'));
  news.tell([], { anew: true });
  await settled();
  expect(ids(now)).toEqual(['b']);
});

test('the status bar tells how many there are, and leads to them', async () => {
  const { now, tell } = page({ a: 'running', b: 'running' });
  const clicks: string[] = [];
  const item = new RunsStatusItem(now, trans, () => void clicks.push('open'));
  expect(item.isActive).toBe(false);
  await settled();
  expect([item.isActive, item.node.textContent]).toEqual([true, '2 runs']);
  await tell('a', 'success', 2);
  expect(item.node.textContent).toBe('1 run');
  expect(item.node.title).toBe('churn · b · running');
  item.node.querySelector('button')!.click();
  expect(clicks).toEqual(['open']);
  item.dispose();
});
