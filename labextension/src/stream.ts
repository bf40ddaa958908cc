/** News of runs from Jupyter Server's event stream, as a signal. */
import type { Event } from '@jupyterlab/services';
import { type ISignal, Signal } from '@lumino/signaling';
import type { NewsDocument, RunNewsDocument } from './schema';

export const NEWS = 'https://events.jupyter.org/jupyter_dagflow/news/v1';

/**
 * Tells of runs as they go on, whichever process runs them.
 *
 * JupyterLab connects again by itself when the server was away; what happened meanwhile is not told again. Whoever shows
 * a run asks for its events after the last number it knows, which fills any gap, and for everything when told `anew`.
 */
export class RunStream {
  private connected = true;
  private readonly seen = new Map<string, number>();
  private readonly toldOf = new Signal<this, RunNewsDocument>(this);
  private readonly toldAnew = new Signal<this, void>(this);

  constructor(private readonly events: Event.IManager) {
    events.stream.connect(this.take, this);
  }

  /** Something has happened in a run; each is told once, in the order of its events. */
  get news(): ISignal<this, RunNewsDocument> {
    return this.toldOf;
  }

  /** What is shown may be out of date as a whole: it is to be asked for again. */
  get anew(): ISignal<this, void> {
    return this.toldAnew;
  }

  get isDisposed(): boolean {
    return this.events.isDisposed || !this.connected;
  }

  dispose(): void {
    this.connected = false;
    this.events.stream.disconnect(this.take, this);
    Signal.clearData(this);
  }

  private take(_: Event.IManager, emission: Event.Emission): void {
    if (emission.schema_id !== NEWS) {
      return;
    }
    const { runs, anew } = emission as unknown as NewsDocument;
    if (anew) {
      this.seen.clear();
      this.toldAnew.emit();
    }
    for (const run of runs.filter(run => run.seq > (this.seen.get(run.run_id) ?? 0))) {
      this.seen.set(run.run_id, run.seq);
      this.toldOf.emit(run);
    }
  }
}
