import { Clock } from '../src/clock';
import { adopt } from '../src/reduce';
import * as words from '../src/words';
import { runDocument } from './support/documents';

test('durations, sizes and cells are said as in Python', () => {
  expect([null, 0.042, 1.26, 59.7, 125, 7300].map(words.duration)).toEqual([
    '–',
    '0.04 s',
    '1.3 s',
    '59.7 s',
    '2 min 05 s',
    '2 h 01 min'
  ]);
  expect([0, 999, 1500, 208_000_000].map(words.size)).toEqual(['0 B', '999 B', '1.5 kB', '208.0 MB']);
  expect(words.cells([4, 5, 6, 9])).toBe('cells 4–6, 9');
  expect(words.cells([4])).toBe('cell 4');
  expect([0.4, 59.9, 61].map(words.ticking)).toEqual(['0 s', '59 s', '1 min 01 s']);
});

test('what goes on is timed on the clock of the runner', () => {
  const now = Date.parse('2026-01-01T13:00:10Z');
  const clock = new Clock(() => now);
  clock.heard('2026-01-01T12:00:05Z'); // the runner's clock is an hour behind
  const run = adopt(null, runDocument({ load: 'running' }))!;
  expect(clock.elapsed(run)).toBe(5);
  expect(clock.elapsed({ ...run, state: 'success', finished_at: '2026-01-01T12:00:03Z' })).toBe(3);
  expect(clock.since('2026-01-01T12:30:00Z')).toBe(0);
  expect(clock.since(null)).toBeNull();
});
