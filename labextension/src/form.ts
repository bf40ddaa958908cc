/**
 * The form of a task's options, made from their schema.
 *
 * The law: it shows what it is given, and tells what is typed; whoever owns it changes the notebook and shows that.
 * A field that somebody is typing in is left alone.
 */
import { html, setText } from './graph/dom';
import { OPTIONS, type OptionSchema } from './options';
import type { OptionValue } from './tags';
import { readValue } from './values';

/** Texts that are translated where the form is made. */
export interface FormWords {
  add(expected: string): string;
  remove(value: string): string;
  more: string;
}

/** Names that may be completed, by what they are names of. */
export type Names = Readonly<Record<string, readonly string[]>>;

const FIRST = ['after', 'when', 'retries', 'timeout', 'cache', 'map', 'keep', 'secret'];
let forms = 0;

/** One form; `onChange` is told each value that is typed and valid. */
export class OptionsForm {
  readonly node = html('div', { class: 'dagflow-form' });
  private readonly fields = new Map<string, Field>();
  private readonly lists = html('div', { hidden: true });
  private readonly more: HTMLDetailsElement;
  private readonly number = ++forms;

  constructor(words: FormWords, onChange: (key: string, value: OptionValue | undefined) => void) {
    const rest = html('div');
    this.more = html('details', { class: 'dagflow-form-more' }, html('summary', {}, words.more), rest);
    const keys = Object.keys(OPTIONS).filter(key => key !== 'task');
    for (const key of [...FIRST.filter(each => keys.includes(each)), ...keys.filter(each => !FIRST.includes(each))]) {
      const schema = OPTIONS[key]!;
      const prefix = `dagflow-form-${this.number}`;
      const field = new Field(`${prefix}-${key}`, schema, `${prefix}-names-${schema.names}`, words, value =>
        onChange(key, value)
      );
      this.fields.set(key, field);
      (FIRST.includes(key) ? this.node : rest).append(field.node);
    }
    this.node.append(this.more, this.lists);
  }

  /** Show what a cell of a role says. */
  show(role: string, valueOf: (key: string) => unknown, names: Names): void {
    let anyMore = false;
    let moreSet = false;
    this.fields.forEach((field, key) => {
      const value = valueOf(key);
      const fits = OPTIONS[key]?.on === role;
      field.node.hidden = !fits;
      field.show(value);
      if (fits && !FIRST.includes(key)) {
        anyMore = true;
        moreSet ||= value !== undefined;
      }
    });
    this.more.hidden = !anyMore;
    this.more.open ||= moreSet;
    const options = (values: readonly string[]) => values.map(value => html('option', { value }));
    this.lists.replaceChildren(
      ...Object.entries(names).map(([kind, values]) =>
        html('datalist', { id: `dagflow-form-${this.number}-names-${kind}` }, ...options(values))
      )
    );
  }
}

/** One option: label, input, help, and what is wrong with what was typed. */
class Field {
  readonly node: HTMLElement;
  private readonly input: HTMLInputElement | HTMLSelectElement;
  private readonly problem = html('div', { class: 'dagflow-field-problem', role: 'alert' });
  private readonly values = html('ul', { class: 'dagflow-field-values' });
  private shown: unknown = undefined;

  constructor(
    id: string,
    private readonly schema: OptionSchema,
    list: string,
    private readonly words: FormWords,
    private readonly onChange: (value: OptionValue | undefined) => void
  ) {
    const { title, description, type } = schema;
    const help = html('div', { class: 'dagflow-field-help', id: `${id}-help` }, description);
    const label = html('label', { for: id }, title);
    const described = { id, 'aria-describedby': help.id };
    if (schema.enum) {
      const choices = ['', ...schema.enum].map(value => html('option', { value }, value || '–'));
      this.input = html('select', { ...described, class: 'jp-mod-styled' }, ...choices);
    } else if (type === 'boolean') {
      this.input = html('input', { ...described, type: 'checkbox' });
    } else {
      const names = schema.names ? { list } : {};
      this.input = html('input', { ...described, ...names, type: 'text', class: 'jp-mod-styled', autocomplete: 'off' });
    }
    this.node = html('div', { class: 'dagflow-field' }, label, this.values, this.input, this.problem, help);
    this.values.hidden = type !== 'array';
    this.node.classList.toggle('dagflow-field-check', type === 'boolean');
    if (type === 'array') {
      this.input.setAttribute('placeholder', words.add(schema.expects));
    }
    this.input.addEventListener('change', () => this.read());
    this.input.addEventListener('keydown', event => {
      if (event instanceof KeyboardEvent && event.key === 'Enter') {
        this.read();
      }
    });
  }

  show(value: unknown): void {
    this.shown = value;
    if (this.schema.type === 'array') {
      this.values.replaceChildren(...this.list().map(each => this.removable(each)));
    } else if (this.schema.type === 'boolean') {
      (this.input as HTMLInputElement).checked = value === true;
    } else if (document.activeElement !== this.input) {
      this.input.value = value === undefined ? '' : typeof value === 'boolean' ? (value ? 'on' : 'off') : String(value);
      this.say('');
    }
  }

  private read(): void {
    if (this.schema.type === 'boolean') {
      this.onChange((this.input as HTMLInputElement).checked || undefined);
      return;
    }
    const read = readValue(this.input.value, this.schema);
    this.say('problem' in read ? read.problem : '');
    if ('problem' in read) {
      return;
    }
    if (this.schema.type !== 'array') {
      if (read.value !== this.shown) {
        this.onChange(read.value);
      }
    } else if (read.value !== undefined) {
      this.input.value = '';
      this.onChange([...new Set([...this.list(), String(read.value)])]);
    }
  }

  private list(): string[] {
    return Array.isArray(this.shown) ? this.shown.map(String) : this.shown === undefined ? [] : [String(this.shown)];
  }

  private removable(value: string): HTMLElement {
    const label = this.words.remove(value);
    const remove = html('button', { type: 'button', title: label, 'aria-label': label }, '×');
    remove.addEventListener('click', () => this.onChange(this.list().filter(each => each !== value)));
    return html('li', {}, value, remove);
  }

  private say(problem: string): void {
    setText(this.problem, problem);
    this.input.setAttribute('aria-invalid', String(problem !== ''));
  }
}
