// Generated from Python by `npm run schema`. Do not edit.

export type Shape =
  | DagflowEvent
  | ArtifactDocument
  | AskBackfillDocument
  | AttemptDocument
  | BackfillDocument
  | BackfillIntervalDocument
  | CancelledBackfillsDocument
  | ChangeDocument
  | CheckDocument
  | ClearDocument
  | CodeChangeDocument
  | ComparedDocument
  | CompilationDocument
  | DatabaseDocument
  | DefinitionDocument
  | DeletedDocument
  | DiagnosticsDocument
  | DifferenceDocument
  | DoctorDocument
  | DurationChangeDocument
  | ErrorDocument
  | EventsDocument
  | ExampleDocument
  | ExpectationDocument
  | FireDocument
  | GarbageDocument
  | GraphDocument
  | GridDocument
  | GridRunDocument
  | GridTaskDocument
  | InnerTaskDocument
  | InputChangeDocument
  | IntervalDocument
  | LogDocument
  | LogEntryDocument
  | MetricChangeDocument
  | MissedDocument
  | NewScheduleDocument
  | NewsDocument
  | NextRunsDocument
  | NotComparedDocument
  | NotebookPathDocument
  | OutputCellDocument
  | OutputsDocument
  | ParameterDocument
  | ParameterFieldDocument
  | ParametersDocument
  | PipelineDocument
  | PipelinesDocument
  | PrunedDocument
  | RefusalDocument
  | RemovedScheduleDocument
  | ResultChangeDocument
  | RunDiffDocument
  | RunDocument
  | RunNewsDocument
  | RunRecordDocument
  | RunSummaryDocument
  | RunsDocument
  | ScheduleChangesDocument
  | ScheduleDocument
  | ScheduleRecordDocument
  | ScheduledPathDocument
  | SchedulesDocument
  | StartDocument
  | StatusDocument
  | StoppedDocument
  | SuggestionDocument
  | SuggestionsDocument
  | TaskDocument
  | TaskNewsDocument
  | TaskRunDocument
  | TriggerDocument
  | UnsavedNotebookDocument
  | VerificationDocument;
export type DagflowEvent =
  | CancelRequested
  | CellProgress
  | LaneRestarted
  | RunCreated
  | RunFinished
  | RunResumed
  | RunStarted
  | TaskExpanded
  | TaskFinished
  | TaskQueued
  | TaskStarted;
/**
 * Where a run is in its life.
 */
export type RunState = 'cancelled' | 'failed' | 'queued' | 'running' | 'success';
/**
 * Where a task of one run is in its life.
 */
export type TaskState =
  | 'cancelled'
  | 'failed'
  | 'lost'
  | 'none'
  | 'queued'
  | 'running'
  | 'skipped'
  | 'success'
  | 'up_for_retry'
  | 'upstream_failed';
/**
 * From where a run was asked for.
 */
export type Origin = 'cli' | 'magic' | 'python' | 'server';
/**
 * Which intervals that have a run already are run again.
 */
export type Reprocess = 'all' | 'failed' | 'none';
/**
 * How cells are grouped into tasks; ``auto`` takes tags, else headings, else one task a cell.
 */
export type PartitionBy = 'auto' | 'cells' | 'headings' | 'tags';
/**
 * How much a finding matters: an error stops a run, a warning does not, information only explains.
 */
export type Severity = 'error' | 'info' | 'warning';
/**
 * What happens to a fire that is due while as many runs as there may be still go on.
 */
export type Overlap = 'cancel' | 'queue' | 'skip';

/**
 * Somebody asked for the run to be cancelled; it ends as soon as its tasks have been stopped.
 */
export interface CancelRequested {
  at: string;
  reason: string;
  run_id: string;
  seq: number;
  state: RunState;
  type: 'cancel_requested';
}
/**
 * How far a running task is: for whoever watches, not for the log (a lost one changes nothing).
 */
export interface CellProgress {
  attempt: number;
  cell: string;
  cell_index: number;
  done: number;
  run_id: string;
  task: string;
  total: number;
  type: 'cell_progress';
}
/**
 * A task of a lane is tried again, and so all ``tasks`` of it that had begun: their state is none again.
 */
