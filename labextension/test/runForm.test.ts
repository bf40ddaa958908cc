import { RunForm, type RunWishes } from '../src/runForm';
import type { ParameterFieldDocument } from '../src/schema';
import { trans } from './support/translation';

function parameter(name: string, type: string, value: unknown, more: object = {}): ParameterFieldDocument {
  return { name, type, default: value, cell: 'p', optional: false, secret: false, ...more };
}

const PARAMETERS = [
  parameter('n', 'int', 3),
  parameter('rate', 'float', 0.5, { optional: true }),
  parameter('name', 'str', 'ada'),
  parameter('folds', 'list', [1, 2]),
  parameter('exact', 'bool', true),
  parameter('day', 'date', '2026-01-05'),
  parameter('maybe', 'any', null, { optional: true }),
  parameter('api_key', 'str', '***', { secret: true })
];

function form(wishes?: RunWishes, problem?: string) {
  const made = new RunForm(PARAMETERS, trans, wishes, problem);
  const field = (name: string) => made.node.querySelector<HTMLInputElement>(`#dagflow-run-parameter-${name}`)!;
  return { made, field };
}

test('it shows the defaults, but of no secret, and sends nothing that was not changed', () => {
  const { made, field } = form();
  const shown = PARAMETERS.map(({ name }) => field(name).value);
  expect(shown).toEqual(['3', '0.5', 'ada', '[1,2]', 'true', '2026-01-05', 'None', '']);
  expect(field('api_key').type).toBe('password');
  expect(made.getValue()).toEqual({ parameter_texts: {}, fresh: false });
});

test.each([
  ['n', '5', '5'],
  ['n', '', null],
  ['n', 'many', 'many'],
  ['name', '', ''],
  ['folds', '[3]', '[3]'],
  ['exact', 'false', 'false'],
  ['rate', 'None', 'None'],
  ['day', '2026-02-01', '2026-02-01'],
  ['api_key', 'hunter2', 'hunter2']
])('%s of %j is sent as %j', (name, typed, sent) => {
  const { made, field } = form();
  field(name).value = typed;
  expect(made.getValue().parameter_texts).toEqual(sent === null ? {} : { [name]: sent });
});

test('what the server does not take is said, and what was typed is still there', () => {
  const wishes = { parameter_texts: { n: 'many' }, jobs: 2, fresh: true };
  const { made, field } = form(wishes, "Parameter 'n' is of type int.");
  expect(made.node.querySelector('[role="alert"]')?.textContent).toBe("Parameter 'n' is of type int.");
  expect(field('n').value).toBe('many');
  expect(made.getValue()).toEqual(wishes);
});

test('every field has a label', () => {
  const { made } = form();
  const ids = [...made.node.querySelectorAll('input, select')].map(({ id }) => id);
  expect(ids.map(id => made.node.querySelectorAll(`label[for="${id}"]`).length)).toEqual(ids.map(() => 1));
});
