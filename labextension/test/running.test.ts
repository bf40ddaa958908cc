import { LastRun } from '../src/lastRun';
import { Running } from '../src/running';
import type { RunState } from '../src/schema';
import { runDocument } from './support/documents';
import { NewsServer } from './support/news';
import { SilentServer } from './support/server';

/** A notebook and what was asked of the server for it, in order. */
function notebook() {
  const done: unknown[] = [];
  const server = new SilentServer();
  const answer = (state: RunState) => ({
    ...runDocument({ load: 'none' }),
    state,
    finished_at: state === 'running' ? null : '2026-01-01T12:01:00Z'
  });
  const asked =
    (what: string) =>
    (...arguments_: unknown[]) => {
      done.push([what, ...arguments_]);
      return Promise.resolve(answer('running'));
    };
  Object.assign(server, {
    start: asked('start'),
    cancel: asked('cancel'),
    resume: asked('resume'),
    clear: asked('clear')
  });
  const last = new LastRun(server, { path: 'a/churn.ipynb' }, new NewsServer().followed());
  const saving = { path: 'a/churn.ipynb', save: () => Promise.resolve(void done.push('saved')) };
  const running = new Running(server, last, saving);
  return { done, last, saving, running, server, end: (state: RunState) => last.begin({ ...answer(state), seq: 9 }) };
}

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

test('what is on screen is saved, then run, once; the run is followed from its beginning', async () => {
  const { done, last, running } = notebook();
  expect([running.canStart, running.canCancel, running.canResume, running.canClear]).toEqual([
    true,
    false,
    false,
    false
  ]);
  await Promise.all([running.start({ from: ['load'], fresh: true }), running.start()]);
  expect(done).toEqual(['saved', ['start', { path: 'a/churn.ipynb', from: ['load'], fresh: true }]]);
  expect(last.follower.run?.run_id).toBe('run-1');
  expect([running.canStart, running.canCancel]).toEqual([false, true]);
  await running.cancel();
  expect(done.at(-1)).toEqual(['cancel', 'run-1']);
});

test.each<[RunState, boolean]>([
  ['success', false],
  ['failed', true],
  ['cancelled', true]
])('a run that has ended as %s can be resumed: %s', async (state, can) => {
  const { done, running, end } = notebook();
  end(state);
  expect([running.canResume, running.canClear]).toEqual([can, true]);
  await running.resume();
  expect(done).toEqual(can ? ['saved', ['resume', 'run-1']] : []);
});

test('a task is done again with all that depends on it', async () => {
  const { done, running, end } = notebook();
  end('success');
  await running.clear('load');
  expect(done).toEqual(['saved', ['clear', 'run-1', { tasks: ['load'], downstream: true }]]);
});

test('what cannot be saved is not run; a refusal is passed on, and one may ask again', async () => {
  const { done, saving, running, server } = notebook();
  const { save } = saving;
  saving.save = () => Promise.reject(new Error('read-only file system'));
  await running.start();
  expect(done).toEqual([]);
  saving.save = save;
  server.start = () => Promise.reject(new Error('no such task'));
  await expect(running.start()).rejects.toThrow('no such task');
  expect(running.canStart).toBe(true);
});
