/** How numbers are said to people: as `surfaces/words.py` says them; `test/cases/words.json` holds both to it. */

export const NO_VALUE = '–';

/** A duration in three digits or so: `0.04 s`, `1.3 s`, `2 min 05 s`, `2 h 01 min`. */
export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) {
    return NO_VALUE;
  }
  if (rounded(seconds, 2) < 1) {
    return `${rounded(seconds, 2).toFixed(2)} s`;
  }
  if (rounded(seconds, 1) < 60) {
    return `${rounded(seconds, 1).toFixed(1)} s`;
  }
  const whole = rounded(seconds, 0);
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) {
    return `${minutes} min ${pad(whole % 60)} s`;
  }
  return `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} min`;
}

/** A duration that still grows: whole seconds, so that it does not flicker. */
export function ticking(seconds: number): string {
  return seconds < 60 ? `${Math.floor(seconds)} s` : duration(Math.floor(seconds));
}

/** A number of bytes in decimal units: `999 B`, `1.5 kB`, `208.0 MB`. */
export function size(bytes: number): string {
  if (bytes < 1000) {
    return `${bytes} B`;
  }
  let amount = bytes;
  for (const unit of ['kB', 'MB', 'GB']) {
    amount /= 1000;
    if (rounded(amount, 1) < 1000) {
      return `${rounded(amount, 1).toFixed(1)} ${unit}`;
    }
  }
  return `${rounded(amount / 1000, 1).toFixed(1)} TB`;
}

/** Whole numbers with neighbours joined: `4–6, 9`. */
export function ranges(numbers: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const number of [...numbers].sort((a, b) => a - b)) {
    const last = runs[runs.length - 1];
    if (last && number === last[1] + 1) {
      last[1] = number;
    } else {
      runs.push([number, number]);
    }
  }
  return runs.map(([from, to]) => (from === to ? `${from}` : `${from}–${to}`)).join(', ');
}

/** Which cells of the notebook these are: `cell 4`, `cells 4–6, 9`. */
export function cells(indexes: readonly number[]): string {
  return `${indexes.length === 1 ? 'cell' : 'cells'} ${ranges(indexes)}`;
}

/** `1 task`, `2 tasks`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** Half up, as in Python's `words.py`. */
function rounded(number: number, digits: number): number {
  const scale = 10 ** digits;
  return Math.floor(number * scale + 0.5) / scale;
}

function pad(number: number): string {
  return String(number).padStart(2, '0');
}