export interface LaneRestarted {
  at: string;
  run_id: string;
  seq: number;
  state: TaskState;
  tasks: string[];
  type: 'lane_restarted';
}
/**
 * A run was asked for. ``tasks`` are its tasks with their upstream tasks, in notebook order.
 *
 * ``lanes`` are those of them that share a kernel, in the order in which they run.
 * ``options`` are the plain values that whoever takes the run over needs to go on as it was asked for.
 * ``data_interval`` is what a scheduled run is about.
 * ``record`` tells by whom and of what; runs of earlier versions have none.
 */
export interface RunCreated {
  at: string;
  data_interval: DataInterval | null;
  lanes: string[][];
  notebook: string;
  options: Record<string, unknown>;
  parameters: Record<string, unknown>;
  pipeline: string;
  record: RunRecord | null;
  run_id: string;
  seq: number;
  state: RunState;
  tasks: [string, string[]][];
  trigger: string;
  type: 'run_created';
}
/**
 * From ``start``, inclusive, to ``end``, exclusive, which is when its run is due.
 */
export interface DataInterval {
  end: string;
  start: string;
}
/**
 * Who asked for a run, from where, and of what: ``python`` and ``version`` (ours) are those of the runner.
 *
 * ``source_digest`` is the SHA-256 of the notebook's bytes; of one with secrets, of what is kept
 * of it, which has none. There is no ``revision`` outside a repository.
 */
export interface RunRecord {
  host: string;
  origin: Origin;
  python: string;
  revision?: Revision | null;
  source_digest: string;
  user: string;
  version: string;
}
/**
 * The git commit that a notebook's folder stands on.
 *
 * ``branch`` is empty where none is checked out. ``dirty`` tells whether files that git knows differ from the commit;
 * None if git did not say so in time.
 */
export interface Revision {
  branch?: string;
  commit: string;
  dirty?: boolean | null;
}
/**
 * Nothing more will happen in this run; with a ``failure`` none of its tasks could begin, and that is why.
 */
export interface RunFinished {
  at: string;
  failure: TaskFailure | null;
  run_id: string;
  seq: number;
  state: RunState;
  type: 'run_finished';
}
/**
 * Why a task failed, or a run none of whose tasks could begin.
 *
 * ``kind`` tells causes apart: ``error`` (the user's code raised), ``timeout``, ``not_storable`` (a result cannot
 * leave its kernel), ``unsound`` (the results might not be Run All's), ``kernel_died``, ``kernel_start``,
 * ``out_of_memory`` (or perhaps so, says the message), ``no_space`` (the disk is full), ``internal``, ``no_result``
 * (it was not to run, and no earlier result of it can be used), ``lost`` (its runner died, or was taken for dead,
 * while it ran), ``not_begun`` (of a run: its notebook cannot be run).
 * ``last_lines`` is the end of the traceback, plain. ``file_line`` is the line in a percent file.
 */
export interface TaskFailure {
  cell?: string | null;
  cell_index?: number | null;
  file_line?: number | null;
  hint?: string;
  kind: string;
  last_lines?: string;
  line?: number | null;
  message: string;
  taskbook?: string | null;
}
/**
 * A runner took a run that had ended or had lost its runner.
 *
 * It was ``recovered`` if nobody asked for it. ``tasks`` are those of the run with their upstream tasks and the states
 * from which they go on; what is in state none begins anew. Those ``cleared``, tasks, instances and tasks of steps
 * (``prepare.load``), are to run though there may be a result of them. ``lanes`` as in `RunCreated`.
 */
export interface RunResumed {
  at: string;
  cleared: string[];
  lanes: string[][];
  recovered: boolean;
  run_id: string;
  seq: number;
  state: RunState;
  tasks: [string, string[], TaskState][];
  type: 'run_resumed';
}
/**
 * A runner took the run.
 */
export interface RunStarted {
  at: string;
  run_id: string;
  seq: number;
  state: RunState;
  type: 'run_started';
}
/**
 * It is known what the task's loop goes through: an instance of the task for each of the ``items``, in order.
 *
 * Instances are called ``train[0]``, ``train[1]`` and so on, and are tasks of the run from now on. Those that ended
 * well before the run was resumed, and would be made of the same, stay as they are: so many are ``done``.
 */
