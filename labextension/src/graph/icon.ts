/** The icon of a state: a disc, or a ring, with a sign that tells the state without colour. */
import { LOOKS } from '../looks';
import type { TaskState } from '../schema';
import { svg } from './dom';

/** A 20 × 20 icon, decorative: the word stands beside it. */
export function stateIcon(state: TaskState): SVGSVGElement {
  const look = LOOKS[state];
  const disc = look.hollow
    ? svg('circle', { r: 8, class: 'dagflow-icon-ring' })
    : svg('circle', { r: 9, class: 'dagflow-icon-disc' });
  const sign = svg('path', { d: look.path, class: look.fill ? 'dagflow-icon-solid' : 'dagflow-icon-sign' });
  return svg('svg', { class: 'dagflow-icon', viewBox: '-10 -10 20 20', 'aria-hidden': 'true' }, disc, sign);
}

/** Show a state on an element: the attribute for style sheets and tests, the colours for what is inside. */
export function showState(element: HTMLElement | SVGElement, state: TaskState): void {
  element.dataset['state'] = state;
  element.style.setProperty('--dagflow-state', LOOKS[state].colour);
  element.style.setProperty('--dagflow-ink', LOOKS[state].ink);
}
