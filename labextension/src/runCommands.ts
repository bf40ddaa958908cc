/** What can be run of a pipeline, as commands for menus and buttons. */
import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon, editIcon, refreshIcon, runIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { NotebookPipeline } from './notebookPipeline';
import type { Running } from './running';
import type { ParameterFieldDocument } from './schema';
import { RequestError } from './refusal';
import { RunForm, type RunWishes } from './runForm';
import { tell } from './tell';

export const RUN_COMMANDS = {
  all: 'dagflow:run',
  fresh: 'dagflow:run-fresh',
  wishes: 'dagflow:run-with',
  resume: 'dagflow:resume-run',
  cancel: 'dagflow:cancel-run',
  only: 'dagflow:run-only',
  from: 'dagflow:run-from',
  until: 'dagflow:run-until',
  clear: 'dagflow:clear-task'
} as const;

const BAD_REQUEST = 400;

/** Those that are about one task. */
export const TASK_COMMANDS: readonly string[] = [
  RUN_COMMANDS.only,
  RUN_COMMANDS.from,
  RUN_COMMANDS.until,
  RUN_COMMANDS.clear
];

/** Add the commands for a notebook and the task of its active cell; what the server refuses is told in a dialog. */
export function addRunCommands(
  commands: CommandRegistry,
  current: () => NotebookPipeline | null,
  trans: TranslationBundle
): void {
  const add = (
    id: string,
    looks: Pick<CommandRegistry.ICommandOptions, 'label' | 'caption' | 'icon'>,
    allowed: (running: Running) => boolean,
    work: (running: Running, task: string) => Promise<void>
  ) => {
    const needsTask = TASK_COMMANDS.includes(id);
    commands.addCommand(id, {
      ...looks,
      isEnabled: () => {
        const pipeline = current();
        return pipeline !== null && allowed(pipeline.running) && (!needsTask || pipeline.taskHere !== null);
      },
      execute: async () => {
        const pipeline = current();
        if (pipeline !== null) {
          const done = work(pipeline.running, pipeline.taskHere ?? '');
          commands.notifyCommandChanged();
          await done.catch((error: unknown) => tell(error, trans));
          commands.notifyCommandChanged();
        }
      },
      describedBy: { args: { type: 'object', properties: {} } }
    });
  };
  const ofTask = (text: (task: string) => string, otherwise: string) => () => {
    const task = current()?.taskHere ?? null;
    return task === null ? otherwise : text(task);
  };
  const canStart = (running: Running) => running.canStart;

  add(
    RUN_COMMANDS.all,
    { label: trans.__('Run Pipeline'), caption: trans.__('Save and run; what is as before is reused'), icon: runIcon },
    canStart,
    running => running.start()
  );
  add(
    RUN_COMMANDS.fresh,
    { label: trans.__('Run Pipeline Fresh'), caption: trans.__('Save and run, and reuse nothing'), icon: refreshIcon },
    canStart,
    running => running.start({ fresh: true })
  );
  add(
    RUN_COMMANDS.wishes,
    {
      label: trans.__('Run Pipeline with Parameters…'),
      caption: trans.__('Save, and ask for parameters and how many tasks to run at once'),
      icon: editIcon
    },
    canStart,
    running => runWithWishes(running, trans)
  );
  add(
    RUN_COMMANDS.resume,
    { label: trans.__('Resume Run'), caption: trans.__('Do again what did not succeed, with the notebook as it is') },
    running => running.canResume,
    running => running.resume()
  );
  add(
    RUN_COMMANDS.cancel,
    { label: trans.__('Cancel Run'), caption: trans.__('End all tasks of the run'), icon: closeIcon },
    running => running.canCancel,
    running => running.cancel()
  );
  add(
    RUN_COMMANDS.only,
    { label: ofTask(task => trans.__('Run %1 Only', task), trans.__('Run This Task Only')) },
    canStart,
    (running, task) => running.start({ only: [task] })
  );
  add(
    RUN_COMMANDS.from,
    { label: ofTask(task => trans.__('Run from %1', task), trans.__('Run from This Task')) },
    canStart,
    (running, task) => running.start({ from: [task] })
  );
  add(
    RUN_COMMANDS.until,
    { label: ofTask(task => trans.__('Run until %1', task), trans.__('Run until This Task')) },
    canStart,
    (running, task) => running.start({ until: [task] })
  );
  add(
    RUN_COMMANDS.clear,
    {
      label: ofTask(
        task => trans.__('Do %1 Again in the Last Run', task),
        trans.__('Do This Task Again in the Last Run')
      )
    },
    running => running.canClear,
    (running, task) => running.clear(task)
  );
}

/** Ask what to run with until the server takes it or nothing is to be run. */
async function runWithWishes(running: Running, trans: TranslationBundle): Promise<void> {
  const parameters = await running.parameters();
  let wishes: RunWishes | null = {};
  let problem = '';
  while (parameters !== null && (wishes = await askForWishes(parameters, trans, wishes, problem)) !== null) {
    try {
      await running.start(wishes);
      return;
    } catch (error) {
      if (!(error instanceof RequestError) || error.status !== BAD_REQUEST) {
        throw error;
      }
      problem = [error.message, error.hint].filter(Boolean).join(' ');
    }
  }
}

/** Ask for it; null if nothing is to be run. */
async function askForWishes(
  parameters: readonly ParameterFieldDocument[],
  trans: TranslationBundle,
  wishes: RunWishes,
  problem: string
): Promise<RunWishes | null> {
  const { button, value } = await showDialog({
    title: trans.__('Run with Parameters'),
    body: new RunForm(parameters, trans, wishes, problem),
    buttons: [Dialog.cancelButton(), Dialog.okButton({ label: trans.__('Run') })],
    focusNodeSelector: '.dagflow-run-form input, .dagflow-run-form select'
  });
  return button.accept ? value : null;
}
