/** @jest-environment node */
import { ServerConnection } from '@jupyterlab/services';
import { DagflowClient } from '../src/client';
import { RequestError } from '../src/refusal';

const RUN = { run_id: 'run-1', pipeline: 'churn', state: 'success' };

/** A client of a server that answers with these one after another, and what it was asked. */
function client(...answers: [number, unknown][]) {
  const asked: URLSearchParams[] = [];
  const fetch = (request: Request) => {
    const [status, body] = answers.shift()!;
    asked.push(new URL(request.url).searchParams);
    return Promise.resolve({ ok: status === 200, status, text: () => Promise.resolve(JSON.stringify(body)) });
  };
  const settings = ServerConnection.makeSettings({
    baseUrl: 'http://localhost/',
    fetch: fetch as unknown as typeof globalThis.fetch
  });
  return { asked, client: new DagflowClient(settings) };
}

test('the newest run of a notebook is looked for below the runs of others of its name', async () => {
  const answers: [number, unknown][] = [
    [200, { runs: [], next: 'here' }],
    [200, { runs: [RUN], next: 'there' }]
  ];
  const { asked, client: ours } = client(...answers);
  expect(await ours.newestRun('a/churn.ipynb')).toEqual(RUN);
  expect(asked.map(query => [query.get('path'), query.get('before'), query.get('limit')])).toEqual([
    ['a/churn.ipynb', '', '1'],
    ['a/churn.ipynb', 'here', '1']
  ]);
});

test('a notebook that has never run has none', async () => {
  expect(await client([200, { runs: [], next: null }]).client.newestRun('new.ipynb')).toBeNull();
});

test('what the server refuses is told in its own words', async () => {
  const { client: ours } = client([
    404,
    { message: 'There is no run x.', hint: 'Look at the list.', code: 'not_found' }
  ]);
  const error = await ours.run('x').catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(RequestError);
  expect(error).toMatchObject({ message: 'There is no run x.', hint: 'Look at the list.', status: 404 });
});
