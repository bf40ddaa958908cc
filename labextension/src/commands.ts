/** What can be done to the cells that are selected: the commands behind menus, shortcuts and chips. */
import { InputDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type { NotebookPipeline } from './notebookPipeline';
import { suggestTags } from './suggestions';
import * as edits from './tags';
import { tell } from './tell';

export const COMMANDS = {
  makeTask: 'dagflow:make-task',
  rename: 'dagflow:rename-task',
  continueTask: 'dagflow:continue-task',
  setup: 'dagflow:setup-cell',
  parameters: 'dagflow:parameters-cell',
  skip: 'dagflow:skip-cell',
  clear: 'dagflow:clear-tags'
} as const;

/** About the notebook rather than the cells that are selected. */
export const SUGGEST_TAGS = 'dagflow:suggest-tags';

/** In the order in which menus have them. */
export const TAG_COMMANDS: readonly string[] = Object.values(COMMANDS);

/** Add the commands; `current` is the notebook that they are about. */
export function addTagCommands(
  commands: CommandRegistry,
  current: () => NotebookPipeline | null,
  trans: TranslationBundle
): void {
  const command = (
    id: string,
    label: string,
    caption: string,
    isEnabled: (pipeline: NotebookPipeline) => boolean,
    edit: (pipeline: NotebookPipeline) => void | Promise<void>,
    isToggled?: (pipeline: NotebookPipeline) => boolean
  ) =>
    commands.addCommand(id, {
      label,
      caption,
      isEnabled: () => {
        const pipeline = current();
        return pipeline !== null && isWritable(pipeline) && chosen(pipeline).length > 0 && isEnabled(pipeline);
      },
      ...(isToggled && {
        isToggleable: true,
        isToggled: () => {
          const pipeline = current();
          return pipeline !== null && isToggled(pipeline);
        }
      }),
      execute: async () => {
        const pipeline = current();
        if (pipeline !== null) {
          await edit(pipeline);
        }
      },
      describedBy: { args: { type: 'object', properties: {} } }
    });
  const always = () => true;
  commands.addCommand(SUGGEST_TAGS, {
    label: trans.__('Suggest Tags…'),
    caption: trans.__('See which tags the cells of this notebook could have, and why'),
    isEnabled: () => {
      const pipeline = current();
      return pipeline !== null && isWritable(pipeline);
    },
    execute: async () => {
      const pipeline = current();
      if (pipeline !== null) {
        await suggestTags(pipeline, trans).catch((error: unknown) => tell(error, trans));
      }
    },
    describedBy: { args: { type: 'object', properties: {} } }
  });

  command(
    COMMANDS.makeTask,
    trans.__('Begin a Task Here…'),
    trans.__('The selected cells become a task'),
    always,
    pipeline => makeTask(pipeline, trans)
  );
  command(
    COMMANDS.rename,
    trans.__('Rename Task…'),
    trans.__('Give the task of this cell another name, also where others name it'),
    pipeline => taskHere(pipeline) !== null,
    pipeline => renameTask(pipeline, trans)
  );
  command(
    COMMANDS.continueTask,
    trans.__('Continue the Task Above'),
    trans.__('The selected cells are part of the task above them'),
    pipeline => above(pipeline) !== null && chosen(pipeline).some(id => !continues(pipeline, id)),
    pipeline => pipeline.tags.apply(edits.clearTags(pipeline.tags.cells, chosen(pipeline)))
  );
  command(
    COMMANDS.setup,
    trans.__('Set Up Every Task'),
    trans.__('The selected cells run first in every task'),
    always,
    pipeline => toggleRole(pipeline, 'setup'),
    pipeline => allAre(pipeline, 'setup')
  );
  command(
    COMMANDS.parameters,
    trans.__('Declare Parameters'),
    trans.__('The selected cell declares the parameters of the pipeline'),
    pipeline => chosen(pipeline).length === 1,
    pipeline => toggleRole(pipeline, 'parameters'),
    pipeline => allAre(pipeline, 'parameters')
  );
  command(
    COMMANDS.skip,
    trans.__('Leave Out of the Pipeline'),
    trans.__('The selected cells are no part of the pipeline'),
    always,
    pipeline => pipeline.tags.apply(edits.toggleSkip(pipeline.tags.cells, chosen(pipeline))),
    pipeline => allAre(pipeline, 'skip')
  );
  command(
    COMMANDS.clear,
    trans.__('Clear Pipeline Tags'),
    trans.__('Take all tags of the pipeline from the selected cells'),
    pipeline => edits.clearTags(pipeline.tags.cells, chosen(pipeline)).length > 0,
    pipeline => pipeline.tags.apply(edits.clearTags(pipeline.tags.cells, chosen(pipeline)))
  );
}

/** Ask for a name, and begin a task of it at the first of the selected cells. */
async function makeTask(pipeline: NotebookPipeline, trans: TranslationBundle): Promise<void> {
  const { tags } = pipeline;
  const ids = chosen(pipeline);
  const name = await askName(pipeline, trans, {
    title: trans.__('Begin a Task'),
    text: edits.freeName(tags.cells, ids[0] ?? ''),
    ok: trans.__('Begin'),
    current: null
  });
  if (name !== null) {
    tags.apply(edits.makeTask(tags.cells, ids, name));
  }
}

async function renameTask(pipeline: NotebookPipeline, trans: TranslationBundle): Promise<void> {
  const task = taskHere(pipeline);
  if (task === null) {
    return;
  }
  const name = await askName(pipeline, trans, {
    title: trans.__('Rename Task %1', task),
    text: task,
    ok: trans.__('Rename'),
    current: task
  });
  if (name !== null) {
    pipeline.tags.apply(edits.renameTask(pipeline.tags.cells, task, name));
  }
}

interface Question {
  title: string;
  text: string;
  ok: string;
  current: string | null;
}

/** A name that a task may have, asked for until it is one; null if there is to be none. */
async function askName(pipeline: NotebookPipeline, trans: TranslationBundle, asked: Question): Promise<string | null> {
  let { text } = asked;
  let problem: string | null = null;
  do {
    const { button, value } = await InputDialog.getText({
      title: asked.title,
      label: problem ?? trans.__('Name'),
      text,
      selectionRange: text.length,
      cancelLabel: trans.__('Cancel'),
      okLabel: asked.ok
    });
    if (!button.accept || value === null) {
      return null;
    }
    text = value.trim();
    problem = edits.nameProblem(pipeline.tags.cells, text, asked.current);
  } while (problem !== null);
  return text;
}

function isWritable(pipeline: NotebookPipeline): boolean {
  return !pipeline.panel.context.model.readOnly;
}

/** The code cells among those that are selected. */
function chosen(pipeline: NotebookPipeline): string[] {
  return pipeline.selected().filter(id => pipeline.tags.cell(id)?.isCode === true);
}

function taskHere(pipeline: NotebookPipeline): string | null {
  const id = pipeline.notebook.activeCell?.model.id;
  return id === undefined ? null : (pipeline.tags.roleOf(id)?.task ?? null);
}

function continues(pipeline: NotebookPipeline, id: string): boolean {
  const role = pipeline.tags.roleOf(id);
  const tagged = pipeline.tags.cell(id)?.tags.some(tag => tag.startsWith('task:')) ?? false;
  return role?.role === 'task' && !role.begins && !tagged;
}

/** The task that ends above the first of the selected cells. */
function above(pipeline: NotebookPipeline): string | null {
  const first = chosen(pipeline)[0];
  const cells = pipeline.tags.cells.slice(
    0,
    pipeline.tags.cells.findIndex(({ id }) => id === first)
  );
  return (
    cells
      .map(({ id }) => pipeline.tags.roleOf(id)?.task ?? null)
      .filter(Boolean)
      .pop() ?? null
  );
}

function allAre(pipeline: NotebookPipeline, role: edits.Role): boolean {
  const ids = chosen(pipeline);
  return ids.length > 0 && ids.every(id => pipeline.tags.roleOf(id)?.role === role);
}

function toggleRole(pipeline: NotebookPipeline, role: 'setup' | 'parameters'): void {
  const { tags } = pipeline;
  const ids = chosen(pipeline);
  tags.apply(allAre(pipeline, role) ? edits.clearTags(tags.cells, ids) : edits.setRole(tags.cells, ids, role));
}
