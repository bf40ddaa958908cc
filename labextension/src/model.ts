/** The pipeline of one notebook file, as a panel shows it. */
import { Signal, type ISignal } from '@lumino/signaling';
import type { CompilationDocument } from './schema';
import type { IDagflowClient } from './tokens';

/** What there is to show: the newest graph that compiled, and why the newest attempt did not. */
export interface PipelineState {
  readonly compilation: CompilationDocument | null;
  readonly dot: string;
  readonly error: { readonly message: string; readonly hint: string } | null;
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
      const message = error instanceof Error ? error.message : String(error);
      const hint = error instanceof Error && 'hint' in error ? String(error.hint) : '';
      next = { ...this.current, error: { message, hint } };
    }
    if (turn === this.asked) {
      this.current = next;
      this.stateChanged.emit(next);
    }
  }
}
