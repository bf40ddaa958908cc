/** Wiring only: what JupyterLab offers goes in, what we offer comes out. */
import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Dialog, ICommandPalette, MainAreaWidget, showDialog, WidgetTracker } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import { ILauncher } from '@jupyterlab/launcher';
import { INotebookTools, INotebookTracker, type NotebookPanel } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator, type TranslationBundle } from '@jupyterlab/translation';
import { ToolbarButton } from '@jupyterlab/ui-components';
import { Menu, type Widget } from '@lumino/widgets';
import { NotebookChips } from './chips';
import { DagflowClient } from './client';
import { addTagCommands, SUGGEST_TAGS, TAG_COMMANDS } from './commands';
import { pipelineIcon } from './icons';
import { Pipelines, type NotebookPipeline } from './notebookPipeline';
import { PropertyTool } from './properties';
import { addRunCommands, RUN_COMMANDS } from './runCommands';
import { isOfRun, keepClean, RunsDrive } from './runs/drive';
import { type NoticeHost, tellOfEnds, type Wanted } from './runs/notices';
import type { RunsHost } from './runs/host';
import { IntoNotebooks, type OpenDocument } from './runs/intoNotebooks';
import { PipelineRuns } from './runs/pipelineRuns';
import { renderOutputs } from './runs/renderOutputs';
import { RunsNow } from './runs/runsNow';
import { RunsSidebar } from './runs/sidebar';
import { RunsStatusItem } from './runs/statusItem';
import { RunStream } from './stream';
import { suggestTags } from './suggestions';
import { tell } from './tell';
import { IDagflowClient, IPipelines, IRunStream } from './tokens';

const SHOW_GRAPH = 'dagflow:show-graph';
const SHOW_RUNS = 'dagflow:show-runs';
const OPEN_RUNS = 'dagflow:open-runs';
const DEBUG_TASK = 'dagflow:debug-task';

const bundle = (translator: ITranslator | null): TranslationBundle =>
  (translator ?? nullTranslator).load('jupyter_dagflow');

const client: JupyterFrontEndPlugin<IDagflowClient> = {
  id: 'jupyter-dagflow:client',
  description: 'Talks to the server extension.',
  autoStart: true,
  provides: IDagflowClient,
  activate: (app: JupyterFrontEnd) => new DagflowClient(app.serviceManager.serverSettings)
};

const stream: JupyterFrontEndPlugin<RunStream> = {
  id: 'jupyter-dagflow:stream',
  description: 'Tells of runs as they go on.',
  autoStart: true,
  provides: IRunStream,
  activate: (app: JupyterFrontEnd) => new RunStream(app.serviceManager.events)
};

const pipelines: JupyterFrontEndPlugin<IPipelines> = {
  id: 'jupyter-dagflow:pipelines',
  description: 'Knows the tags, the graph and the last run of each open notebook.',
  autoStart: true,
  requires: [IDagflowClient, IRunStream, INotebookTracker],
  provides: IPipelines,
  activate: (_: JupyterFrontEnd, server: IDagflowClient, news: RunStream, tracker: INotebookTracker) => {
    const all = new Pipelines(server, news);
    // what a run left behind is looked at, not tagged or run
    const add = (panel: NotebookPanel) =>
      isOfRun(panel.context.path) ? keepClean(panel.context.model) : all.add(panel);
    tracker.forEach(add);
    tracker.widgetAdded.connect((_, panel) => add(panel));
    return all;
  }
};

const tagging: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-dagflow:tagging',
  description: 'Makes tasks of cells: commands, shortcuts, menus and a chip in each cell.',
  autoStart: true,
  requires: [IPipelines, INotebookTracker],
  optional: [ICommandPalette, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    all: IPipelines,
    tracker: INotebookTracker,
    palette: ICommandPalette | null,
    translator: ITranslator | null
  ) => {
    const trans = bundle(translator);
    addTagCommands(app.commands, () => all.of(tracker.currentWidget), trans);
    [SUGGEST_TAGS, ...TAG_COMMANDS].forEach(command => palette?.addItem({ command, category: trans.__('Pipeline') }));
    const menu = new Menu({ commands: app.commands });
    TAG_COMMANDS.forEach(command => menu.addItem({ command }));
    const addChips = (pipeline: NotebookPipeline) =>
      new NotebookChips(pipeline, at => menu.open(at.left, at.bottom), trans);
    all.opened.connect((_, pipeline) => addChips(pipeline));
    tracker.forEach(panel => {
      const pipeline = all.of(panel);
      if (pipeline) {
        addChips(pipeline);
      }
    });
  }
};

