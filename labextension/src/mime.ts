/**
 * The graph as a saved output: drawn from the notebook itself, so it needs no kernel.
 *
 * `application/vnd.jupyter-dagflow.graph+json` holds `{compilation, dot, run}`. It is safe in notebooks that are not
 * trusted: everything in it is shown as text.
 */
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { Widget } from '@lumino/widgets';
import type { GraphView } from './graph/view';
import { adopt } from './reduce';
import type { CompilationDocument, RunDocument } from './schema';

export const MIME_TYPE = 'application/vnd.jupyter-dagflow.graph+json';

interface SavedGraph {
  compilation: CompilationDocument;
  dot: string;
  run: RunDocument | null;
}

class SavedGraphRenderer extends Widget implements IRenderMime.IRenderer {
  private view: GraphView | null = null;

  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const { compilation, dot, run } = model.data[MIME_TYPE] as unknown as SavedGraph;
    const { GraphView } = await import('./graph/view');
    if (this.isDisposed) {
      return;
    }
    this.view ??= new GraphView();
    this.node.append(this.view.node);
    this.view.setRun(adopt(null, run));
    void this.view.setGraph(compilation, dot);
  }

  override dispose(): void {
    this.view?.dispose();
    super.dispose();
  }
}

const extension: IRenderMime.IExtension = {
  id: 'jupyter-dagflow:saved-graph',
  description: 'Shows the graph that a run left in a notebook.',
  rendererFactory: {
    safe: true,
    mimeTypes: [MIME_TYPE],
    createRenderer: () => new SavedGraphRenderer()
  },
  // Below the live widget's (-10), so preferred after it, and before HTML and SVG.
  rank: 0,
  dataType: 'json'
};

export default extension;