export interface TaskExpanded {
  at: string;
  attempt: number;
  done: number;
  items: Item[];
  run_id: string;
  seq: number;
  state: TaskState;
  task: string;
  type: 'task_expanded';
}
/**
 * What one instance of a mapped loop gets: the digest of its stored value.
 *
 * With ``shared`` somebody else has objects of it, too: another instance, or a variable. ``made_of`` is the digest of
 * all else that goes into the instance, code and inputs; empty if that cannot be told.
 */
export interface Item {
  digest: string;
  made_of?: string;
  shared?: boolean;
}
/**
 * An attempt ended, and with it the task, unless it is to be tried again at ``retry_at``.
 *
 * ``duration_s`` is wall time since the attempt began, ``cells_s`` the part of it in which its own cells ran;
 * both None for a task that never started. ``files_read`` and ``files_written`` are the project's files that its
 * own cells touched, by their paths from the notebook's folder; ``observed`` is what nobody had declared and the
 * code does all the same. With ``cached`` it did not run, and all this is the run's ``reused_from``; ``why`` it ran
 * or did not. ``record`` tells what it was made of, and ``surroundings`` what it ran in, if no task of the run
 * had the same before.
 */
export interface TaskFinished {
  at: string;
  attempt: number;
  cached: boolean;
  cells_s: number | null;
  duration_s: number | null;
  failure: TaskFailure | null;
  files_read: string[];
  files_written: string[];
  metrics: Record<string, unknown>;
  observed: Observed[];
  record: TaskRecord | null;
  retry_at: string | null;
  reused_from: string | null;
  run_id: string;
  seq: number;
  state: TaskState;
  stored: Stored[];
  surroundings: Surroundings | null;
  task: string;
  type: 'task_finished';
  why: string[];
}
/**
 * The code of this digest changes what ``name`` holds, in place.
 *
 * Or, with ``other``: where it ends, the values of the two names have objects in common. Or, with a
 * ``name`` like ``reads:PATH`` or ``writes:PATH``: it does what such a tag says.
 */
export interface Observed {
  code: string;
  name: string;
  other?: string;
}
/**
 * What an attempt was made of, by digests.
 *
 * ``code`` is that of the source it depends on (see `slices`), ``recipe`` that of all that makes its result but
 * for its inputs; both empty if they could not be told. ``inputs`` are the values it took, ``files`` what it read
 * (None: not there), ``surroundings`` the digest of its `Surroundings`.
 */
export interface TaskRecord {
  code?: string;
  files?: Record<string, unknown>;
  inputs?: {
    [k: string]: string;
  };
  recipe?: string;
  surroundings?: string;
}
/**
 * A value that a task left behind: what can be told of it without unpickling it.
 *
 * Values that share mutable objects share a ``digest``: they are stored and loaded as one bundle.
 * Of the values of one name, that of the highest ``version`` is what the notebook ends with.
 */
export interface Stored {
  digest: string;
  name: string;
  preview?: string;
  shape?: number[] | null;
  size_bytes: number;
  type: string;
  value?: unknown;
  version?: number;
}
/**
 * What a task ran in, but for its values: the kernel's name and Python, packages and modules of the project.
 *
 * ``packages`` are the versions of those that were imported, ``modules`` digests of files by their paths from the
 * notebook's folder. Of a task that did not come to its end only the kernel is known.
 */
export interface Surroundings {
  kernel: string;
  modules?: Record<string, unknown>;
  packages?: Record<string, unknown>;
  python?: string;
}
/**
 * All that the task waited for has come; it waits for a free slot.
 */
export interface TaskQueued {
  at: string;
  attempt: number;
  run_id: string;
  seq: number;
  state: TaskState;
  task: string;
  type: 'task_queued';
}
/**
 * An attempt at the task began: ``why`` it runs or, if an earlier result is ``reused``, does not.
 */
export interface TaskStarted {
  at: string;
  attempt: number;
  reused: boolean;
  run_id: string;
  seq: number;
  state: TaskState;
  task: string;
  type: 'task_started';
  why: string[];
}
/**
 * A stored value as ``artifacts show`` tells it; ``value`` only for small plain JSON values.
 */
export interface ArtifactDocument {
  name: string;
  preview: string;
  shape: number[] | null;
  size_bytes: number;
  task: string;
  type: string;
  value?: unknown;
}
/**
 * What the server is sent to have intervals run that have passed: the options of ``dagflow backfill``.
 */
