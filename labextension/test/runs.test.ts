import { Widget } from '@lumino/widgets';
import { comparison } from '../src/runs/comparison';
import { notebookPath, RunsDrive } from '../src/runs/drive';
import { endsAt } from '../src/runs/endsAt';
import { withWholeTexts } from '../src/runs/lines';
import { metricChart, points } from '../src/runs/metricChart';
import { Pages } from '../src/runs/pages';
import type { RunsHost } from '../src/runs/host';
import { PipelineRuns } from '../src/runs/pipelineRuns';
import { RunsSidebar } from '../src/runs/sidebar';
import { stretches } from '../src/runs/timeline';
import type { GridDocument, RunDiffDocument, RunState, TaskState } from '../src/schema';
import { recordDocument } from './support/documents';
import { NewsServer, runNews } from './support/news';
import { SilentServer } from './support/server';
import { trans } from './support/translation';

const opened: string[] = [];
const told: string[] = [];
const led: unknown[] = [];
const host: RunsHost = {
  openNotebook: path => void opened.push(path),
  goTo: (run, { cell, line }) => void led.push(['goTo', run, cell, line]),
  debug: (run, task, { cell }) => void led.push(['debug', run, task, cell]),
  bring: (run, name) => void led.push(['bring', run, name]),
  confirm: () => Promise.resolve(true),
  tell: error => void told.push(String(error)),
  render: outputs => {
    const widget = new Widget();
    widget.node.textContent = JSON.stringify(outputs);
    return widget;
  }
};

/** A page of a grid of one task: the runs by number, newest first. */
function gridOf(runs: [string, RunState, TaskState][], next: string | null = null): GridDocument {
  return {
    next,
    tasks: ['load'],
    runs: runs.map(([run_id, state, task]) => ({
      run: {
        run_id,
        pipeline: 'churn',
        state,
        trigger: 'manual',
        logical_date: null,
        started_at: '2026-01-01T12:00:00Z',
        finished_at: state === 'running' ? null : '2026-01-01T12:01:00Z'
      },
      tasks: { load: { state: task, attempt: 1, cached: false, duration_s: 1.5 } },
      metrics: { auc: 0.75 }
    }))
  };
}

const NOTHING: RunDiffDocument = {
  summary: 'Parameter n is another.',
  before: { run_id: 'a', pipeline: 'churn', state: 'failed', started_at: null, finished_at: null },
  after: { run_id: 'b', pipeline: 'churn', state: 'success', started_at: null, finished_at: null },
  added: [],
  asked: [],
  code: [],
  durations: [],
  files: [],
  git: [],
  inputs: [],
  metrics: [],
  parameters: [],
  removed: [],
  states: [],
  unexplained: [],
  unknown: [],
  versions: []
};

/** A server with two runs, of which it tells what it was asked. */
class Server extends SilentServer {
  state: RunState = 'failed';
  readonly asked: string[] = [];

  override grid = ({ before = '' }) => {
    this.asked.push(`grid ${before}`);
    return Promise.resolve(
      before === ''
        ? gridOf([['new', this.state, 'failed']], 'below')
        : gridOf([
            ['old', 'success', 'success'],
            ['older', 'success', 'success']
          ])
    );
  };

  override run = (id: string) => {
    this.asked.push(`run ${id}`);
    return Promise.resolve({ ...recordDocument({ load: 'failed' }), run_id: id, state: this.state });
  };

  override resume = (id: string) => {
    this.asked.push(`resume ${id}`);
    this.state = 'running';
    return Promise.resolve({ ...recordDocument({ load: 'running' }), run_id: id });
  };

  override comparison = (before: string, after: string) => {
    this.asked.push(`comparison ${before} ${after}`);
    return Promise.resolve(NOTHING);
  };
}

function labelled(node: HTMLElement, label: string): HTMLElement {
  return [...node.querySelectorAll<HTMLElement>('button, select')].find(
    each => each.textContent === label || each.getAttribute('aria-label') === label
  )!;
}

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

const settled = () => jest.advanceTimersByTimeAsync(300);

