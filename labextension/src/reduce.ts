/**
 * A run as its events have made it: the one reducer of both front ends.
 *
 * The law: events carry the state reached, so nothing here decides what may follow what. An event that the run
 * already includes (`seq`) changes nothing, and what an event does not touch keeps its identity, so that whoever
 * draws can compare by `===`. Instances of a mapped task are only counted, at their task.
 */
import { LOOKS } from './looks';
import type {
  CellProgress,
  DagflowEvent,
  LaneRestarted,
  RunCreated,
  RunDocument,
  RunResumed,
  TaskExpanded,
  TaskFinished,
  TaskQueued,
  TaskRunDocument,
  TaskStarted
} from './schema';

/** How many of its cells a running task has done. */
export interface Progress {
  attempt: number;
  done: number;
  total: number;
}

/** A run being followed: the document, and what only events tell. */
export interface LiveRun extends RunDocument {
  progress: Readonly<Record<string, Progress>>;
}

/** Begin to follow a run at a snapshot; an older snapshot of the run that is followed already changes nothing. */
export function adopt(run: LiveRun | null, snapshot: RunDocument | null): LiveRun | null {
  if (snapshot === null) {
    return run;
  }
  const same = run !== null && run.run_id === snapshot.run_id;
  if (same && snapshot.seq < run.seq) {
    return run;
  }
  const tasks = snapshot.tasks.filter(({ instance_of }) => !instance_of);
  return { ...snapshot, tasks, progress: same ? run.progress : {} };
}

/** The run after one more event; events of a run that is not followed are dropped, except the one that begins it. */
export function reduce(run: LiveRun | null, event: DagflowEvent): LiveRun | null {
  if (event.type === 'run_created') {
    return run !== null && run.run_id === event.run_id ? run : created(event);
  }
  if (run === null || event.run_id !== run.run_id) {
    return run;
  }
  if (event.type === 'cell_progress') {
    return isInstance(event.task) ? run : progressed(run, event);
  }
  if (event.seq <= run.seq) {
    return run;
  }
  const next = { ...run, seq: event.seq };
  switch (event.type) {
    case 'run_started':
      return { ...next, state: event.state, started_at: event.at };
    case 'run_resumed':
      return {
        ...next,
        state: event.state,
        started_at: run.finished_at ? event.at : run.started_at, // what lay between the two ends counts for nothing
        finished_at: null,
        error: null,
        tasks: resumed(run.tasks, event),
        progress: {}
      };
    case 'lane_restarted':
      return { ...next, tasks: restarted(run.tasks, event) };
    case 'run_finished':
      return { ...next, state: event.state, finished_at: event.at, error: event.failure };
    case 'cancel_requested':
      return next;
    case 'task_queued':
    case 'task_started':
    case 'task_expanded':
      return { ...next, tasks: withTask(run.tasks, event) };
    case 'task_finished':
      return {
        ...next,
        tasks: withTask(run.tasks, event),
        metrics: { ...run.metrics, ...event.metrics }
      };
  }
}

function created(event: RunCreated): LiveRun {
  return {
    run_id: event.run_id,
    seq: event.seq,
    state: event.state,
    pipeline: event.pipeline,
    started_at: null,
    finished_at: null,
    notebook: null,
    tasks: event.tasks.map(([name]) => unstarted(name)),
    metrics: {},
    steps: [],
    error: null,
    progress: {}
  };
}

function unstarted(name: string): TaskRunDocument {
  return {
    name,
    state: 'none',
    attempt: 0,
    cached: false,
    why: [],
    reused_from: null,
    instances: null,
    instances_done: 0,
    instance_of: null
  };
}

/** What goes on keeps its identity; what begins anew is a task that has not run yet, of so many attempts. */
function resumed(tasks: TaskRunDocument[], event: RunResumed): TaskRunDocument[] {
  const states = new Map(event.tasks.map(([name, , state]) => [name, state]));
  return tasks.map(task =>
    states.get(task.name) === 'none' ? { ...unstarted(task.name), attempt: task.attempt } : task
  );
}

/** The tasks of a lane begin anew when one of them does; the number of the last attempt stays. */
function restarted(tasks: TaskRunDocument[], event: LaneRestarted): TaskRunDocument[] {
  const again = new Set(event.tasks);
  return tasks.map(task => (again.has(task.name) ? { ...unstarted(task.name), attempt: task.attempt } : task));
}

function progressed(run: LiveRun, event: CellProgress): LiveRun {
  const { attempt, done, total } = event;
  return { ...run, progress: { ...run.progress, [event.task]: { attempt, done, total } } };
}

type TaskEvent = TaskQueued | TaskStarted | TaskExpanded | TaskFinished;

function withTask(tasks: TaskRunDocument[], event: TaskEvent): TaskRunDocument[] {
  if (isInstance(event.task)) {
    const whole = event.task.slice(0, event.task.lastIndexOf('['));
    const ended = event.type === 'task_finished' && LOOKS[event.state].final;
    return ended ? tasks.map(task => (task.name === whole ? oneMoreDone(task) : task)) : tasks;
  }
  return tasks.map(task => (task.name === event.task ? afterEvent(task, event) : task));
}

/** Whether a task is an instance of another, as `train[3]` is. */
function isInstance(task: string): boolean {
  return task.endsWith(']');
}

function oneMoreDone(task: TaskRunDocument): TaskRunDocument {
  return { ...task, instances_done: (task.instances_done ?? 0) + 1 };
}

function afterEvent(task: TaskRunDocument, event: TaskEvent): TaskRunDocument {
  switch (event.type) {
    case 'task_expanded':
      return { ...task, instances: event.items.length, instances_done: event.done };
    case 'task_queued':
      return { ...task, state: event.state };
    case 'task_started':
      return {
        ...task,
        state: event.state,
        attempt: event.attempt,
        started_at: event.at,
        finished_at: null,
        duration_s: null,
        overhead_s: null,
        error: null,
        retry_at: null,
        why: event.why
      };
    case 'task_finished':
      return {
        ...task,
        state: event.state,
        finished_at: event.at,
        duration_s: event.duration_s,
        overhead_s: overhead(event),
        cached: event.cached,
        error: event.failure,
        retry_at: event.retry_at,
        why: event.why.length > 0 ? event.why : task.why,
        reused_from: event.reused_from
      };
  }
}

function overhead({ duration_s, cells_s }: TaskFinished): number | null {
  return duration_s === null || cells_s === null ? null : Math.max(0, duration_s - cells_s);
}
