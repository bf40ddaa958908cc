import { layout } from '../src/graph/layout';
import { placed } from '../src/graph/popover';
import { frameHeight } from '../src/graph/view';
import { layoutDot } from './support/graphviz';
import { compilation, dot, edge } from './support/documents';

const diamond = compilation(
  ['load', 'left "quoted"', 'right', 'end'],
  [
    edge('load', 'left "quoted"', 'X'),
    edge('load', 'right', 'X'),
    edge('left "quoted"', 'end', 'a'),
    edge('right', 'end', 'b')
  ]
);

test('graphviz lays out every task and edge, in pixels, from left to right', async () => {
  const { nodes, edges, width, height } = await layout(dot(diamond), layoutDot);
  expect([...nodes.keys()].sort()).toEqual(diamond.tasks.map(({ name }) => name).sort());
  const [load, left, right, end] = ['load', 'left "quoted"', 'right', 'end'].map(name => nodes.get(name)!);
  expect(load).toMatchObject({ width: 144, height: 54 });
  expect(load!.x).toBeLessThan(left!.x);
  expect(left!.x).toBe(right!.x);
  expect(right!.x).toBeLessThan(end!.x);
  expect(edges.map(({ source, target }) => [source, target]).sort()).toEqual(
    diamond.edges.map(({ source, target }) => [source, target]).sort()
  );
  for (const { x, y } of nodes.values()) {
    expect(x > 0 && x < width && y > 0 && y < height).toBe(true);
  }
});

test('an edge is a curve with an arrowhead that touches its target', async () => {
  const { nodes, edges } = await layout(dot(diamond), layoutDot);
  const line = edges.find(({ source, target }) => source === 'load' && target === 'right')!;
  const target = nodes.get('right')!;
  expect(line.path).toMatch(/^M[\d.]+ [\d.]+C([\d.]+ ?)+$/);
  expect(line.head!.tip.x).toBeCloseTo(target.x - target.width / 2, 0);
  expect(line.head!.from.x).toBeLessThan(line.head!.tip.x);
});

test('a graph without nodes has no size, and no graph at all is refused in words', async () => {
  await expect(layout('digraph {}', layoutDot)).resolves.toMatchObject({ edges: [] });
  await expect(layout('digraph {', layoutDot)).rejects.toThrow(/syntax error/);
});

test('the frame is as high as the graph at the scale that its width allows', () => {
  const size = { nodes: new Map(), edges: [], groups: new Map() };
  expect(frameHeight({ ...size, width: 400, height: 300 }, 900)).toBe(332);
  expect(frameHeight({ ...size, width: 1736, height: 300 }, 900)).toBe(182);
  expect(frameHeight({ ...size, width: 100, height: 20 }, 900)).toBe(120);
  expect(frameHeight({ ...size, width: 100, height: 5000 }, 900)).toBe(520);
});

test('details stand below their card, else above, else beside', () => {
  const at = (top: number) => ({ left: 100, right: 250, top, bottom: top + 50 });
  expect(placed(at(100), 300, 200, 1000, 600)).toEqual({ left: 100, top: 158 });
  expect(placed(at(400), 300, 200, 1000, 600)).toEqual({ left: 100, top: 192 });
  expect(placed(at(280), 300, 500, 1000, 600)).toEqual({ left: 258, top: 92 });
  expect(placed({ left: 900, right: 990, top: 280, bottom: 330 }, 300, 500, 1000, 600)).toEqual({ left: 592, top: 92 });
});