test('pages are gone down and up again by the places that the server tells; a late answer replaces no newer one', async () => {
  const pending: ((page: { next: string | null; at: string }) => void)[] = [];
  const asked: string[] = [];
  const pages = new Pages<{ next: string | null; at: string }>(
    before => {
      asked.push(before);
      return new Promise(resolve => pending.push(resolve));
    },
    () => undefined
  );
  const answer = (next: string | null, at: string) => pending.shift()!({ next, at });
  const first = pages.begin();
  answer('p1', 'first');
  await first;
  const second = pages.below();
  answer('p2', 'second');
  await second;
  expect([pages.shown?.at, pages.hasBelow, pages.hasAbove]).toEqual(['second', true, true]);
  const again = pages.refresh();
  const up = pages.above();
  answer('p2', 'late');
  answer('p1', 'first again');
  await Promise.all([again, up]);
  expect([pages.shown?.at, pages.hasAbove]).toEqual(['first again', false]);
  expect(asked).toEqual(['', 'p1', 'p1', '']);
});

test('what cannot be had leaves what is known', async () => {
  let works = true;
  const pages = new Pages(
    () => (works ? Promise.resolve({ next: 'p1' }) : Promise.reject(new Error('off'))),
    () => undefined
  );
  await pages.begin();
  works = false;
  await pages.below();
  expect([pages.shown, pages.hasAbove, pages.error]).toEqual([{ next: 'p1' }, false, new Error('off')]);
  works = true;
  await pages.below();
  expect([pages.hasAbove, pages.error]).toEqual([true, null]);
});

test('the newest run is looked at, a task of it on a click, and it is resumed', async () => {
  const server = new Server();
  const runs = new PipelineRuns('churn', server, new NewsServer().followed(), trans, host);
  await settled();
  expect(server.asked).toEqual(['grid ', 'run new']);
  const cells = [...runs.node.querySelectorAll<HTMLElement>('.dagflow-grid button')];
  expect(cells.map(cell => cell.getAttribute('aria-label'))).toEqual([
    expect.stringContaining('Run new, failed'),
    'load, failed, 1.5 s'
  ]);
  expect(cells.map(cell => cell.tabIndex)).toEqual([0, -1]);
  cells[1]!.click();
  await settled();
  expect(runs.node.querySelector('h3')?.textContent).toBe('Task load');
  labelled(runs.node, 'Resume').click();
  await settled();
  expect(server.asked.slice(-3)).toEqual(['resume new', 'grid ', 'run new']);
  expect(labelled(runs.node, 'Cancel')).toBeDefined();
  expect(labelled(runs.node, 'Resume')).toBeUndefined();
  runs.dispose();
});

test('a run is deleted when that is confirmed; what the server refuses is told', async () => {
  const server = new Server();
  const runs = new PipelineRuns('churn', server, new NewsServer().followed(), trans, host);
  await settled();
  server.remove = () => Promise.reject(new Error('goes on'));
  labelled(runs.node, 'Delete…').click();
  await settled();
  expect(told).toEqual(['Error: goes on']);
  server.asked.length = 0;
  server.remove = run_id => {
    server.asked.push(`remove ${run_id}`);
    return Promise.resolve({ run_id });
  };
  labelled(runs.node, 'Delete…').click();
  await settled();
  expect(server.asked).toEqual(['remove new', 'grid ', 'run new']);
  runs.dispose();
});

test('older runs are on the page below, and one is compared with another', async () => {
  const server = new Server();
  const runs = new PipelineRuns('churn', server, new NewsServer().followed(), trans, host);
  await settled();
  labelled(runs.node, '← Older').click();
  await settled();
  const heads = [...runs.node.querySelectorAll<HTMLElement>('.dagflow-grid-run')];
  expect(heads.map(head => head.title.split('\n')[0])).toEqual(['Run older, success', 'Run old, success']);
  heads[1]!.click();
  await settled();
  const against = labelled(runs.node, 'Compare this run with') as HTMLSelectElement;
  against.value = 'older';
  against.dispatchEvent(new Event('change'));
  await settled();
  expect(server.asked.at(-1)).toBe('comparison older old');
  expect(runs.node.textContent).toContain(NOTHING.summary);
  runs.dispose();
});