export interface AskBackfillDocument {
  dry_run?: boolean;
  end: string;
  jobs?: number | null;
  parameter_texts?: {
    [k: string]: string;
  };
  parameters?: {};
  reprocess?: Reprocess;
  reverse?: boolean;
  start: string;
}
/**
 * A try at a task that has ended.
 */
export interface AttemptDocument {
  duration_s: number | null;
  error?: TaskFailure | null;
  finished_at: string;
  number: number;
  started_at: string | null;
  state: TaskState;
  why?: string[];
}
/**
 * What ``dagflow backfill --json`` prints: the intervals within the bounds, in the order in which they run.
 */
export interface BackfillDocument {
  intervals: BackfillIntervalDocument[];
  schedule: string;
}
/**
 * An interval of a backfill: the ``state`` of its newest run, null if there is none; whether it ``runs`` now.
 */
export interface BackfillIntervalDocument {
  data_interval_end: string;
  data_interval_start: string;
  logical_date: string;
  run_id: string | null;
  runs: boolean;
  state: RunState | null;
}
/**
 * What ``dagflow backfill --cancel --json`` prints: how many intervals will not run, or not go on.
 */
export interface CancelledBackfillsDocument {
  cancelled: number;
  schedule: string;
}
/**
 * Something that differs between two runs, in words; null where it is not there.
 */
export interface ChangeDocument {
  after: string | null;
  before: string | null;
  name: string;
  tasks: string[];
}
/**
 * What one check of ``dagflow doctor`` found; a run needs those that are ``essential``.
 */
export interface CheckDocument {
  detail: string;
  essential: boolean;
  hint: string;
  name: string;
  ok: boolean;
}
/**
 * What the server is sent to run tasks of a run again: which, and whether with all that depend on them.
 */
export interface ClearDocument {
  downstream?: boolean;
  /**
   * @minItems 1
   */
  tasks: [string, ...string[]];
}
/**
 * Code that differs between two runs: a unified diff, and the tasks it matters to.
 *
 * ``kind`` is ``cells``, ``when``, ``definitions`` or ``setup``; cells count all of the notebook from 0.
 */
export interface CodeChangeDocument {
  cells_after: number[];
  cells_before: number[];
  diff: string;
  kind: string;
  tasks: string[];
}
/**
 * One of two runs that were compared.
 */
export interface ComparedDocument {
  finished_at: string | null;
  pipeline: string;
  run_id: string;
  started_at: string | null;
  state: RunState;
}
/**
 * What ``dagflow compile --format json`` prints; ``nested`` are the tasks of notebooks that are steps of tasks.
 */
export interface CompilationDocument {
  by: PartitionBy;
  diagnostics: Diagnostic[];
  edges: Edge[];
  name: string;
  nested?: InnerTaskDocument[];
  notebook: string;
  parameters: ParameterDocument[];
  tasks: TaskDocument[];
}
/**
 * One finding about one place of a notebook; ``file_line`` as in `Location`.
 */
export interface Diagnostic {
  cell?: string | null;
  cell_index?: number | null;
  code: string;
  file_line?: number | null;
  hint?: string;
  line?: number | null;
  message: string;
  severity: Severity;
}
/**
 * ``target`` may only start when ``source`` has ended.
 */
export interface Edge {
  reasons: Reason[];
  source: string;
  target: string;
}
/**
 * Why an edge is there: ``kind`` is ``data``, ``after``, ``file`` or ``lane``, lines count from 1 in their cell.
 */
export interface Reason {
  kind: string;
  name: string;
  source_cell?: string | null;
  source_line?: number | null;
  target_cell?: string | null;
  target_line?: number | null;
}
/**
 * A task of another notebook that is a step of the task ``group``, and named below it: ``prepare.load``.
 *
 * ``cells`` and ``cell_indexes`` are those of that ``notebook``; ``after`` are the tasks of it that come first.
 */
export interface InnerTaskDocument {
  after: string[];
  cell_indexes: number[];
  cells: string[];
  group: string;
  name: string;
  notebook: string;
}
/**
 * A declared parameter.
 */
export interface ParameterDocument {
  cell: string;
  default: unknown;
  name: string;
  type: string;
}
/**
 * A task of a pipeline; ``cell_indexes`` count all cells of the notebook from 0.
 */
