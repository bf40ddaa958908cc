import { Clock } from '../src/clock';
import { adopt } from '../src/reduce';
import * as words from '../src/words';
import cases from './cases/words.json';
import { runDocument } from './support/documents';

test.each(cases.durations as [number | null, string][])('%j s is said as in Python: %s', (seconds, text) => {
  expect(words.duration(seconds)).toBe(text);
});

test.each(cases.ranges as [number[], string][])('%j is said as in Python: %s', (numbers, text) => {
  expect(words.ranges(numbers)).toBe(text);
});

test.each(cases.sizes as [number, string][])('%j B are said as in Python: %s', (bytes, text) => {
  expect(words.size(bytes)).toBe(text);
});

test('cells have a noun, and what goes on has whole seconds', () => {
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
