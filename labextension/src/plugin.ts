/** Wiring only: what JupyterLab offers goes in, what we offer comes out. */
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, MainAreaWidget } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { Widget } from '@lumino/widgets';
import { DagflowClient } from './client';
import { PipelineModel } from './model';
import { IDagflowClient } from './tokens';

const SHOW_GRAPH = 'dagflow:show-graph';

const client: JupyterFrontEndPlugin<IDagflowClient> = {
  id: 'jupyter-dagflow:client',
  description: 'Talks to the server extension.',
  autoStart: true,
  provides: IDagflowClient,
  activate: app => new DagflowClient(app.serviceManager.serverSettings)
};

const graph: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-dagflow:graph',
  description: 'Shows the graph of a notebook beside it.',
  autoStart: true,
  requires: [IDagflowClient, IDocumentManager],
  optional: [ICommandPalette, ITranslator],
  activate: (app, server, documents, palette, translator) => {
    const trans = (translator ?? nullTranslator).load('jupyter_dagflow');
    const notebook = (): DocumentRegistry.Context | undefined => {
      const current = app.shell.currentWidget;
      const context = current ? documents.contextForWidget(current) : undefined;
      return context && PathExt.extname(context.path) === '.ipynb' ? context : undefined;
    };
    app.commands.addCommand(SHOW_GRAPH, {
      label: trans.__('Show graph of this notebook'),
      caption: trans.__('The pipeline that the saved notebook compiles to'),
      isEnabled: () => notebook() !== undefined,
      execute: async () => {
        const context = notebook();
        if (context) {
          await showGraph(app, server, context, trans);
        }
      }
    });
    palette?.addItem({ command: SHOW_GRAPH, category: trans.__('Pipeline') });
  }
};

/** Open the panel of a notebook, or bring it to the front; it follows the file until it is closed. */
async function showGraph(
  app: JupyterFrontEnd,
  server: IDagflowClient,
  context: DocumentRegistry.Context,
  trans: ReturnType<ITranslator['load']>
): Promise<void> {
  const { GraphPanel } = await import('./panel');
  const open = [...app.shell.widgets('main')].find(
    ({ content }: Widget & { content?: Widget }) => content instanceof GraphPanel && content.model.path === context.path
  );
  if (open) {
    app.shell.activateById(open.id);
    return;
  }
  const model = new PipelineModel(server, context.path);
  const widget = new MainAreaWidget({ content: new GraphPanel(model, trans) });
  widget.title.label = trans.__('Pipeline: %1', PathExt.basename(context.path));
  widget.title.closable = true;
  const onSave = (_: unknown, state: DocumentRegistry.SaveState) => {
    if (state === 'completed') {
      void model.refresh();
    }
  };
  const onMove = () => {
    widget.title.label = trans.__('Pipeline: %1', PathExt.basename(context.path));
    void model.move(context.path);
  };
  context.saveState.connect(onSave);
  context.pathChanged.connect(onMove);
  widget.disposed.connect(() => {
    context.saveState.disconnect(onSave);
    context.pathChanged.disconnect(onMove);
  });
  app.shell.add(widget, 'main', { mode: 'split-right' });
  await model.refresh();
}

export default [client, graph];
