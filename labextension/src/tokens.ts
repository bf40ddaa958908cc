/** What the plugins offer each other. */
import { Token } from '@lumino/coreutils';
import type { CompilationDocument } from './schema';

/** A compiled notebook, and its graph as DOT text. */
export interface CompiledNotebook {
  compilation: CompilationDocument;
  dot: string;
}

/** Talks to the server extension. */
export interface IDagflowClient {
  /** Compile the saved notebook at a path of the contents manager; rejects with a `RequestError`. */
  compilation(path: string): Promise<CompiledNotebook>;
}

export const IDagflowClient = new Token<IDagflowClient>(
  'jupyter-dagflow:IDagflowClient',
  'Compiles notebooks through the server extension.'
);
