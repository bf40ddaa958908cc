/**
 * Tags of cells: what they say, and what has to change in them for a cell to have another role.
 *
 * The law: pure, from cells to changes; tags of others are never touched. An option stands in the tags or in
 * `metadata.dagflow`; a change leaves it in one of the two places, so that they never disagree.
 */
import { OPTIONS } from './options';
import type { SuggestionDocument } from './schema';

export type Role = 'parameters' | 'setup' | 'skip' | 'task' | 'none';
export type OptionValue = string | number | boolean | string[];

/** A cell as far as tags go: `options` is its `metadata.dagflow`. */
export interface TaggedCell {
  readonly id: string;
  readonly isCode: boolean;
  readonly heading: string | null;
  readonly tags: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
}

/** What is to become of a cell. */
export type Change = Pick<TaggedCell, 'id' | 'tags' | 'options'>;

/** What a cell is for: its role, the task it is part of, and whether that task begins here. */
export interface CellRole {
  readonly role: Role;
  readonly task: string | null;
  readonly begins: boolean;
}

const BARE: Readonly<Record<string, Role>> = {
  parameters: 'parameters',
  setup: 'setup',
  skip: 'skip',
  'skip-execution': 'skip'
};
const NOTHING: CellRole = { role: 'none', task: null, begins: false };
const NAME = new RegExp(OPTIONS['task']?.pattern ?? '');
const LONGEST_GUESS = 30;

/** The role of each cell, in notebook order; cells without tags go on with the task above them. */
export function rolesOf(cells: readonly TaggedCell[]): CellRole[] {
  const seen = new Set<string>();
  let above: string | null = null;
  return cells.map(cell => {
    const { role, task } = own(cell);
    if (!cell.isCode) {
      return NOTHING;
    }
    if (role === 'none' && above !== null) {
      return { role: 'task', task: above, begins: false };
    }
    if (role !== 'task' || task === null) {
      return { ...NOTHING, role };
    }
    const begins = !seen.has(task);
    seen.add(task);
    above = task;
    return { role, task, begins };
  });
}

/** Whether a notebook uses tags of ours at all; `parameters` alone is papermill's. */
export function isInUse(cells: readonly TaggedCell[]): boolean {
  return cells.some(({ tags, options }) => Object.keys(options).length > 0 || tags.some(isOnlyOurs));
}

/** The names of the tasks that tags begin, in notebook order. */
export function taskNames(cells: readonly TaggedCell[]): string[] {
  return rolesOf(cells).flatMap(({ task, begins }) => (begins && task !== null ? [task] : []));
}

/** Why a text cannot be the name of a new task; null if it can. */
export function nameProblem(cells: readonly TaggedCell[], name: string, current: string | null = null): string | null {
  if (!NAME.test(name)) {
    return `A task's name is ${OPTIONS['task']?.expects}.`;
  }
  return name !== current && taskNames(cells).includes(name) ? `There is a task ${name} already.` : null;
}

/** A name that no task has yet: the heading above the cell, else `task_1` and so on. */
export function freeName(cells: readonly TaggedCell[], id: string): string {
  const taken = new Set(taskNames(cells));
  const index = cells.findIndex(cell => cell.id === id);
  const heading =
    cells
      .slice(0, Math.max(0, index))
      .filter(({ heading }) => heading !== null)
      .pop()?.heading ?? '';
  const guess = heading
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^[_0-9]+/, '')
    .slice(0, LONGEST_GUESS)
    .replace(/_+$/, '');
  if (guess !== '' && !taken.has(guess)) {
    return guess;
  }
  const stem = guess || 'task';
  let number = guess === '' ? 1 : 2;
  while (taken.has(`${stem}_${number}`)) {
    number += 1;
  }
  return `${stem}_${number}`;
}