test('news of the pipeline are asked for once, those of another not at all, and nothing after its end', async () => {
  const server = new Server();
  const news = new NewsServer();
  const runs = new PipelineRuns('churn', server, news.followed(), trans, host);
  Widget.attach(runs, document.body);
  await settled();
  server.asked.length = 0;
  news.tell([runNews(2, 'new'), runNews(2, 'newer')]);
  news.tell([{ ...runNews(2, 'elsewhere'), pipeline: 'other' }]);
  await settled();
  expect(server.asked).toEqual(['grid ', 'run new']);
  news.tell([runNews(3, 'new')]);
  runs.dispose();
  await settled();
  expect(server.asked).toHaveLength(2);
});

test('while it is hidden nothing is asked; shown again, what was missed is asked for once', async () => {
  const server = new Server();
  const news = new NewsServer();
  const runs = new PipelineRuns('churn', server, news.followed(), trans, host);
  Widget.attach(runs, document.body);
  await settled();
  server.asked.length = 0;
  runs.hide();
  runs.show();
  expect(server.asked).toEqual([]);
  runs.hide();
  news.tell([runNews(2, 'new')]);
  await settled();
  news.tell([], { anew: true });
  await settled();
  expect(server.asked).toEqual([]);
  runs.show();
  await settled();
  expect(server.asked).toEqual(['grid ', 'run new']);
  runs.dispose();
});

test('a failure leads to its place and to its debugging, a value into a notebook', async () => {
  const server = new Server();
  const error = { kind: 'error', message: 'ValueError: no', cell: 'b', cell_index: 4, line: 2 };
  const document_ = recordDocument({ load: 'failed' });
  const tasks = document_.tasks.map(task => ({ ...task, error }));
  server.run = run_id => Promise.resolve({ ...document_, tasks, run_id, state: 'failed' });
  const value = { name: 'table', task: 'load', type: 'DataFrame', size_bytes: 1500, preview: 'a b', value: null };
  server.artifacts = () => Promise.resolve([{ ...value, shape: [200, 2] }]);
  const runs = new PipelineRuns('churn', server, new NewsServer().followed(), trans, host);
  await settled();
  await runs.open('new', 'load');
  await settled();
  labelled(runs.node, 'Go to cell 4, line 2').click();
  labelled(runs.node, 'Debug').click();
  const row = labelled(runs.node, 'Load table').closest('tr')!;
  expect([...row.children].map(each => each.textContent).slice(0, 4)).toEqual([
    'table',
    'DataFrame 200 × 2',
    '1.5 kB',
    'a b'
  ]);
  labelled(runs.node, 'Load table').click();
  expect(led).toEqual([
    ['goTo', 'new', 'b', 2],
    ['debug', 'new', 'load', 'b'],
    ['bring', 'new', 'table']
  ]);
  runs.dispose();
});

test.each([
  ['the cell that is told', 'b', 1],
  ['one that raised, where the cell is a copy', 'elsewhere', 2],
  ['one that raised, where none is told', null, 2]
])('a task is debugged up to %s', (_, cell, index) => {
  const outputs = [{ output_type: 'error', ename: 'E', evalue: '', traceback: [] }];
  const cells = [{ id: 'a' }, { id: 'b', outputs: [] }, { id: 'dagflow-definitions', outputs }, { id: 'dagflow-save' }];
  expect(endsAt(cells, cell)).toBe(index);
  expect(endsAt([{ id: 'a' }, { id: 'dagflow-save', outputs: [] }], cell)).toBe(1);
});

test('arrow keys go about the grid', async () => {
  const runs = new PipelineRuns('churn', new Server(), new NewsServer().followed(), trans, host);
  document.body.append(runs.node);
  await settled();
  const [head, cell] = [...runs.node.querySelectorAll<HTMLElement>('.dagflow-grid button')];
  head!.focus();
  head!.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowDown', bubbles: true }));
  expect(document.activeElement).toBe(cell);
  expect([head!.tabIndex, cell!.tabIndex]).toEqual([-1, 0]);
  cell!.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowDown', bubbles: true }));
  expect(document.activeElement).toBe(cell);
  runs.node.remove();
  runs.dispose();
});

