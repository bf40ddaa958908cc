/** Telling what a server refused, in a dialog. */
import { showErrorMessage } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { RequestError } from './refusal';

export async function tell(error: unknown, trans: TranslationBundle): Promise<void> {
  const said = error instanceof Error ? error.message : String(error);
  const hint = error instanceof RequestError ? error.hint : '';
  await showErrorMessage(trans.__('The server refused'), [said, hint].filter(Boolean).join('\n\n'));
}