export interface TaskDocument {
  cell_indexes: number[];
  cells: string[];
  definitions: DefinitionDocument[];
  name: string;
  options: {};
  reads: string[];
  writes: string[];
}
/**
 * A definition copied into a task, and the cell it stands in.
 */
export interface DefinitionDocument {
  cell: string;
  name: string;
}
/**
 * What ``db check --json`` prints; ``revision`` is null for a database that is not there.
 */
export interface DatabaseDocument {
  current: boolean;
  revision: string | null;
  url: string;
}
/**
 * The run that was deleted.
 */
export interface DeletedDocument {
  run_id: string;
}
/**
 * What ``dagflow check --json`` prints.
 */
export interface DiagnosticsDocument {
  diagnostics: Diagnostic[];
}
/**
 * A variable that is not the same in Run All and in the DAG, and where it was last written.
 */
export interface DifferenceDocument {
  cell: string | null;
  cell_index: number | null;
  difference: string;
  explained_by: string[];
  file_line?: number | null;
  line: number | null;
  name: string;
  task: string | null;
}
/**
 * What ``dagflow doctor --json`` prints.
 */
export interface DoctorDocument {
  checks: CheckDocument[];
  ok: boolean;
}
/**
 * A task that took notably longer, or less long.
 */
export interface DurationChangeDocument {
  after_s: number;
  before_s: number;
  task: string;
}
/**
 * What a command that fails prints under ``--json``.
 */
export interface ErrorDocument {
  error: ErrorDetail;
}
/**
 * What went wrong in a command, what to do next, and where in which notebook it was.
 *
 * ``line`` counts in the cell; ``file_line`` is only there if a line of the file is known, and counts in it.
 */
export interface ErrorDetail {
  cell?: string | null;
  code: string;
  file_line?: number;
  hint: string;
  line?: number | null;
  message: string;
  notebook?: string | null;
}
/**
 * Events of a run, in order; ``next`` is the number to ask after for more, null if these were the last.
 */
export interface EventsDocument {
  events: (
    | RunCreated
    | RunStarted
    | RunResumed
    | LaneRestarted
    | TaskQueued
    | TaskStarted
    | TaskExpanded
    | TaskFinished
    | CancelRequested
    | RunFinished
  )[];
  next: number | null;
  run_id: string;
}
/**
 * A row of ``dagflow examples list``.
 */
export interface ExampleDocument {
  name: string;
  title: string;
}
/**
 * How long it takes from the beginning of each task of a run to the end of all below it, by earlier runs.
 *
 * ``remaining_s`` has every task, or none if of none it is known.
 */
export interface ExpectationDocument {
  remaining_s: {
    [k: string]: number;
  };
  run_id: string;
}
/**
 * A fire of a schedule; ``state`` is that of its run, null if there is none.
 */
export interface FireDocument {
  data_interval_end: string;
  data_interval_start: string;
  kind: string;
  logical_date: string;
  run_id: string;
  state: RunState | null;
  waits: boolean;
}
/**
 * What ``artifacts gc --json`` prints: what was removed, and how many bytes that freed.
 */
export interface GarbageDocument {
  artifacts: number;
  cache_entries: number;
  freed_bytes: number;
  older_than_s: number;
}
/**
 * What is drawn: a pipeline, the same for graphviz to lay out, and the run that colours it.
 */
export interface GraphDocument {
  compilation: CompilationDocument;
  dot: string;
  run?: RunDocument | null;
}
/**
 * What ``run --json`` and ``runs show --json`` print; ``seq`` is the last event it includes.
 *
 * ``steps`` are the tasks of other notebooks that were steps of tasks, named below these: ``prepare.load``.
 * ``error`` is why no task of it could begin, if so.
 */
export interface RunDocument {
  error?: TaskFailure | null;
  finished_at: string | null;
  metrics: {};
  notebook: string | null;
  pipeline: string;
  run_id: string;
  seq: number;
  started_at: string | null;
  state: RunState;
  steps?: TaskRunDocument[];
  tasks: TaskRunDocument[];
}
/**
 * A task of a run. Times are aware UTC.
 *
 * ``why`` it ran or did not; ``reused_from`` is the run whose result it has, if it did not. If it waits to be tried
 * again, that is at ``retry_at``. A mapped task has ``instances`` once it is expanded, of which ``instances_done``
 * have ended; they are tasks of the run, too, each the ``instance_of`` it.
 */
