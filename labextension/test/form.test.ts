import { fixesOf } from '../src/fixes';
import { OptionsForm } from '../src/form';
import { OPTIONS } from '../src/options';
import type { OptionValue, TaggedCell } from '../src/tags';
import { readValue } from '../src/values';
import { compilation } from './support/documents';

test.each([
  ['retries', '3', 3],
  ['retries', '', undefined],
  ['retries', '-1', null],
  ['retries', '1.5', null],
  ['retry-backoff', '1.5', 1.5],
  ['retry-backoff', 'two', null],
  ['timeout', ' 10m ', '10m'],
  ['timeout', '10 m', null],
  ['after', 'load', 'load'],
  ['after', '1load', null],
  ['keep', 'größe', 'größe'],
  ['trigger', 'all_done', 'all_done'],
  ['trigger', 'always_so', null]
])('%s reads %j as %j', (key, text, expected) => {
  const read = readValue(text, OPTIONS[key]!);
  if (expected === null) {
    expect(read).toEqual({ problem: `It takes ${OPTIONS[key]!.expects}.` });
  } else {
    expect(read).toEqual({ value: expected });
  }
});

/** A form on a cell that says these things. */
function form(values: Record<string, unknown>, role = 'task') {
  const told: [string, OptionValue | undefined][] = [];
  const made = new OptionsForm(
    { add: expected => `Add ${expected}`, remove: value => `Remove ${value}`, more: 'More' },
    (key, value) => told.push([key, value])
  );
  made.show(role, key => values[key], { task: ['load'], variable: ['x', 'y'] });
  document.body.replaceChildren(made.node);
  const field = (title: string) => {
    const label = [...made.node.querySelectorAll('label')].find(({ textContent }) => textContent === title)!;
    return document.getElementById(label.htmlFor) as HTMLInputElement;
  };
  const type = (title: string, text: string) => {
    field(title).value = text;
    field(title).dispatchEvent(new Event('change'));
  };
  return { made, told, field, type };
}

test('each option has a field with its help, and those of a role are shown', () => {
  const { made, field } = form({ retries: 2, timeout: '10m', cache: false, map: true });
  for (const { title, description, on } of Object.values(OPTIONS).filter(({ title }) => title !== 'Task')) {
    const input = field(title);
    expect(document.getElementById(input.getAttribute('aria-describedby')!)?.textContent).toBe(description);
    expect(input.closest<HTMLElement>('.dagflow-field')!.hidden).toBe(on !== 'task');
  }
  expect([field('Retries').value, field('Timeout').value, field('Reuse of results').value]).toEqual([
    '2',
    '10m',
    'off'
  ]);
  expect(field('Map').checked).toBe(true);
  expect(document.getElementById(field('Keeps').getAttribute('list')!)?.querySelectorAll('option')).toHaveLength(2);
  expect(made.node.querySelector('details')!.open).toBe(false);
});

test('what is valid is told, what is not is said in place', () => {
  const { told, field, type } = form({ keep: ['x'] });
  type('Retries', '3');
  type('Retries', 'many');
  expect(field('Retries').getAttribute('aria-invalid')).toBe('true');
  expect(field('Retries').closest('.dagflow-field')!.textContent).toContain('It takes a whole number.');
  type('Keeps', 'y');
  type('Keeps', '');
  document.querySelector<HTMLElement>('button[aria-label="Remove x"]')!.click();
  field('Map').click();
  expect(told).toEqual([
    ['retries', 3],
    ['keep', ['x', 'y']],
    ['keep', []],
    ['map', true]
  ]);
});

test('a field that is being typed in is left alone', () => {
  const { made, field } = form({ retries: 1 });
  field('Retries').focus();
  field('Retries').value = '12';
  made.show('task', key => ({ retries: 1, timeout: '1h' })[key], {});
  expect([field('Retries').value, field('Timeout').value]).toEqual(['12', '1h']);
});

const cells: TaggedCell[] = ['task:load', 'task:fit taks:x'].map((tags, index) => ({
  id: ['id-load', 'id-fit'][index]!,
  isCode: true,
  heading: null,
  tags: tags.split(' '),
  options: {}
}));

test.each([
  [
    'so in the notebook, tag task fit after:load; or tag task load writes:a.csv and',
    'x',
    ['after:load', 'writes:a.csv']
  ],
  ['tag task fit after:load.', 'x', ['after:load']],
  ['tag task other after:load', 'x', []],
  ['tag task fit nonsense:load', 'x', []],
  ["Did you mean 'task:x'?", "Tag 'taks:x' means nothing here.", ['task:x']],
  ['', 'x', []]
])('the hint %j offers a fix by one click', (hint, message, labels) => {
  const finding = { code: 'DF1', severity: 'warning' as const, message, hint, cell: 'id-fit' };
  const fixes = fixesOf(finding, cells, compilation(['load', 'fit']));
  expect(fixes.map(({ tag }) => tag)).toEqual(labels);
  for (const { tag, changes } of fixes) {
    expect(changes[0]!.tags).toContain(tag);
  }
});
