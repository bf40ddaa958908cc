/** Wiring only: what JupyterLab offers goes in, what we offer comes out. */
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, MainAreaWidget } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import { INotebookTools, INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator, type TranslationBundle } from '@jupyterlab/translation';
import { Menu } from '@lumino/widgets';
import { NotebookChips } from './chips';
import { DagflowClient } from './client';
import { addTagCommands, TAG_COMMANDS } from './commands';
import { pipelineIcon } from './icons';
import { Pipelines, type NotebookPipeline } from './notebookPipeline';
import { PropertyTool } from './properties';
import { addRunCommands, RUN_COMMANDS } from './runCommands';
import { RunStream } from './stream';
import { IDagflowClient, IPipelines } from './tokens';

const SHOW_GRAPH = 'dagflow:show-graph';

const bundle = (translator: ITranslator | null): TranslationBundle =>
  (translator ?? nullTranslator).load('jupyter_dagflow');

const client: JupyterFrontEndPlugin<IDagflowClient> = {
  id: 'jupyter-dagflow:client',
  description: 'Talks to the server extension.',
  autoStart: true,
  provides: IDagflowClient,
  activate: (app: JupyterFrontEnd) => new DagflowClient(app.serviceManager.serverSettings)
};

const pipelines: JupyterFrontEndPlugin<IPipelines> = {
  id: 'jupyter-dagflow:pipelines',
  description: 'Knows the tags, the graph and the last run of each open notebook.',
  autoStart: true,
  requires: [IDagflowClient, INotebookTracker],
  provides: IPipelines,
  activate: (app: JupyterFrontEnd, server: IDagflowClient, tracker: INotebookTracker) => {
    const all = new Pipelines(server, new RunStream(app.serviceManager.events));
    tracker.forEach(panel => all.add(panel));
    tracker.widgetAdded.connect((_, panel) => all.add(panel));
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
    TAG_COMMANDS.forEach(command => palette?.addItem({ command, category: trans.__('Pipeline') }));
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
      isEnabled: () => tracker.currentWidget !== null,
      execute: async () => {
        const pipeline = all.of(tracker.currentWidget);
        if (pipeline) {
          await showGraph(app, pipeline, trans);
        }
      },
      describedBy: { args: { type: 'object', properties: {} } }
    });
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
  const content = new PipelinePanel(pipeline, trans);
  const widget = new MainAreaWidget({ content });
  content.addTools(widget.toolbar);
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
  app.shell.add(widget, 'main', { mode: 'split-right', ref: panel.id });
  if (!widget.isAttached) {
    // Notebook 7 has nothing but the notebook there
    app.shell.add(widget, 'right');
  }
  app.shell.activateById(widget.id);
}

export default [client, pipelines, tagging, graph, properties];