const graph: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-dagflow:graph',
  description: 'Shows the graph of a notebook beside it, and runs it.',
  autoStart: true,
  requires: [IPipelines, INotebookTracker],
  optional: [ICommandPalette, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    all: IPipelines,
    tracker: INotebookTracker,
    palette: ICommandPalette | null,
    translator: ITranslator | null
  ) => {
    const trans = bundle(translator);
    app.commands.addCommand(SHOW_GRAPH, {
      label: trans.__('Show Pipeline of This Notebook'),
      caption: trans.__('The graph of what is on screen, beside the notebook'),
      icon: pipelineIcon,
      isEnabled: () => all.of(tracker.currentWidget) !== null,
      execute: async () => {
        const pipeline = all.of(tracker.currentWidget);
        if (pipeline) {
          await showGraph(app, pipeline, trans);
        }
      },
      describedBy: { args: { type: 'object', properties: {} } }
    });
    // the button in a notebook's toolbar is drawn before the notebook is known
    const redraw = () => app.commands.notifyCommandChanged(SHOW_GRAPH);
    tracker.currentChanged.connect(redraw);
    all.opened.connect(redraw);
    addRunCommands(app.commands, () => all.of(tracker.currentWidget), trans);
    [SHOW_GRAPH, ...Object.values(RUN_COMMANDS)].forEach(command =>
      palette?.addItem({ command, category: trans.__('Pipeline') })
    );
  }
};

const properties: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-dagflow:properties',
  description: 'Shows the options of a task, and what is found in a cell, in the property inspector.',
  autoStart: true,
  requires: [IPipelines, INotebookTools],
  optional: [ITranslator],
  activate: (app: JupyterFrontEnd, all: IPipelines, tools: INotebookTools, translator: ITranslator | null) => {
    const trans = bundle(translator);
    const { kernelspecs } = app.serviceManager;
    const kernels = () => Object.keys(kernelspecs.specs?.kernelspecs ?? {});
    const tool = new PropertyTool(all, app.commands, kernels, trans);
    tools.addSection({ sectionName: 'dagflow', label: trans.__('Pipeline'), rank: 2 });
    tools.addItem({ tool, section: 'dagflow' });
  }
};

