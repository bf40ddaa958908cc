/** Texts as they stand in the code, with their places filled: what JupyterLab shows where there is no translation. */
import type { TranslationBundle } from '@jupyterlab/translation';

const fill = (text: string, ...values: unknown[]) =>
  text.replace(/%(\d)/g, (_, place: string) => String(values[Number(place) - 1]));

export const trans = {
  __: fill,
  _n: (one: string, many: string, count: number, ...values: unknown[]) =>
    fill(count === 1 ? one : many, count, ...values)
} as unknown as TranslationBundle;
