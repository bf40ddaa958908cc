/** Documents as Python makes them, for tests. */
import type {
  CompilationDocument,
  Edge,
  InnerTaskDocument,
  RunDocument,
  RunRecordDocument,
  TaskDocument,
  TaskState
} from '../../src/schema';

export function task(name: string, index: number): TaskDocument {
  return { name, cells: [`id-${name}`], cell_indexes: [index], reads: [], writes: [], definitions: [], options: {} };
}

/** A task of `clean.ipynb`, which is a step of the task `group`. */
export function inner(group: string, name: string, ...after: string[]): InnerTaskDocument {
  const full = (each: string) => `${group}.${each}`;
  return { name: full(name), group, notebook: 'clean.ipynb', cells: [name], cell_indexes: [1], after: after.map(full) };
}

export function edge(source: string, target: string, name: string): Edge {
  const reason = {
    kind: name === '' ? 'after' : 'data',
    name: name === '' ? source : name,
    source_cell: `id-${source}`,
    source_line: 2,
    target_cell: `id-${target}`,
    target_line: 1
  };
  return { source, target, reasons: [reason] };
}

export function compilation(names: string[], edges: Edge[] = []): CompilationDocument {
  return {
    name: 'churn',
    notebook: 'notebooks/churn.ipynb',
    by: 'tags',
    parameters: [],
    tasks: names.map((name, index) => task(name, index + 1)),
    edges,
    diagnostics: []
  };
}

export function runDocument(states: Record<string, TaskState>, seq = 1): RunDocument {
  return {
    run_id: 'run-1',
    seq,
    state: 'running',
    pipeline: 'churn',
    started_at: '2026-01-01T12:00:00Z',
    finished_at: null,
    notebook: null,
    metrics: {},
    tasks: Object.entries(states).map(([name, state]) => ({
      name,
      state,
      attempt: state === 'none' ? 0 : 1,
      cached: false
    }))
  };
}

/** The same with all that is recorded of it, which is nothing. */
export function recordDocument(states: Record<string, TaskState>, seq = 1): RunRecordDocument {
  const nothing = { attempts: {}, parameters: {}, record: null, records: {}, source: '', surroundings: {} };
  return { ...runDocument(states, seq), ...nothing };
}

/** DOT text of a graph, as the Python side writes it. */
export function dot(document: CompilationDocument): string {
  const nodes = document.tasks.map(({ name }) => `  ${JSON.stringify(name)}`);
  const edges = document.edges.map(({ source, target }) => `  ${JSON.stringify(source)} -> ${JSON.stringify(target)}`);
  return `digraph { rankdir=LR node [shape=box fixedsize=true width=2 height=0.75]\n${[...nodes, ...edges].join('\n')}\n}`;
}