const runs: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-dagflow:runs',
  description: 'Shows the runs of all pipelines in the left sidebar, and those of one in the main area.',
  autoStart: true,
  requires: [IDagflowClient, IRunStream, IPipelines, INotebookTracker, IRenderMimeRegistry],
  optional: [ICommandPalette, ILauncher, ILayoutRestorer, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    server: IDagflowClient,
    news: RunStream,
    all: IPipelines,
    tracker: INotebookTracker,
    rendermime: IRenderMimeRegistry,
    palette: ICommandPalette | null,
    launcher: ILauncher | null,
    restorer: ILayoutRestorer | null,
    translator: ITranslator | null
  ) => {
    const trans = bundle(translator);
    const { contents, serverSettings } = app.serviceManager;
    contents.addDrive(new RunsDrive(server, serverSettings));
    const open: OpenDocument = (path, factory) => app.commands.execute('docmanager:open', { path, factory });
    const into = new IntoNotebooks(server, open, all, tracker, trans);
    const orTell = (work: Promise<unknown>, title: string) => void work.catch(error => tell(error, trans, title));
    const host: RunsHost = {
      openNotebook: path => void open(path, 'Notebook'),
      goTo: (run, failure) => orTell(into.goTo(run, failure), trans.__('The place is not to be found')),
      debug: (run, task, { cell }) => void app.commands.execute(DEBUG_TASK, { run, task, cell: cell ?? null }),
      bring: (run, name) => orTell(into.bring(run, name), trans.__('The value was not loaded')),
      confirm: async ({ title, body, accept }) => {
        const buttons = [Dialog.cancelButton(), Dialog.warnButton({ label: accept })];
        return (await showDialog({ title, body, buttons })).button.accept;
      },
      tell: error => void tell(error, trans),
      render: renderOutputs(rendermime)
    };
    const opened = new WidgetTracker<MainAreaWidget<PipelineRuns>>({ namespace: 'dagflow-runs' });
    const sidebar = new RunsSidebar(
      server,
      news,
      (pipeline, run) => void app.commands.execute(OPEN_RUNS, { pipeline, run }),
      trans
    );
    sidebar.id = 'dagflow-runs';
    sidebar.title.icon = pipelineIcon;
    sidebar.title.caption = trans.__('Pipeline Runs');
    app.shell.add(sidebar, 'left', { rank: 300, type: 'Pipeline Runs' });
    app.commands.addCommand(SHOW_RUNS, {
      label: trans.__('Show Pipeline Runs'),
      caption: trans.__('All pipelines that have run, and their runs'),
      icon: pipelineIcon,
      execute: () => app.shell.activateById(sidebar.id),
      describedBy: { args: { type: 'object', properties: {} } }
    });
    app.commands.addCommand(OPEN_RUNS, {
      label: ({ pipeline }) => trans.__('Runs of %1', pipeline),
      execute: async ({ pipeline, run }) => {
        if (typeof pipeline === 'string') {
          const widget = opened.find(each => each.content.pipeline === pipeline) ?? addRuns(pipeline);
          app.shell.activateById(widget.id);
          await (typeof run === 'string' ? widget.content.open(run, null) : undefined);
        }
      },
      describedBy: {
        args: {
          type: 'object',
          properties: {
            pipeline: { type: 'string', description: trans.__('The name of the pipeline') },
            run: { type: ['string', 'null'], description: trans.__('The id of the run to look at') }
          },
          required: ['pipeline']
        }
      }
    });
    const addRuns = (pipeline: string) => {
      const widget = new MainAreaWidget({ content: new PipelineRuns(pipeline, server, news, trans, host) });
      widget.toolbar.hide();
      widget.id = `dagflow-runs-${pipeline}`;
      widget.title.icon = pipelineIcon;
      widget.title.label = trans.__('Runs: %1', pipeline);
      addToMain(app, widget);
      void opened.add(widget);
      return widget;
    };
    app.commands.addCommand(DEBUG_TASK, {
      label: trans.__('Debug Failed Task'),
      caption: trans.__(
        'Open its notebook with what it had from other tasks, and run it as far as the cell that failed'
      ),
      execute: async ({ run, task, cell }) => {
        if (typeof run === 'string' && typeof task === 'string') {
          await into
            .debug(run, task, typeof cell === 'string' ? cell : null)
            .catch(error => tell(error, trans, trans.__('The task cannot be debugged')));
        }
      },
      describedBy: {
        args: {
          type: 'object',
          properties: {
            run: { type: 'string', description: trans.__('The id of the run') },
            task: { type: 'string', description: trans.__('The name of the task') },
            cell: { type: ['string', 'null'], description: trans.__('The id of the cell that failed') }
          },
          required: ['run', 'task']
        }
      }
    });
    palette?.addItem({ command: SHOW_RUNS, category: trans.__('Pipeline') });
    launcher?.add({ command: SHOW_RUNS, category: trans.__('Other'), rank: 10 });
    restorer?.add(sidebar, 'dagflow-runs');
    void restorer?.restore(opened, {
      command: OPEN_RUNS,
      args: ({ content }) => ({ pipeline: content.pipeline }),
      name: ({ content }) => content.pipeline
    });
  }
};

