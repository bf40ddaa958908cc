import * as edits from '../src/tags';
import type { Change, TaggedCell } from '../src/tags';

/** Cells `a`, `b`, … with these tags; a leading `#` makes a heading. */
function notebook(...tagged: string[]): TaggedCell[] {
  return tagged.map((text, index) => ({
    id: String.fromCharCode(97 + index),
    isCode: !text.startsWith('#'),
    heading: text.startsWith('#') ? text.slice(1).trim() : null,
    tags: text.startsWith('#') ? [] : text.split(' ').filter(Boolean),
    options: {}
  }));
}

function after(cells: TaggedCell[], changes: Change[]): TaggedCell[] {
  return cells.map(cell => ({ ...cell, ...changes.find(({ id }) => id === cell.id) }));
}

const tagsOf = (cells: TaggedCell[]) => cells.map(({ tags }) => tags.join(' '));

test('cells have the role that their tags say, or go on with the task above', () => {
  const cells = notebook(
    'parameters',
    'setup',
    '',
    'task:load mine',
    '',
    'skip task:x',
    '# A',
    '',
    'task:fit',
    'task:load'
  );
  expect(
    edits.rolesOf(cells).map(({ role, task, begins }) => `${role} ${task ?? '-'}${begins ? ' begins' : ''}`)
  ).toEqual([
    'parameters -',
    'setup -',
    'none -',
    'task load begins',
    'task load',
    'skip -',
    'none -',
    'task load',
    'task fit begins',
    'task load'
  ]);
  expect(edits.taskNames(cells)).toEqual(['load', 'fit']);
});

test('metadata.dagflow says the same as tags', () => {
  const cells = notebook('', '', '');
  cells[0] = { ...cells[0]!, options: { task: 'load', retries: 3 } };
  cells[2] = { ...cells[2]!, options: { setup: true } };
  expect(edits.rolesOf(cells).map(({ role }) => role)).toEqual(['task', 'task', 'setup']);
  expect(edits.optionOf(cells[0]!, 'retries')).toBe(3);
});

test.each([
  [['', 'parameters', 'remove-input', 'taskforce'], false],
  [['task:a'], true],
  [['setup'], true],
  [['', 'keep:x'], true],
  [['map'], true]
])('of a notebook with %j it is said that tags are in use: %s', (tags, inUse) => {
  expect(edits.isInUse(notebook(...tags))).toBe(inUse);
});

test.each<[string, string[], Change[] | ((cells: TaggedCell[]) => Change[]), string[]]>([
  ['one cell begins a task', ['', 'mine', ''], c => edits.makeTask(c, ['b'], 'fit'), ['', 'task:fit mine', '']],
  ['neighbours are part of it', ['', '', ''], c => edits.makeTask(c, ['a', 'b'], 'x'), ['task:x', '', '']],
  [
    'cells that are apart say so',
    ['', 'task:o', 'task:p', ''],
    c => edits.makeTask(c, ['a', 'c'], 'x'),
    ['task:x', 'task:o', 'task:x', '']
  ],
  ['a setup cell becomes a task', ['setup'], c => edits.makeTask(c, ['a'], 'x'), ['task:x']],
  [
    'a task that begins anew keeps its options',
    ['task:o retries:3'],
    c => edits.makeTask(c, ['a'], 'x'),
    ['task:x retries:3']
  ],
  ['a heading is no cell of a task', ['# H', ''], c => edits.makeTask(c, ['a', 'b'], 'x'), ['', 'task:x']],
  [
    'a new name is followed',
    ['task:load', 'task:fit after:load keep:load', 'task:load x:load', 'after:loader'],
    c => edits.renameTask(c, 'load', 'read'),
    ['task:read', 'task:fit after:read keep:load', 'task:read x:load', 'after:loader']
  ],
  ['setup', ['task:a retries:2 mine', ''], c => edits.setRole(c, ['a'], 'setup'), ['mine setup', '']],
  ['skip keeps the rest', ['task:a', ''], c => edits.toggleSkip(c, ['a', 'b']), ['task:a skip', 'skip']],
  ['skip again takes in', ['task:a skip', 'skip'], c => edits.toggleSkip(c, ['a', 'b']), ['task:a', '']],
  ['one that was skipped stays so', ['skip', ''], c => edits.toggleSkip(c, ['a', 'b']), ['skip', 'skip']],
  [
    'clear leaves what is of others',
    ['task:a retries:2 mine map after:b', 'remove-input'],
    c => edits.clearTags(c, ['a', 'b']),
    ['mine', 'remove-input']
  ],
  ['one more value', ['task:a keep:x'], c => edits.addValue(c, 'a', 'keep', 'y'), ['task:a keep:x keep:y']],
  ['a value that is there', ['keep:x'], c => edits.addValue(c, 'a', 'keep', 'x'), ['keep:x']],
  ['another tag', ['taks:a'], c => edits.replaceTag(c, 'a', 'taks:a', 'task:a'), ['task:a']]
])('%s', (_, before, edit, expected) => {
  const cells = notebook(...before);
  const frozen = JSON.stringify(cells);
  const changes = typeof edit === 'function' ? edit(cells) : edit;
  expect(tagsOf(after(cells, changes))).toEqual(expected);
  expect(JSON.stringify(cells)).toBe(frozen);
  // only what is another is written
  for (const change of changes) {
    const was = cells.find(({ id }) => id === change.id)!;
    expect([change.tags, change.options]).not.toEqual([was.tags, was.options]);
  }
});

