/** The pipeline of one notebook as it is on screen. */
import { Signal, type ISignal } from '@lumino/signaling';
import type { NotebookContent } from './notebookTags';
import { RequestError } from './refusal';
import type { CompilationDocument } from './schema';
import type { IDagflowClient } from './tokens';

const BAD_REQUEST = 400;
const PAUSE_MS = 120;

/** What there is to show: the newest graph that compiled, and why the newest attempt did not. */
export interface PipelineState {
  readonly compilation: CompilationDocument | null;
  readonly dot: string;
  readonly error: PipelineError | null;
}

/** `refused` if the server read the notebook and it is no pipeline; else there was no reading it. */
export interface PipelineError {
  readonly message: string;
  readonly hint: string;
  readonly refused: boolean;
}

/** A notebook to compile: where it is to be saved, and what is in it now. */
export interface NotebookSource {
  readonly path: string;
  content(): NotebookContent;
}

/**
 * Compiles the notebook after each pause in its editing, for as long as somebody watches; an older answer never
 * replaces a newer one, and what has been compiled is not compiled again.
 */
export class PipelineModel {
  private current: PipelineState = { compilation: null, dot: '', error: null };
  private readonly stateChanged = new Signal<this, PipelineState>(this);
  private asked = 0;
  private known = '';
  private watchers = 0;
  private pause: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly client: IDagflowClient,
    private readonly source: NotebookSource
  ) {}

  get path(): string {
    return this.source.path;
  }

  get state(): PipelineState {
    return this.current;
  }

  get changed(): ISignal<this, PipelineState> {
    return this.stateChanged;
  }

  /** Keep the state true until the function that is returned is called. */
  watch(): () => void {
    this.watchers += 1;
    let ended = false;
    if (this.watchers === 1) {
      void this.refresh();
    }
    return () => {
      this.watchers -= ended ? 0 : 1;
      ended = true;
    };
  }

  /** Something in the notebook is another: compile it when the editing pauses. */
  touch(): void {
    clearTimeout(this.pause);
    if (this.watchers > 0) {
      this.pause = setTimeout(() => void this.refresh(), PAUSE_MS);
    }
  }

  /** Compile now, unless it is as it was. */
  async refresh(): Promise<void> {
    const { path } = this.source;
    const content = this.source.content();
    const known = JSON.stringify([path, content]);
    if (known === this.known) {
      return;
    }
    this.known = known;
    const turn = ++this.asked;
    let next: PipelineState;
    try {
      next = { ...(await this.client.compile(path, content)), error: null };
    } catch (error) {
      next = { ...this.current, error: told(error) };
    }
    if (turn === this.asked) {
      this.current = next;
      // what no answer came to is asked again
      this.known = next.error === null || next.error.refused ? known : '';
      this.stateChanged.emit(next);
    }
  }

  dispose(): void {
    clearTimeout(this.pause);
    this.asked += 1;
    Signal.clearData(this);
  }
}

function told(error: unknown): PipelineError {
  if (error instanceof RequestError) {
    return { message: error.message, hint: error.hint, refused: error.status === BAD_REQUEST };
  }
  return { message: error instanceof Error ? error.message : String(error), hint: '', refused: false };
}