const notices: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-dagflow:notices',
  description: 'Tells how many runs go on, and of those that end while one looks elsewhere.',
  autoStart: true,
  requires: [IDagflowClient, IRunStream, IPipelines, INotebookTracker],
  optional: [IStatusBar, ISettingRegistry, ITranslator],
  activate: async (
    app: JupyterFrontEnd,
    server: IDagflowClient,
    news: RunStream,
    all: IPipelines,
    tracker: INotebookTracker,
    statusBar: IStatusBar | null,
    registry: ISettingRegistry | null,
    translator: ITranslator | null
  ) => {
    const trans = bundle(translator);
    const now = new RunsNow(server, news);
    const item = new RunsStatusItem(now, trans, () => void app.commands.execute(SHOW_RUNS));
    statusBar?.registerStatusItem('jupyter-dagflow:runs', {
      item,
      align: 'left',
      rank: 10,
      isActive: () => item.isActive,
      activeStateChanged: now.changed
    });
    const settings = await registry?.load('jupyter-dagflow:notices').catch(() => null);
    const host: NoticeHost = {
      get wanted() {
        return (settings?.composite['notify'] ?? 'all') as Wanted;
      },
      isLookedAt: pipeline =>
        document.hasFocus() &&
        (tracker.find(panel => panel.isVisible && all.of(panel)?.lastRun.pipeline === pipeline) !== undefined ||
          [...app.shell.widgets('main')].some(widget => widget.isVisible && isOfRuns(widget, pipeline))),
      open: ({ pipeline, run_id }) => void app.commands.execute(OPEN_RUNS, { pipeline, run: run_id })
    };
    tellOfEnds(now, host, trans);
  }
};

function isOfRuns(widget: Widget, pipeline: string): boolean {
  return (
    widget instanceof MainAreaWidget && widget.content instanceof PipelineRuns && widget.content.pipeline === pipeline
  );
}

/** Open the panel of a notebook, or bring it to the front; it is closed with the notebook. */
async function showGraph(app: JupyterFrontEnd, pipeline: NotebookPipeline, trans: TranslationBundle): Promise<void> {
  const { PipelinePanel } = await import('./panel');
  for (const widget of [...app.shell.widgets('main'), ...app.shell.widgets('right')]) {
    if (widget instanceof MainAreaWidget && widget.content instanceof PipelinePanel) {
      if (widget.content.pipeline === pipeline) {
        app.shell.activateById(widget.id);
        return;
      }
    }
  }
  const { panel } = pipeline;
  const content = new PipelinePanel(
    pipeline,
    trans,
    (run, task, { cell }) => void app.commands.execute(DEBUG_TASK, { run, task, cell: cell ?? null }),
    () => void suggestTags(pipeline, trans).catch(error => tell(error, trans))
  );
  const widget = new MainAreaWidget({ content });
  content.addTools(widget.toolbar);
  const { lastRun } = pipeline;
  const showRuns = new ToolbarButton({
    label: trans.__('Runs'),
    tooltip: trans.__('All runs of this pipeline'),
    onClick: () =>
      void app.commands.execute(OPEN_RUNS, { pipeline: lastRun.pipeline, run: lastRun.follower.run?.run_id ?? null })
  });
  widget.toolbar.addItem('runs', showRuns);
  const name = () => {
    widget.title.label = trans.__('Pipeline: %1', PathExt.basename(panel.context.localPath));
  };
  const close = () => widget.dispose();
  name();
  widget.title.icon = pipelineIcon;
  widget.title.closable = true;
  panel.context.pathChanged.connect(name);
  panel.disposed.connect(close);
  widget.disposed.connect(() => {
    panel.context.pathChanged.disconnect(name);
    panel.disposed.disconnect(close);
  });
  addToMain(app, widget, { mode: 'split-right', ref: panel.id });
  app.shell.activateById(widget.id);
}

/** Add a widget to the main area; Notebook 7 has nothing but the notebook there. */
function addToMain(app: JupyterFrontEnd, widget: Widget, options: DocumentRegistry.IOpenOptions = {}): void {
  app.shell.add(widget, 'main', options);
  if (!widget.isAttached) {
    app.shell.add(widget, 'right');
  }
}

export default [client, stream, pipelines, tagging, graph, properties, runs, notices];
