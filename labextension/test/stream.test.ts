import type { Event } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';
import type { RunNewsDocument } from '../src/schema';
import { NEWS, RunStream } from '../src/stream';

/** The event stream of a server, as JupyterLab gives it. */
class Server {
  readonly isDisposed = false;
  readonly stream = new Signal<this, Event.Emission>(this);

  tell(runs: RunNewsDocument[], more: object = {}): void {
    this.stream.emit({ schema_id: NEWS, runs, ...more } as unknown as Event.Emission);
  }
}

const run = (seq: number, run_id = 'a'): RunNewsDocument => ({
  run_id,
  pipeline: 'churn',
  state: 'running',
  seq,
  tasks: []
});

function followed(): { server: Server; stream: RunStream; told: string[] } {
  const server = new Server();
  const stream = new RunStream(server as unknown as Event.IManager);
  const told: string[] = [];
  stream.news.connect((_, news) => told.push(`${news.run_id}${news.seq}`));
  stream.anew.connect(() => told.push('anew'));
  return { server, stream, told };
}

test('each run is told once for each time that something happened in it', () => {
  const { server, told } = followed();
  server.tell([run(1), run(4, 'b')]);
  server.tell([run(3)]);
  server.tell([run(3), run(2)]);
  expect(told).toEqual(['a1', 'b4', 'a3']);
});

test('after a gap all is to be asked for anew, and a run may begin again from 1', () => {
  const { server, told } = followed();
  server.tell([run(9)]);
  server.tell([], { anew: true });
  server.tell([run(1)], { anew: false });
  expect(told).toEqual(['a9', 'anew', 'a1']);
});

test('what others emit is not ours', () => {
  const { server, told } = followed();
  server.stream.emit({ schema_id: 'https://events.jupyter.org/jupyter_server/contents_service/v1' });
  expect(told).toEqual([]);
});

test('once disposed, nothing is told any more', () => {
  const { server, stream, told } = followed();
  stream.dispose();
  server.tell([run(1)]);
  expect(told).toEqual([]);
  expect(stream.isDisposed).toBe(true);
});
