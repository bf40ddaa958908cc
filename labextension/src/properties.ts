/** The tool of the active cell in JupyterLab's property inspector: its task, that task's options, and its findings. */
import { NotebookTools } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import { COMMANDS } from './commands';
import { fixesOf } from './fixes';
import { OptionsForm } from './form';
import { html, setText } from './graph/dom';
import type { NotebookPipeline } from './notebookPipeline';
import type { CompilationDocument, Diagnostic } from './schema';
import { optionOf, setOption, taskNames } from './tags';
import type { IPipelines } from './tokens';

/** Follows the active cell, its tags and the compiler. */
export class PropertyTool extends NotebookTools.Tool {
  private readonly role = html('div', { class: 'dagflow-properties-role' });
  private readonly actions = html('div', { class: 'dagflow-properties-actions' });
  private readonly findings = html('ul', { class: 'dagflow-properties-findings' });
  private readonly form: OptionsForm;
  private followed: NotebookPipeline | null = null;

  constructor(
    private readonly pipelines: IPipelines,
    private readonly commands: CommandRegistry,
    private readonly kernels: () => string[],
    private readonly trans: TranslationBundle
  ) {
    super();
    this.addClass('dagflow-properties');
    this.form = new OptionsForm(
      {
        add: expected => trans.__('Add %1', expected),
        remove: value => trans.__('Remove %1', value),
        more: trans.__('More options')
      },
      (key, value) => {
        const { pipeline, cellId: id } = this;
        if (pipeline && id !== null) {
          pipeline.tags.apply(setOption(pipeline.tags.cells, id, key, value));
        }
      }
    );
    this.node.append(this.role, this.actions, this.findings, this.form.node);
  }

  override dispose(): void {
    this.follow(null);
    super.dispose();
  }

  protected override onActiveNotebookPanelChanged(): void {
    this.draw();
  }

  protected override onActiveCellChanged(): void {
    this.draw();
  }

  private get pipeline(): NotebookPipeline | null {
    return this.pipelines.of(this.notebookTools.activeNotebookPanel);
  }

  private get cellId(): string | null {
    return this.notebookTools.activeCell?.model.id ?? null;
  }

  private follow(pipeline: NotebookPipeline | null): void {
    if (pipeline === this.followed) {
      return;
    }
    this.followed?.tags.changed.disconnect(this.draw, this);
    this.followed?.model.changed.disconnect(this.draw, this);
    this.followed = pipeline;
    pipeline?.tags.changed.connect(this.draw, this);
    pipeline?.model.changed.connect(this.draw, this);
  }

  private draw(): void {
    const { pipeline, cellId: id } = this;
    this.follow(pipeline);
    const cell = pipeline && id !== null ? pipeline.tags.cell(id) : null;
    const role = pipeline && id !== null ? pipeline.roleOf(id) : null;
    this.form.node.hidden = !(role?.role === 'task' || role?.role === 'parameters');
    if (pipeline === null || cell === null || role === null || !cell.isCode) {
      setText(this.role, this.trans.__('Only code cells are part of the pipeline.'));
      this.actions.replaceChildren();
      this.findings.replaceChildren();
      return;
    }
    setText(this.role, this.said(role.role, role.task, role.begins));
    // a task that no tag names is one of the compiler's, and has a name by its place
    const isNamed = pipeline.tags.roleOf(cell.id)?.task != null;
    const offered = [...(isNamed ? [COMMANDS.rename] : []), ...(isNamed && role.begins ? [] : [COMMANDS.makeTask])];
    this.actions.replaceChildren(...offered.map(command => this.button(command)));
    const { compilation } = pipeline.model.state;
    const here = compilation?.diagnostics.filter(finding => finding.cell === cell.id) ?? [];
    this.findings.replaceChildren(...here.map(finding => this.finding(pipeline, finding, compilation)));
    const task = compilation?.tasks.find(({ name }) => name === role.task);
    this.form.show(role.role, key => optionOf(cell, key), {
      task: taskNames(pipeline.tags.cells).filter(name => name !== role.task),
      variable: [...new Set([...(task?.reads ?? []), ...(task?.writes ?? [])])].sort(),
      parameter: compilation?.parameters.map(({ name }) => name) ?? [],
      kernel: this.kernels()
    });
  }

  private said(role: string, task: string | null, begins: boolean): string {
    const { trans } = this;
    switch (role) {
      case 'task':
        return begins ? trans.__('Task %1 begins here.', task) : trans.__('Part of task %1.', task);
      case 'setup':
        return trans.__('Runs first in every task.');
      case 'parameters':
        return trans.__('Declares the parameters of the pipeline.');
      case 'skip':
        return trans.__('No part of the pipeline.');
      default:
        return trans.__('Not part of a task that tags name.');
    }
  }

  private button(command: string): HTMLElement {
    const button = html('button', { type: 'button', class: 'jp-mod-styled' }, this.commands.label(command));
    button.addEventListener('click', () => void this.commands.execute(command));
    return button;
  }

  private finding(
    pipeline: NotebookPipeline,
    finding: Diagnostic,
    compilation: CompilationDocument | null
  ): HTMLElement {
    const { severity, code, message, hint } = finding;
    const fixes = fixesOf(finding, pipeline.tags.cells, compilation).map(({ tag, replaces, changes }) => {
      const button = html(
        'button',
        { type: 'button', class: 'jp-mod-styled' },
        replaces ? this.trans.__('Change to %1', tag) : this.trans.__('Add %1', tag)
      );
      button.addEventListener('click', () => pipeline.tags.apply(changes));
      return button;
    });
    return html(
      'li',
      { 'data-severity': severity },
      html('span', { class: 'dagflow-finding-kind' }, `${severity} ${code}`),
      ` ${message} ${hint ?? ''} `,
      ...fixes
    );
  }
}
