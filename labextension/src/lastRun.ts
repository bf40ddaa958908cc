/** The newest run of a notebook, as long as the server tells of one. */
import { PathExt } from '@jupyterlab/coreutils';
import { Follower } from './follow';
import { LOOKS } from './looks';
import type { Expected } from './remaining';
import type { EventsDocument, ExpectationDocument, RunDocument, RunNewsDocument } from './schema';
import type { RunStream } from './stream';
import type { IDagflowClient } from './tokens';

// news that are told while the connection is away do not come again
const AGAIN_MS = 5000;

/**
 * Follows the run by its news; looks for another when it is asked to, and now and then while a run is going on.
 *
 * While nobody watches, only that a run begins or has ended is asked for, which commands need to know; who watches again
 * has what happened meanwhile.
 */
export class LastRun {
  readonly follower = new Follower();
  private expectation: ExpectationDocument | null = null;
  private looking = false;
  private again: ReturnType<typeof setTimeout> | undefined;
  private disposed = false;
  private missed = false;

  constructor(
    private readonly client: IDagflowClient,
    private readonly notebook: { readonly path: string },
    private readonly stream: RunStream,
    private readonly isWatched: () => boolean = () => true
  ) {
    stream.news.connect(this.hear, this);
    stream.anew.connect(this.look, this);
  }

  /** Whether the run is going on. */
  get active(): boolean {
    const { run } = this.follower;
    return run !== null && !run.finished_at;
  }

  /** What is known of how long the tasks of the run take. */
  get expected(): Expected {
    const { expectation } = this;
    return expectation !== null && expectation.run_id === this.follower.run?.run_id ? expectation.remaining_s : {};
  }

  /** Ask for the newest run; a server that does not answer leaves what is known. */
  async look(): Promise<void> {
    if (this.looking || this.disposed) {
      return;
    }
    this.looking = true;
    try {
      const newest = await this.client.newestRun(this.notebook.path);
      const known = this.follower.run;
      if (newest && (newest.run_id !== known?.run_id || !known.finished_at || newest.state !== known.state)) {
        this.follower.snapshot(await this.client.run(newest.run_id));
      }
    } catch {
      // chips and graph without states are right, too; what hinders the server is told where it is asked to compile
    } finally {
      this.looking = false;
    }
    this.lookAgain();
  }

  /** Somebody watches again. */
  async resume(): Promise<void> {
    if (this.missed && this.isWatched()) {
      this.missed = false;
      await this.look();
    }
  }

  /** Follow a run that has just begun, or goes on. */
  begin(run: RunDocument): void {
    this.follower.snapshot(run);
    this.lookAgain();
  }

  dispose(): void {
    this.disposed = true;
    clearTimeout(this.again);
    this.stream.news.disconnect(this.hear, this);
    this.stream.anew.disconnect(this.look, this);
  }

  /** Named after the file: news may be of another notebook of that name, for which it does no harm to look. */
  get pipeline(): string {
    const { path } = this.notebook;
    return PathExt.basename(path, PathExt.extname(path));
  }

  private lookAgain(): void {
    clearTimeout(this.again);
    if (this.active && !this.disposed) {
      void this.expect();
      this.again = setTimeout(() => this.whileWatched(() => this.look()), AGAIN_MS);
    }
  }

  /** Ask once for each run what it is expected to take; without an answer nothing is said of it. */
  private async expect(): Promise<void> {
    const id = this.follower.run?.run_id;
    if (id !== undefined && id !== this.expectation?.run_id) {
      this.expectation = { run_id: id, remaining_s: {} };
      const found = await this.client.expectation(id).catch(() => null);
      if (found !== null && this.expectation.run_id === id) {
        this.expectation = found;
      }
    }
  }

  private hear(_: RunStream, news: RunNewsDocument): void {
    if (news.run_id === this.follower.run?.run_id) {
      const catchUp = () => this.catchUp(news.run_id);
      if (LOOKS[news.state].final) {
        void catchUp();
      } else {
        this.whileWatched(catchUp);
      }
    } else if (news.pipeline === this.pipeline) {
      void this.look();
    }
  }

  private whileWatched(work: () => Promise<void>): void {
    if (this.isWatched()) {
      void work();
    } else {
      this.missed = true;
    }
  }

  /** The events after the last that is known. Of answers that overlap nothing counts twice: events have numbers. */
  private async catchUp(id: string): Promise<void> {
    let after: number | null = this.follower.run?.seq ?? 0;
    try {
      while (after !== null && !this.disposed) {
        const { events, next }: EventsDocument = await this.client.events(id, after);
        this.follower.take(events);
        after = next;
      }
    } catch {
      // it is looked for again
    }
    this.lookAgain();
  }
}