export interface TaskRunDocument {
  attempt: number;
  cached: boolean;
  duration_s?: number | null;
  error?: TaskFailure | null;
  finished_at?: string | null;
  instance_of?: string | null;
  instances?: number | null;
  instances_done?: number;
  name: string;
  overhead_s?: number | null;
  retry_at?: string | null;
  reused_from?: string | null;
  started_at?: string | null;
  state: TaskState;
  why?: string[];
}
/**
 * Tasks by runs: all ``tasks`` in an order that suits each run, and a page of runs, newest first.
 */
export interface GridDocument {
  next: string | null;
  runs: GridRunDocument[];
  tasks: string[];
}
/**
 * A run with its tasks and metrics by name.
 */
export interface GridRunDocument {
  metrics: {};
  run: RunSummaryDocument;
  tasks: {
    [k: string]: GridTaskDocument;
  };
}
/**
 * A row of ``dagflow runs list``.
 */
export interface RunSummaryDocument {
  finished_at: string | null;
  logical_date: string | null;
  pipeline: string;
  run_id: string;
  started_at: string | null;
  state: RunState;
  trigger: string;
}
/**
 * How a task of a run stands.
 */
export interface GridTaskDocument {
  attempt: number;
  cached: boolean;
  duration_s: number | null;
  state: TaskState;
}
/**
 * A value that a task took and that is another one; ``made_by`` are the tasks it may come from.
 */
export interface InputChangeDocument {
  made_by: string[];
  name: string;
  task: string;
}
/**
 * A row of ``dagflow schedule next``: a run that will be due.
 */
export interface IntervalDocument {
  data_interval_end: string;
  data_interval_start: string;
  fire_at: string;
  logical_date: string;
}
/**
 * What the cells of an attempt at a task printed, from the character at ``start`` to the one before ``end``.
 */
export interface LogDocument {
  attempt: number;
  end: number;
  entries: LogEntryDocument[];
  run_id: string;
  start: number;
  task: string;
}
/**
 * One output of one cell, as plain text: ``kind`` is ``stdout``, ``stderr`` or ``error`` (a traceback).
 */
export interface LogEntryDocument {
  cell: string;
  kind: string;
  text: string;
}
/**
 * A metric that differs between two runs; null where it is not there.
 */
export interface MetricChangeDocument {
  after: unknown;
  before: unknown;
  name: string;
}
/**
 * ``count`` intervals in a row that have no run, by the logical dates of the first and the last, and why.
 */
export interface MissedDocument {
  count: number;
  first: string;
  last: string;
  message: string;
  reason: string;
}
/**
 * What the server is sent to add a schedule: ``path`` is the notebook's below the server's root.
 *
 * The rest is as the options of ``dagflow schedule add``, written as there; with ``dry_run`` nothing is added.
 */
export interface NewScheduleDocument {
  at?: string;
  catchup?: boolean;
  cron?: string[];
  deadline?: string | null;
  depends_on_past?: boolean;
  dry_run?: boolean;
  end?: string | null;
  every?: string;
  expected?: string | null;
  jitter?: string | null;
  keep_for?: string | null;
  keep_runs?: number | null;
  max_active_runs?: number;
  misfire?: string | null;
  name?: string;
  on_success?: string;
  overlap?: Overlap;
  parameter_texts?: {
    [k: string]: string;
  };
  parameters?: {};
  path: string;
  pause_after?: number | null;
  pin?: boolean;
  start?: string;
  tz?: string;
}
/**
 * What is told live: the ``runs`` in which something happened. With ``anew`` all is to be asked for again.
 */
export interface NewsDocument {
  anew?: boolean;
  runs: RunNewsDocument[];
}
/**
 * A run in which something happened: ``seq`` is the number of its last event.
 *
 * ``tasks`` are those whose states have changed. What has happened to them, the run's events after the last
 * known number tell.
 */
export interface RunNewsDocument {
  pipeline: string;
  run_id: string;
  seq: number;
  state: RunState;
  tasks: TaskNewsDocument[];
}
/**
 * The state that a task has reached.
 */
export interface TaskNewsDocument {
  attempt: number;
  state: TaskState;
  task: string;
}
/**
 * When a schedule fires, in words if there are any, and its ``next_runs``, as if it were not paused.
 */
