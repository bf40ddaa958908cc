import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { adopt, reduce, type LiveRun } from '../src/reduce';
import type { DagflowEvent, RunDocument } from '../src/schema';
import { runDocument } from './support/documents';

/** An event, and what Python says the run is after it. */
interface Step {
  event: DagflowEvent;
  run: RunDocument;
}

function told(): Step[] {
  const project = join(__dirname, '../..');
  const output = execFileSync(process.env['PYTHON'] ?? 'python3', [join(__dirname, 'support/events.py')], {
    cwd: project,
    env: { ...process.env, PYTHONPATH: project },
    encoding: 'utf8'
  });
  return output
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as Step);
}

/** The document within a live run but for instances, with absent and null told apart no longer. */
function documentOf(run: LiveRun | RunDocument | null): unknown {
  const { progress: _, ...document } = run as LiveRun;
  const full = (task: object) => ({
    started_at: null,
    finished_at: null,
    duration_s: null,
    overhead_s: null,
    error: null,
    retry_at: null,
    ...task
  });
  return { ...document, tasks: document.tasks.filter(task => !task.instance_of).map(full) };
}

const steps = told();

test('after every event the run is what Python says it is', () => {
  let run: LiveRun | null = null;
  for (const step of steps) {
    run = reduce(run, step.event);
    expect(documentOf(run)).toEqual(documentOf(step.run));
  }
});

test('a snapshot and the events after it give the same as all events', () => {
  const whole = steps.reduce<LiveRun | null>((run, { event }) => reduce(run, event), null);
  steps.forEach((_, at) => {
    const resumed = steps.reduce<LiveRun | null>((run, { event }) => reduce(run, event), adopt(null, steps[at]!.run));
    expect(documentOf(resumed)).toEqual(documentOf(whole));
  });
});

test('events that the run has already change nothing', () => {
  const run = steps.reduce<LiveRun | null>((state, { event }) => reduce(state, event), null);
  expect(steps.reduce<LiveRun | null>((state, { event }) => reduce(state, event), run)).toBe(run);
});

test('tasks that an event does not name keep their identity', () => {
  const run = adopt(null, runDocument({ load: 'running', fit: 'none' }));
  const at = '2026-01-01T12:00:03Z';
  const next = reduce(run, {
    type: 'task_queued',
    run_id: 'run-1',
    seq: 2,
    at,
    task: 'fit',
    attempt: 1,
    state: 'queued'
  });
  expect(next?.tasks[0]).toBe(run?.tasks[0]);
  expect(next?.tasks[1]?.state).toBe('queued');
});

test('events of another run are dropped, except the one that begins it', () => {
  const run = adopt(null, runDocument({ load: 'running' }));
  const created = { ...(steps[0]!.event as Extract<DagflowEvent, { type: 'run_created' }>), run_id: 'run-2' };
  expect(reduce(run, { ...steps[1]!.event, run_id: 'run-2' })).toBe(run);
  expect(reduce(run, created)?.run_id).toBe('run-2');
  expect(reduce(null, steps[1]!.event)).toBeNull();
});

test('progress belongs to the run but not to its sequence', () => {
  const run = adopt(null, runDocument({ load: 'running' }, 7));
  const next = reduce(run, {
    type: 'cell_progress',
    run_id: 'run-1',
    task: 'load',
    attempt: 1,
    cell: 'c',
    cell_index: 3,
    done: 1,
    total: 2
  });
  expect(next?.progress['load']).toEqual({ attempt: 1, done: 1, total: 2 });
  expect(next?.seq).toBe(7);
});

test('an older snapshot of the same run changes nothing; one of another run replaces it', () => {
  const run = adopt(null, runDocument({ load: 'success' }, 9));
  expect(adopt(run, runDocument({ load: 'none' }, 3))).toBe(run);
  expect(adopt(run, null)).toBe(run);
  expect(adopt(run, { ...runDocument({ load: 'none' }, 1), run_id: 'run-2' })?.run_id).toBe('run-2');
});
