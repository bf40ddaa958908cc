/** The text of `engine.ts`, bundled: put here by `scripts/build.mjs`, and loaded only when a graph is drawn. */
declare const ENGINE_SOURCE: string;

export const engineSource = ENGINE_SOURCE;