test('of a run that was resumed, only the attempts since then are on its axis', () => {
  const at = (second: number) => `2026-01-01T12:00:${String(second).padStart(2, '0')}Z`;
  const attempt = (number: number, from: number, until: number, state: TaskState) => ({
    number,
    state,
    started_at: at(from),
    finished_at: at(until),
    duration_s: until - from
  });
  const run = {
    ...recordDocument({ load: 'success' }),
    started_at: at(10),
    finished_at: at(20),
    attempts: { load: [attempt(1, 0, 5, 'failed'), attempt(2, 15, 20, 'success')] }
  };
  expect(stretches(run, run.tasks[0]!, 0)).toEqual([{ state: 'success', from: 0.5, until: 1 }]);
  const going = { ...run.tasks[0]!, state: 'running' as const, started_at: at(12) };
  const now = Date.parse(at(14));
  expect(stretches({ ...run, attempts: {}, finished_at: null }, going, now)).toEqual([
    { state: 'running', from: 0.5, until: 1 }
  ]);
});

test('a comparison tells what differs, and only that; what is in it is text', () => {
  const plain = comparison(NOTHING, trans);
  expect([...plain.querySelectorAll('caption')].map(each => each.textContent)).toEqual(['Runs']);
  const full = comparison(
    {
      ...NOTHING,
      parameters: [{ name: 'n', before: '1', after: null, tasks: ['load'] }],
      metrics: [{ name: 'auc', before: 0.5, after: 0.75 }],
      states: [{ name: 'load', before: 'failed', after: 'success', tasks: [] }],
      code: [
        {
          kind: 'cells',
          tasks: ['load'],
          cells_before: [1],
          cells_after: [2],
          diff: '--- before\n+++ after\n-x = "<b>"\n+x = 2\n same'
        }
      ]
    },
    trans
  );
  const rows = [...full.querySelectorAll('tbody tr')].map(row =>
    [...row.children].map(cell => cell.textContent).join('|')
  );
  expect(rows).toContain('n|1|–|load');
  expect(rows).toContain('auc|0.5|0.75|+0.25');
  expect(rows).toContain('load|failed|success|');
  expect(full.querySelector('figcaption')?.textContent).toBe('Code of load, cell 2');
  expect([...full.querySelectorAll('[data-line]')].map(line => (line as HTMLElement).dataset['line'])).toEqual([
    'place',
    'place',
    'removed',
    'added',
    'same'
  ]);
  expect(full.querySelector('b')).toBeNull();
});

test('the sidebar lists pipelines and runs while it is on screen, finds some, and opens them', async () => {
  const server = new SilentServer();
  const asked: unknown[] = [];
  const summaries = gridOf([['run-2', 'failed', 'failed']]).runs.map(({ run }) => run);
  server.pipelines = after => {
    asked.push(['pipelines', after]);
    return Promise.resolve({
      pipelines: [{ pipeline: 'churn', notebook: 'a/churn.ipynb', last_runs: summaries }],
      next: null
    });
  };
  server.runs = ({ search, state }) => {
    asked.push(['runs', search, state]);
    return Promise.resolve({ runs: search === 'none' ? [] : summaries, next: null });
  };
  const opened: unknown[] = [];
  const news = new NewsServer();
  const sidebar = new RunsSidebar(server, news.followed(), (...what) => void opened.push(what), trans);
  await settled();
  expect(asked).toEqual([]);
  Widget.attach(sidebar, document.body);
  await settled();
  expect(asked).toEqual([
    ['pipelines', ''],
    ['runs', '', '']
  ]);
  const rows = () => [...sidebar.node.querySelectorAll<HTMLButtonElement>('li > button')];
  expect(rows().map(row => row.getAttribute('aria-label') ?? row.textContent)).toEqual([
    'churn, last run failed',
    expect.stringMatching(/^churn1 min 00 sfailed · ./)
  ]);
  rows().forEach(row => row.click());
  expect(opened).toEqual([
    ['churn', null],
    ['churn', 'run-2']
  ]);
  const search = sidebar.node.querySelector('input')!;
  search.value = 'none';
  search.dispatchEvent(new Event('input'));
  await settled();
  expect(asked.at(-1)).toEqual(['runs', 'none', '']);
  expect(sidebar.node.querySelectorAll('section')[0]!.hidden).toBe(true);
  expect(sidebar.node.querySelectorAll('section')[1]!.textContent).toContain('No such run.');
  asked.length = 0;
  news.tell([runNews(2, 'run-3')]);
  await settled();
  expect(asked).toHaveLength(2);
  sidebar.hide();
  news.tell([runNews(3, 'run-3')]);
  await settled();
  expect(asked).toHaveLength(2);
  sidebar.dispose();
});

