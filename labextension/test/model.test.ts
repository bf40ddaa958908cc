import { RequestError, refusal, silence } from '../src/refusal';
import { PipelineModel } from '../src/model';
import type { CompiledNotebook, IDagflowClient } from '../src/tokens';
import { compilation } from './support/documents';

/** A server that answers when it is told to. */
class SlowServer implements IDagflowClient {
  readonly asked: { path: string; answer: (graph: CompiledNotebook) => void; refuse: (error: Error) => void }[] = [];

  compilation(path: string): Promise<CompiledNotebook> {
    return new Promise((answer, refuse) => this.asked.push({ path, answer, refuse }));
  }
}

const graph = (...names: string[]): CompiledNotebook => ({ compilation: compilation(names), dot: names.join() });

test('a refresh replaces the graph and tells', async () => {
  const server = new SlowServer();
  const model = new PipelineModel(server, 'a.ipynb');
  const told: number[] = [];
  model.changed.connect((_, state) => told.push(state.compilation?.tasks.length ?? -1));
  const done = model.refresh();
  server.asked[0]!.answer(graph('load', 'fit'));
  await done;
  expect(told).toEqual([2]);
  expect(model.state.error).toBeNull();
});

test('an older answer never replaces a newer one', async () => {
  const server = new SlowServer();
  const model = new PipelineModel(server, 'a.ipynb');
  const first = model.refresh();
  const second = model.move('b.ipynb');
  server.asked[1]!.answer(graph('new'));
  server.asked[0]!.answer(graph('old'));
  await Promise.all([first, second]);
  expect(server.asked.map(({ path }) => path)).toEqual(['a.ipynb', 'b.ipynb']);
  expect(model.state.dot).toBe('new');
});

test('an error keeps the last graph and is gone after the next success', async () => {
  const server = new SlowServer();
  const model = new PipelineModel(server, 'a.ipynb');
  for (const step of [0, 1, 2]) {
    const done = model.refresh();
    if (step === 1) {
      server.asked[1]!.refuse(new RequestError('Two parameters cells.', 'Keep one.', 400));
    } else {
      server.asked[step]!.answer(graph('load'));
    }
    await done;
    expect(model.state.compilation?.tasks).toHaveLength(1);
    expect(model.state.error).toEqual(
      step === 1 ? { message: 'Two parameters cells.', hint: 'Keep one.', refused: true } : null
    );
  }
});

test.each([refusal(404, '{"message": "There is no notebook."}'), refusal(502, ''), silence('off'), new Error('odd')])(
  'it is not said of the notebook that it does not compile when the trouble is: %s',
  async error => {
    const server = new SlowServer();
    const model = new PipelineModel(server, 'a.ipynb');
    const done = model.refresh();
    server.asked[0]!.refuse(error);
    await done;
    expect(model.state.error).toMatchObject({ message: error.message, refused: false });
  }
);

test("a refusal is in the server's words, or says what answered", () => {
  expect(refusal(400, '{"message": "No such notebook.", "hint": "Save it."}')).toMatchObject({
    message: 'No such notebook.',
    hint: 'Save it.'
  });
  expect(refusal(404, '<html>').hint).toContain('jupyter_dagflow');
  expect(refusal(502, '')).toMatchObject({ message: 'The server answered 502.', status: 502 });
});
