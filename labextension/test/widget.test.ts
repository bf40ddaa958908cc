import createWidget from '../src/widget';
import type { DagflowEvent, TaskFailure } from '../src/schema';
import { compilation, runDocument } from './support/documents';

/** A model with the part of anywidget's contract that widgets use, and no kernel behind it. */
class Model {
  private readonly listeners = new Map<string, Set<(value?: unknown) => void>>();

  constructor(private readonly traits: Record<string, unknown>) {}

  readonly sent: unknown[] = [];
  get = (name: string) => this.traits[name];
  send = (message: unknown) => void this.sent.push(message);
  on = (event: string, listener: () => void) => {
    this.listeners.set(event, (this.listeners.get(event) ?? new Set()).add(listener));
  };
  off = (event: string, listener: () => void) => void this.listeners.get(event)?.delete(listener);
  emit = (event: string, value?: unknown) => this.listeners.get(event)?.forEach(listener => listener(value));
  get listening(): number {
    return [...this.listeners.values()].reduce((sum, { size }) => sum + size, 0);
  }
}

beforeAll(() => {
  globalThis.ResizeObserver = class {
    observe = () => undefined;
    unobserve = () => undefined;
    disconnect = () => undefined;
  };
});

test('views of one model agree, and one that comes late misses nothing', async () => {
  const model = new Model({ compilation: compilation(['load']), dot: '', run: runDocument({ load: 'queued' }) });
  const widget = await (createWidget as unknown as () => { initialize: Function; render: Function })();
  const forget = widget.initialize({ model });
  const elements = [document.createElement('div'), document.createElement('div')];
  const leave = [widget.render({ model, el: elements[0] })];
  const event: DagflowEvent = {
    type: 'task_started',
    run_id: 'run-1',
    seq: 2,
    at: '2026-01-01T12:00:00Z',
    task: 'load',
    attempt: 1,
    state: 'running',
    why: ['code changed (cell 3)'],
    reused: false
  };
  model.emit('msg:custom', { kind: 'events', events: [event] });
  leave.push(widget.render({ model, el: elements[1] }));
  expect(elements.map(el => el.querySelector('li')?.dataset['state'])).toEqual(['running', 'running']);
  [...leave, forget].forEach(end => end());
  expect(model.listening).toBe(0);
});

test('a run none of whose tasks could begin says why, until the next one', async () => {
  const model = new Model({ compilation: compilation(['load']), dot: '', run: runDocument({}) });
  const widget = await (createWidget as unknown as () => { initialize: Function; render: Function })();
  widget.initialize({ model });
  const el = document.createElement('div');
  widget.render({ model, el });
  const told = () => el.querySelector<HTMLElement>('.dagflow-problem')!;
  expect(told().hidden).toBe(true);
  const failure: TaskFailure = { kind: 'not_begun', message: 'There is no such notebook.', hint: 'Check the path.' };
  const at = '2026-01-01T12:00:00Z';
  const ended: DagflowEvent = { type: 'run_finished', run_id: 'run-1', seq: 3, at, state: 'failed', failure };
  model.emit('msg:custom', { kind: 'events', events: [ended] });
  expect(told().hidden).toBe(false);
  expect(told().textContent).toContain('There is no such notebook.');
  expect(told().textContent).toContain('Check the path.');
  Object.assign(model.get('run') as object, { run_id: 'run-2' });
  model.emit('change:run');
  expect(told().hidden).toBe(true);
});

test('while a run goes on it can be cancelled, once; a kernel that does not hear is to be interrupted', async () => {
  jest.useFakeTimers();
  const run = runDocument({ load: 'running' });
  const model = new Model({ compilation: compilation(['load']), dot: '', run, can_cancel: true });
  const widget = await (createWidget as unknown as () => { initialize: Function; render: Function })();
  widget.initialize({ model });
  const el = document.createElement('div');
  widget.render({ model, el });
  const button = el.querySelector<HTMLButtonElement>('.dagflow-cancel')!;
  expect([button.hidden, button.textContent]).toEqual([false, 'Cancel']);
  button.click();
  button.click();
  expect(model.sent).toEqual([{ kind: 'cancel' }]);
  expect([button.disabled, button.textContent]).toEqual([true, 'Cancelling…']);
  jest.advanceTimersByTime(5000);
  expect(button.textContent).toBe('Interrupt the kernel to cancel');
  model.emit('msg:custom', { kind: 'cancelling' });
  expect(button.textContent).toBe('Cancelling…');
  const at = '2026-01-01T12:00:00Z';
  const ended: DagflowEvent = {
    type: 'run_finished',
    run_id: 'run-1',
    seq: 3,
    at,
    state: 'cancelled',
    failure: null
  };
  model.emit('msg:custom', { kind: 'events', events: [ended] });
  expect(button.hidden).toBe(true);
});
