import { Groups, OPEN_UP_TO } from '../src/graph/groups';
import { layout } from '../src/graph/layout';
import { GraphView } from '../src/graph/view';
import type { CompilationDocument, InnerTaskDocument } from '../src/schema';
import { adopt, reduce } from '../src/reduce';
import { compilation, dot, edge, inner, runDocument } from './support/documents';
import { layoutDot } from './support/graphviz';

beforeAll(() => {
  globalThis.ResizeObserver = class {
    observe = () => undefined;
    unobserve = () => undefined;
    disconnect = () => undefined;
  };
});

const within = (nested: InnerTaskDocument[]): CompilationDocument => ({
  ...compilation(['load', 'prepare', 'fit'], [edge('load', 'prepare', 'X'), edge('prepare', 'fit', 'Y')]),
  nested
});
const small = within([
  inner('prepare', 'read "it"'),
  inner('prepare', 'scale', 'read "it"'),
  inner('prepare.scale', 'by'),
  inner('fit', 'tune')
]);
const large = within(Array.from({ length: OPEN_UP_TO }, (_, index) => inner('prepare', `t${index}`)));
const names = (tasks: { name: string }[]) => tasks.map(({ name }) => name);
let view: GraphView | undefined;

async function shown(document: CompilationDocument): Promise<GraphView> {
  view = new GraphView({ layouter: layoutDot });
  globalThis.document.body.append(view.node);
  await view.setGraph(document, dot(document));
  return view;
}

const cards = () =>
  [...view!.node.querySelectorAll<HTMLElement>('.dagflow-node')].map(({ dataset }) => dataset['task']).sort();
const toggle = (group: string) =>
  view!.node.querySelector<HTMLButtonElement>(`.dagflow-toggle[data-group=${JSON.stringify(group)}]`)!;

async function click(group: string): Promise<void> {
  const before = toggle(group);
  before.focus();
  before.click();
  for (let turn = 0; toggle(group) === before && turn < 1000; turn++) {
    await new Promise(resolve => setTimeout(resolve));
  }
}

afterEach(() => view?.dispose());

test('small groups are open at first, large ones are not, and what was said stays', () => {
  const groups = new Groups();
  expect(names(groups.shown(small))).toEqual(names(small.nested!));
  expect(groups.shown(large)).toEqual([]);
  groups.toggle('prepare', large);
  expect(groups.shown(large)).toHaveLength(OPEN_UP_TO);
  groups.toggle('fit', small);
  expect(names(groups.shown({ ...small }))).toEqual(['prepare.read "it"', 'prepare.scale', 'prepare.scale.by']);
});

test('what stands in a closed group is not shown, open or not', () => {
  const groups = new Groups();
  groups.toggle('prepare', small);
  expect(names(groups.shown(small))).toEqual(['fit.tune']);
});

test('tasks of an open group lie in its frame, and no other does', async () => {
  const { nodes, groups, edges } = await layout(new Groups().inDot(dot(small), small), layoutDot);
  expect([...groups.keys()].sort()).toEqual(['fit', 'prepare', 'prepare.scale']);
  for (const [group, frame] of groups) {
    const inside = [...nodes].filter(
      ([, { x, y }]) => Math.abs(x - frame.x) < frame.width / 2 && Math.abs(y - frame.y) < frame.height / 2
    );
    expect(inside.map(([name]) => name).sort()).toEqual(
      names(small.nested!.filter(each => each.group === group)).sort()
    );
  }
  expect(edges.map(({ source, target }) => [source, target])).toContainEqual(['prepare', 'prepare.read "it"']);
  expect(edges.map(({ source, target }) => [source, target])).toContainEqual(['prepare.read "it"', 'prepare.scale']);
});

test('a group opens and closes where it stands, keeps the focus, and stays so when the pipeline is drawn anew', async () => {
  await shown(large);
  expect(cards()).toEqual(['fit', 'load', 'prepare']);
  expect(toggle('prepare').getAttribute('aria-expanded')).toBe('false');
  expect(toggle('prepare').getAttribute('aria-label')).toBe(`prepare: ${OPEN_UP_TO} tasks of clean.ipynb`);
  await click('prepare');
  expect(toggle('prepare').getAttribute('aria-expanded')).toBe('true');
  expect(document.activeElement).toBe(toggle('prepare'));
  expect(cards()).toHaveLength(3 + OPEN_UP_TO);
  expect(view!.node.querySelector('.dagflow-group')?.textContent).toBe('clean.ipynb');
  await view!.setGraph({ ...large }, dot(large));
  expect(cards()).toHaveLength(3 + OPEN_UP_TO);
  await click('prepare');
  expect(cards()).toEqual(['fit', 'load', 'prepare']);
});

test('the card of a task in a group has its own name, and its details say which notebook it is in', async () => {
  await shown(small);
  const card = view!.node.querySelector<HTMLElement>('.dagflow-node[data-task="prepare.scale"]')!;
  expect(card.querySelector('.dagflow-node-name')?.textContent).toBe('scale');
  expect(card.getAttribute('aria-label')).toBe('prepare.scale: cell 1 of clean.ipynb');
  card.click();
  expect(view!.node.querySelector('.dagflow-details')?.textContent).toBe(
    'prepare.scalecell 1 of clean.ipynbComes afterprepare.read "it"'
  );
});

test('a run shows what has become of the tasks in a group, and news of its own tasks leaves that as it is', async () => {
  await shown(small);
  const [step] = runDocument({ 'prepare.scale': 'running' }).tasks;
  const run = adopt(null, { ...runDocument({ load: 'success', prepare: 'running', fit: 'none' }), steps: [step!] })!;
  view!.setRun(run);
  const card = view!.node.querySelector<HTMLElement>('.dagflow-node[data-task="prepare.scale"]')!;
  expect(card.getAttribute('aria-label')).toBe('prepare.scale: running');
  const at = '2026-01-01T12:00:01Z';
  const next = reduce(run, {
    type: 'task_queued',
    run_id: 'run-1',
    seq: 2,
    at,
    task: 'fit',
    attempt: 1,
    state: 'queued'
  });
  view!.setRun(next);
  expect(next!.tasks.map(({ state }) => state)).toEqual(['success', 'running', 'queued']);
  expect(card.getAttribute('aria-label')).toBe('prepare.scale: running');
});
