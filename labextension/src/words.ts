/** How numbers are said to people: as `surfaces/words.py` says them. */

export const NO_VALUE = '–';

/** A duration in three digits or so: `0.04 s`, `1.3 s`, `2 min 05 s`, `2 h 01 min`. */
export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) {
    return NO_VALUE;
  }
  if (seconds < 1) {
    return `${seconds.toFixed(2)} s`;
  }
  if (seconds < 60) {
    return `${seconds.toFixed(1)} s`;
  }
  const minutes = Math.floor(Math.round(seconds) / 60);
  if (minutes < 60) {
    return `${minutes} min ${pad(Math.round(seconds) % 60)} s`;
  }
  return `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} min`;
}

/** A duration that still grows: whole seconds, so that it does not flicker. */
export function ticking(seconds: number): string {
  return seconds < 60 ? `${Math.floor(seconds)} s` : duration(Math.floor(seconds));
}

/** A number of bytes in decimal units: `999 B`, `1.5 kB`. */
export function size(bytes: number): string {
  if (bytes < 1000) {
    return `${bytes} B`;
  }
  let amount = bytes;
  for (const unit of ['kB', 'MB', 'GB']) {
    amount /= 1000;
    if (amount < 1000) {
      return `${amount.toFixed(1)} ${unit}`;
    }
  }
  return `${(amount / 1000).toFixed(1)} TB`;
}

/** Which cells of the notebook these are: `cell 4`, `cells 4–6, 9`. */
export function cells(indexes: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const index of [...indexes].sort((a, b) => a - b)) {
    const last = runs[runs.length - 1];
    if (last && index === last[1] + 1) {
      last[1] = index;
    } else {
      runs.push([index, index]);
    }
  }
  const text = runs.map(([from, to]) => (from === to ? `${from}` : `${from}–${to}`)).join(', ');
  return `${indexes.length === 1 ? 'cell' : 'cells'} ${text}`;
}

/** `1 task`, `2 tasks`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

function pad(number: number): string {
  return String(number).padStart(2, '0');
}
