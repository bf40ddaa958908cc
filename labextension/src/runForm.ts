/** What can be said before a run: the parameters that the notebook declares, how many tasks at once, what to reuse. */
import type { Dialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';
import { html } from './graph/dom';
import type { ParameterFieldDocument, StartDocument } from './schema';

/** What was said; the rest is as the notebook and the server have it. */
export type RunWishes = Pick<StartDocument, 'parameter_texts' | 'jobs' | 'fresh'>;

const MOST_JOBS = 1024;

/**
 * The form. The server reads the texts by the types that the notebook declares, and says what is wrong with them;
 * what was not changed is not sent, so a default that is changed meanwhile counts.
 */
export class RunForm extends Widget implements Dialog.IBodyWidget<RunWishes> {
  private readonly fields: readonly Field[];
  private readonly jobs: HTMLInputElement;
  private readonly fresh: HTMLInputElement;

  constructor(
    parameters: readonly ParameterFieldDocument[],
    trans: TranslationBundle,
    wishes: RunWishes = {},
    problem = ''
  ) {
    super();
    this.addClass('dagflow-run-form');
    this.fields = parameters.map(each => new Field(each, wishes.parameter_texts?.[each.name], trans));
    this.jobs = html('input', {
      type: 'number',
      min: 1,
      max: MOST_JOBS,
      class: 'jp-mod-styled',
      value: wishes.jobs,
      placeholder: trans.__('as many as the server has'),
      id: 'dagflow-run-jobs'
    });
    this.fresh = html('input', { type: 'checkbox', id: 'dagflow-run-fresh' });
    this.fresh.checked = wishes.fresh ?? false;
    this.node.append(
      html('p', { class: 'dagflow-field-problem', role: 'alert' }, problem),
      ...this.fields.map(({ node }) => node),
      html(
        'div',
        { class: 'dagflow-field' },
        html('label', { for: this.jobs.id }, trans.__('Tasks at once')),
        this.jobs
      ),
      html(
        'div',
        { class: 'dagflow-field dagflow-field-check' },
        html('label', { for: this.fresh.id }, trans.__('Reuse nothing')),
        this.fresh
      )
    );
  }

  getValue(): RunWishes {
    const texts = this.fields.flatMap(field => {
      const { text } = field;
      return text === null ? [] : [[field.name, text]];
    });
    const jobs = this.jobs.value === '' ? {} : { jobs: Number(this.jobs.value) };
    return { parameter_texts: Object.fromEntries(texts) as Record<string, string>, ...jobs, fresh: this.fresh.checked };
  }
}

/** One parameter: its name, its type, and its value as text. */
class Field {
  readonly node: HTMLElement;
  readonly name: string;
  private readonly input: HTMLInputElement | HTMLSelectElement;
  private readonly unchanged: string;

  constructor(
    private readonly parameter: ParameterFieldDocument,
    said: string | undefined,
    trans: TranslationBundle
  ) {
    const { name, type, optional, secret } = parameter;
    this.name = name;
    this.unchanged = secret ? '' : textOf(parameter.default);
    const id = `dagflow-run-parameter-${name}`;
    const described = { id, class: 'jp-mod-styled', 'aria-describedby': `${id}-help` };
    if (type === 'bool' && !secret) {
      const choices = ['true', 'false', ...(optional ? ['None'] : [])];
      this.input = html('select', described, ...choices.map(value => html('option', { value }, value)));
    } else {
      this.input = html('input', {
        ...described,
        type: secret ? 'password' : type === 'date' ? 'date' : 'text',
        autocomplete: 'off',
        placeholder: secret ? trans.__('as the notebook or the environment has it') : ''
      });
    }
    this.input.value = said ?? this.unchanged;
    const help = [type, optional ? trans.__('or None') : '', secret ? trans.__('never written down') : ''];
    this.node = html(
      'div',
      { class: 'dagflow-field' },
      html('label', { for: id }, name),
      this.input,
      html('div', { class: 'dagflow-field-help', id: `${id}-help` }, help.filter(Boolean).join(', '))
    );
  }

  /** What is to be sent; null for what the notebook says. Nothing but a text can be empty. */
  get text(): string | null {
    const { value } = this.input;
    const meansDefault = value === this.unchanged || (value === '' && this.parameter.type !== 'str');
    return meansDefault ? null : value;
  }
}

/** A default as the server reads it from text. */
function textOf(value: unknown): string {
  if (value === null || value === undefined) {
    return 'None';
  }
  return typeof value === 'string' ? value : JSON.stringify(value);
}