/** The first of these code cells begins the task, and the others are part of it. */
export function makeTask(cells: readonly TaggedCell[], ids: readonly string[], name: string): Change[] {
  const chosen = cells.filter(cell => cell.isCode && ids.includes(cell.id));
  const first = chosen[0];
  const firstRole = first && rolesOf(cells)[cells.indexOf(first)];
  let next = [...cells];
  for (const cell of chosen) {
    // What was said of the task that began here goes on to be said of it, under its new name.
    const plain = cell === first && firstRole?.begins ? withoutRole(cell) : withoutOurs(cell);
    next = next.map(each => (each.id === cell.id ? { ...each, ...plain } : each));
    const index = next.findIndex(({ id }) => id === cell.id);
    if (rolesOf(next)[index]?.task !== name || cell === first) {
      next[index] = { ...next[index]!, tags: [`task:${name}`, ...plain.tags] };
    }
  }
  return differing(cells, next);
}

/** The task has another name, wherever it is named. */
export function renameTask(cells: readonly TaggedCell[], name: string, to: string): Change[] {
  const renamed = (value: unknown): unknown =>
    Array.isArray(value) ? value.map(renamed) : value === name ? to : value;
  return differing(
    cells,
    cells.map(cell => {
      const options: Record<string, unknown> = { ...cell.options };
      for (const key of Object.keys(options)) {
        if (OPTIONS[key]?.names === 'task') {
          options[key] = renamed(options[key]);
        }
      }
      const tags = cell.tags.map(tag => {
        const [key, value] = split(tag);
        return value === name && OPTIONS[key]?.names === 'task' ? `${key}:${to}` : tag;
      });
      return { ...cell, tags, options };
    })
  );
}

/** The cells set up every task, or declare the parameters: no task of their own. */
export function setRole(cells: readonly TaggedCell[], ids: readonly string[], role: 'setup' | 'parameters'): Change[] {
  return changed(cells, ids, cell => {
    const { tags } = withoutOurs(cell);
    return { id: cell.id, tags: [...tags, role], options: {} };
  });
}

/** Leave the cells out; if all of them are left out, take them in again. What else they say stays. */
export function toggleSkip(cells: readonly TaggedCell[], ids: readonly string[]): Change[] {
  const chosen = cells.filter(cell => cell.isCode && ids.includes(cell.id));
  const allSkipped = chosen.every(cell => own(cell).role === 'skip');
  return changed(cells, ids, cell => {
    const tags = cell.tags.filter(tag => BARE[tag] !== 'skip');
    const options = Object.fromEntries(Object.entries(cell.options).filter(([key]) => BARE[key] !== 'skip'));
    return { id: cell.id, tags: allSkipped ? tags : [...tags, 'skip'], options };
  });
}

/** Take away all that is ours; such cells go on with the task above them. */
export function clearTags(cells: readonly TaggedCell[], ids: readonly string[]): Change[] {
  return changed(cells, ids, withoutOurs);
}

/** The suggested tags are added to what cells say already; cells that are gone meanwhile are left out. */
export function addSuggested(cells: readonly TaggedCell[], suggestions: readonly SuggestionDocument[]): Change[] {
  return suggestions.flatMap(({ cell: id, tags }) =>
    changed(cells, [id], cell => ({ ...cell, tags: [...new Set([...cell.tags, ...tags])] }))
  );
}

/** What a cell says of an option, in its tags or its metadata; undefined if nothing. */
export function optionOf(cell: TaggedCell, key: string): unknown {
  if (key in cell.options) {
    return cell.options[key];
  }
  const schema = OPTIONS[key];
  if (schema?.type === 'boolean') {
    return cell.tags.includes(key) ? true : undefined;
  }
  const values = cell.tags.map(split).flatMap(([name, value]) => (name === key && value !== null ? [value] : []));
  return values.length === 0 ? undefined : schema?.type === 'array' ? values : typed(values[0]!, schema?.type);
}

