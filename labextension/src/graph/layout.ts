/**
 * Where the cards and the edges of a graph go: graphviz's answer in CSS pixels.
 *
 * The law: a layout depends on the DOT text alone, never on a run, so nothing moves while tasks run. Graphviz is
 * started once for the whole page, whichever widget or panel asks first: in a worker where that is allowed, else in
 * the page itself.
 */
import type { Answer } from './engine';
import { groupOfCluster } from './groups';

export interface Box {
  /** Centre. */
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Line {
  source: string;
  target: string;
  /** SVG path data of the curve, up to the arrowhead. */
  path: string;
  /** The arrowhead: where it begins and where its tip is. */
  head: { from: Point; tip: Point } | null;
}

export interface Point {
  x: number;
  y: number;
}

export interface Layout {
  width: number;
  height: number;
  nodes: Map<string, Box>;
  edges: Line[];
  /** The frames of groups, by their group. */
  groups: Map<string, Box>;
}

/** Lays out DOT text; the answer is graphviz's JSON. */
export type Layouter = (dot: string) => Promise<string>;

const PAGE_SLOT = Symbol.for('jupyter-dagflow.graphviz');
const POINTS_PER_INCH = 72;

/** The layout of a DOT text; rejects with graphviz's message if it is not one. */
export async function layout(dot: string, layouter: Layouter = pageLayouter()): Promise<Layout> {
  return parseLayout(await layouter(dot));
}

/** Graphviz's JSON (`-Tjson`) as a layout. */
export function parseLayout(json: string): Layout {
  const graph = JSON.parse(json) as GraphvizGraph;
  const [, , width = 0, height = 0] = numbers(graph.bb);
  const flip = (point: Point): Point => ({ x: point.x, y: height - point.y });
  const objects = graph.objects ?? [];
  const nodes = new Map<string, Box>();
  const groups = new Map<string, Box>();
  for (const object of objects) {
    if (object.pos !== undefined) {
      const [x = 0, y = 0] = numbers(object.pos);
      nodes.set(object.name, {
        ...flip({ x, y }),
        width: Number(object.width) * POINTS_PER_INCH,
        height: Number(object.height) * POINTS_PER_INCH
      });
    }
    const group = groupOfCluster(object.name);
    if (object.bb !== undefined && group !== null) {
      const [left = 0, low = 0, right = 0, high = 0] = numbers(object.bb);
      const centre = flip({ x: (left + right) / 2, y: (low + high) / 2 });
      groups.set(group, { ...centre, width: right - left, height: high - low });
    }
  }
  const edges = (graph.edges ?? []).flatMap(edge => {
    const source = objects.find(object => object._gvid === edge.tail)?.name;
    const target = objects.find(object => object._gvid === edge.head)?.name;
    return source === undefined || target === undefined || edge.pos === undefined
      ? []
      : [{ source, target, ...spline(edge.pos, flip) }];
  });
  return { width, height, nodes, edges, groups };
}

interface GraphvizGraph {
  bb: string;
  objects?: { _gvid: number; name: string; pos?: string; width?: string; height?: string; bb?: string }[];
  edges?: { tail: number; head: number; pos?: string }[];
}

/** Graphviz's `pos` of an edge: `e,x,y` (arrow tip), then a start and triples of Bézier points. */
function spline(pos: string, flip: (point: Point) => Point): Pick<Line, 'path' | 'head'> {
  let tip: Point | null = null;
  const points: Point[] = [];
  for (const word of pos.split(/[\s;]+/)) {
    const [x = 0, y = 0] = numbers(word.replace(/^[se],/, ''));
    if (word.startsWith('e,')) {
      tip = flip({ x, y });
    } else if (!word.startsWith('s,')) {
      points.push(flip({ x, y }));
    }
  }
  const at = ({ x, y }: Point) => `${round(x)} ${round(y)}`;
  const [start, ...curve] = points;
  const last = points[points.length - 1];
  if (start === undefined || last === undefined) {
    return { path: '', head: null };
  }
  const path = `M${at(start)}C${curve.map(at).join(' ')}`;
  return { path, head: tip === null ? null : { from: last, tip } };
}

function numbers(text: string): number[] {
  return text.split(',').map(Number);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

/** The page's graphviz, started at the first call. */
function pageLayouter(): Layouter {
  const page = globalThis as unknown as Record<symbol, Promise<Layouter> | undefined>;
  page[PAGE_SLOT] ??= start();
  const started = page[PAGE_SLOT];
  return async dot => (await started)(dot);
}

async function start(): Promise<Layouter> {
  const { engineSource } = await import('./engineSource');
  const url = URL.createObjectURL(new Blob([engineSource], { type: 'text/javascript' }));
  try {
    return await inWorker(url);
  } catch {
    const engine = (await import(/* webpackIgnore: true */ url)) as { layoutDot: Layouter };
    return engine.layoutDot;
  }
}

/** Rejects if the page's security policy allows no worker from a blob. */
async function inWorker(url: string): Promise<Layouter> {
  const worker = new Worker(url, { type: 'module' });
  const waiting = new Map<number, { resolve: (layout: string) => void; reject: (error: Error) => void }>();
  let next = 0;
  const ask = (dot: string) =>
    new Promise<string>((resolve, reject) => {
      const id = next++;
      waiting.set(id, { resolve, reject });
      worker.postMessage({ id, dot });
    });
  worker.onmessage = ({ data }: MessageEvent<Answer>) => {
    const asked = waiting.get(data.id);
    waiting.delete(data.id);
    if (data.layout !== undefined) {
      asked?.resolve(data.layout);
    } else {
      asked?.reject(new Error(data.error));
    }
  };
  worker.onerror = event => {
    event.preventDefault();
    waiting.forEach(({ reject }) => reject(new Error(event.message || 'The layout worker could not start.')));
    waiting.clear();
  };
  await ask('digraph {}');
  return ask;
}
