/** Outputs by the renderers that JupyterLab and its extensions have. */
import { OutputAreaModel, SimplifiedOutputArea } from '@jupyterlab/outputarea';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { IOutput } from '@jupyterlab/nbformat';
import type { RenderOutputs } from './taskOutputs';

export function renderOutputs(rendermime: IRenderMimeRegistry): RenderOutputs {
  return outputs => {
    const model = new OutputAreaModel({ values: outputs as IOutput[], trusted: false });
    const area = new SimplifiedOutputArea({ model, rendermime });
    area.disposed.connect(() => model.dispose());
    return area;
  };
}