export interface NextRunsDocument {
  explained: string;
  name: string;
  next_runs: IntervalDocument[];
  times: string;
}
/**
 * A variable of which it cannot be told whether it is the same.
 */
export interface NotComparedDocument {
  name: string;
  why: string;
}
/**
 * Where the notebook of a run is now: its ``path`` as Jupyter's contents have it.
 */
export interface NotebookPathDocument {
  path: string;
  run_id: string;
}
/**
 * A cell of a taskbook and what it put out, as nbformat has it.
 */
export interface OutputCellDocument {
  cell: string;
  execution_count: number | null;
  kind: string;
  outputs: {}[];
  source: string;
  tags: string[];
}
/**
 * The cells of the taskbook of an attempt at a task.
 */
export interface OutputsDocument {
  attempt: number;
  cells: OutputCellDocument[];
  run_id: string;
  task: string;
}
/**
 * A parameter as a form asks for it; of a ``secret`` one the default is ``***``, unless there is none.
 */
export interface ParameterFieldDocument {
  cell: string;
  default: unknown;
  name: string;
  optional: boolean;
  secret: boolean;
  type: string;
}
/**
 * The form of a notebook's parameters.
 */
export interface ParametersDocument {
  notebook: string;
  parameters: ParameterFieldDocument[];
}
/**
 * A pipeline that has runs: the notebook of its last one, and its last runs, newest first.
 */
export interface PipelineDocument {
  last_runs: RunSummaryDocument[];
  notebook: string;
  pipeline: string;
}
/**
 * A page of the pipelines that have runs, by name; ``next`` is what the page below is asked for.
 */
export interface PipelinesDocument {
  next: string | null;
  pipelines: PipelineDocument[];
}
/**
 * The runs of a schedule that were deleted.
 */
export interface PrunedDocument {
  runs: string[];
  schedule: string;
}
/**
 * What the server answers with any status but 200.
 */
export interface RefusalDocument {
  code: string;
  hint: string;
  message: string;
}
/**
 * The schedule that was removed.
 */
export interface RemovedScheduleDocument {
  schedule: string;
}
/**
 * Values that a task left and that are others, though nothing it was made of is.
 */
export interface ResultChangeDocument {
  names: string[];
  task: string;
}
/**
 * What ``runs diff --json`` prints: what differs between two runs; what is empty does not.
 */
export interface RunDiffDocument {
  added: string[];
  after: ComparedDocument;
  asked: ChangeDocument[];
  before: ComparedDocument;
  code: CodeChangeDocument[];
  durations: DurationChangeDocument[];
  files: ChangeDocument[];
  git: ChangeDocument[];
  inputs: InputChangeDocument[];
  metrics: MetricChangeDocument[];
  parameters: ChangeDocument[];
  removed: string[];
  states: ChangeDocument[];
  summary: string;
  unexplained: ResultChangeDocument[];
  unknown: string[];
  versions: ChangeDocument[];
}
/**
 * What ``runs show --json`` prints: a run and all that is recorded of it.
 *
 * ``parameters`` are those that were given, ``source`` is the file of the exact notebook. ``records`` tell by task
 * what it was made of, and ``surroundings``, by their digests, what that was done in.
 */
export interface RunRecordDocument {
  attempts: {
    [k: string]: AttemptDocument[];
  };
  error?: TaskFailure | null;
  finished_at: string | null;
  metrics: {};
  notebook: string | null;
  parameters: {};
  pipeline: string;
  record: RunRecord | null;
  records: {
    [k: string]: TaskRecord;
  };
  run_id: string;
  seq: number;
  source: string;
  started_at: string | null;
  state: RunState;
  steps?: TaskRunDocument[];
  surroundings: {
    [k: string]: Surroundings;
  };
  tasks: TaskRunDocument[];
}
/**
 * A page of the runs there are, newest first; ``next`` is what the page below is asked for, null for the last.
 */
export interface RunsDocument {
  next: string | null;
  runs: RunSummaryDocument[];
}
/**
 * What the server is sent to change a schedule: the options of ``dagflow schedule update``, written as there.
 *
 * What is left out stays as it is; null takes back what may be left out.
 */
