import { RequestError, refusal, silence } from '../src/refusal';
import { PipelineModel, type NotebookSource } from '../src/model';
import type { CompiledNotebook } from '../src/tokens';
import { compilation } from './support/documents';
import { SilentServer } from './support/server';

/** A server that answers when it is told to. */
class SlowServer extends SilentServer {
  readonly asked: { path: string; answer: (graph: CompiledNotebook) => void; refuse: (error: Error) => void }[] = [];

  override compile = (path: string): Promise<CompiledNotebook> =>
    new Promise((answer, refuse) => this.asked.push({ path, answer, refuse }));
}

/** A notebook that is edited by setting `text`. */
class Source implements NotebookSource {
  path = 'a.ipynb';
  text = '';
  content = () => ({
    nbformat: 4,
    nbformat_minor: 5,
    metadata: {},
    cells: [{ id: 'a', cell_type: 'code', source: this.text, metadata: {} }]
  });
}

const graph = (...names: string[]): CompiledNotebook => ({ compilation: compilation(names), dot: names.join() });

test('a refresh replaces the graph and tells; what is as it was is not asked again', async () => {
  const server = new SlowServer();
  const model = new PipelineModel(server, new Source());
  const told: number[] = [];
  model.changed.connect((_, state) => told.push(state.compilation?.tasks.length ?? -1));
  const done = model.refresh();
  server.asked[0]!.answer(graph('load', 'fit'));
  await done;
  await model.refresh();
  expect(told).toEqual([2]);
  expect(server.asked).toHaveLength(1);
  expect(model.state.error).toBeNull();
});

test('an older answer never replaces a newer one', async () => {
  const server = new SlowServer();
  const source = new Source();
  const model = new PipelineModel(server, source);
  const first = model.refresh();
  source.path = 'b.ipynb';
  const second = model.refresh();
  server.asked[1]!.answer(graph('new'));
  server.asked[0]!.answer(graph('old'));
  await Promise.all([first, second]);
  expect(server.asked.map(({ path }) => path)).toEqual(['a.ipynb', 'b.ipynb']);
  expect(model.state.dot).toBe('new');
});

test('it compiles when editing pauses, and only while somebody watches', () => {
  jest.useFakeTimers();
  try {
    const server = new SlowServer();
    const source = new Source();
    const model = new PipelineModel(server, source);
    const type = (text: string) => {
      source.text = text;
      model.touch();
    };
    type('unseen');
    jest.runAllTimers();
    expect(server.asked).toHaveLength(0);
    const stop = model.watch();
    const stopToo = model.watch();
    expect(server.asked).toHaveLength(1);
    'typed'.split('').forEach(type);
    jest.runAllTimers();
    expect(server.asked).toHaveLength(2);
    model.touch();
    jest.runAllTimers();
    expect(server.asked).toHaveLength(2);
    stop();
    stop();
    type('still watched');
    jest.runAllTimers();
    expect(server.asked).toHaveLength(3);
    stopToo();
    type('unwatched');
    jest.runAllTimers();
    expect(server.asked).toHaveLength(3);
  } finally {
    jest.useRealTimers();
  }
});

test('an error keeps the last graph and is gone after the next success', async () => {
  const server = new SlowServer();
  const source = new Source();
  const model = new PipelineModel(server, source);
  for (const step of [0, 1, 2]) {
    source.text = `step ${step}`;
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
    const model = new PipelineModel(server, new Source());
    const done = model.refresh();
    server.asked[0]!.refuse(error);
    await done;
    expect(model.state.error).toMatchObject({ message: error.message, refused: false });
    void model.refresh();
    expect(server.asked).toHaveLength(2);
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
