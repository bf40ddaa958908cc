/** Moments and how long runs took, for people: in their language and time zone. */
import type { RunSummaryDocument } from '../schema';

const PARTS = { month: 'short', day: 'numeric', hour: 'numeric', minute: '2-digit' } as const;
const THIS_YEAR = new Intl.DateTimeFormat(undefined, PARTS);
const ANY_YEAR = new Intl.DateTimeFormat(undefined, { ...PARTS, year: 'numeric' });

export function moment(at: string | null): string {
  if (at === null) {
    return '';
  }
  const when = new Date(at);
  const format = when.getFullYear() === new Date().getFullYear() ? THIS_YEAR : ANY_YEAR;
  return format.format(when);
}

type Times = Pick<RunSummaryDocument, 'started_at' | 'finished_at'>;

/** Seconds from the beginning of a run to its end; null if there is either not yet. */
export function took({ started_at, finished_at }: Times): number | null {
  return started_at && finished_at ? Math.max(0, (Date.parse(finished_at) - Date.parse(started_at)) / 1000) : null;
}