test('a new name is followed in metadata, too', () => {
  const cells = notebook('', '');
  cells[0] = { ...cells[0]!, options: { task: 'load' } };
  cells[1] = { ...cells[1]!, options: { task: 'fit', after: ['load', 'x'], pool: 'load' } };
  expect(after(cells, edits.renameTask(cells, 'load', 'read')).map(({ options }) => options)).toEqual([
    { task: 'read' },
    { task: 'fit', after: ['read', 'x'], pool: 'load' }
  ]);
});

test('whatever was where before, each edit does what it says and leaves tags of others alone', () => {
  const pool = [
    '',
    'mine',
    'task:a',
    'task:b retries:1',
    'setup',
    'skip',
    'task:a skip',
    'parameters',
    '# H',
    'keep:x'
  ];
  let seed = 7;
  const random = (most: number) => (seed = (seed * 48271) % 2147483647) % most;
  for (let turn = 0; turn < 500; turn++) {
    const cells = notebook(...Array.from({ length: 1 + random(7) }, () => pool[random(pool.length)]!));
    const ids = cells.filter(() => random(2) === 0).map(({ id }) => id);
    const code = cells.filter(({ id, isCode }) => isCode && ids.includes(id)).map(({ id }) => id);
    const roles = (changes: Change[]) => {
      const next = after(cells, changes);
      expect(next.map(({ tags }) => tags.includes('mine'))).toEqual(cells.map(({ tags }) => tags.includes('mine')));
      return new Map(edits.rolesOf(next).map((role, index) => [next[index]!.id, role]));
    };
    const made = roles(edits.makeTask(cells, ids, 'new'));
    code.forEach((id, index) => expect(made.get(id)).toEqual({ role: 'task', task: 'new', begins: index === 0 }));
    const setup = roles(edits.setRole(cells, ids, 'setup'));
    code.forEach(id => expect(setup.get(id)?.role).toBe('setup'));
    const cleared = after(cells, edits.clearTags(cells, ids));
    code.forEach(id => expect(edits.isInUse(cleared.filter(cell => cell.id === id))).toBe(false));
    const skipped = after(cells, edits.toggleSkip(cells, ids));
    const taken = cells.filter(({ id }) => code.includes(id)).some(({ tags }) => !tags.includes('skip'));
    code.forEach(id => expect(skipped.find(cell => cell.id === id)!.tags.includes('skip')).toBe(taken));
    const renamed = roles(edits.renameTask(cells, 'a', 'z'));
    edits
      .rolesOf(cells)
      .forEach((role, index) =>
        expect(renamed.get(cells[index]!.id)).toEqual(role.task === 'a' ? { ...role, task: 'z' } : role)
      );
  }
});

test('an option stands in one place only', () => {
  const cells = notebook('task:a retries:3 keep:x keep:y map');
  const cell = cells[0]!;
  expect(['retries', 'keep', 'map', 'timeout'].map(key => edits.optionOf(cell, key))).toEqual([
    3,
    ['x', 'y'],
    true,
    undefined
  ]);
  const [changed] = edits.setOption(cells, 'a', 'retries', 5);
  expect(changed).toEqual({ id: 'a', tags: ['task:a', 'keep:x', 'keep:y', 'map'], options: { retries: 5 } });
  const [gone] = edits.setOption(cells, 'a', 'map', undefined);
  expect(gone).toEqual({ id: 'a', tags: ['task:a', 'retries:3', 'keep:x', 'keep:y'], options: {} });
  const inMetadata = [{ ...cell, tags: ['task:a'], options: { keep: ['x'] } }];
  expect(edits.addValue(inMetadata, 'a', 'keep', 'z')[0]?.options).toEqual({ keep: ['x', 'z'] });
});

test('names that are proposed are free, and say what the heading says', () => {
  const cells = notebook('# 2. Load the données!', '', '# Load', 'task:load', '', '# ???', '');
  expect(edits.freeName(cells, 'b')).toBe('load_the_donne_es');
  expect(edits.freeName(cells, 'e')).toBe('load_2');
  expect(edits.freeName(cells, 'g')).toBe('task_1');
  expect(edits.freeName(notebook(''), 'a')).toBe('task_1');
});

test.each([
  ['new', null, null],
  ['load', null, 'There is a task load already.'],
  ['load', 'load', null],
  ['two words', null, /^A task's name is/],
  ['', null, /^A task's name is/]
])('whether %j may be a name (now %s)', (name, current, problem) => {
  const said = edits.nameProblem(notebook('task:load'), name, current);
  if (problem instanceof RegExp) {
    expect(said).toMatch(problem);
  } else {
    expect(said).toBe(problem);
  }
});

test('suggested tags are added to what cells say; what has nothing to add, or is gone meanwhile, is left', () => {
  const cells = notebook('mine', 'task:fit');
  const suggested = (cell: string, ...tags: string[]) => ({ cell, cell_index: 0, tags, all_tags: [], why: '' });
  const found = [suggested('a', 'task:load'), suggested('b'), suggested('gone', 'setup')];
  expect(edits.addSuggested(cells, found)).toEqual([{ id: 'a', tags: ['mine', 'task:load'], options: {} }]);
});
