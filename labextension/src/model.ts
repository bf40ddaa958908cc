/** The pipeline of one notebook file, as a panel shows it. */
import { Signal, type ISignal } from '@lumino/signaling';
import { RequestError } from './refusal';
import type { CompilationDocument } from './schema';
import type { IDagflowClient } from './tokens';

const BAD_REQUEST = 400;

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

/** Compiles a notebook again whenever it is asked to; an older answer never replaces a newer one. */
export class PipelineModel {
  private current: PipelineState = { compilation: null, dot: '', error: null };
  private readonly stateChanged = new Signal<this, PipelineState>(this);
  private asked = 0;

  constructor(
    private readonly client: IDagflowClient,
    private notebook: string
  ) {}

  get path(): string {
    return this.notebook;
  }

  get state(): PipelineState {
    return this.current;
  }

  get changed(): ISignal<this, PipelineState> {
    return this.stateChanged;
  }

  /** The notebook is another file now. */
  async move(path: string): Promise<void> {
    this.notebook = path;
    await this.refresh();
  }

  /** Read the file again. */
  async refresh(): Promise<void> {
    const turn = ++this.asked;
    let next: PipelineState;
    try {
      next = { ...(await this.client.compilation(this.notebook)), error: null };
    } catch (error) {
      next = { ...this.current, error: told(error) };
    }
    if (turn === this.asked) {
      this.current = next;
      this.stateChanged.emit(next);
    }
  }
}

function told(error: unknown): PipelineError {
  if (error instanceof RequestError) {
    return { message: error.message, hint: error.hint, refused: error.status === BAD_REQUEST };
  }
  return { message: error instanceof Error ? error.message : String(error), hint: '', refused: false };
}
