/** Icons that JupyterLab's own parts show of us; in its colours for icons. */
import { LabIcon } from '@jupyterlab/ui-components';

const GRAPH =
  '<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 16 16"><g class="jp-icon3" fill="#616161">' +
  '<path d="M1 6.5A1.5 1.5 0 0 1 2.5 5h2A1.5 1.5 0 0 1 6 6.5v3A1.5 1.5 0 0 1 4.5 11h-2A1.5 1.5 0 0 1 1 9.5z"/>' +
  '<path d="M10 2.5A1.5 1.5 0 0 1 11.5 1h2A1.5 1.5 0 0 1 15 2.5v2A1.5 1.5 0 0 1 13.5 6h-2A1.5 1.5 0 0 1 10 4.5z"/>' +
  '<path d="M10 11.5a1.5 1.5 0 0 1 1.5-1.5h2a1.5 1.5 0 0 1 1.5 1.5v2a1.5 1.5 0 0 1-1.5 1.5h-2a1.5 1.5 0 0 1-1.5-1.5z"/>' +
  '<path d="M5.5 7l5.2-4 .7.9-5.2 4zM5.5 9l.7-.9 5.2 4-.7.9z"/></g></svg>';

export const pipelineIcon = new LabIcon({ name: 'jupyter-dagflow:pipeline', svgstr: GRAPH });
