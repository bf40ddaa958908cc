/** The runs that go on now, whoever runs them, and a word for each that ends. */
import { type ISignal, Signal } from '@lumino/signaling';
import type { RunNewsDocument, RunState, RunSummaryDocument } from '../schema';
import type { RunStream } from '../stream';
import type { IDagflowClient } from '../tokens';

const MOST = 100;
const NESTED = 'nested';
const ACTIVE: readonly RunState[] = ['queued', 'running'];

/** Follows the stream; runs that are steps of others are theirs, and not counted. */
export class RunsNow {
  private active = new Map<string, RunSummaryDocument>();
  private readonly asking = new Set<string>();
  private readonly steps = new Set<string>();
  private readonly changedSignal = new Signal<this, void>(this);
  private readonly endedSignal = new Signal<this, RunSummaryDocument>(this);

  constructor(
    private readonly client: IDagflowClient,
    private readonly stream: RunStream
  ) {
    stream.news.connect(this.hear, this);
    stream.anew.connect(this.look, this);
    void this.look();
  }

  /** The runs that go on. */
  get all(): readonly RunSummaryDocument[] {
    return [...this.active.values()];
  }

  /** Another run goes on, or one does no longer. */
  get changed(): ISignal<this, void> {
    return this.changedSignal;
  }

  /** A run has ended since the page was opened. */
  get ended(): ISignal<this, RunSummaryDocument> {
    return this.endedSignal;
  }

  dispose(): void {
    this.stream.news.disconnect(this.hear, this);
    this.stream.anew.disconnect(this.look, this);
    Signal.clearData(this);
  }

  /** Ask for all that go on: what is told by news is told from now on only. */
  private async look(): Promise<void> {
    try {
      const pages = await Promise.all(ACTIVE.map(state => this.client.runs({ state, limit: MOST })));
      const found = pages.flatMap(({ runs }) => runs).filter(run => !this.isStep(run));
      this.active = new Map(found.map(run => [run.run_id, run]));
      this.changedSignal.emit();
    } catch {
      // a server that does not answer says so where it is asked for something
    }
  }

  private hear(_: RunStream, news: RunNewsDocument): void {
    const { run_id, state } = news;
    const known = this.active.get(run_id);
    if (this.steps.has(run_id)) {
      return;
    }
    if (known === undefined) {
      void this.meet(run_id);
    } else if (!ACTIVE.includes(state)) {
      this.end({ ...known, state });
    }
  }

  /** News of a run that was not known: it begins, goes on again, or has ended before anybody asked. */
  private async meet(id: string): Promise<void> {
    if (this.asking.has(id)) {
      return;
    }
    this.asking.add(id);
    try {
      const [run] = (await this.client.runs({ search: id, limit: 1 })).runs;
      if (run === undefined || this.isStep(run)) {
        return;
      }
      if (ACTIVE.includes(run.state)) {
        this.active.set(id, run);
        this.changedSignal.emit();
      } else {
        this.end(run);
      }
    } catch {
      // the next news of it ask again
    } finally {
      this.asking.delete(id);
    }
  }

  /** Whether a run is a step of another; if so, it is remembered. */
  private isStep({ run_id, trigger }: RunSummaryDocument): boolean {
    if (trigger === NESTED) {
      this.steps.add(run_id);
    }
    return trigger === NESTED;
  }

  private end(run: RunSummaryDocument): void {
    this.active.delete(run.run_id);
    this.changedSignal.emit();
    this.endedSignal.emit(run);
  }
}