export interface ScheduleChangesDocument {
  at?: string;
  catchup?: boolean;
  cron?: string[];
  deadline?: string | null;
  depends_on_past?: boolean;
  end?: string | null;
  every?: string;
  expected?: string | null;
  jitter?: string | null;
  keep_for?: string | null;
  keep_runs?: number | null;
  max_active_runs?: number;
  misfire?: string | null;
  on_success?: string;
  overlap?: Overlap;
  parameter_texts?: {
    [k: string]: string;
  };
  parameters?: {};
  pause_after?: number | null;
  pin?: boolean;
  start?: string;
  tz?: string;
}
/**
 * A row of ``dagflow schedule list``.
 */
export interface ScheduleDocument {
  active: string[];
  last_state: RunState | null;
  name: string;
  next_at: string | null;
  notebook: string;
  paused: boolean;
  times: string;
  zone: string;
}
/**
 * What ``dagflow schedule show --json`` prints: its newest fires and what it missed, newest first.
 *
 * It fires by ``crons``, ``every_s`` seconds, ``at`` a time or ``on_success`` of another; its ``next_runs`` are those
 * that it has when it is not paused.
 */
export interface ScheduleRecordDocument {
  active: string[];
  at: string | null;
  catchup: boolean;
  crons: string[];
  deadline_s: number | null;
  depends_on_past: boolean;
  end: string | null;
  every_s: number | null;
  expected_s: number | null;
  explained: string;
  fires: FireDocument[];
  jitter_s: number;
  keep_for_s: number | null;
  keep_runs: number | null;
  last_state: RunState | null;
  max_active_runs: number;
  misfire_s: number | null;
  missed: MissedDocument[];
  name: string;
  next_at: string | null;
  next_runs: IntervalDocument[];
  notebook: string;
  on_success: string | null;
  overlap: string;
  parameters: {};
  pause_after: number | null;
  paused: boolean;
  pin: string | null;
  start: string;
  times: string;
  zone: string;
}
/**
 * Where the notebook of a schedule is now: its ``path`` as Jupyter's contents have it.
 */
export interface ScheduledPathDocument {
  path: string;
  schedule: string;
}
/**
 * A page of the schedules, by name; ``next`` is what the page below is asked for, null for the last.
 */
export interface SchedulesDocument {
  next: string | null;
  schedules: ScheduleDocument[];
}
/**
 * What the server is sent to start a run: ``path`` is the notebook's below the server's root.
 *
 * ``parameters`` are values, ``parameter_texts`` are read by the types that the notebook declares. The rest is as the
 * options of ``dagflow run``.
 */
export interface StartDocument {
  by?: PartitionBy;
  fresh?: boolean;
  from?: string[];
  jobs?: number | null;
  keep_all?: boolean;
  only?: string[];
  parameter_texts?: {
    [k: string]: string;
  };
  parameters?: {};
  path: string;
  until?: string[];
}
/**
 * What the server tells of itself: its version, and where runs are kept.
 */
export interface StatusDocument {
  home: string;
  version: string;
}
/**
 * Why Run All and the DAG stopped, as far as they did, and whether for the same reason.
 */
export interface StoppedDocument {
  alike: boolean;
  dag: TaskFailure | null;
  run_all: TaskFailure | null;
}
/**
 * What a code cell could be tagged: ``tags`` are to be added, ``all_tags`` are those it then has.
 */
export interface SuggestionDocument {
  all_tags: string[];
  cell: string;
  cell_index: number;
  tags: string[];
  why: string;
}
/**
 * What ``dagflow tag --json`` and ``check --suggest --json`` print.
 */
export interface SuggestionsDocument {
  suggestions: SuggestionDocument[];
}
/**
 * What the server is sent to have a schedule run now: what that run is given instead of the schedule's own.
 *
 * ``parameters`` are values, ``parameter_texts`` are read by the types that the notebook declares; both may be
 * templates.
 */
export interface TriggerDocument {
  parameter_texts?: {
    [k: string]: string;
  };
  parameters?: {};
}
/**
 * What the server is sent to compile: a notebook as it is on screen, and the path it is to be saved at.
 */
export interface UnsavedNotebookDocument {
  notebook: {};
  path: string;
}
/**
 * What ``dagflow verify --json`` prints; ``equal`` is how many variables are.
 */
export interface VerificationDocument {
  different: DifferenceDocument[];
  equal: number;
  not_compared: NotComparedDocument[];
  run_all_id: string;
  run_id: string;
  state: RunState;
  stopped: StoppedDocument | null;
}
