import { Clock } from '../src/clock';
import { taskDetails, edgeDetails } from '../src/graph/details';
import { GraphView } from '../src/graph/view';
import { LOOKS } from '../src/looks';
import { adopt, reduce, type LiveRun } from '../src/reduce';
import type { CompilationDocument, TaskState } from '../src/schema';
import { compilation, dot, edge, runDocument } from './support/documents';
import { layoutDot } from './support/graphviz';

beforeAll(() => {
  // jsdom draws nothing, so nothing ever changes its size.
  globalThis.ResizeObserver = class {
    observe = () => undefined;
    unobserve = () => undefined;
    disconnect = () => undefined;
  };
});

const hostile = '<img src=x onerror=alert(1)>';
const clock = new Clock(() => Date.parse('2026-01-01T12:00:09Z'));
let view: GraphView;

async function shown(document: CompilationDocument, run: LiveRun | null = null): Promise<GraphView> {
  view = new GraphView({ clock, layouter: layoutDot });
  globalThis.document.body.append(view.node);
  view.setRun(run);
  await view.setGraph(document, dot(document));
  return view;
}

const card = (name: string) =>
  view.node.querySelector<HTMLElement>(`.dagflow-node[data-task=${JSON.stringify(name)}]`)!;
const text = (selector: string) => view.node.querySelector(selector)?.textContent;

afterEach(() => view.dispose());

test('every state is told by a word, an icon and a colour', async () => {
  const states = Object.keys(LOOKS) as TaskState[];
  const run = adopt(
    null,
    runDocument(Object.fromEntries(states.map(state => [`t_${state}`, state])) as Record<string, TaskState>)
  );
  await shown(compilation(states.map(state => `t_${state}`)), run);
  for (const state of states) {
    const node = card(`t_${state}`);
    expect(node.dataset['state']).toBe(state);
    expect(node.textContent).toContain(LOOKS[state].word);
    expect(node.getAttribute('aria-label')).toContain(LOOKS[state].word);
    expect(node.querySelector('svg path')?.getAttribute('d')).toBe(LOOKS[state].path);
    expect(node.style.getPropertyValue('--dagflow-state')).toBe(LOOKS[state].colour);
  }
  const signs = states.map(state => LOOKS[state].path);
  expect(new Set(signs).size).toBe(signs.length);
});

test('a run restyles the cards that changed and draws none anew', async () => {
  const run = adopt(null, runDocument({ load: 'running', fit: 'none' }));
  await shown(compilation(['load', 'fit'], [edge('load', 'fit', 'X')]), run);
  const before = card('load');
  const untouched = card('fit').innerHTML;
  const at = '2026-01-01T12:00:03Z';
  const finished = {
    duration_s: 1.26,
    cells_s: 1,
    cached: false,
    failure: null,
    retry_at: null,
    stored: [],
    metrics: {},
    files_read: [],
    files_written: [],
    observed: [],
    reused_from: null,
    why: [],
    record: null,
    surroundings: null
  };
  view.setRun(
    reduce(run, {
      type: 'task_finished',
      run_id: 'run-1',
      seq: 2,
      at,
      task: 'load',
      attempt: 1,
      state: 'success',
      ...finished
    })
  );
  expect(card('load')).toBe(before);
  expect(text('[data-task=load] .dagflow-node-status')).toBe('success · 1.3 s');
  expect(card('fit').innerHTML).toBe(untouched);
  expect(text('.dagflow-count')).toBe('1/2 tasks');
});

test('progress of cells moves the bar of a running task', async () => {
  const run = adopt(null, runDocument({ load: 'running' }));
  await shown(compilation(['load']), run);
  expect(card('load').classList).toContain('dagflow-indeterminate');
  view.setRun(
    reduce(run, {
      type: 'cell_progress',
      run_id: 'run-1',
      task: 'load',
      attempt: 1,
      cell: 'c',
      cell_index: 1,
      done: 1,
      total: 4
    })
  );
  expect(card('load').classList).not.toContain('dagflow-indeterminate');
  expect(card('load').querySelector<HTMLElement>('.dagflow-node-bar')!.style.width).toBe('25%');
});

test('without tasks it says what to do; without a layout it lists the tasks', async () => {
  await shown(compilation([]));
  expect(text('.dagflow-empty')).toContain('task:NAME');
  view.dispose();
  view = new GraphView({ clock, layouter: () => Promise.reject(new Error('no wasm')) });
  view.setRun(adopt(null, runDocument({ load: 'queued' })));
  await view.setGraph(compilation(['load']), 'digraph {}');
  expect(text('.dagflow-note')).toContain('no wasm');
  expect(text('.dagflow-list li')).toContain('queued');
  view.setRun(adopt(null, { ...runDocument({ load: 'success' }), run_id: 'run-2' }));
  expect(text('.dagflow-list li')).toContain('success');
});

test('Enter opens the details of a task, Escape closes them and gives the focus back', async () => {
  await shown(compilation(['load']), adopt(null, runDocument({ load: 'success' })));
  const press = (target: Element, key: string) =>
    target.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
  card('load').focus();
  press(card('load'), 'Enter');
  const popover = view.node.querySelector('.dagflow-popover')!;
  expect(popover.classList).toContain('dagflow-pinned');
  expect(document.activeElement).toBe(popover);
  press(popover, 'Escape');
  expect(popover.classList).not.toContain('dagflow-open');
  expect(document.activeElement).toBe(card('load'));
});

test('what came from the notebook is shown as text', async () => {
  const document = compilation([hostile], []);
  document.diagnostics = [{ code: 'DF101', severity: 'error', message: hostile, hint: hostile }];
  const run = runDocument({ [hostile]: 'failed' });
  run.tasks[0]!.error = { kind: 'error', message: hostile, last_lines: hostile, hint: hostile, taskbook: hostile };
  await shown(document, adopt(null, run));
  view.node.querySelector<HTMLElement>('.dagflow-node')!.click();
  expect(view.node.querySelector('img')).toBeNull();
  expect(text('.dagflow-error-message')).toBe(hostile);
  expect(text('.dagflow-findings')).toContain(hostile);
});

test('details tell the error, its place, what is needed and what is fed', async () => {
  const document = compilation(['load', 'fit', 'end'], [edge('load', 'fit', 'X'), edge('fit', 'end', '')]);
  const run = runDocument({ fit: 'failed' });
  run.tasks[0]!.error = { kind: 'error', message: 'ValueError: bad', cell_index: 2, line: 3 };
  await shown(document);
  const details = taskDetails(document.tasks[1]!, document, adopt(null, run), clock).textContent;
  expect(details).toContain('ValueError: bad');
  expect(details).toContain('cell 2, line 3');
  expect(details).toContain('NeedsX from load');
  expect(details).toContain('Feedsthe start of end');
  expect(edgeDetails(document.edges[0]!, document).textContent).toBe('load → fitX cell 1, line 2 → cell 2, line 1');
  expect(edgeDetails(document.edges[1]!, document).textContent).toContain('after:fit');
});