/** The cell says this of an option, in its metadata and nowhere else; undefined takes it away. */
export function setOption(
  cells: readonly TaggedCell[],
  id: string,
  key: string,
  value: OptionValue | undefined
): Change[] {
  return changed(cells, [id], cell => {
    const tags = cell.tags.filter(tag => split(tag)[0] !== key);
    const options: Record<string, unknown> = { ...cell.options };
    delete options[key];
    const isEmpty = value === undefined || value === '' || (Array.isArray(value) && value.length === 0);
    return { id, tags, options: isEmpty ? options : { ...options, [key]: value } };
  });
}

/** One more value of an option that may be repeated: where its other values stand, else as a tag. */
export function addValue(cells: readonly TaggedCell[], id: string, key: string, value: string): Change[] {
  const cell = cells.find(each => each.id === id);
  if (cell === undefined) {
    return [];
  }
  if (key in cell.options) {
    const before = cell.options[key];
    return setOption(cells, id, key, [
      ...new Set([...(Array.isArray(before) ? before.map(String) : [String(before)]), value])
    ]);
  }
  return changed(cells, [id], ({ tags, options }) => ({
    id,
    tags: [...new Set([...tags, `${key}:${value}`])],
    options
  }));
}

/** One tag in the place of another. */
export function replaceTag(cells: readonly TaggedCell[], id: string, tag: string, by: string): Change[] {
  return changed(cells, [id], cell => ({ ...cell, tags: cell.tags.map(each => (each === tag ? by : each)) }));
}

function own(cell: TaggedCell): { role: Role; task: string | null } {
  const says = (role: Role): boolean =>
    cell.tags.some(tag => BARE[tag] === role) ||
    Object.keys(cell.options).some(key => BARE[key] === role && cell.options[key] === true);
  const named = cell.tags.map(split).find(([key]) => key === 'task')?.[1] ?? cell.options['task'];
  const task = typeof named === 'string' && named !== '' ? named : null;
  const bare = (['skip', 'parameters', 'setup'] as const).find(says);
  return bare === undefined ? { role: task === null ? 'none' : 'task', task } : { role: bare, task: null };
}

function isOurs(tag: string): boolean {
  const [key, value] = split(tag);
  return key in OPTIONS ? (value !== null) !== (OPTIONS[key]?.type === 'boolean') : tag in BARE;
}

function isOnlyOurs(tag: string): boolean {
  return isOurs(tag) && tag !== 'parameters' && tag !== 'skip-execution';
}

function split(tag: string): [string, string | null] {
  const colon = tag.indexOf(':');
  return colon < 0 ? [tag, null] : [tag.slice(0, colon), tag.slice(colon + 1)];
}

function typed(text: string, type: string | undefined): OptionValue {
  const isNumber = (type === 'integer' || type === 'number') && text !== '' && Number.isFinite(Number(text));
  return isNumber ? Number(text) : text;
}

function withoutOurs({ id, tags }: TaggedCell): Change {
  return { id, tags: tags.filter(tag => !isOurs(tag)), options: {} };
}

function withoutRole({ id, tags, options }: TaggedCell): Change {
  const isRole = (key: string) => key === 'task' || key in BARE;
  return {
    id,
    tags: tags.filter(tag => !isRole(split(tag)[0])),
    options: Object.fromEntries(Object.entries(options).filter(([key]) => !isRole(key)))
  };
}

function changed(cells: readonly TaggedCell[], ids: readonly string[], to: (cell: TaggedCell) => Change): Change[] {
  const next = cells.map(cell => (cell.isCode && ids.includes(cell.id) ? { ...cell, ...to(cell) } : cell));
  return differing(cells, next);
}

function differing(before: readonly TaggedCell[], after: readonly TaggedCell[]): Change[] {
  const same = (one: TaggedCell, other: TaggedCell) =>
    JSON.stringify([one.tags, one.options]) === JSON.stringify([other.tags, other.options]);
  return after
    .filter((cell, index) => !same(cell, before[index]!))
    .map(({ id, tags, options }) => ({ id, tags, options }));
}
