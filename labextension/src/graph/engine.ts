/**
 * Graphviz in the browser: DOT in, positions out.
 *
 * This file is bundled by itself, as text. Started as a worker it answers messages; imported as a module it offers
 * `layoutDot` to the page.
 */
import { Graphviz } from '@hpcc-js/wasm-graphviz';

let graphviz: Promise<Graphviz> | undefined;

/** Lay out a graph; the answer is graphviz's own JSON. */
export async function layoutDot(dot: string): Promise<string> {
  graphviz ??= Graphviz.load();
  return (await graphviz).layout(dot, 'json', 'dot');
}

/** What a worker is asked, and answers. */
export interface Question {
  id: number;
  dot: string;
}
export interface Answer {
  id: number;
  layout?: string;
  error?: string;
}

const isWorker = typeof document === 'undefined' && typeof self !== 'undefined';
if (isWorker) {
  self.onmessage = async ({ data }: MessageEvent<Question>) => {
    let answer: Answer;
    try {
      answer = { id: data.id, layout: await layoutDot(data.dot) };
    } catch (error) {
      answer = { id: data.id, error: error instanceof Error ? error.message : String(error) };
    }
    self.postMessage(answer);
  };
}
