/** Outputs as JupyterLab has them: notebook files hold text as lists of lines, which its renderers do not expect. */
import type { OutputCellDocument } from '../schema';

type Outputs = OutputCellDocument['outputs'];

/** The same outputs with the lines of each text put together; JSON that is a list stays one. */
export function withWholeTexts(outputs: Outputs): Outputs {
  return outputs.map(output => {
    const { data } = output as { data?: Record<string, unknown> };
    if (data === undefined) {
      return output;
    }
    const whole = Object.entries(data).map(([mime, value]) => [mime, isText(mime, value) ? value.join('') : value]);
    return { ...output, data: Object.fromEntries(whole) as Record<string, unknown> };
  });
}

function isText(mime: string, value: unknown): value is string[] {
  return Array.isArray(value) && !/[/+]json$/.test(mime);
}
