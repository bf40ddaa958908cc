/** A metric across runs as a line, one place for each run; the numbers stand below it. */
import { svg } from '../graph/dom';

const HEIGHT = 24;
const AIR = 3;

/** Points of a line through what is a number, in a box as wide as there are values: from the bottom to the top. */
export function points(values: readonly unknown[]): [number, number][] {
  const known = values.filter((value): value is number => typeof value === 'number' && Number.isFinite(value));
  const [least, most] = [Math.min(...known), Math.max(...known)];
  const up = (value: number) => (most === least ? 0.5 : (value - least) / (most - least));
  return values.flatMap((value, index): [number, number][] =>
    typeof value === 'number' && Number.isFinite(value)
      ? [[index + 0.5, HEIGHT - AIR - up(value) * (HEIGHT - 2 * AIR)]]
      : []
  );
}

/** The line; null if there are not two numbers to draw it through. */
export function metricChart(values: readonly unknown[]): SVGSVGElement | null {
  const found = points(values);
  if (found.length < 2) {
    return null;
  }
  return svg(
    'svg',
    {
      class: 'dagflow-metric-chart',
      viewBox: `0 0 ${values.length} ${HEIGHT}`,
      preserveAspectRatio: 'none',
      'aria-hidden': 'true'
    },
    svg('polyline', { points: found.map(point => point.join(',')).join(' ') })
  );
}
