import { NewsServer as Server, runNews as run } from './support/news';

function followed(): { server: Server; stream: ReturnType<Server['followed']>; told: string[] } {
  const server = new Server();
  const stream = server.followed();
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
