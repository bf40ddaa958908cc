/** Moments and how long runs took, for people: in their language and time zone. */
import type { RunSummaryDocument } from '../schema';

const MOMENT = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

export function moment(at: string | null): string {
  return at === null ? '' : MOMENT.format(new Date(at));
}

type Times = Pick<RunSummaryDocument, 'started_at' | 'finished_at'>;

/** Seconds from the beginning of a run to its end; null if there is either not yet. */
export function took({ started_at, finished_at }: Times): number | null {
  return started_at && finished_at ? Math.max(0, (Date.parse(finished_at) - Date.parse(started_at)) / 1000) : null;
}
