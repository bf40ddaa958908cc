/** The edges of a graph: thin curves that light up with the card or the edge under the pointer. */
import type { Edge } from '../schema';
import { svg } from './dom';
import type { Layout, Line, Point } from './layout';

const HALF_HEAD = 3.2;

/** All edges, below the cards. */
export class Edges {
  readonly node = svg('svg', { class: 'dagflow-edges', 'aria-hidden': 'true' });
  private readonly byTask = new Map<string, SVGGElement[]>();

  /** `onHover` is told the edge under the pointer, or null. */
  constructor(layout: Layout, edges: readonly Edge[], onHover: (edge: Edge | null, event: PointerEvent) => void) {
    this.node.setAttribute('width', String(layout.width));
    this.node.setAttribute('height', String(layout.height));
    const documents = new Map(edges.map(edge => [key(edge.source, edge.target), edge]));
    for (const line of layout.edges) {
      const edge = documents.get(key(line.source, line.target));
      const group = drawn(line, edge === undefined ? innerLook(line) : look(edge));
      if (edge) {
        group.addEventListener('pointerenter', event => onHover(edge, event));
        group.addEventListener('pointerleave', event => onHover(null, event));
      }
      this.node.append(group);
      [line.source, line.target].forEach(task => this.byTask.set(task, [...(this.byTask.get(task) ?? []), group]));
    }
  }

  /** Light up the edges of a task; null puts all out. */
  highlight(task: string | null): void {
    this.node.querySelectorAll('.dagflow-lit').forEach(group => group.classList.remove('dagflow-lit'));
    (task === null ? [] : (this.byTask.get(task) ?? [])).forEach(group => group.classList.add('dagflow-lit'));
  }
}

/** What is special about an edge: two tasks in one kernel, or nothing but their order. */
function look({ reasons }: Edge): string {
  if (reasons.some(({ kind }) => kind === 'lane')) {
    return 'dagflow-lane';
  }
  return reasons.every(({ kind }) => kind === 'after') ? 'dagflow-order' : '';
}

/** Within a group an edge is like others; dotted is the one that leads from a task into its group. */
function innerLook({ source, target }: Line): string {
  return target.startsWith(`${source}.`) ? 'dagflow-into' : '';
}

function drawn(line: Line, special: string): SVGGElement {
  const group = svg(
    'g',
    {
      class: special ? `dagflow-edge ${special}` : 'dagflow-edge',
      'data-source': line.source,
      'data-target': line.target
    },
    svg('path', { class: 'dagflow-edge-hit', d: line.path }),
    svg('path', { class: 'dagflow-edge-line', d: line.path })
  );
  if (line.head) {
    group.append(svg('path', { class: 'dagflow-edge-head', d: arrowhead(line.head.from, line.head.tip) }));
  }
  return group;
}

function arrowhead(from: Point, tip: Point): string {
  const length = Math.hypot(tip.x - from.x, tip.y - from.y) || 1;
  const across = { x: (-(tip.y - from.y) / length) * HALF_HEAD, y: ((tip.x - from.x) / length) * HALF_HEAD };
  return `M${tip.x} ${tip.y}L${from.x + across.x} ${from.y + across.y}L${from.x - across.x} ${from.y - across.y}Z`;
}

function key(source: string, target: string): string {
  return JSON.stringify([source, target]);
}