test('a task shows what its cells put out, as it comes, and its notebook is opened', async () => {
  const server = new Server();
  const outputs = [{ output_type: 'stream', name: 'stdout', text: 'one' }];
  const cell = { cell: 'a', kind: 'code', tags: [], source: 'print()', execution_count: 1 };
  server.outputs = (run_id, task) =>
    Promise.resolve({
      run_id,
      task,
      attempt: 1,
      cells: [
        { ...cell, outputs: [...outputs] },
        { ...cell, outputs: [] }
      ]
    });
  const news = new NewsServer();
  const runs = new PipelineRuns('churn', server, news.followed(), trans, host);
  Widget.attach(runs, document.body);
  await settled();
  await runs.open('new', 'load');
  await settled();
  const shown = () => [...runs.node.querySelectorAll('.dagflow-outputs > *')];
  expect(shown().map(each => each.textContent)).toEqual([JSON.stringify(outputs)]);
  const [before] = shown();
  news.tell([runNews(2, 'new')]);
  await settled();
  expect(shown()[0]).toBe(before);
  outputs.push({ output_type: 'stream', name: 'stdout', text: 'two' });
  news.tell([runNews(3, 'new')]);
  await settled();
  expect(shown().map(each => each.textContent)).toEqual([JSON.stringify(outputs)]);
  labelled(runs.node, 'Open its notebook').click();
  expect(opened).toEqual(['dagflow:new/load.ipynb']);
  runs.dispose();
});

test.each([
  ['a run', null],
  ['a task', 'clean.load'],
  ['an instance', 'train[3]']
])('the notebook of %s is found by its path, and never changed', async (_, task) => {
  const server = new SilentServer();
  const content = { cells: [], metadata: {}, nbformat: 4, nbformat_minor: 5 };
  const asked: unknown[] = [];
  server.notebook = (...what) => {
    asked.push(what);
    return Promise.resolve(content);
  };
  const run = gridOf([['run-1', 'success', 'success']]).runs[0]!.run;
  server.runs = () => Promise.resolve({ runs: [run], next: null });
  const drive = new RunsDrive(server, {} as never);
  const path = notebookPath('run-1', task).slice(`${drive.name}:`.length);
  const found = await drive.get(path);
  expect(asked).toEqual([['run-1', task]]);
  expect(found).toMatchObject({ path, type: 'notebook', format: 'json', writable: false, content });
  expect([found.created, found.last_modified]).toEqual([run.started_at, run.finished_at]);
  expect((await drive.get(path, { content: false })).content).toBeNull();
  expect(asked).toHaveLength(1);
  await expect(drive.save()).rejects.toThrow('not changed');
});

test.each([
  ['lines are put together', { 'text/html': ['<b>\n', '</b>'] }, { 'text/html': '<b>\n</b>' }],
  ['a text stays one', { 'text/plain': 'one' }, { 'text/plain': 'one' }],
  [
    'a list stays a list',
    { 'application/json': ['a', 'b'], 'application/geo+json': ['a'] },
    { 'application/json': ['a', 'b'], 'application/geo+json': ['a'] }
  ]
])('of what a notebook file holds %s', (_, data, expected) => {
  const told = { output_type: 'stream', name: 'stdout', text: ['one\n', 'two'] };
  expect(withWholeTexts([{ output_type: 'display_data', data }, told])).toEqual([
    { output_type: 'display_data', data: expected },
    told
  ]);
});

test.each<[string, unknown[], [number, number][]]>([
  [
    'it goes from the bottom to the top',
    [1, 3, 2],
    [
      [0.5, 21],
      [1.5, 3],
      [2.5, 12]
    ]
  ],
  [
    'what is no number is left out',
    [1, undefined, 'many', NaN, 3],
    [
      [0.5, 21],
      [4.5, 3]
    ]
  ],
  [
    'what does not change is in the middle',
    [2, 2],
    [
      [0.5, 12],
      [1.5, 12]
    ]
  ]
])('of a metric across runs: %s', (_, values, expected) => {
  expect(points(values)).toEqual(expected);
});

test('a metric that is known once has no line', () => {
  expect(metricChart([1, undefined])).toBeNull();
  expect(metricChart([1, 2])).not.toBeNull();
});
