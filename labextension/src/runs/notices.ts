/** A notification of a run that has ended while somebody looks elsewhere. */
import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { LOOKS } from '../looks';
import type { RunSummaryDocument } from '../schema';
import * as words from '../words';
import type { RunsNow } from './runsNow';
import { took } from './when';

/** Of which runs to be told. */
export type Wanted = 'all' | 'problems' | 'none';

/** Who decides, and what a click leads to. */
export interface NoticeHost {
  readonly wanted: Wanted;
  /** Whether runs of a pipeline are on screen. */
  isLookedAt(pipeline: string): boolean;
  open(run: RunSummaryDocument): void;
}

const SHOWN_MS = 8000;

/** Tell of runs as they end; a problem stays on screen. */
export function tellOfEnds(now: RunsNow, host: NoticeHost, trans: TranslationBundle): void {
  now.ended.connect((_, run) => {
    const isWell = run.state === 'success';
    if (host.wanted === 'none' || (host.wanted === 'problems' && isWell) || host.isLookedAt(run.pipeline)) {
      return;
    }
    const seconds = took(run);
    const length = seconds === null ? '' : ` (${words.duration(seconds)})`;
    const message = trans.__('Pipeline %1: %2%3', run.pipeline, LOOKS[run.state].word, length);
    const type = isWell ? 'success' : run.state === 'failed' ? 'error' : 'warning';
    Notification.emit(message, type, {
      autoClose: run.state === 'failed' ? false : SHOWN_MS,
      actions: [{ label: trans.__('Show'), callback: () => host.open(run) }]
    });
  });
}
