/** The event stream of a server, as JupyterLab gives it. */
import type { Event } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';
import type { RunNewsDocument } from '../../src/schema';
import { NEWS, RunStream } from '../../src/stream';

export class NewsServer {
  readonly isDisposed = false;
  readonly stream = new Signal<this, Event.Emission>(this);

  /** What the page makes of the stream. */
  followed(): RunStream {
    return new RunStream(this as unknown as Event.IManager);
  }

  tell(runs: RunNewsDocument[], more: object = {}): void {
    this.stream.emit({ schema_id: NEWS, runs, ...more } as unknown as Event.Emission);
  }
}

export function runNews(seq: number, run_id = 'a'): RunNewsDocument {
  return { run_id, pipeline: 'churn', state: 'running', seq, tasks: [] };
}
