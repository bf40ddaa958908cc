/** Going about a list or a table of buttons by the arrow keys: Tab stops there once. */

const STEPS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1]
};

/** Say where in its table a button stands. */
export function place(button: HTMLElement, row: number, column = 0): void {
  button.dataset['row'] = String(row);
  button.dataset['column'] = String(column);
  button.tabIndex = -1;
}

/** Have the arrow keys go from one placed button within a node to the next. */
export function useArrows(node: HTMLElement): void {
  node.addEventListener('keydown', event => {
    const from = event.target instanceof HTMLElement ? event.target : null;
    const step = STEPS[event.key];
    if (from?.dataset['row'] === undefined || step === undefined) {
      return;
    }
    const row = Number(from.dataset['row']) + step[0];
    const column = Number(from.dataset['column']) + step[1];
    const next = node.querySelector<HTMLElement>(`[data-row="${row}"][data-column="${column}"]`);
    event.preventDefault();
    event.stopPropagation();
    next?.focus();
  });
  node.addEventListener('focusin', event => {
    if (event.target instanceof HTMLElement && event.target.dataset['row'] !== undefined) {
      stopAt(node, event.target);
    }
  });
}

/** Where Tab comes in: at what had the focus last, or at the first. */
export function stopSomewhere(node: HTMLElement, wanted: HTMLElement | null = null): void {
  const stop = wanted ?? node.querySelector<HTMLElement>('[data-row]');
  if (stop !== null) {
    stopAt(node, stop);
  }
}

function stopAt(node: HTMLElement, stop: HTMLElement): void {
  node.querySelectorAll<HTMLElement>('[data-row][tabindex="0"]').forEach(button => (button.tabIndex = -1));
  stop.tabIndex = 0;
}
